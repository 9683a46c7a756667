"""The figures of experiments: shares of worlds along what is varied, every point with its interval."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from negotiation_sim.analysis.shares import Share, share
from negotiation_sim.figures.frame import FINITE, LINE, MARGIN, NO_FORECAST, Frame
from negotiation_sim.figures.percentages import signed
from negotiation_sim.figures.style import INK, WIDTH, line_style, styled

WHAT_IS_DRAWN = (
    "Whiskers: 95% intervals, each by itself; where none shows, it is smaller than the marker. "
    f"{FINITE} {NO_FORECAST}"
)
Z = 1.959964  # of a 95% interval

# Lengths in inches.
LEFT = 0.62  # from the left edge to the first axis
BETWEEN = 0.6  # between two axes
AXIS = 2.05  # height of an axis
BELOW = 0.56  # tick labels and the name of the axis
NARROW = 1.8  # an axis below this width has room for three numbers only
ROW = 0.34  # height of a row
LABELS, NUMBERS = (
    1.3,
    1.45,
)  # beside a panel of rows: names to the left of the first, numbers to the right of each


class Change(NamedTuple):
    """A paired difference and half the width of its 95% interval."""

    change: float
    margin: float


@dataclass(frozen=True)
class Line:
    """One line of a panel.

    Attributes:
        label: what it stands for.
        table: columns x, share, low, high (fractions), from left to right.
        colour: of the headline that it counts, or ink or grey.
    """

    label: str
    table: pd.DataFrame
    colour: str = INK


@dataclass(frozen=True)
class Panel:
    """One set of axes.

    Attributes:
        title: what is counted, and where.
        x: name of what is varied, with its unit.
        lines: at most as many as there are `SHAPES`.
        y: name of the vertical axis.
        span: range of x to be marked, and what it is called.
        top: upper end of the vertical axis in per cent; None fits it to the data.
    """

    title: str
    x: str
    lines: Sequence[Line]
    y: str = "Share of worlds (%)"
    span: tuple[float, float, str] | None = None
    top: float | None = None


def shares_by(runs: pd.DataFrame, held: str, by: str) -> pd.DataFrame:
    """Share of runs in which the boolean column `held` is true at each value of `by`, with Wilson intervals.

    Within a value of `by` the runs must be different worlds. Returns columns x, share, low, high.
    """
    rows = [(x, *share(int(group.sum()), len(group))) for x, group in runs.groupby(by, sort=True)[held]]
    return pd.DataFrame(rows, columns=["x", "share", "low", "high"])


def means_by(runs: pd.DataFrame, column: str, by: str) -> pd.DataFrame:
    """Mean of a column at each value of `by`, with normal 95% intervals; returned as by `shares_by`."""
    rows = []
    for x, group in runs.groupby(by, sort=True)[column]:
        mean, margin = group.mean(), Z * group.std() / np.sqrt(len(group))
        rows.append((x, mean, mean - margin, mean + margin))
    return pd.DataFrame(rows, columns=["x", "share", "low", "high"])


def paired(one: pd.DataFrame, other: pd.DataFrame, column: str) -> Change:
    """Mean change of a column from `one` to `other`, world by world: both must hold the same worlds, once each.

    Raises ValueError if they do not.
    """
    before, after = (table.set_index("world")[column].astype(float).sort_index() for table in (one, other))
    if not before.index.equals(after.index) or not before.index.is_unique:
        raise ValueError("a paired change needs the same worlds, once each, on both sides")
    difference = after - before
    return Change(float(difference.mean()), float(Z * difference.std() / np.sqrt(len(difference))))


def told(value: Share | Change) -> str:
    """A share with its interval, or a change in points with its margin, as findings state them."""
    if isinstance(value, Change):
        return f"{signed(value.change)} ± {100 * value.margin:.1f} points"
    return f"{100 * value.share:.1f}% ({100 * value.low:.1f} to {100 * value.high:.1f})"


def lines_figure(question: str, subtitle: str, panels: Sequence[Panel], note: str) -> Figure:
    """Panels side by side, each with lines of shares along a swept number.

    Panels whose lines have the same labels share one key. The figure is 16 cm wide.
    """
    labels = [[line.label for line in panel.lines] for panel in panels]
    shared = all(each == labels[0] for each in labels)
    width = (WIDTH - LEFT - MARGIN - BETWEEN * (len(panels) - 1)) / len(panels)
    broken = [textwrap.wrap(panel.title, int(width * 14)) for panel in panels]
    keys = (len(labels[0]) + 1) // 2 if shared else max(map(len, labels))
    top = keys * LINE + 0.1 if shared else 0.0
    under = top + max(map(len, broken)) * LINE + 0.08 + (0 if shared else keys * LINE + 0.04)
    with styled():
        frame = Frame(question, subtitle, [WHAT_IS_DRAWN, note], under + AXIS + BELOW)
        for at, panel in enumerate(panels):
            left = LEFT + at * (width + BETWEEN)
            _draw_lines(frame.axes(left, under, width, AXIS), panel)
            frame.text(left - 0.3, top, "\n".join(broken[at]), weight="bold", size=9)
            if not shared:
                _key(frame, panel, left - 0.3, top + len(broken[at]) * LINE + 0.02, 1)
        if shared and keys:
            _key(frame, _common_key(panels), MARGIN, 0.0, 2)
    return frame.figure


def rows_figure(
    question: str,
    subtitle: str,
    columns: Sequence[tuple[str, str, Sequence[Share]]],
    rows: Sequence[str],
    changes: Sequence[Sequence[Change | None]],
    note: str,
) -> Figure:
    """Panels side by side, each with a share a row, and how far it differs from the first row in print.

    Args:
        question, subtitle, note: texts.
        columns: title, colour and shares (a row each) of every panel.
        rows: names of the rows.
        changes: by panel and row, the paired change from the first row; None prints nothing.
    """
    width = (WIDTH - LABELS - MARGIN - NUMBERS * len(columns)) / len(columns)
    broken = [textwrap.wrap(title, int((width + NUMBERS) * 13)) for title, _, _ in columns]
    heads = max(map(len, broken)) * LINE + 0.08
    tall = ROW * len(rows)
    with styled():
        frame = Frame(question, subtitle, [WHAT_IS_DRAWN, note], heads + tall + BELOW)
        for at, (_, colour, shares) in enumerate(columns):
            left = LABELS + at * (width + NUMBERS)
            axes = frame.axes(left, heads, width, tall)
            _draw_rows(axes, shares, changes[at], colour)
            axes.set_yticks(range(len(rows)), rows if at == 0 else [""] * len(rows))
            frame.text(left, 0.0, "\n".join(broken[at]), weight="bold", size=9)
    return frame.figure


def _draw_lines(axes: Axes, panel: Panel) -> None:
    highest = 0.0
    if panel.span is not None:
        low, high, name = panel.span
        axes.axvspan(low, high, color="#F0F0F0", zorder=0, linewidth=0)
        axes.text(
            (low + high) / 2,
            0.985,
            name,
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="top",
            size=7.5,
        )
    for at, line in enumerate(panel.lines):
        table = line.table
        values = [100 * table[column].to_numpy(dtype=float) for column in ("share", "low", "high")]
        around = (values[0] - values[1], values[2] - values[0])
        axes.errorbar(
            table["x"],
            values[0],
            around,
            capsize=2.5,
            elinewidth=1.0,
            zorder=3,
            clip_on=False,
            **line_style(at, line.colour, 1.3, 5, 1.1),
        )
        highest = max(highest, float(values[2].max()))
    axes.set_ylim(0, panel.top if panel.top is not None else highest * 1.15)
    axes.margins(x=0.07)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.grid(axis="y")
    axes.tick_params(length=3, width=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(panel.x, labelpad=3)
    axes.set_ylabel(panel.y, labelpad=3)
    values_of_x = sorted({float(x) for line in panel.lines for x in line.table["x"]})
    if len(values_of_x) > 4 and axes.get_position().width * WIDTH < NARROW:
        values_of_x = [values_of_x[0], values_of_x[len(values_of_x) // 2], values_of_x[-1]]
    if len(values_of_x) <= 6:
        axes.set_xticks(values_of_x, [f"{x:g}" for x in values_of_x])


def _common_key(panels: Sequence[Panel]) -> Panel:
    """A panel to make the key from: in ink where a line's colour differs between panels."""
    colours = [
        {line.colour for line in lines} for lines in zip(*(panel.lines for panel in panels), strict=True)
    ]
    lines = [
        replace(line, colour=line.colour if len(seen) == 1 else INK)
        for line, seen in zip(panels[0].lines, colours, strict=True)
    ]
    return replace(panels[0], lines=lines)


def _key(frame: Frame, panel: Panel, left: float, top: float, columns: int) -> None:
    handles = [
        Line2D([], [], label=line.label, **line_style(at, line.colour, 1.3, 5, 1.1))
        for at, line in enumerate(panel.lines)
    ]
    frame.figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=frame.place(left, top),
        borderaxespad=0,
        borderpad=0,
        labelspacing=0.25,
        columnspacing=1.5,
        frameon=False,
        handlelength=3.0,
        fontsize=8.5,
        ncols=columns,
    )


def _draw_rows(axes: Axes, shares: Sequence[Share], changes: Sequence[Change | None], colour: str) -> None:
    highest = 100 * max(each.high for each in shares)
    for at, (each, change) in enumerate(zip(shares, changes, strict=True)):
        middle, low, high = (100 * value for value in each)
        axes.errorbar(
            middle,
            at,
            xerr=[[middle - low], [high - middle]],
            color=colour,
            marker="o",
            markersize=5,
            capsize=2.5,
        )
        said = f"{middle:.1f} ({low:.1f} – {high:.1f})"
        if change is not None:
            said += f"\n{signed(change.change)} ± {100 * change.margin:.1f} pts"
        axes.annotate(
            said,
            (1, at),
            (5, 0),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            va="center",
            size=8,
        )
    axes.set_xlim(0, highest * 1.1)
    axes.set_ylim(len(shares) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.grid(axis="x")
    axes.tick_params(length=3, width=0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("Share of worlds (%)", labelpad=3)
