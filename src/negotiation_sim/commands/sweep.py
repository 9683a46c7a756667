"""`negsim sweep`: an experiment's runs, played, kept and resumed; progress on the screen, then what was found."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import Field
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from negotiation_sim.analysis.shares import goodman_intervals
from negotiation_sim.commands.options import Options
from negotiation_sim.rules.outcome import HEADLINES, OUTCOMES
from negotiation_sim.scenario.parameters import Count
from negotiation_sim.scenario.problems import Problem, ScenarioError
from negotiation_sim.sweep.estimate import Estimate, estimate
from negotiation_sim.sweep.experiment import Experiment
from negotiation_sim.sweep.plan import Plan
from negotiation_sim.sweep.progress import Progress
from negotiation_sim.sweep.runner import cores, drive

SHOWN = 10  # design points listed on the screen


class VerbOptions(Options):
    """Options of `negsim sweep`."""

    engine: Literal["local", "dask"]
    workers: Annotated[Count, Field(le=1024)] | None
    cluster: str | None
    chunk: Annotated[Count, Field(le=1_000_000)]
    out: Annotated[str, Field(min_length=1)]
    dry_run: bool


def command(experiment: Experiment, options: VerbOptions) -> None:
    """Play what is missing, show how far it is, and print the outcome shares.

    Raises:
        SystemExit: 1 if runs failed, 130 if interrupted; what is done is kept.
    """
    console = Console()
    folder = Path(options.out)
    workers = options.workers or cores()
    _check_folder(folder)
    plan = Plan.of(experiment)
    expected = estimate(plan, workers)
    if options.dry_run:
        _print_estimate(console, experiment, plan, expected, folder)
        return
    _check_room(folder, expected)
    started = time.perf_counter()
    try:
        progress = _drive(console, plan, folder, options, workers)
    except KeyboardInterrupt:
        print(
            f"negsim sweep: interrupted; what was done is kept. Go on with:\n  {_same_command()}",
            file=sys.stderr,
        )
        raise SystemExit(130) from None
    except OSError as error:
        said = f"{error.strerror or error}: {error.filename or folder}"
        print(
            f"negsim sweep: {said}; what was done is kept. Go on with:\n  {_same_command()}", file=sys.stderr
        )
        raise SystemExit(1) from error
    _print_shares(console, experiment, plan, progress)
    seconds = time.perf_counter() - started
    console.print(
        f"{progress.done:,} runs in {folder}/, {progress.done - progress.found:,} of them played now "
        f"in {seconds:.1f} s by {workers} workers.",
        highlight=False,
    )
    if progress.failures:
        first = progress.failures[0]
        print(
            f"negsim sweep: {len(progress.failures)} runs failed; they are listed in {folder}/failures.json. "
            f"The first: design point {first['design']}, world {first['world']}: {first['error']}",
            file=sys.stderr,
        )
        raise SystemExit(1)


def _drive(console: Console, plan: Plan, folder: Path, options: VerbOptions, workers: int) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("runs, {task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[shares]}"),
    )
    quiet = not console.is_terminal  # or it would leave an empty line there
    with Bars(*columns, console=console, transient=True, disable=quiet) as bars:
        task = bars.add_task(plan.experiment.name, total=None, rate="", shares="")
        clock = time.perf_counter()

        def report(progress: Progress) -> None:
            played = progress.done - progress.found
            rate = played / max(time.perf_counter() - clock, 1e-9)
            bars.update(
                task,
                total=progress.total,
                completed=progress.done,
                rate=f"{rate:,.0f} a second",
                shares=_headlines(progress),
            )

        return drive(plan, folder, options.engine, workers, options.cluster, options.chunk, report)


def _headlines(progress: Progress) -> str:
    runs = int(progress.counts.sum())
    if not runs:
        return ""
    by_outcome = dict(zip(OUTCOMES, progress.counts.sum(axis=0).tolist(), strict=True))
    shares = {
        headline: sum(count for outcome, count in by_outcome.items() if OUTCOMES[outcome] == headline) / runs
        for headline in HEADLINES
    }
    return ", ".join(f"{headline} {share:.1%}" for headline, share in shares.items())


def _print_estimate(
    console: Console, experiment: Experiment, plan: Plan, expected: Estimate, folder: Path
) -> None:
    least = "" if isinstance(experiment.replications, int) else "at least "
    console.print(f"[bold]{escape(experiment.question)}[/bold]", highlight=False)
    console.print(
        f"{least}{expected.runs:,} runs: {len(plan.design):,} design points, "
        f"{experiment.design.kind.replace('_', ' ')}, of {len(plan.factors)} factors; "
        f"{len(plan.structures)} structures.\n"
        f"{least}{_duration(expected.seconds)} with {expected.workers} workers; "
        f"{least}{expected.bytes / 1e6:,.0f} MB in {folder}/ ({_free(folder) / 1e9:,.1f} GB are free).",
        highlight=False,
    )


def _check_folder(folder: Path) -> None:
    existing = _there(folder)
    if not existing.is_dir():
        problem = Problem(
            "out", "results cannot go there", f"{existing} is a file", "a new or an empty folder"
        )
        raise ScenarioError("options of negsim sweep", [problem])


def _check_room(folder: Path, expected: Estimate) -> None:
    free = _free(folder)
    if expected.bytes > free:
        problem = Problem(
            "replications",
            "there is no room for so many runs",
            f"{expected.runs:,} runs need about {expected.bytes / 1e9:,.1f} GB",
            f"at most {free / 1e9:,.1f} GB, which are free at {folder}",
        )
        raise ScenarioError("negsim sweep", [problem])


def _free(folder: Path) -> int:
    return shutil.disk_usage(_there(folder)).free


def _there(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _print_shares(console: Console, experiment: Experiment, plan: Plan, progress: Progress) -> None:
    """Shares of the headlines at the first design points, with the joint interval of each."""
    console.print(f"[bold]{escape(experiment.question)}[/bold]", highlight=False)
    codes = [[at for at, each in enumerate(OUTCOMES.values()) if each == headline] for headline in HEADLINES]
    shown = min(len(plan.design), SHOWN)
    table = Table(
        title=f"Headlines at the horizon; joint 95% intervals (Goodman); {shown} of {len(plan.design)} design points",
        title_justify="left",
        title_style="",
        box=SIMPLE_HEAD,
    )
    for name in ["point", *HEADLINES, "runs"]:
        table.add_column(name, justify="right", no_wrap=True)
    for point in range(shown):
        counts = [int(progress.counts[point, at].sum()) for at in codes]
        if sum(counts):
            bounds = zip(counts, *goodman_intervals(counts), strict=True)
            cells = [f"{count / sum(counts):.1%}\n{low:.1%} - {high:.1%}" for count, low, high in bounds]
            table.add_row(str(point), *cells, f"{sum(counts):,}")
    console.print(table)
    names = [
        *(["scenario"] if len(experiment.scenarios) > 1 else []),
        *(factor.path for factor in plan.factors),
    ]
    if names:
        console.print("Design points:")
        for point in range(shown):
            told = ", ".join(f"{name} {_told(plan.design[name][point])}" for name in names)
            console.print(f"  {point}: {told}", highlight=False, soft_wrap=True)


def _told(value: Any) -> str:
    if pd.isna(value):
        return "as drawn"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _same_command() -> str:
    return shlex.join(["negsim", "sweep", *sys.argv[1:]])
