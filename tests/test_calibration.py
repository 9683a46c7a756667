"""Calibration: known answers of conditioning, coverage of its intervals and rate of false alarms by simulation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from negotiation_sim.analysis.calibration import (
    BINS,
    conditional_difference,
    leave_one_out,
    posterior,
    predictive,
    reproduces,
    shares_given,
    split_by_round,
)
from negotiation_sim.analysis.shares import outcome_shares, share

FACTS = {"calm": "nobody walks out", "drill": "a drill is held", "unity": "unity is kept"}


def worlds(**facts: str) -> pd.DataFrame:
    """A world a letter: y or n."""
    return pd.DataFrame({f"fact_{key}": [each == "y" for each in said] for key, said in facts.items()})


RUNS = worlds(calm="yyyyyyyynn", drill="yyyynnnnyn", unity="yyynyynnny")


# Facts


def test_worlds_that_reproduce_all_of_some_facts():
    assert reproduces(RUNS, ["calm", "drill"]).tolist() == [True] * 4 + [False] * 6
    assert reproduces(RUNS, list(FACTS)).sum() == 3


def test_facts_read_after_the_last_session_are_held_out():
    assert split_by_round({"calm": 3, "drill": 1, "agreed": 2, "unity": 3}) == ["drill", "agreed"]
    assert split_by_round({"calm": 3, "unity": 3}) == []
    assert split_by_round({}) == []


def test_predictive_as_worked_by_hand():
    table = predictive(RUNS, FACTS, ["drill"]).set_index("key")
    assert list(table.index) == ["calm", "drill", "unity", "all"]
    assert list(table["role"]) == ["held_out", "fitted", "held_out", "held_out"]
    assert list(table["share"]) == [0.8, 0.5, 0.6, 0.5]
    assert list(table["given"]) == [0.8, 1.0, 0.6, 0.6]  # of worlds 0 to 3 and 8
    assert (table["accepted"] == 5).all()
    assert (table["n"] == 10).all()
    assert table["difference"].drop("drill").to_numpy() == pytest.approx([0.0, 0.0, 0.1])
    assert table["lift"].drop("drill").to_numpy() == pytest.approx([1.0, 1.0, 1.2])
    assert (table.loc["calm", "given_low"], table.loc["calm", "given_high"]) == pytest.approx(share(4, 5)[1:])
    assert table.loc["all", "text"] == "all held-out facts at once"


def test_a_fitted_fact_is_one_by_construction_and_has_no_interval():
    fitted = predictive(RUNS, FACTS, ["drill", "calm"]).set_index("key").loc[["drill", "calm"]]
    assert (fitted["given"] == 1).all()
    names = ["given_low", "given_high", "difference", "difference_low", "difference_high", "lift"]
    assert fitted[names].isna().all(axis=None)
    assert (fitted["low"] < fitted["share"]).all()


def test_with_one_fact_held_out_there_is_no_row_for_all():
    assert list(predictive(RUNS, FACTS, ["drill", "calm"])["key"]) == list(FACTS)
    assert list(predictive(RUNS, {"calm": "calm"}, ["calm"])["role"]) == ["fitted"]


def test_each_fact_left_out_is_predicted_from_the_others():
    table = leave_one_out(RUNS, FACTS).set_index("key")
    assert list(table["accepted"]) == [3, 5, 4]
    for key in FACTS:
        alone = predictive(RUNS, FACTS, [each for each in FACTS if each != key]).set_index("key").loc[key]
        pd.testing.assert_series_equal(table.loc[key], alone, check_names=False)


def test_a_fact_that_excludes_another():
    table = leave_one_out(worlds(a="yynn", b="nnyy"), {"a": "a", "b": "b"})
    assert (table["given"] == 0).all()
    assert (table["difference"] == -0.5).all()
    assert (table["lift"] == 0).all()


def test_without_a_world_that_matches_nothing_is_known():
    table = predictive(worlds(a="nnnn", b="ynyn"), {"a": "a", "b": "b"}, ["a"]).set_index("key")
    assert table["given"].isna().all()
    assert table.loc["b", ["given_low", "given_high"]].tolist() == [0, 1]
    assert table.loc["b", ["difference_low", "difference_high"]].tolist() == [-1, 1]
    assert table.loc["b", "share"] == 0.5
    assert np.isnan(table.loc["b", "lift"])


def test_one_world():
    table = predictive(worlds(a="y", b="n"), {"a": "a", "b": "b"}, ["a"]).set_index("key")
    assert table.loc["b", "given"] == 0
    assert table.loc["b", "difference"] == 0
    assert np.isnan(table.loc["b", "lift"])  # share 0
    assert table.loc["b", "difference_low"] <= 0 <= table.loc["b", "difference_high"]


@pytest.mark.parametrize(
    ("fitted", "said"),
    [([], "is empty"), (["war"], r"some of the facts \(calm, drill, unity\), but war is none")],
)
def test_fitted_must_be_some_of_the_facts(fitted, said):
    with pytest.raises(ValueError, match=said):
        predictive(RUNS, FACTS, fitted)


def test_what_is_no_table_of_facts_is_refused():
    with pytest.raises(ValueError, match="at least two facts, but there are 1: calm"):
        leave_one_out(RUNS, {"calm": "calm"})
    with pytest.raises(ValueError, match="lacks column 'fact_war'"):
        reproduces(RUNS, ["war"])
    with pytest.raises(ValueError, match="runs has no rows"):
        leave_one_out(RUNS[:0], FACTS)
    with pytest.raises(ValueError, match="facts is empty"):
        reproduces(RUNS, [])


# The interval of a difference


def test_without_a_change_it_is_newcombes_interval_times_the_share_rejected():
    difference, low, high = conditional_difference(12, 40, 12 + 48, 200)
    newcombe = confint_proportions_2indep(12, 40, 48, 160, method="newcomb")
    assert difference[0] == pytest.approx(0)
    assert (low[0], high[0]) == pytest.approx(tuple(0.8 * bound for bound in newcombe))


@pytest.mark.parametrize(
    ("accepted", "among", "rest", "n"),
    [
        (0.5, 0.7, 0.7, 400),
        (0.7, 0.95, 0.9, 200),
        (0.3, 0.9, 0.2, 200),
        (0.9, 0.1, 0.9, 200),
        (0.05, 0.5, 0.5, 400),
        (0.5, 1.0, 0.3, 100),
        (0.5, 0.02, 0.01, 500),
        (0.1, 0.02, 0.6, 300),
    ],
)
def test_its_interval_covers_what_it_says(accepted, among, rest, n):
    """2,000 ensembles each: a nominal 95% comes out between 93.5 and 98.5."""
    rng = np.random.default_rng(1)
    inside = rng.binomial(n, accepted, size=2000)
    hits = rng.binomial(inside, among)
    others = rng.binomial(n - inside, rest)
    _, low, high = conditional_difference(hits, inside, hits + others, n)
    truth = (1 - accepted) * (among - rest)
    covered = ((low <= truth) & (truth <= high)).mean()
    assert 0.935 <= covered <= (0.985 if min(among, 1 - among) > 0.01 else 1.0)


@given(st.tuples(*[st.integers(0, 60)] * 4).filter(lambda cells: sum(cells) > 0))
@settings(max_examples=100, deadline=None)
def test_difference_of_any_counts(cells):
    hits, misses, others, rest = cells
    accepted, n = hits + misses, sum(cells)
    difference, low, high = conditional_difference(hits, accepted, hits + others, n)
    mirrored = conditional_difference(misses, accepted, misses + rest, n)
    assert -1 <= low <= high <= 1
    if accepted:
        assert difference[0] == pytest.approx(hits / accepted - (hits + others) / n, abs=1e-12)
        assert low - 1e-12 <= difference <= high + 1e-12
        assert high[0] > low[0]
        assert (mirrored[1][0], mirrored[2][0]) == pytest.approx((-high[0], -low[0]), abs=1e-9)


@pytest.mark.parametrize("counts", [(3, 2, 5, 10), (1, 2, 0, 10), (0, 5, 8, 10), (0, 0, 0, 0), (-1, 2, 1, 4)])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ValueError, match="hits must be at most accepted"):
        conditional_difference(*counts)


# Posterior


def even(n: int) -> np.ndarray:
    """The middles of n equal parts of [0, 1]: a uniform sample without luck."""
    return (np.arange(n) + 0.5) / n


def test_a_planted_fact_gives_the_posterior_that_it_must():
    n = 20_000
    draws = pd.DataFrame({"free": np.random.default_rng(1).permutation(even(n)), "x": 2 + 4 * even(n)})
    accepted = even(n) > 0.3  # so x is uniform over (3.2, 6)
    found = posterior(draws, {"x": (2, 6), "free": (0, 1)}, accepted)
    assert list(found.parameters["parameter"]) == ["x", "free"]
    x, free = found.parameters.set_index("parameter").loc[["x", "free"]].itertuples()
    assert (x.from_value, x.to_value, x.prior_mean) == (2, 6, 4)
    assert x.posterior_mean == pytest.approx(4.6)
    assert x.shift == pytest.approx(0.6 / (4 / np.sqrt(12)))
    expected = [3.2 + 2.8 * each for each in (0.05, 0.25, 0.5, 0.75, 0.95)]
    assert [x.q05, x.q25, x.q50, x.q75, x.q95] == pytest.approx(expected, abs=1e-3)
    assert x.contraction == pytest.approx(1 - 0.7**2, abs=1e-4)
    assert x.contraction_low < x.contraction < x.contraction_high
    assert x.distance == pytest.approx(0.3, abs=1e-3)  # at 0.3, where none of the accepted lies below
    assert x.moved
    assert not free.moved
    assert abs(free.contraction) < 0.03
    assert (x.accepted, x.n) == (14_000, 20_000)


def test_its_density_is_a_ratio_to_the_prior():
    n = 8_000
    found = posterior(pd.DataFrame({"x": even(n)}), {"x": (0, 1)}, even(n) > 0.25)
    density = found.density
    assert len(density) == BINS
    assert density["from_value"].tolist() == pytest.approx(np.arange(BINS) / BINS)
    assert density["to_value"].tolist() == pytest.approx(np.arange(1, BINS + 1) / BINS)
    assert density["ratio"].tolist() == pytest.approx([0] * (BINS // 4) + [4 / 3] * (BINS * 3 // 4))
    assert (density["low"] < 1).all()
    assert (density["high"] > 1).all()


def test_a_fact_that_favours_the_ends_widens_and_still_moves():
    n = 10_000
    found = posterior(pd.DataFrame({"x": even(n)}), {"x": (0, 1)}, np.abs(even(n) - 0.5) > 0.25)
    (row,) = found.parameters.itertuples()
    assert row.contraction == pytest.approx(1 - 12 * (0.125 / 6 + 0.125), abs=0.01)  # -0.75
    assert row.shift == pytest.approx(0, abs=1e-9)
    assert row.moved


def test_p_values_are_those_of_the_two_sample_test():
    rng = np.random.default_rng(2)
    x = rng.random((3000, 3))
    accepted = rng.random(3000) < 0.4 + 0.1 * x[:, 0]
    found = posterior(pd.DataFrame(x, columns=list("abc")), dict.fromkeys("abc", (0, 1)), accepted)
    for row in found.parameters.itertuples():
        column = x[:, "abc".index(row.parameter)]
        statistic, p_value = ks_2samp(column[accepted], column[~accepted], method="asymp")
        assert row.distance == pytest.approx(statistic * (1 - accepted.mean()), abs=1e-3)
        assert row.p_value == pytest.approx(p_value, rel=0.1)
        quantiles = np.quantile(column[accepted], [0.05, 0.25, 0.5, 0.75, 0.95])
        assert [row.q05, row.q25, row.q50, row.q75, row.q95] == pytest.approx(quantiles)
    adjusted = multipletests(found.parameters["p_value"], method="holm")[1]
    assert found.parameters["p_adjusted"].to_numpy() == pytest.approx(adjusted)


def test_p_values_of_few_worlds_are_exact():
    """Five of a hundred, where Smirnov's approximation is off by half at one in a hundred."""
    x = even(100)
    accepted = (x < 0.3) & (np.arange(100) % 6 == 0)
    found = posterior(pd.DataFrame({"x": x}), {"x": (0, 1)}, accepted)
    p_value = ks_2samp(x[accepted], x[~accepted], method="exact").pvalue
    assert found.parameters["p_value"].item() == pytest.approx(p_value)
    assert p_value < 0.01


def test_of_parameters_that_do_not_matter_few_are_called_moved():
    """400 parameters in 300 worlds: 5 of 100 fall below 0.05, and the band holds the bars of 95 of 100."""
    rng = np.random.default_rng(3)
    names = [f"p{at}" for at in range(400)]
    draws = pd.DataFrame(rng.random((300, 400)), columns=names)
    found = posterior(draws, dict.fromkeys(names, (0, 1)), rng.random(300) < 0.5)
    assert 0.03 <= (found.parameters["p_value"] < 0.05).mean() <= 0.065
    density = found.density
    inside = density["ratio"].between(density["low"], density["high"]).groupby(density["parameter"]).all()
    assert 0.92 <= inside.mean() <= 0.98


def test_ensembles_in_which_any_parameter_is_wrongly_called_moved_are_rare():
    """Holm keeps them at 5 of 100: at most 11 of 100 (binomial, one in a hundred)."""
    rng = np.random.default_rng(4)
    names = list("abcde")
    ranges = dict.fromkeys(names, (0, 1))
    wrong = sum(
        posterior(pd.DataFrame(rng.random((120, 5)), columns=names), ranges, rng.random(120) < 0.6)
        .parameters["moved"]
        .any()
        for _ in range(100)
    )
    assert wrong <= 11


def test_the_interval_of_the_contraction_covers_what_it_says():
    """Accepted with chance 4 x (1 - x), x is Beta(2, 2): its variance is 1/20 of 1/12. 300 ensembles."""
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(300):
        x = rng.random(1200)
        found = posterior(pd.DataFrame({"x": x}), {"x": (0, 1)}, rng.random(1200) < 4 * x * (1 - x))
        (row,) = found.parameters.itertuples()
        covered += row.contraction_low <= 0.4 <= row.contraction_high
    assert 0.92 <= covered / 300 <= 0.98


def test_no_world_accepted_and_all_accepted():
    draws = pd.DataFrame({"x": even(50), "y": even(50)[::-1]})
    ranges = {"x": (0, 1), "y": (0, 1)}
    nothing = posterior(draws, ranges, np.zeros(50, dtype=bool))
    assert not nothing.parameters["moved"].any()
    assert (
        nothing.parameters[["posterior_mean", "q50", "contraction", "distance", "p_adjusted"]]
        .isna()
        .all(axis=None)
    )
    assert nothing.density["ratio"].isna().all()
    whole = posterior(draws, ranges, np.ones(50, dtype=bool))
    assert not whole.parameters["moved"].any()
    assert (whole.parameters["distance"] == 0).all()
    assert (whole.parameters["p_adjusted"] == 1).all()
    assert whole.density[["ratio", "low", "high"]].to_numpy() == pytest.approx(np.ones((2 * BINS, 3)))


@pytest.mark.parametrize("accepted", [True, False])
def test_posterior_of_one_world(accepted):
    found = posterior(pd.DataFrame({"x": [0.4]}), {"x": (0, 1)}, [accepted])
    (row,) = found.parameters.itertuples()
    assert (row.accepted, row.n, row.moved) == (accepted, 1, False)
    assert np.isnan(row.contraction)
    assert found.density["ratio"].notna().sum() == accepted


@pytest.mark.parametrize(
    ("draws", "ranges", "accepted", "said"),
    [
        ({"x": [0.1, 0.2]}, {}, [True, False], "ranges lacks x; it has none"),
        ({"x": [0.1, 0.2]}, {"x": (1, 1)}, [True, False], r"low to high, but is \[1, 1\]"),
        ({"x": [0.1, 1.2]}, {"x": (0, 1)}, [True, False], "drawn from 0.1 to 1.2, but its range is 0 to 1"),
        ({"x": [0.1, np.nan]}, {"x": (0, 1)}, [True, False], "drawn from nan"),
        ({"x": [0.1, 0.2]}, {"x": (0, 1)}, [True], "for each of the 2 worlds"),
        ({"x": [0.1, 0.2]}, {"x": (0, 1)}, [0.3, 0.4], "but is float64"),
        ({}, {}, [], "must have worlds and parameters"),
    ],
)
def test_what_is_no_table_of_draws_is_refused(draws, ranges, accepted, said):
    with pytest.raises(ValueError, match=said):
        posterior(pd.DataFrame(draws), ranges, np.array(accepted))


# Outcomes


OUTCOMES = {"invasion": "escalation", "agreement": "concession", "talks": "stalemate"}
ENDED = pd.DataFrame({"outcome": ["invasion"] * 30 + ["talks"] * 70, "type": ["a", "b"] * 50})


def test_outcomes_given_the_facts():
    accepted = np.arange(100) < 40  # all invasions, and ten of the rest
    table = shares_given(ENDED, accepted, categories=OUTCOMES)
    assert list(table["headline"]) == list(OUTCOMES.values())
    assert list(table["share"]) == [0.3, 0.0, 0.7]
    assert list(table["given"]) == [0.75, 0.0, 0.25]
    assert list(table["difference"]) == pytest.approx([0.45, 0.0, -0.45])
    inside = outcome_shares(ENDED[:40], categories=OUTCOMES)
    assert table[["given_low", "given_high"]].to_numpy() == pytest.approx(inside[["low", "high"]].to_numpy())
    assert (table["accepted"] == 40).all()
    _, low, high = conditional_difference(30, 40, 30, 100, 1 - 0.05 / 3)
    assert (table.loc[0, "difference_low"], table.loc[0, "difference_high"]) == pytest.approx(
        (low[0], high[0])
    )


def test_any_column_of_words_will_do():
    table = shares_given(ENDED, np.arange(100) % 2 == 0, "type")
    assert list(table["type"]) == ["a", "b"]
    assert list(table["given"]) == [1, 0]


def test_outcomes_without_a_world_that_matches():
    table = shares_given(ENDED, np.zeros(100, dtype=bool), categories=OUTCOMES)
    assert table["given"].isna().all()
    assert (table["given_low"] == 0).all()
    assert (table["given_high"] == 1).all()
    assert table["difference"].isna().all()
    assert list(table["share"]) == [0.3, 0.0, 0.7]


def test_the_mask_must_fit():
    with pytest.raises(ValueError, match="each of the 100 worlds, but is int64"):
        shares_given(ENDED, np.arange(100))
