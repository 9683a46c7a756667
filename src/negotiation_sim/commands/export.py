"""`negsim export`: a sweep's results as one CSV or NetCDF file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from rich.console import Console

from negotiation_sim.commands.options import Options
from negotiation_sim.files import write_whole
from negotiation_sim.scenario.problems import Problem, ScenarioError
from negotiation_sim.sweep.export import write_csv, write_netcdf
from negotiation_sim.sweep.results import Results

WRITERS = {"csv": (write_csv, "runs.csv"), "netcdf": (write_netcdf, "runs.nc")}


class VerbOptions(Options):
    """Options of `negsim export`."""

    format: Literal["csv", "netcdf"]
    out: Annotated[str, Field(min_length=1)] | None


def command(results: Results, options: VerbOptions) -> None:
    """Write the file."""
    if not len(results):
        problem = Problem(
            "folder", "there are no results yet", str(results.folder), "a sweep with one part at least"
        )
        raise ScenarioError("options of negsim export", [problem])
    writer, name = WRITERS[options.format]
    path = Path(options.out) if options.out else results.folder / name
    if path.is_dir() or not path.absolute().parent.is_dir():
        problem = Problem("out", "the file cannot go there", str(path), "a file in a folder that is there")
        raise ScenarioError("options of negsim export", [problem])
    write_whole(path, lambda temporary: writer(results, temporary))
    Console().print(f"{len(results):,} runs in {path} ({path.stat().st_size / 1e6:,.1f} MB)", highlight=False)
