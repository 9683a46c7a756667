"""The rules of a session: who may do what and when, and which event that is. Pure functions of the state and the time.

Each gives the event to be written, as a `Proposal`; whoever calls writes it and folds it. What the rules forbid raises
`Refused`, with what a person is told. Two things are left to the caller, who alone can do them: to find out what the
model asks next (`backroom`), and to hold everybody else off meanwhile (`room`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from negotiation_sim.classroom import session as s
from negotiation_sim.classroom.disclosure import OBSERVER
from negotiation_sim.classroom.moves import Choice, Move
from negotiation_sim.classroom.session import SessionState
from negotiation_sim.scenario import Scenario

WHY, STATEMENT, MESSAGE, NEWS, REASON, NAME = 300, 600, 600, 600, 200, 40
"""Characters that a reason for a decision, a statement, a message, news, a reason to pause and a name may have."""
LONGEST_EXTENSION = 3600
"""Seconds that can be added at once."""
CHARACTERS = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Kinds of characters (Unicode's) that a text of a person cannot have: they are not seen, or turn the text around them.
Line breaks and `JOINERS` are let through."""
JOINERS = "\u200c\u200d\u200e\u200f"
"""Several scripts cannot be written without these: joiners, and marks of direction that turn nothing else around."""


class Refused(Exception):
    """What is asked is against the rules; the message is for the person who asked.

    Attributes:
        status: 400 it cannot be understood, 403 not for this person, 409 not now.
    """

    def __init__(self, says: str, status: int = 409) -> None:
        super().__init__(says)
        self.status = status


@dataclass(frozen=True)
class Proposal:
    """An event to be written; with a `key`, only once."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None


def clean(text: str, what: str, longest: int, least: int = 1) -> str:
    """A text of a person as it is kept: composed (NFC), without blanks at its ends.

    Raises:
        Refused: empty, too long, or with characters that are not seen or turn the text around them.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    odd = next((c for c in text if unicodedata.category(c) in CHARACTERS and c not in f"\n{JOINERS}"), None)
    if odd is not None:
        raise Refused(f"{what}: it contains a character that cannot be printed (U+{ord(odd):04X}).", 400)
    if len(text) < least:
        raise Refused(f"{what}: please write something.", 400)
    if len(text) > longest:
        raise Refused(f"{what}: {len(text)} characters; at most {longest} are kept.", 400)
    return text


# ---- seats -------------------------------------------------------------------------------------------


def decide(
    state: SessionState,
    seat: str,
    step: int,
    choice: Choice,
    moves: Mapping[Move, Choice],
    why: str,
    now: float,
) -> Proposal:
    """A seat decides; `moves` is what its choice comes to in the model, checked by it.

    Raises:
        Refused: this step is not open to this seat, its time is over, or it has decided already.
    """
    open_step = state.step
    if seat in state.decided and open_step and open_step.number == step:
        raise Refused(f"Your seat has decided already{_by(state, seat)}; the first decision counts.")
    if state.phase == "paused":
        raise Refused("The session is paused: nothing was sent. Your entry is kept on the page.")
    if state.phase != "open" or open_step is None or open_step.number != step or now > open_step.deadline:
        raise Refused("Too late: this decision fell to the simulated agent, or the step was closed.")
    if seat not in open_step.asked:
        raise Refused("Your seat is not asked for a decision now.", 403)
    return Proposal(
        s.DECIDED,
        {
            "step": step,
            "seat": seat,
            "choice": list(choice) if isinstance(choice, tuple) else choice,
            "moves": s.as_data(moves),
            "why": clean(why, "Why", WHY, least=0),
        },
        key=f"decided:{step}:{seat}",
    )


def _by(state: SessionState, seat: str) -> str:
    number = state.decided[seat].by.rpartition(":")[2]
    name = state.people.get(int(number), "") if number.isdigit() else ""
    return f", by {name}" if name else ""


def state_publicly(state: SessionState, seat: str, text: str) -> Proposal:
    """A public statement.

    Raises:
        Refused: observers make none; the session has not begun, or is over; the text is none.
    """
    _in_play(state)
    if seat == OBSERVER:
        raise Refused("Observers make no statements.", 403)
    return Proposal(s.STATED, {"seat": seat, "text": clean(text, "Statement", STATEMENT)})


def channels(state: SessionState, scenario: Scenario, seat: str) -> tuple[str, ...]:
    """Seats to which a seat may write now: those that people hold, of the same forum as it."""
    if not state.set.messages or not state.round or state.phase not in ("open", "paused", "reckoning"):
        return ()
    forum = scenario.forums[scenario.layout.rounds[state.round - 1].forum]
    present = [each for each in state.set.seats if sits(scenario, each, forum.participants)]
    return tuple(each for each in present if each != seat) if seat in present else ()


def sits(scenario: Scenario, seat: str, participants: Sequence[str]) -> bool:
    """Whether a seat sits in a forum of these participants: an ally sits where its alliance does."""
    if seat in participants:
        return True
    alliance = scenario.alliance
    return bool(
        alliance
        and alliance.key in participants
        and any(seat in cluster.members for cluster in alliance.clusters.values())
    )


def write(state: SessionState, scenario: Scenario, seat: str, to: str, text: str) -> Proposal:
    """A message from a seat to another.

    Raises:
        Refused: there is no channel between them now, or the text is none.
    """
    _in_play(state)
    if to not in channels(state, scenario, seat):
        raise Refused("There is no channel to that seat in this round's forum.", 403)
    return Proposal(s.WRITTEN, {"seat": seat, "to": to, "text": clean(text, "Message", MESSAGE)})


def _in_play(state: SessionState) -> None:
    if state.phase == "lobby":
        raise Refused("The session has not begun.")
    if state.phase == "ended":
        raise Refused("The session is over.")


# ---- facilitators ------------------------------------------------------------------------------------


def begin(state: SessionState) -> Proposal:
    """Practice begins, or the game, if practice has been played or there is none."""
    if state.phase != "lobby":
        raise Refused("The session has begun already.")
    practice = not state.practised
    return Proposal(s.BEGUN, {"practice": practice}, key="begun:practice" if practice else "begun:game")


def advance(state: SessionState, step: int) -> Proposal:
    """The step is closed: who has not decided is left to the simulated agent.

    Raises:
        Refused: the step that the facilitator saw is not the one that is open.
    """
    if state.phase not in ("open", "paused") or state.step is None or state.step.number != step:
        raise Refused(f"This step was closed already{_closer(state, step)}.")
    return Proposal(s.CLOSED, {"step": step, "reason": "a facilitator went on"}, key=f"closed:{step}")


def _closer(state: SessionState, step: int) -> str:
    if state.step is None or state.step.number != step or not state.closed_by:
        return ""
    number = state.closed_by.rpartition(":")[2]
    name = state.people.get(int(number), "") if number.isdigit() else ""
    return f" by {name}" if name else f" ({state.closed_for})"


def pause(state: SessionState, reason: str) -> Proposal:
    """The clock stands still."""
    if state.phase != "open":
        raise Refused("Only an open step can be paused.")
    return Proposal(s.PAUSED, {"reason": clean(reason, "Reason", REASON)})


def resume(state: SessionState, now: float) -> Proposal:
    """The clock goes on with the time that was left."""
    if state.phase != "paused":
        raise Refused("The session is not paused.")
    return Proposal(s.RESUMED, {"deadline": now + state.paused_left})


def extend(state: SessionState, seconds: int) -> Proposal:
    """More time for this step."""
    if state.phase not in ("open", "paused") or state.step is None:
        raise Refused("There is no open step to extend.")
    if not 1 <= seconds <= LONGEST_EXTENSION:
        raise Refused(f"A step can be extended by 1 to {LONGEST_EXTENSION} seconds, not by {seconds}.", 400)
    return Proposal(s.EXTENDED, {"deadline": state.step.deadline + seconds})


def hand(state: SessionState, seat: str, to: str) -> Proposal:
    """A seat is handed to the simulation, or back to people, from the next step on."""
    if seat not in state.set.seats or to not in ("people", "simulation"):
        raise Refused("There is no such seat to hand over.", 400)
    if (seat in state.simulated) == (to == "simulation"):
        raise Refused("That seat is in those hands already.")
    return Proposal(s.HANDED, {"seat": seat, "to": to})


def rewind(state: SessionState, round_: int) -> Proposal:
    """Everything from a round on is undone, and that round is played again."""
    if state.phase not in ("open", "paused", "ended") or state.practice:
        raise Refused("Only a session that is being played, or is over, can be rewound.")
    if not 1 <= round_ <= state.round:
        raise Refused(f"Rounds 1 to {state.round} can be played again, not {round_}.", 400)
    return Proposal(s.REWOUND, {"round": round_})


def end(state: SessionState, reason: str) -> Proposal:
    """The session is over."""
    if state.phase in ("ended", "reckoning"):
        raise Refused("The session is over already." if state.phase == "ended" else "Please try again.")
    return Proposal(s.ENDED, {"reason": clean(reason, "Reason", REASON)})


def inject(state: SessionState, text: str, to: str | None, number: int | None = None) -> Proposal:
    """News for all, or for one seat; with a number, that of the settings' inject, told once.

    Raises:
        Refused: no such seat or inject, or told already.
    """
    if number is not None:
        if not 0 <= number < len(state.set.injects):
            raise Refused("There is no such inject.", 400)
        if number in state.injected:
            raise Refused("That inject has been released already.")
        planned = state.set.injects[number]
        text, to = planned.text, planned.to
    if to is not None and to not in (*state.set.seats, OBSERVER):
        raise Refused("There is no such seat to inject to.", 400)
    key = None if number is None else f"injected:{'practice' if state.practice else 'game'}:{number}"
    return Proposal(s.INJECTED, {"to": to, "text": clean(text, "News", NEWS), "number": number}, key=key)


def hold(state: SessionState, number: int, held: bool) -> Proposal:
    """An inject of the settings is held back, or no longer."""
    if not 0 <= number < len(state.set.injects) or number in state.injected:
        raise Refused("That inject cannot be held: there is none, or it has been released.")
    if (number in state.held) == held:
        raise Refused("That inject is held already." if held else "That inject is not held.")
    return Proposal(s.HELD if held else s.FREED, {"number": number})


def declassify(state: SessionState, seat: str | None) -> Proposal:
    """What was private of a seat, or of all, is open to all from now on."""
    if seat is not None and seat not in state.set.seats:
        raise Refused("There is no such seat to declassify.", 400)
    if state.is_open_to(seat or "*"):
        raise Refused("That has been declassified already.")
    return Proposal(s.DECLASSIFIED, {"seat": seat}, key=f"declassified:{seat or 'ALL'}")


# ---- what the clock does -----------------------------------------------------------------------------


def due(state: SessionState, now: float) -> Proposal | None:
    """What must happen at this time without anybody asking for it; None if nothing."""
    if state.phase == "open" and state.step is not None:
        reason = ""
        if not _awaited(state):
            reason = "all have decided"
        elif now >= state.step.deadline:
            reason = "the time was over"
        if reason:
            number = state.step.number
            return Proposal(s.CLOSED, {"step": number, "reason": reason}, key=f"closed:{number}")
    if state.phase in ("open", "paused") and not state.practice:
        for number, planned in enumerate(state.set.injects):
            ready = planned.round <= state.round and number not in state.injected | state.held
            if ready:
                return inject(state, planned.text, planned.to, number)
    return None


def _awaited(state: SessionState) -> tuple[str, ...]:
    return tuple(seat for seat in state.waiting_for if seat not in state.simulated)
