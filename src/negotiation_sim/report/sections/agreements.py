"""Who concedes what: which issues end up bound, and at which level."""

from __future__ import annotations

import pandas as pd

from negotiation_sim.analysis.concessions import ANY, bound_levels
from negotiation_sim.figures.concessions import Issue, concessions_figure
from negotiation_sim.report.parts import Picture, Section, told
from negotiation_sim.report.study import Study
from negotiation_sim.scenario.schema import Issue as IssueSpec
from negotiation_sim.scenario.schema import Scale
from negotiation_sim.scenario.wording import in_a_sentence

CONCESSION = "concession"
MOST_LEVELS = 12
"""An issue with more levels is told as bound or not."""


def agreements(study: Study) -> Section | None:
    """The levels that are bound at the horizon."""
    specs = study.base.layout.issues
    if any(f"level_{key}" not in study.sample for key in specs):
        return None
    runs = study.sample.assign(
        **{f"level_{key}": _levels(study.sample, key).clip(upper=_top(spec)) for key, spec in specs.items()}
    )
    tops = {key: _top(spec) for key, spec in specs.items()}
    table = bound_levels(runs, tops)
    issues = {
        key: Issue(spec.title, [_label(spec, level) for level in range(_top(spec) + 1)], spec.given_by)
        for key, spec in specs.items()
    }
    sides = {side: spec.name for side, spec in study.base.sides}
    bound = table[(table["level"] == ANY) & (table["count"] > 0)].sort_values("share", ascending=False)
    said = [f"{issues[row['issue']].title} in {told(row)}" for _, row in bound.head(3).iterrows()]
    sentence = (
        f"Bound most often, in shares of worlds: {in_a_sentence(said)}."
        if said
        else "No issue is bound in any world."
    )
    parts = [
        Picture(
            "concessions",
            concessions_figure(table, issues=issues, sides=sides, source=study.source(len(runs))),
            sentence,
        )
    ]
    conceded = runs[runs["headline"] == CONCESSION]
    if 0 < len(conceded) < len(runs):
        among = bound_levels(conceded, tops)
        most = among[among["level"] == ANY].sort_values("share", ascending=False).iloc[0]
        parts.append(
            Picture(
                "concessions_where_made",
                concessions_figure(
                    among,
                    issues=issues,
                    sides=sides,
                    source=study.source(len(conceded)),
                    among=f"worlds that end in {CONCESSION}",
                    question="Where ground is given, who gives what?",
                ),
                f"The issue bound most often where worlds end in {CONCESSION}: {issues[most['issue']].title}, in "
                f"{told(most)} of them.",
            )
        )
    return Section("agreements", "Who concedes what", parts)


def _levels(runs: pd.DataFrame, key: str) -> pd.Series:
    return runs[f"level_{key}"].astype("int64")


def _top(spec: IssueSpec) -> int:
    return spec.top if spec.top <= MOST_LEVELS else 1


def _label(spec: IssueSpec, level: int) -> str:
    if spec.top <= MOST_LEVELS:
        return spec.label(level)
    unit = spec.levels.unit if isinstance(spec.levels, Scale) else ""
    return f"above 0 {unit}".rstrip() if level else spec.label(0)
