"""Learning about the challenger's type by Bayes' rule."""

import numpy as np

from negotiation_sim.rules.arrays import Bools, Floats, Ints, row_sums


def posterior(prior: Floats, likelihood: Floats) -> Floats:
    """Bayes' rule (exact limit K15).

    Args:
        prior: (W, T) rows summing to 1.
        likelihood: (W, T) chance of what was seen under each type, above 0 for at least one.

    Returns:
        (W, T) rows summing to 1.
    """
    joint = prior * likelihood
    return joint / row_sums(joint)[:, None]


def damped(likelihood: Floats, habituation: Floats, repeats: Ints) -> Floats:
    """Likelihood after habituation: each earlier build-up takes the same share of what a new move tells (E021).

    It dulls every move alike: were only new build-ups dulled, holding still would count for too much.

    Args:
        likelihood: (W, T).
        habituation: (W,) share lost each time, 0 (none) to 1 (nothing is learned at all).
        repeats: (W,) how many build-ups have been seen before.

    Returns:
        (W, T) likelihood raised to the share of informativeness that is left; at habituation 1 a
        first build-up already tells nothing.
    """
    informative = np.where(habituation >= 1.0, 0.0, (1.0 - habituation) ** repeats)
    return np.asarray(likelihood ** informative[:, None], dtype=np.float64)


def seen_likelihood(chances: Floats, option: Ints, cheap: Bools) -> Floats:
    """Likelihood of the move seen, cheap talk telling nothing (Crawford & Sobel 1982).

    Args:
        chances: (T, W, n) chance of each option under each type.
        option: (W,) the option taken.
        cheap: (n,) which options are cheap talk.

    Returns:
        (W, T); 1 for cheap talk, else the chance among the costly options.
    """
    costly = np.where(cheap, 0.0, chances)
    taken = np.take_along_axis(costly, option[None, :, None], axis=2)[:, :, 0]
    among_costly = taken / row_sums(costly)
    return np.where(cheap[option], 1.0, among_costly).T
