"""Bargaining diagnostics of a scenario: they are the model's own numbers, and known answers on small cases."""

import numpy as np
import pandas as pd
import pytest
from helpers import limit, setting, shipped

from negotiation_sim import Talks
from negotiation_sim.diagnostics import Bargaining, bargaining, frontier_tables, positions

ALIKE = ("scenario.alliance.spread.value=0.0", "scenario.alliance.spread.range=[0.0,0.0]")


def rows_of(problem: Bargaining, levels: np.ndarray) -> list[str]:
    """Names of the packages of these levels (P, K)."""
    by_levels = {
        tuple(row): name for name, row in zip(problem.levels.index, problem.levels.to_numpy(), strict=True)
    }
    return [by_levels[tuple(row)] for row in levels.astype(int)]


# They are the model's numbers


@pytest.mark.parametrize("name", ["january_2022", "missiles_treaty", "river_dam"])
def test_utilities_and_refusals_of_principals_are_the_agents_own(name):
    scenario = shipped(name)
    talks = Talks(scenario, parameters="values")
    for type_ in scenario.layout.types:
        problem = bargaining(scenario, type_)
        agent = talks.challenger
        agent.type_mix = np.eye(len(scenario.layout.types))[[scenario.layout.types.index(type_)]]
        agent._live_by_type()
        for proposer in scenario.layout.parties:
            menu = scenario.layout.whole_menu(proposer)
            names = rows_of(problem, menu.levels[: menu.nothing])
            for key, principal in talks.principals.items():
                own = principal._weigh(menu, slice(None))
                assert problem.utilities.loc[names, key].to_numpy() == pytest.approx(own.utility[0, :-1])
                assert (problem.refused.loc[names, key].to_numpy() == ~own.within[0, :-1]).all()
                assert problem.disagreement[key] == pytest.approx(principal.reservation[0])


@pytest.mark.parametrize("quota", ["all", "16", "25"])
def test_the_alliance_would_sign_what_its_mandate_holds(quota):
    """At published values, with allies alike but for what sets members apart, zone and mandate are the same rule."""
    overrides = ALIKE if quota == "all" else (*ALIKE, f"scenario.alliance.quota={quota}")
    scenario = shipped("january_2022", *overrides)
    talks = Talks(scenario, parameters="values")
    menu = scenario.layout.whole_menu("russia")
    mandate = (talks.alliance._soundings(menu, slice(None)) <= talks.alliance.tolerance()[:, None])[0, :-1]
    problem = bargaining(scenario, "security")
    names = rows_of(problem, menu.levels[:-1])
    gain = problem.utilities.loc[names, "nato"] - problem.disagreement["nato"]
    assert ((gain >= 0) & ~problem.refused.loc[names, "nato"]).tolist() == mandate.tolist()
    assert 0 < mandate.sum() < len(mandate)


def test_whose_consent_is_needed_is_what_the_menus_say():
    scenario = shipped()
    problem = bargaining(scenario, "extractor")
    for proposer in scenario.layout.parties:
        menu = scenario.layout.whole_menu(proposer)
        names = rows_of(problem, menu.levels[: menu.nothing])
        for party in scenario.layout.parties:
            assert problem.consent.loc[names, party].to_numpy()[menu.needs[party][: menu.nothing]].all()
        assert problem.consent.loc[names, proposer].all()


def test_giving_ground_costs_more_where_a_threat_stands():
    threatened = shipped("january_2022", "+scenario.ladders.start.challenger=reinforce")
    calm, tense = (bargaining(each, "security").utilities["us"] for each in (shipped(), threatened))
    gives = (bargaining(shipped(), "security").levels.drop(columns="ru_forces") > 0).any(axis=1)
    assert (calm - tense).to_numpy() == pytest.approx(np.where(gives, 0.1 * 0.3, 0.0))  # coercion times share


def test_what_precise_parties_bind_in_the_model_lies_in_the_zone():
    """With next to no noise nobody signs what is worth less than disagreement to it, or crosses its red line."""
    precise = [
        override
        for actor in ("upland", "lowland")
        for override in [
            f"+scenario.actors.{actor}.response_precision="
            "{value: 1.0e+9, range: [1.0e+9, 1.0e+9], assumption: no noise}"
        ]
    ]
    scenario = shipped("river_dam", *precise)
    runs = Talks(scenario, worlds=300, seed=3, parameters="values").run().outcomes
    for type_ in scenario.layout.types:
        problem = bargaining(scenario, type_)
        bound = runs[(runs["level_filling"] + runs["level_flow"] > 0) & (runs["type"] == type_)]
        names = rows_of(problem, bound[["level_filling", "level_flow"]].to_numpy())
        assert problem.zone[names].all()
    assert (runs["level_filling"] > 0).any()


# Known answers


def test_the_river_dam_by_hand():
    """Worth to Upland filling/3 - 0.2 flow, to Lowland 0.45 flow - filling/3; Lowland's red line is 2.5."""
    problem = bargaining(shipped("river_dam"), "builder")
    inside = problem.levels[problem.zone]
    assert sorted(map(tuple, inside.to_numpy())) == [(1, 1), (2, 2)]
    assert problem.utilities.loc[inside.index].to_numpy() == pytest.approx(
        np.array([[1 / 3 - 0.2, 0.45 - 1 / 3], [2 / 3 - 0.4, 0.9 - 2 / 3]])
    )
    best = inside.index[inside["filling"] == 2]
    assert problem.efficient[problem.efficient].index.tolist() == best.tolist()
    assert set(problem.solutions.index.get_level_values("package")) == set(best)
    assert list(problem.packages.loc[best[0], ["tabled_by", "forums"]]) == [
        ("Upland", "Lowland"),
        ("a neutral capital",),
    ]


def test_in_january_the_zone_is_empty_and_the_nearest_miss_is_russia_s():
    """A freeze, notification and the regime: 0.16 x 0.7 + 0.10 x 0.25 + 0.02 against 0.16."""
    problem = bargaining(shipped(), "security")
    assert not problem.zone.any()
    assert problem.solutions.empty
    assert not problem.efficient.any()
    nearest = problem.near_misses.iloc[0]
    assert nearest["party"] == "russia"
    assert nearest["shortfall"] == pytest.approx(0.16 - (0.16 * 0.7 + 0.10 * 0.25 + 0.02))
    moved = problem.levels.loc[nearest["package"]]
    assert moved[moved > 0].to_dict() == {"missiles": 3, "exercises": 1, "channels": 2}


def test_a_lower_reservation_value_opens_the_zone():
    lower = shipped("january_2022", *setting("actors.russia.types.security.reservation", 0.1))
    problem = bargaining(lower, "security")
    worth = problem.utilities["russia"]
    refused = (problem.refused & problem.consent).any(axis=1)
    least = problem.gains["defender"]
    assert problem.zone.tolist() == ((worth >= 0.1) & ~refused & (least >= 0)).tolist()
    assert problem.zone.sum() > 1
    assert problem.solutions.index.get_level_values("package").isin(problem.levels.index[problem.zone]).all()


def test_published_red_lines_of_members_replace_their_cluster_s():
    lines = {each.name: each for each in positions(shipped())}
    at = shipped().layout.order["posture"]
    assert lines["Poland"].high[at] == 1.0
    assert lines["Estonia"].high[at] == 1.2
    assert lines["Poland"].weights[at] == -1.0
    soft = shipped().layout.order["ru_forces"]
    assert not lines["Russia"].hard[soft]
    assert lines["Russia"].price[soft] == 0.05


def test_packages_that_no_forum_of_the_calendar_can_bind_are_told():
    problem = bargaining(shipped("bilateral_only"), "security")
    assert problem.packages.loc["the December draft treaties", "forums"] == ()
    assert problem.packages.loc["a freeze on intermediate-range missiles", "forums"] == ("Geneva",)


def test_packages_that_share_a_title_are_told_apart():
    names = bargaining(shipped("missiles_treaty"), "security").levels.index
    assert names.is_unique
    shared = [
        name for name in names if name.startswith("a treaty on intermediate-range missiles, for its own sake")
    ]
    assert len(shared) == 2
    assert all("intermediate-range missiles: treaty" in name for name in shared)


def test_a_scenario_of_one_issue():
    problem = bargaining(limit("k1"), limit("k1").layout.types[0])
    assert problem.utilities.shape[0] == problem.levels.shape[0]
    assert problem.signatories


def test_an_unknown_type_is_named():
    with pytest.raises(
        ValueError, match="no such type of the challenger: 'dove'; the scenario has builder, hegemon"
    ):
        bargaining(shipped("river_dam"), "dove")


# Where worlds ended


def ended(*rows: tuple[int, int, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["level_filling", "level_flow", "outcome"]).assign(type="builder")


def test_distance_by_hand():
    """The zone's best gives Upland 4/15 and Lowland 7/30; seven years and a quarter give half of each."""
    problem = bargaining(shipped("river_dam"), "builder")
    runs = ended(
        (2, 2, "full_agreement"), (1, 1, "full_agreement"), (0, 0, "talks_continuing"), (1, 1, "invasion")
    )
    found = problem.distance(runs)
    assert found["common_gain"].tolist() == pytest.approx([0, 0.5, 1, np.nan], nan_ok=True)
    assert found["total_gain"].tolist() == pytest.approx([0, 1, 2, np.nan], nan_ok=True)
    assert problem.reached(runs).iloc[0].tolist() == pytest.approx([4 / 15, 7 / 30])
    assert problem.reached(runs).iloc[3].isna().all()


def test_nothing_is_left_on_the_table_where_the_zone_is_empty():
    runs = Talks(shipped(), worlds=200, seed=1).run().outcomes
    found = bargaining(shipped(), "pretext").distance(runs)
    war = runs["outcome"].isin(["invasion", "limited_incursion"])
    assert found[war].isna().all(axis=None)
    assert (found[~war] == 0).all(axis=None)
    assert war.any()


def test_nothing_bound_means_disagreement_not_the_status_quo():
    problem = bargaining(shipped(), "pretext")
    levels = {f"level_{issue}": [0] for issue in problem.levels.columns}
    reached = problem.reached(pd.DataFrame({**levels, "outcome": ["talks_continuing"]}))
    assert reached.iloc[0].to_dict() == problem.disagreement.to_dict()
    assert reached.loc[0, "russia"] == 0.6


def test_endings_count_every_world_of_the_type_once():
    runs = Talks(shipped("river_dam"), worlds=400, seed=1).run().outcomes
    for type_ in ("builder", "hegemon"):
        problem = bargaining(shipped("river_dam"), type_)
        found = problem.endings(runs)
        own = runs[runs["type"] == type_]
        assert found["worlds"].sum() == len(own)
        by_kind = found.groupby("kind")["worlds"].sum()
        assert by_kind["war"] == own["outcome"].isin(["invasion", "limited_incursion"]).sum()
        assert found.loc[found["kind"] == "war", ["challenger", "defender"]].isna().all(axis=None)
        agreed = found[found["kind"] == "agreement"].set_index("challenger")["worlds"]
        both = (own["level_filling"] == 2) & (own["level_flow"] == 2) & ~own["outcome"].eq("invasion")
        assert agreed[round(4 / 15, 9)] == both.sum()


def test_runs_without_levels_are_refused():
    with pytest.raises(ValueError, match="runs lacks level_flow"):
        bargaining(shipped("river_dam"), "builder").distance(
            ended((0, 0, "collapse")).drop(columns="level_flow")
        )


def test_tables_for_the_figure():
    tables = frontier_tables(shipped("river_dam"))
    assert tables.endings is None
    assert tables.points.groupby("type").size().to_dict() == {"builder": 11, "hegemon": 11}
    assert list(tables.points.columns) == ["type", "package", "challenger", "defender", "refused", "zone"]
    assert list(tables.solutions.columns) == ["type", "solution", "package"]
    january = frontier_tables(shipped())
    assert january.solutions.empty
    assert list(january.solutions.columns) == ["type", "solution", "package"]
