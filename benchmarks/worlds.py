"""How fast worlds run: many in one model against one model each, side by side on one core.

    python benchmarks/worlds.py            # the comparison, growth, and where the time goes
    python benchmarks/worlds.py --quick    # the comparison alone

(a) `Talks` with 4,096 worlds of january_2022; (b) the same worlds one by one through `mesa.batch_run`. The two take
turns, so that a machine that slows down slows both; the ratio is taken turn by turn. Each size of the growth
table runs in a process of its own, whose peak memory is the operating system's account.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import platform
import pstats
import resource
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import mesa
import numpy as np

from negotiation_sim import Scenario, Talks
from negotiation_sim.draws import Draws

WORLDS = 4096
ONE_BY_ONE = 24  # worlds a turn of (b)
TURNS = 5


def variant(name: str) -> Scenario:
    """january_2022, or it with one thing made larger: `allies=60`, `issues=10`, `days=120`."""
    what, _, number = name.partition("=")
    overrides: list[str] = []
    if what == "allies":
        more = int(number) - 30
        for each in range(more):
            overrides.append(
                f"+scenario.alliance.clusters.others.members.added_{each}={{name: Ally {each + 31}}}"
            )
    elif what == "issues":
        optional = ["hybrid", "iran", "central_asia"][: int(number) - 7]
        overrides += [f"scenario.issues.{key}.active=true" for key in optional]
    elif what == "days":
        overrides.append(f"scenario.calendar.horizon_days={number}")
    return Scenario.load("january_2022", overrides)


def seconds_together(scenario: Scenario, worlds: int, seed: int) -> float:
    """Time to build and run one model of many worlds."""
    start = time.perf_counter()
    Talks(scenario, worlds=worlds, seed=seed).run()
    return time.perf_counter() - start


def seconds_one_by_one(scenario: Scenario, worlds: int, seed: int) -> float:
    """Time for as many models of one world, through Mesa's own batch runner."""
    start = time.perf_counter()
    mesa.batch_run(
        Talks,
        {"scenario": [scenario], "worlds": [[world] for world in range(worlds)], "seed": [seed]},
        number_processes=1,
        data_collection_period=-1,
        display_progress=False,
    )
    return time.perf_counter() - start


def compare(scenario: Scenario) -> None:
    """The two sides in turns, and their ratio."""
    seconds_together(scenario, 64, 0)  # warm up: imports, menus
    rates = []
    for turn in range(TURNS):
        together = WORLDS / seconds_together(scenario, WORLDS, turn)
        alone = ONE_BY_ONE / seconds_one_by_one(scenario, ONE_BY_ONE, turn)
        rates.append((together, alone, together / alone))
        print(
            f"  turn {turn + 1}: (a) {together:8,.0f} runs/s   (b) {alone:6.1f} runs/s   ratio {together / alone:6.0f}"
        )
    together, alone, ratio = (statistics.median(column) for column in zip(*rates, strict=True))
    print(f"  median: (a) {together:8,.0f} runs/s   (b) {alone:6.1f} runs/s   ratio {ratio:6.0f}")
    print(f"  (a) takes {1e6 / together:,.0f} microseconds a run")


def measure(name: str, worlds: int) -> None:
    """Print runs a second and this process's peak memory for one size (called in a process of its own)."""
    scenario = variant(name)
    Talks(scenario, worlds=8).run()
    rates = [worlds / seconds_together(scenario, worlds, seed) for seed in range(3)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{statistics.median(rates):.1f} {peak:.0f}")


def growth() -> None:
    """How (a) grows with worlds, allies, issues and rounds."""
    cases = [("worlds", "base", worlds) for worlds in (1, 16, 256, 1024, 2048, 4096, 8192)]
    cases += [("allies", f"allies={n}", 2048) for n in (30, 60, 120)]
    cases += [("issues", f"issues={n}", 2048) for n in (7, 8, 10)]
    cases += [("horizon", f"days={n}", 2048) for n in (3, 30, 60, 120)]
    print(f"  {'':22}{'worlds':>8}{'runs/s':>10}{'us a run':>10}{'peak MiB':>10}")
    for _, name, worlds in cases:
        command = [sys.executable, str(Path(__file__)), "--measure", name, str(worlds)]
        rate, peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        rounds = len(variant(name).layout.rounds)
        label = f"{name} ({rounds} rounds)" if name.startswith("days") else name
        print(f"  {label:22}{worlds:>8}{float(rate):>10,.0f}{1e6 / float(rate):>10,.0f}{peak:>10}")


def where_the_time_goes(scenario: Scenario) -> None:
    """Own time by module, and the floor: what drawing the numbers and one logit choice each would cost alone."""
    profile = cProfile.Profile()
    profile.runcall(lambda: Talks(scenario, worlds=WORLDS, seed=1).run())
    own: dict[str, float] = defaultdict(float)
    for (file, _, name), (_, _, seconds, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        path = Path(file)
        place = f"{path.parent.name}/{path.name}" if "negotiation_sim" in file else "NumPy calls"
        own[place if file != "~" else f"NumPy: {name[:40]}"] += seconds
    total = sum(own.values())
    for place, seconds in sorted(own.items(), key=lambda item: -item[1])[:14]:
        print(f"  {seconds / total:6.1%}  {seconds * 1e6 / WORLDS:6.1f} us a run  {place}")
    talks = Talks(scenario, worlds=WORLDS, seed=1)
    counted = 0
    original = Draws.uniform

    def counting(self: Draws, *args: object) -> object:
        nonlocal counted
        counted += len(self.worlds)
        return original(self, *args)  # type: ignore[arg-type]

    Draws.uniform = counting  # type: ignore[method-assign,assignment]
    talks.run()
    Draws.uniform = original  # type: ignore[method-assign]
    generator = np.random.Generator(np.random.Philox(1))
    start = time.perf_counter()
    draws = generator.random(counted)
    np.exp(draws)
    floor = (time.perf_counter() - start) * 1e6 / WORLDS
    print(f"  floor: {counted / WORLDS:,.0f} draws a run, each with one exponential: {floor:.1f} us a run")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the comparison alone")
    parser.add_argument("--measure", nargs=2, metavar=("CASE", "WORLDS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure[0], int(options.measure[1]))
        return
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, Mesa {mesa.__version__}; one core")
    scenario = Scenario.load("january_2022")
    print(
        f"january_2022, {len(scenario.layout.rounds)} rounds: "
        f"(a) {WORLDS:,} worlds together; (b) one by one, mesa.batch_run"
    )
    compare(scenario)
    if options.quick:
        return
    print("Growth of (a), each size in a process of its own")
    growth()
    print("Where the time of (a) goes (own time, profiled)")
    where_the_time_goes(scenario)


if __name__ == "__main__":
    main()
