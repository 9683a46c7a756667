"""A sweep's folder at its worst: the driver killed at any instant, the disk full, somebody else's folder."""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import psutil
import pytest
from sweeps.playing import (
    HERE,
    RUNS,
    WAIT,
    Inline,
    assert_gone,
    assert_undisturbed,
    family,
    first_chunk,
    parts_in,
    plan,
    play_with,
)
from sweeps.tasks import never_ends

from negotiation_sim.commands.launch import launch
from negotiation_sim.scenario import ScenarioError
from negotiation_sim.sweep import Experiment, engines, store
from negotiation_sim.sweep.chunk import Chunk
from negotiation_sim.sweep.engines import Local
from negotiation_sim.sweep.plan import Plan

KILLS = 20
STEPS = ("open", "os.mkdir", "os.rename", "os.remove", "os.truncate")
"""Audit events of whatever changes a folder."""
IMPORTED = [
    "negotiation_sim.commands.launch",
    "negotiation_sim.sweep.runner",
    "negotiation_sim.talks",
    "psutil",
    "pytest",
]
FORKS = get_context("forkserver") if sys.platform != "win32" else None
unix = pytest.mark.skipif(FORKS is None, reason="signals, as Unix has them")


def start(task: Callable[..., None], *arguments: object):
    """A driver in a process of its own, forked from one that has imported everything."""
    FORKS.set_forkserver_preload(IMPORTED)
    process = FORKS.Process(target=task, args=arguments)
    process.start()
    return process


def driver(folder: Path, asked: Plan) -> None:
    play_with(Inline(), folder, asked, chunk=40)


def driver_that_dies(folder: Path, asked: Plan, step: int) -> None:
    """Die as if killed just before the given step in the folder."""
    steps = 0

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal steps
        if event in STEPS and str(folder) in str(arguments[0]):
            steps += 1
            if steps == step:
                os._exit(9)

    sys.addaudithook(audit)
    play_with(Inline(), folder, asked, chunk=6)


# ---- killed drivers ----------------------------------------------------------------------------------------


@unix
@pytest.mark.slow
def test_killed_at_twenty_random_instants(tmp_path: Path) -> None:
    """One folder is killed and resumed until it is complete, then another one."""
    instants = random.Random(20220110)
    kills, started, folder = 0, [], tmp_path / "0"
    while kills < KILLS:
        process = start(driver, folder, plan())
        started.append(folder)
        process.join(instants.uniform(0.0, 0.6))
        if process.exitcode is None:
            process.kill()
            kills += 1
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        if process.exitcode == 0:
            assert_undisturbed(folder)
            folder = tmp_path / str(len(started))
    for each in dict.fromkeys(started):
        play_with(Inline(), each)
        assert_undisturbed(each)


@unix
@pytest.mark.slow
def test_killed_before_each_kind_of_step(tmp_path: Path) -> None:
    """A random instant seldom meets the few milliseconds of writing.

    Meet every step of opening the folder, then every fifth: parts take an even number of steps each, so all are met.
    """
    step = 0
    while True:
        step += 1 if step < 10 else 5
        folder = tmp_path / str(step)
        process = start(driver_that_dies, folder, plan("dam_few"), step)
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == 9
        play_with(Inline(), folder, "dam_few", chunk=12)
        assert_undisturbed(folder, "dam_few")
    assert step > 20  # the folder, lock, manifest, design, and two files a part were met
    assert_undisturbed(folder, "dam_few")


def negsim(folder: Path, *more: str) -> subprocess.Popen[str]:
    """`negsim sweep` as a user types it, in a process group of its own."""
    arguments = [f"experiment={HERE / 'dam'}", f"out={folder}", "workers=2", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "negotiation_sim.cli", "sweep", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_parts(folder: Path, process: subprocess.Popen[str], number: int = 3) -> None:
    """Wait until a sweep is under way."""
    until = time.monotonic() + WAIT
    while parts_in(folder) < number:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)


def driver_of_busy_worker(chunk: Chunk) -> None:
    Local(1, never_ends).submit(chunk).result()


@unix
@pytest.mark.slow
def test_killed_driver_takes_a_busy_worker_along(tmp_path: Path) -> None:
    """Long before it would find that nobody wants its answer."""
    file = tmp_path / "worker"
    process = start(driver_of_busy_worker, replace(first_chunk(), label=str(file)))
    until = time.monotonic() + WAIT
    while not file.exists():
        assert process.exitcode is None
        assert time.monotonic() < until
        time.sleep(0.01)
    worker = psutil.Process(int(file.read_text()))
    process.kill()
    assert_gone([worker])
    process.join()


@unix
@pytest.mark.slow
def test_killed_driver_takes_its_dask_cluster_along(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    process = negsim(folder, "chunk=10", "engine=dask")
    wait_for_parts(folder, process)
    workers = family(process.pid)
    assert len(workers) >= 2
    listening = {
        at.laddr.ip
        for each in [psutil.Process(process.pid), *workers]
        for at in each.net_connections(kind="inet")
        if at.status == "LISTEN"
    }
    assert listening == {"127.0.0.1"}  # it is nobody else's business
    process.kill()
    process.communicate()
    assert_gone(workers)
    assert 0 < parts_in(folder) < RUNS // 10
    play_with(Inline(), folder)
    assert_undisturbed(folder)


@unix
@pytest.mark.slow
def test_interrupt(tmp_path: Path) -> None:
    """Ctrl-C reaches all processes of the terminal; only the driver has something to say."""
    folder = tmp_path / "sweep"
    process = negsim(folder, "chunk=10")
    wait_for_parts(folder, process)
    workers = family(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=WAIT)
    assert process.returncode == 130
    assert_gone(workers)
    assert said.startswith("negsim sweep: interrupted; what was done is kept. Go on with:\n  negsim sweep ")
    assert len(said.splitlines()) == 2, said
    assert f"out={folder}" in said
    assert not list(folder.rglob("*.part"))
    done = parts_in(folder)
    assert 3 <= done < RUNS // 10
    session = json.loads((folder / "manifest.json").read_text())["sessions"][-1]
    assert session["runs"] == 10 * done
    progress = play_with(Inline(), folder)
    assert progress.found == 10 * done
    assert_undisturbed(folder)


def test_nothing_is_played_twice(tmp_path: Path) -> None:
    play_with(Inline(), tmp_path / "sweep")
    again = play_with(Inline(_refuse), tmp_path / "sweep")
    assert (again.found, again.done, again.total) == (RUNS, RUNS, RUNS)
    assert_undisturbed(tmp_path / "sweep")


def _refuse(chunk: object) -> None:
    raise AssertionError("a chunk was played though nothing is missing")


# ---- folders that are refused ------------------------------------------------------------------------------


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Everything in a folder, with times: what must not change."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a part of `dam` in it."""
    folder = tmp_path_factory.mktemp("begun") / "sweep"

    def stop(progress: object) -> None:
        if parts_in(folder):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        play_with(Inline(), folder, report=stop)
    return folder


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("experiment.seed=2", "experiment.seed"),
        ("experiment.replications=151", "experiment.replications"),
        ("experiment.design.levels=4", "experiment.design.levels"),
        (
            "experiment.sweep={actors.upland.attack.cost: {range: [0.2, 0.8]}}",
            "experiment.sweep.actors.upland.attack.cost.range",
        ),
        ("experiment.worlds=independent", "experiment.worlds"),
        ("experiment.parameters=values", "experiment.parameters"),
        ("experiment.traces=0.2", "experiment.traces"),
    ],
)
def test_folder_of_another_design(
    begun: Path, capsys: pytest.CaptureFixture[str], override: str, named: str
) -> None:
    before = contents(begun)
    assert launch("sweep", [f"experiment={HERE / 'dam'}", f"out={begun}", "workers=1", override]) == 2
    said = capsys.readouterr().err
    assert "the folder holds another sweep" in said
    assert f"\n{named}: " in said
    assert contents(begun) == before


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("negotiation_sim", lambda monkeypatch: monkeypatch.setattr(store, "__version__", "9.9.9")),
        ("model", lambda monkeypatch: monkeypatch.setattr(store, "model_hash", lambda: "0" * 24)),
        ("libraries.numpy", lambda monkeypatch: monkeypatch.setattr(store, "version", lambda name: "0.1")),
    ],
)
def test_folder_of_another_version(
    begun: Path, monkeypatch: pytest.MonkeyPatch, key: str, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    before = contents(begun)
    change(monkeypatch)
    with pytest.raises(ScenarioError) as refused:
        store.Store(begun, plan())
    assert key in [problem.key for problem in refused.value.problems]
    assert contents(begun) == before


def test_folder_of_another_scenario(tmp_path: Path) -> None:
    """The same name, another number in the file: the name alone would not tell them apart."""
    file = tmp_path / "river_dam.yaml"
    shipped = (HERE.parent.parent / "scenarios" / "river_dam.yaml").read_text()
    plain = plan().experiment.model_dump(mode="json") | {"scenarios": [str(file)]}
    file.write_text(shipped)
    play_with_plan = Plan.of(Experiment.model_validate(plain))
    store.Store(tmp_path / "sweep", play_with_plan)._lock.release()
    before = contents(tmp_path / "sweep")
    file.write_text(
        shipped.replace("hope: {value: 0.5, range: [0.3, 0.7]", "hope: {value: 0.6, range: [0.3, 0.7]")
    )
    with pytest.raises(ScenarioError) as refused:
        store.Store(tmp_path / "sweep", Plan.of(Experiment.model_validate(plain)))
    assert refused.value.problems[0].key.endswith("actors.upland.outlook.hope.value")
    assert contents(tmp_path / "sweep") == before


@pytest.mark.parametrize("name", ["notes.txt", "design.parquet", "runs"])
def test_folder_of_something_else(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    before = contents(tmp_path)
    with pytest.raises(ScenarioError, match="holds something else"):
        play_with(Inline(), tmp_path)
    assert contents(tmp_path) == before


def test_second_driver(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "sweep"
    first = store.Store(folder, plan())
    before = contents(folder)
    command = [f"experiment={HERE / 'dam'}", f"out={folder}", "workers=1"]
    assert launch("sweep", command) == 2
    assert "another process is sweeping into it" in capsys.readouterr().err
    assert contents(folder) == before
    first._lock.release()
    play_with(Inline(), folder)
    assert_undisturbed(folder)


def test_traces_without_their_runs(tmp_path: Path) -> None:
    """Killed between the two files of a part, then resumed in other chunks: its rounds must not be there twice."""
    folder = tmp_path / "sweep"
    play_with(Inline(), folder, chunk=60)
    (folder / "runs" / "w000-000000000060-000000000120.parquet").unlink()
    play_with(Inline(), folder, chunk=25)
    assert_undisturbed(folder)
    assert {path.name for path in (folder / "traces").iterdir()} == {
        path.name for path in (folder / "runs").iterdir()
    }


# ---- disks and folders that refuse -------------------------------------------------------------------------


@pytest.mark.parametrize("at", [1, 2, 7])
def test_disk_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], at: int
) -> None:
    """The disk takes half of a file, and nothing after it, not even the manifest."""
    folder = tmp_path / "sweep"
    written = 0
    write_bytes, write_text = Path.write_bytes, Path.write_text

    def bytes_until_full(path: Path, data: bytes) -> int:
        nonlocal written
        written += 1
        if written >= at:
            write_bytes(path, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write_bytes(path, data)

    def text_until_full(path: Path, data: str) -> int:
        if written >= at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write_text(path, data)

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", bytes_until_full)
        full.setattr(Path, "write_text", text_until_full)
        full.setitem(engines.ENGINES, "local", lambda address, workers: Inline())
        assert launch("sweep", [f"experiment={HERE / 'dam'}", f"out={folder}", "chunk=100"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"negsim sweep: No space left on device: {folder}; what was done is kept.")
    assert not list(folder.rglob("*.part"))
    assert parts_in(folder) == (at - 1) // 2  # two files a part
    progress = play_with(Inline(), folder)
    assert progress.found == 100 * ((at - 1) // 2)
    assert_undisturbed(folder)


@pytest.fixture
def read_only(begun: Path, tmp_path: Path):
    """A copy of a begun sweep that cannot be written to."""
    folder = tmp_path / "sweep"
    shutil.copytree(begun, folder)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)


def test_read_only_folder(read_only: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if os.access(read_only, os.W_OK):
        pytest.skip("this user may write everywhere")
    before = contents(read_only)
    assert launch("sweep", [f"experiment={HERE / 'dam'}", f"out={read_only}", "workers=1"]) == 1
    assert "Permission denied" in capsys.readouterr().err
    assert contents(read_only) == before


@pytest.mark.parametrize("refused", [errno.EROFS, errno.EACCES])
def test_folder_that_turns_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], refused: int
) -> None:
    """As when a network drive is taken away: every way of changing it is refused from some instant on."""
    folder = tmp_path / "sweep"
    replaced = 0
    replace = Path.replace

    def until_read_only(path: Path, target: Path) -> Path:
        nonlocal replaced
        replaced += 1
        if replaced > 6:  # manifest, design, and two parts with their traces
            raise OSError(refused, os.strerror(refused), str(target))
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", until_read_only)
        patch.setitem(engines.ENGINES, "local", lambda address, workers: Inline())
        assert launch("sweep", [f"experiment={HERE / 'dam'}", f"out={folder}", "chunk=100"]) == 1
    assert f"{os.strerror(refused)}: {folder}" in capsys.readouterr().err
    assert parts_in(folder) == 2
    assert not list(folder.rglob("*.part"))
    play_with(Inline(), folder)
    assert_undisturbed(folder)
