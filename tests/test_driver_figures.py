"""Figures of drivers: Sobol', Morris, PAWN, tornado, partial dependence."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from picture_checks import assert_explains_itself, assert_same_picture, assert_text_is_whole, printed, texts

from negotiation_sim.analysis.drivers import ANY, partial_dependence
from negotiation_sim.analysis.shares import share
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.dependence import dependence_figure
from negotiation_sim.figures.drivers import MOST, morris_figure, pawn_figure, sobol_figure
from negotiation_sim.figures.factor_rows import basis
from negotiation_sim.figures.names import ASSUMPTION, Named, named
from negotiation_sim.figures.tornado import tornado_figure
from negotiation_sim.figures.words import broken

SOURCE = "Scenario january_2022, seed 1, 100 worlds a point"
NAMES = {
    "cost": Named("what a war costs Russia", ASSUMPTION),
    "delay": Named("how long Russia can wait (days)", "E014, E015, E016, E017"),
    "unity": Named("allied cohesion at the start", "E076"),
}
MARKUP = "<script>alert($1 & $2)</script>"
HEADLINES = {each: each for each in HEADLINE_COLOURS}


def indices(factors: int = 3) -> pd.DataFrame:
    names = [*NAMES, *(f"actors.russia.outlook.factor_{at}" for at in range(factors))][:factors]
    total = np.linspace(0.6, 0.01, factors)
    first = total - 0.1
    table = pd.DataFrame({"factor": names, "first": first, "total": total, "n": 1024})
    for each in ("first", "total"):
        table[f"{each}_low"], table[f"{each}_high"] = table[each] - 0.07, table[each] + 0.09
    return table


def screening(factors: int = 3) -> pd.DataFrame:
    table = indices(factors).rename(columns=lambda each: each.replace("total", "mu_star"))
    return table.assign(mu=0.1, sigma=table["first"] / 2)


def distances(factors: int = 3) -> pd.DataFrame:
    found = indices(factors)
    table = found[["factor", "n"]].assign(outcome=ANY, median=found["total"] / 5, median_by_chance=0.03)
    return pd.concat([table, table.assign(outcome="escalation", median=found["total"] / 8)])


def tornado_table(factors: int = 3) -> pd.DataFrame:
    found = indices(factors)
    start = 0.3 + 0.3 * found["total"] * np.resize([1, -1], factors)
    table = found[["factor"]].assign(
        from_value=0.2, to_value=0.6, share_from=start, share_to=0.6 - start, n=400
    )
    difference = table["share_to"] - table["share_from"]
    return table.assign(difference=difference, low=difference - 0.04, high=difference + 0.05)


FIGURES = {
    "sobol": lambda names=NAMES, factors=3, **words: sobol_figure(
        indices(factors), outcome="escalation", names=names, source=SOURCE, **words
    ),
    "morris": lambda names=NAMES, factors=3, **words: morris_figure(
        screening(factors), outcome="escalation", names=names, source=SOURCE, **words
    ),
    "pawn": lambda names=NAMES, factors=3, **words: pawn_figure(
        distances(factors), names=names, source=SOURCE, **words
    ),
    "tornado": lambda names=NAMES, factors=3, **words: tornado_figure(
        tornado_table(factors), share(60, 200), outcome="escalation", names=names, source=SOURCE, **words
    ),
}


# Names and what they rest on


def test_a_factor_that_nobody_named_is_printed_as_it_is():
    assert named("alliance.quota", NAMES) == Named("alliance.quota", "")
    assert [each.documented for each in (named("cost", NAMES), named("delay", NAMES), named("x", NAMES))] == [
        *(False, True, False)
    ]


def test_long_names_are_broken_where_they_may_be():
    assert broken("actors.russia.outlook.unity", 14, 3) == ["actors.russia.", "outlook.unity"]
    assert broken("what a war costs Russia", 12, 3) == ["what a war", "costs Russia"]
    assert broken("what a war costs Russia", 12, 1) == ["what a war…"]
    assert broken("x" * 30, 12, 2) == ["x" * 12, "x" * 11 + "…"]
    assert broken("", 12, 2) == [""]


def test_ids_that_do_not_fit_are_counted():
    assert basis(Named("", "E001, E002"), 13, 2) == ["E001, E002"]
    assert basis(Named("", ", ".join(f"E{at:03}" for at in range(9))), 13, 2) == [
        "E000, E001,",
        "E002, E003 +5",
    ]
    assert basis(Named("", ASSUMPTION)) == ["assumption"]


@pytest.mark.parametrize("name", FIGURES)
def test_what_rests_on_assumption_is_seen_at_once(name):
    """Open or hatched, in italics, and counted; also without colour."""
    figure = FIGURES[name]()
    words = {" ".join(text.get_text().split()): text for text in texts(figure)}
    assert words["what a war costs Russia"].get_style() == words["assumption"].get_style() == "italic"
    assert words["E076"].get_style() == words["allied cohesion at the start"].get_style() == "normal"
    assert any("(1 of 3)" in each for each in words)
    axes = figure.axes[0]
    if name == "tornado":
        bars = sorted((bar for bar in axes.patches if bar.get_height() < 1), key=lambda bar: bar.get_y())
        assert [bool(bar.get_hatch()) for bar in bars] == [True, False, False]
    else:
        dots = [line for line in axes.lines if line.get_marker() == "o"]
        assert [to_rgb(line.get_markerfacecolor()) == (1, 1, 1) for line in dots] == [True, False, False]


@pytest.mark.parametrize("name", FIGURES)
def test_it_explains_itself_and_looks_as_it_did(name, tmp_path):
    figure = FIGURES[name]()
    assert_explains_itself(figure, SOURCE)
    assert_text_is_whole(figure)
    assert_same_picture(figure, name, tmp_path)


@pytest.mark.parametrize("name", FIGURES)
def test_of_many_factors_fifteen_are_shown(name):
    names = {"cost": Named(MARKUP, ", ".join(f"E{at:03}" for at in range(40)))}
    figure = FIGURES[name](names, 200)
    words = printed(figure)
    assert any(f"{MOST} of 200" in each for each in words)
    assert "".join(MARKUP.split()) in "".join("".join(words).split())
    assert_text_is_whole(figure)


@pytest.mark.parametrize(("name", "column"), [("sobol", "total"), ("morris", "mu_star")])
def test_dots_and_whiskers_are_the_table(name, column):
    table = {"sobol": indices(), "morris": 100 * screening().drop(columns="factor")}[name]
    axes = FIGURES[name]().axes[0]
    dots = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    assert dots == pytest.approx(table[column].tolist())
    whiskers = [
        line.get_xdata() for line in axes.lines if line.get_marker() == "None" and len(line.get_xdata()) == 2
    ]
    drawn = np.array([each for each in whiskers if each[0] != each[1]])
    bounds = table[[f"{column}_low", f"{column}_high"]].to_numpy()
    assert drawn[: len(bounds)] == pytest.approx(bounds)
    assert axes.get_xlim()[0] <= min(0, drawn.min())
    assert axes.get_xlim()[1] >= drawn.max()


def test_pawn_stands_beside_chance():
    figure = FIGURES["pawn"]()
    axes = figure.axes[0]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([3.0] * 3)
    dots = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    assert dots == pytest.approx((100 * indices()["total"] / 5).tolist())
    assert any("2 of 3 factors go beyond theirs" in each for each in printed(figure))
    one = FIGURES["pawn"](outcome="escalation")
    dots = [line.get_xdata()[0] for line in one.axes[0].lines if line.get_marker() == "o"]
    assert dots == pytest.approx((100 * indices()["total"] / 8).tolist())
    with pytest.raises(ValueError, match="no outcome 'war'"):
        FIGURES["pawn"](outcome="war")


def test_no_variance_is_said():
    table = indices().assign(**{each: np.nan for each in indices().columns if each not in {"factor", "n"}})
    figure = sobol_figure(table, outcome="escalation", names=NAMES, source=SOURCE)
    assert any("no variance to account for" in each for each in printed(figure))
    assert_text_is_whole(figure)


@pytest.mark.parametrize("name", FIGURES)
def test_one_factor_is_enough(name):
    assert_text_is_whole(FIGURES[name]({}, 1))


def test_drivers_refuse_other_tables():
    with pytest.raises(ValueError, match="lacks column 'total'"):
        sobol_figure(indices().drop(columns="total"), outcome="", names={}, source="")
    with pytest.raises(ValueError, match="no rows"):
        morris_figure(screening().head(0), outcome="", names={}, source="")
    with pytest.raises(ValueError, match="lacks column 'from_value'"):
        tornado_figure(indices(), share(1, 2), outcome="", names={}, source="")


# Tornado


def test_tornado_goes_from_the_low_to_the_high_end():
    figure = FIGURES["tornado"]()
    axes, table = figure.axes[0], tornado_table()
    bars = [bar for bar in axes.patches if bar.get_height() < 1]
    for bar, row in zip(bars, table.itertuples(), strict=True):
        ends = sorted((bar.get_x(), bar.get_x() + bar.get_width()))
        assert ends == pytest.approx(sorted((100 * row.share_from, 100 * row.share_to)))
    dots = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    assert dots == pytest.approx((100 * table["share_to"]).tolist())
    whiskers = [line.get_xdata() for line in axes.lines if line.get_linestyle() == "-"]
    expected = 100 * (table[["low", "high"]].to_numpy() + table[["share_from"]].to_numpy())
    assert np.array(whiskers) == pytest.approx(expected)
    assert any("30.0% (" in each for each in printed(figure))  # the base case


# Partial dependence


def runs(n: int = 4000) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {"cost": rng.random(n), "delay": rng.integers(10, 60, n), "tactic": rng.choice(["late", "steady"], n)}
    )
    for at in range(5):
        table[f"noise {at}"] = rng.random(n)
    war = rng.random(n) < 0.7 * table["cost"]
    other = np.where(rng.random(n) < 0.1, "concession", "stalemate")
    return table.assign(headline=np.where(war, "escalation", other))


def draw_dependence(factors: list[str], outcomes: list[str], **words: object) -> Figure:
    table = partial_dependence(runs(), factors, outcomes)
    return dependence_figure(table, **({"names": NAMES, "labels": HEADLINES, "source": SOURCE} | words))


def test_dependence_is_drawn_in_the_parameters_own_unit():
    figure = draw_dependence(["cost", "delay"], ["escalation"])
    table = partial_dependence(runs(), ["cost", "delay"], ["escalation"])
    for axes, factor in zip(figure.axes, ("cost", "delay"), strict=True):
        rows = table[table["factor"] == factor]
        (container,) = axes.containers
        line, _, (bars,) = container.lines
        assert line.get_xdata() == pytest.approx(rows["value"].tolist())
        assert line.get_ydata() == pytest.approx((100 * rows["share"]).tolist())
        ends = np.array([[path[0, 1], path[1, 1]] for path in bars.get_segments()])
        assert ends == pytest.approx(100 * rows[["low", "high"]].to_numpy())
        assert axes.get_ylim()[0] == 0
        assert axes.get_ylim()[1] >= ends.max()
    assert "what a war costs Russia" in printed(figure)


def test_dependence_explains_itself_and_looks_as_it_did(tmp_path):
    figure = draw_dependence(["cost", "delay", "tactic"], list(HEADLINES))
    assert_explains_itself(figure, SOURCE)
    assert_text_is_whole(figure)
    assert_same_picture(figure, "dependence", tmp_path)


def test_lines_differ_in_marker_and_dashes():
    figure = draw_dependence(["cost"], list(HEADLINES))
    lines = [container.lines[0] for container in figure.axes[0].containers]
    assert len({line.get_marker() for line in lines}) == 3
    assert len({str(line._unscaled_dash_pattern) for line in lines}) == 3


def test_of_many_parameters_six_are_shown_that_matter_most():
    factors = [*(f"noise {at}" for at in range(5)), "cost", "delay", "tactic"]
    figure = draw_dependence(factors, ["escalation"])
    words = printed(figure)
    assert len(figure.axes) == 6
    assert any("6 of 8 parameters are shown" in each for each in words)
    assert words.index("what a war costs Russia") < words.index("rests on not known")
    assert_text_is_whole(figure)


def test_dependence_of_awkward_data_is_whole():
    few = pd.DataFrame(
        {"cost": [0.5], "tactic": [MARKUP], "headline": ["stalemate"], "long": ["a label of many words"]}
    )
    table = partial_dependence(few, ["cost", "tactic", "long"], ["escalation", "stalemate"])
    figure = dependence_figure(
        table, names={"cost": Named(MARKUP * 3, "E001")}, labels=HEADLINES, source=SOURCE
    )
    assert_text_is_whole(figure)
    many = pd.DataFrame({"word": [f"label {at}" for at in range(200)], "headline": "escalation"})
    table = partial_dependence(many, ["word"], ["concession"])
    assert_text_is_whole(dependence_figure(table, names={}, labels=HEADLINES, source=SOURCE))


def test_dependence_refuses_what_it_cannot_tell_apart():
    table = partial_dependence(runs(), ["cost"], ["escalation"])
    with pytest.raises(ValueError, match="labels lacks escalation"):
        dependence_figure(table, names={}, labels={}, source="")
    with pytest.raises(ValueError, match="at most 4 outcomes"):
        five = pd.concat([table.assign(outcome=each) for each in "abcde"])
        dependence_figure(five, names={}, labels={}, source="")
