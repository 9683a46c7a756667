"""A session of a class that has been played to its end behind a real server, for tests of what comes after."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from helpers import shipped
from starlette.testclient import TestClient

from negotiation_sim.classroom import procedure, reckoning
from negotiation_sim.classroom.backroom import Backroom, perform
from negotiation_sim.classroom.disclosure import OBSERVER
from negotiation_sim.classroom.log import canonical
from negotiation_sim.classroom.room import BASELINE, Room
from negotiation_sim.classroom.session import SessionState
from negotiation_sim.classroom.settings import Inject, Settings
from negotiation_sim.classroom.views import FACILITATOR, Scene, view
from negotiation_sim.classroom.web.app import create_app

WORLDS = 50
OURS = "http://testserver"


def canary(seat: str, what: str) -> str:
    """A text that is private of a seat and stands nowhere else."""
    return f"canary {what} of {seat}"


def frozen(state: SessionState) -> str:
    """A state as text: the same state is the same text."""
    return repr(state)


def frozen_views(scene: Scene) -> dict[str, str]:
    """What everybody sees of a scene, as canonical JSON."""
    viewers = (*scene.state.set.seats, OBSERVER, FACILITATOR)
    return {viewer: canonical(_as_json(view(scene, viewer))) for viewer in viewers}


def _as_json(value: Any) -> Any:
    """With keys that are all texts, as JSON has them."""
    if isinstance(value, dict):
        return {str(key): _as_json(each) for key, each in value.items()}
    return [_as_json(each) for each in value] if isinstance(value, list | tuple) else value


class InThread(Backroom):
    """The backroom in a thread of this process: starting processes takes seconds."""

    def __init__(self) -> None:
        pass

    async def _call(self, name: str, task: str, *arguments: Any, **keywords: Any) -> Any:
        return await asyncio.to_thread(perform, task, *arguments, **keywords)

    def close(self) -> None:
        pass


@dataclass
class Class:
    """A session, and what was seen of it while it was played.

    Attributes:
        room, server: the session, and the server that it is on.
        seen: number of the event of each step that was opened -> state and views as they were then.
        tokens: viewer -> its token.
    """

    room: Room
    server: TestClient
    seen: dict[int, tuple[str, dict[str, str]]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call something of the room in the server's loop."""
        return self.server.portal.call(function, *arguments)

    def path(self, viewer: str) -> str:
        return f"/s/{self.room.id}/" + ("facilitator/" if viewer == FACILITATOR else f"seat/{viewer}/")

    def get(self, viewer: str, name: str) -> Any:
        cookie = {"Cookie": f"token={self.tokens[viewer]}"}
        return self.server.get(self.path(viewer) + name, headers=cookie, follow_redirects=False)

    def post(self, viewer: str, name: str, page: str, **fields: str) -> Any:
        csrf = re.search(r'name="csrf" value="(\w+)"', self.get(viewer, page).text)
        headers = {"Cookie": f"token={self.tokens[viewer]}", "Origin": OURS}
        data = {"csrf": csrf[1] if csrf else "", **fields}
        return self.server.post(self.path(viewer) + name, data=data, headers=headers, follow_redirects=False)

    def act(self, by: str, propose: Callable[..., Any]) -> None:
        self.call(self.room.act, by, propose)

    def wait_for(self, done: Callable[[], bool]) -> None:
        for _ in range(3000):
            assert not self.room.fault
            if done():
                return
            self.call(asyncio.sleep, 0.02)
        raise AssertionError("it takes too long")

    def admit(self) -> None:
        for viewer in (*self.room.state.set.seats, OBSERVER, FACILITATOR):
            role, seat = ("facilitator", None) if viewer == FACILITATOR else ("seat", viewer)
            self.tokens[viewer], _ = self.call(
                self.room.admit, role, seat, f"Ann of {viewer}", "server", viewer
            )

    def play(self, steps: int = 1000, silent: str = "") -> None:
        """Play on by what simulated agents would do; seat `silent` lets its first decision pass."""
        room = self.room
        while steps and room.state.phase != "ended":
            self.wait_for(lambda: room.state.phase != "reckoning")
            state = room.state
            if state.phase != "open":
                continue
            self.seen[state.seq] = self._seen()
            for seat in state.waiting_for:
                if seat == silent and not room.state.left:
                    number = state.step.number
                    self.act(
                        "facilitator:1", lambda state, _, number=number: procedure.advance(state, number)
                    )
                    break
                choice = reckoning.suggest(room.table, dict(state.moves), seat)
                arguments = (seat, f"seat:{seat}:1", state.step.number, choice, canary(seat, "why"))
                self.call(room.decide, *arguments)
            self.wait_for(lambda: room.state.phase != "reckoning")
            steps -= 1

    def _seen(self) -> tuple[str, dict[str, str]]:
        room = self.room
        scene = Scene(room.id, room.state, room.scenario, {}, room.dealt[room.state.practice], {}, "")
        return frozen(room.state), frozen_views(scene)

    def finish(self) -> None:
        """Wait for all that is worked out after the end."""
        room = self.room
        self.wait_for(
            lambda: (room.folder / BASELINE).exists() and len(room.state.odds) > room.state.complete
        )


@contextmanager
def a_class(folder: Path, scenario: str, seats: tuple[str, ...], rounds: int) -> Iterator[Class]:
    """A session that has begun, on a server of its own, with texts that are private of each seat."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("negotiation_sim.classroom.room.WORLDS", WORLDS)
        patch.setattr("negotiation_sim.classroom.web.debriefing.WORLDS", WORLDS)
        patch.setattr("negotiation_sim.classroom.web.lobby.Backroom", InThread)
        app = create_app(folder, "the instructor's key")
        plan = Settings(
            title="A class",
            scenario=scenario,
            seats=seats,
            rounds=rounds,
            parameters="ranges",
            objectives=("Tell a costly signal from cheap talk.",),
            injects=(Inject(round=1, to=seats[0], text=canary(seats[0], "news")),),
        )
        with TestClient(app, raise_server_exceptions=False) as server:
            room = server.portal.call(app.state.lobby.create, plan, shipped(scenario))
            here = Class(room, server)
            here.admit()
            here.act("facilitator:1", lambda state, _: procedure.begin(state))
            here.wait_for(lambda: room.state.phase == "open")
            yield here
