"""What an experiment varies, looked up in its scenarios: numbers that differ by world, and structure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import BaseModel

from negotiation_sim.rules.arrays import Floats
from negotiation_sim.scenario import Problem, Scenario, ScenarioError
from negotiation_sim.scenario.problems import listed, nearest
from negotiation_sim.scenario.sources import Source
from negotiation_sim.sweep.experiment import Experiment, Factor

Value = float | str
"""A swept value as it stands in tables: a number, or the label of a structure."""


@dataclass(frozen=True)
class Swept:
    """One factor, ready to be sampled.

    Attributes:
        path: into the scenario; also the name of its column.
        range: lowest and highest value of a number, or None if it has a list of values.
        values: the values to choose from, in order; labels of `structures` if it is one.
        structures: label -> what stands at the path then; empty for a number.
    """

    path: str
    range: tuple[float, float] | None
    values: tuple[Value, ...]
    structures: Mapping[str, Any]

    @property
    def numeric(self) -> bool:
        """Whether it is a number, which may differ from world to world."""
        return not self.structures

    def at(self, unit: Floats) -> list[Value]:
        """Values for points (n,) of the unit interval: spread over the range, or shared out among the values."""
        if self.range is not None:
            low, high = self.range
            part = np.asarray(unit)
            spread = low * (1.0 - part) + high * part  # exact at both ends
            return list(np.clip(spread, low, high).tolist())
        chosen = np.minimum((np.asarray(unit) * len(self.values)).astype(int), len(self.values) - 1)
        return [self.values[at] for at in chosen]

    def levels(self, number: int) -> list[Value]:
        """So many values from the lowest to the highest; all of them where there is a list."""
        return self.at(np.linspace(0.0, 1.0, number)) if self.range is not None else list(self.values)


def swept(experiment: Experiment, scenarios: Sequence[Scenario]) -> tuple[Swept, ...]:
    """The factors of an experiment.

    Raises:
        ScenarioError: a path that no scenario has, a range where there is no number, two factors of which one
            holds the other, two scenarios of one name.
    """
    problems = list(_clashes(experiment, scenarios))
    factors = []
    for path, factor in experiment.sweep.items():
        found = list(_problems(path, factor, scenarios))
        problems += found[:1]
        if not found:
            factors.append(_looked_up(path, factor, scenarios))
    if problems:
        raise experiment.error(problems)
    return tuple(factors)


def variant(scenario: Scenario, structures: Mapping[str, Any], label: str | None = None) -> Scenario:
    """The scenario with something else standing at some paths.

    Args:
        scenario: what is varied.
        structures: path -> what stands there instead.
        label: what the variant is called where it does not fit.

    Raises:
        ScenarioError: what would stand there does not fit.
    """
    if not structures:
        return scenario
    plain = scenario.model_dump(mode="json", exclude_unset=True)
    for path, value in structures.items():
        *parents, last = path.split(".")
        node = plain
        for part in parents:
            node = node.setdefault(part, {})
        node[last] = value
    changed = label or ", ".join(f"{path}={value}" for path, value in structures.items())
    return Scenario.from_config(plain, Source(f"{scenario.name} with {changed}"))


def check_bounds(
    experiment: Experiment, scenario: Scenario, spans: Mapping[str, tuple[float, float]]
) -> None:
    """Check that the model allows all numbers from the lowest to the highest that a sweep puts at each path.

    Raises:
        ScenarioError: it does not; says which factor, and what is allowed.
    """
    tried = {
        path: {"value": low, "range": [low, high], "assumption": "swept"}
        for path, (low, high) in spans.items()
    }
    try:
        variant(scenario, tried)
    except ScenarioError as error:
        problems = [
            replace(each, key=f"sweep.{_factor_at(each.key, spans)}", where=None) for each in error.problems
        ]
        raise experiment.error(problems) from error


def _factor_at(key: str, paths: Iterable[str]) -> str:
    """The factor that a scenario's key is, is part of or holds; the key itself if it is none."""
    for path in paths:
        if f"{path}.".startswith(f"{key}.") or key.startswith(f"{path}."):
            return path
    return key


def _clashes(experiment: Experiment, scenarios: Sequence[Scenario]) -> Iterator[Problem]:
    names = [scenario.name for scenario in scenarios]
    for name in sorted({each for each in names if names.count(each) > 1}):
        yield Problem("scenarios", "two scenarios of one name", name, "a name of its own for each")
    for path in experiment.sweep:
        for other in experiment.sweep:
            if path.startswith(f"{other}."):
                yield Problem(
                    f"sweep.{path}", "it is part of another factor", f"{path} in {other}", "one of the two"
                )


def _problems(path: str, factor: Factor, scenarios: Sequence[Scenario]) -> Iterator[Problem]:
    key = f"sweep.{path}"
    for scenario in scenarios:
        if not exists(scenario, path):
            known = scenario.parameters
            yield Problem(
                key, f"{scenario.name} has no such parameter", repr(path), listed(known), nearest(path, known)
            )
            return
    numbers = [is_number(scenario, path) for scenario in scenarios]
    if not any(numbers):
        if factor.values is None:
            yield Problem(key, "this is no number", "no values", "values: what may stand there")
        elif isinstance(factor.values, list) and any(isinstance(each, list | dict) for each in factor.values):
            yield Problem(f"{key}.values", "no labels", str(factor.values), "label: what stands there")
    elif not all(numbers):
        without = scenarios[numbers.index(False)].name
        yield Problem(key, "a number in some scenarios only", f"none in {without}", "a number in all or none")
    elif isinstance(factor.values, dict) or not all(finite(each) for each in factor.values or ()):
        yield Problem(f"{key}.values", "not numbers", str(factor.values), "a list of numbers")
    elif factor.range is None and factor.values is None:
        low, high = _widest(path, scenarios)
        if low == high:
            yield Problem(
                key, "the scenario's own range is a single number", f"{low:g}", "range: [lowest, highest]"
            )


def _widest(path: str, scenarios: Sequence[Scenario]) -> tuple[float, float]:
    """A number's own range, the widest over the scenarios."""
    ranges = [scenario.parameter(path).range for scenario in scenarios]
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def finite(value: Any) -> bool:
    """Whether it is a finite number; YAML's yes and no are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


def _looked_up(path: str, factor: Factor, scenarios: Sequence[Scenario]) -> Swept:
    if is_number(scenarios[0], path):
        if factor.values is not None:
            return Swept(path, None, tuple(float(each) for each in factor.values), {})
        return Swept(path, factor.range or _widest(path, scenarios), (), {})
    values = (
        factor.values
        if isinstance(factor.values, dict)
        else {str(each): each for each in factor.values or ()}
    )
    return Swept(path, None, tuple(values), values)


def is_number(scenario: Scenario, path: str) -> bool:
    """Whether a parameter stands at a path."""
    try:
        scenario.parameter(path)
    except ScenarioError:
        return False
    return True


def exists(scenario: Scenario, path: str) -> bool:
    """Whether anything stands at a path, stated or left out."""
    node: object = scenario
    for part in path.split("."):
        if isinstance(node, BaseModel) and part in type(node).model_fields:
            node = getattr(node, part)
        elif isinstance(node, dict) and part in node:
            node = node[part]
        else:
            return False
    return True
