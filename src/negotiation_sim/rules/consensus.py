"""How allies decide together: soundings, a quota and a silence procedure."""

from collections.abc import Iterable

import numpy as np

from negotiation_sim.rules.arrays import Bools, Floats, Ints


def shortfall(utility: Floats, reservation: Floats, within: Bools) -> Floats:
    """How far a draft leaves an ally below its reservation value; inf where a hard line is crossed.

    Args:
        utility: (W, P) or (W,) worth of the draft to the ally.
        reservation: its reservation value, broadcastable to `utility`.
        within: like `utility`, True where no hard red line is crossed.
    """
    return np.where(within, np.maximum(reservation - utility, 0.0), np.inf)


def passing_tolerance(shortfalls: Iterable[Floats], quota: int, members: int) -> Floats:
    """Smallest tolerance of shortfall at which a quota of the allies would let each draft pass.

    This is the lowest common denominator: with quota = members it is the worst-off ally's shortfall.

    Args:
        shortfalls: (W, P) for each ally in turn.
        quota: how many allies must not object, 1 to `members`.
        members: how many allies there are.

    Returns:
        (W, P); inf where too few allies could ever let it pass.
    """
    if quota < members:
        stacked = np.stack(list(shortfalls), axis=-1)  # an ally's numbers side by side: several times faster
        stacked.partition(quota - 1, axis=-1)
        return stacked[..., quota - 1]
    iterator = iter(shortfalls)
    worst = next(iterator).copy(order="K")
    for each in iterator:
        np.maximum(worst, each, out=worst)
    return worst


def silence_tolerance(silence: Floats, cohesion: Floats) -> Floats:
    """Shortfall an ally bears in silence, the more so the higher cohesion is (both (W,))."""
    return silence * cohesion


def consents(silent: Ints, quota: int) -> Bools:
    """(W,) True where at least `quota` allies kept silent."""
    return silent >= quota
