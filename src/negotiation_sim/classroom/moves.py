"""Moves of a game: which decision, what was decided, and what a package is to the one who writes it."""

from __future__ import annotations

from typing import NamedTuple

Choice = int | tuple[int, ...]
"""What was decided: an option by its number; of an offer that a person wrote, the level of every issue (K)."""


class Move(NamedTuple):
    """Which decision: number of the round, who decides, of which kind, and which of its turns."""

    round: int
    actor: str
    kind: str
    turn: int


class Weighed(NamedTuple):
    """What a package that a person writes is to the one who would table it.

    Attributes:
        worth: utility, prices of soft red lines and of unmatched moves taken off.
        crossed, hard: titles of issues on which it crosses a red line of its own; on which that is a hard one.
        moves: whether it moves anything that is not settled.
        bindable: whether it can be bound in this forum.
        needs: keys of those whose consent it needs.
    """

    worth: float
    crossed: tuple[str, ...]
    hard: tuple[str, ...]
    moves: bool
    bindable: bool
    needs: tuple[str, ...]
