"""Calibration against the documented week: what it rules out, what it can't tell, and how matching worlds end."""

from __future__ import annotations

import pandas as pd

from negotiation_sim.analysis.calibration import (
    leave_one_out,
    posterior,
    predictive,
    reproduces,
    shares_given,
    split_by_round,
)
from negotiation_sim.analysis.shares import fact_shares, share
from negotiation_sim.figures.facts import facts_figure
from negotiation_sim.figures.given_the_week import given_the_week_figure
from negotiation_sim.figures.posterior import posterior_figure
from negotiation_sim.report.parts import Grid, Picture, Section, counted, percent, points, told
from negotiation_sim.report.sections.distributions import labels
from negotiation_sim.report.study import ONCE, Study
from negotiation_sim.rules.arrays import Bools
from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.scenario.wording import in_a_sentence

MOST_WORLDS = 50_000
FEWEST_WORLDS = 100
SEVERAL = 2


def week(study: Study) -> Section | None:
    """The documented facts; with all parameters drawn, also what they say of the parameters."""
    facts = {key: fact.text for key, fact in study.base.facts.items() if f"fact_{key}" in study.sample}
    if not facts:
        return None
    parts: list[str | Picture | Grid] = [ONCE] if study.thinned else []
    if not study.draws_known or len(facts) < SEVERAL:
        parts.append(_table(study, facts))
    elif len(study.base_runs) < FEWEST_WORLDS:
        parts += [_table(study, facts), f"Fewer than {FEWEST_WORLDS} worlds: too few to calibrate."]
    else:
        parts += _calibrated(study, facts)
    return Section("week", "What the documented week can tell", parts)


def _table(study: Study, facts: dict[str, str]) -> Grid:
    shares = fact_shares(study.sample, facts)
    evidence = {key: ", ".join(fact.evidence) for key, fact in study.base.facts.items()}
    rows = [[row["text"], evidence.get(row["key"], ""), told(row)] for row in shares.to_dict("records")]
    return Grid(
        "Documented facts reproduced (a check, not a target); "
        f"n = {counted(len(study.sample), 'world')}, 95% intervals (Wilson)",
        ("fact", "evidence", "share"),
        rows,
        words=2,
    )


def _calibrated(study: Study, facts: dict[str, str]) -> list[str | Picture | Grid]:
    runs = study.base_runs.head(MOST_WORLDS)
    source = study.source(len(runs))
    specs = study.base.facts
    evidence = {key: ", ".join(specs[key].evidence) for key in facts}
    early = split_by_round({key: specs[key].after_round for key in facts})
    parts: list[str | Picture | Grid] = [
        "Approximate Bayesian computation by rejection, here without any approximation, since facts are true or "
        "false: of worlds drawn over the ranges, those that reproduce the facts are kept. It says which parameters "
        "the week speaks of in this model, and is no estimate of real ones."
    ]
    if early:
        checked = predictive(runs, facts, early)
        parts.append(_checked(study, checked, evidence, source))
    alone = leave_one_out(runs, facts)
    gained = alone.loc[alone["difference"].abs().idxmax()]
    parts.append(
        Picture(
            "facts_one_out",
            facts_figure(
                alone, evidence=evidence, source=source, question="Do all other facts foretell each one?"
            ),
            f"Fitting all other facts changes one share most: {gained['text']}, by "
            f"{points(gained['difference'], gained['difference_low'], gained['difference_high'])}.",
        )
    )
    accepted = reproduces(runs, list(facts))
    if not accepted.any():
        return [*parts, "No world reproduces all facts at once: the week says nothing of the parameters."]
    return [
        *parts,
        _posterior(study, len(runs), accepted, source),
        _endings(study, len(runs), accepted, source),
    ]


def _checked(study: Study, checked: pd.DataFrame, evidence: dict[str, str], source: str) -> Picture:
    held = checked[(checked["role"] == "held_out") & (checked["key"] != "all")]
    said = [
        f"{row['text']}, in {told(row)} of all worlds and "
        f"{told({'share': row['given'], 'low': row['given_low'], 'high': row['given_high']})} of these"
        for row in held.to_dict("records")
    ]
    return Picture(
        "facts_held_out",
        facts_figure(checked, evidence=evidence, source=source),
        "Worlds that match what was seen before the last session, checked on what was seen after it: "
        f"{'; '.join(said)}.",
    )


def _posterior(study: Study, n: int, accepted: Bools, source: str) -> Picture:
    draws = study.draws(n)
    ranges = {path: study.base.parameter(path).range for path in draws}
    found = posterior(draws, ranges, accepted)
    table = found.parameters
    moved = table[table["moved"]]
    words = {path: study.words(path) for path in draws}
    said = [
        f"{words[row.parameter]} ({percent(abs(row.contraction))} {'narrower' if row.contraction > 0 else 'wider'})"
        for row in moved.head(3).itertuples()
    ]
    first = f" Most: {in_a_sentence(said)}." if said else ""
    return Picture(
        "posterior",
        posterior_figure(
            table,
            found.density,
            labels=words,
            evidence={path: study.basis(path) for path in draws},
            source=source,
        ),
        f"All facts together, reproduced in {told(share(int(accepted.sum()), n)._asdict())} of worlds, move "
        f"{len(moved)} of {len(table)} parameters by more than chance; of the other {len(table) - len(moved)} the week "
        f"tells nothing that {counted(int(accepted.sum()), 'matching world')} could show.{first}",
    )


def _endings(study: Study, n: int, accepted: Bools, source: str) -> Picture:
    table = shares_given(study.base_runs.head(n), accepted, "outcome", OUTCOMES)
    top = table.loc[table["difference"].abs().idxmax()]
    by = points(top["difference"], top["difference_low"], top["difference_high"])
    sure = ((table["difference_low"] > 0) | (table["difference_high"] < 0)).any()
    return Picture(
        "given_the_week",
        given_the_week_figure(table, labels=labels(study), source=source),
        f"{'' if sure else 'Worlds that match the week end like all others, as far as chance lets one see. '}"
        f"The share that differs most between worlds that match the week and all is that of "
        f"{study.base.outcome_label(str(top['outcome']))}: by {by}. "
        "No forecast: it says what the model's worlds have in common, not what is likely.",
    )
