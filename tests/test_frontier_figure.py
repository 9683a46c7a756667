"""The frontier figure: what it draws is the table, letters collide with nothing, awkward data, colours."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from picture_checks import (
    assert_explains_itself,
    assert_same_picture,
    assert_text_is_whole,
    contrast,
    lightness,
    printed,
    texts,
)

from negotiation_sim.analysis.shares import goodman_intervals
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.frontier import KINDS, LETTERS, ZONE, frontier_figure

SOURCE = "river_dam, seed 1, 2,000 worlds, version 0.0"
WORDS = {"challenger": "Upland", "defender": "Lowland", "source": SOURCE}


def points(*types: str, packages: int = 30, seed: int = 1) -> pd.DataFrame:
    draws = np.random.default_rng(seed)
    tables = []
    for type_ in types:
        x, y = draws.uniform(-1, 0.6, packages), draws.uniform(-1, 0.6, packages)
        refused = draws.random(packages) < 0.3
        tables.append(
            pd.DataFrame(
                {
                    "type": type_,
                    "package": [f"package {at}" for at in range(packages)],
                    "challenger": x,
                    "defender": y,
                    "refused": refused,
                    "zone": (x >= 0) & (y >= 0) & ~refused,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def chosen(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["type", "solution", "package"])


def ended(rows: list[tuple[str, str, float, float, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["type", "kind", "challenger", "defender", "worlds"])


NONE = chosen([])
SMALL = pd.DataFrame(
    [
        ("deal", "a", -0.4, 0.9, False, False),
        ("deal", "b", -0.1, 0.55, False, False),
        ("deal", "c", -0.2, 0.4, False, False),
        ("deal", "d", 0.27, 0.23, False, True),
        ("deal", "e", 0.13, 0.12, False, True),
        ("deal", "f", 0.4, 0.3, True, False),
        ("deal", "g", 0.45, -0.2, False, False),
        ("deal", "h", 3.0, -2.5, True, False),
    ],
    columns=["type", "package", "challenger", "defender", "refused", "zone"],
)
CHOICE = chosen([("deal", "nash", "d"), ("deal", "kalai_smorodinsky", "d"), ("deal", "utilitarian", "e")])
ENDS = ended(
    [("deal", "none", 0, 0, 50), ("deal", "agreement", 0.27, 0.23, 30), ("deal", "war", np.nan, np.nan, 20)]
)


def draw(*tables: object, **words: object) -> Figure:
    found = tables or (SMALL, CHOICE, ENDS)
    return frontier_figure(*found, **(WORDS | words))


def line(axes: Axes, marker: object) -> np.ndarray:
    """Points drawn with a marker, one row each."""
    found = [
        each.get_xydata() for each in axes.lines if each.get_marker() == marker and len(each.get_xdata())
    ]
    return np.concatenate(found) if found else np.empty((0, 2))


# What it draws


def test_packages_are_drawn_where_the_table_has_them():
    axes = draw().axes[0]
    kept = SMALL[~SMALL["refused"]]
    assert sorted(map(tuple, line(axes, "o"))) == sorted(
        map(tuple, kept[["challenger", "defender"]].to_numpy())
    )
    assert line(axes, "x").tolist() == [[0.4, 0.3]]
    assert line(axes, "+").tolist() == [[0, 0]]


def test_what_is_refused_and_far_away_stands_at_the_edge():
    axes = draw().axes[0]
    (right, bottom) = axes.get_xlim()[1], axes.get_ylim()[0]
    assert line(axes, (3, 0, 180)).tolist() == [[right, bottom]]
    assert right < 3
    assert bottom > -2.5


def test_the_frontier_is_what_no_package_beats_in_the_plane():
    steps = [each for each in draw().axes[0].lines if each.get_drawstyle() == "steps-pre"]
    assert steps[0].get_xydata().tolist() == [[-0.4, 0.9], [-0.1, 0.55], [0.27, 0.23], [0.45, -0.2]]


def test_rings_have_the_area_of_the_shares():
    rings = draw().axes[0].collections[-1]
    assert rings.get_offsets().tolist() == [[0, 0], [0.27, 0.23]]
    assert rings.get_sizes() == pytest.approx([450, 270])


def test_packages_in_the_zone_differ_from_others():
    shades = {
        each.get_markerfacecolor(): len(each.get_xdata())
        for each in draw().axes[0].lines
        if each.get_marker() == "o"
    }
    assert shades == {"white": 4, HEADLINE_COLOURS["concession"]: 2}
    assert contrast(HEADLINE_COLOURS["concession"], "white") > 3
    assert abs(lightness(HEADLINE_COLOURS["concession"]) - lightness("white")) > 40
    assert 5 < lightness("white") - lightness(ZONE) < 15  # seen, but behind everything


# What it says


def test_solutions_are_told_by_letter_and_in_words():
    words = printed(draw())
    assert "NK" in words
    assert "U" in words
    assert any("deal, N K: d deal, U: e N Nash, K Kalai-Smorodinsky" in each for each in words)


def test_shares_come_with_intervals():
    everything = " ".join(printed(draw()))
    assert "2 of 8 packages in the zone" in everything
    assert "n = 100 worlds" in everything
    low, high = 100 * np.array(goodman_intervals(np.array([30, 50, 20])))
    for told, at in (("agreement 30.0%", 0), ("no deal 50.0%", 1), ("war 20.0%", 2)):
        assert f"{told} ({low[at]:.1f} \N{EN DASH} {high[at]:.1f})" in everything


def test_it_explains_itself_with_and_without_a_run():
    assert_explains_itself(draw(), SOURCE)
    bare = draw(SMALL, CHOICE)
    assert_explains_itself(bare, SOURCE)
    assert "without a run" in " ".join(printed(bare))
    assert "where worlds ended" not in " ".join(printed(bare))


def test_an_empty_zone_is_said():
    assert "No package lies in the zone of agreement of any type." in printed(
        draw(SMALL.assign(zone=False), NONE)
    )


MARKUP = "<script>alert(1)</script> & $x^2$ _under_"
AWKWARD = {
    "usual": (SMALL, CHOICE, ENDS),
    "one package": (SMALL.iloc[[3]], chosen([("deal", each, "d") for each in LETTERS]), None),
    "all at one point": (SMALL.assign(challenger=0.0, defender=0.0), NONE, None),
    "all refused": (SMALL.assign(refused=True, zone=False), NONE, None),
    "no world of the type": (SMALL, CHOICE, ENDS.assign(type="other")),
    "one world, in war": (SMALL, CHOICE, ENDS.iloc[[2]].assign(worlds=1)),
    "four solutions apart": (
        SMALL.assign(challenger=[0.2, 0.21, 0.22, 0.23, 0.24, 1, 1, 1], defender=0.5),
        chosen([("deal", each, name) for each, name in zip(LETTERS, "abcd", strict=True)]),
        None,
    ),
    "very large numbers": (SMALL.assign(challenger=SMALL["challenger"] * 1e6), CHOICE, None),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_data_leave_text_whole(name):
    assert_text_is_whole(draw(*AWKWARD[name]))


def test_letters_of_solutions_near_each_other_are_all_there():
    words = printed(draw(*AWKWARD["four solutions apart"]))
    assert set("NKEU") <= set(words)


def test_many_types_and_long_names():
    many = [f"type {at}" for at in range(200)]
    long = {each: f"{each}, a challenger of many wishes and few means " * 2 for each in many}
    figure = draw(points(*many, packages=3), NONE, labels=long)
    assert len(figure.axes) == 9
    assert "9 of 200 types are shown" in " ".join(printed(figure))
    assert_text_is_whole(figure)


def test_markup_in_names_is_printed_as_it_is():
    table = SMALL.assign(type=MARKUP, package=SMALL["package"] + MARKUP)
    figure = draw(
        table, CHOICE.assign(type=MARKUP, package=CHOICE["package"] + MARKUP), challenger="$a$ & <b>"
    )
    assert not any(text.get_parse_math() for text in texts(figure))
    assert MARKUP in " ".join(printed(figure))
    assert_text_is_whole(figure)


def test_two_panels_share_their_axes():
    figure = draw(points("a", "b"), NONE)
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes}) == 1


# What it refuses


def test_bad_tables_are_named():
    with pytest.raises(ValueError, match="points lacks column 'zone'"):
        draw(SMALL.drop(columns="zone"), CHOICE)
    with pytest.raises(ValueError, match="points has no package"):
        draw(SMALL.iloc[:0], NONE)
    with pytest.raises(ValueError, match="solutions has package 'z', which points lacks"):
        draw(SMALL, CHOICE.assign(package="z"))
    with pytest.raises(ValueError, match="unknown solution 'fair'; there are nash"):
        draw(SMALL, CHOICE.assign(solution="fair"))
    with pytest.raises(ValueError, match=f"unknown kind 'peace'; there are {next(iter(KINDS))}"):
        draw(SMALL, CHOICE, ENDS.assign(kind="peace"))


def test_it_looks_as_it_did(tmp_path: Path):
    assert_same_picture(
        draw(
            pd.concat([SMALL, points("other")]),
            CHOICE,
            pd.concat([ENDS, ENDS.assign(type="other")]),
            labels={"deal": "builder who wants a deal", "other": "another"},
        ),
        "frontier",
        tmp_path,
    )
