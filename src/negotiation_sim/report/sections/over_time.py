"""When worlds end, how beliefs and the ladder move until then, and which ways lead to which ending."""

from __future__ import annotations

from itertools import groupby
from textwrap import shorten

import pandas as pd

from negotiation_sim.analysis.incidence import cumulative_incidence
from negotiation_sim.analysis.paths import fans, paths, rung_shares, talk_states
from negotiation_sim.analysis.shares import share
from negotiation_sim.figures.alluvial import alluvial_figure
from negotiation_sim.figures.fans import fans_figure
from negotiation_sim.figures.incidence import incidence_figure
from negotiation_sim.report.parts import Picture, Section, told
from negotiation_sim.report.sections.distributions import labels
from negotiation_sim.report.study import ONCE, Study
from negotiation_sim.rules.outcome import HEADLINES, OUTCOMES
from negotiation_sim.scenario.wording import in_a_sentence

GOING_ON = "talks_continuing"
LABEL_CHARACTERS = 26


def over_time(study: Study) -> Section:
    """Figures over the calendar; those that need every round say so where none was kept."""
    parts: list[str | Picture] = [ONCE] if study.thinned else []
    if "outcome_since" in study.sample:
        parts.append(_incidence(study))
    rounds = study.sample_rounds
    if rounds is None:
        parts.append(
            "No rounds were kept, so there are no figures of what happens between the first session and the end: "
            "run again with rounds=2000, or a sweep with traces: 1."
        )
    else:
        runs = study.sample.merge(rounds[["world"]].drop_duplicates(), on="world")
        parts += [*_fans(study, rounds, runs), _alluvial(study, rounds, runs)]
    return Section("time", "When, and on which way", parts)


def _incidence(study: Study) -> Picture:
    layout = study.base.layout
    days = {each.number: each.date for each in layout.rounds}
    since = study.sample["outcome_since"].where(study.sample["outcome"] != GOING_ON, len(days))
    table = cumulative_incidence(
        study.sample.assign(end_round=since), days, endings=[each for each in OUTCOMES if each != GOING_ON]
    )
    figure = incidence_figure(
        table,
        headlines=OUTCOMES,
        labels=labels(study),
        week=documented_week(study),
        source=study.source(len(study.sample)),
    )
    said = []
    for outcome, rows in table[table["events"].groupby(table["outcome"]).transform("sum") > 0].groupby(
        "outcome"
    ):
        half = rows[rows["incidence"] >= rows["incidence"].max() / 2].iloc[0]
        said.append(
            (half["day"], f"{study.base.outcome_label(str(outcome))}, {half['day'].day} {half['day']:%B}")
        )
    ways = "; ".join(words for _, words in sorted(said))
    sentence = (
        f"The date by which half of the worlds that end in each way have done so: {ways}."
        if said
        else "No world has ended by the horizon."
    )
    return Picture("incidence", figure, sentence)


def _fans(study: Study, rounds: pd.DataFrame, runs: pd.DataFrame) -> list[Picture]:
    scenario, layout = study.base, study.base.layout
    beliefs = {
        f"belief_{key}": f"belief in {_article(spec.label)} {spec.label}"
        for key, spec in layout.challenger_spec.types.items()
    }
    standing = {"cohesion": "cohesion of the allies", "credibility": "credibility of threats"}
    if scenario.alliance is None:
        del standing["cohesion"]
    ladder = scenario.ladders.challenger
    rungs = rung_shares(rounds, runs, len(ladder))
    shown = {
        "dates": {each.number: each.date for each in layout.rounds},
        "week": documented_week(study),
        "source": study.source(len(runs)),
    }
    believed, stood = fans(rounds, runs, list(beliefs)), fans(rounds, runs, list(standing))
    return [
        Picture(
            "beliefs",
            fans_figure(
                believed,
                labels=beliefs,
                question="What do observers come to believe of the challenger?",
                **shown,
            ),
            f"Medians at the horizon: {_medians(believed, beliefs, len(layout.rounds))}.",
        ),
        Picture(
            "standing",
            fans_figure(
                stood, rungs, labels=standing, rung_labels=[rung.label for rung in ladder.values()], **shown
            ),
            f"Medians at the horizon: {_medians(stood, standing, len(layout.rounds))}.",
        ),
    ]


def _article(noun: str) -> str:
    return "an" if noun[:1].lower() in "aeiou" else "a"


def _medians(table: pd.DataFrame, words: dict[str, str], last: int) -> str:
    """The median of each quantity after the last round, by headline."""
    rows = table[(table["round"] == last) & table["median"].notna()]
    said = []
    for quantity, name in words.items():
        own = rows[rows["quantity"] == quantity].set_index("headline")["median"]
        values = [f"{own[headline]:.2f} in {headline}" for headline in HEADLINES if headline in own.index]
        said.append(f"{name} {in_a_sentence(values)}")
    return "; ".join(said)


def documented_week(study: Study) -> int | None:
    """Number of the last round of the documented week; None of an invented crisis, which has no documents."""
    return study.base.layout.week if study.base.facts else None


def _alluvial(study: Study, rounds: pd.DataFrame, runs: pd.DataFrame) -> Picture:
    scenario, layout = study.base, study.base.layout
    labels_of = [f"R{at} {rung.label}" for at, rung in enumerate(scenario.ladders.challenger.values())]
    rungs = {
        at: shorten(label, LABEL_CHARACTERS, placeholder="\N{HORIZONTAL ELLIPSIS}")
        for at, label in enumerate(labels_of)
    }
    war = [at for at, is_war in enumerate(layout.war) if is_war]
    states = rounds.assign(state=talk_states(rounds, rungs, war))
    last = len(layout.rounds)
    stages = dict.fromkeys([1, layout.week, (layout.week + last) // 2, last - 1])
    heads = {
        number: f"after {scenario.forums[layout.rounds[number - 1].forum].place}, "
        f"{layout.rounds[number - 1].date.day} {layout.rounds[number - 1].date:%B}"
        for number in stages
    }
    table = paths(states, runs, list(heads))
    figure = alluvial_figure(
        table,
        stages=heads,
        labels=labels(study),
        source=study.source(len(runs)),
        horizon=scenario.horizon_words,
    )
    ways = table.sort_values("count", ascending=False).iloc[0]
    whole = dict(zip(rungs.values(), labels_of, strict=True))
    states_of = [whole.get(str(ways[f"after_{number}"]), str(ways[f"after_{number}"])) for number in heads]
    through = [f"{state} ({times} times)" if times > 1 else state for state, times in _repeats(states_of)]
    return Picture(
        "paths",
        figure,
        f"The commonest way goes through {in_a_sentence(through)} to {scenario.outcome_label(str(ways['outcome']))}: "
        f"{told(share(int(ways['count']), len(runs))._asdict())} of worlds.",
    )


def _repeats(states: list[str]) -> list[tuple[str, int]]:
    """States in their order, and how many times in a row."""
    return [(state, len(list(again))) for state, again in groupby(states)]
