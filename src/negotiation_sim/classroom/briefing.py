"""What a seat is told before and during play, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """One of the documents: its title, and in full with author, outlet and date."""

    title: str
    full: str


@dataclass(frozen=True)
class Cited:
    """A finding: its id, what it says in our words, and the document's title."""

    id: str
    says: str
    document: str


@dataclass(frozen=True)
class Basis:
    """What a number rests on: findings, else an assumption in words."""

    findings: tuple[Cited, ...]
    assumption: str | None

    @property
    def short(self) -> str:
        """Ids of the findings, or the word assumption."""
        return ", ".join(each.id for each in self.findings) or "assumption"


@dataclass(frozen=True)
class LevelWorth:
    """A level of an issue: its label, points to this seat, and whether it lies beyond a red line of its own."""

    level: int
    label: str
    points: float
    beyond_hard: bool
    beyond_soft: bool


@dataclass(frozen=True)
class Stake:
    """What an issue means to the seat; `consent` are names, `levels` begin with the status quo."""

    title: str
    matters: str
    levels: tuple[LevelWorth, ...]
    consent: tuple[str, ...]
    basis: Basis


@dataclass(frozen=True)
class Line:
    """A red line in words; `price` in points a level for a soft one, None for a hard one."""

    title: str
    says: str
    price: float | None
    basis: Basis


@dataclass(frozen=True)
class Offer:
    """A named package.

    Attributes:
        levels: level of every issue, None where the package does not name it.
        moves: the same in words, of what it moves.
        points: what it is worth to the seat.
        bound_in: places where it can be bound.
    """

    title: str
    levels: tuple[int | None, ...]
    moves: tuple[str, ...]
    points: float
    bound_in: tuple[str, ...]


@dataclass(frozen=True)
class Belief:
    """What all believe that a party gains and loses by, most first."""

    name: str
    gains: tuple[str, ...]
    loses: tuple[str, ...]


@dataclass(frozen=True)
class TypeBelief:
    """A type of the challenger: share of the common prior, how observers picture it, and what that rests on."""

    label: str
    share: float
    means: str
    basis: Basis


@dataclass(frozen=True)
class Step:
    """A step of a ladder; `cost` in points, for the seat whose ladder it is."""

    label: str
    means: str
    cost: float | None


@dataclass(frozen=True)
class Ladder:
    """A ladder, foot first, and the step on which its side stands at first."""

    name: str
    own: bool
    steps: tuple[Step, ...]
    start: str


@dataclass(frozen=True)
class Venue:
    """A forum on the calendar, names in words; `own` if the seat sits there."""

    title: str
    place: str
    dates: tuple[str, ...]
    sits: tuple[str, ...]
    tables: tuple[str, ...]
    agenda: tuple[str, ...]
    binds: tuple[str, ...]
    own: bool


@dataclass(frozen=True)
class Secret:
    """A number that only this seat knows; `shown` carries its unit."""

    words: str
    value: float
    shown: str
    basis: Basis


@dataclass(frozen=True)
class Briefing:
    """All that one seat is told. Empty tuples and None where a seat or a scenario has no such thing.

    Attributes:
        seat, name, setting: key and name of the seat; the crisis and its first day, in words.
        issues: titles of all issues; `Offer.levels` are in this order.
        who, goal: sentences.
        type_label: the challenger's own type, if the game fixes it and this is its seat.
        generated: what may be combined besides the named `offers`, one issue a line.
        believed_of_you: what the others believe of this seat, from published values.
        moves: what can be done on the own ladder, and when.
        tactic: how the simulated agent would play.
        assumptions: which of the seat's own numbers rest on no finding; `numbers` and `assumed` count all.
        voice: said first where the documents give the seat no voice.
        documents: those that are cited, in the order in which the page numbers them.
    """

    seat: str
    name: str
    setting: str
    issues: tuple[str, ...]
    who: tuple[str, ...]
    goal: tuple[str, ...]
    voice: Basis | None
    type_label: str | None
    stakes: tuple[Stake, ...]
    red_lines: tuple[Line, ...]
    offers: tuple[Offer, ...]
    generated: tuple[str, ...]
    clock: str | None
    tactic: str | None
    beliefs: tuple[Belief, ...]
    types: tuple[TypeBelief, ...]
    believed_of_you: Belief | None
    ladders: tuple[Ladder, ...]
    moves: tuple[str, ...]
    venues: tuple[Venue, ...]
    calendar: str
    consent: tuple[str, ...]
    audience: str | None
    secrets: tuple[Secret, ...]
    numbers: int
    assumed: int
    assumptions: tuple[str, ...]
    caution: tuple[str, ...]
    documents: tuple[Document, ...]
