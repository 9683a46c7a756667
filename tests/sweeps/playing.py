"""What the tests of sweeps share: small experiments, an engine without processes, tables to compare."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import psutil
import pytest

from negotiation_sim.sweep import Experiment, Results, engines
from negotiation_sim.sweep.chunk import Chunk, Played, play
from negotiation_sim.sweep.dispatch import chunk_of
from negotiation_sim.sweep.engines import Engine
from negotiation_sim.sweep.plan import Plan, first_wave
from negotiation_sim.sweep.progress import Progress, Report
from negotiation_sim.sweep.runner import drive

HERE = Path(__file__).parent
RUNS = 900  # of the experiment `dam`
WAIT = 60.0  # seconds after which something has gone wrong, also on a busy machine


class Inline:
    """An engine that plays in the driver itself, at once."""

    workers = 1
    lost = RuntimeError

    def __init__(self, task: Callable[[Chunk], Played] = play) -> None:
        self._task = task

    def submit(self, chunk: Chunk) -> Future[Played]:
        future: Future[Played] = Future()
        try:
            future.set_result(self._task(chunk))
        except Exception as error:  # noqa: BLE001 (as a worker does)
            future.set_exception(error)
        return future

    def close(self) -> None:
        pass


class Kept:
    """Lends an engine to one sweep after another, for starting processes takes long."""

    def __init__(self, engine: Engine) -> None:
        self.workers, self.lost, self.submit = engine.workers, engine.lost, engine.submit

    def close(self) -> None:
        pass


@cache
def plan(name: str = "dam") -> Plan:
    return Plan.of(Experiment.load(str(HERE / name)))


def play_with(
    engine: Engine, folder: Path, what: str | Plan = "dam", chunk: int = 50, report: Report = lambda _: None
) -> Progress:
    """Play what a folder lacks of a plan, or of an experiment, with an engine."""
    asked = plan(what) if isinstance(what, str) else what
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(engines.ENGINES, "test", lambda address, workers: engine)
        return drive(asked, folder, "test", 1, None, chunk, report)


def first_chunk() -> Chunk:
    """A few runs."""
    asked = plan("dam_few")
    plain = [each.model_dump_json(exclude_unset=True) for each in asked.structures]
    return chunk_of(asked, first_wave(asked), (0, 6), plain)


@cache
def undisturbed(name: str = "dam") -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Runs and traces of an experiment, played in large chunks by nobody but this process."""
    with TemporaryDirectory() as folder:
        play_with(Inline(), Path(folder) / "sweep", name, chunk=8192)
        return tables(Path(folder) / "sweep", name)


def tables(folder: Path, name: str = "dam") -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Runs and traces in a folder, in its own order."""
    results = Results(folder)
    traced = plan(name).experiment.traces > 0.0
    return results.to_pandas(), results.traces.to_table().to_pandas() if traced else None


def assert_undisturbed(folder: Path, name: str = "dam") -> None:
    """A folder holds every run once, with the same bits as a sweep that nothing happened to, and no half file."""
    runs, traces = tables(folder, name)
    expected, expected_traces = undisturbed(name)
    assert not runs.duplicated(["design", "world"]).any()
    pd.testing.assert_frame_equal(runs, expected, check_exact=True)
    if traces is not None:
        pd.testing.assert_frame_equal(traces, expected_traces, check_exact=True)
    assert not list(folder.rglob("*.part"))
    assert not (folder / "failures.json").exists()


def family(driver: int) -> list[psutil.Process]:
    """Processes that a driver has started, and those that they have."""
    return psutil.Process(driver).children(recursive=True)


def assert_gone(processes: list[psutil.Process]) -> None:
    """Processes end within a few seconds."""
    alive = psutil.wait_procs(processes, timeout=15)[1]
    for process in alive:
        process.kill()
    assert not alive, f"still alive: {alive}"


def parts_in(folder: Path) -> int:
    """How many parts of the table are there."""
    return len(list((folder / "runs").glob("w*.parquet")))
