"""The event log of one class session: append-only, numbered without gaps, one SQLite file.

An event that `append` has returned is on the disk (write-ahead log, a sync at every commit) and survives the death of
the process and of the machine: commit first, tell the browsers after. Everything else about a session is folded
from its events, so whoever reads the log knows the session.

Two kinds of haste are answered here, where they can be answered atomically:

- **The same thing twice** (a double click, twenty identical submits, two facilitators who press Advance): the caller
  gives what may happen only once a key of its own, such as `advance:3`, to `append_once`. The first to come makes the
  event; all others are handed that event, and with it who made it and when.
- **A decision on a state that has moved on**: `expect` says which event the caller saw last. If there are later ones,
  nothing is written and `Overtaken` hands them over, so that the caller can decide anew.

Threads may share an `EventLog`; each process opens its own. One process at a time is meant to write; more than one is
safe, each waiting its turn.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, NamedTuple, Self

APPLICATION = int.from_bytes(b"nsEL", "big")
"""What the header of every event log says that it is, where SQLite keeps room for that."""
SCHEMA = 1
"""Version of the tables below; a log of a higher one is refused."""
TABLES = (
    "CREATE TABLE events (seq INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, by TEXT NOT NULL,"
    " data TEXT NOT NULL, key TEXT UNIQUE, digest TEXT NOT NULL)",
    "CREATE TRIGGER no_change BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'append only'); END",
    "CREATE TRIGGER no_removal BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'append only'); END",
)
LARGEST = 64 * 1024
"""Bytes that the data of one event may take as JSON."""
DEEPEST = 32
"""Lists and mappings within one another: what a deep call stack could write, a deeper one could not read back."""
PATIENCE = 5.0
"""Seconds that one process waits for another that is writing."""
NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)
"""What kinds, actors and keys look like: they are chosen by programs, never typed by people."""
REFUSALS = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_BUSY: errno.ETIMEDOUT,
    sqlite3.SQLITE_PROTOCOL: errno.ETIMEDOUT,
}
"""What the disk, the folder or another process has against it, in SQLite's code and the system's."""


class LogError(ValueError):
    """A file that is no event log, one of a newer version, or one that is damaged."""


class Overtaken(Exception):
    """Nothing was written: the log holds events that the caller had not seen; `since` are those, in order."""

    def __init__(self, since: tuple[Event, ...]) -> None:
        self.since = since
        latest = since[-1]
        super().__init__(f"overtaken by event {latest.seq}, {latest.kind} by {latest.by}")


@dataclass(frozen=True)
class Event:
    """Something that happened in a session.

    Attributes:
        seq: its number in the log, from 1.
        at: when, in seconds since 1970, as the server's clock said.
        kind: what happened.
        by: who did it.
        data: whatever else is to be known of it, as JSON holds it. Nobody may change it.
    """

    seq: int
    at: float
    kind: str
    by: str
    data: Mapping[str, Any]

    def as_json(self) -> str:
        """The event in canonical form: the same event is the same text, byte for byte."""
        return canonical(vars(self))


class Appended(NamedTuple):
    """The event that stands under a key, and whether this call made it."""

    event: Event
    new: bool


def canonical(value: object) -> str:
    """JSON in the one form that the log keeps: keys sorted, no spaces, no escapes but those that JSON asks for.

    Raises:
        ValueError: it cannot be written as JSON in UTF-8: NaN, infinity, half of a surrogate pair, keys of several
            types, or an object of another kind.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
        text.encode()
    except (TypeError, ValueError) as error:
        raise ValueError(f"this cannot be kept as JSON: {error}") from error
    return text


class EventLog:
    """The events of one session, open for reading and appending.

    Args:
        path: the file; made, for its owner alone to read, if it is not there. Its folder must be. Of a file that
            may only be read, the events can be read.

    Raises:
        LogError: the file is another program's or a newer version's; it is left as it was.
        OSError: the folder or the disk refuses; TimeoutError if another process does not stop writing.

    All methods raise OSError, too, and LogError where the file turns out to be damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
        self._lock = Lock()
        with self._in_plain_words():
            # Transactions are begun by hand; the lock stands in for SQLite's check of the thread.
            self._db = sqlite3.connect(path, PATIENCE, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        with self._transaction():
            if self._is_new():
                for statement in TABLES:
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA application_id = {APPLICATION}")
                self._db.execute(f"PRAGMA user_version = {SCHEMA}")
                self.path.chmod(0o600)  # messages between seats; the files beside it follow this one
        self._write_ahead()
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA fullfsync = ON")  # macOS: past the drive's own cache; nothing elsewhere

    def _is_new(self) -> bool:
        """Whether nothing has been written to the file.

        Raises:
            LogError: something has, and not by us, or by a newer version.
        """
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (schema,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if (application, schema, tables) == (0, 0, 0):
            return True
        if application != APPLICATION:
            raise LogError(f"{self.path}: a database of another program, not the log of a session")
        if schema > SCHEMA:
            raise LogError(
                f"{self.path}: written by a newer negotiation-sim (format {schema}; this one reads {SCHEMA})"
            )
        return False

    def _write_ahead(self) -> None:
        """Switch the file to a write-ahead log, once and for all.

        SQLite does not wait its turn for this one: where several open a new file at once, it must be asked again.
        """
        until = time.monotonic() + PATIENCE
        while True:
            try:
                (mode,) = self._db.execute("PRAGMA journal_mode = WAL").fetchone()
                break
            except sqlite3.OperationalError as error:
                if _primary(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.01)
        if mode != "wal":
            raise OSError(errno.ENOTSUP, "SQLite can keep no write-ahead log here", str(self.path))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go; it is one file again if nobody else has it open."""
        with self._lock, self._in_plain_words():
            self._db.close()

    def append(
        self, kind: str, by: str, data: Mapping[str, Any], at: float, expect: int | None = None
    ) -> Event:
        """Write an event; on return it is on the disk.

        Args:
            kind, by, data, at: see `Event`; `data` must be JSON of at most `LARGEST` bytes.
            expect: number of the last event that the caller had seen, 0 if none; unchecked if left out.

        Returns:
            The event as it stands in the log and as every later reading gives it.

        Raises:
            ValueError: not a name, not a time, or no JSON that can be kept; `expect` lies ahead of the log.
            Overtaken: there are events after `expect`.
        """
        return self._append(None, kind, by, data, at, expect).event

    def append_once(
        self, key: str, kind: str, by: str, data: Mapping[str, Any], at: float, expect: int | None = None
    ) -> Appended:
        """Write an event unless one stands under `key` already; arguments and errors as for `append`.

        A repetition gets the event that stands, whatever has happened since and whatever `expect` says. It is for
        the caller to compare who made it, and with which data.
        """
        return self._append(_name("key", key), kind, by, data, at, expect)

    def _append(
        self, key: str | None, kind: str, by: str, data: Mapping[str, Any], at: float, expect: int | None
    ) -> Appended:
        text = _data(data)
        if not math.isfinite(at):
            raise ValueError(f"at: {at!r} is no time")
        at = float(at) + 0.0  # SQLite keeps no negative zero
        kind, by = _name("kind", kind), _name("by", by)
        with self._lock, self._in_plain_words(), self._transaction():
            if key is not None:
                standing = self._read("key = ?", key)
                if standing:
                    return Appended(standing[0], new=False)
            last = self._db.execute("SELECT seq, digest FROM events ORDER BY seq DESC LIMIT 1").fetchone()
            seq, digest = last or (0, "")
            if expect is not None and expect > seq:
                raise ValueError(f"expect: event {expect} is awaited, the log ends with {seq}")
            if expect is not None and expect < seq:
                raise Overtaken(tuple(self._read("seq > ?", expect)))
            event = Event(seq + 1, at, kind, by, json.loads(text))
            self._db.execute(
                "INSERT INTO events (seq, at, kind, by, data, key, digest) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (event.seq, at, kind, by, text, key, _digest(digest, key, event)),
            )
        return Appended(event, new=True)

    def events(self, after: int = 0) -> list[Event]:
        """All events after number `after`, in order, as they stood at one instant."""
        with self._lock, self._in_plain_words():
            return self._read("seq > ?", after)

    def verify(self) -> None:
        """Read the whole file and check that no event is missing, doubled or altered.

        Each event's digest covers the one before, so whatever changes or removes an event is found, except that the
        last events are cut off whole, or that somebody reckons all digests anew.

        Raises:
            LogError: what is wrong, and from which event on.
        """
        with self._lock, self._in_plain_words():
            found = [text for (text,) in self._db.execute("PRAGMA integrity_check")]
            if found != ["ok"]:
                raise LogError(f"{self.path}: damaged: {' '.join(found[0].split())}")
            query = "SELECT seq, at, kind, by, data, key, digest FROM events ORDER BY seq"
            rows = self._db.execute(query).fetchall()
        digest = ""
        for number, (*row, key, kept) in enumerate(rows, start=1):
            if row[0] != number:
                raise LogError(f"{self.path}: event {number} is missing")
            digest = _digest(digest, key, _event(row))
            if digest != kept:
                raise LogError(f"{self.path}: event {number} is not as it was written")

    def _read(self, where: str, value: object) -> list[Event]:
        query = f"SELECT seq, at, kind, by, data FROM events WHERE {where} ORDER BY seq"
        return [_event(row) for row in self._db.execute(query, (value,)).fetchall()]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing, and nobody else writes meanwhile."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    @contextmanager
    def _in_plain_words(self) -> Iterator[None]:
        """SQLite's errors as what they are: the system's refusal, or a file that is not as it should be."""
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # ours: a log that was closed
        except sqlite3.Error as error:
            code = REFUSALS.get(_primary(error))
            if code is None:
                raise LogError(f"{self.path}: not the log of a session, or damaged: {error}") from error
            raise OSError(code, f"{os.strerror(code)} ({error})", str(self.path)) from error


def _primary(error: sqlite3.Error) -> int:
    """SQLite's code without what it says of the circumstances; 0 where Python itself refused."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _name(what: str, text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError(f"{what}: 1 to 128 letters, digits and _ . : - are allowed, found {text[:40]!r}")
    return text


def _data(data: Mapping[str, Any]) -> str:
    if _deeper(data, DEEPEST):
        raise ValueError(f"data: nested more than {DEEPEST} levels deep")
    text = canonical(dict(data))
    size = len(text.encode())
    if size > LARGEST:
        raise ValueError(f"data: {size} bytes as JSON, at most {LARGEST} are kept")
    return text


def _deeper(value: object, levels: int) -> bool:
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list | tuple):
        return False
    return levels == 0 or any(_deeper(each, levels - 1) for each in value)


def _event(row: list[Any] | tuple[Any, ...]) -> Event:
    seq, at, kind, by, text = row
    try:
        return Event(seq, at, kind, by, json.loads(text))
    except ValueError as error:
        raise LogError(f"event {seq}: its data are not as they were written: {error}") from error


def _digest(previous: str, key: str | None, event: Event) -> str:
    return blake2b(canonical([previous, key, event.as_json()]).encode(), digest_size=16).hexdigest()
