"""Which states of a conflict could last: stability in the graph model for conflict resolution.

A conflict is a set of *states*, and for every *decision maker* (DM) the moves that it can make alone from each
state (arcs of a directed graph) and a ranking of the states. A state is stable for a DM if it has no reason to move
away from it. The concepts differ in what the DM expects the others to do about it. In the words of Fang, Hipel &
Kilgour, with *unilateral improvement* for a move to a state that the mover likes better:

===========  =========================================================================  ============================
concept      a state is stable for a DM if                                              source
===========  =========================================================================  ============================
nash         it has no unilateral improvement (rationality, "R")                        Nash 1951
gmr          after each of its improvements, the others can bring it to a state that    Howard 1971
             it likes no better than the present one (general metarationality)
smr          as gmr, and from there it can't escape by a move of its own to a state     Howard 1971
             that it likes better than the present one (symmetric metarationality)
seq          as gmr, and every move of the others towards that sanction is an           Fraser & Hipel 1979
             improvement for who makes it (sequential stability)
===========  =========================================================================  ============================

A state stable for every DM is an *equilibrium*. Always nash => smr => gmr and nash => seq => gmr.

With three DMs and more the others act as a group by *legal sequences*: each moves as often as it likes, but not twice
running. Whether one's own moves can be chained is said by its arcs alone: if it can go from a to b and from b
to c, but there is no arc from a to c, then it can't go from a to c in one turn. A state that can't be left (war, say)
has no arcs out of it.

Sources
-------
Nash, J. F. (1951). Non-cooperative games. Annals of Mathematics 54, 286-295.
Howard, N. (1971). Paradoxes of Rationality: Theory of Metagames and Political Behavior. MIT Press.
Fraser, N. M., & Hipel, K. W. (1979). Solving complex conflicts. IEEE Transactions on Systems, Man, and Cybernetics
    9, 805-816.
Kilgour, D. M., Hipel, K. W., & Fang, L. (1987). The graph model for conflicts. Automatica 23, 41-55.
Fang, L., Hipel, K. W., & Kilgour, D. M. (1993). Interactive Decision Making: The Graph Model for Conflict
    Resolution. Wiley.
Xu, H., Hipel, K. W., & Kilgour, D. M. (2009). Matrix representation of solution concepts in multiple-decision-maker
    graph models. IEEE Transactions on Systems, Man, and Cybernetics A 39, 96-108.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from negotiation_sim.analysis.checks import check_columns

CONCEPTS = ("nash", "gmr", "smr", "seq")

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Conflict:
    """A graph model.

    Attributes:
        states: names of the S states.
        deciders: names of the n decision makers.
        moves: (n, S, S) bool; moves[i, s, t]: decision maker i alone can take the conflict from s to t.
        preference: (n, S) how much i likes a state. Only the order counts, higher is better, equal is indifferent.
    """

    states: tuple[str, ...]
    deciders: tuple[str, ...]
    moves: BoolArray
    preference: FloatArray

    def __post_init__(self) -> None:
        n, size = len(self.deciders), len(self.states)
        for names, what in ((self.states, "state"), (self.deciders, "decider")):
            if not names or len(set(names)) != len(names):
                raise ValueError(f"a conflict needs at least one {what}, each named once, but has {names!r}")
        if self.moves.shape != (n, size, size) or self.moves.dtype != np.bool_:
            raise ValueError(f"moves must be bool of shape {(n, size, size)}, but is {self.moves.dtype} "
                             f"of shape {self.moves.shape}")  # fmt: skip
        if self.preference.shape != (n, size) or not np.isfinite(self.preference).all():
            raise ValueError(f"preference must be {n} rows of {size} finite numbers")
        staying = self.moves.diagonal(axis1=1, axis2=2)
        if staying.any():
            decider, state = np.argwhere(staying)[0]
            raise ValueError(f"{self.deciders[decider]} moves from {self.states[state]!r} to itself")


def conflict_from_tables(moves: pd.DataFrame, preferences: pd.DataFrame) -> Conflict:
    """A graph model from a table of arcs and a table of preferences.

    `moves` has one row an arc, columns `decider`, `origin` and `target`. `preferences` has one row a state (its
    index names the states) and one column a decision maker; higher is better, only the order counts.

    Raises ValueError if `moves` names a state or decision maker that `preferences` does not know.
    """
    states, deciders = [pd.Index(names) for names in (preferences.index, preferences.columns)]
    for axis, what in ((states, "state"), (deciders, "decision maker")):
        if not axis.is_unique:
            raise ValueError(f"preferences has {what} {axis[axis.duplicated()][0]!r} more than once")
    positions = []
    check_columns(moves, "moves", ["decider", "origin", "target"])
    for column, known in (("decider", deciders), ("origin", states), ("target", states)):
        position = known.get_indexer(pd.Index(moves[column]))
        if (position < 0).any():
            unknown = moves[column].iloc[int(np.argmax(position < 0))]
            raise ValueError(f"moves has {column} {unknown!r}, which preferences does not know")
        positions.append(position)
    arcs = np.zeros((len(deciders), len(states), len(states)), dtype=bool)
    arcs[tuple(positions)] = True
    return Conflict(
        tuple(map(str, states)), tuple(map(str, deciders)), arcs, preferences.to_numpy(dtype=np.float64).T
    )


def conflict_from_game(
    payoffs: npt.ArrayLike, strategies: Sequence[Sequence[str]], deciders: Sequence[str], joint: str = ", "
) -> Conflict:
    """A graph model from a game in normal form: a state is one strategy each, and each can switch its own.

    `payoffs` has shape (n, k_1, ..., k_n): payoffs[i, s_1, ..., s_n] is what player i gets. `strategies` names the
    k_i strategies of each player. A state is called by the strategies' names with `joint` between them, in
    the order of the players, the last player's running fastest.

    Raises ValueError if the shapes don't fit.
    """
    table = np.asarray(payoffs, dtype=np.float64)
    counts = tuple(len(names) for names in strategies)
    if len(counts) != len(deciders) or table.shape != (len(deciders), *counts):
        raise ValueError(
            f"payoffs must have shape {(len(deciders), *counts)}: players, then each one's strategies; "
            f"but has {table.shape}"
        )
    profiles = np.array(list(product(*(range(count) for count in counts))))
    differs = profiles[:, None, :] != profiles[None, :, :]
    alone = differs.sum(axis=2) == 1
    return Conflict(
        tuple(joint.join(names) for names in product(*strategies)),
        tuple(deciders),
        np.moveaxis(differs & alone[:, :, None], 2, 0),
        table.reshape(len(deciders), -1),
    )


def stability(conflict: Conflict) -> pd.DataFrame:
    """For whom each state is stable, in each of the four senses.

    Returns one row a state and decision maker: `state`, `decider`, then bool columns `nash`, `gmr`, `smr`, `seq`.
    Time and memory grow with the cube and the square of the number of states.
    """
    tables = []
    for decider, own in enumerate(conflict.moves):
        others = np.arange(len(conflict.deciders)) != decider
        better = _better(conflict.preference[decider])
        improves = own & better
        # From state s (row), a sanction t (column) must be no better than s; for smr, nor any escape from t.
        hurts = ~better
        traps = hurts & ~_follow(better, own.T)
        replies = _legal_sequences(conflict.moves[others])
        credible = _legal_sequences(conflict.moves[others] & _better(conflict.preference[others]))
        found = {
            "nash": ~improves.any(axis=1),
            # An improvement from s to t is deterred if some reply to t is such a sanction of s.
            "gmr": ~(improves & ~_follow(hurts, replies.T)).any(axis=1),
            "smr": ~(improves & ~_follow(traps, replies.T)).any(axis=1),
            "seq": ~(improves & ~_follow(hurts, credible.T)).any(axis=1),
        }
        tables.append(
            pd.DataFrame({"state": conflict.states, "decider": conflict.deciders[decider], **found})
        )
    whole = pd.concat(tables).sort_index(kind="stable")
    return whole.reset_index(drop=True)


def equilibria(conflict: Conflict) -> pd.DataFrame:
    """Which states are stable for all decision makers: one row a state, a bool column for each of the concepts."""
    by_state = stability(conflict).groupby("state", sort=False)[list(CONCEPTS)].all()
    return by_state.loc[list(conflict.states)]


def _better(liked: FloatArray) -> BoolArray:
    """(..., S, S) whether the column's state is liked better than the row's, from (..., S) preferences."""
    return liked[..., None, :] > liked[..., :, None]


def _legal_sequences(moves: BoolArray) -> BoolArray:
    """(S, S) states that decision makers with these moves (k, S, S) can reach together; nobody moves twice running.

    As in Fang, Hipel & Kilgour (1993), what matters of a sequence is the state it reached and who moved last.
    """
    last = moves.copy()  # last[j]: reached with j as the last to move
    while True:
        grown = last.copy()
        for j in range(len(moves)):
            before: BoolArray = np.logical_or.reduce(np.delete(last, j, axis=0))
            grown[j] |= _follow(before, moves[j])
        if (grown == last).all():
            return np.asarray(last.any(axis=0))
        last = grown


def _follow(first: BoolArray, second: BoolArray) -> BoolArray:
    """Boolean product: whether some state leads on from row to column. Floats, because only they multiply fast."""
    return first.astype(np.float32) @ second.astype(np.float32) > 0.5
