"""Where the model plays on: processes of their own, so that no page waits for arithmetic.

One process answers what a game needs to go on; another works out odds, forks and figures, at a lower priority, so that
ten thousand worlds never hold up a class.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

from negotiation_sim.children import end_with_parent

P = ParamSpec("P")
Result = TypeVar("Result")

GENTLY = 10
"""Niceness of the process that works out odds."""


class Backroom:
    """Two processes: `play` for games, `work` for odds and figures. Close it when the server ends."""

    def __init__(self) -> None:
        self._niceness = {"play": 0, "work": GENTLY}
        self._pools = {name: _pool(niceness) for name, niceness in self._niceness.items()}

    async def play(self, function: Callable[P, Result], *arguments: P.args, **keywords: P.kwargs) -> Result:
        """Call a function in the process that games are played in."""
        return await self._call("play", function, *arguments, **keywords)

    async def work(self, function: Callable[P, Result], *arguments: P.args, **keywords: P.kwargs) -> Result:
        """Call a function in the process that odds and figures are worked out in."""
        return await self._call("work", function, *arguments, **keywords)

    async def _call(
        self,
        name: str,
        function: Callable[P, Result],
        *arguments: P.args,
        **keywords: P.kwargs,
    ) -> Result:
        """Call it; once more in a new process, if the process dies of it."""
        for last in (False, True):
            pool = self._pools[name]
            future = pool.submit(function, *arguments, **keywords)
            try:
                return await asyncio.wrap_future(future)
            except BrokenProcessPool:
                if last:
                    raise
                if self._pools[name] is pool:
                    self._pools[name] = _pool(self._niceness[name])
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End both processes; what they are at is lost."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)


def _pool(niceness: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_begin, initargs=(niceness,))


def _begin(niceness: int) -> None:
    end_with_parent()
    if hasattr(os, "nice"):
        os.nice(niceness)
