"""How the seat plays: its clock, its tactic, and what its own public holds it to."""

from __future__ import annotations

from datetime import timedelta

from negotiation_sim.classroom.briefing_parts.offers import own_offers
from negotiation_sim.classroom.briefing_parts.seat import Seat
from negotiation_sim.classroom.words import day_in_words

TACTICS = {
    "boulware": "stands firm until its clock has nearly run out, then gives way fast",
    "linear": "gives way steadily as its clock runs",
    "conceder": "gives way early, then slowly",
    "tit_for_tat": "gives way as far as the others have come towards it",
    "salami": "gives way slowly, and asks for more after every concession",
    "ultimatum": "names its price and does not move",
}


def clock(seat: Seat) -> str | None:
    """Days that it gives the talks, if the scenario states them."""
    last = seat.layout.rounds[-1]
    if not seat.actor or "clock_days" not in seat.actor.model_fields_set:
        return None
    days = seat.actor.clock_days.value
    due = seat.seen.calendar.start + timedelta(days=round(days))
    if due > last.date:
        return (
            f"{days:.0f} days, longer than talks can last here ({day_in_words(last.date)}). "
            "Time is not against you."
        )
    return (
        f"{days:.0f} days: you want to be done by {day_in_words(due)}. After that, waiting does not help you."
    )


def tactic(seat: Seat) -> str | None:
    """How the simulated agent would play, of a seat that can table anything."""
    if not seat.actor or not own_offers(seat):
        return None
    own = seat.challenger.types[seat.type].tactic if seat.role == "challenger" and seat.type else None
    return TACTICS[(own or seat.actor.tactic).kind]


def audience(seat: Seat) -> str | None:
    """How far what it tables commits it, and at what cost it goes back."""
    if not seat.actor or seat.actor.audience.cost.value == 0.0:
        return None
    spec = seat.actor.audience
    return (
        "What you table is public, and commits you: each time, your commitment grows by "
        f"{spec.growth.value:.0%} of what it lacks of full. To sign for less than you last demanded costs you "
        f"{spec.cost.value:.2f} points for every point you go back, at full commitment."
    )
