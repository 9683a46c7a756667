"""How numbers are put in print: values of parameters, names of groups, what n is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from numbers import Real

import numpy as np
import pandas as pd

from negotiation_sim.figures.percentages import MINUS
from negotiation_sim.figures.words import shortened


def value(group: object) -> str:
    """A group's name: a number without needless digits, a bin as "low to high", other names as they are."""
    if isinstance(group, pd.Interval):
        return " to ".join(edges([group.left, group.right]))
    if _is_real(group):
        number = float(group)  # type: ignore[arg-type]
        return f"{number:,.4g}" if abs(number) < 10_000 else f"{number:,.0f}"
    return str(group)


def setting(of: object, span: float = 0.0, characters: int = 18) -> str:
    """A parameter's value: a number with three digits, counted from the first one of `span` (the width of its
    range) if that is given; a label as it is, shortened if long.
    """
    if _is_real(of):
        number = float(of)  # type: ignore[arg-type]
        if span > 0:
            number = round(number, 2 - math.floor(math.log10(span))) + 0.0
        said = f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
        return said.replace("-", MINUS)
    return shortened(str(of), characters)


def edges(numbers: Sequence[float]) -> list[str]:
    """Rising numbers, rounded to a tenth or less of the smallest step between them."""
    step = float(np.diff(numbers).min())
    decimals = max(0, 1 - math.floor(math.log10(step))) if step > 0 else 3
    return [f"{round(float(number), decimals) + 0.0:,.{decimals}f}" for number in numbers]  # + 0: never "-0"


def is_number(group: object) -> bool:
    """Whether a group is a number or a bin of numbers, which have an order."""
    return isinstance(group, pd.Interval) or _is_real(group)


def spread(n: Iterable[int]) -> str:
    """Numbers of worlds, runs or pairs: the one they all are, or the lowest and the highest."""
    found = {int(each) for each in n}
    low, high = min(found), max(found)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def worlds(*n: int) -> str:
    """A number of worlds, such as n = 2,000 worlds; of several the range, such as n = 100 to 2,000 worlds."""
    return f"n = {spread(n)} {'world' if set(n) == {1} else 'worlds'}"


def stated_n(table: pd.DataFrame, each: str) -> str:
    """What n is, from columns `n` (runs) and `worlds` (effective number, if there): "n = 2,000 worlds `each`.".

    Where runs share worlds, it says that the intervals count these once.
    """
    runs = table["n"]
    effective = table["worlds"].round().astype(int) if "worlds" in table.columns else runs
    if (runs == effective).all():
        return f"{worlds(*runs)} {each}."
    return (
        f"n = {spread(runs)} runs of {spread(effective)} worlds {each}; "
        "the intervals count runs of the same world as one."
    )


def _is_real(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
