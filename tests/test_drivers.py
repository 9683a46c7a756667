"""Drivers: known answers of the methods, coverage of their intervals, and designs that don't fit."""

import numpy as np
import pandas as pd
import pytest
from SALib.analyze import pawn as salib_pawn
from SALib.sample import morris as morris_sample
from SALib.sample import sobol as sobol_sample
from scipy.stats import ks_2samp

from negotiation_sim.analysis.comparison import paired_interval
from negotiation_sim.analysis.drivers import (
    ANY,
    _shuffled_points,
    _shuffled_runs,
    morris,
    partial_dependence,
    pawn,
    sobol,
    tornado,
)
from negotiation_sim.analysis.shares import share
from negotiation_sim.sweep import Experiment
from negotiation_sim.sweep.plan import Plan


def problem(factors: str) -> dict:
    return {"num_vars": len(factors), "names": list(factors), "bounds": [[0.0, 1.0]] * len(factors)}


def design_of(x: np.ndarray, factors: str, y: np.ndarray) -> pd.DataFrame:
    """A shuffled design table: what the order was is known from `sample` alone."""
    table = pd.DataFrame(x, columns=list(factors)).assign(sample=np.arange(len(x)), y=y)
    return table.sample(frac=1, random_state=5)


def saltelli(n: int, factors: str, function, seed: int = 1, second_order: bool = False) -> pd.DataFrame:
    x = sobol_sample.sample(problem(factors), n, calc_second_order=second_order, seed=seed)
    return design_of(x, factors, function(x))


def ishigami(u: np.ndarray) -> np.ndarray:
    x = np.pi * (2 * u - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


# Ishigami and Homma (1990), a = 7, b = 0.1
ISHIGAMI_FIRST = {"a": 0.3139, "b": 0.4424, "c": 0.0}
ISHIGAMI_TOTAL = {"a": 0.5576, "b": 0.4424, "c": 0.2437}

G = np.array([0.0, 1.0, 4.5, 9.0])


def g_function(u: np.ndarray) -> np.ndarray:
    """Sobol' (1993): the product of (|4 u - 2| + a) / (1 + a)."""
    return np.prod((np.abs(4 * u - 2) + G) / (1 + G), axis=1)


PARTIAL = 1 / (3 * (1 + G) ** 2)
"""Variance of each factor of the product; first = V_i / V, total = V_i prod_(j != i) (1 + V_j) / V."""
G_VARIANCE = np.prod(1 + PARTIAL) - 1
G_FIRST = dict(zip("abcd", PARTIAL / G_VARIANCE, strict=True))
G_TOTAL = dict(zip("abcd", PARTIAL / (1 + PARTIAL) * (1 + G_VARIANCE) / G_VARIANCE, strict=True))


@pytest.mark.parametrize(
    ("function", "factors", "first", "total"),
    [
        pytest.param(ishigami, "abc", ISHIGAMI_FIRST, ISHIGAMI_TOTAL, id="Ishigami"),
        pytest.param(g_function, "abcd", G_FIRST, G_TOTAL, id="g-function"),
    ],
)
@pytest.mark.parametrize("second_order", [False, True])
def test_sobol_indices_of_known_functions(function, factors, first, total, second_order):
    table = sobol(
        saltelli(4096, factors, function, second_order=second_order), list(factors), "y", resamples=200
    )
    assert table["factor"].tolist() == sorted(total, key=total.get, reverse=True)
    for row in table.itertuples():
        assert row.first == pytest.approx(first[row.factor], abs=0.01)
        assert row.total == pytest.approx(total[row.factor], abs=0.01)
        assert row.first_low <= first[row.factor] <= row.first_high
        assert row.total_low <= total[row.factor] <= row.total_high


def test_sobol_intervals_hold_the_truth_at_least_as_often_as_they_say():
    repeats = 100
    held = np.zeros(6)
    for seed in range(repeats):
        table = saltelli(256, "abc", ishigami, seed=seed)
        found = sobol(table, list("abc"), "y", resamples=100).set_index("factor").loc[list("abc")]
        first, total = (np.array([each[name] for name in "abc"]) for each in (ISHIGAMI_FIRST, ISHIGAMI_TOTAL))
        held[:3] += (found["first_low"] <= first) & (first <= found["first_high"])
        held[3:] += (found["total_low"] <= total) & (total <= found["total_high"])
    assert (held / repeats > 0.95 - 3 * np.sqrt(0.95 * 0.05 / repeats)).all()


def test_sobol_is_reproducible_also_with_seed_0():
    table = saltelli(64, "abc", ishigami)
    for seed in (0, 1):
        again = [sobol(table, list("abc"), "y", seed=seed) for _ in range(2)]
        pd.testing.assert_frame_equal(*again)


def test_sobol_of_a_constant_is_unknown():
    table = sobol(saltelli(16, "abc", lambda x: np.zeros(len(x))), list("abc"), "y")
    assert table["factor"].tolist() == ["a", "b", "c"]
    assert table.drop(columns=["factor", "n"]).isna().all(axis=None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda table: table.drop(columns="sample"), "lacks column 'sample'"),
        (lambda table: table[table["sample"] != 7], "'sample' must be 0 to"),
        (lambda table: pd.concat([table, table]), "several scenarios"),
        (lambda table: table.assign(y=np.nan), "'y' has no value at"),
        (lambda table: table.assign(sample=np.arange(len(table))), "no saltelli design"),
        (lambda table: table.rename(columns={"a": "b", "b": "a"}), "in this order"),
        (lambda table: table.head(0), "no rows"),
    ],
)
def test_sobol_refuses_what_is_no_saltelli_design(change, says):
    with pytest.raises(ValueError, match=says):
        sobol(change(saltelli(16, "abc", ishigami)), list("abc"), "y")


def morris_design(n: int, factors: str, function, seed: int = 1, levels: int = 4) -> pd.DataFrame:
    x = morris_sample.sample(problem(factors), n, num_levels=levels, seed=seed)
    return design_of(x, factors, function(x))


@pytest.mark.parametrize("levels", [4, 6])
def test_morris_of_a_linear_function_is_its_coefficients(levels):
    table = morris_design(10, "abc", lambda x: 2 * x[:, 0] - 5 * x[:, 1] + 0.1 * x[:, 2], levels=levels)
    found = morris(table, list("abc"), "y", levels=levels)
    assert found["factor"].tolist() == ["b", "a", "c"]
    assert found["mu"].tolist() == pytest.approx([-5, 2, 0.1])
    assert found["mu_star"].tolist() == pytest.approx([5, 2, 0.1])
    assert found["sigma"].tolist() == pytest.approx([0, 0, 0], abs=1e-9)


def test_morris_effects_are_per_range_whatever_the_unit():
    table = morris_design(10, "abc", lambda x: 2 * x[:, 0] - 5 * x[:, 1])
    scaled = table.assign(a=100 + 40 * table["a"], b=table["b"].map(lambda u: f"level {u:.3f}"))
    pd.testing.assert_frame_equal(
        morris(scaled, list("abc"), "y"), morris(table, list("abc"), "y"), check_exact=False
    )


def test_morris_intervals_hold_the_truth_as_often_as_they_say():
    """y = a + 2 b c: the effect of b is 2 c, of mean 1 over the levels of c."""
    repeats = 150
    held = 0
    for seed in range(repeats):
        table = morris_design(40, "abc", lambda x: x[:, 0] + 2 * x[:, 1] * x[:, 2], seed=seed)
        found = morris(table, list("abc"), "y", resamples=200).set_index("factor")
        held += found.loc["b", "mu_star_low"] <= 1 <= found.loc["b", "mu_star_high"]
    assert abs(held / repeats - 0.95) < 3 * np.sqrt(0.95 * 0.05 / repeats)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda table: table.assign(sample=np.arange(len(table))), "no morris design"),
        (lambda table: table[table["sample"] < 4], "at least two"),
        (lambda table: table.assign(c=1.0), "'c' has one value"),
        (lambda table: table.assign(c=table["sample"].astype(float)), "more than the 4 levels"),
    ],
)
def test_morris_refuses_what_is_no_morris_design(change, says):
    with pytest.raises(ValueError, match=says):
        morris(change(morris_design(4, "abc", ishigami)), list("abc"), "y")


def test_designs_of_sweeps_fit():
    """Of numbers and words, as a sweep makes them."""
    cost, clock, quota = "actors.upland.attack.cost", "actors.upland.clock_days", "actors.upland.tactic"
    sweep = {
        cost: {"range": [0.2, 0.8]},
        clock: {"range": [10, 40]},
        quota: {
            "values": {
                "steady": {"kind": "linear"},
                "late": {
                    "kind": "boulware",
                    "beta": {"value": 0.2, "range": [0.1, 0.3], "assumption": "a test"},
                },
            }
        },
    }
    for kind, analyse in (("saltelli", sobol), ("morris", morris)):
        experiment = Experiment(
            name="fit", question="Fits?", scenarios=["river_dam"], sweep=sweep, design={"kind": kind, "n": 8}
        )
        design = Plan.of(experiment).design
        y = (design[cost] - 0.2) / 0.6 + 3 * (design[quota] == "late")
        found = analyse(design.assign(y=y), [cost, clock, quota], "y")
        assert found["factor"].tolist() == [quota, cost, clock]


# PAWN


def random_points(n: int, seed: int = 1) -> pd.DataFrame:
    """a decides between two outcomes, b hardly matters, c not at all; 20 worlds a point."""
    rng = np.random.default_rng(seed)
    x = rng.random((n, 3))
    war = rng.binomial(20, 0.1 + 0.8 * (x[:, 0] > 0.5))
    deal = rng.binomial(20 - war, 0.3 + 0.1 * x[:, 1])
    table = pd.DataFrame(x, columns=list("abc"))
    return table.assign(war=war, deal=deal, talks=20 - war - deal)


def test_pawn_ranks_and_shows_what_is_chance():
    table = pawn(random_points(2000), list("cba"), ["war", "deal", "talks"])
    overall = table[table["outcome"] == ANY].set_index("factor")
    assert overall.index.tolist()[0] == "a"
    # within each slice of a, war has 0.1 or 0.9; over all points 0.5
    assert overall.loc["a", "median"] == pytest.approx(0.4, abs=0.02)
    assert overall.loc["a", "median"] > overall.loc["a", "median_by_chance"]
    assert overall.loc["c", "median"] < overall.loc["c", "median_by_chance"]
    assert (table["median"] <= table["maximum"]).all()
    assert table[["median", "maximum"]].ge(0).all(axis=None)
    assert table[["median", "maximum"]].le(1).all(axis=None)
    for _, rows in table.groupby("factor"):
        single = rows[rows["outcome"] != ANY]
        assert single["maximum"].max() == rows.loc[rows["outcome"] == ANY, "maximum"].item()


def test_pawn_agrees_with_salib_where_it_can_speak():
    rng = np.random.default_rng(3)
    x = rng.random((4000, 2))
    hit = (rng.random(4000) < x[:, 0]).astype(float)
    table = pd.DataFrame(x, columns=["a", "b"]).assign(yes=hit, no=1 - hit)
    theirs = salib_pawn.analyze(problem("ab"), x, hit, S=10)
    ours = pawn(table, ["a", "b"], ["yes", "no"], shuffles=2).query("outcome == 'yes'").set_index("factor")
    # theirs leaves out the row with the largest value: one in 400 of the last slice
    assert ours.loc[["a", "b"], "median"].tolist() == pytest.approx(theirs["median"].tolist(), abs=1 / 400)
    assert ours.loc[["a", "b"], "maximum"].tolist() == pytest.approx(theirs["maximum"].tolist(), abs=1 / 400)


def test_pawn_fixes_a_factor_at_each_of_its_values():
    """Where SALib's only ever sees the lower of two values."""
    table = pd.DataFrame(
        {"switch": [0.0, 0.0, 0.0, 1.0], "word": list("xyxy"), "war": [0, 0, 0, 4], "deal": [4, 4, 4, 0]}
    )
    found = pawn(table, ["switch", "word"], ["war", "deal"], shuffles=2).query("outcome == 'war'")
    assert found["factor"].tolist() == ["switch", "word"]
    assert found["maximum"].tolist() == pytest.approx([0.75, 0.25])  # 1 - 4/16; 0.5 - 4/16
    assert found["median"].tolist() == pytest.approx([0.5, 0.25])  # of 0.25 and 0.75


def test_pawn_by_chance_is_exceeded_as_rarely_as_it_says():
    above = []
    for seed in range(60):
        table = pawn(random_points(200, seed), ["c"], ["war", "deal", "talks"], shuffles=60, seed=seed)
        row = table[table["outcome"] == ANY].iloc[0]
        above.append(row["median"] > row["median_by_chance"])
    assert np.mean(above) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)


@pytest.mark.parametrize("nothing", [0.0, 0.3])
def test_pawn_of_single_runs_draws_chance_from_the_distribution_that_shuffling_gives(nothing):
    """300 runs in slices of unequal size, some without any of the outcomes."""
    rng = np.random.default_rng(4)
    counts = rng.multinomial(1, [0.5 - nothing, 0.3, 0.2, nothing], size=300)[:, :3].astype(float)
    code = np.repeat([0, 1, 2], [20, 80, 200])
    draws = 4000
    exact = _shuffled_runs(code, (20, 80, 200), counts, draws, rng)
    shuffled = _shuffled_points(code, (20, 80, 200), counts, draws, rng)
    assert (exact.sum(axis=1) == counts.sum(axis=0)).all()
    assert (exact.sum(axis=2) <= [20, 80, 200]).all()
    for slice_ in range(3):
        for outcome in range(3):
            assert ks_2samp(exact[:, slice_, outcome], shuffled[:, slice_, outcome]).pvalue > 1e-4
    joint = [np.corrcoef(each.reshape(draws, -1).T) for each in (exact, shuffled)]
    assert joint[0] == pytest.approx(joint[1], abs=5 / np.sqrt(draws))


def test_pawn_of_runs_is_pawn_of_their_points():
    points = random_points(200)
    names = ["war", "deal", "talks"]
    runs = pd.concat(
        [points.loc[points.index.repeat(points[each]), list("abc")].assign(**{each: 1}) for each in names]
    ).fillna(dict.fromkeys(names, 0))
    of_points, of_runs = (pawn(each, list("abc"), names, slices=5, shuffles=2) for each in (points, runs))
    columns = ["factor", "outcome", "median", "maximum", "n"]
    pd.testing.assert_frame_equal(of_points[columns], of_runs[columns])


def test_pawn_refuses_what_was_not_varied():
    points = random_points(50)
    with pytest.raises(ValueError, match="'c' has one value"):
        pawn(points.assign(c=1.0), ["c"], ["war"])
    with pytest.raises(ValueError, match="'c' has no value in 50"):
        pawn(points.assign(c=np.nan), ["c"], ["war"])
    with pytest.raises(ValueError, match="not all of them 0"):
        pawn(points.assign(war=0), ["c"], ["war"])


# Tornado

ONE_AT_A_TIME = pd.DataFrame(
    {
        "scenario": "dam",
        "sample": range(7),
        "cost": [1.0, 0.0, 2.0, None, None, None, None],
        "delay": [None, None, None, 10.0, 20.0, None, None],
        "tactic": [None] * 5 + ["patient", "steady"],
    }
)
POINTS = ["nnnnn", "nnnny", "yyyyn", "yynnn", "nyynn", "nnnnn", "nnnnn"]
"""Whether each of five worlds escalates, a point a string."""


def played(points: list[str], design: int = 0) -> pd.DataFrame:
    rows = [
        {"design": design + at, "world": world, "headline": "escalation" if each == "y" else "stalemate"}
        for at, worlds in enumerate(points)
        for world, each in enumerate(worlds)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=1)


def test_tornado_by_hand():
    table = tornado(played(POINTS), ONE_AT_A_TIME, "escalation")
    assert table["factor"].tolist() == ["cost", "delay", "tactic"]
    assert table.loc[0, ["from_value", "to_value"]].tolist() == [0.0, 2.0]  # the ends, not the middle
    assert table.loc[0, ["share_from", "share_to", "difference"]].tolist() == pytest.approx([0.2, 0.8, 0.6])
    assert table.loc[0, "error"] == pytest.approx(np.sqrt(5 - 9 / 5) / 5)  # 4 gained, 1 lost of 5
    assert table.loc[0, ["low", "high"]].tolist() == pytest.approx(
        [float(each) for each in paired_interval(4, 1, 5)]
    )
    assert table.loc[1, "difference"] == 0.0
    assert table.loc[1, "error"] == pytest.approx(np.sqrt(2) / 5)  # one gained, one lost
    assert table.loc[2, "error"] == 0.0
    assert table["n"].tolist() == [5, 5, 5]


def test_tornado_takes_the_worlds_that_both_ends_have():
    runs = played(POINTS)
    table = tornado(runs[(runs["design"] != 2) | (runs["world"] != 4)], ONE_AT_A_TIME, "escalation")
    cost = table[table["factor"] == "cost"].iloc[0]
    assert (cost["n"], cost["difference"]) == (4, 1.0)


def test_tornado_widens_the_interval_for_the_labels_it_chose_among():
    """Three tactics that do nothing: the pair that differs most still seems to differ in at most 5 of 100 sweeps."""
    rng = np.random.default_rng(7)
    design = pd.DataFrame({"tactic": list("abc")})
    runs = pd.DataFrame({"design": np.repeat(range(3), 200), "world": np.tile(range(200), 3)})
    sure = []
    for _ in range(150):
        names = np.where(rng.random(600) < 0.3, "escalation", "stalemate")
        row = tornado(runs.assign(headline=names), design, "escalation").iloc[0]
        sure.append(row["low"] > 0 or row["high"] < 0)
    assert np.mean(sure) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)


def test_tornado_refuses_what_cannot_be_paired():
    runs = played(POINTS)
    with pytest.raises(ValueError, match="share no world"):
        tornado(runs.assign(world=runs["world"] + 100 * runs["design"]), ONE_AT_A_TIME, "escalation")
    with pytest.raises(ValueError, match="world more than once"):
        tornado(pd.concat([runs, runs]), ONE_AT_A_TIME, "escalation")
    with pytest.raises(ValueError, match="no one_at_a_time design"):
        tornado(runs, ONE_AT_A_TIME.fillna({"cost": 1.0}), "escalation")
    with pytest.raises(ValueError, match="single level"):
        tornado(played(["yn"]), pd.DataFrame({"cost": [1.0]}), "escalation")


# Partial dependence


def test_partial_dependence_of_few_values_by_hand():
    runs = pd.DataFrame({"cost": [0.5, 0.1, 0.1, 0.5, 0.1, None], "headline": list("esesee")})
    table = partial_dependence(runs, ["cost"], ["e"])
    assert table["value"].tolist() == [0.1, 0.5]
    assert table["count"].tolist() == [2, 1]
    assert table["n"].tolist() == [3, 2]
    expected = [share(2, 3), share(1, 2)]
    assert table[["share", "low", "high"]].to_numpy() == pytest.approx(np.array(expected))


def test_partial_dependence_of_many_values_and_of_words():
    rng = np.random.default_rng(1)
    x = rng.random(20_000)
    runs = pd.DataFrame({"x": x, "word": rng.choice(["late", "early"], 20_000)})
    runs["headline"] = np.where(rng.random(20_000) < x, "escalation", "stalemate")
    table = partial_dependence(runs, ["x"], ["escalation"], bins=8)
    assert table["n"].tolist() == [2500] * 8
    assert table["share"].tolist() == pytest.approx(table["value"].tolist(), abs=0.035)
    assert (table["from_value"].iloc[1:].to_numpy() > table["to_value"].iloc[:-1].to_numpy()).all()
    assert partial_dependence(runs, ["word"], ["escalation"])["value"].tolist() == ["early", "late"]


@pytest.mark.parametrize("common", [True, False])
def test_partial_dependence_intervals_hold_the_truth_as_often_as_they_say(common):
    """Ten points in each of two bins, 60 worlds each; with common worlds, most luck is the world's."""
    rng = np.random.default_rng(11)
    design = np.repeat(np.linspace(0, 1, 20), 60)
    world = np.tile(np.arange(60), 20) if common else np.arange(1200)
    truth = np.array(
        [0.4 + 0.2 * np.linspace(0, 1, 20)[:10].mean(), 0.4 + 0.2 * np.linspace(0, 1, 20)[10:].mean()]
    )
    repeats = 200
    held, narrow = np.zeros(2), np.zeros(2)
    for _ in range(repeats):
        names = np.where(rng.random(world.max() + 1)[world] < 0.4 + 0.2 * design, "escalation", "stalemate")
        runs = pd.DataFrame({"x": design, "world": world, "headline": names})
        table = partial_dependence(runs, ["x"], ["escalation"], bins=2)
        held += (table["low"] <= truth) & (truth <= table["high"])
        if not common:
            continue
        table = partial_dependence(runs.drop(columns="world"), ["x"], ["escalation"], bins=2)
        narrow += (table["low"] <= truth) & (truth <= table["high"])
    assert (np.abs(held / repeats - 0.95) < 3 * np.sqrt(0.95 * 0.05 / repeats)).all()
    if common:
        assert (narrow / repeats < 0.6).all()  # the reason for counting worlds, not runs


def test_partial_dependence_refuses_a_factor_that_no_run_has():
    runs = pd.DataFrame({"cost": [None, None], "headline": ["e", "s"]})
    with pytest.raises(ValueError, match="no run has a value of 'cost'"):
        partial_dependence(runs, ["cost"], ["e"])
    with pytest.raises(ValueError, match="lacks column 'delay'"):
        partial_dependence(runs, ["delay"], ["e"])
