"""Additive utility of packages (Keeney & Raiffa 1976) with a price on unmatched moves (E057, E059)."""

from collections.abc import Sequence

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
    total = np.zeros((len(sizes), len(weights)))  # a package's worlds side by side: several times faster
    product = np.empty_like(total)
    for issue in np.flatnonzero(sizes.any(axis=0)):
        total += np.multiply(sizes[:, issue, None], weights[:, issue], out=product)
    return total.T


def package_utility(weights: Floats, sizes: Floats, issues: Sequence[int]) -> Floats:
    """Worth of one package a world, or of a part of it.

    Args:
        weights: (W, K) as in `menu_utility`.
        sizes: (W, K) sizes of the levels of the package on the table in each world.
        issues: which issues to count.

    Returns:
        (W,) utility.
    """
    total = np.zeros(len(weights))
    for issue in issues:
        total += weights[:, issue] * sizes[:, issue]
    return total
