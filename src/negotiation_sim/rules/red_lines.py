"""Red lines: an interval of levels per issue, conjunctive over issues (Simon 1955).

A package outside a hard interval is refused whatever it pays elsewhere; a soft line can be crossed at a
price per level.
"""

from collections.abc import Sequence

import numpy as np

from negotiation_sim.rules.arrays import Bools, Floats


def overshoot(levels: Floats, low: Floats, high: Floats) -> Floats:
    """How many levels a package lies beyond a red line.

    Args:
        levels: levels of the package; any shape that broadcasts with the bounds.
        low: lowest acceptable level, -inf where there is no line.
        high: highest acceptable level, +inf where there is no line.

    Returns:
        Levels beyond the nearer bound, 0 inside the interval.
    """
    return np.maximum(np.maximum(levels - high, low - levels), 0.0)


def menu_within(
    levels: Floats, low: Floats, high: Floats, price: Floats, lines: Sequence[int]
) -> tuple[Bools, Floats | float]:
    """Which packages of a menu cross no hard line, and what the soft lines they cross would cost.

    Args:
        levels: (P, K) levels of the packages.
        low: (W, K) lowest acceptable levels.
        high: (W, K) highest acceptable levels.
        price: (W, K) utility per level beyond a soft line; inf marks a hard line. Whether a line is hard or
            soft is the same in all worlds.
        lines: issues on which there is a red line at all.

    Returns:
        (W, P) True where no hard line is crossed, and the (W, P) price of the soft ones, 0.0 if none is soft.
    """
    within = np.ones((len(levels), len(high)), dtype=bool)
    cost: Floats | float = 0.0
    for issue in lines:
        level, bottom, top = levels[:, issue, None], low[:, issue], high[:, issue]
        if level.max() <= top.min() and level.min() >= bottom.max():
            continue  # no package of the menu comes near the line
        if np.isinf(price[0, issue]):
            within &= (level <= top) & (level >= bottom)
        else:
            cost = cost + price[:, issue] * overshoot(level, bottom, top)
    return within.T, np.transpose(cost)


def package_within(
    levels: Floats, low: Floats, high: Floats, price: Floats, lines: Sequence[int]
) -> tuple[Bools, Floats]:
    """The same for one package a world: (W,) True where no hard line is crossed, (W,) price of soft ones.

    Args:
        levels: (W, K) levels of the package on the table in each world.
        low, high, price, lines: as in `menu_within`.
    """
    within = np.ones(len(levels), dtype=bool)
    cost = np.zeros(len(levels))
    for issue in lines:
        level, bottom, top = levels[:, issue], low[:, issue], high[:, issue]
        if np.isinf(price[0, issue]):
            within &= (level <= top) & (level >= bottom)
        else:
            cost += price[:, issue] * overshoot(level, bottom, top)
    return within, cost


def hard_lines_crossed(levels: Floats, low: Floats, high: Floats, price: Floats) -> Bools:
    """(W, K) hard lines that the package on the table crosses; arguments as in `package_within`."""
    return np.isinf(price) & (overshoot(levels, low, high) > 0.0)
