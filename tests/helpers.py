"""What several test files share: playing a scenario, and who decided what in which world."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from negotiation_sim import Scenario, Talks
from negotiation_sim.agents.decisions import Decision

LIMITS = Path(__file__).parent / "limits"


@cache
def limit(name: str, *overrides: str) -> Scenario:
    """The scenario of an exact limit."""
    return Scenario.load(str(LIMITS / f"{name}.yaml"), overrides=overrides)


@cache
def shipped(name: str = "january_2022", *overrides: str) -> Scenario:
    """A shipped scenario; loading takes a second, so it is loaded once."""
    return Scenario.load(name, overrides=overrides)


def setting(path: str, low: float, high: float | None = None) -> list[str]:
    """Hydra overrides that give a parameter a new range, and its middle as its value."""
    high = low if high is None else high
    return [f"scenario.{path}.value={(low + high) / 2!r}", f"scenario.{path}.range=[{low!r},{high!r}]"]


def assert_share(hits: NDArray[np.bool_], expected: float, sigmas: float = 4.0) -> None:
    """A share of independent worlds lies within so many binomial standard deviations of what is expected."""
    bound = sigmas * sqrt(expected * (1.0 - expected) / len(hits))
    seen = float(np.mean(hits))
    assert abs(seen - expected) <= bound, f"{seen:.4f}, expected {expected:.4f} +- {bound:.4f}"


@dataclass(frozen=True)
class Played:
    """One decision as it was taken, with the world in each of its rows.

    Attributes:
        decision: what was to be decided.
        chosen: (w,) option taken in each row.
        rows: (w,) position of each row's world in the record and in `Talks.world_ids` at the start.
    """

    decision: Decision
    chosen: NDArray[np.int64]
    rows: NDArray[np.int64]

    def at(self, world: int) -> int | None:
        """Row of a world (its position at the start), None if it has left the batch."""
        found = np.flatnonzero(self.rows == world)
        return int(found[0]) if len(found) else None


def rounds_played(talks: Talks) -> Iterator[tuple[int, list[Played]]]:
    """Play on round by round (needs `keep_decisions`); gives its number and the decisions of each."""
    log = talks.desk.log
    assert log is not None
    while talks.running:
        before, rows, number = len(log), talks.rows.copy(), talks.round.number
        talks.step()
        yield number, [Played(decision, chosen, rows) for decision, chosen in log[before:]]


def run(
    scenario: Scenario | str,
    worlds: int | Iterable[int] = 1,
    seed: int = 1,
    fixed: Mapping[str, ArrayLike] | None = None,
    **more: Any,
) -> Talks:
    """Play a scenario to its horizon."""
    ids = worlds if isinstance(worlds, int) else list(worlds)
    loaded = shipped(scenario) if isinstance(scenario, str) else scenario
    return Talks(loaded, worlds=ids, seed=seed, fixed=fixed, **more).run()
