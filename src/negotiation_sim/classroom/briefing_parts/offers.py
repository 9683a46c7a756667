"""What the seat can table or draft, what that is worth to it, and where it can be bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from negotiation_sim.classroom.briefing import Offer
from negotiation_sim.classroom.briefing_parts.position import Position
from negotiation_sim.classroom.briefing_parts.seat import Seat
from negotiation_sim.classroom.briefing_parts.stakes import SHOWN_LEVELS, level_worth
from negotiation_sim.classroom.words import POINTS
from negotiation_sim.scenario.parties import Bundle, Offers


def own_offers(seat: Seat) -> list[tuple[str, Offers]]:
    """What it can table or draft: as which party."""
    found = [(seat.key, seat.actor.offers)] if seat.actor else []
    if seat.alliance and seat.key in (seat.alliance.key, seat.alliance.setter):
        found.append((seat.alliance.key, seat.alliance.offers))
    return found


def offers(seat: Seat, position: Position) -> Iterator[Offer]:
    """Its named packages."""
    issues = seat.layout.issues
    for party, tabled in own_offers(seat):
        for bundle in tabled.bundles.values():
            levels = {k: v for k, v in bundle.levels.items() if k in issues}
            yield Offer(
                bundle.title + _drafted_for(seat, party),
                tuple(levels.get(key) for key in issues),
                tuple(f"{issues[k].title}: {issues[k].label(v)}" for k, v in levels.items() if v),
                _worth(seat, position, levels),
                _bound_in(seat, party, bundle),
            )


def generated(seat: Seat) -> Iterator[str]:
    """What it may combine besides, one issue a line."""
    for party, tabled in own_offers(seat):
        for key, choice in tabled.generate.items():
            if key in seat.layout.issues:
                issue = seat.layout.issues[key]
                levels = range(issue.top + 1) if choice == "all" else choice
                labels = [issue.label(level) for level in levels]
                shown = labels if len(labels) <= SHOWN_LEVELS else [labels[0], "...", labels[-1]]
                yield f"{issue.title}{_drafted_for(seat, party)}: {' / '.join(shown)}"


def _drafted_for(seat: Seat, party: str) -> str:
    return f" (drafted for {seat.seen.party_name(party)})" if party != seat.key else ""


def _worth(seat: Seat, position: Position, levels: Mapping[str, int]) -> float:
    """Points that a package is worth to the seat, soft lines and unmatched moves taken off."""
    layout = seat.layout
    points = sum(level_worth(position, layout, k, v).points for k, v in levels.items())
    given: list[str] = [layout.issues[k].given_by for k, v in levels.items() if v]
    side = layout.side(seat.key)
    other = "defender" if side == "challenger" else "challenger"
    unmatched = max(given.count(side) - given.count(other), 0)
    return float(points - POINTS * position.reciprocity * unmatched)


def _bound_in(seat: Seat, party: str, bundle: Bundle) -> tuple[str, ...]:
    """Places on the calendar where the party tables and the whole bundle can be bound."""
    places = []
    for key in dict.fromkeys(session.forum for session in seat.layout.rounds):
        forum = seat.seen.forums[key]
        if party in forum.proposers:
            menu = seat.layout.menu(key, party)
            if any(n == bundle.title and b for n, b in zip(menu.names, menu.bindable, strict=True)):
                places.append(forum.place)
    return tuple(places)
