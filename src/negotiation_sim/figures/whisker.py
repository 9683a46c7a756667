"""A whisker that can be read on any colour."""

from matplotlib import patheffects
from matplotlib.axes import Axes

from negotiation_sim.figures.style import INK


def draw_whisker(axes: Axes, low: float, high: float, at: float, cap: float, linewidth: float) -> None:
    """A level whisker from `low` to `high` at height `at`, its caps `cap` to either side, with a white edge."""
    axes.plot(
        [low, low, low, high, high, high],  # one stroke, caps and all, so that its white edge is whole
        [at - cap, at + cap, at, at, at - cap, at + cap],
        color=INK,
        linewidth=linewidth,
        solid_capstyle="butt",
        clip_on=False,
        path_effects=[patheffects.withStroke(linewidth=2.4 * linewidth, foreground="white")],
    )
