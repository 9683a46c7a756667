"""The outcome figure: what it prints and draws, that no text collides, that colours stay apart."""

import itertools
import subprocess
import sys
import warnings

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.patches import Rectangle
from picture_checks import COLOUR_VISION, contrast, least_distance, lightness, printed, texts

from negotiation_sim.analysis.shares import outcome_shares
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.outcomes import outcome_figure
from negotiation_sim.figures.style import save, tint

OUTCOMES = {
    "invasion": "escalation",
    "limited_incursion": "escalation",
    "coerced_concession": "concession",
    "full_agreement": "concession",
    "partial_agreement": "concession",
    "collapse": "escalation",
    "declared_pointless": "stalemate",
    "talks_continuing": "stalemate",
}
LABELS = {
    "invasion": "full-scale invasion",
    "limited_incursion": "limited incursion",
    "coerced_concession": "concession under coercion",
    "full_agreement": "full agreement",
    "partial_agreement": "partial agreement",
    "collapse": "talks collapse",
    "declared_pointless": "talks declared pointless",
    "talks_continuing": "talks continuing",
}
GROUPED = [
    "invasion",
    "limited_incursion",
    "collapse",
    "coerced_concession",
    "full_agreement",
    "partial_agreement",
    "declared_pointless",
    "talks_continuing",
]
WORDS = {
    "scenario": "January 2022",
    "labels": LABELS,
    "week_label": "at the end of the documented week, 13 January 2022",
    "horizon_label": "at the horizon, 24 February 2022",
    "note": "Parameters drawn over their evidence ranges; a teaching model, not a forecast.",
}


def shares(
    counts: list[int], categories: dict[str, str] = OUTCOMES, confidence: float = 0.95
) -> pd.DataFrame:
    outcomes = np.repeat(list(categories), counts)
    return outcome_shares(pd.DataFrame({"outcome": outcomes}), categories=categories, confidence=confidence)


WEEK = shares([0, 0, 4, 0, 120, 80, 696, 1100])
HORIZON = shares([620, 120, 60, 1, 239, 140, 520, 300])
ONE = {"talks_continuing": "stalemate"}
AWKWARD = {
    "usual": (WEEK, HORIZON),
    "one world": (shares([0] * 7 + [1]), shares([1] + [0] * 7)),
    "every world the same": (shares([0, 0, 0, 0, 0, 0, 0, 2000]), shares([2000, 0, 0, 0, 0, 0, 0, 0])),
    "one outcome only": (shares([50], ONE), shares([50], ONE)),
    "a rare and a near-certain one": (shares([1] + [0] * 6 + [10**6]), shares([10**6] + [0] * 6 + [1])),
    "all rows tiny": (shares([1] * 8), shares([1] * 8)),
    "different n": (shares([5] * 8), shares([10, 90, 0, 0, 0, 0, 0, 0])),
}


def draw(week: pd.DataFrame = WEEK, horizon: pd.DataFrame = HORIZON, **words: object) -> Figure:
    return outcome_figure(week, horizon, **(WORDS | words))


def bars(figure: Figure) -> list[Rectangle]:
    """The bars from top to bottom."""
    patches = [patch for container in figure.axes[0].containers for patch in container.patches]
    return sorted(patches, key=lambda patch: patch.get_y())


# What it says


def test_everything_that_a_reader_needs_is_in_print():
    words = printed(draw())
    everything = " | ".join(words)
    for label in (*LABELS.values(), "Escalation", "Concession", "Stalemate", "Share of worlds (%)"):
        assert label in words
    assert "How often do the talks reach each outcome?" in words
    assert "Scenario: January 2022" in words
    assert "at the end of the documented week, 13 January 2022 (n = 2,000 worlds)" in words
    assert "at the horizon, 24 February 2022 (n = 2,000 worlds)" in words
    assert "Goodman joint 95% intervals" in everything
    assert "a teaching model, not a forecast." in everything


def test_shares_and_intervals_are_printed_in_per_cent():
    words = printed(draw())
    row = HORIZON.set_index("outcome").loc["invasion"]
    assert "31.0" in words
    assert f"{100 * row['low']:.1f} \N{EN DASH} {100 * row['high']:.1f}" in words
    assert words.count("0") >= 3  # three outcomes never occur in the week


def test_rare_is_not_none_and_near_certain_is_not_all():
    words = printed(draw(*AWKWARD["a rare and a near-certain one"]))
    assert "<0.1" in words
    assert ">99.9" in words


def test_one_world_is_singular():
    assert "at the horizon, 24 February 2022 (n = 1 world)" in printed(draw(*AWKWARD["one world"]))


def test_a_dollar_sign_is_not_mathematics():
    costly = "costs $1 or $2"
    figure = draw(note=costly, scenario=costly, week_label=costly, labels=dict.fromkeys(OUTCOMES, costly))
    found = [text for text in texts(figure) if costly in text.get_text()]
    assert len(found) == len(OUTCOMES) + 3
    assert not any(text.get_parse_math() for text in found)


# What it draws


def test_bars_and_whiskers_are_the_tables():
    figure = draw()
    rows = [table.set_index("outcome").loc[name] for name in GROUPED for table in (WEEK, HORIZON)]
    assert [bar.get_width() for bar in bars(figure)] == pytest.approx([100 * row["share"] for row in rows])
    whiskers = sorted(
        (line.get_path().get_extents() for line in figure.axes[0].lines), key=lambda box: box.y0
    )
    for bar, whisker, row in zip(bars(figure), whiskers, rows, strict=True):
        assert (whisker.x0, whisker.x1) == pytest.approx((100 * row["low"], 100 * row["high"]))
        assert bar.get_y() < whisker.y0 < whisker.y1 < bar.get_y() + bar.get_height()


def test_labels_stand_beside_their_bars():
    figure = draw()
    figure.canvas.draw()
    boxes = {" ".join(text.get_text().split()): text.get_window_extent() for text in texts(figure)}
    drawn = bars(figure)
    for name, upper, lower in zip(GROUPED, drawn[::2], drawn[1::2], strict=True):
        box = boxes[LABELS[name]]
        middle = (box.y0 + box.y1) / 2
        assert lower.get_window_extent().y0 < middle < upper.get_window_extent().y1
        assert box.x1 < upper.get_window_extent().x0


@pytest.mark.parametrize("name", AWKWARD)
def test_the_scale_begins_at_zero_and_holds_every_interval(name):
    figure = draw(*AWKWARD[name])
    left, right = figure.axes[0].get_xlim()
    assert left == 0
    assert max(line.get_xdata().max() for line in figure.axes[0].lines) <= right <= 100


@pytest.mark.parametrize("name", AWKWARD)
@pytest.mark.parametrize("long", [False, True])
def test_no_text_is_clipped_or_overlaps_and_nothing_warns(name, long):
    words = {}
    if long:
        words = {
            "scenario": "January 2022, a counterfactual in which the alliance offers nothing " * 2,
            "week_label": "at the end of the documented week, that is after the third forum, " * 2,
            "note": "Source: parameters drawn over their evidence ranges; a teaching model, not a forecast. "
            * 4,
            "labels": dict.fromkeys(OUTCOMES, "collapse of all talks and forums"),
        }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw(*AWKWARD[name], **words)
        figure.canvas.draw()
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
    for text, box in boxes:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= figure.bbox.x1, text
        assert box.y1 <= figure.bbox.y1, text
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        apart = (
            a.x1 <= b.x0 or b.x1 <= a.x0 or a.y1 <= b.y0 + 1 or b.y1 <= a.y0 + 1
        )  # a pixel of leading may touch
        assert apart, f"{one!r} overlaps {other!r}"


def test_it_is_sixteen_centimetres_wide_with_print_no_smaller_than_eight_points():
    figure = draw()
    assert figure.get_figwidth() * 2.54 == pytest.approx(16)
    assert figure.get_figheight() * 2.54 < 17
    assert min(text.get_fontsize() for text in texts(figure)) >= 8


# Colour


@pytest.mark.parametrize("vision", COLOUR_VISION)
def test_headline_colours_stay_apart_for_every_eye(vision):
    """Stated distance: 40 in Lab, where 2.3 is just noticeable (Mahy et al. 1994)."""
    assert least_distance(list(HEADLINE_COLOURS.values()), vision) >= 40


def test_the_colour_vision_check_can_fail():
    assert least_distance(["#4daf4a", "#e41a1c"], "normal") > 100
    assert least_distance(["#6d8b00", "#b06a00"], "deuteranopia") < 40


def test_headline_colours_differ_in_lightness():
    light = [lightness(colour) for colour in HEADLINE_COLOURS.values()]
    assert min(abs(a - b) for a, b in itertools.combinations(light, 2)) >= 15


def test_neighbouring_bars_differ_in_greyscale_and_in_hatch():
    drawn = bars(draw())
    for upper, lower in itertools.pairwise(drawn):
        assert contrast(upper.get_facecolor(), lower.get_facecolor()) >= 1.8
        assert bool(upper.get_hatch()) != bool(lower.get_hatch())


def test_every_bar_wears_its_headline():
    drawn = bars(draw())
    full = [HEADLINE_COLOURS[OUTCOMES[name]] for name in GROUPED]
    expected = [shade for colour in full for shade in (tint(colour), colour)]
    assert [to_rgb(bar.get_facecolor()) for bar in drawn] == [
        pytest.approx(to_rgb(colour)) for colour in expected
    ]


# What it refuses


def test_tables_must_agree_on_outcomes():
    with pytest.raises(
        ValueError, match="same outcomes and headlines in the same order, but week has invasion"
    ):
        draw(horizon=shares([50], ONE))


def test_every_outcome_needs_a_label():
    with pytest.raises(ValueError, match="labels lacks collapse; it has invasion"):
        draw(labels={name: label for name, label in LABELS.items() if name != "collapse"})


def test_intervals_must_be_what_the_figure_calls_them():
    with pytest.raises(ValueError, match="horizon must have Goodman joint 95% intervals"):
        draw(horizon=shares([620, 120, 60, 1, 239, 140, 520, 300], confidence=0.9))


def test_headlines_must_be_known_and_there():
    with pytest.raises(
        ValueError, match="colours are for escalation, concession, stalemate, not for miracle"
    ):
        draw(week=shares([1], {"peace": "miracle"}))
    with pytest.raises(ValueError, match="week lacks column 'headline'; its columns are: outcome, count"):
        draw(week=WEEK.drop(columns="headline"))


# How it is saved


def test_saved_pictures_are_the_same_bytes_without_date_or_version(tmp_path):
    save(draw(), tmp_path / "one.png")
    save(draw(), tmp_path / "two.png")
    data = (tmp_path / "one.png").read_bytes()
    assert data == (tmp_path / "two.png").read_bytes()
    assert b"Software" not in data
    assert b"tIME" not in data
    assert imread(tmp_path / "one.png").shape[1] == pytest.approx(16 / 2.54 * 200, abs=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.png", "two.png"]


def test_a_failed_save_leaves_the_old_picture_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "outcomes.png"
    path.write_bytes(b"old")

    def half_written(_figure: Figure, target: object, **_: object) -> None:
        with open(target, "wb") as file:
            file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(Figure, "savefig", half_written)
    with pytest.raises(OSError, match="disk full"):
        save(draw(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_matplotlib_is_left_as_it_was():
    before = dict(matplotlib.rcParams)
    draw()
    assert dict(matplotlib.rcParams) == before


def test_pyplot_is_never_loaded():
    code = "import sys, negotiation_sim.figures.outcomes; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
