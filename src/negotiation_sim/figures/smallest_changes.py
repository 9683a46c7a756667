"""What would have had to differ: the smallest change of each parameter that moves the most likely headline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from negotiation_sim.analysis.checks import check_columns, check_table
from negotiation_sim.figures.checks import check_coloured
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.factor_rows import FactorRows, basis_key, key, key_height
from negotiation_sim.figures.frame import FINITE, NO_FORECAST, Frame
from negotiation_sim.figures.names import Named, named
from negotiation_sim.figures.numbers import setting, worlds
from negotiation_sim.figures.percentages import changed
from negotiation_sim.figures.style import INK, styled

MOST = 12
"""Parameters that are shown; the rest are counted."""
NUMBERS = 1.72  # inches to the right of the axes
BASE: Any = {"linestyle": "", "marker": "|", "markersize": 11, "markeredgewidth": 2, "color": INK}
RANGE, BRACKET = "#E4E4E4", 0.17  # colour of a range; half the height of a bracket, in rows


def smallest_changes_figure(
    table: pd.DataFrame,
    parameters: pd.DataFrame,
    *,
    names: Mapping[str, Named],
    source: str,
    question: str | None = None,
) -> Figure:
    """Each parameter's range, its value in the base case, and what moves the most likely headline.

    Args:
        table: of `analysis.comparison.smallest_changes` on headlines, at 95%.
        parameters: as that function took it: `factor`, `value`, `low`, `high`.
        names: factor -> its name in plain words and what it rests on.
        source: one line on what was run.
        question: the title; one is made if left out.

    Of more than 12 parameters the first 12 are shown: those that move it by the smallest change, then those
    that come nearest. The row of a parameter of words has no bar, for words have no range.

    Raises ValueError if a table lacks a column or row, or a headline has no colour.
    """
    known = _check(table, parameters)
    shown = table.head(MOST)
    factors = [named(str(each), names) for each in shown["factor"]]
    headline = str(table["headline_base"].iloc[0])
    moving = [each for each in HEADLINE_COLOURS if each in set(shown.loc[shown["moved"], "headline"])]
    handles: list[Any] = [
        Line2D([], [], label="value in the base case", **BASE),
        Patch(facecolor=RANGE, label="range of the parameter (each its own scale)"),
        *basis_key(factors),
        Line2D([], [], color=INK, linewidth=1.2, label="bracket: what is needed lies within"),
        *(Line2D([], [], label=f"first level at which {each} leads", **_mark(each, True)) for each in moving),
    ]
    with styled():
        rows = FactorRows(factors, NUMBERS, f"lead over {headline},\npoints (95% interval)", lines=2)
        top = key_height(handles)
        frame = Frame(
            question or f"What alone would have had to differ for {headline} not to be most likely?",
            f"In the base case most worlds end in {headline}. For each parameter alone: how far it would have to move "
            "within its range until another headline is more frequent.",
            [
                *_counted(table),
                "Intervals: 95% (Tango's) for the share of the other headline less that of the base case's, each by "
                f"itself; a move is sure only where the interval lies above 0. {FINITE} "
                f"{worlds(*table['n'])} at each level.",
                source,
                NO_FORECAST,
            ],
            top + rows.height - 0.35,
        )
        key(frame, handles)
        axes = rows.draw(frame, top)
        axes.set_xlim(-0.03, 1.03)
        axes.set_xticks([])
        axes.grid(visible=False)
        axes.spines["bottom"].set_visible(False)
        for at, (factor, row) in enumerate(zip(factors, shown.to_dict("records"), strict=True)):
            words = bool(np.isnan(row["size"]))
            if not words:
                _draw(axes, at, row, known.loc[row["factor"]], factor.documented)
            rows.write(axes, at, _said(row, words))
    return frame.figure


def _draw(axes: Axes, at: int, row: Mapping[Any, Any], range_: pd.Series, documented: bool) -> None:
    low, high = float(range_["low"]), float(range_["high"])

    def place(x: float) -> float:
        return (float(x) - low) / (high - low)

    axes.barh(at, 1, 0.3, left=0, color=RANGE, zorder=1)
    axes.plot(place(range_["value"]), at, zorder=4, **BASE)
    for x, text, side in ((0, setting(low), "left"), (1, setting(high), "right")):
        axes.annotate(
            text, (x, at + 0.16), (0, -1), textcoords="offset points", ha=side, va="top", size=7.5, color=INK
        )
    if row["moved"]:
        ends = sorted((place(row["unmoved"]), place(row["to_value"])))
        axes.plot(
            [ends[0], ends[0], ends[1], ends[1]],
            [at - BRACKET, at - 2 * BRACKET, at - 2 * BRACKET, at - BRACKET],
            color=INK,
            linewidth=1.2,
            zorder=3,
        )
        axes.plot(place(row["to_value"]), at, zorder=5, **_mark(str(row["headline"]), documented))


def _mark(headline: str, documented: bool) -> dict[str, Any]:
    colour = HEADLINE_COLOURS[headline]
    return {
        "linestyle": "",
        "marker": {"escalation": "o", "concession": "s", "stalemate": "^"}[headline],
        "markersize": 6.5,
        "color": colour,
        "markerfacecolor": colour if documented else "white",
        "markeredgecolor": colour if not documented else INK,
        "markeredgewidth": 1.6 if not documented else 0.7,
    }


def _said(row: Mapping[Any, Any], words: bool) -> str:
    """Where the headline moves, or the level that comes nearest, and the lead of the other headline there."""
    at = setting(row["to_value"], characters=12)
    if not row["moved"]:
        where = f"none; nearest at {at}"
    elif words:
        where = f"{at}: {row['headline']} leads"
    else:
        where = f"between {setting(row['unmoved'])} and {at}"
    return f"{where}\n{changed(row['margin'], row['low'], row['high'])}"


def _counted(table: pd.DataFrame) -> list[str]:
    moved = int(table["moved"].sum())
    said = f"Parameters that move it, each alone within its range: {moved or 'none'} of {len(table)}."
    if len(table) > MOST:
        said += f" {MOST} are shown: those that move it by the smallest change, then those that come nearest."
    return [said]


def _check(table: pd.DataFrame, parameters: pd.DataFrame) -> pd.DataFrame:
    """The parameters by factor."""
    columns = ["factor", "moved", "to_value", "size", "unmoved", "headline_base", "headline"]
    check_table(table, "the table", [*columns, "margin", "low", "high", "n"])
    check_columns(parameters, "parameters", ["factor", "value", "low", "high"])
    known = parameters.set_index("factor")
    unknown = [str(each) for each in table.loc[table["size"].notna(), "factor"] if each not in known.index]
    if unknown:
        raise ValueError(f"parameters has no row for {', '.join(unknown)}")
    check_coloured(table.loc[table["moved"], "headline"])
    return known
