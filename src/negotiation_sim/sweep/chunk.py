"""Playing one chunk: the only thing that workers do, wherever they are."""

from __future__ import annotations

import gc
import io
import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from negotiation_sim.draws import Draws
from negotiation_sim.record import Record
from negotiation_sim.rules.arrays import Floats, Ints
from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.scenario import Scenario

TRACED = ("rung", "answer", "settled", "suspended", "pointless", "walked_out", "cohesion", "credibility")
"""What is kept of every round, besides the beliefs."""


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
    parameters: str
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
    # A model and its agents refer to each other: only a search for cycles frees the last one, and arrays, however
    # large, do not make Python search.
    gc.collect()
    talks = Talks(
        _scenario(chunk.scenario),
        worlds=chunk.worlds.tolist(),
        seed=chunk.seed,
        parameters="values" if chunk.parameters == "values" else "ranges",
        fixed=chunk.fixed,
    ).run()
    outcomes = talks.outcomes
    in_talks = time.perf_counter() - started
    swept: dict[str, object] = {"design": chunk.design.astype(np.int32), "scenario": chunk.label}
    swept |= chunk.labels
    swept |= chunk.fixed
    runs = pd.concat([pd.DataFrame(swept, index=outcomes.index), outcomes], axis=1)
    points, counts = outcome_counts(chunk.design, outcomes["outcome"].to_numpy())
    traces = None
    if chunk.traces > 0.0:
        kept = Draws(chunk.seed, chunk.worlds.tolist()).uniform("trace", "sweep") < chunk.traces
        traces = as_parquet(_trace_table(talks.record, chunk, np.flatnonzero(kept)))
    table = as_parquet(runs)
    return Played(table, traces, points, counts, time.perf_counter() - started, in_talks)


def _trace_table(record: Record, chunk: Chunk, kept: Ints) -> pd.DataFrame:
    """Every round of some runs, run by run: a row a round."""
    rounds = len(record.rung)
    table: dict[str, np.ndarray] = {
        "design": np.repeat(chunk.design[kept].astype(np.int32), rounds),
        "world": np.repeat(chunk.worlds[kept], rounds),
        "round": np.tile(np.arange(1, rounds + 1, dtype=np.int32), len(kept)),
    }
    for name in TRACED:
        table[name] = getattr(record, name)[:, kept].T.ravel()
    for at, type_ in enumerate(record.layout.types):
        table[f"belief_{type_}"] = record.belief[:, kept, at].T.ravel()
    return pd.DataFrame(table)


def outcome_counts(design: Ints, outcomes: np.ndarray) -> tuple[Ints, Ints]:
    """(m,) the design points among (n,) runs, and (m, outcomes) how often each outcome occurred at each."""
    names = list(OUTCOMES)
    points, at = np.unique(design, return_inverse=True)
    code = pd.Categorical(outcomes, categories=names).codes
    counts = np.zeros((len(points), len(names)), dtype=np.int64)
    np.add.at(counts, (at, code), 1)
    return points.astype(np.int64), counts


def as_parquet(table: pd.DataFrame) -> bytes:
    """A table as a Parquet file: words as dictionaries, numbers plain."""
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    # A column of labels is one of words in every part, also where all are left to the scenario.
    kinds = (pa.types.is_null, pa.types.is_string, pa.types.is_large_string)
    words = [each.name for each in arrow.schema if any(is_kind(each.type) for is_kind in kinds)]
    fields = [each.with_type(pa.large_string()) if each.name in words else each for each in arrow.schema]
    arrow = arrow.cast(pa.schema(fields))
    sink = io.BytesIO()
    pq.write_table(arrow.replace_schema_metadata(None), sink, compression="zstd", use_dictionary=words)
    return sink.getvalue()


@lru_cache(maxsize=4)
def _scenario(plain: str) -> Scenario:
    return Scenario.model_validate_json(plain)
