"""Handing the chunks of a wave to workers, and what is done about those that fail."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from negotiation_sim.sweep.chunk import Chunk, Played
from negotiation_sim.sweep.engines import Engine, NoWorkers
from negotiation_sim.sweep.plan import Plan, Span, Wave
from negotiation_sim.sweep.progress import Progress, Report
from negotiation_sim.sweep.store import Store

STRIKES = 3
"""A chunk that fails so often is halved, until the run that breaks it is found."""
AHEAD = 2
"""Chunks handed over for each worker, so that none waits for the driver."""


@dataclass
class Stretch:
    """Runs to be played as one chunk, and how often they failed."""

    span: Span
    strikes: int = 0

    @property
    def runs(self) -> int:
        """How many runs it has."""
        return self.span[1] - self.span[0]

    def halves(self) -> list[Stretch]:
        """Both halves, each to be halved again the next time it fails."""
        start, stop = self.span
        middle = (start + stop) // 2
        return [Stretch(span, STRIKES - 1) for span in ((start, middle), (middle, stop))]


class Dispatch:
    """Plays what is missing of one wave.

    A chunk that fails is played again. One that has failed `STRIKES` times is halved until the run that breaks it
    is found. It may have been lost through no fault of its own, though, with a worker that another chunk broke or
    that was killed: then it is first played once more at the end, by itself. None of this changes a result, for a
    run does not depend on its chunk.

    Raises:
        NoWorkers: nobody is there to play.
    """

    def __init__(self, plan: Plan, wave: Wave, engine: Engine, store: Store, progress: Progress) -> None:
        self.plan, self.wave, self.engine = plan, wave, engine
        self.store, self.progress = store, progress
        self._plain = [scenario.model_dump_json(exclude_unset=True) for scenario in plan.structures]
        self._again: deque[Stretch] = deque()
        self._suspects: deque[Stretch] = deque()
        self._under_way: dict[Future[Played], Stretch] = {}

    def play(self, missing: Sequence[Span], size: int, report: Report) -> None:
        """Play the missing spans in chunks of at most `size` runs, and keep what they give."""
        fresh = (Stretch(span) for span in self.plan.chunks(self.wave, missing, size))
        while True:
            while len(self._under_way) < AHEAD * self.engine.workers:
                following = self._again.popleft() if self._again else next(fresh, None)
                if following is None:
                    break
                self._hand_over(following)
            if not self._under_way:
                if not self._suspects:
                    return
                self._hand_over(self._suspects.popleft())
            self._take_back()
            report(self.progress)

    def _hand_over(self, stretch: Stretch) -> None:
        chunk = chunk_of(self.plan, self.wave, stretch.span, self._plain)
        self._under_way[self.engine.submit(chunk)] = stretch

    def _take_back(self) -> None:
        """Wait for a chunk, and deal with all that have come back."""
        alone = len(self._under_way) == 1
        done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
        for future in done:
            stretch = self._under_way.pop(future)
            if future.cancelled():
                raise NoWorkers("the cluster has gone")
            error = future.exception()
            if error is None:
                self._keep(stretch, future.result())
            elif isinstance(error, NoWorkers):
                raise error
            else:
                self._strike(stretch, error, alone)

    def _keep(self, stretch: Stretch, played: Played) -> None:
        self.store.add(self.wave.number, stretch.span, played)
        self.progress.done += stretch.runs
        self.progress.counts[played.points] += played.counts
        self.progress.seconds += played.seconds
        self.progress.seconds_in_talks += played.seconds_in_talks

    def _strike(self, stretch: Stretch, error: BaseException, alone: bool) -> None:
        stretch.strikes += 1
        if stretch.strikes < STRIKES:
            self._again.append(stretch)
        elif isinstance(error, self.engine.lost) and not alone:
            self._suspects.append(stretch)
        elif stretch.runs > 1:
            self._suspects.extend(stretch.halves())
        else:
            self._give_up(stretch, error)

    def _give_up(self, stretch: Stretch, error: BaseException) -> None:
        point, replication = self.wave.point_and_replication(stretch.span)
        world = self.plan.worlds(point, replication)
        said = " ".join(f"{type(error).__name__}: {error}".split())
        self.progress.failures.append({"design": int(point[0]), "world": int(world[0]), "error": said})


def chunk_of(plan: Plan, wave: Wave, span: Span, plain: Sequence[str]) -> Chunk:
    """What a worker is told of a span of one structure; `plain` has the structures as JSON."""
    point, replication = wave.point_and_replication(span)
    experiment = plan.experiment
    return Chunk(
        scenario=plain[int(plan.structure[point[0]])],
        label=str(plan.design["scenario"][point[0]]),
        parameters=experiment.parameters,
        seed=experiment.seed,
        design=point,
        worlds=plan.worlds(point, replication),
        fixed=plan.fixed(point),
        labels=plan.labels(point),
        traces=experiment.traces,
    )
