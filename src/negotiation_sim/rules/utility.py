"""Additive utility of packages (Keeney & Raiffa 1976) with a price on unmatched moves (E057, E059)."""

import numpy as np

from negotiation_sim.rules.arrays import Floats


def menu_utility(weights: Floats, sizes: Floats) -> Floats:
    """Worth of every package of a menu, before unmatched moves: the sum over issues of w_k * s_k(x_k).

    Args:
        weights: (W, K) worth to the actor of each issue at its top level; losses are negative.
        sizes: (P, K) share of the whole issue that the package's level stands for, 0 (status quo) to 1.

    Returns:
        (W, P) utility; the status quo is worth 0.
    """
    total = np.zeros((len(weights), len(sizes)))
    for issue in range(sizes.shape[1]):
        column = sizes[:, issue]
        if column.any():
            total += weights[:, issue, None] * column
    return total


def package_utility(weights: Floats, sizes: Floats) -> Floats:
    """Worth of one package a world.

    Args:
        weights: (W, K) as in `menu_utility`.
        sizes: (W, K) sizes of the levels of the package on the table in each world.

    Returns:
        (W,) utility.
    """
    total = weights[:, 0] * sizes[:, 0]
    for issue in range(1, weights.shape[1]):
        total += weights[:, issue] * sizes[:, issue]
    return total
