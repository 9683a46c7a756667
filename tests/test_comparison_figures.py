"""Figures that compare ensembles: differences, waterfall, what would have had to differ."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from picture_checks import (
    assert_explains_itself,
    assert_same_picture,
    assert_text_is_whole,
    contrast,
    printed,
    texts,
)

from negotiation_sim.analysis.comparison import paired_differences, smallest_changes, waterfall
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.differences import differences_figure
from negotiation_sim.figures.names import Named
from negotiation_sim.figures.numbers import setting
from negotiation_sim.figures.percentages import changed, signed
from negotiation_sim.figures.smallest_changes import smallest_changes_figure
from negotiation_sim.figures.waterfall import waterfall_figure

SOURCE = "Scenario january_2022, seed 1, 500 worlds"
OUTCOMES = {
    "invasion": "escalation",
    "full_agreement": "concession",
    "collapse": "escalation",
    "talks_continuing": "stalemate",
}
LABELS = {each: each.replace("_", " ") for each in OUTCOMES}
HEADLINES = {each: each for each in HEADLINE_COLOURS}
MARKUP = "<script>alert($1 & $2)</script>"
LONG = "a variant in which the alliance offers nothing whatever and nobody listens to anybody " * 2


def runs(seed: int, *weights: float, n: int = 500) -> pd.DataFrame:
    """Worlds with common luck: `weights` of the outcomes move the thresholds."""
    luck = np.random.default_rng(9).random(n)
    luck = np.where(
        np.random.default_rng(seed).random(n) < 0.2, np.random.default_rng(seed + 1).random(n), luck
    )
    at = np.searchsorted(np.cumsum(weights) / sum(weights), luck, side="right")
    names = np.array(list(OUTCOMES))[np.minimum(at, 3)]
    return pd.DataFrame({"world": range(n), "outcome": names, "headline": [OUTCOMES[each] for each in names]})


BASE = runs(1, 30, 5, 15, 50)
VARIANTS = {"Allies split": runs(2, 32, 5, 13, 50), "A vague refusal": runs(3, 15, 5, 10, 70)}


def compared(variants: dict[str, pd.DataFrame], **options: object) -> dict[str, pd.DataFrame]:
    return {
        name: paired_differences(BASE, each, "outcome", list(OUTCOMES), **options)
        for name, each in variants.items()
    }


# How numbers are printed


def test_changes_have_a_sign_and_nothing_has_none():
    assert signed(0.0313) == "+3.1"
    assert signed(-0.0313) == "\N{MINUS SIGN}3.1"
    assert signed(-0.0001) == "0.0"
    assert changed(0.031, -0.002, 0.064) == "+3.1 (\N{MINUS SIGN}0.2 to +6.4)"


def test_values_keep_three_digits_of_their_range():
    assert [setting(each) for each in (0.25, 10.0, 12345.6, -1.5, "all", True)] == [
        *("0.25", "10", "12,346", "\N{MINUS SIGN}1.5", "all", "True")
    ]
    assert setting(9.13e-05, 0.4) == "0"
    assert setting(0.39998, 0.4) == "0.4"
    assert setting("a" * 30) == "a" * 17 + "…"


# Differences


def draw_differences(tables: dict[str, pd.DataFrame], **words: object) -> Figure:
    options = {"base": "January 2022", "headlines": OUTCOMES, "labels": LABELS, "source": SOURCE}
    return differences_figure(tables, **(options | words))


def test_differences_are_drawn_where_the_table_has_them():
    tables = compared(VARIANTS)
    figure = draw_differences(tables)
    for axes, (title, table) in zip(figure.axes, tables.items(), strict=True):
        rows = table.set_index("outcome").loc[["invasion", "collapse", "full_agreement", "talks_continuing"]]
        lines = sorted(axes.lines, key=lambda line: line.get_ydata()[0])
        dots = [line for line in lines if line.get_marker() == "o"]
        assert [line.get_xdata()[0] for line in dots] == pytest.approx((100 * rows["difference"]).tolist())
        colours = [to_rgb(line.get_markerfacecolor()) for line in dots]
        assert colours == [to_rgb(HEADLINE_COLOURS[OUTCOMES[each]]) for each in rows.index]
        whiskers = [line.get_xdata() for line in lines if line.get_marker() == "|"]
        assert np.array(whiskers) == pytest.approx(100 * rows[["low", "high"]].to_numpy())
        left, right = axes.get_xlim()
        assert left < min(0, np.min(whiskers)) < max(0, np.max(whiskers)) < right
        assert title in printed(figure)
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()


def test_differences_print_both_shares():
    row = compared(VARIANTS)["A vague refusal"].set_index("outcome").loc["invasion"]
    assert f"{100 * row['base']:.1f} → {100 * row['variant']:.1f}" in printed(
        draw_differences(compared(VARIANTS))
    )
    alone = draw_differences(compared({"A vague refusal": VARIANTS["A vague refusal"]}))
    assert changed(row["difference"], row["low"], row["high"]) in printed(alone)


@pytest.mark.parametrize("joint", [False, True])
def test_differences_explain_themselves(joint):
    figure = draw_differences(compared(VARIANTS, joint=joint))
    assert_explains_itself(figure, SOURCE)
    said = " ".join(printed(figure))
    assert ("hold together" in said) == joint
    assert ("each by itself" in said) != joint
    assert "n = 500 worlds" in said


def test_of_many_variants_those_are_shown_that_differ_most():
    many = {f"Variant {at}": runs(1, 30 + 2 * at, 5, 15, 50) for at in range(12)}
    figure = draw_differences(compared(many))
    words = printed(figure)
    assert len(figure.axes) == 8
    assert any("8 of 12 variants are shown" in each for each in words)
    assert [each for each in words if each.startswith("Variant ")] == [
        f"Variant {at}" for at in range(11, 3, -1)
    ]
    assert_text_is_whole(figure)


AWKWARD = {
    "usual": compared(VARIANTS),
    "no difference": compared({"The same": BASE}),
    "one world": {
        "One": paired_differences(BASE.head(1), VARIANTS["Allies split"].head(1), "outcome", list(OUTCOMES))
    },
    "everything changes": {
        "All": paired_differences(
            BASE.assign(outcome="invasion"), BASE.assign(outcome="collapse"), "outcome", list(OUTCOMES)
        )
    },
    "names": compared({MARKUP: BASE, LONG: VARIANTS["Allies split"], "C": BASE}),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_differences_of_awkward_data_are_whole(name):
    words = {"labels": dict.fromkeys(OUTCOMES, LONG), "base": MARKUP} if name == "names" else {}
    figure = draw_differences(AWKWARD[name], **words)
    assert_text_is_whole(figure)
    if name == "names":
        assert any(MARKUP[:20] in each for each in printed(figure))
        assert not any(text.get_parse_math() for text in texts(figure) if "$" in text.get_text())


def test_headlines_have_no_heads_of_their_own():
    tables = {
        "A vague refusal": paired_differences(BASE, VARIANTS["A vague refusal"], "headline", list(HEADLINES))
    }
    figure = draw_differences(tables, headlines=HEADLINES, labels=HEADLINES)
    words = printed(figure)
    assert "escalation" in words
    assert "Escalation" not in words
    assert_text_is_whole(figure)


def test_differences_refuse_what_they_would_misreport():
    tables = compared(VARIANTS)
    with pytest.raises(ValueError, match="no variant"):
        draw_differences({})
    with pytest.raises(ValueError, match="labels lacks invasion"):
        draw_differences(tables, labels={})
    with pytest.raises(ValueError, match="95% intervals"):
        draw_differences(compared(VARIANTS, confidence=0.9))
    with pytest.raises(ValueError, match="same outcomes in the same order"):
        draw_differences({**tables, "Other": tables["Allies split"].iloc[::-1]})
    with pytest.raises(ValueError, match="the table of 'A' lacks column 'gained'"):
        draw_differences({"A": tables["Allies split"].drop(columns="gained")})


def test_differences_look_as_they_did(tmp_path):
    assert_same_picture(draw_differences(compared(VARIANTS)), "differences", tmp_path)


# Waterfall


def draw_waterfall(table: pd.DataFrame, **words: object) -> Figure:
    options = {
        "outcome": "invasion",
        "base": "January 2022",
        "variant": "A vague refusal",
        "headlines": OUTCOMES,
        "labels": LABELS,
        "source": SOURCE,
    }
    return waterfall_figure(table, **(options | words))


STEPS = waterfall(BASE, VARIANTS["A vague refusal"], "invasion", "outcome", list(OUTCOMES))


def test_waterfall_bars_and_whiskers_are_the_table():
    figure = draw_waterfall(STEPS)
    (axes,) = figure.axes
    bars = sorted(axes.patches, key=lambda bar: bar.get_y())
    assert [bar.get_x() for bar in bars] == pytest.approx((100 * STEPS["start"]).tolist())
    assert [bar.get_x() + bar.get_width() for bar in bars] == pytest.approx((100 * STEPS["end"]).tolist())
    whiskers = [line.get_xdata() for line in axes.lines if line.get_marker() == "|"]
    offset = STEPS["start"].where(~STEPS["step"].isin(["base", "variant"]), 0.0)
    expected = 100 * (STEPS[["low", "high"]].to_numpy() + offset.to_numpy()[:, None])
    assert np.array(whiskers) == pytest.approx(np.clip(expected, 0, 100))
    for bar, row in zip(bars, STEPS.itertuples(), strict=True):
        assert bool(bar.get_hatch()) == (row.change < 0)
    row = STEPS.iloc[1]
    assert (
        f"{changed(row['change'], row['low'], row['high'])} won {row['gained']}, lost {row['lost']}"
        in printed(figure)
    )


def test_waterfall_explains_itself_and_looks_as_it_did(tmp_path):
    figure = draw_waterfall(STEPS)
    assert_explains_itself(figure, SOURCE)
    assert_text_is_whole(figure)
    assert_same_picture(figure, "waterfall", tmp_path)


@pytest.mark.parametrize("size", [1, 500])
def test_waterfall_of_awkward_data_is_whole(size):
    same = waterfall(BASE.head(size), BASE.head(size), "collapse", "outcome", list(OUTCOMES))
    figure = draw_waterfall(
        same,
        outcome="collapse",
        base=MARKUP,
        variant=LONG[:90],
        labels=dict.fromkeys(OUTCOMES, "talks $ collapse & end"),
    )
    assert_text_is_whole(figure)
    assert MARKUP in " ".join(printed(figure))


def test_small_steps_of_many_are_put_together():
    names = [f"ending {at}" for at in range(30)]
    rng = np.random.default_rng(2)
    before, after = (pd.DataFrame({"world": range(400), "outcome": rng.choice(names, 400)}) for _ in range(2))
    table = waterfall(before, after, "ending 0", "outcome", names)
    figure = draw_waterfall(
        table,
        outcome="ending 0",
        headlines=dict.fromkeys(names, "escalation"),
        labels={each: each for each in names},
    )
    assert "20 others, the smallest changes" in printed(figure)
    bars = sorted(figure.axes[0].patches, key=lambda bar: bar.get_y())
    assert len(bars) == 12
    assert bars[-2].get_x() + bars[-2].get_width() == pytest.approx(100 * table["end"].iloc[-1])
    assert_text_is_whole(figure)


def test_waterfall_refuses_what_is_none():
    with pytest.raises(ValueError, match="begins with the step 'base'"):
        draw_waterfall(STEPS.iloc[1:])
    with pytest.raises(ValueError, match="lacks column 'n'"):
        draw_waterfall(STEPS.drop(columns="n"))
    with pytest.raises(ValueError, match="headlines lacks invasion"):
        draw_waterfall(STEPS, headlines={})


# What would have had to differ

DESIGN = pd.DataFrame(
    {
        "cost": [0.0, 2.0, 3.0, 4.0, None, None, None],
        "delay": [None, None, None, None, 10.0, 20.0, None],
        "tactic": [None] * 6 + ["patient"],
    }
)
PARAMETERS = pd.DataFrame(
    {"factor": ["cost", "delay"], "value": [1.0, 15.0], "low": [0.0, 5.0], "high": [4.0, 25.0]}
)
NAMES = {
    "cost": Named("what a war costs Russia", "assumption"),
    "delay": Named("how long Russia waits (days)", "E014"),
}


def moved() -> pd.DataFrame:
    """cost moves it between 2 and 3, delay between 15 and 10, the tactic doesn't."""
    words = {"e": "escalation", "s": "stalemate", "c": "concession"}
    points = ["sssse", "sssee", "seeee", "ccccc", "ccsss"[::-1] + "cc", "sssss", "ssscc"]
    rows = [
        {"design": at, "world": world, "headline": words[each]}
        for at, worlds in enumerate(points)
        for world, each in enumerate(worlds)
    ]
    base = pd.DataFrame({"world": range(5), "headline": [words[each] for each in "sssec"]})
    return smallest_changes(base, pd.DataFrame(rows), DESIGN, PARAMETERS)


def draw_changes(table: pd.DataFrame, parameters: pd.DataFrame = PARAMETERS, **words: object) -> Figure:
    return smallest_changes_figure(table, parameters, **({"names": NAMES, "source": SOURCE} | words))


def test_smallest_changes_are_drawn_on_each_range():
    table = moved()
    assert table["factor"].tolist() == ["delay", "cost", "tactic"]
    figure = draw_changes(table)
    (axes,) = figure.axes
    marks = [line for line in axes.lines if line.get_marker() in {"o", "s", "^"}]
    assert [line.get_xdata()[0] for line in marks] == pytest.approx(
        [0.25, 0.75]
    )  # 10 of 5 to 25; 3 of 0 to 4
    assert [line.get_marker() for line in marks] == ["s", "o"]  # concession, escalation
    base = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "|"]
    assert base == pytest.approx([0.5, 0.25])
    brackets = [
        (min(line.get_xdata()), max(line.get_xdata())) for line in axes.lines if len(line.get_xdata()) == 4
    ]
    assert brackets == [pytest.approx((0.25, 0.5)), pytest.approx((0.5, 0.75))]
    said = " | ".join(printed(figure))
    for each in ("between 15 and 10", "between 2 and 3", "none; nearest at patient", "range: 2 of 3."):
        assert each in said


def test_what_rests_on_assumption_is_open():
    figure = draw_changes(moved())
    delay, cost = (line for line in figure.axes[0].lines if line.get_marker() in {"o", "s", "^"})
    assert contrast(delay.get_markerfacecolor(), "white") > 3
    assert to_rgb(cost.get_markerfacecolor()) == (1, 1, 1)
    words = {" ".join(text.get_text().split()): text for text in texts(figure)}
    assert words["E014"].get_style() == "normal"
    assert words["assumption"].get_style() == words["what a war costs Russia"].get_style() == "italic"
    assert words["not known"].get_style() == words["tactic"].get_style() == "italic"


def test_smallest_changes_explain_themselves_and_look_as_they_did(tmp_path):
    figure = draw_changes(moved())
    assert_explains_itself(figure, SOURCE)
    assert_text_is_whole(figure)
    assert_same_picture(figure, "smallest_changes", tmp_path)


def test_of_many_parameters_twelve_are_shown():
    one = moved().iloc[[0]]
    table = pd.concat([one.assign(factor=f"p{at}", moved=at < 15) for at in range(200)], ignore_index=True)
    ranges = pd.concat([PARAMETERS.iloc[[1]].assign(factor=f"p{at}") for at in range(200)])
    figure = draw_changes(table, ranges)
    assert any("15 of 200." in each and "12 are shown" in each for each in printed(figure))
    assert_text_is_whole(figure)


def test_names_with_markup_are_printed_as_they_are():
    names = {
        "cost": Named(MARKUP, ", ".join(f"E{at:03}" for at in range(40))),
        "delay": Named(LONG, "assumption"),
    }
    figure = draw_changes(moved(), names=names)
    assert_text_is_whole(figure)
    said = "".join("".join(printed(figure)).split())
    assert "".join(MARKUP.split()) in said
    assert "+37" in said or "+36" in said


def test_smallest_changes_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="no row for delay"):
        draw_changes(moved(), PARAMETERS.head(1))
    with pytest.raises(ValueError, match="lacks column 'unmoved'"):
        draw_changes(moved().drop(columns="unmoved"))
