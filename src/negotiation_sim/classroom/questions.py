"""What a session is told by the model: questions for its seats, how the game goes on, what chance dealt.

Plain and small, for it travels between processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negotiation_sim.classroom.moves import Choice, Move
from negotiation_sim.classroom.settings import Settings

Entry = dict[str, Any]
"""An entry of the account, see `account`."""


@dataclass(frozen=True)
class Question:
    """What a seat is asked, as it is to learn it.

    Attributes:
        seat, round, kind, turn: which decision.
        party: for whom an offer is drafted; who tabled the package that is answered; "" for signals.
        options: in the model's words; of an offer none, for it is written.
        legal: whether the seat may take each.
        by_actor: those for whom the seat decides -> whether each of them may take each option.
        levels: (K) the package on the table, None if it is not about one.
        title: of that package, if it has one.
        worth: what it is worth to the seat (utility; the least over those it speaks for).
        crossed: titles of issues on which it crosses a hard red line of the seat's.
        bindable: whether it can be bound in this forum.
    """

    seat: str
    round: int
    kind: str
    turn: int
    party: str = ""
    options: tuple[str, ...] = ()
    legal: tuple[bool, ...] = ()
    by_actor: Mapping[str, tuple[bool, ...]] | None = None
    levels: tuple[int, ...] | None = None
    title: str = ""
    worth: float | None = None
    crossed: tuple[str, ...] = ()
    bindable: bool = True

    def moves(self, choice: Choice) -> dict[Move, Choice]:
        """The moves that a choice comes to; who may not take an option takes the first that it may.

        Raises:
            ValueError: no such option, or not a legal one.
        """
        actors = self.by_actor or {}
        if isinstance(choice, tuple) != (self.kind == "offer"):
            raise ValueError("this decision is of another kind")
        if not isinstance(choice, tuple) and not (0 <= choice < len(self.options) and self.legal[choice]):
            allowed = [option for option, may in zip(self.options, self.legal, strict=True) if may]
            raise ValueError(f"option {choice} cannot be taken; allowed are: {', '.join(allowed)}")
        return {
            Move(self.round, actor, self.kind, self.turn): (
                choice if isinstance(choice, tuple) or may[choice] else may.index(True)
            )
            for actor, may in actors.items()
        }


@dataclass(frozen=True)
class Reckoned:
    """How a game goes on from some moves.

    Attributes:
        asked: what is to be decided next; nothing if it has ended.
        taken: all moves so far, in order.
        left: moves that fell to simulated agents in the place of people.
        account: all that everybody learns so far.
        ended: whether the game, or practice, is over.
    """

    asked: tuple[Question, ...]
    taken: Mapping[Move, Choice]
    left: tuple[Move, ...]
    account: tuple[Mapping[str, Any], ...]
    ended: bool


@dataclass(frozen=True)
class Dealt:
    """What chance dealt before the first round.

    Attributes:
        draws: path of a parameter -> its number in this world, an ally's own numbers too, as `briefing` takes them.
        type_: key of the challenger's type, as it is or will turn out.
        known_from: number of the first round in which the challenger itself knows it.
    """

    draws: Mapping[str, float]
    type_: str
    known_from: int


@dataclass(frozen=True)
class Table:
    """Which game: the file of its scenario, its settings, and whether it is practice, in a world of its own."""

    path: Path
    settings: Settings
    practice: bool = False

    @property
    def rounds(self) -> int:
        """How many rounds are played."""
        return 1 if self.practice else self.settings.rounds
