"""The report: its sections in order, told one after another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from negotiation_sim.report.page import Page
from negotiation_sim.report.parts import Section, counted
from negotiation_sim.report.sections.again import again
from negotiation_sim.report.sections.agreements import agreements
from negotiation_sim.report.sections.bargaining import room
from negotiation_sim.report.sections.comparison import comparison
from negotiation_sim.report.sections.distributions import distributions
from negotiation_sim.report.sections.drivers import drivers
from negotiation_sim.report.sections.over_time import over_time
from negotiation_sim.report.sections.week import week
from negotiation_sim.report.sections.what_was_run import what_was_run
from negotiation_sim.report.study import Study

SECTIONS: tuple[Callable[[Study], Section | list[Section] | None], ...] = (
    what_was_run,
    distributions,
    over_time,
    agreements,
    comparison,
    drivers,
    room,
    week,
    again,
)
"""What makes the sections, in order; one that has nothing to say of a study gives None."""


def write_report(study: Study, folder: Path, report: Callable[[str], None] = lambda _: None) -> Path:
    """Write `report.html` and its figures into a folder; returns the page's path.

    Args:
        study: what is told.
        folder: made if it is not there.
        report: told the title of each section when it is done.

    Raises OSError if the folder can't be written to.
    """
    page = Page(folder)
    for make in SECTIONS:
        made = make(study)
        for section in made if isinstance(made, list) else [made] if made else []:
            page.add(section)
            report(section.title)
    what = "A sweep" if study.experiment else "A run"
    subtitle = (
        f"{what} of negotiation-sim: {study.name}, {counted(len(study.runs), 'run')}, seed {study.seed}."
    )
    return page.write(study.question, subtitle)
