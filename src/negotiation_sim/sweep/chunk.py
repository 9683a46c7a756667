"""Playing one chunk: the only thing that workers do, wherever they are."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from negotiation_sim.draws import Draws
from negotiation_sim.parquet import as_parquet
from negotiation_sim.rules.arrays import Floats, Ints
from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.parameters import Drawing

if TYPE_CHECKING:
    from negotiation_sim.talks import Talks


@dataclass(frozen=True)
class Chunk:
    """Runs of one structure to be played as one model.

    Attributes:
        scenario: the structure, as JSON.
        label: name of the scenario.
        parameters, seed: as in `Talks`.
        design, worlds: (n,) design point and world id of each run.
        fixed: path -> (n,) what the run holds a number at, NaN where it is drawn.
        labels: path -> (n,) labels of the structures put in place.
        traces: share of the worlds of which every round is kept.
    """

    scenario: str
    label: str
    parameters: Drawing
    seed: int
    design: Ints
    worlds: Ints
    fixed: dict[str, Floats]
    labels: dict[str, list[str | None]]
    traces: float


@dataclass(frozen=True)
class Played:
    """What a chunk gave.

    Attributes:
        runs, traces: Parquet files, as bytes; no traces if none were asked for.
        points, counts: (m,) design points in it and (m, outcomes) how often each outcome occurred at each.
        seconds, seconds_in_talks: wall time in all, and of it in `Talks`.
    """

    runs: bytes
    traces: bytes | None
    points: Ints
    counts: Ints
    seconds: float
    seconds_in_talks: float


def play(chunk: Chunk) -> Played:
    """Play a chunk."""
    from negotiation_sim.talks import Talks

    started = time.perf_counter()
    talks = Talks(
        _scenario(chunk.scenario),
        worlds=chunk.worlds.tolist(),
        seed=chunk.seed,
        parameters=chunk.parameters,
        fixed=chunk.fixed,
    )
    with closing(talks):
        outcomes = talks.run().outcomes
        in_talks = time.perf_counter() - started
        traces = as_parquet(_rounds(talks, chunk)) if chunk.traces > 0.0 else None
    swept: dict[str, object] = {"design": chunk.design.astype(np.int32), "scenario": chunk.label}
    swept |= chunk.labels
    swept |= chunk.fixed
    runs = pd.concat([pd.DataFrame(swept, index=outcomes.index), outcomes], axis=1)
    points, counts = outcome_counts(chunk.design, outcomes["outcome"].to_numpy())
    table = as_parquet(runs)
    return Played(table, traces, points, counts, time.perf_counter() - started, in_talks)


def _rounds(talks: Talks, chunk: Chunk) -> pd.DataFrame:
    """Every round of the worlds that are kept, with the design point of each."""
    kept = Draws(chunk.seed, chunk.worlds.tolist()).uniform("trace", "sweep") < chunk.traces
    rounds = talks.rounds(np.flatnonzero(kept))
    rounds.insert(0, "design", np.repeat(chunk.design[kept].astype(np.int32), len(talks.layout.rounds)))
    return rounds


def outcome_counts(design: Ints, outcomes: np.ndarray) -> tuple[Ints, Ints]:
    """(m,) the design points among (n,) runs, and (m, outcomes) how often each outcome occurred at each."""
    names = list(OUTCOMES)
    points, at = np.unique(design, return_inverse=True)
    code = pd.Categorical(outcomes, categories=names).codes
    counts = np.zeros((len(points), len(names)), dtype=np.int64)
    np.add.at(counts, (at, code), 1)
    return points.astype(np.int64), counts


@lru_cache(maxsize=4)
def _scenario(plain: str) -> Scenario:
    return Scenario.model_validate_json(plain)
