"""What each issue is worth to the seat, level by level, and where its red lines run."""

from __future__ import annotations

from math import ceil, floor, inf

from negotiation_sim.classroom.briefing import LevelWorth, Line, Stake
from negotiation_sim.classroom.briefing_parts.basis import basis
from negotiation_sim.classroom.briefing_parts.position import Position
from negotiation_sim.classroom.briefing_parts.seat import Seat
from negotiation_sim.classroom.words import POINTS
from negotiation_sim.scenario.layout import Layout
from negotiation_sim.scenario.parties import RedLine
from negotiation_sim.scenario.schema import Issue

SHOWN_LEVELS = 6
"""Levels of an issue that are shown one by one; of a longer scale, so many in equal steps."""
DEGREES = ((0.75, "matters most"), (0.4, "matters much"), (0.12, "matters some"), (0.0, "matters little"))
"""How much an issue matters, from so large a share of the seat's weightiest."""


def stakes(seat: Seat, position: Position) -> tuple[Stake, ...]:
    """What every issue means to the seat."""
    most = max((abs(each.value) for each in position.weights.values()), default=0.0)
    found = []
    for key, issue in seat.layout.issues.items():
        weight = position.weight(key)
        levels = tuple(level_worth(position, seat.layout, key, level) for level in _shown_levels(issue))
        consent = seat.parties(issue.consent)
        found.append(Stake(issue.title, _matters(weight.value, most), levels, consent, basis(weight)))
    return tuple(found)


def level_worth(position: Position, layout: Layout, key: str, level: int) -> LevelWorth:
    """What a level of an issue is worth, the price of a soft line taken off."""
    line = position.lines.get(key)
    beyond = _beyond(line, level)
    price = line.price.value if line and line.price and not line.hard else 0.0
    worth = position.weight(key).value * float(layout.sizes(key)[level]) - price * beyond
    hard = line is not None and line.hard
    return LevelWorth(
        level,
        layout.issues[key].label(level),
        worth * POINTS,
        beyond_hard=beyond > 0 and hard,
        beyond_soft=beyond > 0 and not hard,
    )


def red_lines(position: Position, layout: Layout) -> tuple[Line, ...]:
    """The seat's red lines in words."""
    found = []
    for key, line in position.lines.items():
        if key not in layout.issues:
            continue
        issue = layout.issues[key]
        said = []
        if line.high is not None:
            top = min(floor(line.high.value), issue.top)
            said.append(
                "every level is within it"
                if top == issue.top
                else f"nothing beyond \N{LEFT DOUBLE QUOTATION MARK}"
                f"{issue.label(top)}\N{RIGHT DOUBLE QUOTATION MARK} (level {top})"
            )
        if line.low is not None:
            foot = min(ceil(line.low.value), issue.top)
            said.append(
                f"nothing below \N{LEFT DOUBLE QUOTATION MARK}{issue.label(foot)}"
                f"\N{RIGHT DOUBLE QUOTATION MARK} (level {foot})"
            )
        whose = position.strictest.get(key)
        words = ", and ".join(said) + (f"; strictest: {whose}" if whose else "")
        bound = line.high or line.low
        assert bound is not None
        price = line.price.value * POINTS if line.price and not line.hard else None
        found.append(Line(issue.title, words, price, basis(bound)))
    return tuple(found)


def _shown_levels(issue: Issue) -> list[int]:
    if issue.top < SHOWN_LEVELS:
        return list(range(issue.top + 1))
    return [round(issue.top * step / (SHOWN_LEVELS - 1)) for step in range(SHOWN_LEVELS)]


def _beyond(line: RedLine | None, level: int) -> float:
    """Levels beyond a red line."""
    if line is None:
        return 0.0
    low, high = line.low.value if line.low else -inf, line.high.value if line.high else inf
    return max(level - high, low - level, 0.0)


def _matters(weight: float, most: float) -> str:
    """What an issue means to a seat whose weightiest issue weighs `most`."""
    if weight == 0.0:
        return "nothing to you"
    degree = next(word for least, word in DEGREES if abs(weight) >= least * most)
    return f"{degree}: you {'gain' if weight > 0 else 'lose'}"
