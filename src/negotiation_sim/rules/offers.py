"""How a proposer ranks the packages that it could table."""

import numpy as np

from negotiation_sim.rules.arrays import Floats


def ultimatum_value(accepted: Floats, utility: Floats, disagreement: Floats) -> Floats:
    """Expected worth of a take-it-or-leave-it demand (Fearon 1995; exact limit K1).

    Args:
        accepted: (P,) or (W, P) believed chance that the others accept.
        utility: (W, P) worth of the package to the proposer.
        disagreement: (W,) worth to it of being refused.

    Returns:
        (W, P) expected utility.
    """
    return disagreement[:, None] + accepted * (utility - disagreement[:, None])


def believed_acceptance(utility: Floats, lowest: float, highest: float) -> Floats:
    """Chance that somebody whose reservation is thought uniform on [lowest, highest] takes a package.

    Args:
        utility: published worth of the package to that party; any shape.
        lowest: lower end of the published range of its reservation value.
        highest: upper end, at least `lowest`.

    Returns:
        Chances in [0, 1]; a step function where the range is a point.
    """
    if highest == lowest:
        return np.where(utility >= lowest, 1.0, 0.0)
    return np.clip((utility - lowest) / (highest - lowest), 0.0, 1.0)
