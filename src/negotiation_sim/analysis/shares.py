"""Shares of worlds with intervals: one share (Wilson), a joint set of outcomes (Goodman), stylised facts.

The intervals speak of the finite number of worlds only: they narrow as more worlds are run. They say nothing
of whether the model or its parameters are right.

Where runs of several design points are put together, the same world is there several times, with the same
luck. Such runs are not independent, so intervals rest on the *effective* number of worlds, (sum w)^2 / sum w^2
with w the runs of each world (Kish 1965): the number of different worlds if all have equally many. The
variance of a share is at most p (1 - p) over that number, however alike the runs of a world are.

Sources
-------
Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the
    American Statistical Association 22 (158), 209-212.
Goodman, L. A. (1965). On simultaneous confidence intervals for multinomial proportions. Technometrics 7 (2),
    247-254.
Sutherland, I. E., Hodgman, G. W. (1974). Reentrant polygon clipping. Communications of the ACM 17 (1), 32-42.
Kish, L. (1965). Survey Sampling. Wiley, New York: effective sample size under unequal weights.
Brown, L. D., Cai, T. T., DasGupta, A. (2001). Interval estimation for a binomial proportion. Statistical
    Science 16 (2), 101-133.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2
from statsmodels.stats.proportion import proportion_confint

from negotiation_sim.analysis.checks import check_columns, check_confidence, check_table

ALL_FACTS = "all"
"""Key of the last row of `fact_shares`: worlds that reproduce every fact at once."""

FloatArray = npt.NDArray[np.float64]


class Share(NamedTuple):
    """A share of worlds and the bounds of its interval, each in [0, 1]."""

    share: float
    low: float
    high: float


def share(successes: int, n: int, confidence: float = 0.95) -> Share:
    """Share of `n` worlds in which something holds, with its Wilson (1927) score interval.

    Without worlds (`n` = 0) the share is NaN and the interval is all of [0, 1].

    Raises ValueError unless 0 <= `successes` <= `n` and 0 < `confidence` < 1.
    """
    check_confidence(confidence)
    if not 0 <= successes <= n:
        raise ValueError(f"successes must lie between 0 and n = {n}, but is {successes}")
    if n == 0:
        return Share(float("nan"), 0.0, 1.0)
    low, high = wilson_intervals(successes, n, confidence)
    return Share(successes / n, float(low), float(high))


def wilson_intervals(
    counts: npt.ArrayLike, n: npt.ArrayLike, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Wilson (1927) score intervals of the shares `counts` / `n`, each by itself; the two broadcast.

    Counts of an effective number of worlds need not be whole. Returns the lower and the upper bounds, in
    [0, 1]: exactly 0 where nothing was counted, exactly 1 where all of `n` were, and both where `n` is 0.
    """
    count, total = np.broadcast_arrays(np.asarray(counts, np.float64), np.asarray(n, np.float64))
    some = np.where(total > 0, total, 1.0)
    low, high = proportion_confint(count, some, alpha=1 - confidence, method="wilson")
    # Exact where rounding would leave 1e-17 or 1 - 1e-16.
    return np.where(count == 0, 0.0, low), np.where(count == total, 1.0, high)


def goodman_intervals(
    counts: Sequence[float] | npt.NDArray[np.int_ | np.float64], confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Joint (simultaneous) intervals for the shares of k exclusive categories, after Goodman (1965).

    `counts`, shape (k,), has a count for every category that could have occurred, zeros included: k sets how
    wide the intervals must be to hold all at once. Counts of an effective number of worlds need not be whole.
    Returns the lower and the upper bounds, each of shape (k,), in [0, 1].

    Goodman's bounds solve |share - p| = sqrt(B p (1 - p) / n) with B the upper 1 - `confidence` over k point
    of chi-squared with one degree of freedom. That normal approximation fails for rare categories: with four
    outcomes of one in twenty thousand, 2,000 worlds and k = 8, all bounds hold together in 65 of 100
    ensembles, not 95. Brown, Cai and DasGupta (2001) mend the same fault in Wilson's interval by one-sided
    tail bounds. Here likewise, a bound is the outer one of Goodman's and the exact one-sided binomial
    (Clopper-Pearson) bound at error (1 - `confidence`) / k. Above a count of about forty, and as far below n,
    nothing changes.

    Raises ValueError if there is no category, a negative count, no world, or `confidence` outside (0, 1).
    """
    check_confidence(confidence)
    count = np.asarray(counts, dtype=np.float64)
    if count.ndim != 1 or count.size == 0 or (count < 0).any() or count.sum() == 0:
        raise ValueError(
            f"counts must be one count >= 0 a category, with at least one world, but is {counts!r}"
        )
    low, high = _goodman(count[None, :], confidence)
    return low[0], high[0]


def outcome_shares(
    runs: pd.DataFrame,
    column: str = "outcome",
    categories: Mapping[str, str] | Sequence[str] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How often each category of `column` occurs in `runs`, with Goodman joint intervals.

    `runs` has one row a world. `categories` names everything that could occur, in the order wanted: a mapping
    outcome -> headline, or just the names. A category that never occurred keeps its row, with count 0. Left
    out, the categories are the values seen, in alphabetical order; the intervals are then joint over these
    alone, so name the categories whenever they are known.

    Returns one row a category with columns `column`, `headline` (only if `categories` is a mapping), `count`,
    `n` (worlds in all), `share`, `low`, `high` (fractions of worlds; all intervals hold together with
    probability `confidence`, see `goodman_intervals`).

    Raises ValueError if `runs` is empty, the column is missing, or a world has no value or one not in
    `categories`.
    """
    check_table(runs, "runs", [column])
    missing = int(runs[column].isna().sum())
    if missing:
        raise ValueError(f"column {column!r} has no value in {missing} of {len(runs)} worlds")
    seen = {str(name): int(count) for name, count in runs[column].value_counts().items() if count > 0}
    names = sorted(seen) if categories is None else list(categories)
    _check_known(seen, names, column)
    count = np.array([seen.get(name, 0) for name in names])
    low, high = goodman_intervals(count, confidence)
    table = pd.DataFrame({column: names})
    if isinstance(categories, Mapping):
        table["headline"] = list(categories.values())
    return table.assign(count=count, n=len(runs), share=count / len(runs), low=low, high=high)


def shares_by_group(
    runs: pd.DataFrame,
    by: str,
    column: str = "outcome",
    categories: Mapping[str, str] | Sequence[str] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How often each category of `column` occurs in every group of runs, with Goodman joint intervals.

    `runs` has one row a run. Groups are the values of column `by`: in rising order if they are numbers, in the
    order of the categories if they are categories (see `surfaces.levels`), otherwise as they first occur.
    With a column `world`, runs of the same world in a group count as one for the intervals. `categories` as in
    `outcome_shares`.

    Returns one row a group and category with columns `group`, `column`, `headline` (only if `categories` is a
    mapping), `count`, `n` (runs in the group), `worlds` (effective number of worlds), `share`, `low`, `high`
    (the intervals of a group hold together with probability `confidence`).

    Raises ValueError if `runs` is empty, a column is missing, or a run has no group, or no value or one not in
    `categories`.
    """
    check_table(runs, "runs", [by, column])
    group, groups = _coded(runs, by)
    category, seen = _coded(runs, column)
    counts = pd.DataFrame(
        np.bincount(group * len(seen) + category, minlength=len(groups) * len(seen)).reshape(len(groups), -1),
        index=groups,
        columns=[str(each) for each in seen],
    )
    names = sorted(counts.columns) if categories is None else list(categories)
    _check_known(counts.columns[counts.sum() > 0], names, column)
    counts = counts.reindex(columns=names, fill_value=0)
    return _share_table(counts, column, categories, effective_worlds(runs, group, len(groups)), confidence)


def headline_shares(table: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Shares of headlines, from a table of shares of outcomes that has the column `headline`.

    `table` is one of `outcome_shares` or `shares_by_group`, or several of `outcome_shares` put together with a
    column `group`. Counts of the outcomes of a headline are added up within each group; the intervals are
    joint over the headlines. Headlines stand in the order of `table`; all those of the table are in each group.

    Returns one row a group and headline with columns `group` (only if `table` has it), `headline`, `count`,
    `n`, `worlds`, `share`, `low`, `high`.

    Raises ValueError if a column is missing, or counts and n disagree.
    """
    check_columns(table, "table", ["headline", "count", "n"])
    group, groups = pd.factorize(table["group"] if "group" in table.columns else np.zeros(len(table)))
    headline, headlines = pd.factorize(table["headline"])
    counts = np.zeros((len(groups), len(headlines)), dtype=np.int64)
    np.add.at(counts, (group, headline), table["count"].to_numpy())
    first = np.unique(group, return_index=True)[1]
    n = table["n"].to_numpy()[first]
    if (counts.sum(axis=1) != n).any():
        at = int((counts.sum(axis=1) != n).argmax())
        raise ValueError(f"counts of group {groups[at]!r} add up to {counts[at].sum()}, but n is {n[at]}")
    worlds = table["worlds" if "worlds" in table.columns else "n"].to_numpy(dtype=np.float64)[first]
    names = [str(each) for each in headlines]
    shares = _share_table(
        pd.DataFrame(counts, index=groups, columns=names), "headline", names, worlds, confidence
    )
    return shares if "group" in table.columns else shares.drop(columns="group")


def region(low: npt.ArrayLike, high: npt.ArrayLike) -> FloatArray:
    """All sets of three shares that respect three joint intervals: a convex polygon in the simplex.

    `low` and `high`, shape (3,), bound each share in [0, 1]. The simplex is clipped by the half-plane of each
    bound in turn (Sutherland and Hodgman 1974), so the corners are exact.

    Returns (v, 3) shares at its corners, v from 3 to 6, in order around it; each row adds up to one.

    Raises ValueError unless there are three intervals that leave a common point.
    """
    lows, highs = (np.asarray(each, dtype=np.float64) for each in (low, high))
    if lows.shape != (3,) or highs.shape != (3,):
        raise ValueError(f"low and high must have shape (3,), but have {lows.shape} and {highs.shape}")
    corners = np.eye(3)
    for each in range(3):
        for inside in (lambda at, k=each: at[:, k] - lows[k], lambda at, k=each: highs[k] - at[:, k]):
            corners = _clipped(corners, inside(corners))
    if not len(corners):
        raise ValueError(f"no three shares lie between {lows.tolist()} and {highs.tolist()}")
    return corners


def effective_worlds(runs: pd.DataFrame, group: npt.NDArray[np.int64], groups: int) -> FloatArray:
    """Effective number of worlds in each group, shape (`groups`,), at least 1 where there is a run.

    `group` has the number of each run's group, from 0 on. Without a column `world` every run is its own.
    """
    n = np.bincount(group, minlength=groups).astype(np.float64)
    if "world" not in runs.columns:
        return n
    world, worlds = pd.factorize(runs["world"])
    pair, pairs = pd.factorize(group * len(worlds) + world)
    squares = np.bincount(pairs // len(worlds), np.bincount(pair).astype(np.float64) ** 2, minlength=groups)
    return n**2 / np.maximum(squares, 1.0)


def fact_shares(runs: pd.DataFrame, facts: Mapping[str, str], confidence: float = 0.95) -> pd.DataFrame:
    """In what share of worlds each stylised fact is reproduced, and in what share all of them are at once.

    `runs` has one row a world and a boolean column `fact_<key>` for each key of `facts`, which maps key ->
    text.

    Returns one row a fact, in the order of `facts`, then a row with key "all" for their conjunction; columns
    `key`, `text`, `count`, `n`, `share`, `low`, `high`. Each interval is a Wilson interval by itself, not
    joint: facts are not exclusive.

    Raises ValueError if `runs` or `facts` is empty, a fact is called "all", or a column is missing or not
    boolean.
    """
    if not facts:
        raise ValueError("facts is empty: name at least one fact_<key> column")
    if ALL_FACTS in facts:
        raise ValueError(
            f"a fact can't be called {ALL_FACTS!r}: that is the key of the row for all facts together"
        )
    columns = [f"fact_{key}" for key in facts]
    check_table(runs, "runs", columns)
    for column in columns:
        if not pd.api.types.is_bool_dtype(runs[column]) or runs[column].isna().any():
            raise ValueError(
                f"column {column!r} must be true or false in every world, but is {runs[column].dtype}"
            )
    held = runs[columns].to_numpy(dtype=bool)
    counts = [*held.sum(axis=0), held.all(axis=1).sum()]
    estimates = [share(int(count), len(runs), confidence) for count in counts]
    return pd.DataFrame(
        {
            "key": [*facts, ALL_FACTS],
            "text": [*facts.values(), "all facts at once"],
            "count": counts,
            "n": len(runs),
        }
    ).join(pd.DataFrame(estimates))


def _share_table(
    counts: pd.DataFrame,
    column: str,
    categories: Mapping[str, str] | Sequence[str] | None,
    worlds: FloatArray,
    confidence: float,
) -> pd.DataFrame:
    """The table of shares by group from counts (groups x categories) and effective numbers of worlds."""
    groups, k = counts.shape
    count = counts.to_numpy()
    n = count.sum(axis=1)
    shares = count / n[:, None]
    low, high = _goodman(shares * worlds[:, None], confidence)
    table = pd.DataFrame({"group": counts.index.repeat(k), column: np.tile(counts.columns, groups)})
    if isinstance(categories, Mapping):
        table["headline"] = list(categories.values()) * groups
    return table.assign(
        count=count.ravel(),
        n=np.repeat(n, k),
        worlds=np.repeat(worlds, k),
        share=shares.ravel(),
        low=low.ravel(),
        high=high.ravel(),
    )


def _goodman(count: FloatArray, confidence: float) -> tuple[FloatArray, FloatArray]:
    """Bounds of `goodman_intervals` for each row of (groups, k) counts, every row with at least one world."""
    k, alpha = count.shape[1], 1 - confidence
    n = count.sum(axis=1, keepdims=True)
    b = chi2.isf(alpha / k, 1)
    spread = np.sqrt(b * (b + 4 * count * (n - count) / n))
    exact_low, exact_high = proportion_confint(count, n, alpha=2 * alpha / k, method="beta")
    low = np.minimum((b + 2 * count - spread) / (2 * (n + b)), exact_low)
    high = np.maximum((b + 2 * count + spread) / (2 * (n + b)), exact_high)
    return np.where(count == 0, 0.0, low), np.where(count == n, 1.0, high)


def _coded(runs: pd.DataFrame, column: str) -> tuple[npt.NDArray[np.int64], pd.Index]:
    """Number of each run's value, and the values that occur: numbers and categories in order."""
    values = runs[column]
    number = pd.api.types.is_numeric_dtype(values) or isinstance(values.dtype, pd.CategoricalDtype)
    code, names = pd.factorize(values, sort=number)
    if (code < 0).any():
        raise ValueError(f"column {column!r} has no value in {(code < 0).sum()} of {len(runs)} runs")
    return code.astype(np.int64), pd.Index(names)


def _clipped(corners: FloatArray, inside: FloatArray) -> FloatArray:
    """The part of a convex polygon where `inside` (distance to a line at each corner) is not negative."""
    kept = []
    for at in range(len(corners)):
        if inside[at - 1] * inside[at] < 0:
            cut = inside[at - 1] / (inside[at - 1] - inside[at])
            kept.append(corners[at - 1] + cut * (corners[at] - corners[at - 1]))
        if inside[at] >= 0:
            kept.append(corners[at])
    return np.array(kept).reshape(-1, 3)


def _check_known(seen: Iterable[str], names: Sequence[str], column: str) -> None:
    unknown = sorted(set(seen) - set(names))
    if unknown:
        raise ValueError(
            f"column {column!r} has values that are not among the categories: {', '.join(unknown)}; "
            f"the categories are {', '.join(names)}"
        )
