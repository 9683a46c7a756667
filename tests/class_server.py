"""The server of a class in a process of its own, and people who come to it as browsers do, over HTTP and sockets.

    with server(tmp_path / "class") as running, Instructor(running) as clara, Person(running) as ann:
        session = clara.create("river_dam", seats=("upland", "lowland"), rounds=2)
        ann.join(clara.codes()["upland"], "Ann")
        clara.post("begin")
        running.settled(session)
        ann.decide(why="We need the water.")

What a test wants to know of a session it reads from the session's own log (`Server.state`, `Server.events`), which
holds nothing that is not on the disk.
"""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2
from websockets.sync.client import ClientConnection, connect

from negotiation_sim.classroom.log import Event, EventLog
from negotiation_sim.classroom.room import LOG
from negotiation_sim.classroom.session import SessionState

# `negsim class` itself; only how many worlds the odds are worked out in can be another number.
START = """
import sys
from negotiation_sim.classroom import room
room.WORLDS = int(sys.argv.pop(1))
from negotiation_sim.cli import main
main()
"""
PATIENCE = 60.0
"""Seconds after which a server that does not start, or a model that does not play on, fails a test."""
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes:
        url: its address, without a slash at the end.
        key: the instructor's.
        folder: where it keeps sessions.
        process: `kill()` it to see what is left.
    """

    url: str
    key: str
    folder: Path
    process: subprocess.Popen[str]

    def events(self, session: str) -> tuple[Event, ...]:
        """All events of a session, from its log on the disk."""
        with EventLog(self.folder / session / LOG) as log:
            return tuple(log.events())

    def state(self, session: str) -> SessionState:
        """Where a session stands, folded from its log on the disk."""
        return SessionState.of(self.events(session))

    def settled(self, session: str) -> SessionState:
        """Where a session stands once the model has played on."""
        return self.until(session, lambda state: state.phase != "reckoning")

    def until(self, session: str, holds: Callable[[SessionState], object]) -> SessionState:
        """Where a session stands once something holds of it."""
        end = time.monotonic() + PATIENCE
        while not holds(state := self.state(session)):
            assert time.monotonic() < end, f"{state.phase}, event {state.seq}; the log: {self.log()[-2000:]}"
            time.sleep(0.02)
        return state

    def log(self) -> str:
        """What the server has logged so far."""
        return (self.folder / "server.log").read_text(encoding="utf-8")


@contextmanager
def server(folder: Path, worlds: int = 100, port: int = 0) -> Iterator[Server]:
    """Run `negsim class` on a folder until the block ends.

    Args:
        folder: of the sessions; that of a server that has ended goes on where it was.
        worlds: in which odds and forks are worked out; a class has 10,000.
        port: 0 for a free one; after a restart, the one of before.
    """
    command = [sys.executable, "-c", START, str(worlds), "class", f"folder={folder}", f"port={port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if "Ctrl-C" in line:
                    break
            welcome = re.search(r"(http://[\d.:]+)/host/#(\S+)", said)
            assert welcome, f"the server did not start:\n{said}"
            yield Server(*welcome.groups(), folder, process)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            finally:
                process.kill()


class Person:
    """A browser without JavaScript, with cookies of its own; close it, or use it as a context manager.

    Attributes:
        server: where it is.
        http: the client, for requests that no form makes; it follows no redirect.
        path: of the page that it is on, with a slash at the end: of its seat, or of the console.
    """

    def __init__(self, server: Server) -> None:
        self.server, self.path = server, "/"
        self._signs: dict[str, str] = {}
        # Without TLS there is nothing to verify, and the certificates take long to load.
        self.http = httpx2.Client(base_url=server.url, timeout=PATIENCE, verify=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections go."""
        self.http.close()

    @property
    def session(self) -> str:
        """The id of the session that its page belongs to."""
        return self.path.split("/")[2]

    @property
    def token(self) -> str:
        """What its cookie holds for the page that it is on; empty if nothing."""
        found = re.search(r"token=([^;]+)", self.cookie())
        return found[1] if found else ""

    def get(self, name: str = "") -> httpx2.Response:
        """A page: below its own, or any other that begins with a slash."""
        return self.http.get(name if name.startswith("/") else self.path + name)

    def csrf(self, page: str = "") -> str:
        """What forms of a page prove with that they are of this visit; the page is asked for it once a cookie."""
        page = page or self.path
        cookie = self.cookie(page)
        if not cookie or cookie not in self._signs:
            found = CSRF.search((answer := self.get(page)).text)
            assert found, f"no form at {answer.url}: {answer.status_code}"
            self._signs[self.cookie(page)] = found[1]
        return self._signs[self.cookie(page)]

    def cookie(self, page: str = "") -> str:
        """What the browser sends as its cookies to a page."""
        return str(self.http.build_request("GET", page or self.path).headers.get("cookie", ""))

    def post(self, name: str, fields: Mapping[str, str] | None = None, page: str = "") -> httpx2.Response:
        """Send a form of a page, to below its own page or to any other; the answer to a success is a 303."""
        return self.http.post(
            name if name.startswith("/") else self.path + name,
            data={"csrf": self.csrf(page), **(fields or {})},
            headers={"Origin": self.server.url},
        )

    def join(self, code: str, name: str) -> httpx2.Response:
        """Take a seat by its join code."""
        page = self.get(f"/join/{code}")
        nonce = re.search(r'name="nonce" value="([^"]+)"', page.text)
        assert nonce, page.text
        answer = self.post(f"/join/{code}", {"nonce": nonce[1], "name": name}, f"/join/{code}")
        if answer.status_code == 303:
            self.path = answer.headers["location"]
        return answer

    def live(
        self, origin: str | None = None, path: str | None = None
    ) -> AbstractContextManager[ClientConnection]:
        """The socket of its page; or as a page of another site, or that of another page, would open it."""
        return connect(
            f"{self.server.url.replace('http', 'ws', 1)}{path or self.path}live",
            origin=self.server.url if origin is None else origin,
            additional_headers={"Cookie": self.cookie()},
        )

    def asked(self, page: httpx2.Response | None = None) -> dict[str, str]:
        """The form for a decision on its page, filled in with the first that is offered; empty if nothing is asked.

        Of a package, all levels are left as they are, so that it is to table nothing.
        """
        form = re.search(r'<form[^>]*action="[^"]*/decide".*?</form>', (page or self.get()).text, re.DOTALL)
        if form is None:
            return {}
        fields = {"step": re.search(r'name="step" value="(\d+)"', form[0])[1]}  # type: ignore[index]
        options = re.findall(r'<input type="radio" name="option" value="(\d+)"[^>]*>', form[0])
        shut = re.findall(r'<input type="radio" name="option" value="(\d+)"[^>]*disabled', form[0])
        chosen = [each for each in options if each not in shut]
        return fields | ({"option": chosen[0]} if chosen else {"do": "nothing"})

    def decide(self, why: str = "") -> httpx2.Response | None:
        """Decide the first that the page offers; None if nothing is asked."""
        fields = self.asked()
        return self.post("decide", {**fields, "why": why}) if fields else None


class Instructor(Person):
    """A person who has shown the key; `path` is that of the console of the session entered last."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        assert self.post("/host/", {"key": server.key}, "/host/").status_code == 303

    def create(self, scenario: str, seats: tuple[str, ...], name: str = "Clara", **settings: object) -> str:
        """Open a session and enter it; gives its id. Settings are as the form has them, other ones as it is at first.

        A setting that is False is a box that is not ticked; injects are `inject.0.text` and so on.
        """
        fields = {
            "scenario": scenario,
            "title": "A class",
            "rounds": "2",
            "seconds": "600",
            "public_offers": "on",
            "messages": "on",
            "parameters": "values",
            "seed": "1",
            **{f"seat.{seat}": "on" for seat in seats},
            **{key: str(value) for key, value in settings.items()},
        }
        given = {key: value for key, value in fields.items() if settings.get(key) is not False}
        answer = self.post("/host/new", given, f"/host/new?scenario={scenario}")
        assert answer.status_code == 303, re.findall(r'class="wrong".*', unescape(answer.text))
        session = answer.headers["location"].partition("#")[2]
        self.enter(session, name)
        return session

    def enter(self, session: str, name: str) -> None:
        """Become a facilitator of a session."""
        answer = self.post("/host/enter", {"id": session, "name": name}, "/host/")
        assert answer.status_code == 303, answer.text
        self.path = answer.headers["location"]

    def codes(self) -> dict[str, str]:
        """The join code of each seat, as the console shows it."""
        found = re.findall(r'id="seat-(\w+)".*?class="console-code">([\w-]+)<', self.get().text, re.DOTALL)
        return {seat: code.replace("-", "") for seat, code in found}
