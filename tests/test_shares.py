"""Shares and their intervals: against values worked by hand or published, and against simulated coverage."""

import math

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import multinomial_proportions_confint

from negotiation_sim.analysis.shares import (
    fact_shares,
    goodman_intervals,
    headline_shares,
    outcome_shares,
    region,
    share,
    shares_by_group,
)

OUTCOMES = {"invasion": "escalation", "full_agreement": "concession", "talks_continuing": "stalemate"}


def runs_with(**counts: int) -> pd.DataFrame:
    outcomes = [name for name, count in counts.items() for _ in range(count)]
    return pd.DataFrame({"world": range(len(outcomes)), "outcome": outcomes})


# One share: Wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [  # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_share_gives_the_published_wilson_intervals(successes, n, low, high):
    assert share(successes, n) == pytest.approx((successes / n, low, high), abs=5e-5)


def test_share_of_none_and_of_all_touch_the_ends_exactly():
    z2 = 3.841459  # chi-squared with one degree of freedom, upper 5% point
    assert share(0, 10) == (0.0, 0.0, pytest.approx(z2 / (10 + z2)))
    assert share(10, 10) == (1.0, pytest.approx(10 / (10 + z2)), 1.0)


def test_share_without_worlds_knows_nothing():
    estimate = share(0, 0)
    assert math.isnan(estimate.share)
    assert (estimate.low, estimate.high) == (0.0, 1.0)


def test_share_widens_with_confidence():
    assert share(3, 10, 0.99).low < share(3, 10, 0.95).low < share(3, 10, 0.5).low


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5), (1, 0)])
def test_share_refuses_impossible_counts(successes, n):
    with pytest.raises(ValueError, match=f"successes must lie between 0 and n = {n}, but is {successes}"):
        share(successes, n)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_confidence_is_a_fraction(confidence):
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        share(1, 2, confidence)
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        goodman_intervals([1, 2], confidence)


# A joint set: Goodman


def test_goodman_intervals_as_worked_by_hand():
    # Three categories, n = 1000: B = 2.39398^2 = 5.73114, the upper 0.05 / 3 point of chi-squared(1).
    # Count 300: (600 + B -+ sqrt(B (B + 4 * 300 * 700 / 1000))) / (2 (1000 + B))
    #          = (605.731 -+ 69.620) / 2011.462.
    low, high = goodman_intervals([500, 300, 200])
    assert low == pytest.approx([0.462256, 0.266528, 0.171466], abs=2e-6)
    assert high == pytest.approx([0.537744, 0.335752, 0.231953], abs=2e-6)


def test_a_category_that_never_occurs_is_bounded_by_hand_too():
    # B = 7.4768 (upper 0.05 / 8 point): the bound for count 0 is B / (n + B).
    low, high = goodman_intervals([0, 0, 0, 0, 0, 0, 500, 500])
    assert low[0] == 0.0
    assert high[0] == pytest.approx(7.4768 / 1007.4768, abs=2e-6)


def test_the_bound_of_a_rare_category_is_the_exact_one():
    # Count 1: exact one-sided bound solves (1 - p)^n = 1 - 0.05 / 8; Goodman's own would be 17 times as high.
    low, high = goodman_intervals([1, 0, 0, 0, 0, 0, 0, 1999])
    exact = 1 - (1 - 0.05 / 8) ** (1 / 2000)
    assert low[0] == pytest.approx(exact, rel=1e-9)
    assert high[7] == pytest.approx(1 - exact, rel=1e-9)  # the mirror image
    assert multinomial_proportions_confint([1] + [0] * 6 + [1999])[0, 0] > 10 * exact


def test_one_category_alone_is_certain_but_not_known_to_be():
    low, high = goodman_intervals([5])
    assert high[0] == 1.0
    assert low[0] == pytest.approx(0.05 ** (1 / 5))  # exact: p^5 = 0.05; Goodman's 5 / (5 + 3.8415) is higher


@pytest.mark.parametrize("counts", [[0, 0, 1], [1, 0], [7, 0, 0, 1], [0, 10**6], [4, 4, 4], [1]])
def test_bounds_enclose_the_share_within_zero_and_one(counts):
    low, high = goodman_intervals(counts)
    observed = np.array(counts) / sum(counts)
    assert (low >= 0).all()
    assert (low <= observed).all()
    assert (observed <= high).all()
    assert (high <= 1).all()
    assert ((low == 0) == (observed == 0)).all()
    assert ((high == 1) == (observed == 1)).all()


@pytest.mark.parametrize("counts", [[], [0, 0], [3, -1], [[1, 2]]])
def test_goodman_refuses_what_is_not_a_set_of_counts(counts):
    with pytest.raises(ValueError, match="counts must be one count >= 0 a category"):
        goodman_intervals(counts)


SAMPLES = 3000
RARE = np.array([0.1, 0.1, 0.1, 0.1]) / 2000
WITH_RARE = np.concatenate([RARE, (1 - RARE.sum()) * np.array([0.5, 0.3, 0.15, 0.05])])


def joint_coverage(p, n, intervals) -> float:
    """Share of simulated ensembles in which every interval holds the true share."""
    held = 0
    for counts in np.random.default_rng(20220110).multinomial(n, p, size=SAMPLES):
        low, high = intervals(counts)
        held += bool(((low <= p) & (p <= high)).all())
    return held / SAMPLES


@pytest.mark.parametrize(
    ("p", "n"),
    [
        pytest.param(np.full(8, 1 / 8), 2000, id="even"),
        pytest.param(np.array([0.02, 0.05, 0.03, 0.1, 0.3, 0.15, 0.15, 0.2]), 2000, id="mixed"),
        pytest.param(WITH_RARE, 2000, id="four rare outcomes"),
        pytest.param(np.array([0.005, 0.01, 0.01, 0.02, 0.05, 0.1, 0.2, 0.605]), 20, id="few worlds"),
        pytest.param(np.array([0.3, 0.7]), 50, id="two outcomes"),
    ],
)
def test_goodman_intervals_hold_together_as_often_as_they_say(p, n):
    monte_carlo_error = 3 * math.sqrt(0.95 * 0.05 / SAMPLES)
    assert joint_coverage(p, n, goodman_intervals) >= 0.95 - monte_carlo_error


def test_goodman_alone_would_miss_rare_outcomes():
    """The reason for the exact bounds; should statsmodels mend this itself, they can go."""
    assert joint_coverage(WITH_RARE, 2000, lambda counts: multinomial_proportions_confint(counts).T) < 0.75


def test_away_from_the_ends_goodmans_are_those_of_statsmodels():
    counts = np.array([400, 123, 77, 1400])
    expected = multinomial_proportions_confint(counts, method="goodman")
    assert pytest.approx(expected, abs=1e-12) == np.array(goodman_intervals(counts)).T


# The table of outcomes


def test_outcome_shares_keeps_order_headlines_and_outcomes_that_never_occur():
    table = outcome_shares(runs_with(talks_continuing=70, invasion=30), categories=OUTCOMES)
    assert list(table.columns) == ["outcome", "headline", "count", "n", "share", "low", "high"]
    assert list(table["outcome"]) == list(OUTCOMES)
    assert list(table["headline"]) == ["escalation", "concession", "stalemate"]
    assert list(table["count"]) == [30, 0, 70]
    assert list(table["n"]) == [100] * 3
    assert list(table["share"]) == [0.3, 0.0, 0.7]
    low, high = goodman_intervals([30, 0, 70])
    assert list(table["low"]) == list(low)
    assert list(table["high"]) == list(high)


def test_intervals_widen_with_the_number_of_categories_that_could_occur():
    runs = runs_with(invasion=300, talks_continuing=700)
    seen, possible = outcome_shares(runs), outcome_shares(runs, categories=OUTCOMES)
    assert list(seen["outcome"]) == ["invasion", "talks_continuing"]
    assert "headline" not in seen
    assert possible["low"].iloc[0] < seen["low"].iloc[0]


def test_any_column_of_categories_will_do():
    runs = pd.DataFrame({"week_headline": pd.Categorical(["stalemate", "stalemate"])})
    table = outcome_shares(runs, "week_headline", ("escalation", "concession", "stalemate"))
    assert list(table.columns) == ["week_headline", "count", "n", "share", "low", "high"]
    assert list(table["count"]) == [0, 0, 2]


def test_confidence_reaches_the_intervals():
    runs = runs_with(invasion=30, talks_continuing=70)
    assert outcome_shares(runs, confidence=0.5)["low"].iloc[0] > outcome_shares(runs)["low"].iloc[0]


def test_a_missing_column_is_named_with_what_is_there():
    with pytest.raises(ValueError, match=r"lacks column 'week_outcome'; its columns are: world, outcome"):
        outcome_shares(runs_with(invasion=1), "week_outcome")


def test_no_worlds_is_an_error():
    with pytest.raises(ValueError, match="runs has no rows"):
        outcome_shares(runs_with(), categories=OUTCOMES)


def test_an_unforeseen_outcome_is_an_error():
    with pytest.raises(
        ValueError, match=r"'outcome' has values .* not among the categories: invasion_of_mars; .*full_agr"
    ):
        outcome_shares(runs_with(invasion_of_mars=1, invasion=1), categories=OUTCOMES)


def test_a_world_without_outcome_is_an_error():
    runs = runs_with(invasion=3)
    runs.loc[1, "outcome"] = None
    with pytest.raises(ValueError, match="'outcome' has no value in 1 of 3 worlds"):
        outcome_shares(runs)


# Shares by group


def grouped(by: dict[object, list[int]]) -> pd.DataFrame:
    """Runs with so many of each outcome in each group, every run a world of its own."""
    parts = [
        runs_with(**dict(zip(OUTCOMES, counts, strict=True))).assign(at=name) for name, counts in by.items()
    ]
    return pd.concat(parts, ignore_index=True)


def test_each_group_is_as_if_it_stood_alone():
    runs = grouped({"b": [3, 2, 5], "a": [0, 4, 0]})
    table = shares_by_group(runs, "at", categories=OUTCOMES)
    for name, part in runs.groupby("at"):
        alone = outcome_shares(part, categories=OUTCOMES)
        found = table[table["group"] == name].drop(columns=["group", "worlds"]).reset_index(drop=True)
        pd.testing.assert_frame_equal(found, alone)
    assert list(table["group"].unique()) == ["b", "a"]  # names as they first occur


def test_groups_that_are_numbers_or_categories_are_in_order():
    runs = grouped({10: [1, 0, 0], 2.5: [0, 1, 0]})
    assert list(shares_by_group(runs, "at")["group"].unique()) == [2.5, 10]
    runs["at"] = pd.Categorical(["long", "short"], ["short", "long", "never"], ordered=True)
    assert list(shares_by_group(runs, "at")["group"].unique()) == ["short", "long"]


def test_runs_of_the_same_world_count_as_one():
    """Ten design points with the same luck know no more than one."""
    once = grouped({1: [30, 20, 50]}).drop(columns="world").assign(world=range(100))
    table = shares_by_group(pd.concat([once] * 10), "at", categories=OUTCOMES)
    assert list(table["n"]) == [1000] * 3
    assert table["worlds"].to_numpy() == pytest.approx(100)
    assert list(table["count"]) == [300, 200, 500]
    low, high = goodman_intervals([30, 20, 50])
    assert table["low"].to_numpy() == pytest.approx(low)
    assert table["high"].to_numpy() == pytest.approx(high)


def test_worlds_run_unequally_often_have_kishs_effective_number():
    runs = pd.DataFrame({"at": 1, "world": [0, 0, 0, 1], "outcome": "invasion"})
    assert shares_by_group(runs, "at")["worlds"].iloc[0] == pytest.approx(16 / 10)


def test_intervals_with_common_worlds_hold_as_often_as_they_say():
    """Runs of a world at four design points are alike; counted as independent, the intervals are too narrow."""
    rng, p, n, points = np.random.default_rng(1), np.array([0.3, 0.1, 0.6]), 200, 4
    held = naive = 0
    for _ in range(300):
        own = rng.choice(3, size=(points, n), p=p)
        world = np.where(rng.random((points, n)) < 0.8, rng.choice(3, size=n, p=p), own).ravel()
        runs = pd.DataFrame(
            {"at": 1, "world": np.tile(np.arange(n), points), "outcome": np.array([*"abc"])[world]}
        )
        table = shares_by_group(runs, "at", categories=["a", "b", "c"])
        held += bool(((table["low"] <= p) & (p <= table["high"])).all())
        low, high = goodman_intervals(table["count"].to_numpy())
        naive += bool(((low <= p) & (p <= high)).all())
    assert held / 300 >= 0.95
    assert naive / 300 < 0.85


def test_a_run_without_a_group_or_with_an_unforeseen_outcome_is_an_error():
    runs = grouped({1.0: [1, 1, 1]})
    with pytest.raises(
        ValueError, match=r"'outcome' has values .* not among the categories: talks_continuing"
    ):
        shares_by_group(runs, "at", categories=["invasion", "full_agreement"])
    runs.loc[0, "at"] = np.nan
    with pytest.raises(ValueError, match="'at' has no value in 1 of 3 runs"):
        shares_by_group(runs, "at")


def test_headlines_add_up_their_outcomes():
    names = {"a": "escalation", "b": "escalation", "c": "stalemate", "d": "concession"}
    runs = pd.DataFrame({"outcome": [*"aabccc"], "at": ["x"] * 4 + ["y"] * 2})
    table = headline_shares(shares_by_group(runs, "at", categories=names))
    assert list(table["group"]) == ["x"] * 3 + ["y"] * 3
    assert list(table["headline"]) == ["escalation", "stalemate", "concession"] * 2
    assert list(table["count"]) == [3, 1, 0, 0, 2, 0]
    assert list(table["low"][:3]) == list(goodman_intervals([3, 1, 0])[0])
    alone = headline_shares(outcome_shares(runs, categories=names))
    assert "group" not in alone
    assert list(alone["count"]) == [3, 3, 0]


def test_headlines_need_all_outcomes():
    table = outcome_shares(runs_with(invasion=3, talks_continuing=1), categories=OUTCOMES)
    with pytest.raises(ValueError, match=r"add up to 3, but n is 4"):
        headline_shares(table[:1])
    with pytest.raises(ValueError, match="lacks column 'headline'"):
        headline_shares(table.drop(columns="headline"))


# The region that three intervals leave


def test_region_as_worked_by_hand():
    """Each side of the hexagon lies on one bound; a corner has two shares at bounds."""
    found = region([0.1, 0.2, 0.3], [0.4, 0.5, 0.6])
    expected = {
        (0.2, 0.5, 0.3),
        (0.1, 0.5, 0.4),
        (0.1, 0.3, 0.6),
        (0.2, 0.2, 0.6),
        (0.4, 0.2, 0.4),
        (0.4, 0.3, 0.3),
    }
    assert {tuple(corner) for corner in found.round(9)} == expected


def test_region_without_bounds_is_the_whole_triangle():
    assert region([0, 0, 0], [1, 1, 1]).tolist() == np.eye(3).tolist()


@pytest.mark.parametrize("counts", [[1, 0, 0], [5, 3, 2], [0, 1000, 1000], [300, 20, 680], [0, 0, 7]])
def test_region_is_what_respects_all_intervals(counts):
    """Points drawn over the simplex lie in the polygon exactly if they respect the bounds."""
    low, high = goodman_intervals(counts)
    corners = region(low, high)
    assert corners.sum(axis=1) == pytest.approx(np.ones(len(corners)))
    assert (corners >= low - 1e-12).all()
    assert (corners <= high + 1e-12).all()
    points = np.random.default_rng(1).dirichlet(np.maximum(counts, 0.5), 2000)
    respects = ((points >= low) & (points <= high)).all(axis=1)
    edges = np.roll(corners, -1, axis=0) - corners
    offs = points[:, None, :2] - corners[None, :, :2]
    turns = edges[:, 0] * offs[..., 1] - edges[:, 1] * offs[..., 0]
    inside = (turns >= -1e-12).all(axis=1) | (turns <= 1e-12).all(axis=1)
    assert (inside == respects).all()
    assert respects.any()


def test_region_refuses_what_leaves_nothing():
    with pytest.raises(ValueError, match="no three shares lie between"):
        region([0.5, 0.4, 0.3], [1, 1, 1])
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        region([0.5, 0.4], [1, 1])


# The table of stylised facts

FACTS = {"united": "the allies stay united", "no_deal": "no agreement in the week"}


def test_fact_shares_counts_each_fact_and_their_conjunction():
    runs = pd.DataFrame(
        {"fact_no_deal": [True, True, True, False], "fact_united": [True, False, True, False]}
    )
    table = fact_shares(runs, FACTS)
    assert list(table.columns) == ["key", "text", "count", "n", "share", "low", "high"]
    assert list(table["key"]) == ["united", "no_deal", "all"]
    assert list(table["text"])[:2] == list(FACTS.values())
    assert list(table["count"]) == [2, 3, 2]
    assert list(table["n"]) == [4] * 3
    for _, row in table.iterrows():
        assert (row["share"], row["low"], row["high"]) == share(row["count"], 4)


def test_the_conjunction_is_not_the_smallest_share():
    runs = pd.DataFrame({"fact_no_deal": [True, False], "fact_united": [False, True]})
    assert fact_shares(runs, FACTS).set_index("key").loc["all", "count"] == 0


def test_a_missing_fact_is_named_with_what_is_there():
    with pytest.raises(ValueError, match=r"lacks column 'fact_no_deal'; its columns are: fact_united"):
        fact_shares(pd.DataFrame({"fact_united": [True]}), FACTS)


@pytest.mark.parametrize("values", [[0.2, 1.0], ["yes", "no"], pd.array([True, None], dtype="boolean")])
def test_a_fact_is_true_or_false(values):
    runs = pd.DataFrame({"fact_united": values, "fact_no_deal": [True, False]})
    with pytest.raises(ValueError, match="'fact_united' must be true or false in every world"):
        fact_shares(runs, FACTS)


def test_facts_need_worlds_and_names():
    runs = pd.DataFrame({"fact_united": [True], "fact_all": [True]})
    with pytest.raises(ValueError, match="facts is empty"):
        fact_shares(runs, {})
    with pytest.raises(ValueError, match="can't be called 'all'"):
        fact_shares(runs, {"all": "everything"})
    with pytest.raises(ValueError, match="runs has no rows"):
        fact_shares(runs.iloc[:0], {"united": "the allies stay united"})
