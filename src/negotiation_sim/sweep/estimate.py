"""What a sweep will cost, before it is begun: a small part of it is played, and counted up."""

from __future__ import annotations

from dataclasses import dataclass

from negotiation_sim.sweep.chunk import play
from negotiation_sim.sweep.dispatch import chunk_of
from negotiation_sim.sweep.plan import Plan, first_wave

PROBE = 512  # runs
START_UP = 3.0  # seconds until a worker plays its first run


@dataclass(frozen=True)
class Estimate:
    """Cost of the first wave: all of it, if the number of replications is fixed.

    Attributes:
        runs: how many.
        seconds: with `workers` workers of this machine.
        bytes: on the disk.
    """

    runs: int
    seconds: float
    bytes: float
    workers: int


def estimate(plan: Plan, workers: int) -> Estimate:
    """Estimate the cost of a plan by playing the first runs of it, which takes a second or two."""
    wave = first_wave(plan)
    plain = [scenario.model_dump_json(exclude_unset=True) for scenario in plan.structures]
    first = next(plan.chunks(wave, [(0, wave.runs)], PROBE))
    played = play(chunk_of(plan, wave, first, plain))
    probed = first[1] - first[0]
    # Worlds are cheaper in large chunks than in this small one: the time is an upper bound.
    seconds = START_UP + played.seconds / probed * wave.runs / workers
    size = (len(played.runs) + len(played.traces or b"")) / probed * wave.runs
    return Estimate(wave.runs, seconds, size, workers)
