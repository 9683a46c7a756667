"""Everything that a sweep will play, in one fixed order, and how it is cut into chunks of worlds.

A sweep is played in *waves*: one if the number of replications is fixed, several if they go on until the intervals
are narrow enough. The runs of a wave are numbered from 0, by design point and then by replication; a chunk is a
stretch of these numbers, so what is missing can be cut afresh at any time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from negotiation_sim.rules.arrays import Floats, Ints
from negotiation_sim.scenario import Problem, Scenario
from negotiation_sim.sweep.designs import points
from negotiation_sim.sweep.experiment import MOST_REPLICATIONS, Experiment
from negotiation_sim.sweep.factors import Swept, check_bounds, swept, variant

MOST_RUNS = 10**12  # of a wave: parts of the results are named by twelve digits
Span = tuple[int, int]
"""Runs from the first number up to, not including, the second."""


@dataclass(frozen=True)
class Wave:
    """Runs that are played together.

    Attributes:
        number: 0 first.
        before: (D,) replications that each design point had before.
        extra: (D,) replications that it gets now.
        starts: (D + 1,) number of each point's first run; the last is how many runs there are.
    """

    number: int
    before: Ints
    extra: Ints
    starts: Ints

    @classmethod
    def of(cls, number: int, before: Ints, extra: Ints) -> Wave:
        """A wave that gives each point `extra` replications on top of `before`."""
        return cls(number, before, extra, np.concatenate([[0], np.cumsum(extra)]).astype(np.int64))

    @property
    def runs(self) -> int:
        """How many runs it has."""
        return int(self.starts[-1])

    def point_and_replication(self, span: Span) -> tuple[Ints, Ints]:
        """Design point and replication of each run of a span, (n,) each."""
        runs = np.arange(*span)
        point = np.searchsorted(self.starts, runs, side="right") - 1
        return point, self.before[point] + runs - self.starts[point]


@dataclass(frozen=True)
class Plan:
    """What is played.

    Attributes:
        experiment: as it was asked for.
        factors: what is varied.
        structures: the scenarios with everything but numbers put in place.
        design: (D, ...) one row a point: `scenario`, `sample` (its place in the sampler's own order), a column a
            factor; NaN or None where the point leaves a factor as the scenario has it.
        structure: (D,) which of `structures` each point is played with; rising.
    """

    experiment: Experiment
    factors: tuple[Swept, ...]
    structures: tuple[Scenario, ...]
    design: pd.DataFrame
    structure: Ints

    @classmethod
    def of(cls, experiment: Experiment) -> Plan:
        """The plan of an experiment.

        Raises:
            ScenarioError: the experiment or one of its scenarios is bad, also one that a point makes bad.
        """
        scenarios = [Scenario.load(name) for name in experiment.scenarios]
        factors = swept(experiment, scenarios)
        table = points(experiment, factors)
        structures: list[Scenario] = []
        parts = []
        shapes = [factor.path for factor in factors if not factor.numeric]
        labels = {factor.path: factor.structures for factor in factors}
        for scenario in scenarios:
            grouped = table.groupby(shapes, sort=False, dropna=False).indices if shapes else {(): table.index}
            for chosen, rows in grouped.items():
                names = chosen if isinstance(chosen, tuple) else (chosen,)
                put = {p: labels[p][n] for p, n in zip(shapes, names, strict=True) if isinstance(n, str)}
                label = ", ".join(f"{p}={n}" for p, n in zip(shapes, names, strict=True) if p in put)
                structures.append(variant(scenario, put, label))
                check_bounds(experiment, structures[-1], _spans(experiment, factors, table.loc[rows]))
                part = table.loc[rows].assign(
                    scenario=scenario.name, sample=rows, structure=len(structures) - 1
                )
                parts.append(part)
        design = pd.concat(parts, ignore_index=True)
        _check_runs(experiment, len(design))
        order = ["scenario", "sample", *(factor.path for factor in factors)]
        structure = design["structure"].to_numpy(dtype=np.int64)
        return cls(experiment, factors, tuple(structures), design[order], structure)

    def worlds(self, point: Ints, replication: Ints) -> Ints:
        """World id of each run (n,): the same ids at every point, or ids of the point's own."""
        return replication if self.experiment.worlds == "common" else point * MOST_REPLICATIONS + replication

    def fixed(self, point: Ints) -> dict[str, Floats]:
        """Path -> (n,) what each run holds a number at; NaN where it is drawn."""
        numbers = [factor.path for factor in self.factors if factor.numeric]
        return {path: self.design[path].to_numpy(dtype=np.float64)[point] for path in numbers}

    def labels(self, point: Ints) -> dict[str, list[str | None]]:
        """Path -> (n,) label of the structure that each run has there; None where it is the scenario's own."""
        shapes = [factor.path for factor in self.factors if not factor.numeric]
        return {path: self.design[path].to_numpy()[point].tolist() for path in shapes}

    def chunks(self, wave: Wave, missing: Sequence[Span], size: int) -> Iterator[Span]:
        """Cut what is missing of a wave into spans of at most `size` runs, each of one structure."""
        changes = np.flatnonzero(np.diff(self.structure)) + 1
        borders = [*wave.starts[changes].tolist(), wave.runs]  # rising
        for start, stop in missing:
            at = start
            while at < stop:
                border = borders[bisect_right(borders, at)]
                end = min(stop, border, at + size)
                yield at, end
                at = end


def _spans(
    experiment: Experiment, factors: Sequence[Swept], points: pd.DataFrame
) -> dict[str, tuple[float, float]]:
    """Path -> lowest and highest number that a design may put there: the range asked for, or that of the points."""
    spans = {}
    for factor in factors:
        asked = experiment.sweep[factor.path].range
        if asked is not None and experiment.design.kind != "list":
            spans[factor.path] = asked
        elif factor.numeric and points[factor.path].notna().any():
            spans[factor.path] = (float(points[factor.path].min()), float(points[factor.path].max()))
    return spans


def _check_runs(experiment: Experiment, size: int) -> None:
    replications = experiment.replications
    runs = size * (replications if isinstance(replications, int) else replications.most)
    if runs >= MOST_RUNS:
        found = f"{runs:,} runs of {size:,} design points"
        raise experiment.error([Problem("replications", "too many runs", found, f"below {MOST_RUNS:,}")])


def complement(covered: Sequence[Span], total: int) -> list[Span]:
    """What of 0 to `total` is not covered; `covered` must be sorted and disjoint."""
    gaps = []
    at = 0
    for start, stop in [*covered, (total, total)]:
        if start > at:
            gaps.append((at, start))
        at = max(at, stop)
    return gaps


def first_wave(plan: Plan) -> Wave:
    """The replications that every point gets."""
    replications = plan.experiment.replications
    number = replications if isinstance(replications, int) else replications.first
    size = len(plan.design)
    return Wave.of(0, np.zeros(size, dtype=np.int64), np.full(size, number, dtype=np.int64))
