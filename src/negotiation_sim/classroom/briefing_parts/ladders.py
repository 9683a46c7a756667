"""The ladders of both sides: their steps, what they mean, and when the seat may take one."""

from __future__ import annotations

from collections.abc import Mapping

from negotiation_sim.classroom.briefing import Ladder, Step
from negotiation_sim.classroom.briefing_parts.seat import Seat
from negotiation_sim.classroom.words import POINTS
from negotiation_sim.scenario.parameters import Parameter
from negotiation_sim.scenario.schema import Answer, Rung


def ladders(seat: Seat) -> tuple[Ladder, Ladder]:
    """The challenger's ladder and the defender's; what its steps cost is told to whom it costs."""
    spec, start = seat.seen.ladders, seat.seen.ladders.start
    rungs, answers = spec.challenger, spec.defender
    climbs, replies = seat.role == "challenger", seat.role == "defender"
    challenger, defender = seat.parties((seat.layout.challenger, seat.layout.defender))
    top = list(rungs)[-1]
    return (
        Ladder(
            challenger,
            climbs,
            tuple(
                Step(r.label, _rung_means(r, key == top), _cost(r.cost) if climbs and not r.war else None)
                for key, r in rungs.items()
            ),
            (rungs[start.challenger] if start.challenger else next(iter(rungs.values()))).label,
        ),
        Ladder(
            defender,
            replies,
            tuple(
                Step(a.label, _answer_means(a, rungs, challenger), _cost(a.cost) if replies else None)
                for a in answers.values()
            ),
            (answers[start.defender] if start.defender else next(iter(answers.values()))).label,
        ),
    )


def moves(seat: Seat) -> tuple[str, ...]:
    """What can be done on the own ladder, and when."""
    if seat.role == "challenger":
        return (
            "After the offers of each round you choose one: hold; step up one; step down one (never from war); "
            "declare talks pointless; or walk out.",
            "The last two only once core demands have been refused, while talks are on. Declaring is only words, "
            "and an agreement takes it back. Walking out ends the talks for good.",
            "Your steps are public, and what the others learn about your type they learn from them. "
            "Chance can carry you one step further than you meant.",
        )
    if seat.role == "defender":
        return (
            "After the offers of each round you choose one: hold, step up one or step down one. You and "
            f"{seat.seen.party_name(seat.layout.challenger)} move at once, without seeing the other's step.",
        )
    return (
        "You have no steps of your own; you see both ladders. One step a round at most, chosen after the offers.",
    )


def _rung_means(rung: Rung, top: bool) -> str:
    if rung.war:
        return "war, and the end of the game" if top else "war"
    if rung.breaks_off:
        return "ends all talks"
    return "no session is held while it stands" if rung.suspends_talks else ""


def _answer_means(answer: Answer, rungs: Mapping[str, Rung], challenger: str) -> str:
    means = ["the threat carried out"] if answer.carries_out else []
    if answer.requires:
        means.append(f"only once {challenger} has reached: {rungs[answer.requires].label}")
    return "; ".join(means)


def _cost(spec: Parameter) -> float:
    return spec.value * POINTS
