"""Driving a sweep: what its folder still lacks is played, wave after wave, until nothing is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.sweep.dispatch import Dispatch
from negotiation_sim.sweep.engines import ENGINES, Engine
from negotiation_sim.sweep.experiment import Experiment, Until
from negotiation_sim.sweep.plan import Plan, Wave, complement, first_wave
from negotiation_sim.sweep.progress import Progress, Report
from negotiation_sim.sweep.replications import more
from negotiation_sim.sweep.results import Results
from negotiation_sim.sweep.store import Store, counted, covered

CHUNK = 8192
"""Runs a chunk: enough that the work is arithmetic, few enough for memory (see benchmarks)."""


def sweep(
    experiment: Experiment | str,
    out: Path | str,
    *,
    engine: str = "local",
    workers: int | None = None,
    cluster: str | None = None,
    chunk: int = CHUNK,
    report: Report = lambda _: None,
) -> Results:
    """Play what a sweep's folder still lacks.

    Args:
        experiment: the experiment, or its name.
        out: folder, new or of the same sweep; what is done there already is kept.
        engine: `local` or `dask`.
        workers: processes; one a core if left out.
        cluster: address of a Dask scheduler; one is started if left out.
        chunk: most runs that a worker holds at once. It changes memory and speed, never a result.
        report: told after every chunk how far it is.

    Returns:
        The results. Runs that failed are missing from them, and listed in `failures.json`.

    Raises:
        ScenarioError: the experiment is bad, or the folder belongs to another.
        OSError: the folder cannot be written to, or the disk is full; what is done is kept.
    """
    asked = Experiment.load(experiment) if isinstance(experiment, str) else experiment
    drive(Plan.of(asked), Path(out), engine, workers or cores(), cluster, chunk, report)
    return Results(out)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def drive(
    plan: Plan, folder: Path, engine: str, workers: int, cluster: str | None, chunk: int, report: Report
) -> Progress:
    """Play what is missing of a plan; arguments as in `sweep`."""
    store = Store(folder, plan)
    progress = Progress(np.zeros((len(plan.design), len(OUTCOMES)), dtype=np.int64))
    player: Engine | None = None
    try:
        progress.counts += counted(folder, len(plan.design))
        for wave in _waves(plan, folder, progress):
            missing = complement(covered(folder, wave.number), wave.runs)
            there = wave.runs - sum(stop - start for start, stop in missing)
            progress.total += wave.runs
            progress.found += there
            progress.done += there
            report(progress)
            if missing:
                player = player or ENGINES[engine](cluster, workers)
                Dispatch(plan, wave, player, store, progress).play(missing, chunk, report)
    finally:
        try:
            if player is not None:
                player.close()
        finally:
            store.close(progress, workers if player is None else player.workers)
    return progress


def _waves(plan: Plan, folder: Path, progress: Progress) -> Iterator[Wave]:
    """The waves of a plan; each but the first follows from what the earlier ones gave."""
    wave = first_wave(plan)
    yield wave
    replications = plan.experiment.replications
    while isinstance(replications, Until) and not progress.failures:
        extra = more(counted(folder, len(plan.design), wave.number + 1), replications)
        if not extra.any():
            return
        wave = Wave.of(wave.number + 1, wave.before + wave.extra, extra)
        yield wave
