"""PRIM: a planted box is found, edges and all; what must hold of any boxes; quasi-p-values by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from negotiation_sim.analysis.discovery import COARSE, Box, paste, peel, prune, restrictions, score


def planted(n: int = 4000, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Of interest: high cost, medium delay, level 2 or 3 of 5, and not the late tactic; patience is noise."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "cost": rng.random(n),
            "delay": 100 * rng.random(n),
            "patience": rng.random(n),
            "level": rng.integers(0, 5, n),
            "tactic": rng.choice(["early", "late", "steady"], n),
        }
    )
    inside = (
        (table["cost"] >= 0.6)
        & table["delay"].between(25, 75)
        & (table["level"] >= 2)
        & (table["tactic"] != "late")
    )
    return table, inside.to_numpy()


def test_a_planted_box_is_found():
    table, interest = planted()
    trajectory = peel(table, interest)
    step = trajectory.choose(density=0.9)
    box = paste(table, interest, trajectory.boxes[step])
    assert set(box.restricted) == {"cost", "delay", "level", "tactic"}
    assert box.numbers["cost"] == (pytest.approx(0.6, abs=0.03), np.inf)
    assert box.numbers["delay"] == (pytest.approx(25, abs=3), pytest.approx(75, abs=3))
    assert box.numbers["level"] == (2, np.inf)
    assert box.words["tactic"] == ("early", "steady")
    found = score(table, interest, box)
    assert found.density >= 0.9
    assert found.coverage >= 0.95


def test_a_planted_box_is_found_among_noise_and_on_new_cases():
    table, interest = planted(20_000)
    rng = np.random.default_rng(2)
    noisy = rng.random(len(table)) < np.where(interest, 0.9, 0.1)
    trajectory = peel(table, noisy)
    box = trajectory.boxes[trajectory.choose(density=0.85)]
    found = restrictions(table, noisy, box)
    sure = found[found["quasi_p"] < 0.001]
    assert set(sure["factor"]) == {"cost", "delay", "level", "tactic"}
    other, its_interest = planted(20_000, seed=3)
    its_noisy = rng.random(len(other)) < np.where(its_interest, 0.9, 0.1)
    assert score(other, its_noisy, box).density == pytest.approx(0.86, abs=0.05)


def test_pasting_recovers_what_was_cut_too_far():
    table, interest = planted()
    tight = Box({"cost": (0.75, np.inf), "delay": (40, 60), "level": (2, np.inf)}, {"tactic": ("early",)})
    box = paste(table, interest, tight, share=0.02)
    assert box.numbers["cost"][0] == pytest.approx(0.6, abs=0.02)
    assert box.numbers["delay"] == (pytest.approx(25, abs=2), pytest.approx(75, abs=2))
    assert box.words["tactic"] == ("early", "steady")
    assert score(table, interest, box).density >= score(table, interest, tight).density == 1


def test_pasting_drops_an_edge_that_holds_nothing_back():
    table = pd.DataFrame({"a": np.arange(100.0), "b": list("xy") * 50})
    interest = table["a"] >= 50
    assert paste(table, interest, Box({"a": (60, 90)}, {"b": ("x",)}), share=0.01) == Box({"a": (50, np.inf)})


def test_one_peel_by_hand():
    """20 cases, 5 at 0 to 4 uninteresting: a slice of a tenth off the low end takes 0 and 1."""
    table = pd.DataFrame({"a": np.arange(20.0), "flat": 1.0})
    trajectory = peel(table, table["a"] >= 5, share=0.1)
    assert trajectory.boxes[0] == Box()
    assert trajectory.boxes[1] == Box({"a": (2, np.inf)})
    assert trajectory.table.loc[1, ["n", "count", "mass", "coverage", "density", "restricted"]].tolist() == (
        pytest.approx([18, 15, 0.9, 1.0, 15 / 18, 1])
    )
    assert trajectory.boxes[-1] == Box({"a": (5, np.inf)})


@pytest.mark.parametrize("repeats", [1, COARSE])  # few values are counted, many are sorted
def test_equal_values_go_together(repeats):
    x = np.repeat([0.0, 1.0, 2.0], 100)
    more = np.linspace(3, 4, repeats)
    table = pd.DataFrame({"a": np.concatenate([x, more])})
    trajectory = peel(table, table["a"] >= 1, share=0.05)
    assert trajectory.boxes[1] == Box({"a": (1, np.inf)})
    assert trajectory.table["n"].tolist() == [300 + repeats, 200 + repeats]


def test_counting_values_and_sorting_them_give_the_same_boxes(monkeypatch):
    table, interest = planted(1500)
    table = table.round({"cost": 2, "delay": 0, "patience": 1})
    counted = peel(table, interest)
    monkeypatch.setattr("negotiation_sim.analysis.discovery.COARSE", 0)
    sorted_ = peel(table, interest)
    assert counted.boxes == sorted_.boxes
    pd.testing.assert_frame_equal(counted.table, sorted_.table)


def test_choice_of_a_box():
    table, interest = planted()
    trajectory = peel(table, interest)
    for density in (0.0, 0.5, 0.9):
        step = trajectory.choose(density)
        dense = trajectory.table[trajectory.table["density"] >= density]
        assert trajectory.table.loc[step, "density"] >= density
        assert trajectory.table.loc[step, "coverage"] == dense["coverage"].max()
    noise = np.random.default_rng(99).random(len(table)) < 0.3
    trajectory = peel(table, noise)
    assert (
        trajectory.table.loc[trajectory.choose(0.99), "density"] == trajectory.table["density"].max() < 0.99
    )


def test_quasi_p_values_by_hand():
    # 40 cases: a >= 5 holds 20 of which 15 of interest and b >= 5 holds 20 likewise; together 10, all of interest.
    table = pd.DataFrame({"a": np.tile(np.repeat([0.0, 9.0], 10), 2), "b": np.repeat([0.0, 9.0], 20)})
    interest = np.zeros(40, dtype=bool)
    interest[30:] = True  # a = b = 9
    interest[10:15] = True  # half of a = 9, b = 0
    found = restrictions(table, interest, Box({"a": (5, np.inf), "b": (-np.inf, 9)})).set_index(
        ["factor", "kind"]
    )
    # the box: a >= 5: 20 cases, 15 of interest. Without it (b <= 9: everything): 15 of 40.
    row = found.loc[("a", "at least")]
    assert row["density_without"] == 15 / 40
    assert row["coverage_without"] == 1
    assert row["quasi_p"] == pytest.approx(sum(binom.pmf(k, 20, 15 / 40) for k in range(15, 21)))
    assert (row["edge"], row["from_value"], row["to_value"]) == (5, 0, 9)
    # b <= 9 holds nothing back, so as many of interest are as likely as a box of its own density gives them
    assert found.loc[("b", "at most"), "quasi_p"] == pytest.approx(
        sum(binom.pmf(k, 20, 0.75) for k in range(15, 21))
    )


def test_restrictions_come_in_words_and_the_needed_first():
    table, interest = planted()
    box = Box({"cost": (0.6, np.inf), "patience": (0.01, np.inf)}, {"tactic": ("early", "steady")})
    found = restrictions(table, interest, box)
    assert found["factor"].tolist()[-1] == "patience"
    assert found.loc[found["factor"] == "tactic", ["kind", "labels", "left_out"]].to_numpy().tolist() == [
        ["one of", ("early", "steady"), ("late",)]
    ]
    assert found["quasi_p"].iloc[0] < 1e-6
    assert found["quasi_p"].iloc[-1] > 0.05
    assert restrictions(table, interest, Box()).empty


def test_pruning_drops_what_is_not_needed():
    """A restriction too many on a planted box, and a box that peeling found among 40 parameters of noise."""
    table, interest = planted()
    needed = Box(
        {"cost": (0.6, np.inf), "delay": (25, 75), "level": (2, np.inf)}, {"tactic": ("early", "steady")}
    )
    padded = Box({**needed.numbers, "patience": (0.01, 0.99)}, needed.words)
    assert prune(table, interest, padded) == needed
    rng = np.random.default_rng(8)
    noise = pd.DataFrame(rng.random((2000, 40)), columns=[f"noise {at}" for at in range(40)]).assign(
        x=rng.random(2000)
    )
    hit = rng.random(2000) < np.where(noise["x"] > 0.7, 0.6, 0.2)
    box = peel(noise, hit).boxes[-1]
    assert len(box.restricted) > 10
    assert "x" in prune(noise, hit, box, most=0.001).restricted
    assert len(prune(noise, hit, box, most=0.001).restricted) < 5
    assert prune(table, interest, Box()) == Box()


@st.composite
def cases(draw):
    seed, n = draw(st.integers(0, 10**6)), draw(st.integers(2, 300))
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "fine": rng.random(n),
            "coarse": rng.integers(0, draw(st.integers(1, 4)), n),
            "word": rng.choice(list("xyz"), n),
            "switch": rng.random(n) < 0.5,
        }
    )
    interest = rng.random(n) < draw(st.floats(0.05, 0.95))
    interest[0] = True
    return table, interest, draw(st.sampled_from([0.02, 0.05, 0.3]))


@given(cases())
@settings(max_examples=30, deadline=None)
def test_boxes_are_nested_and_are_what_the_table_says(case):
    table, interest, share = case
    trajectory = peel(table, interest, share=share)
    rows = trajectory.table
    assert (rows["mass"].diff().dropna() < 0).all()
    assert rows["coverage"].is_monotonic_decreasing
    assert rows[["mass", "coverage", "density"]].stack().between(0, 1).all()
    assert rows["mass"].iloc[0] == rows["coverage"].iloc[0] == 1
    assert rows["mass"].iloc[-1] >= 0.05
    outer = np.ones(len(table), dtype=bool)
    for box, row in zip(trajectory.boxes, rows.itertuples(), strict=True):
        found = score(table, interest, box)
        assert (found.n, found.count) == (row.n, rows.loc[row.step, "count"])
        inner = box.inside(table)
        assert not (inner & ~outer).any()
        outer = inner
    pasted = paste(table, interest, trajectory.boxes[-1], share)
    before, after = score(table, interest, trajectory.boxes[-1]), score(table, interest, pasted)
    assert after.density >= before.density
    assert after.coverage >= before.coverage
    assert restrictions(table, interest, pasted)["quasi_p"].between(0, 1).all()


@pytest.mark.parametrize(
    ("table", "interest", "options", "says"),
    [
        (pd.DataFrame({"a": [1.0, 2.0]}), [False, False], {}, "no case is of interest"),
        (pd.DataFrame({"a": [1.0, np.nan]}), [True, False], {}, "'a' has no value in 1 of 2"),
        (pd.DataFrame({"a": [1.0, 2.0]}), [0.5, 1], {}, "true or false for each of the 2"),
        (pd.DataFrame({"a": [1.0, 2.0]}), [True], {}, "true or false for each of the 2"),
        (pd.DataFrame({"a": [1.0, 2.0]}), [True, False], {"factors": ["b"]}, "lacks column 'b'"),
        (pd.DataFrame({"a": [1.0, 2.0]}), [True, False], {"factors": []}, "no factor is named"),
        (pd.DataFrame({"a": [1.0, 2.0]}), [True, False], {"share": 1.5}, "share must lie"),
    ],
)
def test_peel_refuses_what_makes_no_sense(table, interest, options, says):
    with pytest.raises(ValueError, match=says):
        peel(table, interest, **options)


@pytest.mark.parametrize("interest", [[True], [True, True, True]])
def test_nothing_to_tell_apart_is_the_whole_box(interest):
    trajectory = peel(pd.DataFrame({"a": np.arange(float(len(interest)))}), interest)
    assert trajectory.boxes == (Box(),)
    assert trajectory.choose() == 0
