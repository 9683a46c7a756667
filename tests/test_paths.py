"""Spread over worlds by round, shares of the ladder, and paths: tables worked by hand, and what they refuse."""

import numpy as np
import pandas as pd
import pytest

from negotiation_sim.analysis.paths import (
    AGREED,
    SUSPENDED,
    WALKED_OUT,
    fans,
    paths,
    rung_shares,
    talk_states,
)
from negotiation_sim.analysis.shares import share

RUNGS = {0: "at rest", 1: "drill", 2: "war"}


def rounds_of(**columns: list[list[object]]) -> pd.DataFrame:
    """A table of rounds from quantities, a list a world of its values by round."""
    shape = np.array(next(iter(columns.values()))).shape
    table = {
        "world": np.repeat(np.arange(shape[0]), shape[1]),
        "round": np.tile(np.arange(1, shape[1] + 1), shape[0]),
    }
    return pd.DataFrame(table | {name: np.array(values).ravel() for name, values in columns.items()})


def runs_of(*headlines: str) -> pd.DataFrame:
    outcomes = [f"{each}!" for each in headlines]
    return pd.DataFrame({"world": range(len(headlines)), "headline": headlines, "outcome": outcomes})


# Fans


def test_quantiles_by_group_and_round():
    rounds = rounds_of(trust=[[0.1, 0.5], [0.2, 0.6], [0.3, 0.7], [0.9, 0.0]])
    table = fans(rounds, runs_of("a", "a", "a", "b"), ["trust"])
    assert table[["headline", "round", "n"]].to_numpy().tolist() == [
        ["a", 1, 3],
        ["a", 2, 3],
        ["b", 1, 1],
        ["b", 2, 1],
    ]
    assert table["median"].tolist() == pytest.approx([0.2, 0.6, 0.9, 0.0])
    assert table["q25"].tolist() == pytest.approx([0.15, 0.55, 0.9, 0.0])
    assert table["q95"].tolist() == pytest.approx([0.29, 0.69, 0.9, 0.0])
    assert table["low"].isna().all()  # no interval of a median from three worlds


def test_quantiles_are_those_of_numpy_whatever_the_order_of_rows():
    values = np.random.default_rng(3).random((40, 5))
    rounds = rounds_of(trust=values.tolist())
    runs = runs_of(*["a", "b"] * 20)
    table = fans(rounds, runs, ["trust"])
    assert table.loc[table["headline"] == "b", "q05"].tolist() == pytest.approx(
        np.quantile(values[1::2], 0.05, axis=0)
    )
    shuffled = rounds.sample(frac=1, random_state=1).reset_index(drop=True)
    pd.testing.assert_frame_equal(fans(shuffled, runs.iloc[::-1], ["trust"]), table)


def test_interval_of_the_median_from_a_table_of_signs():
    # Of 20 worlds the 6th and the 15th smallest (Conover 1999, table A3: P(B <= 5) = .0207).
    rounds = rounds_of(trust=[[each] for each in range(20)])
    table = fans(rounds, runs_of(*["a"] * 20), ["trust"])
    assert table[["low", "high"]].to_numpy().tolist() == [[5, 14]]


def test_interval_of_the_median_covers_it():
    values = np.random.default_rng(0).random((2000, 35))
    table = fans(rounds_of(trust=values.T.tolist()), runs_of(*["a"] * 35), ["trust"])
    held = (table["low"] <= 0.5) & (table["high"] >= 0.5)
    assert 0.95 <= held.mean() <= 0.98  # exact: 1 - 2 P(B <= 11) = 0.959


def test_worlds_that_come_back_at_other_design_points_count_once():
    once = rounds_of(trust=[[each] for each in range(20)])
    twice = pd.concat([once.assign(design=0), once.assign(design=1)])
    runs = pd.concat([runs_of(*["a"] * 20).assign(design=each) for each in (0, 1)])
    one, two = fans(once, runs_of(*["a"] * 20), ["trust"]), fans(twice, runs, ["trust"])
    assert two[["n", "worlds"]].to_numpy().tolist() == [[40, 20]]
    assert two.loc[0, "low"] <= one.loc[0, "low"] < one.loc[0, "high"] <= two.loc[0, "high"]


def test_missing_values_are_left_out():
    rounds = rounds_of(trust=[[0.1, np.nan], [0.3, np.nan], [0.5, 0.4]])
    table = fans(rounds, runs_of("a", "a", "a"), ["trust"])
    assert table["n"].tolist() == [3, 1]
    assert table["median"].tolist() == pytest.approx([0.3, 0.4])
    gone = fans(rounds_of(trust=[[np.nan]]), runs_of("a"), ["trust"])
    assert gone["n"].tolist() == [0]
    assert gone["median"].isna().all()


# The ladder


def test_shares_at_each_rung_and_above():
    rounds = rounds_of(rung=[[0, 1], [0, 2], [1, 2], [0, 0]])
    table = rung_shares(rounds, runs_of("a", "a", "a", "b"), 3)
    last = table[(table["headline"] == "a") & (table["round"] == 2)]
    assert last["count"].tolist() == [0, 1, 2]
    assert last["at_least"].tolist() == pytest.approx([1, 1, 2 / 3])
    expected = share(2, 3)
    assert last[["low", "high"]].iloc[2].tolist() == pytest.approx([expected.low, expected.high])
    assert table.groupby(["headline", "round"])["share"].sum().tolist() == pytest.approx([1, 1, 1, 1])
    with pytest.raises(ValueError, match="rungs must lie between 0 and 1, but go from 0 to 2"):
        rung_shares(rounds, runs_of("a", "a", "a", "b"), 2)


# Paths


def test_states_exclude_each_other_and_the_first_that_holds_counts():
    rounds = pd.DataFrame(
        {
            "rung": [0, 1, 1, 1, 1, 2],
            "settled": [0, 0, 0, 1, 1, 1],
            "suspended": [0, 0, 2, 2, 2, 2],
            "walked_out": [False, False, False, False, True, True],
        }
    )
    states = talk_states(rounds, RUNGS, [2])
    assert states.tolist() == ["at rest", "drill", SUSPENDED, AGREED, WALKED_OUT, "war"]
    assert list(states.cat.categories) == [AGREED, "at rest", "drill", SUSPENDED, WALKED_OUT, "war"]
    merged = talk_states(rounds, {0: "low", 1: "low", 2: "war"}, [2])
    assert merged.tolist()[:2] == ["low", "low"]
    with pytest.raises(ValueError, match="rungs that have no label: 2"):
        talk_states(rounds, {0: "a", 1: "b"})
    with pytest.raises(ValueError, match="labels of rungs must differ"):
        talk_states(rounds, {0: "a", 1: WALKED_OUT, 2: "c"})


def test_paths_are_counted():
    rounds = rounds_of(state=[["x", "y"], ["x", "y"], ["x", "x"]])
    table = paths(rounds, runs_of("a", "a", "b"), [1, 2])
    assert table[["headline", "after_1", "after_2", "count"]].to_numpy().tolist() == [
        ["a", "x", "y", 2],
        ["b", "x", "x", 1],
    ]
    assert table["worlds"].tolist() == [3, 3]
    with pytest.raises(ValueError, match=r"stages must be one or more rounds from 1 to 2, but are \[3\]"):
        paths(rounds, runs_of("a", "a", "b"), [3])


# What they refuse


def test_tables_must_fit_together():
    rounds, runs = rounds_of(trust=[[0.1, 0.2], [0.3, 0.4]]), runs_of("a", "b")
    with pytest.raises(ValueError, match="each of the 2 rounds once"):
        fans(rounds.drop(index=2), runs, ["trust"])
    with pytest.raises(ValueError, match="1 of 2 worlds of rounds are not in runs"):
        fans(rounds, runs.head(1), ["trust"])
    with pytest.raises(ValueError, match="rounds lacks column 'fear'; its columns are: world, round, trust"):
        fans(rounds, runs, ["fear"])
    with pytest.raises(ValueError, match="rounds has no rows"):
        fans(rounds.head(0), runs, ["trust"])
    with pytest.raises(ValueError, match="runs has more than one row for some world"):
        fans(rounds, pd.concat([runs, runs]), ["trust"])
    with pytest.raises(ValueError, match="rounds has some world more than once"):
        fans(pd.concat([rounds, rounds]), runs, ["trust"])
    with pytest.raises(ValueError, match="column 'headline' has no value in 1 of 2 worlds"):
        fans(rounds, runs.assign(headline=["a", None]), ["trust"])
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        fans(rounds, runs, ["trust"], confidence=95)
