"""The figure of scenario discovery: trajectory, chosen box, its restrictions in words."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from picture_checks import assert_explains_itself, assert_same_picture, assert_text_is_whole, printed

from negotiation_sim.analysis.discovery import Box, Score, Trajectory, peel, restrictions, score
from negotiation_sim.figures.discovery import discovery_figure
from negotiation_sim.figures.names import ASSUMPTION, Named

SOURCE = "Scenario january_2022, seed 1, 2,000 worlds"
MARKUP = "<script>alert($1 & $2)</script>"
NAMES = {
    "cost": Named("what a war costs Russia", ASSUMPTION),
    "delay": Named("how long Russia can wait (days)", "E014, E015"),
    "tactic": Named("Russia's tactic", "E038"),
}
BOX = Box({"cost": (-np.inf, 0.4), "delay": (25.0, 75.0)}, {"tactic": ("early", "steady")})


def cases(seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "cost": rng.random(1500),
            "delay": 100 * rng.random(1500),
            "tactic": rng.choice(["early", "late", "steady"], 1500),
        }
    )
    return table, rng.random(1500) < np.where(BOX.inside(table), 0.9, 0.1)


TABLE, INTEREST = cases(1)
TRAJECTORY = peel(TABLE, INTEREST)
OTHER = score(*cases(2), BOX)


def draw(
    box: Box = BOX, held_out: Score | None = OTHER, trajectory: Trajectory = TRAJECTORY, **words: object
) -> Figure:
    options = {"interest": "escalation", "names": NAMES, "source": SOURCE, "held_out": held_out}
    return discovery_figure(
        trajectory.table, score(TABLE, INTEREST, box), restrictions(TABLE, INTEREST, box), **(options | words)
    )


def test_the_plane_holds_the_trajectory_and_both_scores():
    plane = draw().axes[0]
    path = plane.lines[0]
    assert path.get_xdata() == pytest.approx((100 * TRAJECTORY.table["coverage"]).tolist())
    assert path.get_ydata() == pytest.approx((100 * TRAJECTORY.table["density"]).tolist())
    found = score(TABLE, INTEREST, BOX)
    marks = [line for line in plane.lines[1:] if len(line.get_xdata()) == 1]
    for mark, each in zip(marks, (found, OTHER), strict=True):
        assert (mark.get_xdata()[0], mark.get_ydata()[0]) == pytest.approx(
            (100 * each.coverage, 100 * each.density)
        )
    assert marks[0].get_marker() != marks[1].get_marker()


def test_the_box_is_told_in_words_and_drawn_on_each_range():
    figure = draw()
    said = " | ".join(printed(figure))
    for each in (
        "at most 0.4 (p < 0.001)",
        "at least 25 (p < 0.001)",
        "at most 75 (p < 0.001)",
        "early or steady not late",
    ):
        assert each in said
    rows = figure.axes[1]
    bars = {round(bar.get_y() + bar.get_height() / 2): bar for bar in rows.patches}
    order = list(dict.fromkeys(restrictions(TABLE, INTEREST, BOX)["factor"]))
    delay, cost = bars[order.index("delay")], bars[order.index("cost")]
    assert (delay.get_x(), delay.get_x() + delay.get_width()) == pytest.approx((0.25, 0.75), abs=0.01)
    assert (cost.get_x(), cost.get_x() + cost.get_width()) == pytest.approx((0.0, 0.4), abs=0.01)
    assert order.index("tactic") not in bars  # words have no range
    assert cost.get_facecolor() != delay.get_facecolor()  # an assumption, and documents


def test_it_explains_itself_and_looks_as_it_did(tmp_path):
    figure = draw()
    assert_explains_itself(figure, SOURCE)
    assert "n = 1,500 cases" in " ".join(printed(figure))
    assert_text_is_whole(figure)
    assert_same_picture(figure, "discovery", tmp_path)


@pytest.mark.parametrize(
    ("box", "held_out"),
    [
        pytest.param(Box(), None, id="no restriction"),
        pytest.param(BOX, Score(0, 0, 0.0, float("nan"), float("nan"), 10, 0), id="nothing in it elsewhere"),
        pytest.param(BOX, Score(5, 0, 0.5, float("nan"), 0.0, 10, 0), id="nothing of interest elsewhere"),
    ],
)
def test_awkward_boxes_are_whole(box, held_out):
    figure = draw(box, held_out)
    assert_text_is_whole(figure)
    assert ("the whole space" in " ".join(printed(figure))) == (not box.restricted)


def test_of_many_restrictions_ten_are_shown_and_markup_is_printed():
    one = restrictions(TABLE, INTEREST, Box({"cost": (0.2, np.inf)}))
    many = pd.concat([one.assign(factor=f"p{at}") for at in range(200)], ignore_index=True)
    figure = discovery_figure(
        TRAJECTORY.table,
        score(TABLE, INTEREST, BOX),
        many,
        interest=MARKUP,
        names={"p0": Named(MARKUP, "E001")},
        source=SOURCE,
    )
    assert any("10 of 200 restricted parameters are shown" in each for each in printed(figure))
    assert_text_is_whole(figure)


def test_other_tables_are_refused():
    with pytest.raises(ValueError, match="the trajectory lacks column 'coverage'"):
        draw(trajectory=Trajectory(TRAJECTORY.table.drop(columns="coverage"), ()))
    with pytest.raises(ValueError, match="the trajectory has no rows"):
        draw(trajectory=Trajectory(TRAJECTORY.table.head(0), ()))
