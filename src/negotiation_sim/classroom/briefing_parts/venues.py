"""Where and when the parties meet: the forums on the calendar, and the rounds after the documented week."""

from __future__ import annotations

from negotiation_sim.classroom.briefing import Venue
from negotiation_sim.classroom.briefing_parts.seat import Seat
from negotiation_sim.classroom.words import day_in_words
from negotiation_sim.scenario.schema import Forum
from negotiation_sim.scenario.wording import in_a_sentence


def venues(seat: Seat) -> tuple[Venue, ...]:
    """The forums on the calendar, with their dates in the documented week."""
    layout = seat.layout
    week = layout.rounds[: layout.week]
    found = []
    for key in dict.fromkeys(session.forum for session in layout.rounds):
        forum = seat.seen.forums[key]
        found.append(
            Venue(
                title=forum.title,
                place=forum.place,
                dates=tuple(
                    f"{session.date.day} {session.date:%B}" for session in week if session.forum == key
                ),
                sits=seat.parties(forum.participants),
                tables=seat.parties(forum.proposers),
                agenda=tuple(layout.issues[each].title for each in forum.agenda if each in layout.issues),
                binds=seat.parties(forum.binds),
                own=_sits(seat, forum),
            )
        )
    return tuple(found)


def calendar(seat: Seat) -> str:
    """How talks go on after the dates of the venues, and when they end."""
    rounds, after = seat.layout.rounds, seat.seen.calendar.follow_on
    last = f"{len(rounds)} rounds in all, the last on {day_in_words(rounds[-1].date)}."
    if after is None or len(rounds) == len(seat.seen.calendar.sessions):
        return last
    places = [seat.seen.forums[each].place for each in after.cycle]
    turn = f"in turn in {in_a_sentence(places)}" if len(places) > 1 else f"in {places[0]}"
    return f"Then one round every {after.every_days} days, {turn}: {last}"


def _sits(seat: Seat, forum: Forum) -> bool:
    """Whether the seat sits there, an ally through its alliance."""
    through = seat.alliance.key if seat.alliance and seat.home else seat.key
    return through in forum.participants
