"""Shares of worlds with intervals: one share (Wilson), a joint set of outcomes (Goodman), stylised facts.

The intervals speak of the finite number of worlds only: they narrow as more worlds are run. They say nothing
of whether the model or its parameters are right.

Sources
-------
Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the
    American Statistical Association 22 (158), 209-212.
Goodman, L. A. (1965). On simultaneous confidence intervals for multinomial proportions. Technometrics 7 (2),
    247-254.
Brown, L. D., Cai, T. T., DasGupta, A. (2001). Interval estimation for a binomial proportion. Statistical
    Science 16 (2), 101-133.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import multinomial_proportions_confint, proportion_confint

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
    _check_confidence(confidence)
    if not 0 <= successes <= n:
        raise ValueError(f"successes must lie between 0 and n = {n}, but is {successes}")
    if n == 0:
        return Share(float("nan"), 0.0, 1.0)
    low, high = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
    return Share(
        successes / n,
        0.0 if successes == 0 else float(low),  # exact where rounding would leave 1e-17 or 1 - 1e-16
        1.0 if successes == n else float(high),
    )


def goodman_intervals(
    counts: Sequence[int] | npt.NDArray[np.int_], confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Joint (simultaneous) intervals for the shares of k exclusive categories, after Goodman (1965).

    `counts`, shape (k,), has a count for every category that could have occurred, zeros included: k sets how
    wide the intervals must be to hold all at once. Returns the lower and the upper bounds, each of shape
    (k,), in [0, 1].

    Goodman's bounds solve |share - p| = sqrt(B p (1 - p) / n) with B the upper 1 - `confidence` over k point
    of chi-squared with one degree of freedom. That normal approximation fails for rare categories: with four
    outcomes of one in twenty thousand, 2,000 worlds and k = 8, all bounds hold together in 65 of 100
    ensembles, not 95. Brown, Cai and DasGupta (2001) mend the same fault in Wilson's interval by one-sided
    tail bounds. Here likewise, a bound is the outer one of Goodman's and the exact one-sided binomial
    (Clopper-Pearson) bound at error (1 - `confidence`) / k. Above a count of about forty, and as far below n,
    nothing changes.

    Raises ValueError if there is no category, a negative count, no world, or `confidence` outside (0, 1).
    """
    _check_confidence(confidence)
    count = np.asarray(counts, dtype=np.int64)
    if count.ndim != 1 or count.size == 0 or (count < 0).any() or count.sum() == 0:
        raise ValueError(
            f"counts must be one count >= 0 a category, with at least one world, but is {counts!r}"
        )
    n = int(count.sum())
    alpha = 1 - confidence
    low, high = multinomial_proportions_confint(count, alpha=alpha, method="goodman").T
    exact_low, exact_high = proportion_confint(count, n, alpha=2 * alpha / count.size, method="beta")
    low = np.where(count == 0, 0.0, np.minimum(low, exact_low))
    high = np.where(count == n, 1.0, np.maximum(high, exact_high))
    return low, high


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
    _check_runs(runs, [column])
    missing = int(runs[column].isna().sum())
    if missing:
        raise ValueError(f"column {column!r} has no value in {missing} of {len(runs)} worlds")
    seen = {str(name): int(count) for name, count in runs[column].value_counts().items() if count > 0}
    names = sorted(seen) if categories is None else list(categories)
    unknown = sorted(seen.keys() - set(names))
    if unknown:
        raise ValueError(
            f"column {column!r} has values that are not among the categories: {', '.join(unknown)}; "
            f"the categories are {', '.join(names)}"
        )
    count = np.array([seen.get(name, 0) for name in names])
    low, high = goodman_intervals(count, confidence)
    table = pd.DataFrame({column: names})
    if isinstance(categories, Mapping):
        table["headline"] = list(categories.values())
    return table.assign(count=count, n=len(runs), share=count / len(runs), low=low, high=high)


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
    _check_runs(runs, columns)
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


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, but is {confidence}")


def _check_runs(runs: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise ValueError, saying what there is instead, if a column is missing or there is no world."""
    missing = [column for column in columns if column not in runs.columns]
    if missing:
        there = ", ".join(map(str, runs.columns)) or "none"
        raise ValueError(f"runs lacks column {', '.join(map(repr, missing))}; its columns are: {there}")
    if runs.empty:
        raise ValueError(
            f"runs has no worlds (0 rows), so column {', '.join(map(repr, columns))} has no shares"
        )
