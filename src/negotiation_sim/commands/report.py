"""`negsim report`: what a run or a sweep has found, as one HTML page and its figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from negotiation_sim.commands.options import Options
from negotiation_sim.report.report import SECTIONS, write_report
from negotiation_sim.report.study import Study
from negotiation_sim.scenario.problems import Problem, ScenarioError


class VerbOptions(Options):
    """Options of `negsim report`."""

    out: Annotated[str, Field(min_length=1)] | None


def command(study: Study, options: VerbOptions) -> None:
    """Write the page and the figures."""
    folder = Path(options.out) if options.out else study.folder / "report"
    existing = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not existing.is_dir():
        problem = Problem("out", "the report cannot go there", f"{existing} is a file", "a folder")
        raise ScenarioError("options of negsim report", [problem])
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("sections"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("report", total=len(SECTIONS))

        def report(title: str) -> None:
            progress.update(task, advance=1, description=title)

        page = write_report(study, folder, report)
    console.print(
        f"{page} ({page.stat().st_size / 1e6:.1f} MB, opens in any browser, offline); its figures are beside it.",
        highlight=False,
        soft_wrap=True,
    )
