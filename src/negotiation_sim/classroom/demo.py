"""A session in which robots sit where students will: what an instructor looks at before the class.

Each robot holds a token of its seat and decides as a person does, through the room; what it decides is what the
simulated agent would. So everything that an instructor can do to people can be tried out on it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from negotiation_sim.classroom import procedure
from negotiation_sim.classroom.moves import Choice
from negotiation_sim.classroom.procedure import Refused
from negotiation_sim.classroom.questions import Question
from negotiation_sim.classroom.room import Room
from negotiation_sim.classroom.session import SessionState
from negotiation_sim.classroom.settings import Inject, Settings
from negotiation_sim.classroom.views import name_of
from negotiation_sim.classroom.words import POINTS, points_in_words

if TYPE_CHECKING:
    from starlette.applications import Starlette

SETTINGS = Settings(
    title="Demonstration",
    scenario="january_2022",
    seats=("russia", "us", "ukraine", "nato"),
    rounds=4,
    seconds=120,
    objectives=(
        "Why do talks fail although war is worse for both sides than some agreement?",
        "How does an alliance speak with one voice, and what does that cost it?",
    ),
    injects=(
        Inject(
            round=2, text="Exercise news: the delegations are asked for one sentence to the press tonight."
        ),
        Inject(round=3, to="nato", text="Exercise news, for you alone: two allies ask for a longer meeting."),
    ),
)
LUCK = 5
"""Seed of the pauses, reasons and statements."""
OPENING = 0.5
"""Seconds between two looks whether a facilitator has come."""
STATEMENTS = {
    "offer": (
        "We have put a proposal on the table today. We expect it to be read with care.",
        "A text is on the table. Whoever wants peace of mind will find much in it.",
        "We came to negotiate, and our proposal shows it.",
        "What we propose can be signed as it stands. The next step is not ours.",
        "Our position is known, and it is written down. We are ready to go on talking.",
    ),
    "signal": (
        "Nobody should take our patience for weakness.",
        "What we do next depends on what we hear next.",
        "We have said what we will do, and we will do what we have said.",
        "The door stays open. So do our eyes.",
        "We decide on our own security, and we do so calmly.",
    ),
}
WHY_SIGNAL = {
    "hold": "Nothing that was said today calls for a step in either direction.",
    "step up": "Words alone have not moved the other side.",
    "step down": "A step back costs us little now and gives the talks a chance.",
    "declare talks pointless": "This costs us nothing and puts pressure on the others.",
    "walk out": "We expect nothing more of these talks.",
}


def with_robots(app: Starlette, pace: float) -> None:
    """Let a server open one more session, with robots in all its seats, and let them play as long as it runs.

    Args:
        app: a server that has not started.
        pace: seconds that a robot takes for a decision, on average.
    """
    lifespan = app.router.lifespan_context

    @asynccontextmanager
    async def with_session(app: Any) -> AsyncIterator[Any]:
        async with lifespan(app) as state:
            lobby = app.state.lobby
            room = await lobby.create(
                SETTINGS, await lobby.backroom.play("reckoning.loaded", SETTINGS.scenario)
            )
            playing = asyncio.create_task(play(room, pace))
            try:
                yield state
            finally:
                playing.cancel()
                with suppress(asyncio.CancelledError):
                    await playing

    app.router.lifespan_context = with_session


async def play(room: Room, pace: float) -> None:
    """Begin when a facilitator has come; then every seat is played, also after a rewind, until this is cancelled."""
    async with asyncio.TaskGroup() as robots:
        for seat in room.state.set.seats:
            robots.create_task(_robot(room, seat, pace))
        while not any(badge.role == "facilitator" for badge in room.state.register.badges.values()):
            await asyncio.sleep(OPENING)
        await asyncio.sleep(pace / 2)
        with suppress(Refused):  # the facilitator was faster
            await room.act("server", lambda state, _: procedure.begin(state))


async def _robot(room: Room, seat: str, pace: float) -> None:
    luck = random.Random(f"{LUCK}:{seat}")
    name = f"Robot, {name_of(room.scenario, seat)}"
    _, number = await room.admit("seat", seat, name, "server", f"demo:{seat}")
    by, listener = f"seat:{seat}:{number}", room.listen(seat, number)
    try:
        while True:
            await listener.queue.get()
            if not _awaits(room.state, seat):
                continue
            await asyncio.sleep(pace * luck.uniform(0.5, 1.5))
            while not listener.queue.empty():  # what has happened meanwhile is in the state
                listener.queue.get_nowait()
            if _awaits(room.state, seat):
                await _decide(room, seat, by, luck)
    finally:
        room.leave(listener)


def _awaits(state: SessionState, seat: str) -> bool:
    return state.phase == "open" and seat in state.waiting_for and seat not in state.simulated


async def _decide(room: Room, seat: str, by: str, luck: random.Random) -> None:
    """Decide what the simulated agent would; what a facilitator does meanwhile comes first."""
    step, question = room.state.step, room.questions[seat]
    assert step is not None
    choice = await room.backroom.play("reckoning.suggest", room.table, dict(room.state.moves), seat)
    spoken = STATEMENTS.get(question.kind, ())
    with suppress(Refused):
        await room.decide(seat, by, step.number, choice, _why(question, choice))
        if spoken and luck.random() < 0.4:
            said = luck.choice(spoken)
            await room.act(by, lambda state, _: procedure.state_publicly(state, seat, said))


def _why(question: Question, choice: Choice) -> str:
    """One sentence for the debrief."""
    if isinstance(choice, tuple):
        return (
            "The most that we can sign ourselves today."
            if any(choice)
            else "Anything we tabled now would be pocketed."
        )
    if question.kind == "signal":
        return WHY_SIGNAL[question.options[choice]]
    points = f"{points_in_words((question.worth or 0.0) * POINTS)} points"
    if choice:
        return f"It is worth {points} to us, and we do not expect better from waiting."
    if question.crossed:
        return f"It crosses our red line on {question.crossed[0]}."
    return f"It is worth {points} to us, and waiting promises more."
