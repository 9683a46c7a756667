"""The ternary figure: points and regions where the table has them, letters apart, parts enlarged."""

import itertools
import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from picture_checks import (
    assert_explains_itself,
    assert_same_picture,
    assert_text_is_whole,
    contrast,
    printed,
    runs_counted,
    texts,
)

from negotiation_sim.analysis.shares import region, shares_by_group
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.style import INK, tint
from negotiation_sim.figures.ternary import CORNERS, NAMED, ternary_figure

SOURCE = "Scenarios as shipped, seed 1, negotiation-sim 0.1.0."
COUNTS = {
    "January 2022": [611, 41, 1348],
    "Allies split": [629, 40, 1331],
    "Missiles": [608, 81, 1311],
    "Pretext": [1179, 0, 821],
    "Extractor": [445, 2, 1553],
    "Vague refusal": [385, 46, 1569],
}
SPREAD = {"a": [300, 50, 50], "b": [20, 350, 30], "c": [10, 5, 385], "d": [130, 130, 140]}


def table(counts: dict[object, list[int]]) -> pd.DataFrame:
    return shares_by_group(
        runs_counted(counts, [*CORNERS], "scenario", "headline"), "scenario", "headline", CORNERS
    )


def draw(counts: dict[object, list[int]], **words: object) -> Figure:
    return ternary_figure(table(counts), **({"by": "scenario", "source": SOURCE} | words))


@cache
def usual() -> Figure:
    return draw(COUNTS)


def cartesian(shares: np.ndarray) -> np.ndarray:
    """Where the projection puts shares: an upright triangle of height 1."""
    shares = np.asarray(shares, dtype=float)
    return np.column_stack([(shares[:, 2] - shares[:, 1]) / np.sqrt(3), shares[:, 0]])


def regions(figure: Figure) -> list[np.ndarray]:
    """Corners of the polygons that are drawn in ink."""
    polygons = [patch for patch in figure.axes[0].patches if isinstance(patch, Polygon)]
    return [
        patch.get_xy()[:-1] for patch in polygons if np.allclose(patch.get_edgecolor(), (*to_rgb(INK), 1))
    ]


def letters(figure: Figure) -> dict[str, np.ndarray]:
    return {
        text.get_text(): text.get_window_extent().get_points().mean(axis=0)
        for text in figure.axes[0].texts
        if re.fullmatch("[A-L]", text.get_text())
    }


def test_it_looks_as_it_did(tmp_path):
    assert_same_picture(draw(COUNTS), "ternary", tmp_path)


def test_it_explains_itself():
    assert_explains_itself(usual(), SOURCE)
    everything = " ".join(printed(usual()))
    assert "Stalemate, concession or escalation, by scenario?" in everything
    assert "n = 2,000 worlds for each scenario." in everything
    assert_text_is_whole(usual())


def test_points_are_the_shares():
    drawn = next(line for line in usual().axes[0].lines if len(line.get_xdata()) == len(COUNTS))
    expected = cartesian(np.array(list(COUNTS.values())) / 2000)
    assert np.column_stack(drawn.get_data()) == pytest.approx(expected)


def test_regions_are_what_the_intervals_leave():
    rows = table(COUNTS).set_index("group")
    for group, found in zip(COUNTS, regions(usual()), strict=True):
        bounds = rows.loc[group].set_index("headline").loc[[*CORNERS]]
        assert found == pytest.approx(cartesian(region(bounds["low"], bounds["high"])))


def test_numbers_of_each_group_are_in_print():
    words = printed(usual())
    row = table(COUNTS).set_index(["group", "headline"]).loc[("Missiles", "concession")]
    assert f"4.0 ({100 * row['low']:.1f} \N{EN DASH} {100 * row['high']:.1f})" in words
    for name in COUNTS:
        assert name in words


@pytest.mark.parametrize(
    "counts",
    [
        COUNTS,
        SPREAD,
        {at: [0, 0, 1] for at in range(NAMED)},
        {at: [100, 100, 100 + at] for at in range(NAMED)},
    ],
    ids=["usual", "spread", "all in a corner", "all in the middle"],
)
def test_letters_keep_apart_and_off_the_points(counts):
    figure = draw(counts)
    assert_text_is_whole(figure)
    found = letters(figure)
    assert len(found) == len(counts)
    for one, other in itertools.combinations(found.values(), 2):
        assert np.hypot(*(one - other)) > 0.14 * figure.dpi


def test_the_part_that_holds_all_is_enlarged():
    everything = " ".join(printed(usual()))
    assert "The part of the triangle that holds them is enlarged." in everything
    assert "Escalation 65%" in everything
    assert "part shown" in everything
    everything = " ".join(printed(draw(SPREAD)))
    assert "enlarged" not in everything
    for headline in CORNERS:
        assert f"{headline.capitalize()} 100%" in everything


def test_every_region_lies_within_the_part():
    axes = usual().axes[0]
    limits = [axes.get_tlim(), axes.get_llim(), axes.get_rlim()]
    rows = table(COUNTS)
    for headline, (low, high) in zip(CORNERS, limits, strict=True):
        own = rows[rows["headline"] == headline]
        assert low <= 100 * own["low"].min()
        assert high >= 100 * own["share"].max()


def many(groups: int) -> dict[object, list[int]]:
    rng = np.random.default_rng(1)
    return {at: rng.multinomial(400, rng.dirichlet([2, 1, 3])).tolist() for at in range(groups)}


def test_of_many_points_one_typical_region_is_drawn():
    figure = draw(many(200), by="design point")
    assert len(regions(figure)) == 1
    assert not letters(figure)
    assert "median area" in " ".join(printed(figure))
    assert_text_is_whole(figure)
    assert_explains_itself(figure, SOURCE)


def test_the_typical_region_has_the_median_area():
    def area(corners: np.ndarray) -> float:
        x, y = corners.T
        return abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))

    rows = table(many(21)).groupby("group")[["low", "high"]]
    areas = sorted(area(cartesian(region(each["low"], each["high"]))) for _, each in rows)
    assert area(regions(draw(many(21)))[0]) == pytest.approx(areas[10])


def test_zones_wear_their_headlines_and_ink_stands_out():
    for headline in CORNERS:
        zones = [patch for patch in usual().axes[0].patches if isinstance(patch, Polygon)]
        shade = tint(HEADLINE_COLOURS[headline])
        assert any(np.allclose(zone.get_facecolor()[:3], to_rgb(shade)) for zone in zones)
        assert contrast(shade, INK) > 10


LONG = 'a very long name of a scenario <script>alert("$x$ & $y$")</script>'
AWKWARD = {
    "one world": {"one": [0, 1, 0]},
    "one headline only": {"a": [0, 0, 500], "b": [0, 0, 500]},
    "different n": {"a": [1, 1, 1], "b": [1000, 200, 3000]},
    "rare and near-certain": {"a": [1, 0, 10**6], "b": [10**6, 1, 0]},
    "long names": {LONG + str(at): [100 + at, 50, 200] for at in range(NAMED)},
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_data_is_drawn_whole(name):
    figure = draw(AWKWARD[name])
    assert_text_is_whole(figure)
    assert_explains_itself(figure, SOURCE)
    assert not any(text.get_parse_math() for text in texts(figure))


def test_n_is_told_for_each_group_where_it_differs():
    words = printed(draw(AWKWARD["different n"]))
    assert "b (n = 4,200)" in words
    assert "n = 3 to 4,200 worlds" in " ".join(words)


def test_what_it_refuses():
    shares = table(COUNTS)
    with pytest.raises(ValueError, match="table lacks column 'low'"):
        ternary_figure(shares.drop(columns="low"), by="scenario", source=SOURCE)
    with pytest.raises(ValueError, match="'January 2022' has concession, stalemate"):
        ternary_figure(shares[1:], by="scenario", source=SOURCE)
