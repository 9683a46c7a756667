"""Where chunks are played: processes of this machine, or a Dask cluster."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, Protocol

from negotiation_sim.children import end_with_parent
from negotiation_sim.scenario import Problem, ScenarioError
from negotiation_sim.sweep.chunk import Chunk, Played, play

Task = Callable[[Chunk], Played]
STARTS = 3
"""A worker that dies so often before it can take a chunk will never do so."""

PATIENCE = "10s"
"""How long a Dask scheduler may take to answer."""


class NoWorkers(OSError):
    """There is nobody who could play: workers cannot be started, or the cluster has gone."""


class Engine(Protocol):
    """Plays chunks.

    Attributes:
        workers: how many chunks it plays at once.
        lost: error of a chunk that was lost with its worker, which need not be the chunk's fault.
    """

    workers: int
    lost: type[Exception]

    def submit(self, chunk: Chunk) -> Future[Played]:
        """Hand a chunk over; its future is cancelled, or raises `NoWorkers`, if nobody can play."""

    def close(self) -> None:
        """Let go of all workers, whatever they are doing."""


class Local:
    """Processes on this machine, each fed by a thread through a pipe of its own.

    The workers of a `ProcessPoolExecutor` share their pipes: one that is killed while it hands back a result blocks
    the driver for good, and takes the others' chunks with it. Here the pipe ends, and only its own chunk is lost.

    Args:
        workers: how many.
        task: what they do with a chunk.
    """

    def __init__(self, workers: int, task: Task = play) -> None:
        self.workers = workers
        self.lost: type[Exception] = BrokenExecutor
        self._task = task
        self._given: SimpleQueue[tuple[Chunk, Future[Played]] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._alive: set[_Worker] = set()
        self._closed = False
        if os.name == "posix":
            resource_tracker.ensure_running()  # which lets interrupts through again, so before `_no_interrupts`
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def submit(self, chunk: Chunk) -> Future[Played]:
        """Hand a chunk over."""
        future: Future[Played] = Future()
        self._given.put((chunk, future))
        return future

    def close(self) -> None:
        """Kill all processes; what they are doing is lost."""
        with self._lock:
            self._closed = True
            for worker in self._alive:
                worker.process.kill()
        for _ in self._threads:
            self._given.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        """Hand chunks to one worker, and replace it when it dies."""
        _no_interrupts()
        worker: _Worker | None = None
        while (given := self._given.get()) is not None and not self._closed:
            chunk, future = given
            try:
                worker = worker or self._start()
                future.set_result(worker.play(chunk))
            except Exception as error:  # noqa: BLE001 (whatever it is, the driver is told)
                if isinstance(error, BrokenExecutor):
                    self._bury(worker)
                    worker = None
                future.set_exception(error)
        self._bury(worker)

    def _start(self) -> _Worker:
        for _ in range(STARTS):
            with self._lock:
                if self._closed:
                    break
                worker = _Worker(self._task)
                self._alive.add(worker)
            if worker.ready():
                return worker
            self._bury(worker)
        raise NoWorkers(
            "workers cannot be started (a script must call sweep() under `if __name__ == '__main__':`)"
        )

    def _bury(self, worker: _Worker | None) -> None:
        if worker is not None:
            worker.end()
            with self._lock:
                self._alive.discard(worker)


class _Worker:
    """A process and the pipe to it. A fresh interpreter: it inherits no locks, and Mesa would ask for one anyway."""

    def __init__(self, task: Task) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, task), daemon=True)
        self.process.start()
        theirs.close()  # so that the pipe ends when the process does

    def ready(self) -> bool:
        """Wait until it can take chunks; False if it died before."""
        try:
            self._pipe.recv()
        except (EOFError, OSError):
            return False
        return True

    def play(self, chunk: Chunk) -> Played:
        """Have a chunk played.

        Raises:
            BrokenExecutor: the process died.
            Exception: whatever the task raised.
        """
        try:
            self._pipe.send(chunk)
            answer: Played | Exception = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise BrokenExecutor("the worker died") from error
        if isinstance(answer, Exception):
            raise answer
        return answer

    def end(self) -> None:
        """Kill it, if it still lives."""
        self.process.kill()
        self.process.join()
        self._pipe.close()


def _work(pipe: Connection[Any, Any], task: Task) -> None:
    """What a worker does from its start to its end."""
    end_with_parent()
    pipe.send("ready")
    while True:
        try:
            chunk = pipe.recv()
        except EOFError:
            return
        answer: Played | Exception
        try:
            answer = task(chunk)
        except Exception as error:  # noqa: BLE001 (whatever it is, the driver is told)
            answer = error
        pipe.send(answer)


def _no_interrupts() -> None:
    """Ctrl-C is for the driver, which then stops its workers; what a thread blocks, its processes block too."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


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
            from distributed import Client, KilledWorker, LocalCluster
        except ImportError as error:
            problem = Problem(
                "engine", "Dask is not installed", "dask", "pip install 'negotiation-sim[cluster]'"
            )
            raise ScenarioError("options of negsim sweep", [problem]) from error
        self.lost: type[Exception] = KilledWorker
        self._cluster = None
        if address is None:
            self._cluster = LocalCluster(
                n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
            )
        try:
            self._client = Client(self._cluster or address, timeout=PATIENCE, set_as_default=False)
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

    def close(self) -> None:
        """Cancel what is under way; a cluster that was here before stays."""
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


ENGINES: dict[str, Callable[[str | None, int], Engine]] = {
    "local": lambda _, workers: Local(workers),
    "dask": Dask,
}
