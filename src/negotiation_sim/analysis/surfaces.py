"""How the share of an outcome depends on two parameters: a grid of cells, and which outcome leads in each.

A cell pools all runs whose two parameters lie in it, whatever else was varied. Its intervals count runs of the
same world as one (see `shares`), and speak of the finite number of worlds only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from negotiation_sim.analysis.checks import check_table
from negotiation_sim.analysis.comparison import paired_interval
from negotiation_sim.analysis.shares import effective_worlds, wilson_intervals

FEW = 10
"""Up to so many different values are levels by themselves; more are put into bins."""


def levels(values: pd.Series, bins: int = 8) -> pd.Categorical:
    """Numbers as ordered categories: their different values if there are few (`FEW`), else `bins` bins.

    Bins hold equal counts, as far as equal values allow, and are `pandas.Interval`: closed on the right, the
    first one on both sides.

    Raises ValueError if a value is missing or no finite number, or `bins` < 1.
    """
    number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if not number or not np.isfinite(values.to_numpy(dtype=np.float64)).all():
        raise ValueError(
            f"column {values.name!r} must be a finite number in every run, but is {values.dtype}"
        )
    if bins < 1:
        raise ValueError(f"bins must be at least 1, but is {bins}")
    different = np.sort(values.unique())
    if len(different) <= FEW:
        code = np.searchsorted(different, values)
        return pd.Categorical.from_codes(code, different, ordered=True)  # type: ignore[call-overload]
    number_of = values.to_numpy(dtype=np.float64)
    edges = np.unique(np.quantile(number_of, np.linspace(0, 1, bins + 1)))
    code = np.searchsorted(edges[1:-1], number_of, side="left")
    return pd.Categorical.from_codes(code, pd.IntervalIndex.from_breaks(edges), ordered=True)


def share_surface(
    runs: pd.DataFrame,
    x: str,
    y: str,
    headline: str,
    column: str = "headline",
    bins: int = 8,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Share of `headline` over a grid of two parameters, and which headline leads in each cell.

    `runs` has one row a run, with numbers in columns `x` and `y` and a category in `column`; both parameters
    are cut by `levels`.

    Returns one row a cell, `x` fastest, both rising, cells without runs included; columns `x_low`, `x_high`,
    `y_low`, `y_high` (edges; both the same for a level), `count` (of `headline`), `n` (runs), `worlds`
    (effective number), `share`, `low`, `high` (Wilson, each by itself), `leading` (the most frequent; of a tie
    the first in alphabetical order), `lead` (its share less that of the second), `lead_low`, `lead_high`
    (Tango's interval, see `comparison.paired_interval`), `sure` (whether `lead_low` > 0). Without runs `share`
    and `lead` are NaN, their intervals all that is possible, and `leading` is empty.

    Raises ValueError if `runs` is empty, a column is missing, a parameter is no number, or a run has no
    headline.
    """
    check_table(runs, "runs", [x, y, column])
    category, found = pd.factorize(runs[column], sort=True)
    if (category < 0).any():
        raise ValueError(f"column {column!r} has no value in {(category < 0).sum()} of {len(runs)} runs")
    names = sorted({*map(str, found), headline})
    across, up = levels(runs[x], bins), levels(runs[y], bins)
    wide, cells = len(across.categories), len(across.categories) * len(up.categories)
    cell = up.codes.astype(np.int64) * wide + across.codes
    position = np.array([names.index(str(each)) for each in found])[category]
    counts = np.bincount(cell * len(names) + position, minlength=cells * len(names)).reshape(cells, -1)
    return _edges(across, up).join(
        _cells(counts, effective_worlds(runs, cell, cells), names, headline, confidence)
    )


def _edges(across: pd.Categorical, up: pd.Categorical) -> pd.DataFrame:
    """Edges of all cells, those of `across` fastest."""
    columns: dict[str, npt.NDArray[np.float64]] = {}
    for name, cut, spread in (
        ("x", across, lambda edge: np.tile(edge, len(up.categories))),
        ("y", up, lambda edge: np.repeat(edge, len(across.categories))),
    ):
        index: Any = cut.categories
        binned = isinstance(index, pd.IntervalIndex)
        columns[f"{name}_low"] = spread(np.asarray(index.left if binned else index, dtype=np.float64))
        columns[f"{name}_high"] = spread(np.asarray(index.right if binned else index, dtype=np.float64))
    return pd.DataFrame(columns)


def _cells(
    counts: npt.NDArray[np.int64],
    worlds: npt.NDArray[np.float64],
    names: list[str],
    headline: str,
    confidence: float,
) -> pd.DataFrame:
    """Shares, intervals and leads from counts (cells x headlines) and effective numbers of worlds."""
    n = counts.sum(axis=1)
    some = n > 0
    shares = counts / np.where(some, n, 1)[:, None]
    at = names.index(headline)
    count, known = counts[:, at], np.where(some, worlds, 1.0)
    low, high = wilson_intervals(shares[:, at] * known, known, confidence)
    leading = shares.argmax(axis=1)
    ranked = np.sort(shares, axis=1)
    first, second = ranked[:, -1], ranked[:, -2] if len(names) > 1 else np.zeros(len(n))
    lead_low, lead_high = paired_interval(first * known, second * known, known, confidence)
    return pd.DataFrame(
        {
            "count": count,
            "n": n,
            "worlds": worlds,
            "share": np.where(some, shares[:, at], np.nan),
            "low": np.where(some, low, 0.0),
            "high": np.where(some, high, 1.0),
            "leading": np.where(some, np.array(names, dtype=object)[leading], ""),
            "lead": np.where(some, first - second, np.nan),
            "lead_low": np.where(some, lead_low, -1.0),
            "lead_high": np.where(some, lead_high, 1.0),
            "sure": some & (lead_low > 0),
        }
    )
