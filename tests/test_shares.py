"""Shares and their intervals: against values worked by hand or published, and against simulated coverage."""

import math

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import multinomial_proportions_confint

from negotiation_sim.analysis.shares import fact_shares, goodman_intervals, outcome_shares, share

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
    with pytest.raises(ValueError, match=r"no worlds \(0 rows\), so column 'outcome'"):
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
    with pytest.raises(ValueError, match="no worlds"):
        fact_shares(runs.iloc[:0], {"united": "the allies stay united"})
