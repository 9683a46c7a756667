"""What was run: scenarios, worlds, seed, versions, time, and what is missing."""

from __future__ import annotations

from negotiation_sim.report.parts import Grid, Section, counted
from negotiation_sim.report.study import ENSEMBLE, Study

SHOWN = 12  # scenarios or factors listed by name
DRAWN = {
    "ranges": "drawn over its range in each world",
    "values": "held at its central value in all worlds",
}


def what_was_run(study: Study) -> Section:
    """Everything that the numbers below rest on."""
    names = [f"{scenario.title} ({name})" for name, scenario in study.scenarios.items()]
    rows = [
        ["scenario" if len(names) == 1 else f"scenarios ({len(names)})", _some(names)],
        ["runs", f"{len(study.runs):,}"],
        ["seed", str(study.seed)],
        ["every other parameter" if study.factors else "every parameter", DRAWN[study.parameters]],
    ]
    if study.kind != ENSEMBLE:
        worlds = "the same worlds at every point" if study.common else "other worlds at every point"
        rows[1:1] = [
            ["design", f"{study.kind.replace('_', ' ')}, {counted(len(study.design), 'point')}; {worlds}"],
            [f"varied ({len(study.factors)})", _some([study.words(path) for path in study.factors])],
        ]
    rows += [["started", study.started or "unknown"], ["working time", _duration(study.seconds)]]
    rows.append(["versions", ", ".join(f"{name} {version}" for name, version in study.versions.items())])
    kept = "none" if study.rounds is None else counted(_kept(study), "run")
    rows.append(["every round kept of", kept])
    parts = [
        study.base.summary,
        Grid("The runs behind this page", ("part", "as it was run"), rows, words=2),
        *study.gaps,
    ]
    if len(names) > 1:
        parts.append(
            f"Where scenarios are not compared, this page tells of the first, the base case: {names[0]}."
        )
    return Section("run", "What was run", parts)


def _some(names: list[str]) -> str:
    more = len(names) - SHOWN
    return "; ".join(names[:SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _kept(study: Study) -> int:
    assert study.rounds is not None
    return len(study.rounds) // len(study.base.layout.rounds)


def _duration(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{seconds:,.1f} s"
