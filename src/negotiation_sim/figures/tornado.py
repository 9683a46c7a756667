"""The tornado: how the share of one outcome moves as each parameter alone goes over its range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from negotiation_sim.analysis.checks import check_table
from negotiation_sim.analysis.shares import Share
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.factor_rows import DOCUMENTED, FactorRows, key, key_height, unfounded
from negotiation_sim.figures.frame import FINITE, NO_FORECAST, Frame
from negotiation_sim.figures.names import Named, named
from negotiation_sim.figures.numbers import setting, worlds
from negotiation_sim.figures.percentages import changed, told
from negotiation_sim.figures.style import GREY, INK, bar_style, styled
from negotiation_sim.figures.ticks import round_ticks

MOST = 15
"""Parameters that are shown; the rest are counted."""
NUMBERS = 1.42  # inches to the right of the axes
BAR = 0.42  # height of a bar, in rows
HIGH_END: Any = {"linestyle": "", "marker": "o", "markersize": 4, "color": INK, "clip_on": False}


def tornado_figure(
    table: pd.DataFrame,
    base: Share,
    *,
    outcome: str,
    names: Mapping[str, Named],
    source: str,
    question: str | None = None,
) -> Figure:
    """Bars from the share of an outcome at the low end of a parameter's range to that at its high end.

    Args:
        table: of `analysis.drivers.tornado` at 95%.
        base: share of the outcome in the base case, with its interval.
        outcome: in words, such as escalation; a headline gives the bars their colour.
        names: factor -> its name in plain words and what it rests on.
        source: one line on what was run.
        question: the title; one is made from `outcome` if left out.

    Raises ValueError if the table lacks a column or has no rows.
    """
    _check(table)
    shown = table.head(MOST)
    factors = [named(str(each), names) for each in shown["factor"]]
    colour = HEADLINE_COLOURS.get(outcome, GREY)
    notes = [*_rest(table), _intervals(table), source, NO_FORECAST]
    handles = [
        Patch(label=f"solid: {DOCUMENTED}", **bar_style(colour, True)),
        Patch(label=f"hatched, italic: {unfounded(factors)}", **bar_style(colour, False)),
        Line2D([], [], label="share at the high end, with interval", **HIGH_END),
        Line2D([], [], color=INK, linestyle=(0, (4, 2)), linewidth=1, label=f"base case: {told(*base)}"),
    ]
    with styled():
        rows = FactorRows(factors, NUMBERS, "low to high end: change,\npoints (95% interval)", lines=2)
        top = key_height(handles)
        frame = Frame(
            question or f"How far does each parameter alone move {outcome}?",
            f"Share of worlds that end in {outcome} (%) at the low and at the high end of each parameter's range, all "
            "else left as it was.",
            notes,
            top + rows.height,
        )
        key(frame, handles)
        axes = rows.draw(frame, top)
        axes.axvspan(100 * base.low, 100 * base.high, color="#EFEFEF", linewidth=0, zorder=0)
        axes.axvline(100 * base.share, color=INK, linestyle=(0, (4, 2)), linewidth=1, zorder=4)
        for at, (factor, row) in enumerate(zip(factors, shown.to_dict("records"), strict=True)):
            start, end = 100 * row["share_from"], 100 * row["share_to"]
            axes.barh(at, end - start, BAR, left=start, zorder=2, **bar_style(colour, factor.documented))
            whisker = np.clip([start + 100 * row["low"], start + 100 * row["high"]], 0, 100)
            axes.plot(whisker, [at, at], color=INK, linewidth=1.1, zorder=5)
            axes.plot(end, at, zorder=5, **HIGH_END)
            rows.write(
                axes,
                at,
                f"{setting(row['from_value'])} → {setting(row['to_value'])}\n"
                f"{changed(row['difference'], row['low'], row['high'])}",
            )
        bounds = shown[["low", "high"]].add(shown["share_from"], axis=0)
        seen = 100 * np.concatenate(
            [bounds.to_numpy().ravel(), shown["share_from"], shown["share_to"], base[1:]]
        )
        margin = 0.04 * (seen.max() - seen.min())
        axes.set_xlim(max(seen.min() - margin, 0), min(seen.max() + margin, 100))
        round_ticks(axes.xaxis, 5)
        axes.set_xlabel("Share of worlds (%)", labelpad=3)
    return frame.figure


def _rest(table: pd.DataFrame) -> list[str]:
    """What is to be said of the parameters that are not shown."""
    if len(table) <= MOST:
        return []
    most = 100 * table["difference"].iloc[MOST:].abs().max()
    return [
        f"{MOST} of {len(table)} parameters are shown, those that move it most; no other moves it by more than "
        f"{most:.1f} points."
    ]


def _intervals(table: pd.DataFrame) -> str:
    return (
        "Whiskers: 95% intervals (Tango's) of the change, each by itself, drawn at the high end; for words, at the "
        f"label that stands second. Both ends are compared in the same worlds: {worlds(*table['n'])}. Grey band: 95% "
        f"interval of the base case. {FINITE}"
    )


def _check(table: pd.DataFrame) -> None:
    columns = ("factor", "from_value", "to_value", "share_from", "share_to", "difference", "low", "high", "n")
    check_table(table, "the table", columns)
