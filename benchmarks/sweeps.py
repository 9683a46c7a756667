"""How fast sweeps run: against other sweep runners on the same design, a million runs, and what 10^9 would need.

    python benchmarks/sweeps.py            # all of it, some ten minutes
    python benchmarks/sweeps.py --quick    # the comparison alone

Every tool drives the same model, january_2022, over the same design points and worlds: `negsim sweep`; Mesa's
`batch_run`; the EMA Workbench, one process and two; a joblib loop over `Talks(worlds=1)`. The tools take turns, and
the ratios are taken turn by turn.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"
os.environ["TQDM_DISABLE"] = "1"

import ema_workbench
import joblib
import mesa
import numpy as np
import psutil
from ema_workbench import (
    IntegerParameter,
    Model,
    MultiprocessingEvaluator,
    RealParameter,
    ScalarOutcome,
    SequentialEvaluator,
)
from ema_workbench import Scenario as EmaScenario

from negotiation_sim import Scenario, Talks
from negotiation_sim.parquet import as_parquet
from negotiation_sim.rules.outcome import HEADLINES, OUTCOMES
from negotiation_sim.sweep import Experiment, sweep
from negotiation_sim.sweep.chunk import Chunk, Played
from negotiation_sim.sweep.engines import Local
from negotiation_sim.sweep.progress import Progress

PATH = "actors.russia.attack.cost"
TURNS = 3
FEW = 12  # runs a turn of the tools that build a model a run
MANY = 32_768  # runs a turn of ours


def experiment(points: int, replications: int) -> Experiment:
    """A Latin hypercube over four of the numbers that matter most."""
    paths = [PATH, "actors.russia.attack.cover", "actors.russia.outlook.lesson", "actors.russia.clock_days"]
    return Experiment.model_validate(
        {
            "name": "benchmark",
            "question": "How fast is a sweep?",
            "sweep": {path: {} for path in paths},
            "design": {"kind": "latin_hypercube", "n": points},
            "replications": replications,
        }
    )


# ---- the tools, each on `FEW` runs or `MANY` -------------------------------------------------------

_SCENARIO: list[Scenario] = []


def scenario() -> Scenario:
    """The scenario, loaded once a process."""
    if not _SCENARIO:
        _SCENARIO.append(Scenario.load("january_2022"))
    return _SCENARIO[0]


def one_run(cost: float, world: int) -> dict[str, float]:
    """One run, for tools that call a function: numbers of its headline and highest rung."""
    row = Talks(scenario(), worlds=[int(world)], seed=1, fixed={PATH: cost}).run().outcomes.iloc[0]
    return {"headline": float(HEADLINES.index(row["headline"])), "highest_rung": float(row["highest_rung"])}


def no_run(cost: float, world: int) -> dict[str, float]:
    """A model that does nothing."""
    return {"headline": 0.0, "highest_rung": 0.0}


class NoModel(mesa.Model):
    """A Mesa model that does nothing."""

    def __init__(self, cost: float = 0.0, world: int = 0) -> None:
        super().__init__(rng=1)
        self.world = world
        self.datacollector = mesa.DataCollector(model_reporters={"world": "world"})

    def step(self) -> None:
        """Stop at once."""
        self.datacollector.collect(self)
        self.running = False


def design(runs: int) -> list[tuple[float, int]]:
    """Costs over the parameter's range, and worlds."""
    low, high = scenario().parameter(PATH).range
    return [(float(cost), at) for at, cost in enumerate(np.linspace(low, high, runs))]


def timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def by_mesa(runs: int) -> float:
    def action() -> None:
        for cost, world in design(runs):
            mesa.batch_run(
                Talks,
                {"scenario": [scenario()], "worlds": [[world]], "seed": [1], "fixed": [{PATH: cost}]},
                number_processes=1,
                data_collection_period=-1,
                display_progress=False,
            )

    return timed(action)


def by_mesa_nothing(runs: int) -> float:
    worlds = list(range(runs))
    return timed(
        lambda: mesa.batch_run(NoModel, {"world": worlds}, number_processes=1, display_progress=False)
    )


def ema_model(function: Callable[[float, int], dict[str, float]]) -> Model:
    low, high = scenario().parameter(PATH).range
    model = Model("january", function=function)
    model.uncertainties = [RealParameter("cost", low, high), IntegerParameter("world", 0, 10_000_000)]
    model.outcomes = [ScalarOutcome("headline"), ScalarOutcome("highest_rung")]
    return model


def by_ema(runs: int, processes: int, function: Callable[[float, int], dict[str, float]] = one_run) -> float:
    samples = [EmaScenario(str(at), cost=cost, world=world) for at, (cost, world) in enumerate(design(runs))]
    model = ema_model(function)
    if processes == 1:
        with SequentialEvaluator(model) as evaluator:
            return timed(lambda: evaluator.perform_experiments(scenarios=samples))
    with MultiprocessingEvaluator(model, n_processes=processes) as evaluator:
        evaluator.perform_experiments(scenarios=samples[: 2 * processes])  # let the processes import
        return timed(lambda: evaluator.perform_experiments(scenarios=samples))


def by_joblib(
    runs: int, processes: int, function: Callable[[float, int], dict[str, float]] = one_run
) -> float:
    with joblib.Parallel(n_jobs=processes) as pool:
        pool(joblib.delayed(function)(cost, world) for cost, world in design(2 * processes))
        return timed(lambda: pool(joblib.delayed(function)(cost, world) for cost, world in design(runs)))


class Watch:
    """When the first and the last chunk came back, and how many runs lay between."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, int]] = []
        self.last: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        if not self.seen or progress.done != self.seen[-1][1]:
            self.seen.append((time.perf_counter(), progress.done))
        self.last = progress

    def rate(self) -> float:
        """Runs a second from the first chunk back to the last: without the start of Python in the workers."""
        chunks = [each for each in self.seen if each[1] > 0]
        (start, before), (end, after) = chunks[0], chunks[-1]
        return (after - before) / (end - start)


def by_us(points: int, replications: int, workers: int, chunk: int = 8192) -> Watch:
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        sweep(
            experiment(points, replications), Path(folder) / "s", workers=workers, chunk=chunk, report=watch
        )
    return watch


# ---- the tables ----------------------------------------------------------------------------------


def compare() -> None:
    """All tools in turns: runs a second, and how many times as many ours does."""
    tools: dict[str, tuple[int, Callable[[int], float]]] = {
        "mesa.batch_run": (1, by_mesa),
        "EMA Workbench, sequential": (1, lambda runs: by_ema(runs, 1)),
        "EMA Workbench, 2 processes": (2, lambda runs: by_ema(2 * runs, 2)),
        "joblib, Talks(worlds=1), 1 process": (1, lambda runs: by_joblib(runs, 1)),
        "joblib, Talks(worlds=1), 2 processes": (2, lambda runs: by_joblib(2 * runs, 2)),
    }
    one_run(0.3, 0)
    ours: dict[int, list[float]] = {1: [], 2: []}
    theirs: dict[str, list[float]] = {name: [] for name in tools}
    ratios: dict[str, list[float]] = {name: [] for name in tools}
    for _ in range(TURNS):
        for workers, rates in ours.items():
            rates.append(by_us(16, MANY * workers // 16, workers, chunk=4096).rate())
        for name, (workers, tool) in tools.items():
            theirs[name].append(FEW * workers / tool(FEW))
            ratios[name].append(ours[workers][-1] / theirs[name][-1])
    for workers, rates in ours.items():
        print(f"  {f'negsim sweep, {workers} workers':40}{statistics.median(rates):>10,.0f} runs/s")
    for name, (workers, _) in tools.items():
        print(
            f"  {name:40}{statistics.median(theirs[name]):>10,.1f} runs/s"
            f"{statistics.median(ratios[name]):>8,.0f} times as many by ours with {workers} workers"
        )


def play_nothing(chunk: Chunk) -> Played:
    """A chunk of which nothing is played."""
    import pandas as pd

    table = pd.DataFrame({"design": chunk.design, "world": chunk.worlds, "outcome": "talks_continuing"})
    counts = np.zeros((1, len(OUTCOMES)), dtype=np.int64)
    return Played(as_parquet(table), None, chunk.design[:1], counts, 0.0, 0.0)


def overhead() -> tuple[float, float]:
    """Each tool's own time a run on a model that does nothing; gives ours a chunk with 8,192 runs in it."""
    from negotiation_sim.sweep import engines

    # What remains is the driver, the pipes and the disk.
    engines.ENGINES["nothing"] = lambda _, workers: Local(workers, play_nothing)
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        sweep(experiment(100, 8192), Path(folder) / "s", engine="nothing", workers=2, report=watch)
    ours = 1.0 / watch.rate()
    runs = 2000
    rows = {
        "negsim sweep, 2 workers": ours,
        "mesa.batch_run": by_mesa_nothing(runs) / runs,
        "EMA Workbench, sequential": by_ema(runs, 1, no_run) / runs,
        "EMA Workbench, 2 processes": by_ema(runs, 2, no_run) / runs,
        "joblib, 2 processes": by_joblib(runs, 2, no_run) / runs,
    }
    for name, seconds in rows.items():
        print(f"  {name:40}{1e6 * seconds:>10,.2f} us a run")
    return ours, ours * 8192


class Memory:
    """Peak resident memory of this process and of each of its children, sampled."""

    def __init__(self) -> None:
        self.peak: dict[int, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(0.2):
            for process in [me, *me.children(recursive=True)]:
                try:
                    size = process.memory_info().rss
                except psutil.Error:
                    continue
                self.peak[process.pid] = max(self.peak.get(process.pid, 0), size)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def told(self) -> str:
        mine = self.peak.pop(os.getpid()) / 2**20
        largest = max(self.peak.values()) / 2**20
        return f"peak resident memory: driver {mine:,.0f} MiB, largest worker {largest:,.0f} MiB"


def a_million(points: int, replications: int) -> float:
    """The full case on two cores, Parquet included; gives seconds of a worker a chunk of 8,192 runs."""
    runs = points * replications
    with Memory() as memory, tempfile.TemporaryDirectory() as folder:
        watch = Watch()
        start = time.perf_counter()
        sweep(experiment(points, replications), Path(folder) / "s", workers=2, report=watch)
        seconds = time.perf_counter() - start
        size = sum(each.stat().st_size for each in (Path(folder) / "s" / "runs").iterdir())
    last = watch.last
    assert last is not None and last.done == runs
    indent = " " * 13
    print(
        f"  {runs:>10,} runs: {seconds:,.0f} s with 2 workers, {runs / seconds:,.0f} runs/s, {size / 1e6:,.0f} MB"
    )
    print(f"{indent}{watch.rate():,.0f} runs/s from the first chunk back to the last")
    print(f"{indent}{memory.told()}")
    print(
        f"{indent}{last.seconds_in_talks / (2 * seconds):.0%} of the workers' wall time in Talks, "
        f"{last.seconds_in_talks / last.seconds:.1%} of their busy time"
    )
    return last.seconds / runs * 8192


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the comparison alone")
    options = parser.parse_args()
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, Mesa {mesa.__version__}, "
        f"EMA Workbench {ema_workbench.__version__}, joblib {joblib.__version__}; {os.cpu_count()} cores"
    )
    print("The same model, january_2022, by each tool (medians of turns)")
    compare()
    if options.quick:
        return
    print("Each tool's own time on a model that does nothing")
    _, a_chunk = overhead()
    print("One worker and two, in turns")
    gains = []
    for _ in range(TURNS):
        one, two = (by_us(50, 2000, workers).rate() for workers in (1, 2))
        gains.append(two / one)
        print(f"  1 worker {one:,.0f} runs/s, 2 workers {two:,.0f} runs/s: {two / one:.2f} times")
    print(f"  median {statistics.median(gains):.2f} times")
    print("A sweep of the full case, Parquet included")
    a_million(50, 2000)
    busy = a_million(500, 2000)
    print("Ten to the ninth runs, on paper")
    chunks = 1e9 / 8192
    print(f"  {chunks:,.0f} chunks of {busy:.2f} s of a worker: {chunks * busy / 3600:,.0f} core-hours")
    print(f"  the driver needs {1e3 * a_chunk:.1f} ms a chunk, {chunks * a_chunk / 3600:,.1f} h in all,")
    print(f"  so one driver keeps about {busy / a_chunk:,.0f} cores busy; more would wait for it")


if __name__ == "__main__":
    sys.exit(main())
