"""Rows of two shares each, in all worlds and in those that match, with intervals: drawn and in print."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from negotiation_sim.figures.frame import MARGIN, Frame
from negotiation_sim.figures.percentages import changed, interval, percent
from negotiation_sim.figures.style import DARK_GREY, INK, WIDTH
from negotiation_sim.figures.ticks import round_ticks

COLUMNS = (
    ("share", "low", "high"),
    ("given", "given_low", "given_high"),
    ("difference", "difference_low", "difference_high"),
)
"""Columns of a table that a row is made from."""

# Lengths in inches.
LABELS = 1.93  # from the left edge to the numbers
NUMBER = 0.78  # a column of numbers
SHARES, CHANGES = 1.2, 1.14  # widths of the axes
HEAD = 0.4  # the key, and the heads of columns and axes
LEAST, LINE, SMALL_LINE, BETWEEN = 0.31, 0.15, 0.13, 0.07  # height of a row: at least; a line; between rows
HEADING = 0.27
BELOW = 0.48  # tick labels and the names of the axes
APART = 0.065  # of either share from the middle of its row

LABEL_CHARACTERS = 27
SMALL = 7.5  # points


class Estimate(NamedTuple):
    """A share or difference and its interval, as fractions; NaN where there is none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """A row, or, with neither share, a heading.

    Attributes:
        label: what the shares are of.
        every, matching: share in all worlds, and in those that match.
        change: from the first to the second; None where the second is so by construction.
        beneath: in small print below the label.
        colour: of a bar beside the label, or None.
    """

    label: str
    every: Estimate | None = None
    matching: Estimate | None = None
    change: Estimate | None = None
    beneath: str = ""
    colour: str | None = None


def row_of(
    line: pd.Series, label: str, *, beneath: str = "", colour: str | None = None, made: bool = False
) -> Row:
    """A row of the columns `COLUMNS`; `made` if its second share is so by construction."""
    every, matching, change = (Estimate(*(float(line[each]) for each in names)) for names in COLUMNS)
    return Row(label, every, matching, None if made else change, beneath, colour)


def tall(rows: Sequence[Row]) -> float:
    """Height of the rows with all that belongs to them, in inches."""
    return HEAD + sum(map(_height, rows)) + BELOW


def draw(frame: Frame, rows: Sequence[Row], *, whole: bool = False) -> tuple[Axes, Axes]:
    """Draw the rows into a frame with a body of their height.

    The axis of shares runs to 100% if `whole`, otherwise past every bound. Returns the axes of shares and of
    differences.
    """
    height = sum(map(_height, rows))
    left = LABELS + 2 * NUMBER + 0.1
    shares = frame.axes(left, HEAD, SHARES, height)
    changes = frame.axes(WIDTH - MARGIN - CHANGES, HEAD, CHANGES, height)
    _scale(shares, changes, rows, height, whole)
    _heads(frame, left)
    down = 0.0
    for row in rows:
        tallness = _height(row)
        _label(frame, row, HEAD + down, tallness)
        if row.every is not None and row.matching is not None:
            middle = down + tallness / 2
            _draw_shares(shares, row, middle)
            _draw_change(changes, row, middle)
            _write_numbers(frame, row, HEAD + middle)
        down += tallness
    return shares, changes


def _height(row: Row) -> float:
    lines, small = len(_wrapped(row.label)), len(_wrapped(row.beneath, LABEL_CHARACTERS + 6))
    if row.every is None:
        return HEADING
    return max(LEAST, lines * LINE + small * SMALL_LINE) + BETWEEN


def _wrapped(text: str, characters: int = LABEL_CHARACTERS) -> list[str]:
    return textwrap.wrap(text, characters, max_lines=4, placeholder=" …")


def _style(second: bool, made: bool = False) -> dict[str, Any]:
    filled = second and not made
    return {
        "color": INK,
        "marker": "o" if second else "D",
        "markersize": 5 if second else 4.5,
        "markerfacecolor": INK if filled else "white",
        "markeredgewidth": 1.0,
        "linewidth": 1.3 if second else 0.8,
    }


def _scale(shares: Axes, changes: Axes, rows: Sequence[Row], height: float, whole: bool) -> None:
    drawn = [each for row in rows for each in (row.every, row.matching) if each is not None]
    highest = 100 * max(np.nanmax([each.value, each.high, 0.01]) for each in drawn)
    bounds = [abs(bound) for row in rows if row.change is not None for bound in row.change[1:]]
    farthest = 100 * max([*bounds, 0.01])  # a difference of less than a point must not look large
    shares.set_xlim(0, 100 if whole else min(1.04 * highest, 100))
    changes.set_xlim(-1.12 * farthest, 1.12 * farthest)
    changes.axvline(0, color=INK, linewidth=0.6)
    for axes, name in ((shares, "Share of worlds (%)"), (changes, "Difference (points)")):
        axes.set_ylim(height, 0)
        axes.set_yticks([])
        round_ticks(axes.xaxis, 4)
        axes.grid(axis="x")
        axes.tick_params(axis="x", length=3, width=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel(name, labelpad=3)
    changes.spines["left"].set_visible(False)


def _heads(frame: Frame, left: float) -> None:
    handles = [
        Line2D([], [], label=name, **_style(second))
        for name, second in (("all worlds", False), ("matching worlds", True))
    ]
    frame.figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=frame.place(left - 0.06, HEAD - 0.05),
        borderaxespad=0,
        borderpad=0,
        labelspacing=0.3,
        frameon=False,
        handlelength=1.8,
        handletextpad=0.6,
        fontsize=8.5,
    )
    for at, head in (
        (LABELS + NUMBER / 2, "all\nworlds, %"),
        (LABELS + 3 * NUMBER / 2, "matching\nworlds, %"),
        (WIDTH - MARGIN - CHANGES / 2, "matching\nless all worlds"),
    ):
        frame.text(at, HEAD - 0.05, head, va="bottom", ha="center", size=8.5)


def _label(frame: Frame, row: Row, down: float, tallness: float) -> None:
    """The row's name, or the heading."""
    left = MARGIN
    if row.every is None:
        frame.text(left, down + tallness - 0.05, row.label, va="bottom", size=8.5, weight="bold")
        return
    if row.colour is not None:
        (x0, y0), (x1, y1) = (
            frame.place(left + across, down + at)
            for across, at in ((0, tallness - BETWEEN / 2), (0.045, BETWEEN / 2))
        )
        frame.figure.add_artist(Rectangle((x0, y0), x1 - x0, y1 - y0, facecolor=row.colour))
        left += 0.1
    lines, small = _wrapped(row.label), _wrapped(row.beneath, LABEL_CHARACTERS + 6)
    top = down + (tallness - len(lines) * LINE - len(small) * SMALL_LINE) / 2
    for at, text in enumerate(lines):
        frame.text(left, top + at * LINE, text, size=8.5)
    for at, text in enumerate(small):
        frame.text(left, top + len(lines) * LINE + at * SMALL_LINE + 0.01, text, size=SMALL, color=DARK_GREY)


def _draw_shares(axes: Axes, row: Row, middle: float) -> None:
    assert row.every is not None and row.matching is not None
    for second, each in ((False, row.every), (True, row.matching)):
        at = middle + (APART if second else -APART)
        style = _style(second, row.change is None)
        _interval(axes, each, at, style)


def _draw_change(axes: Axes, row: Row, middle: float) -> None:
    if row.change is not None:
        _interval(axes, row.change, middle + APART + 0.02, _style(True))


def _interval(axes: Axes, each: Estimate, at: float, style: dict[str, Any]) -> None:
    """A marker on a line from bound to bound."""
    bounds = [100 * each.low, 100 * each.high]
    axes.plot(bounds, [at, at], color=INK, linewidth=style["linewidth"], solid_capstyle="butt", clip_on=False)
    axes.plot([100 * each.value], [at], **{**style, "linestyle": "none"}, clip_on=False, zorder=4)


def _write_numbers(frame: Frame, row: Row, middle: float) -> None:
    assert row.every is not None and row.matching is not None
    for column, each in enumerate((row.every, row.matching)):
        made = column == 1 and row.change is None
        across = LABELS + (column + 0.5) * NUMBER
        said = interval(each.low, each.high)
        if made:
            said = "no world" if np.isnan(each.value) else "by construction"
        share = "\N{EM DASH}" if np.isnan(each.value) else percent(each.value)
        frame.text(across, middle, share, va="bottom", ha="center", weight="bold", size=8.5)
        frame.text(across, middle + 0.015, said, ha="center", size=SMALL)
    if row.change is not None:
        said = "not known" if np.isnan(row.change.value) else changed(*row.change)
        frame.text(
            WIDTH - MARGIN - CHANGES / 2,
            middle + 0.02,
            said,
            va="bottom",
            ha="center",
            size=SMALL,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )
