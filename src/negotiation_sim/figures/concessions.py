"""Who concedes what: how often each issue is bound at the horizon, and at which level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_sim.analysis.checks import check_table
from negotiation_sim.analysis.concessions import ANY
from negotiation_sim.figures.checks import check_given
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.frame import FINITE, MARGIN, NO_FORECAST, Frame
from negotiation_sim.figures.numbers import stated_n
from negotiation_sim.figures.percentages import interval, percent, told
from negotiation_sim.figures.style import INK, WIDTH, styled, tint
from negotiation_sim.figures.ticks import percent_ticks
from negotiation_sim.figures.whisker import draw_whisker
from negotiation_sim.figures.words import shortened

GIVERS = ("defender", "both", "challenger")
"""Who can give, in the order of the figure."""
WHAT_IS_DRAWN = (
    "Whiskers and brackets: 95% intervals, Wilson's for an issue as a whole, Goodman's joint ones for its levels. "
    f"{FINITE}"
)

# Lengths in inches.
LABELS = 2.45  # from the left edge to the axis
NUMBERS = 1.4  # from the axis to the right edge
ROW = 0.175
GIVER = 0.26  # heading of a giver
GAP = 0.07  # after an issue
AXIS = 0.46  # numbers and name of the axis
HEAD = 0.22  # above the axis: what the numbers are
SHARE_AT, INTERVAL_AT = 0.58, 0.66  # from the end of the axis: where shares end, where intervals begin
BAR = 0.7  # of a row

INDENT = 0.14
HEADING_CHARACTERS, ISSUE_CHARACTERS, LEVEL_CHARACTERS = 34, 30, 36
MOST = 20  # issues that are shown


@dataclass(frozen=True)
class Issue:
    """An issue in words.

    Attributes:
        title: what it is called.
        levels: what its levels are called, from the status quo (0) up.
        giver: who moves on it: one of `GIVERS`.
    """

    title: str
    levels: Sequence[str]
    giver: str


def concessions_figure(
    bound: pd.DataFrame,
    *,
    issues: Mapping[str, Issue],
    sides: Mapping[str, str],
    source: str,
    among: str = "all worlds",
    question: str = "Who concedes what?",
) -> Figure:
    """Bars of the share of worlds in which each issue is bound, and of those at each of its levels.

    Args:
        bound: table of `analysis.concessions.bound_levels` at 95%.
        issues: issue -> its words.
        sides: `challenger` and `defender` -> name.
        source: one line on what was run.
        among: the worlds counted, such as "all worlds" or "worlds that end in concession".
        question: the title.

    Issues stand by who gives. Levels that no world reached have no bar; what their shares are at most is said
    below.

    Raises ValueError if the table lacks a column or has no rows, an issue has no words or too few levels, a giver
    is none of `GIVERS`, or a side has no name.
    """
    _check(bound, issues, sides)
    shown = _most_often(bound)
    rows = _rows(bound[bound["issue"].isin(shown)], issues, sides)
    height = sum(row.height for row in rows)
    never = bound[(bound["count"] == 0) & (bound["level"] != ANY)]
    notes = [
        f"{WHAT_IS_DRAWN} {stated_n(bound.head(1), f'({among})')}",
        *(
            [
                f"Levels without a row are bound in none: {told(0.0, 0.0, float(never['high'].max()))} each at most."
            ]
            if len(never)
            else []
        ),
        *(
            [f"{MOST} of {bound['issue'].nunique()} issues are shown: those bound most often."]
            if len(shown) < bound["issue"].nunique()
            else []
        ),
        source,
        NO_FORECAST,
    ]
    with styled():
        frame = Frame(
            question,
            f"Share of {among} in which each issue is bound above the status quo when the horizon is reached, and "
            "of those at each of its levels. The darker a level, the further it goes.",
            notes,
            HEAD + height + AXIS,
        )
        width = WIDTH - LABELS - NUMBERS
        axes = frame.axes(LABELS, HEAD, width, height)
        axes.set_xlim(
            0, percent_ticks(axes.xaxis, float(bound.loc[bound["issue"].isin(shown), "high"].max()), 5)
        )
        axes.set_ylim(height, 0)
        axes.set_yticks([])
        axes.grid(axis="x")
        axes.tick_params(axis="x", length=3, width=0.6, labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel("Share of worlds (%)", labelpad=3)
        numbers = LABELS + width
        for at, text, side in ((SHARE_AT, "share, %", "right"), (INTERVAL_AT, "interval, %", "left")):
            frame.text(numbers + at, 0.02, text, size=8, ha=side)
        top = 0.0
        for row in rows:
            middle = top + row.height - ROW / 2
            frame.text(
                MARGIN + row.indent,
                HEAD + middle,
                row.text,
                size=row.size,
                weight=row.weight,
                va="center",
            )
            if row.share is not None:
                _draw_bar(axes, middle, row.share, row.colour)
                low, high = row.share["low"], row.share["high"]
                for at, text, side, weight in (
                    (SHARE_AT, percent(row.share["share"]), "right", row.weight),
                    (INTERVAL_AT, interval(low, high), "left", "normal"),
                ):
                    frame.text(numbers + at, HEAD + middle, text, size=8, ha=side, va="center", weight=weight)
            top += row.height
    return frame.figure


@dataclass(frozen=True)
class _Row:
    """A line of the figure: a giver, an issue or a level; `share` is its row of the table."""

    text: str
    height: float
    indent: float = 0.0
    size: float = 8.5
    weight: str = "normal"
    share: pd.Series | None = None
    colour: str = "white"


def _check(bound: pd.DataFrame, issues: Mapping[str, Issue], sides: Mapping[str, str]) -> None:
    columns = ("issue", "level", "count", "n", "share", "low", "high")
    check_table(bound, "bound", columns)
    for issue, top in bound.groupby("issue", sort=False)["level"].max().items():
        check_given([issue], issues, "issues")
        if len(issues[str(issue)].levels) <= top:
            raise ValueError(
                f"issue {issue} has level {top}, but {len(issues[str(issue)].levels)} names of levels"
            )
        if issues[str(issue)].giver not in GIVERS:
            raise ValueError(f"a giver is one of {', '.join(GIVERS)}, not {issues[str(issue)].giver!r}")
    check_given(("challenger", "defender"), sides, "sides")


def _most_often(bound: pd.DataFrame) -> set[str]:
    """The issues that are shown: those bound most often, if there are many."""
    whole = bound[bound["level"] == ANY].sort_values("count", ascending=False, kind="stable")
    return set(whole["issue"].head(MOST))


def _rows(bound: pd.DataFrame, issues: Mapping[str, Issue], sides: Mapping[str, str]) -> list[_Row]:
    """Lines of the figure from top to bottom."""
    rows = []
    for giver in GIVERS:
        of_giver = [each for each in dict.fromkeys(bound["issue"]) if issues[each].giver == giver]
        heading = "Both sides give" if giver == "both" else f"Given by {sides[giver]}"
        if of_giver:
            rows.append(_Row(shortened(heading, HEADING_CHARACTERS), GIVER, size=9, weight="bold"))
        for issue in of_giver:
            words, table = issues[issue], bound[bound["issue"] == issue]
            top = int(table["level"].max())
            for _, share in table.iterrows():
                level = int(share["level"])
                if level == ANY:
                    title = shortened(words.title, ISSUE_CHARACTERS)
                    rows.append(_Row(title, ROW + GAP, INDENT, weight="bold", share=share))
                elif share["count"]:
                    name = shortened(words.levels[level], LEVEL_CHARACTERS)
                    colour = tint(HEADLINE_COLOURS["concession"], 0.8 * (1 - level / top))
                    rows.append(_Row(name, ROW, 2 * INDENT, 8, share=share, colour=colour))
    return rows


def _draw_bar(axes: Axes, middle: float, share: pd.Series, colour: str) -> None:
    """A bar and its whisker."""
    axes.barh(
        middle,
        100 * share["share"],
        ROW * BAR,
        color=colour,
        edgecolor=INK,
        linewidth=0.6 * bool(share["count"]),
    )
    draw_whisker(axes, 100 * share["low"], 100 * share["high"], middle, ROW * 0.2, linewidth=1.0)
