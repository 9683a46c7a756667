"""Round ticks inside an axis, none beyond its ends."""

from matplotlib.axis import Axis
from matplotlib.ticker import MaxNLocator


def round_ticks(axis: Axis, most: int) -> None:
    """At most `most` + 1 ticks at round numbers within the limits of `axis`, which must not change any more."""
    low, high = sorted(axis.get_view_interval())
    ticks = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    axis.set_ticks([each for each in ticks if low <= each <= high])
