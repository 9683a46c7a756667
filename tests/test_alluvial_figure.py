"""The paths to the endings: ribbons as thick as the table says, every node named, rare ones put together."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from picture_checks import (
    COLOUR_VISION,
    assert_explains_itself,
    assert_same_picture,
    assert_text_is_whole,
    least_distance,
    printed,
)

from negotiation_sim.figures.alluvial import IN_NODE, NODE, RIBBON, TALL, alluvial_figure
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.rules.outcome import OUTCOMES

STATES = ["agreement", "R0 at rest", "R1 drill", "talks suspended", "walked out", "war"]
LABELS = {each: each.replace("_", " ") for each in OUTCOMES}
SOURCE = "Source: an invented case, seed 1."
STAGES = {1: "after the first session, 10 January", 3: "at the end of the week, 13 January"}
WORDS = {"stages": STAGES, "labels": LABELS, "source": SOURCE}


def table(*rows: tuple[str, str, str, int]) -> pd.DataFrame:
    """Paths from (outcome, first state, second state, worlds)."""
    frame = pd.DataFrame(rows, columns=["outcome", "after_1", "after_3", "count"])
    for column in ("after_1", "after_3"):
        frame[column] = pd.Categorical(frame[column], STATES, ordered=True)
    return frame.assign(headline=frame["outcome"].map(dict(OUTCOMES)), worlds=float(frame["count"].sum()))


USUAL = table(
    ("invasion", "R1 drill", "talks suspended", 200),
    ("invasion", "R0 at rest", "R1 drill", 50),
    ("collapse", "R1 drill", "walked out", 100),
    ("declared_pointless", "R0 at rest", "R0 at rest", 300),
    ("declared_pointless", "R1 drill", "R1 drill", 310),
    ("partial_agreement", "R1 drill", "R0 at rest", 25),
    ("full_agreement", "walked out", "R0 at rest", 6),
    ("coerced_concession", "talks suspended", "R0 at rest", 9),
)
AWKWARD = {
    "usual": USUAL,
    "one world": table(("invasion", "R1 drill", "war", 1)),
    "one ending": table(("collapse", "R1 drill", "war", 10), ("collapse", "R0 at rest", "war", 5)),
    "a rare one": table(("collapse", "R1 drill", "war", 10**6), ("invasion", "R0 at rest", "walked out", 1)),
    "everything": table(*((o, a, b, 7) for o in OUTCOMES for a in STATES for b in STATES)),
}


def draw(paths: pd.DataFrame = USUAL, **words: object) -> Figure:
    return alluvial_figure(paths, **(WORDS | words))


def ribbons(figure: Figure) -> list[tuple[str, float]]:
    """Headline and thickness, in inches, of every ribbon."""
    colours = {to_rgb(colour): headline for headline, colour in HEADLINE_COLOURS.items()}
    return [
        (colours[tuple(collection.get_facecolor()[0][:3])], path.vertices[-2, 1] - path.vertices[0, 1])
        for collection in figure.axes[0].collections
        if isinstance(collection, PathCollection)
        for path in collection.get_paths()
    ]


def test_ribbons_are_as_thick_as_their_share_of_worlds():
    drawn = ribbons(draw())
    for headline in HEADLINE_COLOURS:
        worlds = USUAL.loc[USUAL["headline"] == headline, "count"].sum()
        thick = sum(thickness for each, thickness in drawn if each == headline)
        assert thick == pytest.approx(2 * TALL * worlds / 1000)  # from stage to stage twice


def test_ribbons_begin_and_end_on_nodes():
    figure = draw()
    outlines = [p for p in figure.axes[0].patches if isinstance(p, Rectangle) and p.get_edgecolor()[3]]
    nodes = [p for p in outlines if p.get_linewidth() and p.get_width() == pytest.approx(NODE)]
    sides = {}
    for node in nodes:
        for x in (node.get_x(), node.get_x() + NODE):
            sides.setdefault(round(x, 6), []).append((node.get_y(), node.get_y() + node.get_height()))
    for collection in figure.axes[0].collections:
        for path in collection.get_paths():
            (x0, top), (x1, other_top) = path.vertices[0], path.vertices[3]
            thick = path.vertices[-2, 1] - top
            for x, y in ((x0, top), (x1, other_top)):
                assert any(low - 1e-9 <= y and y + thick <= high + 1e-9 for low, high in sides[round(x, 6)])


def test_every_node_is_named_with_its_share():
    words = " | ".join(printed(draw()))
    assert "declared pointless 61.0% (57.9–64.0)" in words  # in its node
    assert "partial agreement 2.5% (1.7–3.7)" in words  # below
    assert "Too small for a label: " in words
    assert "n = 1,000 worlds" in words


def test_rare_nodes_are_put_together_and_named():
    words = " | ".join(printed(draw()))
    first = "after the first session, 10 January: walked out 0.6% (0.3–1.3), talks suspended 0.9% (0.5–1.7)"
    assert "other 1.5% (0.9–2.5)" in words
    assert "other concession 1.5% (0.9–2.5)" in words
    named = words.split("Put together as other: ")[1].split(" | ")[0]
    assert sorted(named.split(";")[0].split(": ")[1].split(", ")) == sorted(first.split(": ")[1].split(", "))
    assert "full agreement 0.6% (0.3–1.3)" in named


def test_one_rare_node_keeps_its_name():
    words = " ".join(printed(draw(AWKWARD["a rare one"])))
    assert "other" not in words
    assert "walked out <0.1% (<0.1–<0.1)" in words


@pytest.mark.parametrize("vision", COLOUR_VISION)
def test_headlines_stay_apart_as_they_are_drawn(vision):
    for opacity in (RIBBON, IN_NODE):
        seen = [tuple(1 - (1 - np.array(to_rgb(c))) * opacity) for c in HEADLINE_COLOURS.values()]
        assert least_distance(seen, vision) >= 11


@pytest.mark.parametrize(("name", "long"), [*((name, False) for name in AWKWARD), ("usual", True)])
def test_it_explains_itself_whatever_the_data(name, long):
    words: dict[str, object] = {}
    if long:
        words["labels"] = {
            each: f"<script> $x$ & {label} " + "very long " * 9 for each, label in LABELS.items()
        }
        words["stages"] = {at: f"{head} " + "<b> $y$ Wwwwwwwwwwwwwwwww " * 4 for at, head in STAGES.items()}
    figure = draw(AWKWARD[name], **words)
    assert_text_is_whole(figure)
    assert_explains_itself(figure, SOURCE)


def test_what_it_refuses():
    with pytest.raises(ValueError, match="paths lacks column 'after_9'"):
        draw(stages={9: "later"})
    with pytest.raises(ValueError, match="labels lacks"):
        draw(labels={"invasion": "invasion"})
    with pytest.raises(
        ValueError, match="colours are for escalation, concession, stalemate, not for miracle"
    ):
        draw(USUAL.assign(headline="miracle"))
    with pytest.raises(ValueError, match="there must be paths and stages, but there are 0 and 2"):
        draw(USUAL.head(0))


def test_it_looks_as_it_did(tmp_path):
    assert_same_picture(draw(), "alluvial", tmp_path)
