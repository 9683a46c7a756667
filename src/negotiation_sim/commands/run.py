"""`negsim run`: an ensemble of worlds; tables on the screen, and files for other programs and for a report."""

from __future__ import annotations

import json
import os
import platform
import time
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from negotiation_sim import __version__
from negotiation_sim.analysis.shares import fact_shares, outcome_shares
from negotiation_sim.commands.options import Options, Seed
from negotiation_sim.figures.outcomes import outcome_figure
from negotiation_sim.figures.style import save
from negotiation_sim.files import write_whole
from negotiation_sim.parquet import as_parquet
from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.parameters import Drawing, Whole
from negotiation_sim.scenario.problems import Problem, ScenarioError
from negotiation_sim.talks import Talks

BATCH = 2048
"""Worlds a model holds at once: enough that the work is arithmetic, few enough for the cache (see benchmarks)."""
LIBRARIES = ("mesa", "numpy", "scipy", "pandas", "pyarrow", "hydra-core", "pydantic", "statsmodels")
NOTES = {
    "ranges": "Parameters drawn over their ranges; a teaching model, not a forecast",
    "values": "All parameters at their central values; a teaching model, not a forecast",
}


class VerbOptions(Options):
    """Options of `negsim run`."""

    worlds: Annotated[Whole, Field(ge=1, le=10_000_000)]
    seed: Seed
    parameters: Drawing
    rounds: Annotated[Whole, Field(ge=0, le=1_000_000)]
    out: Annotated[str, Field(min_length=1)]


def command(scenario: Scenario, options: VerbOptions) -> None:
    """Run the worlds, print the tables, and write the files that the docs name under `negsim run`."""
    folder = _folder(Path(options.out))
    console = Console()
    started = datetime.now(UTC)
    clock = time.perf_counter()
    runs, rounds = _simulate(scenario, options, console)
    seconds = time.perf_counter() - clock
    week = outcome_shares(runs, "week_outcome", OUTCOMES)
    horizon = outcome_shares(runs, "outcome", OUTCOMES)
    facts = (
        fact_shares(runs, {key: fact.text for key, fact in scenario.facts.items()})
        if scenario.facts
        else None
    )
    _print(console, scenario, week, horizon, facts)
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in (("runs", runs), ("rounds", rounds)):
        write_whole(folder / f"{name}.parquet", lambda path, table=table: path.write_bytes(as_parquet(table)))
    write_whole(folder / "scenario.yaml", lambda path: path.write_text(scenario.as_yaml(), encoding="utf-8"))
    summary = {
        "scenario": scenario.name,
        "title": scenario.title,
        "worlds": options.worlds,
        "seed": options.seed,
        "parameters": options.parameters,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "negotiation_sim": __version__,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "interval": "95%: Goodman, joint over outcomes; Wilson for each fact",
        "week": _records(week),
        "horizon": _records(horizon),
        "facts": _records(facts) if facts is not None else [],
    }
    write_whole(folder / "summary.json", lambda path: path.write_text(json.dumps(summary, indent=2) + "\n"))
    figure = outcome_figure(
        week,
        horizon,
        scenario=scenario.title,
        labels={outcome: scenario.outcome_label(outcome) for outcome in OUTCOMES},
        week_label=scenario.week_words,
        horizon_label=scenario.horizon_words,
        note=NOTES[options.parameters],
    )
    save(figure, folder / "outcomes.png")
    console.print(
        f"{options.worlds:,} worlds in {seconds:.1f} s; runs.parquet, summary.json, outcomes.png in {folder}/\n"
        f"All figures and one HTML page: negsim report {folder}",
        highlight=False,
    )


def _folder(folder: Path) -> Path:
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not existing.is_dir():
        found, allowed = f"{existing} is a file", "the path of a folder"
    elif not os.access(existing, os.W_OK):
        found, allowed = f"{existing} cannot be written to", "a folder that can be written to"
    else:
        return folder
    raise ScenarioError("options of negsim run", [Problem("out", "results cannot go there", found, allowed)])


def _simulate(
    scenario: Scenario, options: VerbOptions, console: Console
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row a world; and of the first worlds one row a round."""
    runs, rounds = [], []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("worlds"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task(scenario.name, total=options.worlds)
        for first in range(0, options.worlds, BATCH):
            batch = range(first, min(first + BATCH, options.worlds))
            with closing(Talks(scenario, batch, options.seed, options.parameters)) as talks:
                runs.append(talks.run().outcomes)
                kept = np.arange(np.clip(options.rounds - first, 0, len(batch)))
                rounds.append(talks.rounds(kept))
            progress.advance(task, len(batch))
    return pd.concat(runs, ignore_index=True), pd.concat(rounds, ignore_index=True)


def _print(
    console: Console,
    scenario: Scenario,
    week: pd.DataFrame,
    horizon: pd.DataFrame,
    facts: pd.DataFrame | None,
) -> None:
    n = int(horizon["n"].iloc[0])
    console.print(f"[bold]{escape(scenario.title)}[/bold]: {n:,} worlds", highlight=False)
    for label, table in ((scenario.week_words, week), (scenario.horizon_words, horizon)):
        _print_outcomes(console, scenario, label, table)
    if facts is not None:
        _print_facts(console, scenario, facts)


def _print_outcomes(console: Console, scenario: Scenario, label: str, shares: pd.DataFrame) -> None:
    table = _table(f"Outcomes {label}; joint 95% intervals (Goodman)", "headline", "outcome")
    for headline, rows in shares.groupby("headline", sort=False):
        outcome = rows.columns[0]
        for at, row in enumerate(rows.to_dict("records")):
            table.add_row("" if at else str(headline), scenario.outcome_label(row[outcome]), *_cells(row))
    console.print(table)


def _print_facts(console: Console, scenario: Scenario, facts: pd.DataFrame) -> None:
    table = _table(
        "Documented facts reproduced (a check, not a target); 95% intervals (Wilson)", "fact", "evidence"
    )
    for row in facts.to_dict("records"):
        fact = scenario.facts.get(row["key"])
        if fact is None:
            table.add_section()
        table.add_row(row["text"], ", ".join(fact.evidence) if fact else "", *_cells(row))
    console.print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="", box=SIMPLE_HEAD)
    for column in columns:
        table.add_column(column)
    for column in ("share", "95% interval", "worlds"):
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _cells(row: dict[Any, Any]) -> tuple[str, str, str]:
    return f"{row['share']:.1%}", f"{row['low']:.1%} - {row['high']:.1%}", f"{row['count']:,}"


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [dict(json.loads(row.to_json())) for _, row in table.iterrows()]
