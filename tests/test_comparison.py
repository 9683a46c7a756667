"""Paired comparisons: against published intervals and tables worked by hand, and coverage by simulation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from negotiation_sim.analysis.comparison import (
    paired_differences,
    paired_interval,
    smallest_changes,
    waterfall,
)


def runs_of(outcomes: str, first: int = 0) -> pd.DataFrame:
    """A world a letter: e(scalation), s(talemate), c(oncession)."""
    names = {"e": "escalation", "s": "stalemate", "c": "concession"}
    worlds = range(first, first + len(outcomes))
    return pd.DataFrame({"world": worlds, "headline": [names[each] for each in outcomes]})


BASE = runs_of("eeeesssscc")
VARIANT = runs_of("eecsseeccc")  # e->e 2, e->c 1, e->s 1, s->s 1, s->e 2, s->c 1, c->c 2


# The interval


def test_interval_as_published():
    # Airway hyper-responsiveness before and after transplantation (Bentur et al. 2009), 1 and 7 of 21 discordant:
    # the example of Fagerland, Lydersen and Laake (2014).
    low, high = paired_interval(1, 7, 21)
    assert (low, high) == (pytest.approx(-0.517, abs=5e-4), pytest.approx(-0.026, abs=5e-4))


@pytest.mark.parametrize(
    ("gained", "lost", "n"), [(1, 7, 21), (0, 3, 40), (40, 20, 160), (5, 0, 12), (9, 9, 18)]
)
def test_interval_is_where_the_score_test_turns(gained, lost, n):
    """The variance under each bound from a numerical restricted likelihood, not from Tango's closed form."""
    for bound, sign in zip(paired_interval(gained, lost, n), (1, -1), strict=True):
        stay = n - gained - lost

        def unlikely(p, bound=float(bound), stay=stay):
            parts = np.array([p + bound, p, 1 - 2 * p - bound])
            return -np.sum(np.array([gained, lost, stay]) * np.log(np.maximum(parts, 1e-300)))

        limits = (max(0.0, -float(bound)), (1 - float(bound)) / 2)
        p = minimize_scalar(unlikely, bounds=limits, method="bounded", options={"xatol": 1e-12}).x
        score = (gained - lost - n * bound) / np.sqrt(n * (2 * p + bound - bound**2))
        assert score == pytest.approx(sign * norm.ppf(0.975), rel=1e-4)


def test_without_discordant_pairs_it_still_has_width():
    z2 = norm.ppf(0.975) ** 2  # T^2 = n d^2 / (d (1 - d)) = z^2 is solved by z^2 / (n + z^2)
    assert paired_interval(0, 0, 100) == (
        pytest.approx(-z2 / (100 + z2)),
        pytest.approx(z2 / (100 + z2)),
    )


@given(
    st.integers(0, 200), st.integers(0, 200), st.integers(0, 400), st.sampled_from([0.5, 0.9, 0.95, 0.999])
)
@settings(max_examples=100, deadline=None)
def test_interval_holds_the_estimate_and_mirrors(gained, lost, stayed, confidence):
    n = gained + lost + stayed + 1
    low, high = paired_interval(gained, lost, n, confidence)
    assert -1 <= low <= (gained - lost) / n <= high <= 1
    assert low < high
    assert paired_interval(lost, gained, n, confidence) == (pytest.approx(-high), pytest.approx(-low))


SAMPLES = 20_000


@pytest.mark.parametrize(
    ("gaining", "losing", "n"),
    [
        pytest.param(0.25, 0.15, 50, id="few worlds"),
        pytest.param(0.1, 0.1, 200, id="no difference"),
        pytest.param(0.05, 0.01, 500, id="nearly all pairs agree"),
        pytest.param(0.003, 0.001, 1000, id="four discordant pairs"),
        pytest.param(0.3, 0.0, 30, id="one way only"),
        pytest.param(0.002, 0.0, 1000, id="two discordant pairs"),
    ],
)
def test_interval_holds_the_difference_as_often_as_it_says(gaining, losing, n):
    rng = np.random.default_rng(20220112)
    gained, lost, _ = rng.multinomial(n, [gaining, losing, 1 - gaining - losing], size=SAMPLES).T
    low, high = paired_interval(gained, lost, n)
    coverage = np.mean((low <= gaining - losing) & (gaining - losing <= high))
    assert 0.93 <= coverage <= 0.985  # discrete counts: not exactly 0.95


def test_wald_would_miss_rare_changes():
    """The reason for Tango's interval."""
    rng = np.random.default_rng(20220112)
    gained, lost, _ = rng.multinomial(500, [0.002, 0.0, 0.998], size=SAMPLES).T
    difference = (gained - lost) / 500
    half = norm.ppf(0.975) * np.sqrt(gained + lost - (gained - lost) ** 2 / 500) / 500
    assert np.mean(np.abs(difference - 0.002) <= half) < 0.65


@pytest.mark.parametrize(("gained", "lost", "n"), [(-1, 0, 5), (3, 3, 5), (0, 0, 0)])
def test_interval_refuses_impossible_counts(gained, lost, n):
    with pytest.raises(ValueError, match="counts >= 0"):
        paired_interval(gained, lost, n)


# Differences, transitions, waterfall


def test_differences_by_hand():
    table = paired_differences(BASE, VARIANT, "headline").set_index("headline")
    assert table["base"].to_dict() == {"concession": 0.2, "escalation": 0.4, "stalemate": 0.4}
    assert table["variant"].to_dict() == {"concession": 0.4, "escalation": 0.4, "stalemate": 0.2}
    assert table["gained"].to_dict() == {"concession": 2, "escalation": 2, "stalemate": 1}
    assert table["lost"].to_dict() == {"concession": 0, "escalation": 2, "stalemate": 3}
    assert table["difference"].tolist() == pytest.approx([0.2, 0.0, -0.2])
    assert table.loc["concession", ["low", "high"]].tolist() == pytest.approx(
        [float(each) for each in paired_interval(2, 0, 10)]
    )


def test_joint_intervals_are_wider():
    single = paired_differences(BASE, VARIANT, "headline")
    joint = paired_differences(BASE, VARIANT, "headline", joint=True)
    assert (joint["low"] < single["low"]).all()
    assert (joint["high"] > single["high"]).all()


def test_worlds_are_paired_by_id_whatever_their_order():
    shuffled = VARIANT.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(
        paired_differences(BASE, shuffled, "headline"), paired_differences(BASE, VARIANT, "headline")
    )


def test_only_worlds_in_both_count():
    table = paired_differences(runs_of("eess"), runs_of("sse", first=2), "headline")
    assert table["n"].tolist() == [2, 2]
    assert table["difference"].tolist() == [0.0, 0.0]


def test_an_outcome_that_never_occurs_keeps_its_row():
    table = paired_differences(
        runs_of("ee"), runs_of("es"), "headline", ["stalemate", "escalation", "concession"]
    )
    assert table["headline"].tolist() == ["stalemate", "escalation", "concession"]
    assert table["difference"].tolist() == [0.5, -0.5, 0.0]


def test_waterfall_by_hand():
    table = waterfall(BASE, VARIANT, "concession", "headline")
    assert table["step"].tolist() == ["base", "escalation", "stalemate", "variant"]
    assert table["start"].tolist() == pytest.approx([0.0, 0.2, 0.3, 0.0])
    assert table["end"].tolist() == pytest.approx([0.2, 0.3, 0.4, 0.4])
    assert table["gained"].tolist() == [0, 1, 1, 0]


@given(st.lists(st.tuples(st.sampled_from("esc"), st.sampled_from("esc")), min_size=1, max_size=60))
@settings(max_examples=25, deadline=None)
def test_waterfall_adds_up(pairs):
    before, after = ("".join(each) for each in zip(*pairs, strict=True))
    names = ["escalation", "stalemate", "concession"]
    for outcome in names:
        table = waterfall(runs_of(before), runs_of(after), outcome, "headline", names)
        assert table["change"].sum() == pytest.approx(table["end"].iloc[-1])
        assert table["end"].iloc[-2] == pytest.approx(after.count(outcome[0]) / len(after))
        assert (table["change"].abs().iloc[1:-1].diff().dropna() <= 1e-12).all()  # largest first


@pytest.mark.parametrize(
    ("base", "variant", "says"),
    [
        (BASE, VARIANT.assign(world=range(100, 110)), "share no world"),
        (BASE, pd.concat([VARIANT, VARIANT]), "variant has a world more than once"),
        (BASE.drop(columns="world"), VARIANT, "base lacks column 'world'"),
        (BASE.head(0), VARIANT, "base has no rows"),
        (BASE.assign(headline=None), VARIANT, "no value in 10 of 10 worlds"),
    ],
)
def test_what_cannot_be_paired_is_refused(base, variant, says):
    with pytest.raises(ValueError, match=says):
        paired_differences(base, variant, "headline")


def test_unknown_outcomes_are_refused():
    with pytest.raises(ValueError, match="not among the categories: concession"):
        paired_differences(BASE, VARIANT, "headline", ["escalation", "stalemate"])
    with pytest.raises(ValueError, match="'war' is not among the outcomes"):
        waterfall(BASE, VARIANT, "war", "headline")


# What would have had to differ

DESIGN = pd.DataFrame(
    {
        "scenario": "dam",
        "sample": range(7),
        "cost": [0.0, 2.0, 3.0, 4.0, None, None, None],
        "delay": [None, None, None, None, 10.0, 20.0, None],
        "tactic": [None] * 6 + ["patient"],
    }
)
PARAMETERS = pd.DataFrame(
    {"factor": ["cost", "delay"], "value": [1.0, 15.0], "low": [0.0, 5.0], "high": [4.0, 25.0]}
)


def sweep_of(*points: str) -> pd.DataFrame:
    return pd.concat([runs_of(each).assign(design=at) for at, each in enumerate(points)], ignore_index=True)


def test_smallest_changes_by_hand():
    runs = sweep_of(
        "sssse",  # cost 0
        "sssee",  # cost 2, a quarter of the range away: holds
        "seeee",  # cost 3, half the range away: moves
        "ccccc",  # cost 4: moves as well, but further away
        "sseee",  # delay 10, a quarter of the range away: moves
        "sssss",  # delay 20
        "ssscc",  # tactic
    )
    table = smallest_changes(runs_of("sssec"), runs, DESIGN, PARAMETERS)
    assert table["factor"].tolist() == ["delay", "cost", "tactic"]
    assert table["moved"].tolist() == [True, True, False]
    assert table["to_value"].tolist() == [10.0, 3.0, "patient"]
    assert table["size"].iloc[:2].tolist() == [0.25, 0.5]
    assert table["unmoved"].iloc[:2].tolist() == [15.0, 2.0]
    assert table["headline"].tolist() == ["escalation", "escalation", "concession"]
    assert table["margin"].tolist() == pytest.approx([0.2, 0.6, -0.2])
    assert table["size"].isna().tolist() == [False, False, True]
    low, high = paired_interval(4, 1, 5)
    assert table.loc[1, ["low", "high"]].tolist() == pytest.approx([float(low), float(high)])


def test_where_nothing_moves_the_nearest_comes_first():
    runs = sweep_of("sssss", "ssssc", "ssssc", "sssec", "sssee", "sssss", "ssssc")
    table = smallest_changes(runs_of("sssss"), runs, DESIGN, PARAMETERS)
    assert not table["moved"].any()
    assert table["factor"].tolist() == ["delay", "cost", "tactic"]
    assert table["to_value"].tolist()[:2] == [10.0, 4.0]


def test_words_that_move_it_stand_after_numbers_that_do():
    runs = sweep_of("sssss", "sssss", "sssss", "eeeee", "sssss", "sssss", "eeeee")
    table = smallest_changes(runs_of("sssss"), runs, DESIGN, PARAMETERS)
    assert table["factor"].tolist() == ["cost", "tactic", "delay"]
    assert table["moved"].tolist() == [True, True, False]


def test_one_headline_everywhere_moves_nowhere():
    table = smallest_changes(runs_of("ss"), sweep_of(*["ss"] * 7), DESIGN, PARAMETERS)
    assert not table["moved"].any()
    assert (table["margin"] == -1).all()


def test_a_headline_that_the_sweep_never_saw_is_moved_everywhere():
    table = smallest_changes(runs_of("cc"), sweep_of(*["ss"] * 7), DESIGN, PARAMETERS)
    assert table["moved"].all()
    assert table.loc[table["factor"] == "cost", "to_value"].tolist() in ([0.0], [2.0])


def test_what_is_no_one_at_a_time_sweep_is_refused():
    runs = sweep_of(*["ss"] * 7)
    with pytest.raises(ValueError, match="no one_at_a_time design"):
        smallest_changes(runs_of("ss"), runs, DESIGN.assign(delay=1.0), PARAMETERS)
    with pytest.raises(ValueError, match="several scenarios"):
        smallest_changes(runs_of("ss"), runs, DESIGN.assign(scenario=[*"aaaaaab"]), PARAMETERS)
    with pytest.raises(ValueError, match="no row for 'delay'"):
        smallest_changes(runs_of("ss"), runs, DESIGN, PARAMETERS.head(1))
    with pytest.raises(ValueError, match="design points up to 6, but the design only 3 rows"):
        smallest_changes(runs_of("ss"), runs, DESIGN.head(3), PARAMETERS)
