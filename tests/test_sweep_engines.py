"""The same bits wherever, in whatever order and in whatever company chunks are played; workers that die on the way."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from multiprocessing import active_children
from pathlib import Path

import pandas as pd
import psutil
import pytest
from sweeps.playing import (
    HERE,
    RUNS,
    WAIT,
    Inline,
    Kept,
    assert_gone,
    assert_undisturbed,
    first_chunk,
    parts_in,
    plan,
    play_with,
    undisturbed,
)
from sweeps.tasks import die_while_answering, kills

from negotiation_sim.commands.launch import launch
from negotiation_sim.sweep import Results, engines
from negotiation_sim.sweep.chunk import Chunk, Played, play
from negotiation_sim.sweep.engines import Dask, Local
from negotiation_sim.sweep.plan import Plan, Span, Wave
from negotiation_sim.sweep.progress import Progress, Report

EXPERIMENTS = ("dam", "dam_until")
BAD = (4, 123)
"""Design point and world of the run that breaks its chunk."""


@pytest.fixture(scope="module")
def locals_() -> Iterator[dict[int, Local]]:
    """One and two workers of this machine."""
    made = {workers: Local(workers) for workers in (1, 2)}
    yield made
    for each in made.values():
        each.close()


def at_runs(numbers: list[int], action: Callable[[], None]) -> Report:
    """Do something each time that so many runs are done."""
    left = list(numbers)

    def report(progress: Progress) -> None:
        if left and progress.done >= left[0]:
            left.pop(0)
            action()

    return report


# ---- the same bits -----------------------------------------------------------------------------------------


def test_experiments_test_something() -> None:
    """Structures and numbers are varied, and one of the experiments takes several waves."""
    assert len(plan("dam").structures) == 2
    assert plan("dam").design.shape == (6, 4)
    runs, traces = undisturbed("dam")
    assert len(runs) == RUNS
    assert traces is not None
    assert 0.05 < len(traces.drop_duplicates(["design", "world"])) / RUNS < 0.2
    assert runs.groupby("design")["headline"].value_counts(normalize=True).unstack().std().max() > 0.1
    until = undisturbed("dam_until")[0]["design"].value_counts()
    assert until.nunique() == 2  # more replications where the intervals are wider
    assert (until > 64).all()


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "chunk"), [(1, 250), (2, 37), (2, 8192)])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_local(tmp_path: Path, locals_: dict[int, Local], name: str, workers: int, chunk: int) -> None:
    play_with(Kept(locals_[workers]), tmp_path / "sweep", name, chunk)
    assert_undisturbed(tmp_path / "sweep", name)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_shuffled_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    in_order = Plan.chunks

    def shuffled(self: Plan, wave: Wave, missing: list[Span], size: int) -> Iterator[Span]:
        spans = list(in_order(self, wave, missing, size))
        random.Random(20220110).shuffle(spans)
        return iter(spans)

    monkeypatch.setattr(Plan, "chunks", shuffled)
    play_with(Inline(), tmp_path / "sweep", name, chunk=41)
    assert_undisturbed(tmp_path / "sweep", name)


def test_resumed_again_and_again(tmp_path: Path) -> None:
    """Each session has another chunk size, and the last one leaves nothing out."""
    folder = tmp_path / "sweep"
    for session, chunk in enumerate((11, 60, 37, 101)):
        before = parts_in(folder)

        def stop(progress: Progress, enough: int = before + 3) -> None:
            if parts_in(folder) >= enough:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            play_with(Inline(), folder, "dam_until", chunk, stop)
        assert len(Results(folder).manifest["sessions"]) == session + 1
    play_with(Inline(), folder, "dam_until")
    assert_undisturbed(folder, "dam_until")


# ---- workers of this machine that die ----------------------------------------------------------------------


@pytest.mark.slow
def test_killed_local_workers(tmp_path: Path) -> None:
    """One after another, then both at once."""
    others = set(active_children())
    killed: set[int | None] = set()

    def kill(number: int) -> None:
        for each in list(set(active_children()) - others)[:number]:
            each.kill()
            killed.add(each.pid)

    numbers = iter([1, 2])
    report = at_runs([RUNS // 9, RUNS // 2], lambda: kill(next(numbers)))
    play_with(Local(2), tmp_path / "sweep", chunk=20, report=report)
    assert len(killed) == 3
    assert_undisturbed(tmp_path / "sweep")
    assert set(active_children()) <= others


class DeadlyTask:
    """A task that kills each worker before it can take a chunk."""

    def __reduce__(self) -> tuple[Callable[[int], object], tuple[int]]:
        return os._exit, (3,)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes, as Unix has them")
@pytest.mark.slow
def test_worker_killed_while_it_answers() -> None:
    others = set(active_children())
    engine = Local(1, die_while_answering)
    with pytest.raises(BrokenExecutor):
        engine.submit(first_chunk()).result(timeout=WAIT)
    engine.close()
    assert set(active_children()) <= others


@pytest.mark.slow
def test_workers_that_cannot_start(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It is nobody's fault among the runs: the sweep says so and ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(engines.ENGINES, "local", lambda address, workers: Local(workers, DeadlyTask()))
        patch.setattr(engines, "STARTS", 2)
        arguments = [f"experiment={HERE / 'dam_few'}", f"out={tmp_path / 'sweep'}", "workers=1"]
        assert launch("sweep", arguments) == 1
    said = capfd.readouterr().err
    assert said.startswith("negsim sweep: workers cannot be started (")
    assert "Go on with" in said
    assert not (tmp_path / "sweep" / "failures.json").exists()
    play_with(Inline(), tmp_path / "sweep", "dam_few")
    assert_undisturbed(tmp_path / "sweep", "dam_few")


# ---- chunks that break whatever plays them -----------------------------------------------------------------


def breaks(chunk: Chunk) -> Played:
    if ((chunk.design == BAD[0]) & (chunk.worlds == BAD[1])).any():
        raise ZeroDivisionError("the bad world\nis among them")
    return play(chunk)


def assert_all_but(folder: Path, name: str, bad: tuple[int, int]) -> None:
    """The table holds every run but one, with the same bits."""
    expected, _ = undisturbed(name)
    rest = expected[~((expected["design"] == bad[0]) & (expected["world"] == bad[1]))]
    assert len(rest) == len(expected) - 1
    pd.testing.assert_frame_equal(Results(folder).to_pandas(), rest.reset_index(drop=True), check_exact=True)


def test_run_that_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is reported, the rest completes; once it is mended, the same command plays it alone."""
    folder = tmp_path / "sweep"
    arguments = [f"experiment={HERE / 'dam'}", f"out={folder}", "chunk=400"]
    played: list[Chunk] = []

    def watched(chunk: Chunk) -> Played:
        played.append(chunk)
        return breaks(chunk)

    monkeypatch.setitem(engines.ENGINES, "local", lambda address, workers: Inline(watched))
    assert launch("sweep", arguments) == 1
    failure = {
        "design": BAD[0], "world": BAD[1], "error": "ZeroDivisionError: the bad world is among them"
    }  # fmt: skip
    assert json.loads((folder / "failures.json").read_text()) == [failure]
    said = capsys.readouterr().err
    assert f"design point {BAD[0]}, world {BAD[1]}: ZeroDivisionError: the bad world is among them" in said
    assert_all_but(folder, "dam", BAD)
    times = sum(((each.design == BAD[0]) & (each.worlds == BAD[1])).any() for each in played)
    assert 3 <= times <= 3 + 9  # three times, then halved from 400 to 1
    monkeypatch.setitem(engines.ENGINES, "local", lambda address, workers: Inline())
    assert launch("sweep", arguments) == 0
    assert Results(folder).manifest["sessions"][-1]["runs"] == 1
    assert_undisturbed(folder)


@pytest.mark.slow
def test_run_that_kills_its_worker(tmp_path: Path) -> None:
    others = set(active_children())
    progress = play_with(Local(1, kills), tmp_path / "sweep", "dam_few", chunk=2)
    assert [(each["design"], each["world"]) for each in progress.failures] == [(1, 2)]
    assert "the worker died" in str(progress.failures[0]["error"])
    assert_all_but(tmp_path / "sweep", "dam_few", (1, 2))
    assert set(active_children()) <= others


def test_innocent_neighbours(tmp_path: Path) -> None:
    """A chunk that is lost three times because of its neighbours is not blamed: it is played once more, alone."""
    lost = 0

    def unlucky(chunk: Chunk) -> Played:
        nonlocal lost
        if chunk.design[0] == chunk.worlds[0] == 0 and lost < 3:
            lost += 1
            raise Inline.lost("lost with its worker")
        return play(chunk)

    engine = Inline(unlucky)
    engine.workers = 2
    progress = play_with(engine, tmp_path / "sweep", chunk=75)
    assert lost == 3
    assert not progress.failures
    assert_undisturbed(tmp_path / "sweep")
    assert parts_in(tmp_path / "sweep") == RUNS // 75  # nor was it halved


# ---- a real Dask cluster -----------------------------------------------------------------------------------


@dataclass
class Cluster:
    """A scheduler and two nodes, each a nanny and its worker; all processes on the loopback."""

    scheduler: psutil.Popen
    nodes: list[psutil.Popen]
    address: str

    def worker_of(self, node: int) -> psutil.Process:
        """Process of a node's worker that plays."""
        (worker,) = [each for each in self.nodes[node].children() if "spawn_main" in " ".join(each.cmdline())]
        return worker

    def end(self) -> None:
        everything = [self.scheduler, *self.nodes]
        everything += [child for each in everything if each.is_running() for child in each.children(True)]
        for each in everything:
            if each.is_running():
                each.kill()
        assert_gone(everything)


def dask_process(log: Path, *arguments: str) -> psutil.Popen:
    command = [sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1"]
    with log.open("w") as file:
        return psutil.Popen(command, stdout=file, stderr=subprocess.STDOUT)


def said(log: Path, pattern: str) -> str:
    """Wait until a process has said something."""
    until = time.monotonic() + WAIT
    while (match := re.search(pattern, log.read_text())) is None:
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.02)
    return match[1]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    logs = tmp_path_factory.mktemp("dask")
    scheduler = dask_process(
        logs / "scheduler", "scheduler", "--port", "0", "--dashboard-address", "127.0.0.1:0"
    )
    made = Cluster(scheduler, [], "")
    try:
        made.address = said(logs / "scheduler", r"Scheduler at:\s+(tcp://127\.0\.0\.1:\d+)")
        for node in ("first", "second"):
            made.nodes.append(
                dask_process(
                    logs / node,
                    *("worker", made.address, "--nthreads", "1", "--local-directory", str(logs)),
                    *("--dashboard-address", "127.0.0.1:0", "--name", node),
                )
            )
        for node in ("first", "second"):
            said(logs / node, r"(Registered to)")
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def dask(cluster: Cluster) -> Iterator[Dask]:
    engine = Dask(cluster.address, 1)
    yield engine
    engine.close()


@pytest.mark.slow
@pytest.mark.parametrize("chunk", [37, 8192])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_dask(tmp_path: Path, dask: Dask, name: str, chunk: int) -> None:
    assert dask.workers == 2
    play_with(Kept(dask), tmp_path / "sweep", name, chunk)
    assert_undisturbed(tmp_path / "sweep", name)


@pytest.mark.slow
def test_dask_only_on_the_loopback(cluster: Cluster, dask: Dask) -> None:
    processes = [cluster.scheduler, *cluster.nodes, cluster.worker_of(0), cluster.worker_of(1)]
    listening = {
        at.laddr.ip for each in processes for at in each.net_connections(kind="inet") if at.status == "LISTEN"
    }
    assert listening == {"127.0.0.1"}


@pytest.mark.slow
def test_killed_dask_worker(tmp_path: Path, cluster: Cluster, dask: Dask) -> None:
    victim = cluster.worker_of(0)
    report = at_runs([RUNS // 4], victim.kill)
    play_with(Kept(dask), tmp_path / "sweep", chunk=20, report=report)
    assert not victim.is_running()
    assert_undisturbed(tmp_path / "sweep")


@pytest.mark.slow
def test_killed_dask_node(tmp_path: Path, cluster: Cluster, dask: Dask) -> None:
    """A nanny and its worker at once, as when a machine fails; nobody starts them again."""

    def kill() -> None:
        node = cluster.nodes[1]
        for each in [node, *node.children(recursive=True)]:
            each.kill()

    play_with(Kept(dask), tmp_path / "sweep", chunk=20, report=at_runs([RUNS // 4], kill))
    assert cluster.nodes[1].wait(timeout=WAIT) == -signal.SIGKILL
    assert_undisturbed(tmp_path / "sweep")


@pytest.mark.slow
def test_killed_dask_scheduler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], cluster: Cluster
) -> None:
    """Nothing can be played any more: what was done is kept, and the command says how to go on."""
    folder = tmp_path / "sweep"
    arguments = [f"experiment={HERE / 'dam'}", f"out={folder}", "chunk=20"]

    class Doomed(Dask):
        def submit(self, chunk: Chunk):
            if parts_in(folder) == 10 and cluster.scheduler.is_running():
                cluster.scheduler.kill()
            return super().submit(chunk)

    monkeypatch.setitem(engines.ENGINES, "dask", Doomed)
    assert launch("sweep", [*arguments, "engine=dask", f"cluster={cluster.address}"]) == 1
    assert "negsim sweep: the cluster has gone" in capfd.readouterr().err
    assert 10 <= parts_in(folder) < RUNS // 20
    play_with(Inline(), folder)
    assert_undisturbed(folder)


def test_nobody_at_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = [f"experiment={HERE / 'dam_few'}", f"out={tmp_path / 'sweep'}", "engine=dask"]
    monkeypatch.setattr(engines, "PATIENCE", "1s")
    assert launch("sweep", [*arguments, "cluster=tcp://127.0.0.1:9"]) == 2
    assert "no Dask scheduler answers there" in capfd.readouterr().err
