"""What drives the outcome: Sobol' indices, Morris screening and PAWN, a row of dots a factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from negotiation_sim.analysis.checks import check_table
from negotiation_sim.analysis.drivers import ANY
from negotiation_sim.figures.factor_rows import FactorRows, basis_key, key, key_height
from negotiation_sim.figures.frame import MARGIN, NO_FORECAST, Frame
from negotiation_sim.figures.names import Named, named
from negotiation_sim.figures.style import FAINT, GREY, INK, styled
from negotiation_sim.figures.ticks import round_ticks

MOST = 15
"""Factors that are shown; the rest are counted."""
NUMBERS = 0.5  # inches to the right of the axes
APART = 0.16  # of two marks from the middle of their row, in rows


@dataclass(frozen=True)
class Mark:
    """One of the marks of a row.

    Attributes:
        column: of the table.
        label: in the key.
        marker: of matplotlib.
        head: above its numbers.
        interval: whether the table has its interval, in columns with `_low` and `_high`.
    """

    column: str
    label: str
    marker: str
    head: str = ""
    interval: bool = True

    @property
    def columns(self) -> list[str]:
        """Columns of its value and, where there is one, of its interval."""
        return [self.column, *([f"{self.column}_low", f"{self.column}_high"] if self.interval else [])]


def sobol_figure(
    table: pd.DataFrame,
    *,
    outcome: str,
    names: Mapping[str, Named],
    source: str,
    question: str | None = None,
) -> Figure:
    """Sobol' indices: total and first, with intervals, of the factors with the largest total index.

    Args:
        table: of `analysis.drivers.sobol` at 95%, on the share of `outcome` at each point.
        outcome: in words, such as escalation.
        names: factor -> its name in plain words and what it rests on.
        source: one line on what was run.
        question: the title; one is made from `outcome` if left out.

    Raises ValueError if the table lacks a column or has no rows.
    """
    marks = (
        Mark("total", "total index: with all interactions", "o", "total"),
        Mark("first", "first-order index: by itself", "D"),
    )
    return _dots(
        table,
        marks,
        names,
        question or f"What decides how often {outcome} occurs?",
        f"Sobol' indices: the part of the variance of the share of {outcome} over the design points that each factor "
        "accounts for, by itself (first order) and with all its interactions (total); 0: none, 1: all.",
        "Sobol' index (part of the variance)",
        f"Whiskers: 95% intervals (bootstrap over base samples), each by itself; n = {_n(table)} design points. Where "
        "none shows, it is smaller than the mark. An index a little below 0 is an index of 0 with its error.",
        source,
        nothing=f"The share of {outcome} is the same at every design point: there is no variance to account for.",
    )


def morris_figure(
    table: pd.DataFrame,
    *,
    outcome: str,
    names: Mapping[str, Named],
    source: str,
    question: str | None = None,
) -> Figure:
    """Morris screening: mean absolute effect with its interval, and how much the effect varies (sigma).

    Args as in `sobol_figure`; `table` is of `analysis.drivers.morris` at 95%. Effects are in percentage
    points of the share of `outcome` for the whole range of a factor.

    Raises ValueError if the table lacks a column or has no rows.
    """
    marks = (
        Mark("mu_star", "μ*: mean size of the effect", "o", "μ*"),
        Mark("sigma", "σ: how much the effect varies", "D", interval=False),
    )
    effects = ["mu_star", "mu_star_low", "mu_star_high", "sigma"]
    _check(table, effects)
    return _dots(
        table.assign(**{each: 100 * table[each] for each in effects}),
        marks,
        names,
        question or f"Which factors move how often {outcome} occurs?",
        f"Morris screening: by how many percentage points the share of {outcome} changes as a factor alone goes "
        "over its whole range, from many starting points. A σ as large as μ*: the effect hangs on the other factors, "
        "or bends.",
        "Elementary effect (percentage points)",
        f"Whiskers: 95% intervals of μ* (bootstrap over trajectories), each by itself; σ has none; n = {_n(table)} "
        "design points. Where none shows, it is smaller than the mark.",
        source,
        digits=1,
    )


def pawn_figure(
    table: pd.DataFrame,
    *,
    names: Mapping[str, Named],
    source: str,
    outcome: str | None = None,
    question: str | None = None,
) -> Figure:
    """PAWN: how far fixing a factor moves the shares of outcomes, beside what chance alone would give.

    Args as in `sobol_figure`; `table` is of `analysis.drivers.pawn` at 95%. `outcome` is one of its outcomes,
    or None for the largest distance over all of them. Distances are in percentage points.

    Raises ValueError if the table lacks a column or has no rows of the outcome.
    """
    _check(table, ["outcome", "median", "median_by_chance"])
    rows = table[table["outcome"] == (ANY if outcome is None else outcome)]
    if rows.empty:
        raise ValueError(
            f"the table has no outcome {outcome!r}; it has {', '.join(table['outcome'].unique())}"
        )
    moved = "the shares of outcomes (the one moved most)" if outcome is None else f"the share of {outcome}"
    effects = ["median", "median_by_chance"]
    rows = rows.sort_values("median", ascending=False, kind="stable")
    return _dots(
        rows.assign(**{each: 100 * rows[each] for each in effects}),
        (Mark("median", "median over the slices of the range", "o", "median", interval=False),),
        names,
        question
        or (
            "Which factors shift how the talks end?" if outcome is None else f"Which factors shift {outcome}?"
        ),
        f"PAWN: by how many percentage points {moved} differs from that over all worlds once a factor is fixed within "
        "a slice of its range: the median over its slices.",
        "Distance (percentage points)",
        "Grey bars stand in for intervals: a factor without any influence stays within its bar with probability 95%. "
        f"{int((rows['median'] > rows['median_by_chance']).sum())} of {len(rows)} factors go beyond theirs, where "
        f"without any influence about 1 in 20 would; n = {_n(rows)} runs.",
        source,
        digits=1,
        chance="median_by_chance",
    )


def _dots(
    table: pd.DataFrame,
    marks: Sequence[Mark],
    names: Mapping[str, Named],
    question: str,
    subtitle: str,
    axis: str,
    note: str,
    source: str,
    *,
    digits: int = 2,
    chance: str | None = None,
    nothing: str = "",
) -> Figure:
    """A row a factor, in the order of the table; the first mark is printed as a number."""
    columns = [column for mark in marks for column in mark.columns]
    _check(table, columns)
    main = marks[0].column
    shown = table.head(MOST)
    factors = [named(str(each), names) for each in shown["factor"]]
    notes = [*_rest(table[main], digits), note, source, NO_FORECAST]
    with styled():
        if shown[main].isna().all():
            frame = Frame(question, subtitle, notes, 0.4)
            frame.text(MARGIN, 0.1, nothing)
            return frame.figure
        rows = FactorRows(factors, NUMBERS, marks[0].head)
        handles: list[Artist] = [
            Line2D([], [], label=mark.label, **_style(mark, at, True)) for at, mark in enumerate(marks)
        ]
        if chance is not None:
            handles.append(Patch(color=FAINT, label="what chance alone would give"))
        handles += basis_key(factors)
        top = key_height(handles)
        frame = Frame(question, subtitle, notes, top + rows.height)
        key(frame, handles)
        axes = rows.draw(frame, top)
        if chance is not None:
            axes.barh(range(len(shown)), shown[chance], 0.4, color=FAINT, zorder=1)
        for at, mark in enumerate(marks):
            shift = (2 * at - 1) * APART if len(marks) > 1 else 0.0
            for row, (factor, values) in enumerate(zip(factors, shown[mark.columns].to_numpy(), strict=True)):
                style = _style(mark, at, factor.documented)
                if mark.interval:
                    axes.plot(values[1:], [row + shift] * 2, color=style["color"], linewidth=1.1)
                axes.plot(values[0], row + shift, **style)
        for row, value in enumerate(shown[main]):
            rows.write(axes, row, f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}"))
        axes.set_xlim(left=min(0.0, 1.05 * float(np.nanmin(shown[columns].to_numpy(dtype=np.float64)))))
        axes.axvline(0, color=INK, linewidth=0.8, zorder=1.5)
        round_ticks(axes.xaxis, 5)
        axes.set_xlabel(axis, labelpad=3)
    return frame.figure


def _style(mark: Mark, at: int, documented: bool) -> dict[str, Any]:
    """The first mark is large and in ink, the second smaller and grey; filled if documents speak."""
    colour = GREY if at else INK
    return {
        "linestyle": "",
        "marker": mark.marker,
        "markersize": 4 if at else 5.5,
        "color": colour,
        "markerfacecolor": colour if documented else "white",
        "markeredgewidth": 1.1,
        "clip_on": False,
        "zorder": 3,
    }


def _n(table: pd.DataFrame) -> str:
    return f"{int(table['n'].iloc[0]):,}"


def _rest(values: pd.Series, digits: int) -> list[str]:
    """What is to be said of the factors that are not shown."""
    left = len(values) - MOST
    if left <= 0:
        return []
    most = f"{values.iloc[MOST:].max():.{digits}f}"
    return [
        f"{MOST} of {len(values)} factors are shown, those with the largest values; no other is above {most}."
    ]


def _check(table: pd.DataFrame, columns: Sequence[str]) -> None:
    check_table(table, "the table", ["factor", *columns, "n"])
