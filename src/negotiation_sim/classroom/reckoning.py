"""What a session needs of the model: what is asked of whom, what a package is worth, and how things may end.

These functions take seconds of arithmetic: `backroom` calls them in processes of their own. All they give back is small
and plain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from negotiation_sim.agents.ally import AllyAgent
from negotiation_sim.agents.negotiator import Tabled
from negotiation_sim.analysis.shares import outcome_shares
from negotiation_sim.classroom import forecast
from negotiation_sim.classroom.account import account
from negotiation_sim.classroom.game import Asked, Game, Position
from negotiation_sim.classroom.moves import Choice, Move, Weighed
from negotiation_sim.classroom.questions import Dealt, Question, Reckoned, Table
from negotiation_sim.files import write_whole
from negotiation_sim.parquet import as_parquet
from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.scenario import Scenario
from negotiation_sim.talks import Talks


@lru_cache(maxsize=32)
def game_of(table: Table) -> Game:
    """The game with people in its seats."""
    settings = table.settings
    return Game(
        _scenario(table.path),
        settings.seed,
        settings.world + int(table.practice),
        settings.seats,
        settings.parameters,
    )


def loaded(source: str) -> Scenario:
    """A scenario by its name or the path of its file."""
    return Scenario.load(source)


@cache
def _scenario(path: Path) -> Scenario:
    return Scenario.load(str(path))


_latest: dict[Table, tuple[Mapping[Move, Choice], Position]] = {}
"""The last position of every game in this process: what a package is worth is asked of it many times."""


def _position(table: Table, moves: Mapping[Move, Choice]) -> Position:
    known = _latest.get(table)
    if known is None or known[0] != moves:
        known = _latest[table] = moves, game_of(table).play(moves)
    return known[1]


def reckon(
    table: Table, moves: Mapping[Move, Choice], decided: Mapping[Move, Choice], left: Collection[str]
) -> Reckoned:
    """Play on until people are asked again.

    Args:
        table: which game.
        moves: all moves up to the decision that is awaited.
        decided: what people decided of it.
        left: seats whose decision of it falls to the simulated agent.

    Raises:
        ValueError: a move is not legal.
    """
    fallen: tuple[Move, ...] = ()
    if left:
        fallen = _moves_of(asked for asked in _position(table, moves).asked if asked.seat in left)
    position = game_of(table).play({**moves, **decided}, fallen)
    _latest[table] = position.taken, position
    last = table.rounds
    ended = position.ended or position.session.number > last
    return Reckoned(
        asked=() if ended else tuple(_question(position, asked) for asked in position.asked),
        taken={move: choice for move, choice in position.taken.items() if move.round <= last},
        left=fallen,
        account=tuple(entry for entry in account(position) if entry["round"] <= last),
        ended=ended,
    )


def _moves_of(asked: Iterable[Asked]) -> tuple[Move, ...]:
    return tuple(Move(each.round, actor, each.kind, each.turn) for each in asked for actor in each.decisions)


def _question(position: Position, asked: Asked) -> Question:
    by_actor = {actor: tuple(map(bool, each.legal[0])) for actor, each in asked.decisions.items()}
    common: dict[str, Any] = {
        "seat": asked.seat,
        "round": asked.round,
        "kind": asked.kind,
        "turn": asked.turn,
    }
    if asked.kind == "offer":
        return Question(**common, party=position.proposer(asked), by_actor=by_actor)
    legal = tuple(map(bool, asked.legal))
    if asked.kind == "signal":
        return Question(**common, options=asked.options, legal=legal, by_actor=by_actor)
    decisions = list(asked.decisions.values())
    tabled: Tabled = decisions[0].context["tabled"]
    titles = [issue.title for issue in position.talks.layout.issues.values()]
    crossed = np.any([each.context["crossed"][0] for each in decisions], axis=0)
    row = int(tabled.index[0])
    return Question(
        **common,
        party=tabled.proposer,
        options=asked.options,
        legal=legal,
        by_actor=by_actor,
        levels=tuple(int(level) for level in tabled.levels[0]),
        title=tabled.menu.names[row],
        worth=float(min(each.context["worth"][0] for each in decisions)),
        crossed=tuple(titles[at] for at in np.flatnonzero(crossed)),
        bindable=bool(tabled.bindable[0]),
    )


def weigh(table: Table, moves: Mapping[Move, Choice], seat: str, levels: Sequence[int]) -> Weighed:
    """What a package would be to a seat that is asked for an offer.

    Raises:
        ValueError: it is not asked for one, or these are not levels of the issues.
    """
    position = _position(table, moves)
    for asked in position.asked:
        if asked.seat == seat and asked.kind == "offer":
            return position.weigh(asked, levels)
    raise ValueError(f"{seat} is not asked for an offer")


def suggest(table: Table, moves: Mapping[Move, Choice], seat: str) -> Choice:
    """What the simulated agent would do in the place of a seat that is asked.

    Raises:
        ValueError: it is not asked.
    """
    position = _position(table, moves)
    for asked in position.asked:
        if asked.seat == seat:
            chosen = game_of(table).play(moves, _moves_of(position.asked)).taken[asked.move]
            if asked.kind != "offer" or isinstance(chosen, tuple):
                return chosen
            menu = asked.decisions[asked.move.actor].context["menu"]
            return tuple(int(level) for level in menu.levels[chosen])
    raise ValueError(f"{seat} is not asked for a decision")


def deal(table: Table) -> Dealt:
    """What chance dealt in a game's world before its first round."""
    game = game_of(table)
    talks = Talks(game.scenario, [game.world], game.seed, game.parameters)
    draws = {path: float(talks.parameter(path)[0]) for path in game.scenario.parameters}
    issues = list(talks.layout.issues)
    for ally in talks.agents:
        if not isinstance(ally, AllyAgent):
            continue
        own = f"alliance.clusters.{ally.cluster}.members.{ally.key}"
        draws[f"{own}.reservation"] = float(ally.reservation[0])
        draws |= {f"{own}.weights.{key}": float(ally.weights[0, at]) for at, key in enumerate(issues)}
        finite = [at for at in range(len(issues)) if np.isfinite(ally.high[0, at])]
        draws |= {f"{own}.red_lines.{issues[at]}.high": float(ally.high[0, at]) for at in finite}
    challenger = talks.challenger
    known = bool((challenger.type_mix[0] == 1.0).any())
    return Dealt(
        draws,
        talks.layout.types[int(challenger.becomes[0])],
        1 if known else talks.layout.challenger_spec.decides_after + 1,
    )


SWING_WORLDS = 2000
"""Worlds in which each decision of a round is compared with the simulated agent's."""


def odds_after(
    table: Table,
    moves: Mapping[Move, Choice],
    rounds: int,
    decided: Mapping[str, Collection[Move]],
    worlds: int,
) -> dict[str, Any]:
    """The odds after some rounds, and which decision of people in the last of them moved the odds most.

    Args:
        table, moves, rounds: the game, its moves in order, and how many rounds have been played.
        decided: any name of a decision of people in the last of these rounds -> its moves.
        worlds: in how many worlds it goes on.

    Returns:
        `shares` (rows of `outcome_shares`), `worlds`, and `swings`: a row a decision with `decision` (its name),
        `swing` (half the sum of all changes of shares, 0 to 1: what share of worlds ends differently at least),
        `outcome`, `change`, `low`, `high`: the outcome whose share changed most against what the simulated agent would
        have done, and by how much; largest first.
    """
    game = game_of(table)
    talks = game.until(moves, rounds)
    if not talks.running:
        runs = talks.run().outcomes
        shares = outcome_shares(runs, "outcome", OUTCOMES)
        return {"shares": _rows(shares), "worlds": 1, "swings": []}
    shares = forecast.odds(game, moves, rounds, worlds)
    swings: list[dict[str, Any]] = []
    for name, its in decided.items():
        differences = forecast.fork(game, moves, dict.fromkeys(its), rounds, min(worlds, SWING_WORLDS))
        # From the fork to the game: what the decision that was taken has changed.
        change = np.negative(differences["difference"].to_numpy(dtype=float))
        most = int(np.abs(change).argmax())
        low, high = differences[["low", "high"]].to_numpy(dtype=float)[most]
        swings.append(
            {
                "decision": name,
                "swing": float(np.abs(change).sum() / 2),
                "outcome": str(differences["outcome"].iloc[most]),
                "change": float(change[most]),
                "low": -float(high),
                "high": -float(low),
            }
        )
    swings.sort(key=lambda row: -row["swing"])
    return {"shares": _rows(shares), "worlds": worlds, "swings": swings}


def all_simulated(table: Table, worlds: int, path: Path) -> None:
    """Play many worlds of a session's scenario without people, each with private numbers drawn over their ranges.

    Writes a table to `path`, whole or not at all: a row a world, a column `after_N` a round, which outcome there was as
    things stood after round N.
    """
    by_round = Talks(game_of(table).scenario, worlds, table.settings.seed).run().record.outcomes()
    runs = pd.DataFrame({f"after_{number}": outcome for number, outcome in enumerate(by_round, start=1)})
    write_whole(path, lambda temporary: temporary.write_bytes(as_parquet(runs)))


def landing(baseline: Path, round_: int) -> list[dict[str, Any]]:
    """Rows of `outcome_shares` as things stood after a round, in worlds without people.

    Args:
        baseline: the file that `all_simulated` wrote.
        round_: number of the round.

    Raises:
        OSError: it is not there.
    """
    column = f"after_{round_}"
    runs = pd.read_parquet(baseline, columns=[column]).rename(columns={column: "outcome"})
    return _rows(outcome_shares(runs, "outcome", OUTCOMES))


def road_not_taken(
    table: Table,
    moves: Mapping[Move, Choice],
    decided: Iterable[Move],
    seat: str,
    choice: Choice | None,
    worlds: int,
) -> tuple[list[dict[str, Any]], bool]:
    """The odds after a round if a seat had decided something else in it, against those of the game, on the same luck.

    Args:
        table, moves: the game, and all its moves in order; they stay as they are.
        decided: the moves that the decision came to.
        seat: whose decision.
        choice: an option, or the levels of a package (K); None for what the simulated agent would have done.
        worlds: in how many worlds the game goes on.

    Returns: the rows of `paired_differences` from the game to its fork, and whether any world goes on: after the
        last round of the calendar all worlds are one.

    Raises:
        ValueError: it is not legal; says why.
    """
    its = tuple(decided)
    order = list(moves)
    first = min(map(order.index, its))
    number = its[0].round
    other: dict[Move, Choice | None] = dict.fromkeys(its)
    if choice is not None:
        position = _position(table, {move: moves[move] for move in order[:first]})
        asked = next(each for each in position.asked if each.seat == seat)
        if isinstance(choice, tuple):
            hard = position.weigh(asked, choice).hard
            if hard:
                raise ValueError(f"this package crosses a hard red line of the seat ({', '.join(hard)})")
            other = dict.fromkeys(its, choice)
        else:
            other = {move: option for move, option in asked.moves(choice).items() if move in its}
    goes_on = number < len(game_of(table).scenario.layout.rounds)
    return _rows(forecast.fork(game_of(table), moves, other, number, worlds if goes_on else 1)), goes_on


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(key): value.item() if isinstance(value, np.generic) else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]
