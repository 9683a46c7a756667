"""The figures of calibration: what they print and draw, with usual and with awkward data."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from picture_checks import (
    assert_explains_itself,
    assert_same_picture,
    assert_text_is_whole,
    contrast,
    printed,
)

from negotiation_sim.analysis.calibration import (
    BINS,
    leave_one_out,
    posterior,
    predictive,
    reproduces,
    shares_given,
)
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.facts import facts_figure
from negotiation_sim.figures.given_the_week import given_the_week_figure
from negotiation_sim.figures.posterior import BAND, DARK, posterior_figure

SOURCE = "Scenario: January 2022; seed 1; negotiation-sim 0.1.0"
FACTS = {
    "drill": "a live-fire drill precedes the session in Brussels",
    "agreed": "nothing is agreed in Geneva or Brussels",
    "walk_out": "nobody walks out of the room",
    "unity": "allied unity is kept (cohesion at least 0.6)",
}
EVIDENCE = {"drill": "E022", "agreed": "E098", "walk_out": "E028", "unity": "E076, E077"}
OUTCOMES = {
    "invasion": "escalation",
    "limited_incursion": "escalation",
    "partial_agreement": "concession",
    "talks_continuing": "stalemate",
}
LABELS = {each: each.replace("_", " ") for each in OUTCOMES}
LONG = "a wedge between those allies who would rather wait and those who would not wait at all, " * 3


def ensemble(n: int, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and draws in which the drill hangs on p0, unity on the drill, and nothing on the other parameters."""
    rng = np.random.default_rng(seed)
    draws = pd.DataFrame(rng.random((n, 12)), columns=[f"p{at}" for at in range(12)])
    drill = rng.random(n) < 0.3 + 0.6 * draws["p0"]
    ended = rng.choice(list(OUTCOMES), n, p=[0.2, 0.01, 0.02, 0.77])
    runs = pd.DataFrame(
        {
            "fact_drill": drill,
            "fact_agreed": np.ones(n, dtype=bool),
            "fact_walk_out": rng.random(n) < 0.95,
            "fact_unity": rng.random(n) < np.where(drill, 0.9, 0.6),
            "outcome": np.where(
                drill & (ended == "talks_continuing") & (rng.random(n) < 0.2), "invasion", ended
            ),
        }
    )
    return runs, draws


RUNS, DRAWS = ensemble(2000)
RANGES = dict.fromkeys(DRAWS, (0.0, 1.0))
MATCHING = reproduces(RUNS, list(FACTS))
PREDICTED = predictive(RUNS, FACTS, ["drill", "agreed"])
GIVEN = shares_given(RUNS, MATCHING, categories=OUTCOMES)
FOUND = posterior(DRAWS, RANGES, MATCHING)
NAMES = {name: f"Russia: weight of something {name}" for name in DRAWS}
BASES = {name: "assumption" if at else "E032, E033" for at, name in enumerate(DRAWS)}


def draw_facts(table: pd.DataFrame = PREDICTED, **words: object) -> Figure:
    return facts_figure(table, **({"evidence": EVIDENCE, "source": SOURCE} | words))


def draw_given(table: pd.DataFrame = GIVEN, **words: object) -> Figure:
    return given_the_week_figure(table, **({"labels": LABELS, "source": SOURCE} | words))


def draw_posterior(found=FOUND, **words: object) -> Figure:
    return posterior_figure(*found, **({"labels": NAMES, "evidence": BASES, "source": SOURCE} | words))


def drawn(figure: Figure, panel: int) -> tuple[list[float], list[tuple[float, float]]]:
    """Where markers stand and intervals reach in a panel of rows, from top to bottom."""
    lines = [
        line for line in figure.axes[panel].lines if line.get_ydata()[0] not in (0, 1)
    ]  # not the zero line
    lines.sort(key=lambda line: line.get_ydata()[0])
    points = [float(line.get_xdata()[0]) for line in lines if len(line.get_xdata()) == 1]
    return points, [tuple(map(float, line.get_xdata())) for line in lines if len(line.get_xdata()) == 2]


@cache
def usual(draw) -> Figure:
    """Drawn once for all tests that only look."""
    return draw()


# What all of them are held to


@pytest.mark.parametrize("draw", [draw_facts, draw_given, draw_posterior])
def test_it_explains_itself(draw):
    figure = usual(draw)
    assert_text_is_whole(figure)
    assert_explains_itself(figure, SOURCE)
    assert "n = 2,000 worlds, of which" in " ".join(printed(figure))


@pytest.mark.parametrize(
    ("draw", "name"),
    [
        (draw_facts, "facts"),
        (lambda: draw_facts(leave_one_out(RUNS, FACTS)), "facts_left_out"),
        (draw_given, "given_the_week"),
        (draw_posterior, "posterior"),
    ],
)
def test_it_looks_as_it_did(draw, name, tmp_path):
    assert_same_picture(usual(draw), name, tmp_path)


def none_match(runs: pd.DataFrame) -> pd.DataFrame:
    return runs.assign(fact_drill=False)


AWKWARD = {
    "one world": ensemble(1)[0],
    "no world matches": none_match(RUNS),
    "every world matches": RUNS.assign(**{f"fact_{key}": True for key in FACTS}),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_runs(name):
    runs = AWKWARD[name]
    matching = reproduces(runs, list(FACTS))
    found = posterior(ensemble(len(runs))[1], RANGES, matching)
    figures = [
        draw_facts(predictive(runs, FACTS, ["drill"])),
        draw_given(shares_given(runs, matching, categories=OUTCOMES)),
        draw_posterior(found),
    ]
    for figure in figures:
        assert_text_is_whole(figure)
        assert_explains_itself(figure, SOURCE)
    if not matching.any():
        for figure in figures:
            assert "No world" in " ".join(printed(figure))


def test_one_outcome_only():
    figure = draw_given(shares_given(RUNS.assign(outcome="invasion"), MATCHING, categories=OUTCOMES))
    assert_text_is_whole(figure)
    assert printed(figure).count("100") >= 2


def test_long_names_and_markup():
    text = "<script>alert(1)</script> & costs $1 or $2: " + LONG
    table = PREDICTED.assign(text=text)
    evidence = dict.fromkeys(FACTS, ", ".join(f"E{at:03}" for at in range(1, 60)))
    figures = [
        draw_facts(table, evidence=evidence, question=text, source=text),
        draw_given(labels=dict.fromkeys(OUTCOMES, text), question=text, source=text),
        draw_posterior(labels=dict.fromkeys(NAMES, text), evidence=dict.fromkeys(NAMES, text), source=text),
    ]
    for figure in figures:
        assert_text_is_whole(figure)
        assert " ".join(text.split()) in " ".join(printed(figure))
        assert " ".join(printed(figure)).count("<script>alert(1)</script>") >= 3


def test_of_two_hundred_some_are_shown_and_it_says_so():
    rng = np.random.default_rng(1)
    facts = {f"f{at}": f"fact number {at}" for at in range(200)}
    runs = pd.DataFrame({f"fact_{key}": rng.random(50) < 0.95 for key in facts})
    runs["outcome"] = [f"o{at % 200}" for at in range(50)]
    figure = draw_facts(predictive(runs, facts, ["f0", "f1"]), evidence={})
    assert "11 of 198 held-out facts are shown: those that change most." in " ".join(printed(figure))
    assert "all held-out facts at once" in printed(figure)
    names = [f"o{at}" for at in range(200)]
    other = draw_given(
        shares_given(runs, np.ones(50, dtype=bool), categories=names), labels={name: name for name in names}
    )
    assert "16 of 200 are shown: those with the largest shares." in " ".join(printed(other))
    for each in (figure, other):
        assert_text_is_whole(each)
        assert each.get_figheight() < 11


# Facts


def test_markers_and_lines_are_the_table():
    figure = usual(draw_facts)
    points, intervals = drawn(figure, 0)
    ordered = PREDICTED.sort_values("role", kind="stable")
    assert points == pytest.approx([100 * x for x in ordered[["share", "given"]].to_numpy().ravel()])
    bounds = ordered[["low", "high", "given_low", "given_high"]].to_numpy().reshape(-1, 2) * 100
    assert np.array(intervals) == pytest.approx(bounds, nan_ok=True)
    points, intervals = drawn(figure, 1)
    held_out = ordered[ordered["role"] == "held_out"]
    assert points == pytest.approx(100 * held_out["difference"].to_numpy())
    bounds = 100 * held_out[["difference_low", "difference_high"]].to_numpy()
    assert np.array(intervals) == pytest.approx(bounds)


def test_what_is_so_by_construction_is_open_and_said():
    figure = usual(draw_facts)
    words = printed(figure)
    assert words.count("by construction") == 2
    circles = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    circles.sort(key=lambda line: line.get_ydata()[0])
    assert [line.get_markerfacecolor() == "white" for line in circles] == [True] * 2 + [False] * 3
    assert words.index("Fitted: what makes a world match") < words.index(
        "Held out: not used to choose the matching worlds"
    )


def test_each_fact_stands_with_its_evidence_and_numbers():
    words = printed(usual(draw_facts))
    assert all(each in words for each in EVIDENCE.values())
    row = PREDICTED.set_index("key").loc["unity"]
    assert f"{100 * row['share']:.1f}" in words
    assert f"{100 * row['low']:.1f} \N{EN DASH} {100 * row['high']:.1f}" in words
    low, high = 100 * row["difference_low"], 100 * row["difference_high"]
    assert f"+{100 * row['difference']:.1f} (+{low:.1f} to +{high:.1f})" in words
    assert "Held out is not unseen: the scenario was written knowing all facts." in " ".join(words)


def test_left_out_facts_say_so():
    everything = " ".join(printed(draw_facts(leave_one_out(RUNS, FACTS))))
    assert "Each in turn left out, the others fitted" in everything
    assert "those that reproduce all the other facts at once" in everything
    assert "by construction" not in everything


# Outcomes


def test_outcomes_stand_by_headline_with_its_colour():
    figure = usual(draw_given)
    words = printed(figure)
    order = [words.index(each) for each in ("Escalation", "invasion", "Concession", "Stalemate")]
    assert order == sorted(order)
    bars = [each for each in figure.findobj(Rectangle) if each in figure.artists or each in figure.patches]
    bars = [each for each in bars if each.get_facecolor()[:3] != (1, 1, 1)]
    bars.sort(key=lambda bar: -bar.get_y())
    assert [bar.get_facecolor()[:3] for bar in bars] == [
        pytest.approx(to_rgb(HEADLINE_COLOURS[each])) for each in OUTCOMES.values()
    ]
    points, intervals = drawn(figure, 0)
    assert points == pytest.approx(100 * GIVEN[["share", "given"]].to_numpy().ravel())
    bounds = GIVEN[["low", "high", "given_low", "given_high"]].to_numpy().reshape(-1, 2) * 100
    assert np.array(intervals) == pytest.approx(bounds)


def test_the_axis_of_differences_holds_all_and_is_no_narrower_than_a_point():
    left, right = usual(draw_given).axes[1].get_xlim()
    assert right == -left
    assert right >= 100 * GIVEN[["difference_low", "difference_high"]].abs().to_numpy().max()
    runs = pd.concat([RUNS.assign(outcome="invasion")] * 20, ignore_index=True)
    table = shares_given(runs, reproduces(runs, list(FACTS)), categories=OUTCOMES)
    assert draw_given(table).axes[1].get_xlim()[1] > 1


def test_categories_without_headlines():
    runs = RUNS.assign(type=np.where(DRAWS["p1"] < 0.5, "security", "pretext"))
    figure = draw_given(
        shares_given(runs, MATCHING, "type"),
        labels={"security": "security seeker", "pretext": "pretext"},
        question="Do the facts tell which type of challenger it is?",
        counted="each type",
    )
    assert_text_is_whole(figure)
    assert "Do the facts tell which type of challenger it is?" in printed(figure)
    assert "Escalation" not in printed(figure)


# Posterior


def test_bars_are_the_density_over_the_range():
    figure = usual(draw_posterior)
    for axes, (name, table) in zip(figure.axes, FOUND.density.groupby("parameter", sort=False), strict=False):
        low, high, bars = (patch.get_data() for patch in axes.patches)
        assert bars.values.tolist() == pytest.approx(table["ratio"].tolist()), name
        assert bars.edges.tolist() == pytest.approx(np.arange(BINS + 1) / BINS)
        assert low.values.tolist() == table["low"].tolist()
        assert high.values.tolist() == table["high"].tolist()
        assert bars.baseline == low.baseline == high.baseline == 1
        bottom, top = axes.get_ylim()
        assert bottom <= table["ratio"].min()
        assert table["ratio"].max() <= top
    assert len(figure.axes) == 10
    assert len({axes.get_ylim() for axes in figure.axes}) == 1  # so that strips compare


def test_moved_parameters_are_solid_and_others_open():
    moved = FOUND.parameters["moved"].tolist()[:10]
    assert moved[0]
    assert not moved[-1]
    for axes, solid in zip(usual(draw_posterior).axes, moved, strict=True):
        assert axes.patches[2].get_facecolor() == ((*to_rgb(DARK), 1.0) if solid else (1.0, 1.0, 1.0, 1.0))
        assert axes.patches[2].get_edgecolor() == (*to_rgb(DARK), 1.0)
    assert contrast(DARK, BAND) > 4
    assert contrast(DARK, "white") > 4


def test_it_says_how_many_parameters_are_not_told():
    moved = int(FOUND.parameters["moved"].sum())
    words = " ".join(printed(usual(draw_posterior)))
    assert f"They move {moved} of 12 parameters by more than chance" in words
    assert f"Of the other {12 - moved} they tell nothing that shows here." in words
    most = FOUND.parameters.loc[FOUND.parameters["moved"], "contraction"].max()
    assert f"cut the variance of none of these by over {int(100 * most) + 1}%." in words
    assert "10 of 12 parameters with a range are shown: those that moved farthest." in words
    assert NAMES["p0"] in words
    assert "E032, E033" in words


def test_nothing_moved_is_said_plainly():
    found = posterior(DRAWS, RANGES, np.arange(2000) % 2 == 0)
    assert not found.parameters["moved"].any()
    assert "They move none of 12 parameters by more than chance" in " ".join(printed(draw_posterior(found)))


def test_one_world_of_many_that_matches_and_lies_far_out():
    x = (np.arange(1000) + 0.5) / 1000
    found = posterior(pd.DataFrame({"p0": x}), RANGES, x < 0.001)
    assert found.parameters["moved"].item()
    figure = draw_posterior(found)
    assert_text_is_whole(figure)
    assert "They move 1 of 1 parameter by more than chance" in " ".join(printed(figure))


def test_numbers_beside_a_strip():
    first = FOUND.parameters.iloc[0]
    words = printed(usual(draw_posterior))
    assert f"0.5 \N{RIGHTWARDS ARROW} {first['posterior_mean']:.3g}" in words
    assert f"90%: {first['q05']:.3g} to {first['q95']:.3g}" in words
    assert f"{100 * first['contraction']:.0f}" in words


# What they refuse


def test_tables_must_be_whole():
    with pytest.raises(ValueError, match="facts lacks column 'role'"):
        draw_facts(PREDICTED.drop(columns="role"))
    with pytest.raises(ValueError, match="facts has no rows"):
        draw_facts(PREDICTED[:0])
    with pytest.raises(ValueError, match="lacks column 'given'"):
        draw_given(GIVEN.drop(columns="given"))
    with pytest.raises(ValueError, match="labels lacks invasion; it has "):
        draw_given(labels={each: each for each in list(OUTCOMES)[1:]})
    with pytest.raises(ValueError, match="colours are for escalation, concession, stalemate, not for peace"):
        draw_given(GIVEN.assign(headline="peace"))
    with pytest.raises(ValueError, match="parameters has no rows"):
        draw_posterior((FOUND.parameters[:0], FOUND.density))
    with pytest.raises(ValueError, match="evidence lacks p0"):
        draw_posterior(evidence={each: "assumption" for each in DRAWS if each != "p0"})
