"""Variants against the base case, world by world."""

from __future__ import annotations

import pandas as pd

from negotiation_sim.analysis.comparison import paired_differences, waterfall
from negotiation_sim.figures.differences import differences_figure
from negotiation_sim.figures.percentages import signed
from negotiation_sim.figures.waterfall import waterfall_figure
from negotiation_sim.report.parts import FOCUS, Picture, Section, points
from negotiation_sim.report.sections.distributions import labels
from negotiation_sim.report.study import Study
from negotiation_sim.rules.outcome import HEADLINES, OUTCOMES
from negotiation_sim.scenario.wording import in_a_sentence

MATCHED = "Each world counts once, at the values of what was varied that were drawn for it, the same in all scenarios."


def comparison(study: Study) -> Section | None:
    """Paired differences on common random numbers, and where the largest comes from."""
    base, variants = _variants(study)
    if not variants:
        return None
    first = next(iter(base))
    source = study.source()
    tables = {
        name: paired_differences(base[first], runs, categories=list(OUTCOMES), joint=True)
        for name, runs in variants.items()
    }
    words = {name: name for name in HEADLINES}
    changes = {
        name: paired_differences(base[first], runs, "headline", list(words)).set_index("headline").loc[FOCUS]
        for name, runs in variants.items()
    }
    largest = max(changes, key=lambda name: abs(float(changes[name]["difference"])))
    row = changes[largest]
    steps = waterfall(base[first], variants[largest], FOCUS, "headline", list(words))
    net = steps[~steps["step"].isin(["base", "variant"])]
    moves = [f"{signed(row['change'])} from {row['step']}" for row in net.to_dict("records")]
    several = len(study.scenarios) > 1
    parts = [MATCHED] if several and study.factors and study.thinned else []
    return Section(
        "comparison",
        "Against the base case" if several else f"Against {first}",
        [
            *parts,
            Picture(
                "differences",
                differences_figure(
                    tables, base=first, headlines=OUTCOMES, labels=labels(study), source=source
                ),
                f"The largest change of {FOCUS} is in {largest}: "
                f"{points(row['difference'], row['low'], row['high'])}. Worlds that end in {FOCUS} only there: "
                f"{int(row['gained']):,}; only in {first}: {int(row['lost']):,}.",
            ),
            Picture(
                "waterfall",
                waterfall_figure(
                    steps,
                    outcome=FOCUS,
                    base=first,
                    variant=largest,
                    headlines=words,
                    labels=words,
                    source=source,
                ),
                f"From {first} to {largest}, {FOCUS} changes by {in_a_sentence(moves)} (points, net).",
            ),
        ],
    )


def _matched(study: Study) -> pd.DataFrame:
    """Runs of all scenarios, each world once in each: at the values of the factors drawn for it in the base case."""
    if not study.factors:
        return study.runs
    point = study.design.groupby(list(study.factors), dropna=False, sort=False).ngroup()
    drawn = study.sample[["world"]].assign(point=study.sample["design"].map(point))
    matched = study.runs.assign(point=study.runs["design"].map(point)).merge(drawn, on=["world", "point"])
    return matched.drop_duplicates(["scenario", "world"])


def _variants(study: Study) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """The base case and the variants by name, each world once; nothing where they do not share worlds."""
    if not study.common:
        return {}, {}
    if len(study.scenarios) > 1:
        column = "scenario"
        names = study.titles
    elif len(study.factors) == 1 and not pd.api.types.is_numeric_dtype(study.design[study.factors[0]]):
        column = study.factors[0]
        names = {key: str(key) for key in study.design[column].dropna().unique()}
    else:
        return {}, {}
    runs = _matched(study) if column == "scenario" else study.base_runs
    parts = {name: runs[runs[column] == key] for key, name in names.items()}
    played = {name: part for name, part in parts.items() if len(part)}
    first, *others = played
    return {first: played[first]}, {name: played[name] for name in others}
