"""The crisis as a graph model: worths are the model's own, moves that can't be undone, and what hangs on rankings."""

import numpy as np
import pytest
from helpers import limit, setting, shipped

from negotiation_sim import Scenario, Talks
from negotiation_sim.agents.public import RoundEvents
from negotiation_sim.crisis import MOVES, RANKINGS, Crisis, crisis, reading
from negotiation_sim.diagnostics import bargaining
from negotiation_sim.rules.standing import blame_after


def graph(scenario: Scenario, type_: str, ranking: str = "firm") -> Crisis:
    return crisis(bargaining(scenario, type_), ranking)


def senses(found: Crisis, state: str, decider: str) -> list[str]:
    rows = found.stability.set_index(["state", "decider"])
    row = rows.loc[(state, decider)]
    return [concept for concept in row.index if row[concept]]


# The model's own numbers


@pytest.mark.parametrize("name", ["january_2022", "vague_refusal"])
@pytest.mark.parametrize("type_", ["security", "extractor", "pretext"])
def test_worths_are_those_of_the_model_s_image_of_the_challenger(name, type_):
    """Played through a documented week of refusals, at published values and the cohesion of its start."""
    scenario = shipped(name)
    talks = Talks(scenario, parameters="values")
    mind, public, layout = talks.challenger.images[type_], talks.public, scenario.layout
    for _ in range(layout.week):
        events = RoundEvents(1)
        events.insisted, events.refused = np.array([True]), np.array([True])
        mind.after(events)
        zero, no = np.zeros(1), np.array([False])
        public.blame = blame_after(public.blame, events.refused, talks.defender.blame_rise, no, zero, zero)
    session = layout.rounds[layout.week - 1]
    seen = mind.outlook(public, layout, session)
    states = graph(scenario, type_).states["challenger"]
    assert max(states["standoff"], states["stand_down"]) == pytest.approx(seen.peace[0])
    assert states["attack"] - max(states["standoff"], states["stand_down"]) == pytest.approx(
        seen.advantage[0]
    )
    public.rung = np.array([1])  # the rung below pressure: what stepping up is worth more than the foot
    up = mind.signal_values(public, layout, session)[0][0, 1]
    assert states["pressure"] - states["standoff"] == pytest.approx(up)


def test_agreements_are_ranked_as_they_are_answered():
    """By U - R at the table, the audience cost of settling for less than the demands taken off."""
    scenario = shipped()
    for type_ in scenario.layout.types:
        found = graph(scenario, type_)
        worth, floor = found.problem.utilities["russia"], found.problem.disagreement["russia"]
        peace = found.states.loc[["standoff", "stand_down"], "challenger"].max()
        assert found.states.at["granted", "challenger"] - peace == pytest.approx(worth[found.demands] - floor)
        commitment = 1 - (1 - 0.25) ** 3
        face = 0.15 * commitment * (worth[found.demands] - worth[found.offer])
        gain = worth[found.offer] - floor - face
        assert found.states.at["agreement", "challenger"] - peace == pytest.approx(gain)


@pytest.mark.parametrize("credibility", [0.3, 0.49, 0.51, 0.8])
def test_k14_the_standoff_is_nash_stable_exactly_where_sanctions_are_believed(credibility):
    """Attack iff credibility < (G - SQ)/S = .5 (exact limit K14)."""
    found = graph(limit("k14", *setting("actors.challenger.outlook.credibility", credibility)), "only")
    assert ("nash" in senses(found, "standoff", "challenger")) == (credibility > 0.5)
    assert found.states.at["attack", "challenger"] == pytest.approx(0.5 - 0.6 * credibility)
    assert found.states.at["standoff", "challenger"] == pytest.approx(0.2)


def test_demands_and_utmost_offer():
    found = graph(shipped(), "security")
    assert found.demands == "the December draft treaties"
    problem = found.problem
    others = problem.blocks[problem.blocks["party"] != "russia"]["package"]
    could = problem.utilities["russia"].drop(index=others.unique())
    assert found.offer == could.idxmax()


# Structure


@pytest.mark.parametrize("ranking", RANKINGS)
def test_war_and_what_is_bound_cannot_be_undone(ranking):
    found = graph(shipped(), "pretext", ranking)
    final = set(found.states.index[found.states["final"]])
    assert final == {"agreement", "granted", "answered"}
    at = {state: row for row, state in enumerate(found.conflict.states)}
    for state in final:
        assert not found.conflict.moves[:, at[state]].any()
    reached_from_attack = found.conflict.moves[:, at["attack"]].any(axis=0)
    assert [found.conflict.states[to] for to in np.flatnonzero(reached_from_attack)] == ["answered"]
    assert not final & set(found.stability["state"])


def test_every_move_leads_to_a_state():
    known = set(graph(shipped(), "security").states.index)
    for by_origin in MOVES.values():
        assert set(by_origin) | {to for targets in by_origin.values() for to in targets} <= known


def test_states_without_means_are_left_out():
    dam = graph(shipped("river_dam"), "hegemon").states
    assert "answered" not in dam.index
    assert dam.at["attack", "final"]
    peaceful = graph(limit("k5_one_ally"), limit("k5_one_ally").layout.types[0]).states
    assert {"attack", "pressure"}.isdisjoint(peaceful.index)


@pytest.mark.parametrize("name", ["k1", "k6", "k7", "k15"])
def test_the_smallest_scenarios_have_a_reading(name):
    scenario = limit(name)
    for type_ in scenario.layout.types:
        assert "could" in reading(bargaining(scenario, type_))


@pytest.mark.parametrize(
    ("ranking", "worst_first"),
    [
        ("firm", ["granted", "attack", "answered", "pressure"]),
        ("yielding", ["attack", "answered", "pressure", "granted"]),
        ("bluffing", ["granted", "answered", "attack", "pressure"]),
    ],
)
def test_rankings_of_war(ranking, worst_first):
    ranks = graph(shipped(), "extractor", ranking).states["defender"]
    assert ranks.sort_values().index[:4].tolist() == worst_first
    assert ranks["standoff"] == ranks["offer"] == 0
    assert ranks["stand_down"] == pytest.approx(0.45 * 0.65)  # a partial return, to the United States


def test_demands_that_cross_no_red_line_are_ranked_by_their_worth():
    easy = shipped("river_dam", *setting("actors.lowland.red_lines.filling.high", 3.0))
    assert graph(easy, "builder").states.at["granted", "defender"] == pytest.approx(-1.0)


# What it says


def test_only_a_threat_that_would_be_carried_out_deters_the_extractor():
    firm, bluff = (graph(shipped(), "extractor", ranking) for ranking in ("firm", "bluffing"))
    assert senses(firm, "standoff", "challenger") == ["gmr", "smr", "seq"]
    assert senses(bluff, "standoff", "challenger") == ["gmr", "smr"]
    assert "would not carry out its threat" in reading(firm.problem)


def test_no_threat_deters_who_wants_the_war():
    found = graph(shipped(), "pretext")
    assert senses(found, "standoff", "challenger") == []
    assert found.improvements("challenger", "standoff")[0] == "attack"
    assert "Russia leaves the standoff by attack" in reading(found.problem)


def test_under_pressure_a_yielding_side_grants_the_demands():
    assert senses(graph(shipped(), "pretext", "firm"), "pressure", "defender") == [
        "nash",
        "gmr",
        "smr",
        "seq",
    ]
    yielding = graph(shipped(), "pretext", "yielding")
    assert senses(yielding, "pressure", "defender") == []
    assert yielding.improvements("defender", "pressure") == ["granted"]


def test_the_utmost_offer_is_taken_where_it_is_worth_enough():
    assert "the utmost offer would be taken" in reading(bargaining(shipped("river_dam"), "builder"))
    assert "the utmost offer would not be taken" in reading(bargaining(shipped(), "security"))


def test_a_reading_is_made_for_every_shipped_scenario_and_type():
    for name in ("january_2022", "river_dam"):
        scenario = shipped(name)
        for type_, spec in scenario.layout.challenger_spec.types.items():
            said = reading(bargaining(scenario, type_))
            assert said.lower().startswith(spec.label.lower())
            assert said.endswith(".")


def test_an_unknown_ranking_is_named():
    with pytest.raises(ValueError, match="no such ranking: 'brave'; there are firm, yielding, bluffing"):
        graph(shipped("river_dam"), "builder", "brave")
