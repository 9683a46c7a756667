"""Round numbers along an axis."""

import math

from matplotlib.axis import Axis
from matplotlib.ticker import MaxNLocator

STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Between two ticks of an axis of shares, in per cent."""


def round_ticks(axis: Axis, most: int) -> None:
    """At most `most` + 1 ticks at round numbers within the limits of `axis`, which must not change any more."""
    low, high = sorted(axis.get_view_interval())
    ticks = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    axis.set_ticks([each for each in ticks if low <= each <= high])


def percent_ticks(axis: Axis, highest: float, most: int) -> float:
    """Ticks in per cent from zero past the share `highest`, at most `most` steps if `STEPS` has one large enough.

    Returns the last one, where the axis should end.
    """
    step = next((step for step in STEPS if 100 * highest <= most * step), STEPS[-1])
    ticks = [step * at for at in range(max(math.ceil(100 * highest / step - 1e-9), 1) + 1)]
    axis.set_ticks(ticks, [f"{each:g}" for each in ticks])
    return ticks[-1]
