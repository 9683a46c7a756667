"""What a folder of results holds, whether `negsim run` or `negsim sweep` wrote it."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from negotiation_sim.priors import parameter_table, uncertain
from negotiation_sim.scenario import Problem, Scenario, ScenarioError
from negotiation_sim.scenario.parameters import Drawing
from negotiation_sim.scenario.wording import basis, in_words
from negotiation_sim.sweep.results import Results
from negotiation_sim.sweep.store import FAILURES, MANIFEST, TRACES, model_hash
from negotiation_sim.talks import Talks

SUMMARY, SCENARIO, ROUNDS = "summary.json", "scenario.yaml", "rounds.parquet"
ENSEMBLE = "ensemble"
"""Kind of a study that is no sweep: one scenario, everything drawn over its range."""
CODED = ("headline", "outcome", "week_headline", "week_outcome", "type", "scenario")
"""Columns of words, kept as categories: a million runs repeat a few."""


ONCE = "Each world counts once here too, as in the shares above."
"""Said where `Study.sample` is told of again."""


@dataclass(frozen=True)
class Study:
    """Runs, and what is known of how they were made.

    Attributes:
        folder: where they are.
        name, question: of the experiment, or of the scenario.
        scenarios: by name; the first is the base case.
        runs: a row a run: the columns of runs.parquet, and in a sweep `design`, `scenario` and the factors.
        rounds: a row a kept run and round; None if none were kept.
        design: a row a design point; one row without factors for an ensemble.
        factors: paths that were varied.
        kind: of the design, or `ENSEMBLE`.
        parameters: `ranges` or `values`: what was done with all that was not varied.
        seed: of the worlds.
        common: the same worlds at every design point.
        started, seconds: when, and how long the work took; None if not known.
        versions: of this package and the libraries that made the runs.
        command: that makes the same runs again.
        experiment: the file of the experiment, as YAML; empty for a run.
        gaps: sentences on what is missing.
        same_model: this version of the model made the runs, so that more worlds of them can be played.
    """

    folder: Path
    name: str
    question: str
    scenarios: Mapping[str, Scenario]
    runs: pd.DataFrame
    rounds: pd.DataFrame | None
    design: pd.DataFrame
    factors: tuple[str, ...]
    kind: str
    parameters: Drawing
    seed: int
    common: bool
    started: str
    seconds: float | None
    versions: Mapping[str, str]
    command: str
    experiment: str
    gaps: tuple[str, ...]
    same_model: bool

    @classmethod
    def load(cls, folder: Path | str) -> Study:
        """Read a folder that `negsim run` or `negsim sweep` has written.

        Raises:
            ScenarioError: it is no such folder, or one without any run.
        """
        where = Path(folder)
        if (where / MANIFEST).is_file():
            try:
                study = _of_sweep(where)
            except (OSError, pa.ArrowException) as error:
                raise _bad(
                    where, f"its files cannot be read: {error}", "a whole folder of negsim sweep"
                ) from error
        elif (where / SUMMARY).is_file():
            study = _of_run(where)
        else:
            raise _bad(where, "this is no folder of results", "a folder that negsim run or sweep has written")
        if study.runs.empty:
            raise _bad(where, "there are no runs in it yet", "a run, or a sweep with one part at least")
        return study

    @property
    def base(self) -> Scenario:
        """The base case: the first scenario."""
        return next(iter(self.scenarios.values()))

    @property
    def titles(self) -> dict[str, str]:
        """Name of each scenario -> its title, which no other scenario has."""
        return distinct({name: scenario.title for name, scenario in self.scenarios.items()})

    @cached_property
    def base_runs(self) -> pd.DataFrame:
        """Runs of the base case; of a sweep, over its whole design."""
        if len(self.scenarios) == 1:
            return self.runs
        first = self.runs["scenario"] == self.base.name
        return self.runs[first].reset_index(drop=True).infer_objects()  # what other scenarios lack is here

    @cached_property
    def sample(self) -> pd.DataFrame:
        """Runs of the base case that are independent of each other: each world once.

        Where a world is played at several design points, it counts at one of them, drawn for it: intervals for
        independent worlds would otherwise claim too much.
        """
        runs = self.base_runs
        if not runs["world"].duplicated().any():
            return runs
        shuffled = runs.sample(frac=1.0, random_state=np.random.default_rng(self.seed))
        return shuffled.drop_duplicates("world").sort_values("world").reset_index(drop=True)

    @property
    def thinned(self) -> str:
        """What `sample` leaves out, in a sentence; nothing if it leaves out nothing."""
        if len(self.sample) == len(self.base_runs):
            return ""
        return (
            f"Every world was played at several design points. Here each of the {len(self.sample):,} worlds counts "
            "once, at a point drawn for it: only then are the runs independent, as the intervals take them to be."
        )

    @cached_property
    def sample_rounds(self) -> pd.DataFrame | None:
        """The rounds kept of the runs in `sample`; None if there are none."""
        if self.rounds is None:
            return None
        keys = [each for each in ("design", "world") if each in self.rounds]
        kept = self.rounds.merge(self.sample[keys], on=keys)
        return kept if len(kept) else None

    def base_case(self, worlds: int) -> pd.DataFrame | None:
        """The first worlds of the base case itself, played now; None if this is another version of the model."""
        if not self.same_model:
            return None
        return Talks(self.base, worlds, self.seed, self.parameters).run().outcomes

    @property
    def draws_known(self) -> bool:
        """Every run is a world of one scenario, and everything uncertain was drawn over its range."""
        return not self.factors and self.parameters == "ranges"

    def draws(self, runs: int) -> pd.DataFrame:
        """What the first runs of the base case drew: a row a run, a column an uncertain parameter."""
        worlds = self.base_runs["world"].head(runs)
        return parameter_table(self.base, self.seed, worlds, uncertain(self.base))

    def words(self, path: str) -> str:
        """A parameter in plain words."""
        return in_words(self.base, path)

    def basis(self, path: str) -> str:
        """The findings that a parameter rests on, or the word assumption."""
        return basis(self.base, path)

    @property
    def unit(self) -> str:
        """What the rows are called: worlds, or runs where a world occurs at several points."""
        return "worlds" if len(self.design) == 1 else "runs"

    def source(self, runs: int | None = None) -> str:
        """Where a figure's numbers come from, in one line: so many runs of the base case, or all runs."""
        count = len(self.runs) if runs is None else runs
        all_of_several = runs is None and len(self.scenarios) > 1
        what = f"{len(self.scenarios)} scenarios" if all_of_several else self.base.title
        version = self.versions.get("negotiation-sim", "unknown version")
        return f"Source: {what}, seed {self.seed}, n = {count:,} {self.unit}; negotiation-sim {version}."


def distinct(words: Mapping[str, str]) -> dict[str, str]:
    """Keys put in words; words that stand for several keys get their key."""
    several = Counter(words.values())
    return {key: said if several[said] == 1 else f"{said} ({key})" for key, said in words.items()}


def _of_run(folder: Path) -> Study:
    summary = _read_json(folder / SUMMARY)
    if not (folder / SCENARIO).is_file():
        raise _bad(
            folder,
            f"{SCENARIO} is missing",
            "a folder written by this version of negsim run: run it again with the same options",
        )
    try:
        scenario = Scenario.load(str(folder / SCENARIO))
        runs = pq.read_table(folder / "runs.parquet")
        rounds = pq.read_table(folder / ROUNDS).to_pandas() if (folder / ROUNDS).is_file() else None
        seed, parameters = int(summary["seed"]), str(summary["parameters"])
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise _bad(folder, f"its files cannot be read: {error}", "a complete folder of negsim run") from error
    same = f"seed={seed} parameters={parameters}"
    return Study(
        folder=folder,
        name=scenario.name,
        question=scenario.title,
        scenarios={scenario.name: scenario},
        runs=_as_frame(runs),
        rounds=rounds if rounds is not None and len(rounds) else None,
        design=pd.DataFrame({"scenario": [scenario.name]}),
        factors=(),
        kind=ENSEMBLE,
        parameters=parameters,
        seed=seed,
        common=True,
        started=str(summary.get("started", "")),
        seconds=summary.get("seconds"),
        versions={
            "negotiation-sim": str(summary.get("negotiation_sim", "unknown")),
            "python": str(summary.get("python", "unknown")),
            **{str(k): str(v) for k, v in dict(summary.get("libraries", {})).items()},
        },
        command=f"negsim run scenario={shlex.quote(str(folder / SCENARIO))} worlds={len(runs)} {same} out=again",
        experiment="",
        gaps=(),
        same_model=False,
    )


def _of_sweep(folder: Path) -> Study:
    results = Results(folder)
    said = results.manifest["identity"]
    asked: dict[str, Any] = said["experiment"]
    structures = [Scenario.model_validate(each) for each in said["scenarios"].values()]
    scenarios = {each.name: each for each in reversed(structures)}
    names = list(dict.fromkeys(each.name for each in structures))
    sessions = results.manifest["sessions"]
    traced = (folder / TRACES).is_dir() and any((folder / TRACES).glob("w*.parquet"))
    runs = _as_frame(results.dataset.to_table()) if len(results) else pd.DataFrame()
    replications = asked["replications"]
    gaps = []
    if isinstance(replications, int) and len(results) < replications * len(results.design):
        gaps.append(
            f"The sweep is not complete: {len(results):,} of {replications * len(results.design):,} runs."
        )
    played = set(runs["scenario"]) if len(runs) else set(names)
    if not played.issuperset(names):  # the base case below is the first that was played
        gaps.append(f"Not played yet: {', '.join(name for name in names if name not in played)}.")
        names = [name for name in names if name in played]
    if (folder / FAILURES).is_file():
        gaps.append(f"Runs failed and are missing; {FAILURES} lists them.")
    own = asked["name"]
    question = results.manifest.get("question") or own.replace("_", " ")
    last = sessions[-1] if sessions else {}
    return Study(
        folder=folder,
        name=own,
        question=question,
        scenarios={name: scenarios[name] for name in names},
        runs=runs,
        rounds=results.traces.to_table().to_pandas() if traced else None,
        design=results.design,
        factors=tuple(asked["sweep"]),
        kind=asked["design"]["kind"] if asked["sweep"] else ENSEMBLE,
        parameters=asked["parameters"],
        seed=asked["seed"],
        common=asked["worlds"] == "common",
        started=sessions[0]["started"] if sessions else "",
        seconds=sum(each.get("worker_seconds", 0.0) for each in sessions) or None,
        versions={
            "negotiation-sim": said["negotiation_sim"],
            "python": last.get("python", "unknown"),
            **last.get("libraries", {}),
            **({"git commit": last["git"]} if last.get("git") else {}),
        },
        command="negsim sweep experiment=again out=again/results",
        experiment=yaml.safe_dump({"question": question, **_stated(asked)}, sort_keys=False, width=100),
        gaps=tuple(gaps),
        same_model=said["model"] == model_hash(),
    )


def _stated(value: Any) -> Any:
    """A part of an experiment without what is left to its default."""
    if isinstance(value, dict):
        return {key: _stated(each) for key, each in value.items() if each is not None}
    return [_stated(each) for each in value] if isinstance(value, list) else value


def _as_frame(table: pa.Table) -> pd.DataFrame:
    """A table of runs in memory, words as categories."""
    fields = []
    for each in table.schema:
        coded = each.name in CODED and not pa.types.is_dictionary(each.type)
        fields.append(each.with_type(pa.dictionary(pa.int32(), pa.large_string())) if coded else each)
    return table.cast(pa.schema(fields)).to_pandas()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise _bad(path.parent, f"{path.name} cannot be read", "a folder of negsim run") from error


def _bad(folder: Path, message: str, allowed: str) -> ScenarioError:
    return ScenarioError(str(folder), [Problem("folder", message, str(folder), allowed)])
