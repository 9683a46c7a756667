"""How long each figure takes on a million rows, its statistic included: `python benchmarks/figures.py`.

Rows are runs of january_2022, 2,000 worlds repeated to a million, with six parameters that differ between runs; a
table of rounds has a million rows too. Each figure is drawn, not only made. Times are processor seconds, the best of
three; wall time beside them.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from negotiation_sim import Scenario, Talks
from negotiation_sim.analysis import (
    calibration,
    comparison,
    concessions,
    discovery,
    drivers,
    incidence,
    paths,
    shares,
)
from negotiation_sim.analysis.surfaces import levels, share_surface
from negotiation_sim.diagnostics import frontier_tables
from negotiation_sim.figures.alluvial import alluvial_figure
from negotiation_sim.figures.concessions import Issue, concessions_figure
from negotiation_sim.figures.dependence import dependence_figure
from negotiation_sim.figures.differences import differences_figure
from negotiation_sim.figures.discovery import discovery_figure
from negotiation_sim.figures.drivers import morris_figure, pawn_figure, sobol_figure
from negotiation_sim.figures.facts import facts_figure
from negotiation_sim.figures.fans import fans_figure
from negotiation_sim.figures.frontier import frontier_figure
from negotiation_sim.figures.given_the_week import given_the_week_figure
from negotiation_sim.figures.heatmap import heatmap_figure
from negotiation_sim.figures.incidence import incidence_figure
from negotiation_sim.figures.outcomes import outcome_figure
from negotiation_sim.figures.posterior import posterior_figure
from negotiation_sim.figures.smallest_changes import smallest_changes_figure
from negotiation_sim.figures.stacked import stacked_figure
from negotiation_sim.figures.ternary import ternary_figure
from negotiation_sim.figures.tornado import tornado_figure
from negotiation_sim.figures.waterfall import waterfall_figure
from negotiation_sim.rules.outcome import HEADLINES, OUTCOMES
from negotiation_sim.sweep.designs import points
from negotiation_sim.sweep.experiment import Experiment
from negotiation_sim.sweep.factors import swept

ROWS, WORLDS, TURNS = 1_000_000, 2_000, 3
LIMIT = 2.0  # seconds, processor time
SOURCE = "Source: a benchmark."
LABELS = {outcome: outcome.replace("_", " ") for outcome in OUTCOMES}
WORDS = {headline: headline for headline in HEADLINES}
SIX = [f"parameter {at}" for at in range(6)]


class Tables:
    """The rows that all figures are made of."""

    def __init__(self) -> None:
        self.scenario = Scenario.load("january_2022")
        talks = Talks(self.scenario, worlds=WORLDS, seed=1).run()
        rng = np.random.default_rng(1)
        few = talks.outcomes
        again = np.tile(np.arange(WORLDS), ROWS // WORLDS)
        self.runs = few.iloc[again].assign(world=np.arange(ROWS)).reset_index(drop=True)
        for name in ("headline", "outcome", "week_headline", "week_outcome", "type"):
            self.runs[name] = self.runs[name].astype("category")
        for name in SIX:
            self.runs[name] = rng.random(ROWS)
        self.runs["design"] = np.repeat(np.arange(500), ROWS // 500)
        self.points = pd.DataFrame({name: rng.random(500) for name in SIX})
        number = len(self.scenario.layout.rounds)
        rounds = talks.rounds()
        copies = ROWS // len(rounds) + 1
        self.rounds = pd.concat(
            [rounds.assign(world=rounds["world"] + WORLDS * at) for at in range(copies)], ignore_index=True
        )
        self.traced = self.runs.head(len(self.rounds) // number)
        self.days = {each.number: each.date for each in self.scenario.layout.rounds}
        self.one = _one_at_a_time(self.runs)


def _one_at_a_time(runs: pd.DataFrame) -> pd.DataFrame:
    """500 points: every parameter at some eighty levels; the worlds of a point are the first 2,000."""
    at = np.arange(500)
    table = pd.DataFrame(
        {name: np.where(at % 6 == place, (at // 6) / 83, np.nan) for place, name in enumerate(SIX)}
    )
    return table


def _designed(kind: str, n: int) -> pd.DataFrame:
    """A design of six parameters, with a share a point."""
    asked = {
        "name": "benchmark",
        "question": "none",
        "sweep": {path: {} for path in list(Scenario.load("january_2022").parameters)[:6]},
        "design": {"kind": kind, "n": n},
    }
    experiment = Experiment.model_validate(asked)
    factors = swept(experiment, [Scenario.load("january_2022")])
    table = points(experiment, factors)
    return table.assign(sample=np.arange(len(table)), share=np.random.default_rng(2).random(len(table)))


def cases(t: Tables) -> dict[str, Callable[[], Figure]]:
    """Figure -> how it is made from the rows."""
    runs, scenario, layout = t.runs, t.scenario, t.scenario.layout
    interest = (runs["headline"] == "escalation").to_numpy()
    other = runs.assign(
        outcome=np.roll(runs["outcome"].to_numpy(), 1), headline=np.roll(runs["headline"].to_numpy(), 1)
    )
    same_worlds = runs.assign(world=runs["world"] % 2000)
    saltelli, morris = _designed("saltelli", 1024), _designed("morris", 1000)
    names = {"names": {}, "source": SOURCE}
    facts = {key: fact.text for key, fact in scenario.facts.items()}
    tops = {key: issue.top for key, issue in layout.issues.items()}
    issues = {
        key: Issue(each.title, [each.label(level) for level in range(each.top + 1)], each.given_by)
        for key, each in layout.issues.items()
    }
    rungs = {at: f"R{at}" for at in range(len(scenario.ladders.challenger))}
    ranges = pd.DataFrame({"factor": SIX, "value": 0.5, "low": 0.0, "high": 1.0})
    since = {"end_round": runs["outcome_since"].where(runs["outcome"] != "talks_continuing", len(t.days))}
    beliefs = {"belief_security": "security", "belief_pretext": "pretext", "cohesion": "cohesion"}

    def discovered() -> Figure:
        table = runs[SIX]
        trajectory = discovery.peel(table, interest)
        box = discovery.paste(table, interest, trajectory.boxes[trajectory.choose(0.5)])
        box = discovery.prune(table, interest, box)
        found = discovery.restrictions(table, interest, box)
        return discovery_figure(
            trajectory.table, discovery.score(table, interest, box), found, interest="escalation", **names
        )

    def moments() -> Figure:
        return outcome_figure(
            shares.outcome_shares(runs, "week_outcome", OUTCOMES),
            shares.outcome_shares(runs, "outcome", OUTCOMES),
            scenario="a benchmark",
            labels=LABELS,
            week_label="week",
            horizon_label="horizon",
            note=SOURCE,
        )

    def alluvial() -> Figure:
        states = t.rounds.assign(state=paths.talk_states(t.rounds, rungs, [5, 6]))
        table = paths.paths(states, t.traced, [1, 3, 9])
        return alluvial_figure(table, stages={1: "one", 3: "three", 9: "nine"}, labels=LABELS, source=SOURCE)

    def fanned() -> Figure:
        table = paths.fans(t.rounds, t.traced, list(beliefs))
        ladder = paths.rung_shares(t.rounds, t.traced, len(rungs))
        return fans_figure(
            table,
            ladder,
            labels=beliefs,
            dates=t.days,
            week=3,
            source=SOURCE,
            rung_labels=list(rungs.values()),
        )

    def calibrated() -> Figure:
        accepted = calibration.reproduces(runs, list(facts))
        found = calibration.posterior(runs[SIX], dict.fromkeys(SIX, (0.0, 1.0)), accepted)
        words = {name: name for name in SIX}
        return posterior_figure(*found, labels=words, evidence=words, source=SOURCE)

    return {
        "outcomes": moments,
        "stacked": lambda: stacked_figure(
            shares.shares_by_group(runs, "design", categories=OUTCOMES),
            by="point",
            labels=LABELS,
            source=SOURCE,
        ),
        "stacked, binned": lambda: stacked_figure(
            shares.shares_by_group(runs.assign(x=levels(runs[SIX[0]])), "x", categories=OUTCOMES),
            by="parameter",
            labels=LABELS,
            source=SOURCE,
        ),
        "ternary": lambda: ternary_figure(
            shares.headline_shares(shares.shares_by_group(runs, "design", categories=OUTCOMES)),
            by="point",
            source=SOURCE,
        ),
        "heat-map": lambda: heatmap_figure(
            share_surface(runs, SIX[0], SIX[1], "escalation"),
            headline="escalation",
            x="one",
            y="two",
            source=SOURCE,
        ),
        "incidence": lambda: incidence_figure(
            incidence.cumulative_incidence(
                runs.assign(**since),
                t.days,
                endings=[each for each in OUTCOMES if each != "talks_continuing"],
            ),
            headlines=OUTCOMES,
            labels=LABELS,
            week=3,
            source=SOURCE,
        ),
        "fans": fanned,
        "alluvial": alluvial,
        "concessions": lambda: concessions_figure(
            concessions.bound_levels(runs, tops),
            issues=issues,
            sides={"challenger": "Russia", "defender": "the West"},
            source=SOURCE,
        ),
        "differences": lambda: differences_figure(
            {"other": comparison.paired_differences(runs, other, categories=list(OUTCOMES))},
            base="base",
            headlines=OUTCOMES,
            labels=LABELS,
            source=SOURCE,
        ),
        "waterfall": lambda: waterfall_figure(
            comparison.waterfall(runs, other, "escalation", "headline", HEADLINES),
            outcome="escalation",
            base="base",
            variant="other",
            headlines=WORDS,
            labels=WORDS,
            source=SOURCE,
        ),
        "smallest changes": lambda: smallest_changes_figure(
            comparison.smallest_changes(runs.head(2000), runs, t.one, ranges), ranges, **names
        ),
        "tornado": lambda: tornado_figure(
            drivers.tornado(same_worlds, t.one, "escalation"),
            shares.share(300, 1000),
            outcome="escalation",
            **names,
        ),
        "Sobol'": lambda: sobol_figure(
            drivers.sobol(saltelli, list(saltelli)[:6], "share"), outcome="escalation", **names
        ),
        "Morris": lambda: morris_figure(
            drivers.morris(morris, list(morris)[:6], "share"), outcome="escalation", **names
        ),
        "PAWN": lambda: pawn_figure(
            drivers.pawn(runs[SIX].join(pd.get_dummies(runs["headline"]).astype(int)), SIX, HEADLINES),
            **names,
        ),
        "dependence": lambda: dependence_figure(
            drivers.partial_dependence(runs, SIX, HEADLINES), labels=WORDS, **names
        ),
        "discovery": discovered,
        "frontier": lambda: frontier_figure(
            *frontier_tables(scenario, runs), challenger="Russia", defender="the West", source=SOURCE
        ),
        "facts": lambda: facts_figure(
            calibration.predictive(runs, facts, list(facts)[:2]), evidence={}, source=SOURCE
        ),
        "posterior": calibrated,
        "given the week": lambda: given_the_week_figure(
            calibration.shares_given(runs, calibration.reproduces(runs, list(facts)), "outcome", OUTCOMES),
            labels=LABELS,
            source=SOURCE,
        ),
    }


def timed(make: Callable[[], Figure]) -> tuple[float, float]:
    """Best processor and wall time of some turns, drawing included."""
    found: list[tuple[float, float]] = []
    for _ in range(TURNS):
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        figure: Any = make()
        figure.canvas.draw()
        found.append((time.process_time() - cpu, time.perf_counter() - wall))
    return min(cpu for cpu, _ in found), min(wall for _, wall in found)


def main() -> None:
    """Time every figure and print the table."""
    tables = Tables()
    print(f"{ROWS:,} rows; statistic and drawing together; best of {TURNS}; {LIMIT:g} s are allowed")
    print(f"{'figure':18}{'processor':>12}{'wall':>10}")
    slow = []
    for name, make in cases(tables).items():
        cpu, wall = timed(make)
        slow += [name] if cpu > LIMIT else []
        print(f"{name:18}{cpu:10.2f} s{wall:8.2f} s", flush=True)
    print("all within" if not slow else f"above: {', '.join(slow)}")


if __name__ == "__main__":
    main()
