"""The event log at its worst: killed writers, crowds, full disks, odd data, other people's files."""

import errno
import json
import math
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from negotiation_sim.classroom.log import (
    APPLICATION,
    DEEPEST,
    LARGEST,
    SCHEMA,
    Event,
    EventLog,
    LogError,
    Overtaken,
    canonical,
)

KILLS = 24
FORKS = get_context("forkserver") if sys.platform != "win32" else None
unix = pytest.mark.skipif(FORKS is None, reason="signals, as Unix has them")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "session.log"


@pytest.fixture
def log(path: Path) -> Iterator[EventLog]:
    with EventLog(path) as opened:
        yield opened


def add(log: EventLog, number: int = 1) -> list[Event]:
    """So many events, each another."""
    return [log.append("submitted", "russia", {"level": at}, at=100.0 + at) for at in range(number)]


def start(task: Callable[..., None], *arguments: object):
    """A process of its own, forked from one that has imported the log."""
    FORKS.set_forkserver_preload(["pytest", "negotiation_sim.classroom.log"])
    process = FORKS.Process(target=task, args=arguments)
    process.start()
    return process


# ---- what is written is what is read -----------------------------------------------------------------------


def test_numbers_run_from_1_and_reopening_goes_on(path: Path) -> None:
    with EventLog(path) as log:
        assert log.events() == []
        first = add(log, 3)
    with EventLog(path) as log:
        log.verify()
        second = add(log, 2)
        assert [event.seq for event in first + second] == [1, 2, 3, 4, 5]
        assert log.events() == first + second
        assert log.events(after=3) == second
        assert log.events(after=5) == []
        log.verify()
    assert [each.name for each in path.parent.iterdir()] == [path.name]  # one file when closed


def test_an_event_keeps_everything(log: EventLog) -> None:
    event = log.append(
        "injected", "facilitator:2", {"to": "ukraine", "text": "Nord Stream 2"}, at=1641810000.25
    )
    assert event == Event(
        1, 1641810000.25, "injected", "facilitator:2", {"to": "ukraine", "text": "Nord Stream 2"}
    )
    assert event.as_json() == (
        '{"at":1641810000.25,"by":"facilitator:2","data":{"text":"Nord Stream 2","to":"ukraine"},'
        '"kind":"injected","seq":1}'
    )


@unix
def test_only_its_owner_reads_it(log: EventLog, path: Path) -> None:
    add(log)
    assert {each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == {0o600}


def test_durable_settings(log: EventLog) -> None:
    """What survives a power cut cannot be tried here; that SQLite is asked for it can."""
    ask = log._db.execute
    assert ask("PRAGMA journal_mode").fetchone() == ("wal",)
    assert ask("PRAGMA synchronous").fetchone() == (2,)
    assert ask("PRAGMA fullfsync").fetchone() == (1,)


ODD_TEXT = [
    "",
    "\0 and \x1f",
    "abc\u202etxt.exe",  # right-to-left override
    "\u2066hidden\u2069 \ufeff \u200b",
    "<script>alert(1)</script> \" ' \\ </x>",
    "'); DROP TABLE events; --",
    "=HYPERLINK(1)",
    "\u2028\u2029\x7f\x85",
    "Київ 🕊️ e\u0301 é \ufffe",
    "\U0010ffff",
]
ODD_NUMBERS = [0, -0.0, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, -(2**63), 2**64, 10**300, 1e22, True, None]


@pytest.mark.parametrize("value", [*ODD_TEXT, *ODD_NUMBERS, [], {}, [[], {"": [None]}], ("a", 1)], ids=ascii)
def test_odd_data_stay_inert(log: EventLog, value: Any) -> None:
    """What comes back is what JSON holds of it, the same at once and after reading, sign and type included."""
    expected = list(value) if isinstance(value, tuple) else value
    event = log.append("said", "russia", {"value": value, "in": {"": [value]}}, at=-0.0)
    (read,) = log.events()
    assert read == event
    assert read.as_json() == event.as_json()
    for found in (read.data["value"], read.data["in"][""][0]):
        assert found == expected
        assert type(found) is type(expected)
        assert repr(found) == repr(expected)
    log.verify()
    assert [table for (table,) in log._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")] == [
        "events"
    ]


def nested(levels: int) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for _ in range(levels - 1):
        data = {"a": data}
    return data


CIRCULAR: dict[str, Any] = {}
CIRCULAR["a"] = [CIRCULAR, CIRCULAR]


REFUSED: dict[str, tuple[dict[Any, Any], str]] = {
    "NaN": ({"a": math.nan}, "JSON"),
    "infinity": ({"a": [1, {"b": math.inf}]}, "JSON"),
    "infinity in disguise": (json.loads('{"a": 1e999}'), "JSON"),
    "half a pair": ({"a": "\ud83d"}, "surrogates not allowed"),
    "half a pair as key": ({"\udc00": 1}, "surrogates not allowed"),
    "bytes": ({"a": b"bytes"}, "bytes"),
    "set": ({"a": {1, 2}}, "set"),
    "endless digits": ({"a": 10**5000}, "JSON"),
    "keys of two types": ({1: "a", "1": "b"}, "JSON"),
    "1 MB": ({"a": "x" * 2**20}, f"1048584 bytes as JSON, at most {LARGEST}"),
    "too long in bytes only": ({"a": "é" * (LARGEST // 2)}, "bytes as JSON"),
    "too deep": (nested(DEEPEST + 1), "levels deep"),
    "far too deep": (nested(10**4), "levels deep"),
    "in a circle": (CIRCULAR, "levels deep"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_data_that_are_refused(log: EventLog, what: str) -> None:
    data, said = REFUSED[what]
    (before,) = add(log)
    with pytest.raises(ValueError, match=said) as refused:
        log.append("said", "russia", data, at=1.0)
    assert len(str(refused.value)) < 200  # it does not repeat what it refuses
    assert log.events() == [before]
    assert log.append("said", "russia", {}, at=1.0).seq == 2


def test_the_largest_and_the_deepest(log: EventLog) -> None:
    room = LARGEST - len('{"a":""}')
    big = log.append("said", "russia", {"a": "x" * room}, at=1.0)
    deep = log.append("said", "russia", nested(DEEPEST), at=1.0)
    assert log.events() == [big, deep]
    with pytest.raises(ValueError, match="at most"):
        log.append("said", "russia", {"a": "x" * (room + 1)}, at=1.0)


@pytest.mark.parametrize("name", ["", "a b", "a\n", "é", "a" * 129, "<b>", "a\0", "\ud83d", "٣"], ids=ascii)
def test_names_that_are_refused(log: EventLog, name: str) -> None:
    for kind, by, key in ((name, "russia", "k"), ("said", name, "k"), ("said", "russia", name)):
        with pytest.raises(ValueError, match="letters, digits"):
            log.append_once(key, kind, by, {}, at=1.0)
    assert log.events() == []


@pytest.mark.parametrize("at", [math.nan, math.inf, -math.inf])
def test_times_that_are_refused(log: EventLog, at: float) -> None:
    with pytest.raises(ValueError, match="is no time"):
        log.append("said", "russia", {}, at)
    assert log.events() == []


def test_the_same_events_make_the_same_json(tmp_path: Path) -> None:
    """Copied from its own reading, a log is the same to the byte; the order in which keys came does not show."""
    chosen = random.Random(10)
    with EventLog(tmp_path / "one") as one, EventLog(tmp_path / "two") as two:
        for _ in range(40):
            pairs = [
                (f"k{key}", chosen.choice([*ODD_TEXT, *ODD_NUMBERS, chosen.random()])) for key in range(6)
            ]
            chosen.shuffle(pairs)
            one.append("said", "russia", dict(pairs), at=chosen.random() * 1e9)
        for event in one.events():
            two.append(event.kind, event.by, dict(reversed(event.data.items())), event.at)
        texts = [[event.as_json() for event in log.events()] for log in (one, two)]
        assert texts[0] == texts[1]
        assert len(set(texts[0])) == 40
        for text in texts[0]:
            assert canonical(json.loads(text)) == text


# ---- once, and not on what has moved on --------------------------------------------------------------------


def test_the_same_key_again(log: EventLog) -> None:
    """Two facilitators press Advance: one advance, and the other learns who did and when."""
    first = log.append_once("advance:3", "advanced", "facilitator:1", {"round": 3}, at=10.0)
    (later,) = add(log)
    again = log.append_once("advance:3", "advanced", "facilitator:2", {"round": 3}, at=11.0, expect=0)
    other = log.append_once("advance:4", "advanced", "facilitator:2", {"round": 4}, at=12.0)
    assert first.new
    assert not again.new
    assert again.event == first.event
    assert (again.event.by, again.event.at) == ("facilitator:1", 10.0)
    assert other.new
    assert log.events() == [first.event, later, other.event]


def test_a_key_outlives_the_process(path: Path) -> None:
    with EventLog(path) as log:
        made = log.append_once("k", "submitted", "russia", {}, at=1.0)
    with EventLog(path) as log:
        assert log.append_once("k", "submitted", "russia", {}, at=2.0) == (made.event, False)


def test_a_refused_event_does_not_use_its_key_up(log: EventLog) -> None:
    with pytest.raises(ValueError, match="JSON"):
        log.append_once("k", "submitted", "russia", {"a": math.nan}, at=1.0)
    assert log.append_once("k", "submitted", "russia", {"a": 1}, at=1.0).new


def test_expected_last_event(log: EventLog) -> None:
    assert log.append("opened", "server", {}, at=1.0, expect=0).seq == 1
    assert log.append("advanced", "facilitator:1", {}, at=2.0, expect=1).seq == 2
    paused = log.append("paused", "facilitator:2", {}, at=3.0)
    with pytest.raises(Overtaken, match="event 3, paused by facilitator:2") as overtaken:
        log.append_once("k", "advanced", "facilitator:1", {}, at=4.0, expect=1)
    assert overtaken.value.since == tuple(log.events(after=1))
    assert overtaken.value.since[-1] == paused
    with pytest.raises(ValueError, match="event 9 is awaited, the log ends with 3"):
        log.append("advanced", "facilitator:1", {}, at=4.0, expect=9)
    assert len(log.events()) == 3
    assert log.append_once(
        "k", "advanced", "facilitator:1", {}, at=5.0, expect=3
    ).new  # the key was not used up


@pytest.mark.parametrize("shared", [True, False], ids=["one log", "a log each"])
def test_twenty_identical_submits_at_once(path: Path, shared: bool) -> None:
    """One event, nineteen clear answers, ten times over."""
    logs = [EventLog(path) for _ in range(1 if shared else 20)]
    gate = threading.Barrier(20)

    def submit(number: int, round_: int):
        gate.wait()
        log = logs[number % len(logs)]
        return log.append_once(f"submit:{round_}", "submitted", f"browser:{number}", {}, at=float(number))

    with ThreadPoolExecutor(20) as crowd:
        for round_ in range(10):
            answers = list(crowd.map(submit, range(20), [round_] * 20))
            (made,) = [answer.event for answer in answers if answer.new]
            assert {answer.event.seq for answer in answers} == {made.seq} == {round_ + 1}
            assert {answer.event.by for answer in answers} == {made.by}
    assert [event.seq for event in logs[0].events()] == list(range(1, 11))
    for log in logs:
        log.close()


def test_many_threads_that_expect(log: EventLog) -> None:
    """Each adds one to the number it saw last; whoever is overtaken looks again. No step is lost."""

    def count(number: int) -> int:
        refused, seen = 0, 0
        for _ in range(10):
            while True:
                try:
                    seen = log.append("counted", f"t{number}", {"to": seen + 1}, at=1.0, expect=seen).seq
                    break
                except Overtaken as overtaken:
                    refused, seen = refused + 1, overtaken.since[-1].data["to"]
        return refused

    with ThreadPoolExecutor(8) as crowd:
        refusals = sum(crowd.map(count, range(8)))
    assert [event.data["to"] for event in log.events()] == list(range(1, 81))
    assert refusals > 0


def test_a_crowd_opens_a_new_log(tmp_path: Path) -> None:
    """SQLite lets nobody wait while it switches a file to a write-ahead log."""
    gate = threading.Barrier(16)

    def come(path: Path) -> None:
        gate.wait()
        EventLog(path).close()

    with ThreadPoolExecutor(16) as crowd:
        for number in range(12):
            path = tmp_path / f"{number}.log"
            list(crowd.map(come, [path] * 16))
            with EventLog(path) as log:
                assert add(log)[0].seq == 1


def racer(path: Path, name: str, answers: Connection) -> None:
    """Opens the file itself, which may not be there yet, and appends what others append, too."""
    with EventLog(path) as log:
        for number in range(60):
            answers.send(log.append_once(f"advance:{number}", "advanced", name, {}, at=1.0).new)
            log.append("said", name, {"number": number}, at=1.0)


@unix
@pytest.mark.parametrize("racers", [2, 4])
def test_processes_racing(path: Path, racers: int) -> None:
    pipes = [FORKS.Pipe(duplex=False) for _ in range(racers)]
    started = [start(racer, path, f"p{at}", pipe[1]) for at, pipe in enumerate(pipes)]
    answers = [[pipe[0].recv() for _ in range(60)] for pipe in pipes]
    for process in started:
        process.join()
        assert process.exitcode == 0
    with EventLog(path) as log:
        log.verify()
        events = log.events()
    assert [event.seq for event in events] == list(range(1, 60 * racers + 60 + 1))
    made = Counter(event.by for event in events if event.kind == "advanced")
    assert [sum(each) for each in answers] == [made[f"p{at}"] for at in range(racers)]
    for at in range(racers):  # what one says stays in its order
        said = [event.data["number"] for event in events if event.kind == "said" and event.by == f"p{at}"]
        assert said == list(range(60))


# ---- killed writers ----------------------------------------------------------------------------------------


def writer(path: Path, name: str, acknowledgements: int) -> None:
    """Append without end, say of each event when it is on the disk; large ones, so that the file is tidied often."""
    with EventLog(path) as log:
        sizes = random.Random(name)
        while True:
            event = log.append(
                "submitted", name, {"text": "x" * sizes.randrange(LARGEST // 4)}, at=time.time()
            )
            os.write(acknowledgements, f"{event.seq} {len(event.data['text'])} {event.at!r}\n".encode())


@unix
@pytest.mark.parametrize("writers", [1, 2])
def test_killed_at_random_instants(path: Path, tmp_path: Path, writers: int) -> None:
    """One file, killed and reopened over and over: all that was acknowledged is there, and nothing half."""
    instants = random.Random(20220110 + writers)
    known: dict[int, tuple[str, int, float]] = {}
    before = 0
    for kill in range(KILLS // writers**2):
        files = [(tmp_path / f"{kill}-{at}").open("w+b", buffering=0) for at in range(writers)]
        started = [start(begin, path, f"w{kill}-{at}", file.name) for at, file in enumerate(files)]
        until = (
            time.monotonic() + 20.0
        )  # every fourth may be killed before its first event, and while opening
        while kill % 4 and not sum(os.fstat(file.fileno()).st_size for file in files):
            assert time.monotonic() < until
            time.sleep(0.001)
        time.sleep(instants.uniform(0.0, 0.06))
        for process in started:
            process.kill()
        for process in started:
            process.join()
            assert process.exitcode == -signal.SIGKILL
        for at, file in enumerate(files):
            whole = file.read().decode().split("\n")[:-1]
            file.close()
            for seq, size, when in (line.split() for line in whole):
                assert int(seq) not in known
                known[int(seq)] = (f"w{kill}-{at}", int(size), float(when))
        with EventLog(path) as log:
            log.verify()
            events = log.events(after=before)
        found = {event.seq: (event.by, len(event.data["text"]), event.at) for event in events}
        assert list(found) == list(range(before + 1, before + 1 + len(events)))
        acknowledged = {seq: event for seq, event in known.items() if seq > before}
        assert acknowledged.items() <= found.items()
        assert len(found) - len(acknowledged) <= writers  # written, and killed before it could say so
        before += len(events)
    assert len(known) > KILLS // writers


def begin(path: Path, name: str, file: str) -> None:
    writer(path, name, os.open(file, os.O_WRONLY | os.O_APPEND))


def test_a_copy_of_the_files_holds_what_was_acknowledged(log: EventLog, path: Path, tmp_path: Path) -> None:
    """As they lie on the disk while the log is open: nothing waits in memory, nothing is torn."""
    events = add(log, 5)
    copy = tmp_path / "copy"
    copy.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", copy)
    whole = (copy / "session.log-wal").read_bytes()
    with EventLog(copy / path.name) as copied:
        copied.verify()
        assert copied.events() == events
    (copy / path.name).unlink()
    shutil.copy(path, copy)
    (copy / "session.log-wal").write_bytes(whole[:-1])  # the last one did not get there whole
    with EventLog(copy / path.name) as copied:
        copied.verify()
        assert copied.events() == events[:-1]


# ---- disks and folders that refuse -------------------------------------------------------------------------


def test_disk_full(path: Path) -> None:
    with EventLog(path) as log:
        (pages,) = log._db.execute("PRAGMA page_count").fetchone()
        log._db.execute(f"PRAGMA max_page_count = {pages + 20}")
        kept = add(log, 3)
        for _ in range(3):
            with pytest.raises(OSError, match="No space left on device") as refused:
                while True:
                    kept.append(
                        log.append_once(f"k{len(kept)}", "said", "russia", {"a": "x" * 30_000}, at=1.0).event
                    )
            assert refused.value.errno == errno.ENOSPC
            assert refused.value.filename == str(path)
            assert log.events() == kept
        log._db.execute(f"PRAGMA max_page_count = {pages + 100}")
        again = log.append_once(f"k{len(kept)}", "said", "russia", {"a": "x" * 30_000}, at=1.0)
        assert again.new
    with EventLog(path) as log:
        log.verify()
        assert log.events() == [*kept, again.event]


LIMITED = """
import resource, sys
from pathlib import Path
from negotiation_sim.classroom.log import EventLog
with EventLog(Path(sys.argv[1])) as log:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    kept = 0
    try:
        while True:
            log.append("said", "russia", {"a": "x" * 9_000}, at=1.0)
            kept += 1
    except OSError as error:
        assert [event.seq for event in log.events()] == list(range(1, kept + 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        log.append("said", "russia", {}, at=1.0)
        print(kept, error)
"""


@unix
def test_a_write_that_stops_half_way(path: Path) -> None:
    """The system takes part of an event and refuses the rest."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, path], capture_output=True, text=True, check=False, timeout=60
    )
    kept, said = done.stdout.split(maxsplit=1)
    assert done.stderr == ""
    assert "Input/output error" in said
    with EventLog(path) as log:
        log.verify()
        assert len(log.events()) == int(kept) + 1 > 3


def assert_refused(path: Path, error: type[OSError]) -> None:
    with pytest.raises(error) as refused:
        EventLog(path).append("said", "russia", {}, at=1.0)
    assert str(path.parent) in str(refused.value)


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    assert_refused(tmp_path / "none" / "session.log", FileNotFoundError)
    assert not (tmp_path / "none").exists()


def test_path_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "session.log").mkdir()
    assert_refused(tmp_path / "session.log", PermissionError)


def as_nobody(folder: str, answer: Connection) -> None:
    """Open and append as a user without rights; whoever runs the tests may have all of them."""
    if os.getuid() == 0:
        os.setuid(65534)
    said = []
    for name in ("new.log", "old.log", "file/session.log"):
        try:
            with EventLog(Path(folder) / name) as log:
                said.append(len(log.events()))  # a file that can be read is read
                add(log)
        except OSError as error:
            said.append((type(error).__name__, error.errno, str(error)))
    answer.send(said)


@unix
def test_read_only_folder_and_file() -> None:
    folder = Path(tempfile.mkdtemp())  # where a user without rights may look
    try:
        (folder / "file").mkdir()
        for name in ("old.log", "file/session.log"):
            with EventLog(folder / name) as log:
                add(log)
            (folder / name).chmod(0o444)
        (folder / "file").chmod(0o777)
        folder.chmod(0o555)
        receive, answer = FORKS.Pipe(duplex=False)
        process = start(as_nobody, str(folder), answer)
        process.join()
        said = receive.recv()
        assert [each if isinstance(each, int) else each[:2] for each in said] == [
            ("PermissionError", errno.EACCES),
            ("OSError", errno.EROFS),
            1,
            ("OSError", errno.EROFS),
        ]
        assert all(str(folder) in each[2] for each in said if not isinstance(each, int))
        assert [each.name for each in folder.glob("*.log*")] == ["old.log"]
        folder.chmod(0o755)
        with EventLog(folder / "old.log") as log:
            assert len(log.events()) == 1
    finally:
        shutil.rmtree(folder)


def test_another_process_that_does_not_stop_writing(
    log: EventLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("negotiation_sim.classroom.log.PATIENCE", 0.05)
    add(log)
    log._db.execute("BEGIN IMMEDIATE")
    with pytest.raises(TimeoutError, match="locked"):
        EventLog(path)
    log._db.execute("ROLLBACK")
    with EventLog(path) as other:
        log._db.execute("BEGIN IMMEDIATE")
        with pytest.raises(TimeoutError, match="locked"):
            add(other)
        assert len(other.events()) == 1  # reading goes on
        log._db.execute("ROLLBACK")
        assert add(other)[0].seq == 2


def test_an_interrupted_append_leaves_the_log_usable(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as at_work:
        at_work.setattr("negotiation_sim.classroom.log._digest", interrupt)
        with pytest.raises(KeyboardInterrupt):
            add(log)
    assert log.events() == []
    assert add(log)[0].seq == 1


# ---- files that are refused, or found damaged --------------------------------------------------------------


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def database(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["CREATE TABLE t (x)", "INSERT INTO t VALUES (1)"], "another program"),
        (["CREATE TABLE events (seq)"], "another program"),
        (["PRAGMA application_id = 7"], "another program"),
        (["PRAGMA user_version = 1"], "another program"),
        (["PRAGMA journal_mode = WAL", "CREATE TABLE t (x)"], "another program"),
        (
            [f"PRAGMA application_id = {APPLICATION}", f"PRAGMA user_version = {SCHEMA + 1}"],
            rf"newer negotiation-sim \(format {SCHEMA + 1}; this one reads {SCHEMA}\)",
        ),
    ],
)
def test_other_databases_are_left_alone(path: Path, statements: list[str], said: str) -> None:
    database(path, *statements)
    before = contents(path.parent)
    with pytest.raises(LogError, match=said):
        EventLog(path)
    assert contents(path.parent) == before


@pytest.mark.parametrize("content", [b"notes\n", b"SQLite format 3\0" + b"\xff" * 2000, b"{}" * 4000])
def test_files_that_are_no_database(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(LogError, match="not the log of a session"):
        EventLog(path)
    assert contents(path.parent) == {path.name: content}


def test_an_empty_file_becomes_a_log(path: Path) -> None:
    """As a kill between creating and filling it leaves one."""
    path.touch()
    with EventLog(path) as log:
        assert add(log)[0].seq == 1


def test_nothing_is_changed_or_removed(log: EventLog, path: Path) -> None:
    events = add(log, 2)
    for statement in ("UPDATE events SET by = 'x'", "DELETE FROM events"):
        with pytest.raises(sqlite3.IntegrityError, match="append only"):
            database(path, statement)
    assert log.events() == events


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM events WHERE seq = 1", "event 1 is missing"),
        ("DELETE FROM events WHERE seq = 3", "event 3 is missing"),
        ("UPDATE events SET seq = 0 WHERE seq = 1", "event 1 is missing"),
        ("UPDATE events SET data = '{\"level\":9}' WHERE seq = 3", "event 3 is not as it was written"),
        ("UPDATE events SET data = '{' WHERE seq = 3", "event 3: its data are not as they were written"),
        ("UPDATE events SET by = 'ukraine' WHERE seq = 2", "event 2 is not as it was written"),
        ("UPDATE events SET at = at + 1e-6 WHERE seq = 2", "event 2 is not as it was written"),
        ("UPDATE events SET kind = 'said' WHERE seq = 2", "event 2 is not as it was written"),
        ("UPDATE events SET key = 'k' WHERE seq = 2", "event 2 is not as it was written"),
        ("UPDATE events SET data = CAST(x'ff' AS TEXT) WHERE seq = 2", "damaged"),
        ("DROP TABLE events", "damaged"),
    ],
)
def test_damage_is_found(path: Path, statement: str, said: str) -> None:
    with EventLog(path) as log:
        add(log, 4)
    database(path, "DROP TRIGGER no_change", "DROP TRIGGER no_removal", statement)
    with EventLog(path) as log, pytest.raises(LogError, match=said):
        log.verify()


def test_flipped_bits_are_found(path: Path, tmp_path: Path) -> None:
    """Wherever one falls among the events; SQLite itself keeps no checksums of what it stores."""
    with EventLog(path) as log:
        for at in range(60):
            log.append_once(f"k{at}", "submitted", "russia", {"text": f"{at:x}" * 100}, at=1.0 + at)
        page = log._db.execute("PRAGMA page_size").fetchone()[0]
    whole, chosen, other = path.read_bytes(), random.Random(7), tmp_path / "flipped.log"
    found = 0
    texts = [at for at in range(page, len(whole)) if whole[at : at + 6] == b'{"text']
    for at in chosen.sample(texts, 30):
        place = at + chosen.randrange(10, 100)
        other.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with EventLog(other) as log, pytest.raises(LogError):
            log.verify()
        found += 1
    assert found == 30


def test_a_closed_log(path: Path) -> None:
    log = EventLog(path)
    log.close()
    log.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        add(log)
