"""What a world came to: the outcome classes of the model, first match wins."""

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from negotiation_sim.rules.arrays import Bools, Ints

OUTCOMES = MappingProxyType(
    {
        "invasion": "escalation",
        "limited_incursion": "escalation",
        "coerced_concession": "concession",
        "full_agreement": "concession",
        "partial_agreement": "concession",
        "collapse": "escalation",
        "declared_pointless": "stalemate",
        "talks_continuing": "stalemate",
    }
)
"""Every outcome and its headline, in the order in which they are tried."""
HEADLINES = tuple(dict.fromkeys(OUTCOMES.values()))
"""The headlines, in the same order."""


def classify(
    *,
    full_war: Bools,
    limited_war: Bools,
    ruptured: Bools,
    broken_off: Bools,
    bound: Ints,
    closed: Bools,
    core: Bools,
    base: Bools,
    withdrawn: Bools,
    pointless: Bools,
) -> NDArray[np.str_]:
    """Outcome of each world.

    Args:
        full_war: (W,) the challenger stands on its topmost war rung.
        limited_war: (W,) it stands on a lower war rung.
        ruptured: (W,) it stands on or above the rung that ends all talks.
        broken_off: (W,) talks collapsed: such a rung, a walk-out, or a suspension left uncured.
        bound: (W, K) bound level of each issue, 0 where nothing is bound.
        closed: (W, K) issues settled at an agreed level.
        core: (K,) core issues.
        base: (K,) issues that a full agreement must close.
        withdrawn: (W,) the challenger's withdrawal is bound at the level that counts, or none is asked for.
        pointless: (W,) the challenger has declared talks pointless.

    Returns:
        (W,) names, keys of `OUTCOMES`.
    """
    core_given = ((bound >= 1) & core).any(axis=1)
    something_bound = (bound >= 1).any(axis=1)
    everything_closed = (closed | ~base).all(axis=1) & base.any()
    conditions = [
        full_war,
        limited_war,
        core_given & ~withdrawn,
        everything_closed & withdrawn,
        something_bound & ~core_given & ~ruptured,
        broken_off,
        pointless,
    ]
    names = list(OUTCOMES)
    return np.select(conditions, names[: len(conditions)], names[-1])
