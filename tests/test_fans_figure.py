"""The fans over sessions: drawn as the tables say, whole in print, and silent where worlds are few."""

import datetime
import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from picture_checks import (
    assert_explains_itself,
    assert_same_picture,
    assert_text_is_whole,
    contrast,
    printed,
)

from negotiation_sim.analysis.paths import fans, rung_shares
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.fans import FEWEST, KEY, _ladder_shade, fans_figure
from negotiation_sim.figures.style import tint

DATES = {at: datetime.date(2022, 1, 6) + datetime.timedelta(days=4 * at) for at in range(1, 13)}
LABELS = {"belief_a": "belief: seeker of security", "cohesion": "allied cohesion"}
RUNGS = [
    "troops in place",
    "drill",
    "reinforcement",
    "talks suspended",
    "recognition",
    "incursion",
    "invasion",
]
SOURCE = "Source: an invented case, seed 1."
WORDS = {"labels": LABELS, "dates": DATES, "week": 3, "source": SOURCE, "rung_labels": RUNGS}


def tables(headlines: list[str], sessions: int = 12) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fans and ladder of worlds that climb faster, and are believed less, if they escalate."""
    n = len(headlines)
    rng = np.random.default_rng(7)
    at = np.arange(sessions) / 12
    climbs = np.array([each == "escalation" for each in headlines])[:, None]
    belief = np.clip(0.4 + 0.3 * at * np.where(climbs, -1, 1) + 0.08 * rng.normal(size=(n, sessions)), 0, 1)
    rung = np.clip((at * np.where(climbs, 7, 2) + rng.random((n, sessions))).astype(int), 0, 6)
    worlds = np.repeat(np.arange(n), sessions)
    rounds = pd.DataFrame({"world": worlds, "round": np.tile(np.arange(1, sessions + 1), n)})
    rounds = rounds.assign(belief_a=belief.ravel(), cohesion=rng.random(n * sessions), rung=rung.ravel())
    runs = pd.DataFrame({"world": range(n), "headline": headlines})
    return fans(rounds, runs, list(LABELS)), rung_shares(rounds, runs, len(RUNGS))


USUAL = tables(["escalation"] * 60 + ["stalemate"] * 120 + ["concession"] * 8)
AWKWARD = {
    "usual": USUAL,
    "one world": tables(["stalemate"]),
    "one headline": tables(["escalation"] * 40),
    "one session": tables(["escalation"] * 40 + ["concession"] * 30, 1),
    "two sessions": tables(["escalation"] * 40, 2),
}


def draw(pair: tuple[pd.DataFrame, pd.DataFrame | None] = USUAL, **words: object) -> Figure:
    return fans_figure(*pair, **(WORDS | words))


def test_fans_are_the_table():
    figure, (table, _) = draw(), USUAL
    first = figure.axes[0]  # escalation is first, belief_a on top
    rows = table[(table["headline"] == "escalation") & (table["quantity"] == "belief_a")]
    outer, inner = (c for c in first.collections if isinstance(c, PolyCollection))
    for band, (low, high) in ((outer, ("q05", "q95")), (inner, ("q25", "q75"))):
        heights = band.get_paths()[0].vertices[:, 1]
        assert heights.min() == pytest.approx(rows[low].min())
        assert heights.max() == pytest.approx(rows[high].max())
    (median,) = (line for line in first.lines if line.get_marker() == "o")
    assert median.get_ydata() == pytest.approx(rows["median"].to_numpy())


def test_the_ladder_is_the_table_with_the_highest_rung_at_the_axis():
    figure, (_, rungs) = draw(), USUAL
    ladder = figure.axes[2]
    bands = [c for c in ladder.collections if isinstance(c, PolyCollection)]
    escalating = rungs[(rungs["headline"] == "escalation") & (rungs["round"] == 12)].set_index("rung")
    assert len(bands) == len(RUNGS)
    for rung, band in enumerate(bands):
        vertices = band.get_paths()[0].vertices
        at_end = vertices[vertices[:, 0] == vertices[:, 0].max(), 1]
        assert at_end.max() == pytest.approx(escalating.loc[rung, "at_least"])
        assert at_end.max() - at_end.min() == pytest.approx(escalating.loc[rung, "share"])


def test_few_worlds_have_no_fan_but_their_number():
    figure = draw()
    words = printed(figure)
    assert words.count("too few worlds") == 3  # concession, three rows
    assert "n = 8 worlds" in words
    assert FEWEST == 20
    concession = figure.axes[3:6]
    assert not any(isinstance(c, PolyCollection) for axes in concession for c in axes.collections)


def test_all_are_on_the_same_scale():
    assert {axes.get_ylim() for axes in draw().axes} == {(0, 1)}


def test_bands_and_rungs_differ_in_greyscale():
    for colour in HEADLINE_COLOURS.values():
        outer, inner = (tint(colour, white) for white in KEY.values())
        assert contrast(outer, inner) >= 1.25
        assert contrast(outer, "white") >= 1.2
    greys = [_ladder_shade(rung, len(RUNGS)) for rung in range(len(RUNGS))]
    assert min(contrast(one, other) for one, other in itertools.pairwise(greys)) >= 1.2


@pytest.mark.parametrize(("name", "long"), [*((name, False) for name in AWKWARD), ("usual", True)])
def test_it_explains_itself_whatever_the_data(name, long):
    words: dict[str, object] = {"week": 1}
    if long:
        words["labels"] = {
            each: f"<script> $x$ & {label} " + "very long " * 9 for each, label in LABELS.items()
        }
        words["rung_labels"] = [f"{label} <b> $y$ " + "and so on " * 9 for label in RUNGS]
    figure = draw(AWKWARD[name], **words)
    assert_text_is_whole(figure)
    assert_explains_itself(figure, SOURCE)


def test_without_a_ladder_nothing_is_said_of_it():
    figure = draw((USUAL[0], None), rung_labels=[])
    assert_text_is_whole(figure)
    assert "rung" not in " ".join(printed(figure)).lower()
    assert len(figure.axes) == 6


def test_what_it_refuses():
    table, rungs = USUAL
    with pytest.raises(ValueError, match="quantities must lie between 0 and 1, but go from"):
        draw((table.assign(q95=table["q95"] * 4), None))
    with pytest.raises(ValueError, match="labels lacks cohesion; it has belief_a"):
        draw(labels={"belief_a": "belief"})
    with pytest.raises(ValueError, match="rounds that have no date: 12"):
        draw(dates={k: v for k, v in DATES.items() if k < 12})
    with pytest.raises(ValueError, match="rungs go up to 6, but rung_labels has 2"):
        draw(rung_labels=["a", "b"])
    with pytest.raises(ValueError, match="rungs lacks column 'at_least'"):
        draw((table, rungs.drop(columns="at_least")))
    with pytest.raises(
        ValueError, match="colours are for escalation, concession, stalemate, not for miracle"
    ):
        draw((table.assign(headline="miracle"), None))
    with pytest.raises(ValueError, match="week must be a round with a date, but is 99"):
        draw(week=99)


def test_it_looks_as_it_did(tmp_path):
    assert_same_picture(draw(), "fans", tmp_path)
