"""One negotiation with people in some of its seats: what has been decided so far says where it stands.

There is no second engine and no state to be kept: a game is one world of `Talks`, played from the start with every
decision that was taken, by people and by simulated agents alike, until one is missing. So play, replay, a restart after
a crash and a fork are the same call with other moves. Simulated moves are moves too: once taken they are given back,
and never computed again, whatever a later version of the rules would do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from negotiation_sim.agents.decisions import Decision
from negotiation_sim.classroom.moves import Choice, Move, Weighed
from negotiation_sim.rules.arrays import Bools, Floats, Ints
from negotiation_sim.rules.red_lines import overshoot
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.layout import Round
from negotiation_sim.scenario.parameters import Drawing
from negotiation_sim.talks import Talks

SIMULATED = -1
"""What a decider says to leave a decision to the simulated agent."""
WRITTEN = 0
"""The option that a package which a person wrote is, on the menu that was made of it."""


@dataclass(frozen=True)
class Asked:
    """What a seat is to decide now.

    Attributes:
        seat: who is asked.
        round, kind, turn: which decision.
        options: what can be done, in words.
        decisions: actor -> the decision as the model puts it; several where a seat speaks for several.
    """

    seat: str
    round: int
    kind: str
    turn: int
    options: tuple[str, ...]
    decisions: Mapping[str, Decision]

    @property
    def move(self) -> Move:
        """The decision of the one who is asked, or of the first of several."""
        return Move(self.round, next(iter(self.decisions)), self.kind, self.turn)

    @property
    def legal(self) -> Bools:
        """(n,) whether the seat may take each option: whether any of those whom it speaks for may."""
        return np.asarray(np.any([each.legal[0] for each in self.decisions.values()], axis=0))

    @property
    def worth(self) -> Floats:
        """(n,) what each option is worth; to the one whom it is worth least, if the seat speaks for several."""
        return np.asarray(np.min([each.values[0] for each in self.decisions.values()], axis=0))

    def moves(self, option: int) -> dict[Move, int]:
        """The moves that taking an option comes to.

        Who may not take what its delegation decides takes the first option that it may: an ally whose red line
        a draft crosses breaks silence whatever the delegation says.

        Raises:
            ValueError: no such option, or not a legal one; says which are.
        """
        if not (0 <= option < len(self.options) and self.legal[option]):
            allowed = ", ".join(
                f"{at} {self.options[at]}".rstrip() for at in np.flatnonzero(self.legal).tolist()
            )
            raise ValueError(
                f"{self.seat} cannot take option {option} of its {self.kind} in round {self.round}; "
                f"allowed are: {allowed}"
            )
        return {
            Move(self.round, actor, self.kind, self.turn): (
                option if each.legal[0, option] else int(np.argmax(each.legal[0]))
            )
            for actor, each in self.decisions.items()
        }


class Expected(NamedTuple):
    """What observers expected of the challenger in a round, before its signal.

    Attributes:
        belief: (1, T) in its types.
        chances: (T, 1, n) of each signal, under each type.
        habituation: (1,) share of what a signal tells that is lost with each build-up.
        build_ups: (1,) how many have been seen.
    """

    belief: Floats
    chances: Floats
    habituation: Floats
    build_ups: Ints


@dataclass(frozen=True)
class Position:
    """Where a game stands.

    Attributes:
        session: the round that is being played, or the last one.
        asked: what is to be decided now, by whom; all of it at once, none knowing of the others.
        taken: every move so far, in the order in which the model asked for them.
        decided: the decisions behind them, up to the first that is waited for, with the option taken.
        expected: number of a round -> what observers expected of the challenger's signal.
        talks: the model. While something is asked it stands somewhere in the round: read only what earlier
            rounds have left in its record.
        ended: the horizon is reached, or nothing can change any more.
    """

    session: Round
    asked: tuple[Asked, ...]
    taken: Mapping[Move, Choice]
    decided: tuple[tuple[Decision, int], ...]
    expected: Mapping[int, Expected]
    talks: Talks
    ended: bool

    def weigh(self, asked: Asked, levels: Sequence[int]) -> Weighed:
        """What a package (K) would be to a seat that is asked for an offer.

        Raises:
            ValueError: not a level for each issue, or none that an issue has.
        """
        talks, layout = self.talks, self.talks.layout
        tops = [issue.top for issue in layout.issues.values()]
        if len(levels) != len(tops) or not all(0 <= at <= top for at, top in zip(levels, tops, strict=True)):
            raise ValueError(f"a package has a level for each of {len(tops)} issues, from 0 to {tops}")
        agent = talks.principals[asked.move.actor]
        party = self.proposer(asked)
        own = agent.weigh_written(party, self.session, levels)
        menu = own.menu
        over = overshoot(menu.levels[:1], agent.low, agent.high)[0] > 0
        titles = [issue.title for issue in layout.issues.values()]
        hard = over & np.isinf(agent.price[0])
        moves = menu.levels[0] >= 1
        return Weighed(
            worth=float(own.utility[0, 0]),
            crossed=tuple(titles[at] for at in np.flatnonzero(over)),
            hard=tuple(titles[at] for at in np.flatnonzero(hard)),
            moves=bool((moves & ~talks.public.closed[0]).any()),
            bindable=bool(menu.bindable[0]),
            needs=tuple(key for key in layout.parties if menu.needs[key][0]),
        )

    def proposer(self, asked: Asked) -> str:
        """For whom an offer is drafted: the seat itself, or the alliance that it drafts for."""
        return self.talks.scenario.forums[self.session.forum].proposers[asked.turn]


class _Waiting(Exception):
    """A decision is missing that others have to wait for."""


@dataclass
class Game:
    """A world of a scenario and the seats that people take.

    Args:
        scenario: the scenario.
        seed, world: which world: its private numbers and the luck of the simulated agents.
        seats: keys of principals, of the alliance (one delegation for all allies that have no seat of their own)
            and of single allies.
        parameters: as in `Talks`.

    Raises:
        ValueError: a seat that the scenario does not have.
    """

    scenario: Scenario
    seed: int
    world: int = 0
    seats: tuple[str, ...] = ()
    parameters: Drawing = "ranges"
    _speaks_for: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Find out who speaks for whom."""
        allies = self._allies()
        known = [
            *self.scenario.actors,
            *([self.scenario.alliance.key] if self.scenario.alliance else []),
            *allies,
        ]
        unknown = [seat for seat in self.seats if seat not in known]
        if unknown or len(set(self.seats)) < len(self.seats):
            raise ValueError(
                f"seats must be different ones of {', '.join(known)}, but are {list(self.seats)}"
            )
        self._speaks_for = {seat: seat for seat in self.seats}
        if self.scenario.alliance and self.scenario.alliance.key in self.seats:
            delegation = self.scenario.alliance.key
            self._speaks_for |= {ally: delegation for ally in allies if ally not in self.seats}

    def _allies(self) -> list[str]:
        clusters = self.scenario.alliance.clusters.values() if self.scenario.alliance else ()
        return [key for cluster in clusters for key in cluster.members]

    def play(self, moves: Mapping[Move, Choice], left: Collection[Move] = ()) -> Position:
        """Play from the start with these moves, as far as they go.

        Args:
            moves: decisions taken so far; what simulated agents decide beyond them is added to `Position.taken`.
            left: decisions of people that are left to the simulated agent.

        Raises:
            ValueError: a move that is not legal where it is asked for.
        """
        table = _Table(self, moves, frozenset(left))
        talks = table.talks
        session = talks.round
        while talks.running and not table.waiting:
            session = talks.round
            with suppress(_Waiting):
                talks.step()
        ended = not talks.running and not table.waiting
        return Position(session, table.asked(), table.taken, table.decided, table.expected, talks, ended)

    def until(self, moves: Mapping[Move, Choice], rounds: int) -> Talks:
        """The model after so many rounds, all of whose decisions are among the moves; from then on all is simulated.

        Raises:
            ValueError: a decision of a person is missing before.
        """
        # A package that was written later on must not be tabled again where all is simulated.
        table = _Table(self, {move: moves[move] for move in moves if move.round <= rounds}, frozenset())
        for _ in range(rounds):
            if not table.talks.running:
                break
            with suppress(_Waiting):
                table.talks.step()
            if table.waiting:
                missing = table.waiting[0]
                raise ValueError(f"round {missing.round} is not complete: {missing.actor} has not decided")
        table.talks.desk.release()
        return table.talks


class _Table:
    """A model under play: gives back what was decided, and notes what is missing."""

    def __init__(self, game: Game, moves: Mapping[Move, Choice], left: frozenset[Move]) -> None:
        self._game, self._moves, self._left = game, moves, left
        self.waiting: list[Decision] = []
        self.expected: dict[int, Expected] = {}
        actors = [*game.scenario.actors, *game._allies()]
        self.talks = Talks(
            game.scenario,
            worlds=[game.world],
            seed=game.seed,
            parameters=game.parameters,
            deciders=dict.fromkeys(actors, self.decide),
            keep_decisions=True,
            written={
                (move.round, move.turn): levels for move, levels in moves.items() if isinstance(levels, tuple)
            },
        )
        self._counted: int | None = None

    def decide(self, decision: Decision) -> Ints:
        """Give back what was decided; leave the rest to the simulated agent, or wait for a person."""
        move = _move(decision)
        if not decision.asked[0]:
            return np.array([SIMULATED])
        if move.kind == "signal" and move.actor == self.talks.layout.challenger:
            self.expected[move.round] = self._expected()
        if self.waiting and _together(decision) != _together(self.waiting[0]):
            raise _Waiting
        if move in self._moves:
            choice = self._moves[move]
            return np.array([WRITTEN if isinstance(choice, tuple) else choice])
        if decision.actor in self._game._speaks_for and move not in self._left and _is_open(decision):
            if self._counted is None:
                self._counted = len(self.talks.desk.log or ())
            self.waiting.append(decision)
        return np.array([SIMULATED])  # while somebody is waited for, this stands in and is thrown away

    def _expected(self) -> Expected:
        talks = self.talks
        return Expected(
            talks.public.belief.copy(),
            talks.challenger.chances_by_type(),
            talks.parameter_now("habituation"),
            talks.public.build_ups.copy(),
        )

    @property
    def taken(self) -> dict[Move, Choice]:
        """Moves up to the first that is waited for, and those that were given for the same moment."""
        log = self.talks.desk.log or []
        given = [(each, int(chosen[0])) for each, chosen in log[len(self._before()) :]]
        both = [
            *self.decided,
            *(each for each in given if each[0].asked[0] and _move(each[0]) in self._moves),
        ]
        return {_move(each): self._moves.get(_move(each), chosen) for each, chosen in both}

    @property
    def decided(self) -> tuple[tuple[Decision, int], ...]:
        """Decisions up to the first that is waited for, and the option taken."""
        return tuple((each, int(chosen[0])) for each, chosen in self._before() if each.asked[0])

    def _before(self) -> list[tuple[Decision, Ints]]:
        log = self.talks.desk.log or []
        return log if self._counted is None else log[: self._counted]

    def asked(self) -> tuple[Asked, ...]:
        """What is waited for, by seat."""
        by_seat: dict[str, dict[str, Decision]] = {}
        for decision in self.waiting:
            by_seat.setdefault(self._game._speaks_for[decision.actor], {})[decision.actor] = decision
        return tuple(
            Asked(seat, first.round, first.kind, first.turn, first.options, decisions)
            for seat, decisions in by_seat.items()
            for first in [next(iter(decisions.values()))]
        )


def _move(decision: Decision) -> Move:
    return Move(decision.round, decision.actor, decision.kind, decision.turn)


def _is_open(decision: Decision) -> bool:
    """Whether there is anything to decide: a person is not asked what can only be answered in one way."""
    return decision.kind == "offer" or int(decision.legal[0].sum()) > 1


def _together(decision: Decision) -> tuple[int, str, int]:
    """Decisions with the same of this are taken at the same moment."""
    return decision.round, decision.kind, decision.turn
