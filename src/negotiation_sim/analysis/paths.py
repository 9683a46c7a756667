"""How worlds move from round to round: spread of quantities, height of the ladder, and paths to the endings.

All functions take a table of rounds: one row a world and round, with `world`, `round` (int, from 1), in a sweep
`design`, and quantities as they stood after that round. Every world must have every round, also those after its
end, in which it keeps its last state. Rows may stand in any order; by world and round is fastest.

The interval of a median is the distribution-free one of order statistics (David and Nagaraja 2003, section 7.1);
those of shares are Wilson's. Both speak only of the finite number of worlds; where several runs of a sweep are of
the same world, they rest on the effective number of worlds (see `analysis.shares`).

Sources
-------
David, H. A., Nagaraja, H. N. (2003). Order Statistics, 3rd edition. Wiley.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom

from negotiation_sim.analysis.checks import check_confidence, check_table
from negotiation_sim.analysis.shares import effective_worlds, wilson_intervals

QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
"""Columns of `fans`: the middle 90% of worlds, the middle 50%, and the median."""

AGREED, WALKED_OUT, SUSPENDED = "agreement on some issue", "walked out", "talks suspended"
"""States of `talk_states` that are no rung."""

Array = npt.NDArray[Any]


def fans(
    rounds: pd.DataFrame,
    runs: pd.DataFrame,
    quantities: Sequence[str],
    by: str = "headline",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Spread of each quantity over worlds after each round, for each value of `by`.

    `rounds` has the columns `quantities` (numbers); `runs` has one row a world with `world`, in a sweep `design`,
    and `by`. Worlds of `runs` that `rounds` lacks are left out, and so are missing values.

    Returns one row a group, quantity and round, in that order, with columns `by` (its name), `quantity`, `round`,
    `n` (runs with a value), `worlds` (how many independent ones, see `analysis.shares`), `q05`, `q25`, `median`,
    `q75`, `q95` (linear between order statistics; NaN without a value), and `low`, `high`, the interval of the
    median (NaN where there are too few worlds for one: below six at 95%).

    Raises ValueError if a table lacks a column or has no rows, a world lacks a round or is not in `runs`, or
    `confidence` is outside (0, 1).
    """
    check_confidence(confidence)
    at, numbers, group, names, worlds = _grouped(rounds, runs, list(quantities), by)
    parts = []
    for place, name in enumerate(names):
        for quantity in quantities:
            values = rounds[quantity].to_numpy(dtype=np.float64)[at[group == place]]
            spread = _spread(values, worlds[place], confidence)
            parts.append(pd.DataFrame({by: name, "quantity": quantity, "round": numbers, **spread}))
    return pd.concat(parts, ignore_index=True)


def rung_shares(
    rounds: pd.DataFrame, runs: pd.DataFrame, rungs: int, by: str = "headline", confidence: float = 0.95
) -> pd.DataFrame:
    """Share of worlds at each rung, and at it or higher, after each round, for each value of `by`.

    `rounds` has `rung`, an int from 0 to `rungs` - 1; for `runs` and `by` see `fans`.

    Returns one row a group, round and rung, in that order, with columns `by` (its name), `round`, `rung`,
    `count`, `n` (runs of the group), `worlds` (see `fans`), `share` (at this rung), `at_least` (at this rung or
    higher), and `low`, `high`, Wilson's interval of `at_least`.

    Raises ValueError as `fans` does, and if a rung is outside the ladder.
    """
    at, numbers, group, names, worlds = _grouped(rounds, runs, ["rung"], by)
    rung = rounds["rung"].to_numpy()
    if rung.min() < 0 or rung.max() >= rungs:
        raise ValueError(
            f"rungs must lie between 0 and {rungs - 1}, but go from {rung.min()} to {rung.max()}"
        )
    steps = len(numbers)
    cell = (group[:, None] * steps + np.arange(steps)) * rungs + rung[at]
    count = np.bincount(cell.ravel(), minlength=len(names) * steps * rungs).reshape(-1, rungs)
    higher = count[:, ::-1].cumsum(axis=1)[:, ::-1]
    n = np.broadcast_to(higher[:, :1], higher.shape)
    size = np.repeat(worlds, steps)[:, None]
    low, high = wilson_intervals(higher / n * size, size, confidence)
    return pd.DataFrame(
        {
            by: np.repeat(np.array(names, dtype=object), steps * rungs),
            "round": np.tile(np.repeat(numbers, rungs), len(names)),
            "rung": np.tile(np.arange(rungs), len(names) * steps),
            "count": count.ravel(),
            "n": n.ravel(),
            "worlds": np.broadcast_to(size, n.shape).ravel(),
            "share": (count / n).ravel(),
            "at_least": (higher / n).ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
        }
    )


def talk_states(rounds: pd.DataFrame, rungs: Mapping[int, str], war: Collection[int] = ()) -> pd.Series:
    """Where the talks stand in each row of `rounds`, as one of a few states that exclude each other.

    The first that holds: a rung that is `war`; `WALKED_OUT`; an `AGREED` issue; `SUSPENDED` talks; the rung
    reached. `rungs` maps every rung to its label; rungs of the same label are one state. `rounds` has `rung`,
    `settled` (issues bound), `suspended` (rounds in a row without talks) and `walked_out`.

    Returns an ordered categorical Series with the index of `rounds`. Its categories, those seen or not, go from
    agreement up the ladder to war: `AGREED`, labels of the rungs, `SUSPENDED`, `WALKED_OUT`, labels of war.

    Raises ValueError if a column is missing, a rung has no label, or a label is one of the other states or
    stands for rungs of peace and of war.
    """
    check_table(rounds, "rounds", ["rung", "settled", "suspended", "walked_out"])
    rung = rounds["rung"].to_numpy()
    unlabelled = sorted({int(each) for each in np.unique(rung)} - set(rungs))
    if unlabelled:
        raise ValueError(f"rungs that have no label: {', '.join(map(str, unlabelled))}")
    peaceful = dict.fromkeys(rungs[each] for each in sorted(rungs) if each not in war)
    warlike = dict.fromkeys(rungs[each] for each in sorted(rungs) if each in war)
    states = [AGREED, *peaceful, SUSPENDED, WALKED_OUT, *warlike]
    if len(set(states)) < len(states):
        raise ValueError(
            f"labels of rungs must differ between peace and war and from {AGREED!r}, {SUSPENDED!r} and "
            f"{WALKED_OUT!r}, but are: {', '.join(map(repr, rungs.values()))}"
        )
    reached = np.zeros(max(rungs) + 1, dtype=np.int64)
    for each, label in rungs.items():
        reached[each] = states.index(label)
    code = np.select(
        [
            np.isin(rung, list(war)),
            rounds["walked_out"].to_numpy(dtype=bool),
            rounds["settled"].to_numpy() > 0,
            rounds["suspended"].to_numpy() > 0,
        ],
        [reached[rung], states.index(WALKED_OUT), states.index(AGREED), states.index(SUSPENDED)],
        reached[rung],
    )
    state = pd.Categorical.from_codes(code, states, ordered=True)  # type: ignore[call-overload]
    return pd.Series(state, index=rounds.index, name="state")


def paths(
    rounds: pd.DataFrame,
    runs: pd.DataFrame,
    stages: Sequence[int],
    state: str = "state",
    ending: Sequence[str] = ("headline", "outcome"),
) -> pd.DataFrame:
    """How many worlds took each path: the state after each of some rounds, then the ending.

    `rounds` has the column `state`, best a categorical in the order wanted (see `talk_states`); `runs` has the
    columns `ending`; `stages` are numbers of rounds.

    Returns one row a path that occurs, with the columns of `ending`, then `after_<round>` for every stage
    (categoricals of all states), `count`, runs that took it, and `worlds`, how many independent worlds all runs
    together are (see `analysis.shares`).

    Raises ValueError as `fans` does, and if a stage is no round or there is none.
    """
    at, numbers = _by_world(rounds, [state])
    unknown = [each for each in stages if each not in numbers]
    if unknown or not stages:
        there = f"{numbers.min()} to {numbers.max()}"
        raise ValueError(f"stages must be one or more rounds from {there}, but are {list(stages)}")
    table = _rows_of(rounds.iloc[at[:, 0]], runs, list(ending))
    states = rounds[state].astype("category")
    for each in stages:
        column = at[:, int(np.flatnonzero(numbers == each)[0])]
        table[f"after_{each}"] = states.iloc[column].array
    columns = list(table.columns)
    worlds = effective_worlds(rounds[["world"]].iloc[at[:, 0]], np.zeros(len(at), dtype=np.int64), 1)[0]
    counts = table.groupby(columns, observed=True, sort=True).size().reset_index(name="count")
    return counts.assign(worlds=worlds)


def _spread(values: Array, worlds: float, confidence: float) -> dict[str, Array]:
    """Quantiles and the interval of the median of each column of `values` (W, T), without missing values.

    `worlds` is the effective number of the W runs.
    """
    ordered = np.sort(np.ascontiguousarray(values.T), axis=1)  # missing values stand last
    n = np.count_nonzero(~np.isnan(ordered), axis=1)
    if not ordered.shape[1]:
        ordered = np.full((len(n), 1), np.nan)

    def ranked(rank: Array) -> Array:
        """Order statistic at a rank from 0, which may lie between two; NaN outside."""
        inside = (rank >= 0) & (rank <= n - 1)
        below = np.where(inside, np.floor(rank), 0).astype(np.int64)
        above = np.where(inside, np.ceil(rank), 0).astype(np.int64)
        low, high = (np.take_along_axis(ordered, each[:, None], axis=1)[:, 0] for each in (below, above))
        return np.where(inside, low + (rank - below) * (high - low), np.nan)

    columns = {name: ranked(q * (n - 1.0)) for name, q in QUANTILES.items()}
    # The interval runs from the depth-th value of either end. Of fewer independent worlds than values, it runs
    # between the same shares of the values.
    size = np.floor(n * worlds / max(len(values), 1) + 1e-9)
    depth = binom.ppf((1 - confidence) / 2, size, 0.5)
    rank = np.where(depth > 0, np.floor((depth - 0.5) * n / np.maximum(size, 1) - 0.5 + 1e-9), -1)
    size_columns = {"n": n, "worlds": n * worlds / max(len(values), 1)}
    return {
        **size_columns,
        **columns,
        "low": ranked(rank),
        "high": ranked(np.where(rank < 0, rank, n - 1 - rank)),
    }


def _grouped(
    rounds: pd.DataFrame, runs: pd.DataFrame, quantities: list[str], by: str
) -> tuple[Array, Array, Array, list[str], Array]:
    """Rows of `rounds` by world and round (W, T), and what they are grouped by.

    Returns also: numbers of the rounds (T), group of each run (W), names of the groups (G), effective number of
    worlds of each (G).
    """
    at, numbers = _by_world(rounds, quantities)
    values = _rows_of(rounds.iloc[at[:, 0]], runs, [by])[by]
    if values.isna().any():
        raise ValueError(f"column {by!r} has no value in {values.isna().sum()} of {len(values)} worlds")
    group, names = pd.factorize(values, sort=True)
    worlds = effective_worlds(rounds[["world"]].iloc[at[:, 0]], group, len(names))
    return at, numbers, group, [str(each) for each in names], worlds


def _by_world(rounds: pd.DataFrame, quantities: list[str]) -> tuple[Array, Array]:
    """Positions of the rows of `rounds` by world and round (W, T), and the numbers of the rounds (T)."""
    check_table(rounds, "rounds", ["world", "round", *quantities])
    number = rounds["round"].to_numpy()
    numbers = np.unique(number)
    keys = [rounds[each].to_numpy() for each in _keys(rounds)]
    at = np.arange(len(rounds))
    if not _complete(at, keys, number, numbers):
        at = np.lexsort((number, *reversed(keys)))
        if not _complete(at, keys, number, numbers):
            raise ValueError(
                f"every world must have each of the {len(numbers)} rounds once; at least one of them has not"
            )
    return at.reshape(-1, len(numbers)), numbers


def _complete(at: Array, keys: list[Array], number: Array, numbers: Array) -> bool:
    """Whether the rows in the order `at` go world by world through all rounds."""
    if len(at) % len(numbers):
        return False
    table = at.reshape(-1, len(numbers))
    return bool((number[table] == numbers).all()) and all((k[table] == k[table[:, :1]]).all() for k in keys)


def _rows_of(worlds: pd.DataFrame, runs: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """`columns` of the runs of `worlds`, in their order."""
    keys = _keys(worlds)
    check_table(runs, "runs", [*keys, *columns])
    if runs.duplicated(keys).any():
        raise ValueError(f"runs has more than one row for some {' and '.join(keys)}")
    if worlds.duplicated(keys).any():
        raise ValueError(f"rounds has some {' and '.join(keys)} more than once")
    found = worlds[keys].merge(runs[[*keys, *columns]], on=keys, how="left", indicator=True)
    strange = found["_merge"] != "both"
    if strange.any():
        raise ValueError(f"{strange.sum()} of {len(found)} worlds of rounds are not in runs")
    return found[columns]


def _keys(table: pd.DataFrame) -> list[str]:
    return ["design", "world"] if "design" in table.columns else ["world"]
