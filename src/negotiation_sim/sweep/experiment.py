"""What a sweep is: a question, what is varied, by which design, and how often each point is played."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException
from pydantic import Field, PrivateAttr, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from negotiation_sim.data import shipped
from negotiation_sim.scenario.loading import refused
from negotiation_sim.scenario.parameters import Count, Drawing, Key, Level, Number, Strict, Whole
from negotiation_sim.scenario.problems import Problem, ScenarioError, from_validation, listed, nearest
from negotiation_sim.scenario.sources import Source, composed, make_known

GROUP = "experiment"
FILE = "sweep.yaml"
KINDS = {
    "grid": (),
    "list": ("points",),
    "latin_hypercube": ("n",),
    "sobol": ("n",),
    "saltelli": ("n",),
    "morris": ("n",),
    "one_at_a_time": (),
}
"""Kinds of design, and what each needs to be told."""
STRUCTURED = ("saltelli", "morris")
"""Designs whose points belong together: none may be left out, so none may be constrained."""
LEVELLED = ("grid", "one_at_a_time", "morris")
"""Designs that take numbers at levels."""
MOST_REPLICATIONS = 2**24
"""Replications of a design point; with independent worlds, each point has so many world ids of its own."""
Replications = Annotated[Count, Field(le=MOST_REPLICATIONS)]


OWN_WORDS = ("sweep", "design")
"""Keys of which an override can only change what a file says."""


class Factor(Strict):
    """One thing that is varied.

    Attributes:
        range: lowest and highest value of a number; the scenario's own range if left out.
        values: the values themselves: numbers, words, or label -> whatever stands at that path.
    """

    range: tuple[Number, Number] | None = None
    values: Annotated[list[Any], Field(min_length=1)] | dict[str, Any] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Factor:
        if self.range is not None and self.values is not None:
            raise PydanticCustomError(
                "both",
                "range and values together",
                {"found": "both", "expected": "one of the two, or neither"},
            )
        if self.range is not None and not self.range[0] < self.range[1]:
            raise PydanticCustomError(
                "empty_range",
                "the range is empty",
                {"found": list(self.range), "expected": "[lowest, highest]"},
            )
        if self.values is not None and not self.values:
            raise PydanticCustomError("no_values", "nothing to vary", {"found": "none", "expected": "values"})
        labels = [str(each) for each in self.values or ()]
        for at, label in enumerate(labels):
            if label in labels[:at]:
                raise PydanticCustomError(
                    "twice", "the same value twice", {"found": label, "expected": "each value once"}
                )
        return self


class Design(Strict):
    """Which combinations of values are played.

    Attributes:
        kind: see `KINDS`.
        n: points; base samples of a saltelli design (a power of 2), trajectories of a morris design.
        levels: of a number in a grid, one_at_a_time or morris design.
        points: of a list: path -> value for each point; what a point leaves out stays as the scenario has it.
        second_order: a saltelli design also for second-order indices; twice as many points.
    """

    kind: Literal["grid", "list", "latin_hypercube", "sobol", "saltelli", "morris", "one_at_a_time"]
    n: Count | None = None
    levels: Annotated[Whole, Field(ge=2, le=1000)] | None = None
    points: Annotated[list[dict[str, Any]], Field(min_length=1)] | None = None
    second_order: bool = False

    @model_validator(mode="after")
    def _complete(self) -> Design:
        given = {name for name in ("n", "points", "levels") if getattr(self, name) is not None}
        given |= {"second_order"} if self.second_order else set()
        used = {*KINDS[self.kind], *(["levels"] if self.kind in LEVELLED else [])}
        used |= {"second_order"} if self.kind == "saltelli" else set()
        for name in KINDS[self.kind]:
            if name not in given:
                raise PydanticCustomError(
                    "incomplete",
                    "the design is incomplete",
                    {"found": f"{self.kind} without {name}", "expected": name},
                )
        for name in sorted(given - used):
            raise PydanticCustomError(
                "too_much",
                "the design does not use this",
                {"found": f"{name} with {self.kind}", "expected": "leave it out"},
            )
        if self.kind in ("sobol", "saltelli") and self.n and self.n & (self.n - 1):
            raise PydanticCustomError(
                "no_power",
                "n is no power of 2",
                {"found": self.n, "expected": "2, 4, 8, ...: others spoil the balance"},
            )
        if self.kind == "morris" and self.levels and self.levels % 2:
            raise PydanticCustomError(
                "odd_levels",
                "a morris design needs an even number of levels",
                {"found": self.levels, "expected": "2, 4, 6, ...: then all levels are as likely"},
            )
        return self


class Until(Strict):
    """Replications until every outcome's joint interval is narrower than asked.

    Attributes:
        until: widest interval allowed, from its lower to its upper bound, as a share.
        first, most: replications of each point at first, and at most.
    """

    until: Annotated[Number, Field(gt=0.0, lt=1.0)]
    first: Replications = 256
    most: Replications = 100_000

    @model_validator(mode="after")
    def _rising(self) -> Until:
        if self.first > self.most:
            raise PydanticCustomError(
                "falling",
                "first lies above most",
                {"found": f"{self.first} and {self.most}", "expected": "first at most most", "key": "first"},
            )
        return self


Constraint = tuple[str | Number, Literal["<", "<=", ">", ">="], str | Number]
"""Something that must hold between two swept numbers, or one and a constant: [path, <, path]."""


class ExperimentFields(Strict):
    """All fields of an experiment's file."""

    name: Key
    question: Annotated[str, Field(min_length=3)]
    finding: str | None = None
    scenarios: Annotated[list[str], Field(min_length=1)] = ["january_2022"]
    parameters: Drawing = "ranges"
    sweep: dict[str, Factor] = {}
    design: Design = Design(kind="grid")
    constraints: list[Constraint] = []
    replications: Replications | Until = 1000
    worlds: Literal["common", "independent"] = "common"
    seed: Level = 1
    traces: Annotated[Number, Field(ge=0.0, le=1.0)] = 0.0


class Experiment(ExperimentFields):
    """A sweep as its file describes it.

    Attributes:
        name, question, finding: what it is called, what it asks, and what it found.
        scenarios: names or files; each is played over the whole design.
        parameters: `ranges` draws what is not swept over its range in each world; `values` keeps it still.
        sweep: path into the scenario -> factor.
        design, constraints: which combinations are played.
        replications: worlds a design point, a number or `Until`.
        worlds: `common` random numbers at all design points, or `independent` ones.
        seed: of the worlds, and of the design.
        traces: share of the worlds of which every round is kept.
    """

    _source: Source | None = PrivateAttr(default=None)

    @classmethod
    def load(cls, name: str, overrides: Sequence[str] = ()) -> Experiment:
        """Load a shipped experiment by name, or one's own by the path of its folder or file.

        Args:
            name: such as `allied_unity`, or a path.
            overrides: Hydra overrides such as `experiment.replications=100`.

        Raises:
            ScenarioError: no such experiment, or a bad one.
        """
        files = experiment_files()
        known = choose(name, files)
        register(known, files[known])
        try:
            plain = composed("sweep", GROUP, [f"{GROUP}={known}", *overrides])
        except (HydraException, OmegaConfBaseException) as error:
            raise ScenarioError(name, [refused(error)]) from error
        return cls.from_config(plain, source_of(known, files, overrides))

    @classmethod
    def from_config(cls, config: Mapping[str, Any], source: Source) -> Experiment:
        """Check a composed configuration; `source` knows which file says what."""
        try:
            experiment = cls.model_validate(config)
        except ValidationError as error:
            raise ScenarioError(
                source.name, [source.located(each) for each in from_validation(error)]
            ) from error
        experiment._source = source
        return experiment

    def error(self, problems: Sequence[Problem]) -> ScenarioError:
        """What is wrong with it, each problem with the file and line that it comes from, where known."""
        source = self._source or Source(self.name)
        return ScenarioError(self.name, [source.located(each) for each in problems])


def experiment_files() -> dict[str, Path]:
    """Shipped experiments by name."""
    return {path.parent.name: path for path in sorted(shipped("experiments").glob(f"*/{FILE}"))}


def choose(name: str, files: dict[str, Path]) -> str:
    """The name under which Hydra knows an experiment that is named, or given by its path; a path joins `files`.

    Raises:
        ScenarioError: there is no such experiment.
    """
    if name in files:
        return name
    path = Path(name)
    file = path / FILE if path.is_dir() else path
    if name and file.is_file():
        stem = file.absolute().parent.name if file.name == FILE else file.stem
        known = "".join(c if c.isalnum() else "_" for c in stem)
        while files.get(known, file.absolute()) != file.absolute():
            known += "_"
        files[known] = file.absolute()
        return known
    allowed = f"{listed(files)}; or the path of a folder with a {FILE}"
    problem = Problem(GROUP, "no such experiment", repr(name), allowed, nearest(name, files))
    raise ScenarioError(name or GROUP, [problem])


def register(name: str, path: Path) -> None:
    """Make an experiment known to Hydra.

    Raises:
        ScenarioError: a file that is not there, is not YAML or is not a mapping.
    """
    fields = ExperimentFields.model_fields.items()
    plain = {key: field.default for key, field in fields if not field.is_required() and key not in OWN_WORDS}
    make_known(GROUP, name, path, plain)


def source_of(name: str, files: Mapping[str, Path], overrides: Sequence[str] = ()) -> Source:
    """Where an experiment comes from."""
    return Source(name, (files[name],) if name in files else (), tuple(overrides), GROUP)
