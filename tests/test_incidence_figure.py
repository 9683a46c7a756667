"""The figure of endings by date: drawn as the table says, whole in print, told apart without colour."""

import datetime

import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from picture_checks import assert_explains_itself, assert_same_picture, assert_text_is_whole, printed

from negotiation_sim.analysis.incidence import cumulative_incidence
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.incidence import incidence_figure
from negotiation_sim.rules.outcome import OUTCOMES

DAYS = {at: datetime.date(2021, 12, 20) + datetime.timedelta(days=4 * at) for at in range(1, 13)}
ENDINGS = [each for each in OUTCOMES if each != "talks_continuing"]
LABELS = {each: each.replace("_", " ") for each in OUTCOMES}
SOURCE = "Source: an invented case, seed 1, n = 400 worlds."
WORDS = {"headlines": OUTCOMES, "labels": LABELS, "week": 3, "source": SOURCE}


def incidence(counts: dict[str, int], days: dict[int, object] = DAYS, **keywords: object) -> pd.DataFrame:
    """Worlds that end so, spread over all rounds; continuing ones are last seen in the last."""
    rows = [
        (max(days) if outcome == "talks_continuing" else 1 + at % max(days), outcome)
        for outcome, worlds in counts.items()
        for at in range(worlds)
    ]
    runs = pd.DataFrame(rows, columns=["end_round", "outcome"])
    return cumulative_incidence(runs, days, endings=ENDINGS, **keywords)


USUAL = {
    "invasion": 110,
    "limited_incursion": 12,
    "partial_agreement": 30,
    "collapse": 48,
    "declared_pointless": 140,
}
USUAL["talks_continuing"] = 60
AWKWARD = {
    "usual": incidence(USUAL),
    "all endings": incidence(dict.fromkeys(OUTCOMES, 25)),
    "one world": incidence({"invasion": 1}),
    "one ending": incidence({"collapse": 50}),
    "none ended": incidence({"talks_continuing": 50}),
    "rare": incidence({"invasion": 1, "talks_continuing": 10**5}),
    "one session": incidence(USUAL, {1: datetime.date(2022, 1, 10)}),
    "two sessions": incidence(USUAL, {1: datetime.date(2022, 1, 10), 2: datetime.date(2022, 1, 11)}),
}


def draw(table: pd.DataFrame = AWKWARD["usual"], **words: object) -> Figure:
    return incidence_figure(table, **(WORDS | words))


def curves(figure: Figure) -> dict[str, Line2D]:
    """Curves by the colour, dashes and marker that tell them apart."""
    steps = [line for line in figure.axes[0].lines if line.get_drawstyle() == "steps-post"]
    return {f"{line.get_color()} {line.get_marker()} {line._unscaled_dash_pattern}": line for line in steps}


def test_curves_are_the_table():
    figure, table = draw(), AWKWARD["usual"]
    drawn = [line.get_ydata() for line in curves(figure).values()]
    for outcome in USUAL.keys() - {"talks_continuing"}:
        expected = 100 * table.loc[table["outcome"] == outcome, "incidence"].to_numpy()
        assert any(np.allclose(expected, each) for each in drawn), outcome
    assert len(drawn) == 5
    line = next(iter(curves(figure).values()))
    assert list(line.get_xdata()) == [date2num(each) for each in DAYS.values()]


def test_every_curve_has_a_look_of_its_own_in_the_colour_of_its_headline():
    figure = draw(AWKWARD["all endings"])
    assert len(curves(figure)) == 7  # looks are keys
    colours = [line.get_color() for line in curves(figure).values()]
    expected = [HEADLINE_COLOURS[OUTCOMES[each]] for each in ENDINGS]
    assert sorted(colours) == sorted(expected)


def test_shares_at_the_horizon_and_what_is_open_are_in_print():
    words = " | ".join(printed(draw()))
    assert "invasion 27.5% (23.4 – 32.1)" in words
    assert "Still open at the horizon, 6 February 2022: 15.0% (11.8 – 18.8) of worlds." in words
    assert "In no world: coerced concession, full agreement: 0% (0 – 1.1) each." in words
    assert "end of the documented week" in words
    assert "2021" in words  # the year is said where it begins
    assert any("2022" in each and "Jan" in each for each in printed(draw()))


def test_the_week_is_marked_where_it_ends():
    dotted = [line for line in draw().axes[0].lines if list(line.get_xdata()) == [date2num(DAYS[3])] * 2]
    assert len(dotted) == 1
    assert "documented week" not in " ".join(printed(draw(week=None)))


@pytest.mark.parametrize(("name", "long"), [*((name, False) for name in AWKWARD), ("usual", True)])
def test_it_explains_itself_whatever_the_data(name, long):
    words: dict[str, object] = {"week": 1}
    if long:
        words["labels"] = {
            each: f"<script> $x$ & {label} " + "very long " * 4 for each, label in LABELS.items()
        }
        words["question"] = "By when, in a long question that goes on and on, have worlds ended? " * 2
    figure = draw(AWKWARD[name], **words)
    assert_text_is_whole(figure)
    assert_explains_itself(figure, SOURCE)
    low, high = figure.axes[0].get_ylim()
    assert low == 0
    assert (
        max([100 * AWKWARD[name].query("incidence > 0")["high"].max(), 0] if name != "none ended" else [0])
        <= high
    )


def test_what_it_refuses():
    table = AWKWARD["usual"]
    with pytest.raises(ValueError, match="days must be dates, but are 1"):
        draw(incidence(USUAL, {at: at for at in DAYS}))
    with pytest.raises(ValueError, match="labels lacks invasion"):
        draw(labels={k: v for k, v in LABELS.items() if k != "invasion"})
    with pytest.raises(ValueError, match="incidence lacks column 'error'"):
        draw(table.drop(columns="error"))
    with pytest.raises(ValueError, match="must have 95% intervals"):
        draw(incidence(USUAL, confidence=0.9))
    with pytest.raises(ValueError, match="week must be a round of the table, but is 99"):
        draw(week=99)
    with pytest.raises(
        ValueError, match="colours are for escalation, concession, stalemate, not for miracle"
    ):
        draw(headlines=dict(OUTCOMES) | {"collapse": "miracle"})
    with pytest.raises(ValueError, match="incidence has no rows"):
        draw(table.head(0))


def test_it_looks_as_it_did(tmp_path):
    assert_same_picture(draw(), "incidence", tmp_path)
