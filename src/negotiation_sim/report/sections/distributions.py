"""How often worlds end in each way: in all, and by scenario, swept value or the challenger's type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from negotiation_sim.analysis.shares import headline_shares, outcome_shares, shares_by_group
from negotiation_sim.analysis.surfaces import levels
from negotiation_sim.figures import numbers
from negotiation_sim.figures.frame import NO_FORECAST
from negotiation_sim.figures.outcomes import outcome_figure
from negotiation_sim.figures.stacked import MOST, stacked_figure
from negotiation_sim.figures.ternary import ternary_figure
from negotiation_sim.report.parts import Grid, Picture, Section, counted, told
from negotiation_sim.report.study import ENSEMBLE, Study, distinct
from negotiation_sim.rules.outcome import HEADLINES, OUTCOMES
from negotiation_sim.scenario.wording import in_a_sentence


class Groups(NamedTuple):
    """Runs with a column that says to which group each belongs, and what groups are called."""

    runs: pd.DataFrame
    column: str
    by: str


def distributions(study: Study) -> Section:
    """The headline table and the figures of shares."""
    week = outcome_shares(study.sample, "week_outcome", OUTCOMES)
    horizon = outcome_shares(study.sample, "outcome", OUTCOMES)
    parts: list[str | Picture | Grid] = [study.thinned] if study.thinned else []
    parts += [_table(study, week, horizon), _moments(study, week, horizon)]
    for groups in _groups(study):
        parts += _by_group(study, groups)
    return Section("outcomes", "How worlds end", parts)


def _table(study: Study, week: pd.DataFrame, horizon: pd.DataFrame) -> Grid:
    scenario = study.base
    rows = []
    for headline in HEADLINES:
        for before, after in zip(week.to_dict("records"), horizon.to_dict("records"), strict=True):
            if before["headline"] == headline:
                name = scenario.outcome_label(str(before["week_outcome"]))
                rows.append([f"{headline}: {name}", told(before), told(after)])
    return Grid(
        f"{scenario.title}: shares of n = {counted(len(study.sample), 'world')}, with joint 95% intervals (Goodman)",
        ("outcome", scenario.week_words, scenario.horizon_words),
        rows,
    )


def _moments(study: Study, week: pd.DataFrame, horizon: pd.DataFrame) -> Picture:
    scenario = study.base
    figure = outcome_figure(
        week,
        horizon,
        scenario=scenario.title,
        labels=labels(study),
        week_label=scenario.week_words,
        horizon_label=scenario.horizon_words,
        note=f"{study.source(len(study.sample))} {NO_FORECAST}",
    )
    shares = headline_shares(horizon).set_index("headline")
    early = headline_shares(week.rename(columns={"week_outcome": "outcome"})).set_index("headline")
    told_all = [f"{name} in {told(row)}" for name, row in shares.iterrows()]
    top = str(shares["share"].idxmax())
    return Picture(
        "outcomes",
        figure,
        f"Worlds end in {in_a_sentence(told_all)} at the horizon; {top} is the likeliest, and stood at "
        f"{told(early.loc[top])} {scenario.week_words}.",
    )


def labels(study: Study) -> dict[str, str]:
    """Outcomes as the base case calls them."""
    return {outcome: study.base.outcome_label(outcome) for outcome in OUTCOMES}


def _groups(study: Study) -> list[Groups]:
    """By what the runs can be told apart: scenarios, swept values or points; worlds of one scenario by type."""
    found = []
    if len(study.scenarios) > 1:
        found.append(Groups(_renamed(study.runs, "scenario", study.titles), "scenario", "scenario"))
    if study.kind == ENSEMBLE:
        types = {key: spec.label for key, spec in study.base.layout.challenger_spec.types.items()}
        named = _renamed(study.sample, "type", distinct(types))
        return [*found, Groups(named, "type", "type of the challenger")]
    runs = study.base_runs
    if len(study.factors) == 1:
        path = study.factors[0]
        values = runs[path]
        number = pd.api.types.is_numeric_dtype(values)
        given = runs[values.notna()]
        if len(given):
            group = levels(given[path], bins=12) if number else given[path].astype(str)
            found.append(Groups(given.assign(group=group), "group", study.words(path)))
    else:
        found.append(Groups(runs, "design", "design point"))
    return found


def _points(study: Study) -> dict[int, str]:
    """Design points by number, since a design may hold the same values twice, and by what is varied there."""
    return {
        int(at): f"{at}: "
        + ", ".join(
            f"{study.words(path)} {numbers.value(value)}" for path, value in row.items() if pd.notna(value)
        )
        for at, row in study.design[list(study.factors)].iterrows()
    }


def _renamed(runs: pd.DataFrame, column: str, words: Mapping[str, str]) -> pd.DataFrame:
    """Runs with a column of keys put in words, in the order of `words`."""
    return runs.assign(**{column: pd.Categorical(runs[column].map(words).astype(str), list(words.values()))})


def _by_group(study: Study, groups: Groups) -> list[Picture]:
    shares = shares_by_group(groups.runs, groups.column, "outcome", OUTCOMES)
    of_headlines = headline_shares(shares)
    name = groups.by.split(",")[0].replace(" ", "_") if groups.column != "group" else "swept_value"
    escalation = of_headlines[of_headlines["headline"] == "escalation"].set_index("group")
    least, most = escalation["share"].idxmin(), escalation["share"].idxmax()
    source = study.source(None if groups.column == "scenario" else len(groups.runs))
    many = escalation.index.nunique()
    names = _points(study) if groups.column == "design" else {}
    said = [f"{names.get(at, numbers.value(at))}, {told(escalation.loc[at])}" for at in (least, most)]
    sentence = (
        f"By {groups.by} (of {many}), escalation is rarest in {said[0]}, and commonest in {said[1]}."
        if many > 1
        else f"There is one {groups.by} only: {said[0]} of escalation."
    )
    ternary = Picture(
        f"ternary_by_{name}",
        ternary_figure(of_headlines, by=groups.by, source=source),
        _leaders(of_headlines, groups.by),
    )
    if groups.column == "design":
        if many > MOST:  # bars of so many points say nothing; what drives them is told further down
            return [ternary]
        shares = shares.assign(group=shares["group"].map(names))
    stacked = stacked_figure(shares, by=groups.by, labels=labels(study), source=source)
    return [Picture(f"shares_by_{name}", stacked, sentence), ternary]


def _leaders(shares: pd.DataFrame, by: str) -> str:
    """How many groups each headline leads."""
    leading = shares.loc[shares.groupby("group", observed=True)["share"].idxmax(), "headline"].value_counts()
    said = [f"{headline} in {count:,}" for headline, count in leading.items()]
    return f"By {by}, of {int(leading.sum()):,}, the likeliest headline is {in_a_sentence(said)}."
