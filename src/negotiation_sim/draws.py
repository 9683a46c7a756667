"""Uniform draws that belong to the world.

World j of seed s always gets the same number for the same purpose, actor and round, whatever other worlds
share its batch. The generator is counter-based (Philox: Salmon et al. 2011): the key is a hash of seed,
purpose and actor; the counter holds round and world, so any world's number can be reached at once.
"""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from numpy.random import Generator, Philox

from negotiation_sim.rules.arrays import Floats, Ints

PER_COUNTER = 4  # Philox4x64 gives four numbers a counter step: four neighbouring worlds share one
JOINED = 512  # worlds nearer to each other than this are drawn in one stretch


class Draws:
    """Uniform numbers in [0, 1) for a fixed set of worlds.

    Args:
        seed: the scenario's seed, any integer.
        worlds: ids of the worlds, each 0 or above, in the order in which results are wanted.
    """

    def __init__(self, seed: int, worlds: Iterable[int]) -> None:
        self.seed = seed
        self.worlds: Ints = np.array(list(worlds), dtype=np.int64)
        present = np.unique(self.worlds // PER_COUNTER)
        breaks = np.flatnonzero(np.diff(present) > JOINED // PER_COUNTER) + 1
        self._stretches = [(int(part[0]), int(part[-1]) + 1) for part in np.split(present, breaks)]
        starts = np.array([first for first, _ in self._stretches])
        lengths = np.array([end - first for first, end in self._stretches])
        stretch = np.searchsorted(starts, self.worlds // PER_COUNTER, side="right") - 1
        before = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        self._position = (before - starts)[stretch] * PER_COUNTER + self.worlds
        self._contiguous = bool((np.diff(self.worlds) == 1).all())

    def uniform(self, purpose: str, who: str, round_: int = 0) -> Floats:
        """One number a world.

        Args:
            purpose: what it is for, e.g. `response`.
            who: whose decision or which parameter.
            round_: the round, 0 for what is drawn once.

        Returns:
            (W,) in the order of `worlds`.
        """
        digest = blake2b(f"{self.seed}|{purpose}|{who}".encode(), digest_size=16).digest()
        key = np.frombuffer(digest, dtype=np.uint64)
        parts = [
            Generator(Philox(key=key, counter=np.array([first, round_, 0, 0], dtype=np.uint64))).random(
                (end - first) * PER_COUNTER
            )
            for first, end in self._stretches
        ]
        numbers = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if self._contiguous:
            start = int(self._position[0])
            return numbers[start : start + len(self._position)]
        return np.asarray(numbers[self._position])

    def take(self, rows: Ints) -> "Draws":
        """The same draws for some of the worlds, by position."""
        return Draws(self.seed, self.worlds[rows])
