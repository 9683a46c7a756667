"""What an actor still hopes for: one function per bargaining tactic.

Time-dependent tactics follow Faratin, Sierra & Jennings (1998); Boulware, linear and conceder are the same
curve at beta below, at and above 1. Tit-for-tat answers concessions; salami raises demands after one (E038);
an ultimatum holds out for nothing above the reservation value, its demand is optimised instead
(`offers.ultimatum_value`).
"""

from enum import IntEnum

import numpy as np

from negotiation_sim.rules.arrays import Floats, Ints


class Tactic(IntEnum):
    """Tactics as they are named in a scenario; the first three differ only in beta."""

    boulware = 0
    linear = 1
    conceder = 2
    tit_for_tat = 3
    salami = 4
    ultimatum = 5


def elapsed_share(day: float, clock: Floats) -> Floats:
    """Share tau of the actor's own clock that has run, 0 to 1 (clock in days, above 0)."""
    return np.minimum(day / clock, 1.0)


def concession_curve(elapsed: Floats, beta: Floats) -> Floats:
    """Share of the way from best to reservation conceded by now: tau ** (1 / beta), 0 to 1."""
    return np.asarray(elapsed ** (1.0 / beta), dtype=np.float64)


def aspiration(
    tactic: Ints,
    best: Floats,
    reservation: Floats,
    elapsed: Floats,
    beta: Floats,
    conceded: Floats,
    ratchet: Floats,
) -> Floats:
    """Lowest utility the actor will table or take now.

    Args:
        tactic: (W,) codes of `Tactic`.
        best: (W,) utility of the best package it could table here.
        reservation: (W,) utility below which it prefers no agreement.
        elapsed: (W,) share of its clock that has run, 0 to 1.
        beta: (W,) curvature, above 0.
        conceded: (W,) share of the way to its best that the other side's offers have come, 0 to 1.
        ratchet: (W,) utility by which a full concession raises a salami tactician's demand.

    Returns:
        (W,) aspiration, never above best nor, for a feasible best, below the reservation value.
    """
    room = best - reservation
    by_time = best - room * concession_curve(elapsed, beta)
    by_reply = best - room * conceded
    by_slices = np.minimum(best, by_time + ratchet * conceded)
    return np.select(
        [tactic == Tactic.tit_for_tat, tactic == Tactic.salami, tactic == Tactic.ultimatum],
        [by_reply, by_slices, np.minimum(best, reservation)],
        by_time,
    )
