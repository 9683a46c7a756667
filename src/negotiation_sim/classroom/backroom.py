"""Where the model plays on: processes of their own, so that no page waits for arithmetic.

One process answers what a game needs to go on; another works out odds and forks, and a third draws figures, both at a
lower priority, so that ten thousand worlds never hold up a class, nor a debrief. What they are to do is named, not
handed over: the server itself never loads the model, and stays small.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from multiprocessing import get_context
from typing import Any

from negotiation_sim.children import end_with_parent

NICENESS = {"play": 0, "work": 10, "draw": 5}
"""Of each process; it starts when it is first asked."""


class Backroom:
    """Three processes: for games, for odds, for figures. Close it when the server ends."""

    def __init__(self) -> None:
        self._pools = {name: _pool(niceness) for name, niceness in NICENESS.items()}

    async def play(self, task: str, *arguments: Any, **keywords: Any) -> Any:
        """Call a function of a module of `classroom`, such as `reckoning.deal`, where games are played."""
        return await self._call("play", task, *arguments, **keywords)

    async def work(self, task: str, *arguments: Any, **keywords: Any) -> Any:
        """Call such a function where odds and forks are worked out."""
        return await self._call("work", task, *arguments, **keywords)

    async def draw(self, task: str, *arguments: Any, **keywords: Any) -> Any:
        """Call such a function where figures are drawn."""
        return await self._call("draw", task, *arguments, **keywords)

    async def _call(self, name: str, task: str, *arguments: Any, **keywords: Any) -> Any:
        """Call it; once more in a new process, if the process dies of it."""
        for last in (False, True):
            pool = self._pools[name]
            try:
                return await asyncio.wrap_future(pool.submit(perform, task, *arguments, **keywords))
            except BrokenProcessPool:
                if last:
                    raise
                if self._pools[name] is pool:
                    self._pools[name] = _pool(NICENESS[name])
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End all processes; what they are at is lost."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)


def perform(task: str, *arguments: Any, **keywords: Any) -> Any:
    """Call a function of a module of `classroom` by its name."""
    module, _, function = task.rpartition(".")
    return getattr(import_module(f"negotiation_sim.classroom.{module}"), function)(*arguments, **keywords)


def _pool(niceness: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_begin, initargs=(niceness,))


def _begin(niceness: int) -> None:
    end_with_parent()
    if hasattr(os, "nice"):
        os.nice(niceness)
