"""Partial dependence: how the share of an outcome goes along each parameter, a small panel a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from negotiation_sim.analysis.checks import check_table
from negotiation_sim.figures.checks import check_given
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.factor_rows import basis
from negotiation_sim.figures.frame import FINITE, MARGIN, NO_FORECAST, Frame
from negotiation_sim.figures.names import Named, named
from negotiation_sim.figures.numbers import setting, spread
from negotiation_sim.figures.style import GREY, SHAPES, WIDTH, line_style, styled
from negotiation_sim.figures.ticks import round_ticks
from negotiation_sim.figures.words import broken

MOST = 6
"""Parameters that are shown: those along which the shares vary most."""

# Lengths in inches.
LEFT = 0.62  # from the left edge to the first axes
BETWEEN = 0.3
AXIS = 1.35
BELOW = 0.3  # numbers along the axis
TITLE_LINE = 0.14
KEY = 0.27

TITLE_CHARACTERS, LABEL_CHARACTERS = 22, 9
DODGE = 0.14  # between the marks of two outcomes at one label


def dependence_figure(
    table: pd.DataFrame,
    *,
    names: Mapping[str, Named],
    labels: Mapping[str, str],
    source: str,
    question: str | None = None,
) -> Figure:
    """Small multiples of the share of one outcome, or of each of several, along each parameter.

    Args:
        table: of `analysis.drivers.partial_dependence` at 95%, for at most four outcomes. Of more than six
            factors those are shown along which a share varies most.
        names: factor -> its name in plain words, with its unit, and what it rests on.
        labels: outcome -> what to print; a headline has its colour.
        source: one line on what was run.
        question: the title; one is made if left out.

    Raises ValueError if the table lacks a column, has no rows or more than four outcomes, or an outcome has no
    label.
    """
    outcomes = _check(table, labels)
    swing = (
        table.groupby(["factor", "outcome"], sort=False)["share"]
        .agg(np.ptp)
        .groupby(level=0, sort=False)
        .max()
    )
    swing = swing.sort_values(ascending=False, kind="stable")
    shown = [str(each) for each in swing.index[:MOST]]
    factors = [named(each, names) for each in shown]
    columns = min(len(shown), 3)
    rows = -(-len(shown) // columns)
    titles = [broken(each.words, TITLE_CHARACTERS, 2) for each in factors]
    title = TITLE_LINE * (max(len(each) for each in titles) + 1) + 0.07
    notes = [_intervals(table, shown), source, NO_FORECAST]
    if len(swing) > MOST:
        notes.insert(
            0,
            f"{MOST} of {len(swing)} parameters are shown, along which a share varies most; along no other does any "
            f"vary by more than {100 * swing.iloc[MOST]:.1f} points.",
        )
    handles = [Line2D([], [], label=labels[each], **_style(each, at)) for at, each in enumerate(outcomes)]
    one = labels[outcomes[0]] if len(outcomes) == 1 else "each outcome"
    top = 100 * float(table.loc[table["factor"].isin(shown), "high"].max())
    with styled():
        frame = Frame(
            question
            or (
                "How does each outcome's share change along a parameter?"
                if len(outcomes) > 1
                else f"How does the share of {one} change along a parameter?"
            ),
            f"Share of worlds (%) that end in {one} at each value of a parameter, over all values of the others in the "
            "design. Italic: rests on assumption.",
            notes,
            KEY + rows * (title + AXIS + BELOW + 0.1),
        )
        frame.figure.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=frame.place(MARGIN, 0),
            ncols=len(handles),
            frameon=False,
            borderaxespad=0,
            borderpad=0,
            handlelength=3,
            columnspacing=1.6,
            fontsize=8,
        )
        width = (WIDTH - LEFT - MARGIN - (columns - 1) * BETWEEN) / columns
        for at, (factor, name) in enumerate(zip(shown, factors, strict=True)):
            row, column = divmod(at, columns)
            left, up = LEFT + column * (width + BETWEEN), KEY + row * (title + AXIS + BELOW + 0.1)
            style = "normal" if name.documented else "italic"
            foot = up + title - 0.06
            words = "\n".join(titles[at])
            frame.text(
                left,
                foot - TITLE_LINE,
                words,
                size=8.5,
                weight="bold",
                linespacing=1.0,
                style=style,
                va="bottom",
            )
            frame.text(left, foot, f"rests on {basis(name, 21, 1)[0]}", size=7.5, style=style, va="bottom")
            axes = frame.axes(left, up + title, width, AXIS)
            _draw(axes, table[table["factor"] == factor], outcomes)
            axes.set_ylim(0, min(1.05 * top, 100) if top > 0 else 1)
            round_ticks(axes.yaxis, 4)
            axes.tick_params(length=3, width=0.6, labelleft=column == 0)
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(axis="y")
            if column == 0:
                axes.set_ylabel("Share (%)", labelpad=3)
    return frame.figure


def _draw(axes: Axes, table: pd.DataFrame, outcomes: list[str]) -> None:
    words = not pd.api.types.is_numeric_dtype(table["value"].infer_objects())
    for at, outcome in enumerate(outcomes):
        rows = table[table["outcome"] == outcome]
        share, low, high = (100 * rows[each].to_numpy() for each in ("share", "low", "high"))
        x = (
            np.arange(len(rows)) + DODGE * (at - (len(outcomes) - 1) / 2)
            if words
            else rows["value"].to_numpy(float)
        )
        style = _style(outcome, at)
        if words:
            style["linestyle"] = ""
        around = (np.maximum(share - low, 0), np.maximum(high - share, 0))
        axes.errorbar(x, share, around, elinewidth=0.9, capsize=1.8, clip_on=False, zorder=3, **style)
    if words:
        labels = table.loc[table["outcome"] == outcomes[0], "value"]
        every = max(1, -(-len(labels) // 4))
        ticks = range(0, len(labels), every)
        axes.set_xticks(ticks, ["\n".join(broken(str(labels.iloc[at]), LABEL_CHARACTERS, 1)) for at in ticks])
        axes.set_xlim(-0.5, len(labels) - 0.5)
    else:
        axes.margins(x=0.06)
        round_ticks(axes.xaxis, 4)
        axes.xaxis.set_major_formatter(lambda x, _: setting(x))


def _style(outcome: str, at: int) -> dict[str, Any]:
    """A headline's colour, but a darker grey, since stalemate's is too faint for a line; marker and dashes."""
    colour = GREY if outcome == "stalemate" else HEADLINE_COLOURS.get(outcome, GREY)
    return line_style(at, colour, 1.2, 3.8, 1.0)


def _intervals(table: pd.DataFrame, shown: list[str]) -> str:
    n = table.loc[table["factor"].isin(shown), "n"]
    return (
        "Whiskers: 95% intervals (Wilson's; runs of the same world count as one cluster), each by itself; where none "
        f"shows, it is smaller than the mark. {FINITE} n = {spread(n)} runs at each point."
    )


def _check(table: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """The outcomes."""
    columns = ("factor", "outcome", "value", "share", "low", "high", "n")
    check_table(table, "the table", columns)
    outcomes = [str(each) for each in table["outcome"].unique()]
    if len(outcomes) > len(SHAPES):
        raise ValueError(f"at most {len(SHAPES)} outcomes can be told apart, but there are {len(outcomes)}")
    check_given(outcomes, labels)
    return outcomes
