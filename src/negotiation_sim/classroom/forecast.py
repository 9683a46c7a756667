"""The odds from here: a game copied out to many worlds, which go on with luck of their own."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from negotiation_sim.analysis.comparison import paired_differences
from negotiation_sim.analysis.shares import outcome_shares
from negotiation_sim.classroom.game import Game
from negotiation_sim.classroom.moves import Choice, Move
from negotiation_sim.rules.outcome import OUTCOMES


def continued(
    game: Game, moves: Mapping[Move, Choice], rounds: int, worlds: int, seed: int = 0
) -> pd.DataFrame:
    """How worlds end that share the first rounds of a game, and in which all seats are simulated from then on.

    Args:
        game: the game; what its world has drawn stays, only luck differs.
        moves: of the game, all of the first `rounds` rounds among them.
        rounds: how many rounds they share; 0 for none.
        worlds, seed: how many, and the seed of their luck. With the same seed, world j has the same luck after any
            moves: common random numbers.

    Returns: the table of `Talks.outcomes`, a row a world.

    Of a game that has ended by then, all worlds are the one that was played.

    Raises:
        ValueError: a decision of these rounds is missing.
    """
    talks = game.until(moves, rounds)
    if not talks.running:
        outcomes = talks.outcomes
        return outcomes.loc[outcomes.index.repeat(worlds)].assign(world=range(worlds))
    return talks.spread(worlds, seed).run().outcomes


def odds(game: Game, moves: Mapping[Move, Choice], rounds: int, worlds: int, seed: int = 0) -> pd.DataFrame:
    """Shares of the outcomes with joint intervals (`analysis.shares.outcome_shares`); arguments as in `continued`."""
    return outcome_shares(continued(game, moves, rounds, worlds, seed), "outcome", OUTCOMES)


def fork(
    game: Game,
    moves: Mapping[Move, Choice],
    other: Mapping[Move, Choice | None],
    rounds: int,
    worlds: int,
    seed: int = 0,
) -> pd.DataFrame:
    """The road not taken: how the odds after some rounds differ if some moves of the last of them are others.

    Args:
        game, moves, rounds, worlds, seed: as in `continued`; `moves` in the order in which they were taken.
        other: the moves that differ, and what they are then; None leaves one to the simulated agent. What was
            decided before them, or at the same moment, stays; what came after them in the game is simulated, for
            it answered something else.

    Returns: the table of `analysis.comparison.paired_differences` from the game to its fork, on the same luck.

    Raises:
        ValueError: as `continued`; a move that differs is none of the game's, or is not legal.
    """
    order = list(moves)
    unknown = [move for move in other if move not in moves]
    if unknown or not other:
        raise ValueError(f"a fork needs moves of the game that differ, but has {unknown or 'none'}")
    first = min(order.index(move) for move in other)
    moment = (order[first].round, order[first].kind, order[first].turn)
    kept = {move: moves[move] for at, move in enumerate(order) if at < first or _moment(move) == moment}
    simulated = Game(game.scenario, game.seed, game.world, (), game.parameters)
    taken = continued(game, moves, rounds, worlds, seed)
    changed = {move: kept[move] for move in kept if move not in other} | {
        move: choice for move, choice in other.items() if choice is not None
    }
    forked = continued(simulated, changed, rounds, worlds, seed)
    return paired_differences(taken, forked, "outcome", list(OUTCOMES))


def _moment(move: Move) -> tuple[int, str, int]:
    return move.round, move.kind, move.turn
