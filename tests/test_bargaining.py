"""Bargaining diagnostics: closed forms, the axioms that define each solution, and brute force on small problems."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from negotiation_sim.analysis.bargaining import (
    SOLUTIONS,
    agreement_zone,
    bargaining_range,
    blocking,
    blocking_counts,
    frontier_distance,
    frontier_solutions,
    ideal_point,
    solutions,
    war_payoffs,
)

GOLDEN = (math.sqrt(5) - 1) / 2

often = settings(max_examples=40, deadline=None)


def parabola(x: float) -> float:
    return 1 - x * x


def pie(x: float) -> float:
    return 1 - x


def table(rows: dict[str, tuple[float, ...]]) -> pd.DataFrame:
    """Packages by name; parties are called a, b, c, ..."""
    parties = list("abcdef"[: len(next(iter(rows.values())))])
    return pd.DataFrame.from_dict(rows, orient="index", columns=parties, dtype=float)


def chosen(found: pd.DataFrame, solution: str) -> list[str]:
    return list(found.loc[[solution]].index.get_level_values("package"))


# Quarters, so that sums and comparisons are exact and ties are common
problems = st.integers(2, 4).flatmap(
    lambda parties: st.integers(1, 12).flatmap(
        lambda packages: arrays.arrays(np.int64, (packages, parties), elements=st.integers(-8, 12))
    )
).map(lambda levels: pd.DataFrame(levels / 4).rename(index=str, columns="abcd".__getitem__))  # fmt: skip


# Closed forms


def test_parabola_has_the_known_solutions():
    found = frontier_solutions(parabola, (0, 1), (0, 0))
    assert list(found.index) == list(SOLUTIONS)
    assert found.loc["nash"].tolist() == pytest.approx([1 / math.sqrt(3), 2 / 3], abs=1e-7)
    assert found.loc["kalai_smorodinsky"].tolist() == pytest.approx([GOLDEN, GOLDEN], abs=1e-12)
    assert found.loc["egalitarian"].tolist() == pytest.approx([GOLDEN, GOLDEN], abs=1e-12)
    assert found.loc["utilitarian"].tolist() == pytest.approx([1 / 2, 3 / 4], abs=1e-7)


def test_pie_with_war_payoffs():
    war = war_payoffs(0.6, (0.1, 0.2))
    assert war == pytest.approx((0.5, 0.2))
    assert bargaining_range(pie, (0, 1), war) == pytest.approx((0.5, 0.8))
    found = frontier_solutions(pie, (0, 1), war)
    assert found.loc["nash"].tolist() == pytest.approx([0.65, 0.35], abs=1e-7)
    assert found["x"].tolist() == pytest.approx([0.65] * 4, abs=1e-3)  # the middle of the utilitarian's ties


def test_kalai_smorodinsky_and_egalitarian_part_where_the_ideals_differ():
    # y = 2(1 - x) from (0, 0): ideals 1 and 2. The equal shares are 1/2, the equal gains x = 2 - 2x.
    found = frontier_solutions(lambda x: 2 * (1 - x), (0, 1), (0, 0))
    assert found.loc["kalai_smorodinsky"].tolist() == pytest.approx([1 / 2, 1])
    assert found.loc["egalitarian"].tolist() == pytest.approx([2 / 3, 2 / 3])
    in_units = frontier_solutions(lambda x: 2 * (1 - x), (0, 1), (0, 0), units=(1, 2))
    assert in_units.loc["egalitarian"].tolist() == pytest.approx([1 / 2, 1])


def test_solutions_move_with_the_disagreement_point():
    # Ideals from (1/4, 1/4): x = sqrt(3)/2 and y = 15/16; the ray between them meets y = 1 - x^2.
    found = frontier_solutions(parabola, (0, 1), (0.25, 0.25))
    x, y = found.loc["kalai_smorodinsky"]
    assert (x - 0.25) / (math.sqrt(3) / 2 - 0.25) == pytest.approx((y - 0.25) / (15 / 16 - 0.25))
    assert found.loc["egalitarian"].tolist() == pytest.approx(
        [GOLDEN, GOLDEN]
    )  # both started from the diagonal
    x = found.loc["nash", "x"]  # derivative of (x - 1/4)(3/4 - x^2)
    assert 3 / 4 - x * x - 2 * x * (x - 1 / 4) == pytest.approx(0, abs=1e-6)


def test_maximin_stops_at_the_end_of_the_frontier():
    # Nobody can give x more than 0.2, where y still has 0.8: the end, not a point below the frontier.
    found = frontier_solutions(pie, (0, 0.2), (0, 0))
    assert found.loc["egalitarian"].tolist() == pytest.approx([0.2, 0.8])
    assert found.loc["kalai_smorodinsky", "x"] == pytest.approx(1 / 6)


def test_no_common_ground_on_a_frontier():
    assert frontier_solutions(pie, (0, 1), (0.7, 0.7)).empty
    assert all(map(math.isnan, bargaining_range(pie, (0, 1), (0.7, 0.7))))


def test_a_rising_frontier_is_refused():
    with pytest.raises(ValueError, match="the frontier increases"):
        frontier_solutions(lambda x: x, (0, 1), (0, 0))


# Lotteries


def test_of_two_prizes_either_may_be_given_away():
    without = solutions(table({"to_a": (1, 0), "to_b": (0, 1)}), (0, 0))
    assert chosen(without, "nash") == chosen(without, "egalitarian") == ["to_a", "to_b"]


# A finite set of packages

# a likes left, b likes up; "waste" is dominated by "fair", "free" only weakly by "lean"
DEAL = table(
    {
        "nothing": (0, 0),
        "lean": (8, 1),
        "free": (7, 1),
        "fair": (4, 3),
        "waste": (3, 2),
        "soft": (1, 4),
        "ruin": (9, -1),
    }
)


def test_zone_and_frontier_by_hand():
    zone = agreement_zone(DEAL, {"a": 0, "b": 0})
    assert list(zone.index) == list(DEAL.index)
    assert list(zone.index[~zone["rational"]]) == ["ruin"]
    assert list(zone.index[zone["strictly_rational"]]) == ["lean", "free", "fair", "waste", "soft"]
    assert list(zone.index[zone["efficient"]]) == ["lean", "fair", "soft", "ruin"]
    assert list(zone.index[zone["weakly_efficient"]]) == ["lean", "free", "fair", "soft", "ruin"]
    assert ideal_point(DEAL, (0, 0)).to_dict() == {"a": 8, "b": 4}


def test_solutions_by_hand():
    found = solutions(DEAL, (0, 0))
    # Products: lean 8, free 7, fair 12, soft 4. Shares of the ideals 8 and 4: lean 1/4, fair 1/2, soft 1/8.
    assert chosen(found, "nash") == ["fair"]
    assert chosen(found, "kalai_smorodinsky") == ["fair"]
    assert chosen(found, "egalitarian") == ["fair"]
    assert chosen(found, "utilitarian") == ["lean"]
    assert found.loc[("utilitarian", "lean")].tolist() == [8, 1]


def test_units_matter_to_the_solutions_that_compare_parties():
    found = solutions(DEAL, (0, 0), units={"a": 8, "b": 1})
    # Gains in units: lean (1, 1), fair (1/2, 3), soft (1/8, 4)
    assert chosen(found, "egalitarian") == ["lean"]
    assert chosen(found, "utilitarian") == ["soft"]
    assert chosen(found, "nash") == chosen(found, "kalai_smorodinsky") == ["fair"]


def test_two_losses_do_not_make_a_gain():
    # A product of two negative gains is positive; such a package is not rational.
    found = solutions(table({"war": (-5, -5), "deal": (1, 1)}), (0, 0))
    assert {name for _, name in found.index} == {"deal"}


def test_nash_when_not_everybody_can_gain():
    # c never gains. p serves both others; q is better for a alone, and its product of all gains is 0 as well.
    found = solutions(table({"p": (1, 1, 0), "q": (9, 0, 0), "nothing": (0, 0, 0)}), (0, 0, 0))
    assert chosen(found, "nash") == chosen(found, "kalai_smorodinsky") == ["p"]


def test_nobody_can_agree():
    found = solutions(DEAL, (10, 10))
    assert found.empty
    assert found.index.names == ["solution", "package"]
    assert list(found.columns) == ["a", "b"]
    assert not agreement_zone(DEAL, (10, 10))["rational"].any()
    assert ideal_point(DEAL, (10, 10)).tolist() == [10, 10]


def test_an_empty_set_of_packages():
    none = DEAL.iloc[:0]
    assert solutions(none, (0, 0)).empty
    assert agreement_zone(none, (0, 0)).empty
    assert blocking(none, (0, 0)).empty


def test_rounding_does_not_dominate():
    # 0.1 + 0.2 is larger than 0.3 in the last bit only.
    zone = agreement_zone(table({"p": (0.1 + 0.2, 1), "q": (0.3, 1)}), (0.3, 0))
    assert zone["efficient"].tolist() == [True, True]
    assert zone["strictly_rational"].tolist() == [False, False]


def dominated(one: np.ndarray, other: np.ndarray) -> bool:
    return bool((other >= one).all() and (other > one).any())


@often
@given(problems)
def test_efficiency_is_what_its_definition_says(packages):
    zone = agreement_zone(packages, np.zeros(packages.shape[1]))
    rows = packages.to_numpy()
    assert zone["efficient"].tolist() == [not any(dominated(row, other) for other in rows) for row in rows]
    assert zone["weakly_efficient"].tolist() == [
        not any((other > row).all() for other in rows) for row in rows
    ]
    assert zone["rational"].tolist() == [min(row) >= 0 for row in rows]


@often
@given(problems)
def test_solutions_are_what_their_definitions_say(packages):
    found = solutions(packages, np.zeros(packages.shape[1]))
    rational = packages[(packages >= 0).all(axis=1)]
    if rational.empty:
        assert found.empty
        return
    zone = agreement_zone(packages, np.zeros(packages.shape[1]))
    for _, name in found.index:
        assert zone.loc[name, "rational"]
        assert zone.loc[name, "efficient"]

    def best(worth: pd.Series) -> list[str]:
        return [str(name) for name in worth.index if worth[name] == worth.max()]

    def leximin(values: pd.DataFrame) -> list[str]:
        return best(pd.Series([tuple(sorted(row)) for row in values.round(9).to_numpy()], index=values.index))

    ideal = rational.max()
    assert chosen(found, "utilitarian") == best(rational.sum(axis=1))
    assert chosen(found, "egalitarian") == leximin(rational)
    assert chosen(found, "kalai_smorodinsky") == leximin(rational.loc[:, ideal > 0] / ideal[ideal > 0])
    if (rational > 0).all(axis=1).any():
        assert chosen(found, "nash") == best(rational.prod(axis=1))


@often
@given(problems, st.sampled_from([0.125, 3.0, 1000.0]), st.sampled_from([-2.0, 0.5]))
def test_nash_and_kalai_smorodinsky_ignore_units_and_zeros(packages, unit, zero):
    changed = packages.assign(a=packages["a"] * unit + zero)
    nothing = np.zeros(packages.shape[1])
    before, after = solutions(packages, nothing), solutions(changed, [zero, *nothing[1:]])
    for solution in ("nash", "kalai_smorodinsky"):
        if not before.empty:
            assert chosen(before, solution) == chosen(after, solution)
        else:
            assert after.empty


# Who blocks


def test_who_blocks_what_and_why():
    packages = table({"p": (1, -1, 2), "q": (-2, 3, -1), "r": (1, 1, 1), "s": (0, 1, 1)})
    refused = pd.DataFrame(False, index=packages.index, columns=packages.columns)
    refused.loc[["q", "r"], "a"] = True
    consent = pd.DataFrame(True, index=packages.index, columns=packages.columns)
    consent.loc["q", "c"] = False
    assert blocking(packages, (0, 0, 0), refused, consent).to_numpy().tolist() == [
        ["p", "b", 1.0, False],
        ["q", "a", 2.0, True],
        ["r", "a", 0.0, True],
    ]
    counts = blocking_counts(packages, (0, 0, 0), refused, consent)
    assert counts.to_numpy().tolist() == [[2, 2, 4], [1, 1, 4], [0, 0, 4]]
    everybody = blocking_counts(packages, (0, 0, 0), refused)
    assert everybody["blocks"].tolist() == [2, 1, 1]
    assert everybody["alone"].tolist() == [1, 1, 0]


def test_tables_of_vetoes_must_cover_the_packages():
    with pytest.raises(ValueError, match="refused must have true or false for every package"):
        blocking(DEAL, (0, 0), refused=pd.DataFrame({"a": [True]}, index=["lean"]))


# Distance from the frontier


def test_distance_by_hand():
    reached = table(
        {
            "waste": (3, 2),  # fair gives 1/8 and 1/4 of the ranges 8 and 4 more
            "nothing": (0, 0),  # fair gives 1/2 and 3/4; lean 1 and 1/4
            "free": (7, 1),  # lean gives a 1/8 more
            "fair": (4, 3),
            "war": (-4, -2),  # fair gives 8/8 and 5/4; lean 12/8 and 3/4, ruin 13/8 and 1/4
            "dream": (9, 9),
        }
    )
    away = frontier_distance(reached, DEAL, (0, 0))
    assert list(away.index) == list(reached.index)
    assert away["common_gain"].tolist() == pytest.approx([1 / 8, 1 / 2, 0, 0, 1, 0])
    assert away["total_gain"].tolist() == pytest.approx([3 / 8, 5 / 4, 1 / 8, 0, 9 / 4, 0])


def test_distance_of_many_worlds_keeps_their_order():
    rows = DEAL.sample(2000, replace=True, random_state=1).reset_index(drop=True)
    away = frontier_distance(rows.assign(world=rows.index), DEAL, (0, 0))
    assert away.index.equals(rows.index)
    alone = {
        tuple(row): frontier_distance(DEAL.loc[[name]], DEAL, (0, 0)).iloc[0] for name, row in DEAL.iterrows()
    }
    assert all((away.loc[i] == alone[tuple(rows.loc[i])]).all() for i in range(0, 2000, 50))


def test_distance_where_it_means_nothing_or_a_utility_is_missing():
    assert frontier_distance(DEAL, DEAL, (10, 10)).isna().all().all()
    missing = frontier_distance(table({"p": (np.nan, 1), "waste": (3, 2)}), DEAL, (0, 0))
    assert missing["common_gain"].tolist() == pytest.approx([np.nan, 1 / 8], nan_ok=True)
    with pytest.raises(ValueError, match="outcomes lacks the utilities of b"):
        frontier_distance(DEAL[["a"]], DEAL, (0, 0))


@often
@given(problems)
def test_distance_is_zero_exactly_on_the_frontier(packages):
    nothing = np.zeros(packages.shape[1])
    zone = agreement_zone(packages, nothing)
    if not zone["strictly_rational"].any():
        return
    away = frontier_distance(packages, packages, nothing)
    assert (away["common_gain"] == 0).tolist() == zone["weakly_efficient"].tolist()
    assert (away["total_gain"] == 0).tolist() == zone["efficient"].tolist()


@often
@given(problems)
def test_distance_of_disagreement_is_the_kalai_smorodinsky_share(packages):
    nothing = np.zeros(packages.shape[1])
    if not agreement_zone(packages, nothing)["strictly_rational"].any():
        return
    at_nothing = pd.DataFrame([nothing], columns=packages.columns)
    shares = solutions(packages, nothing).loc["kalai_smorodinsky"] / ideal_point(packages, nothing)
    # A package that is not rational can't beat it: somebody's share would be negative.
    assert frontier_distance(at_nothing, packages, nothing)["common_gain"].item() == pytest.approx(
        shares.to_numpy()[0].min()
    )


@often
@given(problems, st.integers(0, 10))
def test_a_better_outcome_is_never_further_away(packages, steps):
    nothing = np.zeros(packages.shape[1])
    if not agreement_zone(packages, nothing)["strictly_rational"].any():
        return
    path = pd.DataFrame([nothing - 1 + k * steps / 10 for k in range(4)], columns=packages.columns)
    away = frontier_distance(path, packages, nothing)
    for before, after in pairwise(away.to_numpy()):
        assert (after <= before + 1e-12).all()


# Bad input


@pytest.mark.parametrize(
    ("packages", "disagreement", "message"),
    [
        (
            table({"p": (1, np.nan)}),
            (0, 0),
            "utility of package 'p' for 'b' must be a finite number, but is nan",
        ),
        (table({"p": (1, -np.inf)}), (0, 0), "but is -inf; drop packages that can't be agreed"),
        (table({"p": (1, 2)}), (0, 0, 0), "disagreement must be one finite number a party"),
        (table({"p": (1, 2)}), {"a": 0, "c": 0}, "one number for each of a, b, but has a, c"),
        (pd.concat([DEAL, DEAL]), (0, 0), "package 'nothing' more than once"),
        (pd.DataFrame(index=["p"]), (), "utilities has no party"),
    ],
)
def test_bad_input_is_named(packages, disagreement, message):
    with pytest.raises(ValueError, match=message):
        solutions(packages, disagreement)


def test_units_must_be_positive():
    with pytest.raises(ValueError, match="units must be positive"):
        solutions(DEAL, (0, 0), units=(1, 0))
