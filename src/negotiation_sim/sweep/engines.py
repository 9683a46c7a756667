"""Where chunks are played: processes of this machine, or a Dask cluster. Both are executors that may break."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Protocol

from negotiation_sim.scenario import Problem, ScenarioError
from negotiation_sim.sweep.chunk import Chunk, Played, play


class Engine(Protocol):
    """Plays chunks.

    Attributes:
        workers: how many chunks it plays at once.
    """

    workers: int

    def submit(self, chunk: Chunk) -> Future[Played]:
        """Hand a chunk over; the future raises `BrokenExecutor` if the worker died."""

    def mend(self) -> None:
        """Make it work again after a worker died."""

    def close(self) -> None:
        """Let go of all workers, whatever they are doing."""


class Local:
    """Processes on this machine.

    Args:
        workers: how many.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: Executor = self._new()

    def _new(self) -> Executor:
        # Mesa would force `spawn` anyway, and a fresh interpreter inherits no locks.
        return ProcessPoolExecutor(
            self.workers, mp_context=get_context("spawn"), initializer=_leave_interrupts
        )

    def submit(self, chunk: Chunk) -> Future[Played]:
        """Hand a chunk over."""
        return self._pool.submit(play, chunk)

    def mend(self) -> None:
        """A pool that has lost a worker takes nothing any more: take a new one."""
        self.close()
        self._pool = self._new()

    def close(self) -> None:
        """Stop all processes; what they are doing is lost."""
        processes = list(getattr(self._pool, "_processes", None) or {})
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            try:
                os.kill(process, signal.SIGTERM)
            except ProcessLookupError:
                continue


class Dask:
    """A Dask cluster: the one at an address, or one that is started on this machine.

    Args:
        address: of the scheduler, such as `tcp://10.0.0.1:8786`; None starts a cluster of `workers` processes.
        workers: how many processes to start; of a cluster that is there, all are used.

    Raises:
        ScenarioError: Dask is not installed, or nobody answers at the address.
    """

    def __init__(self, address: str | None, workers: int) -> None:
        try:
            from distributed import Client, LocalCluster
        except ImportError as error:
            problem = Problem(
                "engine", "Dask is not installed", "dask", "pip install 'negotiation-sim[cluster]'"
            )
            raise ScenarioError("options of negsim sweep", [problem]) from error
        self._cluster = None
        if address is None:
            self._cluster = LocalCluster(
                n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
            )
        try:
            self._client = Client(self._cluster or address, timeout="10s", set_as_default=False)
        except (OSError, ValueError) as error:
            problem = Problem(
                "cluster",
                "no Dask scheduler answers there",
                str(address),
                "an address such as tcp://127.0.0.1:8786",
            )
            raise ScenarioError("options of negsim sweep", [problem]) from error
        self.workers = workers if self._cluster else max(sum(self._client.nthreads().values()), 1)
        self._executor = self._client.get_executor(pure=False)

    def submit(self, chunk: Chunk) -> Future[Played]:
        """Hand a chunk over; Dask itself plays it again elsewhere if its worker dies."""
        future: Future[Played] = self._executor.submit(play, chunk)
        return future

    def mend(self) -> None:
        """Dask mends itself."""

    def close(self) -> None:
        """Cancel what is under way; a cluster that was here before stays."""
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


ENGINES: dict[str, Callable[[str | None, int], Engine]] = {
    "local": lambda _, workers: Local(workers),
    "dask": Dask,
}


def _leave_interrupts() -> None:
    """Ctrl-C is for the driver, which then stops its workers itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
