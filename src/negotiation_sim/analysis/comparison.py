"""Two ensembles compared world by world: what changed, into what, and what little change would have done it.

With common random numbers world 17 has the same luck in both ensembles, so a difference of shares rests only
on the worlds that end differently, the *discordant* pairs; the rest cancels.

Of n pairs let b have the outcome in the variant only and c in the base only. The difference is (b - c) / n.
Its interval is Tango's (1998) score interval: all differences that the score test does not reject. Wald's has
no width without discordant pairs and fails while they are few: with one of 500 it holds the truth in 63 of
100 ensembles, not 95. Newcombe's (1998) and Tango's both mend that (Fagerland, Lydersen and Laake 2014
recommend either); Tango's comes nearer to what it says with the few discordant pairs of common random numbers,
and needs b, c and n only, so that it also serves the difference of two outcomes within one ensemble.

Sources
-------
Tango, T. (1998). Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design. Statistics in Medicine 17 (8), 891-908.
Newcombe, R. G. (1998). Improved confidence intervals for the difference between binomial proportions based on
    paired data. Statistics in Medicine 17 (22), 2635-2650.
Fagerland, M. W., Lydersen, S., Laake, P. (2014). Recommended tests and confidence intervals for paired
    binomial proportions. Statistics in Medicine 33 (16), 2850-2875.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from negotiation_sim.analysis.checks import check_columns, check_confidence, check_table
from negotiation_sim.analysis.shares import wilson_intervals

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NOT_FACTORS = ("design", "scenario", "sample")
"""Columns of a design table that are not swept."""
HALVINGS = 60  # of [-1, 1]: bounds to the last bit


def paired_interval(
    gained: npt.ArrayLike, lost: npt.ArrayLike, n: npt.ArrayLike, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Tango's (1998) score interval for (`gained` - `lost`) / `n`, a difference of shares in `n` pairs.

    `gained` and `lost` count the discordant pairs of either kind; the three broadcast. It serves as well for
    the difference of the shares of two exclusive outcomes in `n` worlds: then they count these outcomes. Counts
    of an effective number of worlds need not be whole.

    Returns the lower and the upper bounds, in [-1, 1].

    Raises ValueError if a count is negative, if `gained` + `lost` > `n`, `n` < 1, or `confidence` is outside
    (0, 1).
    """
    check_confidence(confidence)
    b, c, pairs = (np.asarray(each, dtype=np.float64) for each in np.broadcast_arrays(gained, lost, n))
    together = (b + c) * (1 - 1e-12)  # shares of an effective number of worlds add up to it but for rounding
    if (b < 0).any() or (c < 0).any() or (together > pairs).any() or (pairs < 1).any():
        raise ValueError("gained and lost must be counts >= 0 that are together at most n, and n at least 1")
    z2 = norm.ppf(0.5 + confidence / 2) ** 2
    estimate = (b - c) / pairs

    def bound(end: float) -> FloatArray:
        inside, outside = estimate.copy(), np.full_like(estimate, end)
        for _ in range(HALVINGS):
            middle = (inside + outside) / 2
            kept = (b - c - pairs * middle) ** 2 <= z2 * _score_variance(b, c, pairs, middle)
            inside, outside = np.where(kept, middle, inside), np.where(kept, outside, middle)
        return (inside + outside) / 2

    return bound(-1.0), bound(1.0)


def _score_variance(b: FloatArray, c: FloatArray, n: FloatArray, difference: FloatArray) -> FloatArray:
    """Variance of b - c if `difference` is true: the share of lost pairs is then its restricted maximum
    likelihood estimate, the larger root of a quadratic (Tango 1998).
    """
    spread = difference * (1 - difference)
    linear = (2 * n - b + c) * difference - b - c
    root = np.sqrt(np.maximum(linear**2 + 8 * n * c * spread, 0.0))
    share_lost = np.maximum((root - linear) / (4 * n), np.maximum(-difference, 0.0))
    return n * np.maximum(2 * share_lost + spread, 0.0)


def paired_differences(
    base: pd.DataFrame,
    variant: pd.DataFrame,
    column: str = "outcome",
    categories: Sequence[str] | None = None,
    confidence: float = 0.95,
    joint: bool = False,
) -> pd.DataFrame:
    """How the share of each outcome differs between `variant` and `base`, on the worlds that both have.

    Both tables have one row a world, with columns `world` and `column`; a world's luck must be the same in
    both (same seed). `categories` names every outcome that could occur, in the order wanted; without it,
    those seen in alphabetical order. With `joint`, all intervals hold together (Bonferroni).

    Returns one row an outcome: `column`, `base` and `variant` (shares), `difference`, `low`, `high` (see
    `paired_interval`), `gained` (worlds with the outcome in the variant only), `lost` (in the base only), `n`
    (worlds in both).

    Raises ValueError if a column is missing, a world stands twice in a table or has no outcome or one that is
    not in `categories`, or the tables share no world.
    """
    names, moved = _transitions(base, variant, column, categories)
    n = int(moved.sum())
    stayed = moved.diagonal()
    before, after = moved.sum(axis=1), moved.sum(axis=0)
    gained, lost = after - stayed, before - stayed
    each = 1 - (1 - confidence) / (len(names) if joint else 1)
    low, high = paired_interval(gained, lost, n, each)
    return pd.DataFrame(
        {
            column: names,
            "base": before / n,
            "variant": after / n,
            "difference": (after - before) / n,
            "low": low,
            "high": high,
            "gained": gained,
            "lost": lost,
            "n": n,
        }
    )


def waterfall(
    base: pd.DataFrame,
    variant: pd.DataFrame,
    outcome: str,
    column: str = "outcome",
    categories: Sequence[str] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """From the share of `outcome` in the base to that in the variant, through what it won from each other
    outcome.

    Arguments and errors as in `paired_differences`. Returns one row a step: `step` ("base", the other
    outcomes with the largest net change first, "variant"), `start` and `end` (shares between which its bar
    stands), `change` (net, 0 for the last), `gained` and `lost` (worlds from and to that outcome), `low`,
    `high` (of `change`, see `paired_interval`; of the share itself by Wilson for the first and last), `n`
    (worlds in both). The changes add up exactly.
    """
    names, moved = _transitions(base, variant, column, categories)
    if outcome not in names:
        raise ValueError(f"{outcome!r} is not among the outcomes of column {column!r}: {', '.join(names)}")
    at, n = names.index(outcome), int(moved.sum())
    others = np.array([each for each in range(len(names)) if each != at], dtype=np.int64)
    gained, lost = moved[others, at], moved[at, others]
    order = np.argsort(-np.abs(gained - lost), kind="stable")
    others, gained, lost = others[order], gained[order], lost[order]
    ends = np.array([moved[at].sum(), moved[:, at].sum()])
    low, high = paired_interval(gained, lost, n, confidence)
    low_end, high_end = wilson_intervals(ends, n, confidence)
    reached = np.concatenate([[ends[0]], ends[0] + np.cumsum(gained - lost)]) / n
    return pd.DataFrame(
        {
            "step": ["base", *(names[each] for each in others), "variant"],
            "start": np.concatenate([[0.0], reached[:-1], [0.0]]),
            "end": np.concatenate([reached, [ends[1] / n]]),
            "change": np.concatenate([[ends[0] / n], (gained - lost) / n, [0.0]]),
            "gained": np.concatenate([[0], gained, [0]]),
            "lost": np.concatenate([[0], lost, [0]]),
            "low": np.concatenate([low_end[:1], low, low_end[1:]]),
            "high": np.concatenate([high_end[:1], high, high_end[1:]]),
            "n": n,
        }
    )


def smallest_changes(
    base: pd.DataFrame,
    runs: pd.DataFrame,
    design: pd.DataFrame,
    parameters: pd.DataFrame,
    column: str = "headline",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """What would have had to differ: the smallest change of each single parameter that moves the likeliest
    headline.

    `base` has one row a world of the base case, with `column`. `runs` has one row a run of a one_at_a_time
    sweep, with `design` and `column`; `design` has one row a point (row number = `design`), in each of which
    one factor has a value and all others none. `parameters` has, for each factor that is a number, a row with
    `factor`, `value` (in the base case), `low` and `high` (its range). The finer the sweep's levels, the
    closer the answer.

    Returns one row a factor, those that move the headline by the smallest change first, then the others by
    how near they come: `factor`, `moved`, `to_value` (the level nearest to the base case that moves it; the
    level that comes nearest if none does), `size` (that change as a share of the factor's range; NaN for
    words, which stand after the numbers), `unmoved` (the level next nearest to the base case on the same
    side, at which the headline still stood: what is needed lies between; the base case's own value if there
    is none, NaN for words and where nothing moves), `headline_base`, `headline` (the likeliest other there),
    `margin` (share of `headline` less share of `headline_base`), `low`, `high` (interval of the margin; the
    move is sure where `low` > 0), `n`.

    Raises ValueError if a table is empty or lacks something, or the design is no one_at_a_time design.
    """
    check_table(base, "base", [column])
    check_table(runs, "runs", ["design", column])
    check_columns(parameters, "parameters", ["factor", "value", "low", "high"])
    changed = changed_factors(design)
    known = parameters.set_index("factor")
    before = base[column].value_counts()
    top = sorted(str(name) for name in before.index[before == before.max()])[0]  # the first of a tie
    counts = _counts(runs, column, len(design))
    if top not in counts.columns:
        counts[top] = 0
    if counts.shape[1] == 1:
        counts["none"] = 0  # nothing but the base case's headline was ever seen
    rivals = counts.drop(columns=top)
    total = counts.sum(axis=1).to_numpy()
    played = total > 0
    there, rival = counts[top].to_numpy(), rivals.max(axis=1).to_numpy()
    table = pd.DataFrame(
        {
            "factor": changed,
            "to_value": [design[factor].iloc[at] for at, factor in enumerate(changed)],
            "size": _sizes(design, changed, known),
            "headline_base": top,
            "headline": rivals.columns.to_numpy()[rivals.to_numpy().argmax(axis=1)],
            "n": total,
        }
    )[played].reset_index(drop=True)
    table["margin"] = (rival - there)[played] / total[played]
    table["low"], table["high"] = paired_interval(rival[played], there[played], total[played], confidence)
    table["moved"] = table["margin"] > 0
    table["order"] = table["size"].where(table["moved"], -table["margin"])
    table = table.sort_values(["moved", "order"], ascending=[False, True], kind="stable", na_position="last")
    best = table.drop_duplicates("factor").reset_index(drop=True)
    best["unmoved"] = [
        _last_unmoved(table, factor, size, to_value, float(known.loc[factor, "value"]))
        if moved and not np.isnan(size)
        else float("nan")
        for factor, moved, size, to_value in zip(
            best["factor"], best["moved"], best["size"], best["to_value"], strict=True
        )
    ]
    columns = ["factor", "moved", "to_value", "size", "unmoved", "headline_base", "headline"]
    return best[[*columns, "margin", "low", "high", "n"]]


def changed_factors(design: pd.DataFrame) -> list[str]:
    """Which factor each point of a one_at_a_time design changes.

    Raises ValueError if a point changes none or several, or the design holds several scenarios.
    """
    if "scenario" in design.columns and design["scenario"].nunique() > 1:
        names = ", ".join(map(str, design["scenario"].unique()))
        raise ValueError(f"the design holds several scenarios ({names}): take one at a time")
    factors = [str(each) for each in design.columns if each not in NOT_FACTORS]
    given = design[factors].notna().to_numpy()
    if design.empty or not factors or (given.sum(axis=1) != 1).any():
        raise ValueError(
            "this is no one_at_a_time design: in each point one factor must have a value and all others none"
        )
    return [factors[at] for at in given.argmax(axis=1)]


def _sizes(design: pd.DataFrame, changed: Sequence[str], known: pd.DataFrame) -> FloatArray:
    """(D,) change of each point from the base case as a share of the factor's range; NaN for words."""
    sizes = np.full(len(design), np.nan)
    for factor in dict.fromkeys(changed):
        if not is_number(design[factor]):
            continue
        if factor not in known.index:
            raise ValueError(f"parameters has no row for {factor!r}: its value, low and high are needed")
        value, low, high = known.loc[factor, ["value", "low", "high"]].to_numpy(dtype=np.float64)
        if not low < high:
            raise ValueError(f"the range of {factor!r} must run from low to high, but is [{low:g}, {high:g}]")
        rows = np.array([each == factor for each in changed])
        sizes[rows] = np.abs(design[factor].to_numpy(dtype=float)[rows] - value) / (high - low)
    return sizes


def _last_unmoved(table: pd.DataFrame, factor: str, size: float, to_value: object, value: float) -> float:
    """The level just short of the `to_value` that moves the headline, on the same side of the base case's
    `value`.
    """
    nearer = table[(table["factor"] == factor) & (table["size"] < size)]
    levels = nearer["to_value"].to_numpy(dtype=float)
    levels = levels[np.sign(levels - value) == np.sign(float(to_value) - value)]  # type: ignore[arg-type]
    return float(levels[np.abs(levels - value).argmax()]) if levels.size else value


def is_number(column: pd.Series) -> bool:
    """Whether a swept column holds numbers, not words (true and false are words)."""
    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))


def _counts(runs: pd.DataFrame, column: str, points: int) -> pd.DataFrame:
    """(points, outcomes) how often each outcome occurred at each point, outcomes in alphabetical order."""
    code, names = pd.factorize(runs[column], sort=True)
    design = runs["design"].to_numpy()
    if (code < 0).any():
        raise ValueError(f"column {column!r} has no value in {(code < 0).sum()} of {len(runs)} runs")
    if design.min() < 0 or design.max() >= points:
        raise ValueError(f"runs has design points up to {design.max()}, but the design only {points} rows")
    counts = np.bincount(design * len(names) + code, minlength=points * len(names))
    return pd.DataFrame(counts.reshape(points, len(names)), columns=[str(name) for name in names])


def _transitions(
    base: pd.DataFrame, variant: pd.DataFrame, column: str, categories: Sequence[str] | None
) -> tuple[list[str], IntArray]:
    """Names of the outcomes (k) and how many worlds had which in the base (rows) and the variant, (k, k)."""
    coded = []
    for name, table in (("base", base), ("variant", variant)):
        check_table(table, name, ["world", column])
        code, values = pd.factorize(table[column])
        if (code < 0).any():
            raise ValueError(
                f"column {column!r} of {name} has no value in {(code < 0).sum()} of {len(code)} worlds"
            )
        coded.append((code, [str(each) for each in values]))
    seen = sorted({each for _, values in coded for each in values})
    names = seen if categories is None else list(categories)
    unknown = [each for each in seen if each not in names]
    if unknown:
        raise ValueError(
            f"column {column!r} has values that are not among the categories: {', '.join(unknown)}; "
            f"the categories are {', '.join(names)}"
        )
    rows = common_worlds(base["world"].to_numpy(), variant["world"].to_numpy(), "base", "variant")
    before, after = (
        np.array([names.index(each) for each in values])[code[kept]]
        for (code, values), kept in zip(coded, rows, strict=True)
    )
    k = len(names)
    return names, np.bincount(before * k + after, minlength=k * k).reshape(k, k)


def common_worlds(
    left: npt.NDArray[np.int64], right: npt.NDArray[np.int64], left_name: str, right_name: str
) -> tuple[IntArray, IntArray]:
    """Rows of either table that hold the same world, paired.

    Raises ValueError if a world stands twice in a table, or none is in both.
    """
    for name, worlds in ((left_name, left), (right_name, right)):
        if not (np.diff(worlds) > 0).all() and len(pd.unique(worlds)) < len(worlds):
            raise ValueError(f"{name} has a world more than once: give it one row a world")
    if np.array_equal(left, right):
        rows = np.arange(len(left))
        return rows, rows
    common, here, there = np.intersect1d(left, right, assume_unique=True, return_indices=True)
    if not common.size:
        raise ValueError(f"{left_name} and {right_name} share no world: pairing needs common random numbers")
    return here, there
