"""A session, folded from its events: one pure function says where it stands, for play, replay, debrief and restarts.

What happens in a session is written to its log as events of these kinds, besides those of `identity`:

============ ================================================ ====================================================
kind         data                                             effect
============ ================================================ ====================================================
CREATED      `settings`, `scenario` (hash), `version`         the session exists; people may come
BEGUN        `practice`                                       practice, or the game, begins from the first round
OPENED       see `Step`; `moves`, `left`, `account`, `ended`  what the model had to say: moves that were taken, by
                                                              people and simulated agents, what everybody learns
                                                              of it, and what is to be decided next, until when
DECIDED      `step`, `seat`, `choice`, `moves`, `why`         a seat has decided
CLOSED       `step`, `reason`                                 nobody may decide in this step any more
PAUSED       `reason`                                         the clock stands still
RESUMED      `deadline`                                       the clock goes on
EXTENDED     `deadline`                                       more time for this step
HANDED       `seat`, `to` (people or simulation)              who decides for a seat from the next step on
REWOUND      `round`                                          everything from this round on is undone
ENDED        `reason`                                         the session is over
INJECTED     `to` (seat or None), `text`, `number` or None    news; `number` that of the settings' inject
HELD, FREED  `number`                                         an inject of the settings is held back, or no longer
STATED       `seat`, `text`                                   a public statement
WRITTEN      `seat`, `to`, `text`                             a message from one seat to another
ODDS         `round`, `shares`, `worlds`, `swings`            the odds after a round, 0 for those before the first
DECLASSIFIED `seat` (or None for all)                         what was private of a seat is open to all
============ ================================================ ====================================================

Deadlines are times of the server's clock, absolute. `by` of an event is `seat:KEY:NUMBER` or `facilitator:NUMBER`, the
number being that of the token's event, or `clock`, `model` or `server`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, Literal

from negotiation_sim.classroom.identity import TOKEN_ISSUED, Register
from negotiation_sim.classroom.log import Event
from negotiation_sim.classroom.moves import Choice, Move
from negotiation_sim.classroom.settings import Settings

CREATED, BEGUN, OPENED, DECIDED, CLOSED = "created", "begun", "opened", "decided", "closed"
PAUSED, RESUMED, EXTENDED, HANDED, REWOUND = "paused", "resumed", "extended", "handed", "rewound"
ENDED, INJECTED, HELD, FREED = "ended", "injected", "held", "freed"
STATED, WRITTEN, ODDS, DECLASSIFIED = "stated", "written", "odds", "declassified"

Phase = Literal["lobby", "reckoning", "open", "paused", "ended"]
"""Before practice or the game begins; the model plays on; seats may decide; the clock stands; it is over."""


@dataclass(frozen=True)
class Step:
    """A moment at which seats decide, none knowing of the others' decisions.

    Attributes:
        number: of the step, from 1; rewinding goes on counting.
        round, kind, turn: which decision of the model; `kind` is offer, response, silence or signal.
        asked: keys of the seats that decide.
        deadline: server's time in seconds since 1970.
    """

    number: int
    round: int
    kind: str
    turn: int
    asked: tuple[str, ...]
    deadline: float


@dataclass(frozen=True)
class Decided:
    """A decision of a seat; `choice` is an option, or the levels of a package; `why` a sentence, perhaps empty."""

    seq: int
    at: float
    step: int
    round: int
    kind: str
    turn: int
    seat: str
    by: str
    choice: Choice
    moves: Mapping[Move, Choice]
    why: str


@dataclass(frozen=True)
class Told:
    """A statement (`to` None), a message from a seat to another, or news (`seat` None; `to` None for all)."""

    seq: int
    at: float
    round: int
    seat: str | None
    to: str | None
    by: str
    text: str


@dataclass(frozen=True)
class SessionState:
    """Where a session stands after some of its events.

    Attributes:
        seq, at: of the last event.
        settings, scenario_hash, version: as it was created.
        phase: see `Phase`.
        practice, practised: whether what is played now is practice; whether practice has begun, or is left out.
        step: what is to be decided, or was last.
        steps, rewinds: how many steps were opened, and how often something was undone.
        closed_by, closed_for: who closed the step, and why.
        decided: seat -> its decision in this step.
        moves: all moves that were taken, in order, as the model asked for them.
        left: moves of people that fell to the simulated agent.
        history: all decisions of people that still count, in order.
        account: what everybody learns, see `account`.
        paused_left, pause_reason: seconds that are left while the clock stands, and why it does.
        simulated: seats that are handed to the simulation.
        statements, messages, news: in order.
        held, injected: numbers of the settings' injects that are held back; that have been told.
        odds: round -> data of the ODDS event.
        declassified: seats whose private matters are open; `everything` if all are.
        register: who may act.
        people: number of a token -> name of its holder; of all tokens that were ever issued.
    """

    seq: int = 0
    at: float = 0.0
    settings: Settings | None = None
    scenario_hash: str = ""
    version: str = ""
    phase: Phase = "lobby"
    practice: bool = False
    practised: bool = False
    step: Step | None = None
    steps: int = 0
    rewinds: int = 0
    closed_by: str = ""
    closed_for: str = ""
    decided: Mapping[str, Decided] = field(default_factory=dict)
    moves: Mapping[Move, Choice] = field(default_factory=dict)
    left: frozenset[Move] = frozenset()
    history: tuple[Decided, ...] = ()
    account: tuple[Mapping[str, Any], ...] = ()
    paused_left: float = 0.0
    pause_reason: str = ""
    simulated: frozenset[str] = frozenset()
    statements: tuple[Told, ...] = ()
    messages: tuple[Told, ...] = ()
    news: tuple[Told, ...] = ()
    held: frozenset[int] = frozenset()
    injected: frozenset[int] = frozenset()
    odds: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    declassified: frozenset[str] = frozenset()
    ended_for: str = ""
    register: Register = field(default_factory=Register)
    people: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[Event]) -> SessionState:
        """The state after all these events, in order."""
        return reduce(after, events, cls())

    @property
    def set(self) -> Settings:
        """The settings of a session that has been created."""
        assert self.settings is not None
        return self.settings

    @property
    def round(self) -> int:
        """Number of the round that is being played, or was last; 0 before the first."""
        return int(self.account[-1]["round"]) if self.account else 0

    @property
    def complete(self) -> int:
        """How many rounds have been played to their end."""
        return max((int(each["round"]) for each in self.account if each["what"] == "standing"), default=0)

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """Seats that have not decided in the step that is open."""
        return tuple(seat for seat in self.step.asked if seat not in self.decided) if self.step else ()

    def is_open_to(self, seat: str) -> bool:
        """Whether what is private of a seat is open to all."""
        return seat in self.declassified or "*" in self.declassified


def after(state: SessionState, event: Event) -> SessionState:
    """The state after one more event; one of an unknown kind changes nothing."""
    state = replace(state, seq=event.seq, at=event.at, register=state.register.after(event))
    if event.kind == TOKEN_ISSUED:
        return replace(state, people={**state.people, event.seq: event.data.get("name", "")})
    effect = EFFECTS.get(event.kind)
    return effect(state, event) if effect else state


def as_data(moves: Mapping[Move, Choice]) -> list[list[Any]]:
    """Moves as the log keeps them: [round, actor, kind, turn, choice] each."""
    return [[*move, list(choice) if isinstance(choice, tuple) else choice] for move, choice in moves.items()]


def as_moves(data: Iterable[list[Any]]) -> dict[Move, Choice]:
    """Moves from how the log keeps them."""
    return {Move(*key): tuple(choice) if isinstance(choice, list) else choice for *key, choice in data}


def _created(state: SessionState, event: Event) -> SessionState:
    settings = Settings.model_validate(event.data["settings"])
    return replace(
        state,
        settings=settings,
        scenario_hash=event.data["scenario"],
        version=event.data["version"],
        practised=not settings.practice,
    )


def _begun(state: SessionState, event: Event) -> SessionState:
    afresh = _rewound(state, replace(event, data={"round": 1}))
    return replace(afresh, practice=event.data["practice"], practised=True, injected=frozenset())


def _opened(state: SessionState, event: Event) -> SessionState:
    data = event.data
    step = None
    if data["asked"]:
        step = Step(
            data["number"], data["round"], data["kind"], data["turn"], tuple(data["asked"]), data["deadline"]
        )
    return replace(
        state,
        phase="open" if not data["ended"] else "lobby" if state.practice else "ended",
        ended_for="the last round has been played" if data["ended"] and not state.practice else "",
        step=step,
        steps=data["number"],
        decided={},
        closed_by="",
        closed_for="",
        moves={**state.moves, **as_moves(data["moves"])},
        left=state.left | frozenset(Move(*each) for each in data["left"]),
        account=(*state.account, *data["account"]),
    )


def _decided(state: SessionState, event: Event) -> SessionState:
    data, step = event.data, state.step
    assert step is not None
    choice = data["choice"]
    decision = Decided(
        seq=event.seq,
        at=event.at,
        step=data["step"],
        round=step.round,
        kind=step.kind,
        turn=step.turn,
        seat=data["seat"],
        by=event.by,
        choice=tuple(choice) if isinstance(choice, list) else choice,
        moves=as_moves(data["moves"]),
        why=data["why"],
    )
    return replace(
        state,
        decided={**state.decided, decision.seat: decision},
        history=(*state.history, decision),
    )


def _closed(state: SessionState, event: Event) -> SessionState:
    return replace(
        state, phase="reckoning", paused_left=0.0, closed_by=event.by, closed_for=event.data["reason"]
    )


def _paused(state: SessionState, event: Event) -> SessionState:
    assert state.step is not None
    return replace(
        state,
        phase="paused",
        paused_left=max(0.0, state.step.deadline - event.at),
        pause_reason=event.data["reason"],
    )


def _resumed(state: SessionState, event: Event) -> SessionState:
    assert state.step is not None
    step = replace(state.step, deadline=event.data["deadline"])
    return replace(state, phase="open", step=step, paused_left=0.0, pause_reason="")


def _extended(state: SessionState, event: Event) -> SessionState:
    assert state.step is not None
    longer = event.data["deadline"] - state.step.deadline
    step = replace(state.step, deadline=event.data["deadline"])
    return replace(
        state, step=step, paused_left=state.paused_left + longer if state.phase == "paused" else 0.0
    )


def _handed(state: SessionState, event: Event) -> SessionState:
    seat = frozenset([event.data["seat"]])
    simulated = state.simulated | seat if event.data["to"] == "simulation" else state.simulated - seat
    return replace(state, simulated=simulated)


def _rewound(state: SessionState, event: Event) -> SessionState:
    """Statements, messages and news stay: what people have read cannot be unread."""
    first = event.data["round"]
    return replace(
        state,
        phase="reckoning",
        step=None,
        rewinds=state.rewinds + 1,
        decided={},
        moves={move: choice for move, choice in state.moves.items() if move.round < first},
        left=frozenset(move for move in state.left if move.round < first),
        history=tuple(each for each in state.history if each.round < first),
        account=tuple(each for each in state.account if each["round"] < first),
        odds={number: each for number, each in state.odds.items() if number < first},
        paused_left=0.0,
        pause_reason="",
        ended_for="",
    )


def _ended(state: SessionState, event: Event) -> SessionState:
    return replace(state, phase="ended", paused_left=0.0, pause_reason="", ended_for=event.data["reason"])


def _told(state: SessionState, event: Event) -> Told:
    seat, to = event.data.get("seat"), event.data.get("to")
    return Told(event.seq, event.at, state.round, seat, to, event.by, event.data["text"])


def _injected(state: SessionState, event: Event) -> SessionState:
    number = event.data["number"]
    injected = state.injected if number is None else state.injected | {number}
    return replace(state, news=(*state.news, _told(state, event)), injected=injected)


def _held(state: SessionState, event: Event) -> SessionState:
    return replace(state, held=state.held | {event.data["number"]})


def _freed(state: SessionState, event: Event) -> SessionState:
    return replace(state, held=state.held - {event.data["number"]})


def _stated(state: SessionState, event: Event) -> SessionState:
    return replace(state, statements=(*state.statements, _told(state, event)))


def _written(state: SessionState, event: Event) -> SessionState:
    return replace(state, messages=(*state.messages, _told(state, event)))


def _odds(state: SessionState, event: Event) -> SessionState:
    return replace(state, odds={**state.odds, event.data["round"]: event.data})


def _declassified(state: SessionState, event: Event) -> SessionState:
    return replace(state, declassified=state.declassified | {event.data["seat"] or "*"})


EFFECTS: Mapping[str, Callable[[SessionState, Event], SessionState]] = {
    CREATED: _created,
    BEGUN: _begun,
    OPENED: _opened,
    DECIDED: _decided,
    CLOSED: _closed,
    PAUSED: _paused,
    RESUMED: _resumed,
    EXTENDED: _extended,
    HANDED: _handed,
    REWOUND: _rewound,
    ENDED: _ended,
    INJECTED: _injected,
    HELD: _held,
    FREED: _freed,
    STATED: _stated,
    WRITTEN: _written,
    ODDS: _odds,
    DECLASSIFIED: _declassified,
}
