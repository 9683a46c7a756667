"""Audience costs: they grow with public commitment and are paid on retreat (Fearon 1994; E030)."""

import numpy as np

from negotiation_sim.rules.arrays import Floats


def commitment_after(commitment: Floats, growth: Floats) -> Floats:
    """Public commitment, 0 to 1, after insisting once more in public; growth in [0, 1] a time."""
    return commitment + growth * (1.0 - commitment)


def audience_cost(sensitivity: Floats, commitment: Floats, retreat: Floats) -> Floats:
    """Cost of retreating.

    Args:
        sensitivity: (W,) utility lost per unit of retreat at full commitment.
        commitment: (W,) in [0, 1].
        retreat: (W,) utility between what was publicly demanded and what is taken; negative counts as 0.
    """
    return sensitivity * commitment * np.maximum(retreat, 0.0)
