"""One live session: the only place where its events are written, one at a time, and from where pages are told.

A room holds nothing that is not in the log or reckoned from it: what people are asked is found out again after a
restart by the same call that found it out the first time. Everything that is done goes through `act`: the rules of
`procedure` are asked, the event is written and brought to the disk, folded, and only then told to the pages.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from negotiation_sim import __version__
from negotiation_sim.classroom import procedure
from negotiation_sim.classroom import session as s
from negotiation_sim.classroom.backroom import Backroom
from negotiation_sim.classroom.briefing import Briefing
from negotiation_sim.classroom.disclosure import OBSERVER, seats
from negotiation_sim.classroom.identity import (
    CODE_ISSUED,
    CODE_WITHDRAWN,
    TOKEN_ISSUED,
    TOKEN_REVOKED,
    Role,
    new_code,
    new_token,
)
from negotiation_sim.classroom.log import Event, EventLog
from negotiation_sim.classroom.moves import Choice, Weighed
from negotiation_sim.classroom.procedure import Proposal, Refused
from negotiation_sim.classroom.questions import Dealt, Question, Reckoned, Table
from negotiation_sim.classroom.session import SessionState
from negotiation_sim.classroom.settings import Settings
from negotiation_sim.classroom.views import Scene
from negotiation_sim.files import write_whole
from negotiation_sim.scenario import Scenario

LOG, SCENARIO, BASELINE = "events.db", "scenario.yaml", "baseline.parquet"
WORLDS = 10_000
"""Worlds in which a session goes on for the odds."""
RESTARTED = "the server was restarted while the time ran out"
logger = logging.getLogger(__name__)


class Listener(NamedTuple):
    """A page that is told when something happens.

    Attributes:
        seat: key of its seat; None for a facilitator's.
        token: number of the token that opened it.
        queue: gets the number of the last event each time there is a new one.
    """

    seat: str | None
    token: int
    queue: asyncio.Queue[int]


class Room:
    """A session that is open.

    Args:
        folder: the session's own folder, with its log and its scenario; its name is the session's id.
        backroom: where the model plays on.

    Attributes:
        id, folder, scenario, log, state: what the names say; `state` is that after the last event.
        questions: seat -> what it is asked in the step that is open.
        dealt: what chance dealt, of the game and of practice.
        listeners: pages that are open.
        fault: what went wrong last while the model played on; empty if nothing. The next action tries again.

    Raises:
        LogError, OSError: as `EventLog`; the scenario is not the one that the session was created with.
    """

    def __init__(self, folder: Path, backroom: Backroom) -> None:
        self.folder, self.id = folder, folder.name
        self.backroom = backroom
        self.log = EventLog(folder / LOG)
        self.state = SessionState.of(self.log.events())
        text = (folder / SCENARIO).read_text(encoding="utf-8")
        if _hash(text) != self.state.scenario_hash:
            raise ValueError(f"{folder / SCENARIO}: not the scenario that the session was created with")
        self.scenario = Scenario.load(str(folder / SCENARIO))
        self.questions: dict[str, Question] = {}
        self.dealt: dict[bool, Dealt] = {}
        self.listeners: set[Listener] = set()
        self.fault = ""
        self._briefings: dict[tuple[str, bool, bool], Briefing] = {}
        self._lock = asyncio.Lock()
        self._timer: asyncio.Task[None] | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._admitted: dict[int, str] = {}

    @classmethod
    def create(cls, folder: Path, settings: Settings, scenario: Scenario, backroom: Backroom) -> Room:
        """A new session in a folder that is not there yet.

        Raises:
            Refused: seats that the scenario does not have, more rounds than it has, injects to nobody.
            OSError: the folder cannot be made.
        """
        settings = _checked(settings, scenario)
        text = scenario.as_yaml()
        folder.mkdir(parents=True)
        write_whole(folder / SCENARIO, lambda path: path.write_text(text, encoding="utf-8"))
        with EventLog(folder / LOG) as log:
            data = {
                "settings": settings.model_dump(mode="json"),
                "scenario": _hash(text),
                "version": __version__,
            }
            log.append(s.CREATED, "server", data, time.time(), expect=0)
            for seat in (*settings.seats, OBSERVER):
                log.append(CODE_ISSUED, "server", new_code(seat)[1], time.time())
        return cls(folder, backroom)

    @property
    def table(self) -> Table:
        """Which game is being played."""
        return Table(self.folder / SCENARIO, self.state.set, self.state.practice)

    @property
    def scene(self) -> Scene:
        """All that views are picked from, as it is now."""
        return Scene(
            self.id,
            self.state,
            self.scenario,
            self.questions,
            self.dealt[self.state.practice],
            Counter(listener.seat for listener in self.listeners),
            self.fault,
            self._briefings,
        )

    @property
    def busy(self) -> bool:
        """Whether the model is at work for this session."""
        return bool(self._tasks)

    async def open(self) -> None:
        """Go on where the log ends: find out what is asked, and set the clock going."""
        for practice in {False, self.state.set.practice}:
            table = Table(self.folder / SCENARIO, self.state.set, practice)
            self.dealt[practice] = await self.backroom.play("reckoning.deal", table)
        if self.state.phase in ("open", "paused"):
            await self._ask_again()
        if self.state.phase == "open" and self.state.step and time.time() > self.state.step.deadline:
            await self.act("server", lambda state, _: procedure.pause(state, RESTARTED))
        async with self._lock:
            await self._go_on()

    async def close(self) -> None:
        """Stop the clock and let the log go."""
        tasks = [each for each in (self._timer, *self._tasks.values()) if each is not None]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        self.log.close()

    # ---- what is done ----------------------------------------------------------------------------

    async def act(self, by: str, propose: Callable[[SessionState, float], Proposal]) -> Event:
        """Do something that the rules allow; on return it is on the disk and told to the pages.

        Args:
            by: who does it, see `session`.
            propose: asks the rules, given the state and the time.

        Raises:
            Refused: the rules forbid it.
            OSError, LogError: the disk does not take it; nothing has happened then.
        """
        async with self._lock:
            event = await self._write(by, propose(self.state, time.time()))
            await self._go_on()
            return event

    async def decide(self, seat: str, by: str, step: int, choice: Choice, why: str) -> Event:
        """A seat decides.

        Raises:
            Refused: the rules or the model forbid it; says why.
        """
        if isinstance(choice, tuple) and seat in self.questions:
            weighed = await self.weigh(seat, choice)
            if weighed.hard:
                lines = ", ".join(weighed.hard)
                raise Refused(f"This package crosses a hard red line of yours ({lines}).", 400)

        def propose(state: SessionState, now: float) -> Proposal:
            question = self.questions.get(seat)
            procedure.decide(state, seat, step, choice, {}, why, now)  # who comes too late is told so first
            try:
                moves = question.moves(choice) if question else {}
            except ValueError as error:
                raise Refused(f"{str(error)[:1].upper()}{str(error)[1:]}.", 400) from error
            return procedure.decide(state, seat, step, choice, moves, why, now)

        return await self.act(by, propose)

    async def weigh(self, seat: str, levels: tuple[int, ...]) -> Weighed:
        """What a package would be to a seat that is asked for an offer.

        Raises:
            Refused: it is not asked for one, or these are no levels.
        """
        try:
            weighed: Weighed = await self.backroom.play(
                "reckoning.weigh", self.table, dict(self.state.moves), seat, levels
            )
        except ValueError as error:
            raise Refused(f"{str(error)[:1].upper()}{str(error)[1:]}.", 400) from error
        return weighed

    async def admit(self, role: Role, seat: str | None, name: str, by: str, nonce: str) -> tuple[str, int]:
        """Issue a token; gives it, and its number. The token is nowhere else, and cannot be had again.

        Args:
            nonce: of the form that asked for it. Sent twice, the first token is revoked: it went to nobody.
        """
        name = procedure.clean(name, "Name", procedure.NAME)
        token, data = new_token(role, seat)
        async with self._lock:
            for number in [number for number, its in self._admitted.items() if its == nonce]:
                await self._write("server", Proposal(TOKEN_REVOKED, {"token": number}))
                del self._admitted[number]
            event = await self._write(by, Proposal(TOKEN_ISSUED, {**data, "name": name}))
            self._admitted[event.seq] = nonce
        return token.get_secret_value(), event.seq

    async def revoke(self, number: int, by: str) -> None:
        """A token admits nobody any more; its pages are closed."""
        if number not in {badge.number for badge in self.state.register.badges.values()}:
            raise Refused("That person has left already.")
        async with self._lock:
            await self._write(by, Proposal(TOKEN_REVOKED, {"token": number}))

    async def renew_code(self, seat: str, by: str) -> str:
        """A seat gets another join code; the old one is no longer good."""
        async with self._lock:
            for code, its in self.state.register.codes.items():
                if its == seat:
                    await self._write(by, Proposal(CODE_WITHDRAWN, {"code": code}))
            code, data = new_code(seat)
            await self._write(by, Proposal(CODE_ISSUED, data))
        return code

    # ---- pages that listen -----------------------------------------------------------------------

    def listen(self, seat: str | None, token: int) -> Listener:
        """A page wants to be told; give it back to `leave` when it is closed."""
        listener = Listener(seat, token, asyncio.Queue())
        self.listeners.add(listener)
        self._tell_facilitators()
        return listener

    def leave(self, listener: Listener) -> None:
        """A page is closed."""
        self.listeners.discard(listener)
        self._tell_facilitators()

    def _tell(self, seq: int) -> None:
        for listener in self.listeners:
            listener.queue.put_nowait(seq)

    def _tell_facilitators(self) -> None:
        """Who is here is no event, and matters to facilitators only."""
        for listener in self.listeners:
            if listener.seat is None:
                listener.queue.put_nowait(self.state.seq)

    # ---- how it goes on --------------------------------------------------------------------------

    async def _write(self, by: str, proposal: Proposal) -> Event:
        """Bring an event to the disk, fold it, tell it. The lock must be held."""
        kind, data, key = proposal.kind, proposal.data, proposal.key
        at = max(time.time(), self.state.at)  # the log's time never goes back
        if key is None:
            event = await asyncio.to_thread(self.log.append, kind, by, data, at)
        else:
            event, new = await asyncio.to_thread(self.log.append_once, key, kind, by, data, at)
            if not new:
                raise Refused("That has been done already.")
        self.state = s.after(self.state, event)
        self._tell(event.seq)
        return event

    async def _go_on(self) -> None:
        """Do what is due, and see to it that what is due later will be done. The lock must be held."""
        while (proposal := procedure.due(self.state, time.time())) is not None:
            await self._write("clock", proposal)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        state = self.state
        if state.phase == "reckoning":
            self._start("reckoning", self._reckon)
        elif state.phase == "open" and state.step is not None:
            self._timer = asyncio.create_task(self._ring(state.step.deadline))
        if state.phase == "ended" and not (self.folder / BASELINE).exists():
            self._start("baseline", self._play_without_people)
        if self._without_odds():
            self._start("odds", self._work_out_odds)

    async def _ring(self, deadline: float) -> None:
        await asyncio.sleep(max(0.0, deadline - time.time()))
        async with self._lock:
            self._timer = None  # what follows must not cancel this very task
            await self._go_on()

    async def _reckon(self) -> None:
        """Have the model play on from the step that was closed, and open the next."""
        state = self.state
        decided = {move: choice for each in state.decided.values() for move, choice in each.moves.items()}
        reckoned = await self.backroom.play(
            "reckoning.reckon", self.table, dict(state.moves), decided, state.waiting_for
        )
        async with self._lock:
            self.questions = {question.seat: question for question in reckoned.asked}
            await self._write("model", self._opening(reckoned))
            self._tasks.pop("reckoning", None)
            await self._go_on()

    def _opening(self, reckoned: Reckoned) -> Proposal:
        state, number = self.state, self.state.steps + 1
        first = reckoned.asked[0] if reckoned.asked else None
        new = {move: choice for move, choice in reckoned.taken.items() if move not in state.moves}
        return Proposal(
            s.OPENED,
            {
                "number": number,
                "round": first.round if first else state.complete,
                "kind": first.kind if first else "",
                "turn": first.turn if first else 0,
                "asked": [question.seat for question in reckoned.asked],
                "deadline": time.time() + state.set.seconds,
                "moves": s.as_data(new),
                "left": [list(move) for move in reckoned.left],
                "account": list(reckoned.account[len(state.account) :]),
                "ended": reckoned.ended,
            },
            key=f"opened:{number}",
        )

    async def _ask_again(self) -> None:
        reckoned = await self.backroom.play("reckoning.reckon", self.table, dict(self.state.moves), {}, ())
        self.questions = {question.seat: question for question in reckoned.asked}

    def _without_odds(self) -> list[int]:
        """Rounds that are complete and whose odds are not known, the last first; 0 is before the first."""
        if self.state.practice or not self.state.account:
            return []
        return [number for number in range(self.state.complete, -1, -1) if number not in self.state.odds]

    async def _work_out_odds(self) -> None:
        """Have the odds after a round worked out; of no use if it has been rewound meanwhile."""
        state, round_ = self.state, self._without_odds()[0]
        decided = {
            f"{each.seat}:{each.kind}:{each.turn}": tuple(each.moves)
            for each in state.history
            if each.round == round_
        }
        found = await self.backroom.work(
            "reckoning.odds_after", self.table, dict(state.moves), round_, decided, WORLDS
        )
        async with self._lock:
            if self.state.rewinds == state.rewinds:
                await self._write("model", Proposal(s.ODDS, {"round": round_, **found}))
            self._tasks.pop("odds", None)
            await self._go_on()

    async def _play_without_people(self) -> None:
        """What becomes of the scenario without people, for the debrief: worked out once, and kept in the folder."""
        await self.backroom.work("reckoning.all_simulated", self.table, WORLDS, self.folder / BASELINE)
        async with self._lock:
            self._tasks.pop("baseline", None)
            self._tell(self.state.seq)

    def _start(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin something that takes a while, unless it is under way; what goes wrong is shown to facilitators."""
        if name in self._tasks:
            return
        self.fault = ""
        task = self._tasks[name] = asyncio.create_task(work())

        def done(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                self._tasks.pop(name, None)
                self.fault = f"{name}: {error}"
                logger.error("session %s: %s failed", self.id, name, exc_info=error)
                self._tell(self.state.seq)

        task.add_done_callback(done)


def _checked(settings: Settings, scenario: Scenario) -> Settings:
    """Settings that fit the scenario; more rounds than its calendar has are cut to those.

    Raises:
        Refused: seats that it does not have, or injects to somebody who has none.
    """
    allowed = [key for key in seats(scenario) if key != OBSERVER]
    wrong = [seat for seat in settings.seats if seat not in allowed]
    if wrong or len(set(settings.seats)) < len(settings.seats):
        raise Refused(
            f"Seats must be different ones of {', '.join(allowed)}; found {', '.join(settings.seats)}.", 400
        )
    for planned in settings.injects:
        if planned.to is not None and planned.to not in (*settings.seats, OBSERVER):
            raise Refused(f"An inject goes to {planned.to}, but that seat is not taken by people.", 400)
    return settings.model_copy(update={"rounds": min(settings.rounds, len(scenario.layout.rounds))})


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
