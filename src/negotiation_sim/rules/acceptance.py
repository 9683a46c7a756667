"""The worth of a tabled package to somebody whose consent it needs."""

import numpy as np

from negotiation_sim.rules.arrays import Floats


def acceptance_threshold(aspiration: Floats, reservation: Floats) -> Floats:
    """A package must be worth at least max(aspiration, reservation), each (W,), to be accepted."""
    return np.maximum(aspiration, reservation)


def worth_at_the_table(
    utility: Floats, soft_line_price: Floats, audience_cost: Floats, coercion: Floats, threat: Floats
) -> Floats:
    """Utility less what taking the package costs at home and as a precedent.

    Args:
        utility: (W,) worth of the package.
        soft_line_price: (W,) price of the soft red lines it crosses.
        audience_cost: (W,) cost of retreating from public commitments.
        coercion: (W,) extra cost of giving ground under threat (E067), utility at full threat.
        threat: (W,) how far the challenger has climbed, 0 to 1; 0 where the package gives nothing.
    """
    return utility - soft_line_price - audience_cost - coercion * threat
