"""How numbers and names are put in print: shares in per cent, values of parameters, what n is."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Hashable, Sequence
from numbers import Real

import numpy as np
import pandas as pd


def percent(share: float) -> str:
    """A share in per cent, one decimal; what is rare is never rounded to none, nor what is usual to all."""
    if 0 < share < 0.0005:
        return "<0.1"
    if 0.9995 <= share < 1:
        return ">99.9"
    # Rounded first: a share that was added up may lie a last bit below the same one that was divided out.
    return "0" if share == 0 else "100" if share == 1 else f"{100 * round(share, 12):.1f}"


def interval(low: float, high: float) -> str:
    """An interval of shares in per cent."""
    return f"{percent(low)} \N{EN DASH} {percent(high)}"


def value(group: Hashable) -> str:
    """A group's name: a number without needless digits, a bin as "low to high", other names as they are."""
    if isinstance(group, pd.Interval):
        return " to ".join(edges([group.left, group.right]))
    if isinstance(group, Real) and not isinstance(group, bool):
        return f"{float(group):,.4g}" if abs(group) < 10_000 else f"{float(group):,.0f}"
    return str(group)


def edges(numbers: Sequence[float]) -> list[str]:
    """Rising numbers, rounded to a tenth or less of the smallest step between them."""
    step = float(np.diff(numbers).min())
    decimals = max(0, 1 - math.floor(math.log10(step))) if step > 0 else 3
    return [f"{round(float(number), decimals) + 0.0:,.{decimals}f}" for number in numbers]  # + 0: never "-0"


def is_number(group: Hashable) -> bool:
    """Whether a group is a number or a bin of numbers, which have an order."""
    return isinstance(group, pd.Interval) or (isinstance(group, Real) and not isinstance(group, bool))


def stated_n(table: pd.DataFrame, each: str) -> str:
    """What n is, from columns `n` (runs) and `worlds` (effective number, if there): "n = 2,000 worlds `each`.".

    Where runs share worlds, it says that the intervals count these once.
    """
    runs = table["n"]
    worlds = table["worlds"].round().astype(int) if "worlds" in table.columns else runs
    if (runs == worlds).all():
        return f"n = {_range(runs)} {'world' if (runs == 1).all() else 'worlds'} {each}."
    return (
        f"n = {_range(runs)} runs of {_range(worlds)} worlds {each}; "
        "the intervals count runs of the same world as one."
    )


def lines(text: str, characters: int, most: int) -> list[str]:
    """Text broken into at most so many lines; of what is too long the middle is left out, for names that begin
    alike differ at their end.
    """
    broken = textwrap.wrap(text, characters) or [""]
    if len(broken) <= most:
        return broken
    end = textwrap.wrap(text[::-1], characters - 2)[0][::-1]
    return [*broken[: most - 1], f"\N{HORIZONTAL ELLIPSIS} {end}"]


def _range(n: pd.Series) -> str:
    low, high = int(n.min()), int(n.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
