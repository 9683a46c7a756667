"""How far a sweep is, and whoever is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from negotiation_sim.rules.arrays import Ints


@dataclass
class Progress:
    """How far a sweep is.

    Attributes:
        counts: (D, outcomes) how often each outcome occurred at each design point.
        total: runs known to be needed so far; `done` of them are kept, `found` of these were there before.
        failures: runs that failed: design, world, error.
        seconds, seconds_in_talks: of the workers together.
    """

    counts: Ints
    total: int = 0
    done: int = 0
    found: int = 0
    failures: list[dict[str, object]] = field(default_factory=list)
    seconds: float = 0.0
    seconds_in_talks: float = 0.0


Report = Callable[[Progress], None]
