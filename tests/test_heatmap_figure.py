"""The heat-map: cells, marks, boundary and hatching are the table's; colours survive greyscale."""

import itertools
from functools import cache

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from picture_checks import (
    assert_explains_itself,
    assert_same_picture,
    assert_text_is_whole,
    contrast,
    lightness,
    printed,
    texts,
)

from negotiation_sim.analysis.surfaces import share_surface
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.heatmap import MOST, SCALES, heatmap_figure

SOURCE = "Sweep of January 2022, seed 1, 128 design points, negotiation-sim 0.1.0."
X, Y = "Russia's clock (days)", "cost of war (share of what is at stake)"


def runs(n: int = 20_000, seed: int = 1) -> pd.DataFrame:
    """Escalation rises with x, concession with y."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(1, 7, n) * 10, rng.random(n) * 3
    escalation = 1 / (1 + np.exp(-(x / 15 - y * 1.2 - 1)))
    concession = (1 - escalation) * np.clip(y / 4, 0, 1)
    u = rng.random(n)
    headline = np.where(
        u < escalation, "escalation", np.where(u < escalation + concession, "concession", "stalemate")
    )
    return pd.DataFrame({"world": np.arange(n), "x": x, "y": y, "headline": headline})


def surface(table: pd.DataFrame, headline: str = "escalation", bins: int = 5) -> pd.DataFrame:
    return share_surface(table, "x", "y", headline, bins=bins)


def draw(table: pd.DataFrame, headline: str = "escalation", **words: object) -> Figure:
    return heatmap_figure(table, **({"headline": headline, "x": X, "y": Y, "source": SOURCE} | words))


@cache
def usual() -> tuple[pd.DataFrame, Figure]:
    table = surface(runs())
    return table, draw(table)


def hatched(figure: Figure) -> set[tuple[float, float]]:
    return {
        patch.get_xy()
        for patch in figure.axes[0].patches
        if isinstance(patch, Rectangle) and patch.get_hatch()
    }


def boundary(figure: Figure) -> set[tuple[tuple[float, ...], ...]]:
    lines = [each for each in figure.axes[0].collections if isinstance(each, LineCollection)]
    return {tuple(sorted(map(tuple, side))) for side in lines[-1].get_segments()}


def test_it_looks_as_it_did(tmp_path):
    assert_same_picture(draw(surface(runs())), "heatmap", tmp_path)


def test_it_explains_itself():
    table, figure = usual()
    assert_explains_itself(figure, SOURCE)
    assert_text_is_whole(figure)
    everything = " ".join(printed(figure))
    assert X in everything
    assert Y in everything
    assert f"n = {table['n'].min():,} to {table['n'].max():,} worlds in each cell." in everything
    assert "Bins of a parameter hold equally many runs." in everything


def test_cells_are_the_shares():
    table, figure = usual()
    mesh = next(each for each in figure.axes[0].collections if isinstance(each, QuadMesh))
    assert np.asarray(mesh.get_array()).ravel() == pytest.approx(100 * table["share"].to_numpy())


def test_share_and_interval_stand_in_their_cell():
    table, figure = usual()
    found = {(text.get_position(), text.get_text()) for text in figure.axes[0].texts}
    for at, row in table.iterrows():
        place = (at % 6 + 0.5, at // 6 + 0.5)
        assert (place, f"{100 * row['share']:.0f}") in found
        assert (place, f"{100 * row['low']:.0f}\N{EN DASH}{100 * row['high']:.0f}") in found


def test_what_may_be_chance_is_hatched():
    table, figure = usual()
    unsure = table.index[~table["sure"]]
    assert 0 < len(unsure) < len(table)
    assert hatched(figure) == {(at % 6, at // 6) for at in unsure}
    assert "which headline leads may be chance" in printed(figure)


def test_the_boundary_runs_where_the_leading_headline_changes():
    cells = {
        (1, 1): ["stalemate"] * 9 + ["escalation"],
        (2, 1): ["escalation"] * 9 + ["stalemate"],
        (1, 2): ["stalemate"] * 9 + ["escalation"],
        (2, 2): ["stalemate"] * 9 + ["escalation"],
    }
    table = pd.DataFrame(
        [(x, y, name) for (x, y), names in cells.items() for name in names], columns=["x", "y", "headline"]
    )
    figure = draw(surface(table))
    assert boundary(figure) == {((1, 0), (1, 1)), ((1, 1), (2, 1))}
    assert "the most likely headline changes" in printed(figure)


def test_markers_say_what_leads():
    table, figure = usual()
    found = {
        (int(line.get_xdata()[0]), int(line.get_ydata()[0])): line.get_markerfacecolor()
        for line in figure.axes[0].lines
    }
    assert found == {(at % 6, at // 6): HEADLINE_COLOURS[leading] for at, leading in table["leading"].items()}


def test_without_a_change_there_is_no_boundary_and_it_says_so():
    figure = draw(surface(runs().assign(headline="stalemate"), "stalemate"), "stalemate")
    assert not boundary(figure)
    assert "Stalemate is the most likely headline in every cell." in " ".join(printed(figure))
    assert_text_is_whole(figure)


def test_levels_are_named_at_cells_and_bins_at_edges():
    table, figure = usual()
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["10", "20", "30", "40", "50", "60"]
    assert list(axes.get_xticks()) == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert list(axes.get_yticks()) == [0, 1, 2, 3, 4, 5]
    edges = [float(text.get_text()) for text in axes.get_yticklabels()]
    assert edges == pytest.approx([*table["y_low"].unique(), table["y_high"].max()], abs=0.01)


@pytest.mark.parametrize("headline", SCALES)
def test_colours_grow_darker_evenly_enough_for_greyscale(headline):
    """No tenth of the scale is lost in grey: each is darker by 3 or more of 100 in L*."""
    shades = LinearSegmentedColormap.from_list(headline, SCALES[headline])(np.linspace(0, 1, 11))
    steps = [lightness(one[:3]) - lightness(other[:3]) for one, other in itertools.pairwise(shades)]
    assert min(steps) >= 3
    assert sum(steps) > 60


@pytest.mark.parametrize("headline", SCALES)
def test_print_stands_out_from_every_cell(headline):
    table = surface(runs(), headline)
    figure = draw(table, headline)
    mesh = next(each for each in figure.axes[0].collections if isinstance(each, QuadMesh))
    figure.canvas.draw()
    for text in figure.axes[0].texts:
        x, y = text.get_position()
        cell = mesh.get_facecolors()[int(y) * 6 + int(x)]
        assert contrast(to_rgb(text.get_color()), cell[:3]) >= 4


LONG = 'a very long parameter <script>alert("$x$ & $y$")</script> of one of the parties in the talks'
SMALL = pd.DataFrame({"x": [1.0], "y": [0.5], "headline": ["stalemate"]})
AWKWARD = {
    "one world": (SMALL, {}),
    "a share of zero": (SMALL.loc[[0] * 500], {}),
    "empty cells": (runs()[lambda table: (table["x"] < 40) | (table["y"] < 1)], {}),
    "long names": (runs(), {"x": LONG, "y": LONG, "question": f"What of {LONG}?"}),
    "small numbers": (runs().assign(y=lambda table: table["y"] / 1e4), {}),
    "large numbers": (runs().assign(x=lambda table: table["x"] * 12_345), {}),
    "as many cells as there may be": (
        runs().assign(x=lambda table: table["world"] % 10, y=lambda table: table["world"] // 2000),
        {},
    ),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_data_is_drawn_whole(name):
    table, words = AWKWARD[name]
    figure = draw(surface(table), **words)
    assert_text_is_whole(figure)
    assert_explains_itself(figure, SOURCE)
    assert not any(text.get_parse_math() for text in texts(figure) if "$" in text.get_text())


def test_cells_without_runs_are_blank_and_said_to_be():
    figure = draw(surface(AWKWARD["empty cells"][0]))
    assert "blank: no runs" in printed(figure)
    table = surface(AWKWARD["empty cells"][0])
    assert len(figure.axes[0].texts) == 2 * (table["n"] > 0).sum()


def test_runs_that_share_worlds_are_said_to():
    table = runs(2000).assign(world=lambda table: table["world"] % 4)
    assert "the intervals count runs of the same world as one" in " ".join(printed(draw(surface(table))))


def test_what_it_refuses():
    table = surface(runs(2000))
    with pytest.raises(ValueError, match="table lacks column 'sure'"):
        draw(table.drop(columns="sure"))
    with pytest.raises(ValueError, match="colours are for escalation, concession, stalemate, not for war"):
        draw(table, "war")
    with pytest.raises(ValueError, match=f"y has {MOST + 1} levels or bins, but there is room for {MOST}"):
        draw(surface(runs(2000), bins=MOST + 1))
