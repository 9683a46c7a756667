"""What has happened in a game, entry by entry, as everybody at the table learns it: plain data that the log can keep.

Every entry has `round` and `what`; the other keys depend on what happened:

========== ======================================================================================================
session    a round begins: `forum`, `date`; `talks` is False where talks are off
event      an event of the scenario: `title`
offer      `by` (key of the party), `drafter` (key of the one who chose it), `turn`, `title` (may be empty),
           `levels` (K; None if nothing was tabled), `bindable`, `needs` (keys)
silence    the allies' answer to it: `turn`, `kept`, `asked`, `quota`, `broken_by` (keys), `passes`
response   `by`, `turn`, `accepts`
bound      a package binds: `turn`, `by`
signal     `by`, `move` (in the model's words), `step` (number of the ladder's step), `slid` (further than meant);
           of the challenger `cheap` (words only), and type by type `prior` (belief before), `chance` (of this signal
           among those that are no mere words) and `likelihood` (the same after habituation, which Bayes' rule takes)
standing   how things stand after the round: `rung`, `answer` (steps), `belief` (type -> chance), `cohesion`, `bound`
           (K levels), `closed` (K), `pointless`, `outcome`
========== ======================================================================================================

Nothing in it is private: what a package is worth to somebody, and why somebody refused it, is not told. Entries of a
game that goes on begin with all that were there before. What observers expect of each type follows from published
values alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from negotiation_sim.agents.decisions import Decision
from negotiation_sim.classroom.game import Expected, Position
from negotiation_sim.classroom.questions import Entry
from negotiation_sim.rules.beliefs import damped, seen_likelihood
from negotiation_sim.rules.signals import CHEAP
from negotiation_sim.scenario.layout import Menu, Round
from negotiation_sim.talks import Talks

Taken = tuple[Decision, int]
STEPS = {"step up": 1, "step down": -1}
"""By how many steps of the ladder a signal moves; all others stay."""


def account(position: Position) -> list[Entry]:
    """All that has happened up to a position, the round that is being played included as far as it has come."""
    talks, taken = position.talks, position.decided
    number = position.session.number
    complete = number if not position.asked else number - 1
    return [
        entry
        for session in talks.layout.rounds[:number]
        for entry in _round(
            position,
            session,
            [each for each in taken if each[0].round == session.number],
            session.number <= complete,
        )
    ]


def _round(position: Position, session: Round, taken: list[Taken], complete: bool) -> Iterator[Entry]:
    talks = position.talks
    entries = [*_opening(talks, session), *_proposals(talks, session, taken)]
    if complete:
        expected = position.expected.get(session.number)
        entries += [*_signals(talks, session, taken, expected), _standing(talks, session)]
    for entry in entries:
        yield {"round": session.number, **entry}


def _opening(talks: Talks, session: Round) -> Iterator[Entry]:
    rounds = talks.layout.rounds
    suspended = session.number > 1 and bool(talks.layout.suspends[talks.record.rung[session.number - 2, 0]])
    yield {
        "what": "session",
        "forum": session.forum,
        "date": session.date.isoformat(),
        "talks": not suspended and not _walked_out(talks, session),
    }
    earlier = rounds[session.number - 2].date if session.number > 1 else None
    for inject in talks.scenario.injects.values():
        if inject.date <= session.date and (earlier is None or inject.date > earlier):
            yield {"what": "event", "title": inject.title}


def _walked_out(talks: Talks, session: Round) -> bool:
    return session.number > 1 and bool(talks.record.walked_out[session.number - 2, 0])


def _proposals(talks: Talks, session: Round, taken: list[Taken]) -> Iterator[Entry]:
    forum = talks.scenario.forums[session.forum]
    for offer, chosen in taken:
        if offer.kind != "offer":
            continue
        menu: Menu = offer.context["menu"]
        turn, party = offer.turn, forum.proposers[offer.turn]
        tabled = chosen != menu.nothing
        needs = [key for key in talks.layout.parties if menu.needs[key][chosen]]
        yield {
            "what": "offer",
            "by": party,
            "drafter": offer.actor,
            "turn": turn,
            "title": menu.names[chosen] if tabled else "",
            "levels": [int(at) for at in menu.levels[chosen]] if tabled else None,
            "bindable": bool(menu.bindable[chosen]),
            "needs": needs,
        }
        if not tabled:
            continue
        agrees: dict[str, bool] = {}
        for entry in _answers(talks, [each for each in taken if each[0].turn == turn]):
            yield {**entry, "turn": turn}
            said = entry.get("accepts", entry.get("passes"))
            agrees[str(entry.get("by", talks.layout.alliance))] = bool(said)
        awaited = {key for key in needs if key in forum.participants} | (agrees.keys() - set(needs))
        if menu.bindable[chosen] and agrees.keys() >= awaited and all(agrees.values()):
            yield {"what": "bound", "turn": turn, "by": party}


def _answers(talks: Talks, taken: list[Taken]) -> Iterator[Entry]:
    """Responses, and the silence of the allies once all of them have kept or broken it."""
    silence: list[Taken] = []
    for answer, said in taken:
        if answer.kind == "response":
            yield {"what": "response", "by": answer.actor, "accepts": bool(said)}
        elif answer.kind == "silence":
            silence.append((answer, said))
            if talks.alliance and len(silence) == len(talks.alliance.members):
                kept = sum(each for _, each in silence)
                yield {
                    "what": "silence",
                    "kept": kept,
                    "asked": len(silence),
                    "quota": talks.alliance.quota,
                    "broken_by": [each.actor for each, kept_ in silence if not kept_],
                    "passes": kept >= talks.alliance.quota,
                }


def _signals(talks: Talks, session: Round, taken: list[Taken], expected: Expected | None) -> Iterator[Entry]:
    record, at, layout = talks.record, session.number - 1, talks.layout
    for signal, chosen in taken:
        if signal.kind != "signal":
            continue
        challenger = signal.actor == layout.challenger
        trace, first = (
            (record.rung, layout.first_rung) if challenger else (record.answer, layout.first_answer)
        )
        before = int(trace[at - 1, 0]) if at else first
        now, move = int(trace[at, 0]), signal.options[chosen]
        slid = challenger and now > before + STEPS.get(move, 0)
        entry = {"what": "signal", "by": signal.actor, "move": move, "step": now, "slid": slid}
        if challenger and expected is not None:
            entry |= _learnt(talks.layout.types, expected, chosen)
        yield entry


def _learnt(types: Sequence[str], expected: Expected, chosen: int) -> Entry:
    """What observers learn from the challenger's signal, type by type."""
    chance = seen_likelihood(expected.chances, np.array([chosen]), CHEAP)
    likelihood = damped(chance, expected.habituation, expected.build_ups)
    rows = {"prior": expected.belief, "chance": chance, "likelihood": likelihood}
    return {"cheap": bool(CHEAP[chosen])} | {
        name: dict(zip(types, map(float, row[0]), strict=True)) for name, row in rows.items()
    }


def _standing(talks: Talks, session: Round) -> Entry:
    record, at = talks.record, session.number - 1
    return {
        "what": "standing",
        "rung": int(record.rung[at, 0]),
        "answer": int(record.answer[at, 0]),
        "belief": {type_: float(record.belief[at, 0, t]) for t, type_ in enumerate(talks.layout.types)},
        "cohesion": float(record.cohesion[at, 0]),
        "bound": [int(level) for level in record.bound[at, 0]],
        "closed": [bool(each) for each in record.closed[at, 0]],
        "pointless": bool(record.pointless[at, 0]),
        "outcome": str(record.outcome(session.number)[0]),
    }
