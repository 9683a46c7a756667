"""Stacked outcome shares by group: geometry, numbers in print, what is shown of many groups."""

import itertools
from functools import cache

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from picture_checks import (
    assert_explains_itself,
    assert_same_picture,
    assert_text_is_whole,
    lightness,
    printed,
    runs_counted,
    texts,
)

from negotiation_sim.analysis.shares import headline_shares, outcome_shares, shares_by_group
from negotiation_sim.analysis.surfaces import levels
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.stacked import MOST, stacked_figure

OUTCOMES = {
    "invasion": "escalation",
    "limited_incursion": "escalation",
    "collapse": "escalation",
    "coerced_concession": "concession",
    "full_agreement": "concession",
    "partial_agreement": "concession",
    "declared_pointless": "stalemate",
    "talks_continuing": "stalemate",
}
LABELS = {name: name.replace("_", " ") for name in OUTCOMES}
SOURCE = "Scenarios as shipped, seed 1, negotiation-sim 0.1.0."
COUNTS = {
    "January 2022": [340, 50, 230, 0, 20, 22, 1338, 0],
    "Pretext": [820, 60, 300, 0, 0, 0, 820, 0],
    "Vague refusal, and a meeting with Berlin": [200, 20, 160, 0, 6, 40, 1550, 24],
}


def table(counts: dict[object, list[int]]) -> pd.DataFrame:
    return shares_by_group(
        runs_counted(counts, [*OUTCOMES], "scenario", "outcome"), "scenario", categories=OUTCOMES
    )


def draw(shares: pd.DataFrame, **words: object) -> Figure:
    return stacked_figure(shares, **({"by": "scenario", "labels": LABELS, "source": SOURCE} | words))


@cache
def usual() -> Figure:
    return draw(table(COUNTS))


def test_it_looks_as_it_did(tmp_path):
    assert_same_picture(draw(table(COUNTS)), "stacked", tmp_path)


def test_it_explains_itself():
    assert_explains_itself(usual(), SOURCE)
    everything = " ".join(printed(usual()))
    assert "by scenario?" in everything
    assert "n = 2,000 worlds for each scenario." in everything
    assert "Goodman" in everything
    assert "coerced concession (never)" in everything


def test_segments_are_the_shares_end_to_end():
    axes = usual().axes[0]
    for at, counts in enumerate(COUNTS.values()):
        bars = [container.patches[at] for container in axes.containers]
        assert [bar.get_width() for bar in bars] == pytest.approx(100 * np.array(counts) / 2000)
        assert [bar.get_x() for bar in bars[1:]] == pytest.approx(np.cumsum(counts)[:-1] / 20)
    rows = [axes.containers[0].patches[at].get_y() for at in range(len(COUNTS))]
    assert rows == sorted(rows)  # the axis points down


def test_whiskers_are_the_joint_intervals_of_the_outer_headlines():
    headlines = headline_shares(table(COUNTS)).set_index(["group", "headline"])
    expected = []
    for group in COUNTS:
        first, last = headlines.loc[group, "escalation"], headlines.loc[group, "stalemate"]
        expected += [[first["low"], first["high"]], [1 - last["high"], 1 - last["low"]]]
    found = [[line.get_xdata().min() / 100, line.get_xdata().max() / 100] for line in usual().axes[0].lines]
    assert np.array(found) == pytest.approx(np.array(expected))


def test_shares_of_headlines_are_in_print_with_their_intervals():
    row = headline_shares(table(COUNTS)).set_index(["group", "headline"]).loc[("Pretext", "escalation")]
    assert "59.0" in printed(usual())
    assert f"{100 * row['low']:.1f} \N{EN DASH} {100 * row['high']:.1f}" in printed(usual())


def test_outcomes_of_a_headline_differ_by_hatch_and_wear_its_colour():
    containers = usual().axes[0].containers
    for headline, colour in HEADLINE_COLOURS.items():
        own = [
            bars.patches[0]
            for bars, each in zip(containers, OUTCOMES.values(), strict=True)
            if each == headline
        ]
        assert len({bar.get_hatch() for bar in own}) == len(own)
        light = [lightness(bar.get_facecolor()[:3]) for bar in own]
        assert light[0] == pytest.approx(lightness(colour))
        assert all(one < other for one, other in itertools.pairwise(light))


def numbered(groups: int, seed: int = 1) -> dict[object, list[int]]:
    rng = np.random.default_rng(seed)
    return {
        f"scenario {at}": rng.multinomial(500, rng.dirichlet(np.full(8, 0.4))).tolist()
        for at in range(groups)
    }


def names_shown(figure: Figure) -> list[str]:
    return [text for text in printed(figure) if text.startswith("scenario ")]


def test_of_many_scenarios_those_with_most_escalation_are_shown():
    shares = table(numbered(200))
    figure = draw(shares)
    escalation = headline_shares(shares).query("headline == 'escalation'").set_index("group")["share"]
    assert names_shown(figure) == list(escalation.sort_values(ascending=False, kind="stable").index[:MOST])
    assert "20 of 200 are shown: those with the largest shares of escalation." in " ".join(printed(figure))
    assert_text_is_whole(figure)


def test_few_scenarios_keep_their_order():
    assert names_shown(draw(table(numbered(5)))) == [f"scenario {at}" for at in range(5)]


def test_numbers_stand_in_order_and_are_thinned_out_evenly():
    counts = numbered(40).values()
    figure = draw(table(dict(zip(range(40, 0, -1), counts, strict=True))))
    assert "20 of 40 are shown, evenly picked from first to last." in " ".join(printed(figure))
    shown = [float(text.get_text()) for text in texts(figure) if text.get_ha() == "right"]
    assert len(shown) == MOST
    assert shown == sorted(shown)
    assert (shown[0], shown[-1]) == (1, 40)
    assert set(np.diff(shown)) == {2, 3}


def test_bins_are_told_as_ranges():
    runs = pd.DataFrame({"outcome": ["invasion"] * 100, "clock": np.linspace(10, 60, 100)})
    runs["clock"] = levels(runs["clock"], 2)
    figure = draw(shares_by_group(runs, "clock", categories=OUTCOMES), by="Russia's clock (days)")
    assert "10 to 35" in printed(figure)
    assert "Russia's clock (days)" in printed(figure)
    assert_text_is_whole(figure)


def test_runs_that_share_worlds_are_said_to():
    runs = pd.DataFrame({"outcome": ["invasion"] * 100, "at": "all", "world": np.tile(np.arange(25), 4)})
    figure = draw(shares_by_group(runs, "at", categories=OUTCOMES))
    everything = " ".join(printed(figure))
    assert (
        "n = 100 runs of 25 worlds for each scenario; the intervals count runs of the same world as one."
        in everything
    )


LONG = 'a very long name of a scenario <script>alert("$x$ & $y$")</script>'
AWKWARD = {
    "one world": ({"one": [1] + [0] * 7}, {}),
    "one outcome only": ({"a": [0] * 7 + [50], "b": [0] * 7 + [50]}, {}),
    "different n": ({"a": [1] * 8, "b": [1000, 2, 3, 4, 5, 6, 7, 8]}, {}),
    "rare and near-certain": ({"a": [1] + [0] * 6 + [10**6], "b": [10**6] + [0] * 6 + [1]}, {}),
    "long names": (
        {LONG + str(at): [40, 10, 10, 10, 10, 10, 5, 5] for at in range(3)},
        {"labels": {name: f"{LONG} {name}" for name in OUTCOMES}, "question": f"What of {LONG}?"},
    ),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_data_is_drawn_whole(name):
    counts, words = AWKWARD[name]
    figure = draw(table(counts), **words)
    assert_text_is_whole(figure)
    assert_explains_itself(figure, SOURCE)
    assert not any(text.get_parse_math() for text in texts(figure))


def test_names_are_printed_as_they_are_and_told_apart_by_their_ends():
    figure = draw(table(AWKWARD["long names"][0]))
    ends = [text for text in printed(figure) if text.startswith("a very long name")]
    assert len(set(ends)) == 3
    assert "$5 & <b>" in printed(draw(table({"$5 & <b>": [1] * 8})))


def test_one_headline_of_one_outcome_will_do():
    one = outcome_shares(
        pd.DataFrame({"outcome": ["talks_continuing"] * 9}), categories={"talks_continuing": "stalemate"}
    )
    figure = draw(one.assign(group="a"))
    assert_text_is_whole(figure)
    assert len(figure.axes[0].lines) == 1


def test_what_it_refuses():
    shares = table(COUNTS)
    with pytest.raises(ValueError, match="table lacks column 'group'"):
        draw(shares.drop(columns="group"))
    with pytest.raises(ValueError, match="labels lacks invasion"):
        draw(shares, labels={name: name for name in OUTCOMES if name != "invasion"})
    with pytest.raises(ValueError, match="colours are for escalation, concession, stalemate, not for war"):
        draw(shares.replace({"headline": {"escalation": "war"}}))
    with pytest.raises(ValueError, match="every group must have each of the 8 outcomes once"):
        draw(shares[1:])
    with pytest.raises(ValueError, match="up to 4 outcomes, but one has 8"):
        draw(shares.assign(headline="escalation"))
