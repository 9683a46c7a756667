"""How to make the same runs again."""

from __future__ import annotations

from negotiation_sim.report.parts import Code, Section
from negotiation_sim.report.study import Study


def again(study: Study) -> Section:
    """The command, the experiment's file, and what makes the bits the same."""
    version = study.versions.get("negotiation-sim", "unknown")
    parts: list[str | Code] = [Code(study.command)]
    if study.experiment:
        parts = ["Save this as again/sweep.yaml:", Code(study.experiment), "Then:", *parts]
    return Section(
        "again",
        "How to reproduce it",
        [
            *parts,
            f"With negotiation-sim {version} and the libraries above, the same seed gives the same worlds bit for "
            "bit, on any number of processes.",
        ],
    )
