"""Who concedes what: shares by issue and level worked by hand, and a figure that shows them."""

import itertools

import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from picture_checks import (
    assert_explains_itself,
    assert_same_picture,
    assert_text_is_whole,
    lightness,
    printed,
    texts,
)

from negotiation_sim.analysis.concessions import bound_levels
from negotiation_sim.analysis.shares import goodman_intervals, share
from negotiation_sim.figures.concessions import MOST, Issue, concessions_figure

SOURCE = "Source: an invented case, seed 1."
ISSUES = {
    "forces": Issue(
        "forces at the border", ["stay", "rotation", "partial return", "full return"], "challenger"
    ),
    "bases": Issue("bases", ["as is", "transparency", "closed"], "defender"),
    "talks": Issue("channels of communication", ["none", "hotlines", "standing regime"], "both"),
}
TOPS = {issue: len(words.levels) - 1 for issue, words in ISSUES.items()}
WORDS = {"issues": ISSUES, "sides": {"challenger": "Upland", "defender": "Lowland"}, "source": SOURCE}


def runs_of(forces: list[int], talks: list[int]) -> pd.DataFrame:
    """Worlds by level: forces 0, 1, ... and talks 0, 1, ...; bases are never bound."""
    levels = [[level for level, count in enumerate(each) for _ in range(count)] for each in (forces, talks)]
    return pd.DataFrame({"level_forces": levels[0], "level_talks": levels[1], "level_bases": 0})


USUAL = bound_levels(runs_of([1960, 30, 0, 10], [1900, 60, 40]), TOPS)
AWKWARD = {
    "usual": USUAL,
    "one world": bound_levels(runs_of([1], [0, 1]), TOPS),
    "nothing bound": bound_levels(runs_of([50], [50]), TOPS),
    "all bound": bound_levels(runs_of([0, 0, 0, 50], [0, 0, 50]), TOPS),
    "rare": bound_levels(runs_of([10**5, 1], [10**5 + 1]), TOPS),
}


def draw(table: pd.DataFrame = USUAL, **words: object) -> Figure:
    return concessions_figure(table, **(WORDS | words))


def bars(figure: Figure) -> list[Rectangle]:
    """Bars from top to bottom."""
    patches = [patch for container in figure.axes[0].containers for patch in container.patches]
    return sorted(patches, key=lambda patch: patch.get_y())


# The table


def test_levels_are_counted_with_their_intervals():
    forces = USUAL[USUAL["issue"] == "forces"]
    assert forces["level"].tolist() == [0, 1, 2, 3]
    assert forces["count"].tolist() == [40, 30, 0, 10]
    assert forces["share"].tolist() == pytest.approx([0.02, 0.015, 0, 0.005])
    whole = share(40, 2000)
    assert forces[["low", "high"]].iloc[0].tolist() == pytest.approx([whole.low, whole.high])
    low, high = goodman_intervals([1960, 30, 0, 10])
    assert forces["low"].tolist()[1:] == pytest.approx(low[1:].tolist())
    assert forces["high"].tolist()[1:] == pytest.approx(high[1:].tolist())


def test_runs_of_the_same_world_count_once():
    runs = runs_of([1960, 30, 0, 10], [1900, 60, 40]).assign(world=range(2000))
    twice = bound_levels(pd.concat([runs, runs]), TOPS)
    assert twice["n"].tolist()[0] == 4000
    assert twice[["share", "low", "high"]].to_numpy() == pytest.approx(
        USUAL[["share", "low", "high"]].to_numpy()
    )


def test_what_the_table_refuses():
    runs = runs_of([1, 1], [2])
    with pytest.raises(ValueError, match="runs lacks column 'level_pipeline'"):
        bound_levels(runs, {"pipeline": 1})
    with pytest.raises(ValueError, match="column 'level_forces' must lie between 0 and 0 in every world"):
        bound_levels(runs, {"forces": 0})
    with pytest.raises(ValueError, match="there must be worlds and issues, but there are 0 and 3"):
        bound_levels(runs.head(0), TOPS)
    with pytest.raises(ValueError, match="must lie between 0 and 3 in every world"):
        bound_levels(runs.assign(level_forces=[None, 1]), TOPS)


# The figure


def test_bars_are_the_table():
    drawn = [bar.get_width() for bar in bars(draw())]
    # Lowland gives nothing; both give talks at two levels; Upland gives forces at two of three.
    assert drawn == pytest.approx([0, 5, 3, 2, 2, 1.5, 0.5])


def test_every_share_is_printed_with_its_interval():
    words = printed(draw())
    for row in USUAL[USUAL["count"] > 0].itertuples():
        assert f"{100 * row.share:.1f}" in words
        assert f"{100 * row.low:.1f} – {100 * row.high:.1f}" in words
    assert "Levels without a row are bound in none: 0% (0 – 0.3) each at most." in " ".join(words)


def test_issues_stand_under_the_side_that_gives():
    at = {text.get_text(): text.get_window_extent().y0 for text in texts(draw())}
    order = [
        "Given by Lowland",
        "bases",
        "Both sides give",
        "channels of communication",
        "Given by Upland",
        "rotation",
    ]
    assert [at[each] for each in order] == sorted((at[each] for each in order), reverse=True)


def test_small_shares_fill_the_scale():
    figure = draw()
    assert figure.axes[0].get_xlim()[1] <= 8


def test_further_levels_are_darker():
    light = [lightness(bar.get_facecolor()) for bar in bars(draw())]
    for one, other in itertools.pairwise([light[4], light[5], light[6]]):
        assert one - other >= 15


def test_of_many_issues_those_bound_most_often_are_shown():
    runs = pd.DataFrame({f"level_issue{at}": [int(each < at) for each in range(200)] for at in range(200)})
    issues = {f"issue{at}": Issue(f"issue {at}", ["no", "yes"], "both") for at in range(200)}
    figure = draw(bound_levels(runs, dict.fromkeys(issues, 1)), issues=issues)
    words = printed(figure)
    assert f"{MOST} of 200 issues are shown: those bound most often." in " ".join(words)
    assert "issue 199" in words
    assert "issue 179" not in words
    assert_text_is_whole(figure)


@pytest.mark.parametrize(("name", "long"), [*((name, False) for name in AWKWARD), ("usual", True)])
def test_it_explains_itself_whatever_the_data(name, long):
    words: dict[str, object] = {}
    if long:
        words["issues"] = {
            key: Issue(
                f"<b> $x$ & {i.title} " + "very long " * 9,
                [f"{each} <i> $y$ " * 9 for each in i.levels],
                i.giver,
            )
            for key, i in ISSUES.items()
        }
        words["sides"] = {"challenger": "the very long " * 9, "defender": "$1 & <script>" * 9}
        words["among"] = "worlds that end in concession after the documented week"
    figure = draw(AWKWARD[name], **words)
    assert_text_is_whole(figure)
    assert_explains_itself(figure, SOURCE)


def test_what_the_figure_refuses():
    with pytest.raises(ValueError, match="bound lacks column 'level'"):
        draw(USUAL.drop(columns="level"))
    with pytest.raises(ValueError, match="issues lacks forces; it has bases"):
        draw(issues={"bases": ISSUES["bases"]})
    with pytest.raises(ValueError, match="issue forces has level 3, but 1 names of levels"):
        draw(issues=ISSUES | {"forces": Issue("forces", ["stay"], "both")})
    with pytest.raises(ValueError, match="a giver is one of defender, both, challenger, not 'nobody'"):
        draw(issues=ISSUES | {"forces": Issue("forces", ISSUES["forces"].levels, "nobody")})
    with pytest.raises(ValueError, match="sides lacks challenger; it has defender"):
        draw(sides={"defender": "Lowland"})
    with pytest.raises(ValueError, match="bound has no rows"):
        draw(USUAL.head(0))


def test_it_looks_as_it_did(tmp_path):
    assert_same_picture(draw(), "concessions", tmp_path)
