"""The one choice operation: option values, what is legal, a precision and one uniform give an option.

Logit (quantal) choice: McFadden 1974; McKelvey & Palfrey 1995. Offers, responses and signals all go through
it, which is what makes belief updating exact and lets a person take any decision instead.
"""

import numpy as np

from negotiation_sim.rules.arrays import Bools, Floats, Ints, row_sums, running_sums


def choice_weights(values: Floats, legal: Bools, precision: Floats) -> Floats:
    """Unnormalised logit weight of each option, the best legal one having 1.

    Args:
        values: (W, n) worth of each option to the chooser, in its own utility units.
        legal: (W, n) which options it may take; at least one a world.
        precision: (W,) logit precision, 0 (blind) upwards (sharp), per unit of utility.

    Returns:
        (W, n) weights; illegal options have exactly 0.
    """
    scaled = np.where(legal, values * precision[:, None], -np.inf)
    scaled -= scaled.max(axis=1, keepdims=True)
    return np.exp(scaled, out=scaled)


def choice_probabilities(values: Floats, legal: Bools, precision: Floats) -> Floats:
    """(W, n) probability of each option under logit choice; arguments as in `choice_weights`."""
    weights = choice_weights(values, legal, precision)
    return weights / row_sums(weights)[:, None]


def pick(weights: Floats, uniform: Floats) -> Ints:
    """Turn one uniform draw a world into an option: the inverse of the cumulative distribution.

    Args:
        weights: (W, n) not negative, at least one a world above 0; need not sum to 1.
        uniform: (W,) draws in [0, 1).

    Returns:
        (W,) index of the option taken, always one with positive weight.
    """
    cumulative = running_sums(weights)
    passed, total = cumulative[:-1], cumulative[-1]
    # The second term guards against rounding at the upper end: nothing lies beyond the last possible option.
    option: Ints = ((passed <= uniform * total) & (passed < total)).sum(axis=0)
    return option
