"""Words and numbers as people of a class read them: points, names in a sentence, days, what is said before any game."""

from __future__ import annotations

from datetime import date

POINTS = 100.0
"""Points that a seat reads to one unit of utility."""
TEACHING = (
    "This is a model for teaching. It makes no forecast, and playing a seat is not to take its side.",
    "Nobody is asked to act out violence or to speak for those who suffer it: an attack is one word on a ladder here. "
    "Anyone may step out or pass a seat on at any time, without giving a reason.",
)


def points_in_words(points: float) -> str:
    """Points as they are printed: whole, signed, with a true minus."""
    whole = round(points)
    return f"+{whole}" if whole > 0 else f"\N{MINUS SIGN}{-whole}" if whole < 0 else "0"


def day_in_words(day: date) -> str:
    """A day with its month and year: 10 January 2022."""
    return f"{day.day} {day:%B %Y}"
