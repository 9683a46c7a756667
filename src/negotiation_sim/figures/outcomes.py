"""The headline figure: how often the talks reach each outcome, in the documented week and at the horizon."""

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from negotiation_sim.analysis.checks import check_columns
from negotiation_sim.analysis.shares import goodman_intervals
from negotiation_sim.figures.checks import check_coloured, check_given
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.frame import FINITE, MARGIN
from negotiation_sim.figures.numbers import worlds
from negotiation_sim.figures.percentages import interval, percent
from negotiation_sim.figures.style import GREY, WIDTH, new_figure, styled, tint
from negotiation_sim.figures.ticks import percent_ticks
from negotiation_sim.figures.whisker import draw_whisker

WHAT_IS_DRAWN = (
    f"Bars: share of worlds. Whiskers: Goodman joint 95% intervals, one set for each moment. {FINITE}"
)

# Lengths in inches.
LABELS = 1.66  # from the left edge to the axis: headlines and outcome names
NUMBERS = 1.6  # from the end of the axis to the right edge
SHARE_AT, INTERVAL_AT = 0.5, 0.6  # from the end of the axis: where shares end, where intervals begin
TITLE = 0.27
LINE = 0.175  # a line of text
NOTE_LINE = 0.135
COLUMN_HEADS = 0.42
AXIS = 0.5  # tick labels, axis label, and a gap before the note
ROW = 0.16  # a bar and the space it needs

# Lengths in rows.
HEADER = 1.15  # a headline above its outcomes
GAP = 0.45  # after an outcome
BAR = 0.86
CAP = 0.24  # half the height of a whisker's ends

# Where text is broken, in characters, and the size of the note in points.
LABEL_CHARACTERS = 20
TEXT_CHARACTERS = 86
NOTE_CHARACTERS = 98
NOTE_SIZE = 8


def outcome_figure(
    week: pd.DataFrame,
    horizon: pd.DataFrame,
    *,
    scenario: str,
    labels: Mapping[str, str],
    week_label: str,
    horizon_label: str,
    note: str,
) -> Figure:
    """Bars of the share of worlds in each outcome, with joint intervals: `week` above `horizon`.

    `week` and `horizon` are tables of `analysis.shares.outcome_shares` at 95%, with headlines, over the same
    outcomes; the first column names the outcome. `labels` maps outcome -> what to print. Outcomes are grouped
    by headline, in the order of `week`. Shares are fractions in the tables and per cent in the figure. The
    figure is 16 cm wide; its height follows the number of outcomes.

    Raises ValueError if the tables disagree on the outcomes, an outcome has no label, a headline has no
    colour, or the intervals aren't Goodman's at 95%, which the figure says they are.
    """
    tables = [_checked(week, "week"), _checked(horizon, "horizon")]
    if list(tables[0]["headline"].items()) != list(tables[1]["headline"].items()):
        raise ValueError(
            "week and horizon must have the same outcomes and headlines in the same order, but week has "
            f"{', '.join(tables[0].index)} and horizon has {', '.join(tables[1].index)}"
        )
    check_given(tables[0].index, labels)

    headlines = tables[0].groupby("headline", sort=False).groups
    rows = sum(HEADER + len(members) * (2 + GAP) for members in headlines.values())
    subtitle = textwrap.wrap(f"Scenario: {scenario}", TEXT_CHARACTERS)
    keys = [
        textwrap.wrap(f"{label} ({worlds(int(table['n'].iloc[0]))})", TEXT_CHARACTERS - 8)
        for table, label in zip(tables, (week_label, horizon_label), strict=True)
    ]
    footer = [line for text in (WHAT_IS_DRAWN, note) for line in textwrap.wrap(text, NOTE_CHARACTERS)]
    top = MARGIN + TITLE + (len(subtitle) + sum(map(len, keys))) * LINE + COLUMN_HEADS
    bottom = MARGIN + len(footer) * NOTE_LINE + AXIS
    height = top + rows * ROW + bottom

    with styled():
        figure = new_figure(height)
        axes = figure.add_axes(
            (LABELS / WIDTH, bottom / height, 1 - (LABELS + NUMBERS) / WIDTH, rows * ROW / height)
        )
        _draw_axis(axes, rows, max(table["high"].max() for table in tables))
        position = 0.0
        for headline, members in headlines.items():
            _draw_headline(axes, str(headline), position, len(members))
            position += HEADER
            for outcome in members:
                _draw_outcome(axes, labels[str(outcome)], position, [table.loc[outcome] for table in tables])
                position += 2 + GAP

        left, down = MARGIN / WIDTH, MARGIN
        title = "How often do the talks reach each outcome?"
        figure.text(left, 1 - down / height, title, size=12, weight="bold", va="top")
        down += TITLE
        figure.text(left, 1 - down / height, "\n".join(subtitle), va="top")
        down += len(subtitle) * LINE
        figure.legend(
            [Patch(**_bar_style(GREY, moment)) for moment in range(2)],
            ["\n".join(key) for key in keys],
            loc="upper left",
            bbox_to_anchor=(left, 1 - down / height),
            borderaxespad=0,
            borderpad=0.2,
            labelspacing=0.25,
            frameon=False,
            handlelength=2.2,
        )
        figure.text(left, MARGIN / height, "\n".join(footer), size=NOTE_SIZE, va="bottom")
    return figure


def _checked(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table indexed by outcome, or ValueError if it isn't one that the figure can draw truthfully."""
    check_columns(table, name, ["headline", "count", "n", "share", "low", "high"])
    check_coloured(table["headline"])
    if not np.allclose(goodman_intervals(table["count"].to_numpy()), (table["low"], table["high"])):
        raise ValueError(
            f"{name} must have Goodman joint 95% intervals in low and high: use outcome_shares as it is"
        )
    return table.set_index(table.columns[0])


def _draw_axis(axes: Axes, rows: float, highest: float) -> None:
    """Set the scale (per cent, from zero to a round number past every bound) and head the printed columns."""
    axes.set_xlim(0, percent_ticks(axes.xaxis, highest, 6))
    axes.set_ylim(rows, 0)
    axes.set_xlabel("Share of worlds (%)")
    axes.grid(axis="x")
    axes.tick_params(axis="x", length=3, width=0.6)
    axes.set_yticks([])
    axes.spines[["top", "right"]].set_visible(False)
    for x, text, side in ((SHARE_AT, "share,\n%", "right"), (INTERVAL_AT, "joint 95%\ninterval, %", "left")):
        axes.annotate(
            text, (1, 1), (72 * x, 2), xycoords="axes fraction", textcoords="offset points", ha=side
        )


def _draw_headline(axes: Axes, headline: str, top: float, outcomes: int) -> None:
    """The headline's name above its outcomes, and a band in its colour down the axis."""
    axes.annotate(
        headline.capitalize(),
        (0, top + HEADER / 2 + 0.1),
        (-72 * (LABELS - MARGIN), 0),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        va="center",
        weight="bold",
    )
    axes.add_patch(
        Rectangle(
            (-0.016, top + HEADER),
            0.01,
            outcomes * (2 + GAP) - GAP,
            transform=axes.get_yaxis_transform(),
            facecolor=HEADLINE_COLOURS[headline],
            clip_on=False,
        )
    )


def _draw_outcome(axes: Axes, label: str, top: float, rows: list[pd.Series]) -> None:
    """One outcome: its name, and for each moment a bar, a whisker and the numbers in print."""
    axes.annotate(
        "\n".join(textwrap.wrap(label, LABEL_CHARACTERS)),
        (0, top + 1),
        (-8, 0),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        ha="right",
        va="center",
    )
    for moment, row in enumerate(rows):
        middle = top + moment + 0.5
        style = _bar_style(HEADLINE_COLOURS[row["headline"]], moment)
        axes.barh(middle, 100 * row["share"], BAR, **style)
        draw_whisker(axes, 100 * row["low"], 100 * row["high"], middle, CAP, linewidth=1.1)
        for x, text, side, weight in (
            (SHARE_AT, percent(row["share"]), "right", "bold"),
            (INTERVAL_AT, interval(row["low"], row["high"]), "left", "normal"),
        ):
            axes.annotate(
                text,
                (1, middle),
                (72 * x, 0),
                xycoords=axes.get_yaxis_transform(),
                textcoords="offset points",
                ha=side,
                va="center_baseline",
                weight=weight,
            )


def _bar_style(colour: str, moment: int) -> dict[str, Any]:
    """Patch properties: the week (0) is a hatched tint, the horizon (1) is the full colour."""
    if moment == 0:
        return {"facecolor": tint(colour), "edgecolor": colour, "hatch": "/////", "linewidth": 0.7}
    return {"facecolor": colour, "edgecolor": colour, "linewidth": 0.7}
