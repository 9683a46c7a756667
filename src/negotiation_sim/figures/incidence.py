"""When worlds end, and how: the share that has ended in each way by each date."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_sim.analysis.checks import check_table
from negotiation_sim.analysis.incidence import aalen_johansen, effective_wilson
from negotiation_sim.figures.checks import check_coloured, check_given
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.dates import as_dates, date_axis, day
from negotiation_sim.figures.frame import FINITE, NO_FORECAST, Frame
from negotiation_sim.figures.numbers import worlds
from negotiation_sim.figures.percentages import told
from negotiation_sim.figures.style import INK, SHAPES, WIDTH, line_style, styled
from negotiation_sim.figures.ticks import percent_ticks

COUNTED = "A world counts from the session after which it stood as it stands at the horizon."
BANDS = (
    "Bands: 95% intervals of Aalen and Johansen's estimate (Wilson's, with the effective number of worlds), each by "
    f"itself at its date. {FINITE}"
)

# Lengths in inches.
LEFT = 0.62  # from the left edge to the axis
LABELS = 2.0  # from the axis to the right edge
LEADER = 0.3  # from the axis to a label's marker
HEAD = 0.17  # above the axis: the documented week
AXIS = 2.7  # least height of the axis
BELOW = 0.46  # dates
LABEL_LINE = 0.135

LABEL_SIZE = 8
LABEL_CHARACTERS = 18


def incidence_figure(
    incidence: pd.DataFrame,
    *,
    headlines: Mapping[str, str],
    labels: Mapping[str, str],
    week: int | None,
    source: str,
    question: str = "By when have worlds ended, and how?",
    counted: str = COUNTED,
) -> Figure:
    """Step curves of the share of worlds that have ended in each way by each date, with 95% bands.

    Args:
        incidence: table of `analysis.incidence.cumulative_incidence` at 95%, with dates as days.
        headlines: outcome -> headline.
        labels: outcome -> what to print.
        week: number of the last round of the documented week; None marks none.
        source: one line on what was run.
        question: the title.
        counted: what dates an ending: depends on what the table was made from.

    Endings that no world reached are named below the figure.

    Raises ValueError if the table lacks a column or has no rows, an outcome has no headline, no label or no
    colour, days aren't dates, `week` is no round, or the intervals aren't those at 95%.
    """
    _check(incidence, headlines, labels, week)
    rounds = incidence.drop_duplicates("round")
    dates = as_dates(rounds["day"].tolist())
    n = int(incidence["at_risk"].iloc[0])
    last = incidence[incidence["round"] == incidence["round"].max()].set_index("outcome")
    seen = [str(each) for each in last.index[last["incidence"] > 0]]
    ordered = sorted(seen, key=lambda each: -last.loc[each, "incidence"])
    styles = _styles(seen, headlines)
    captions = {
        each: "\n".join(
            [
                *textwrap.wrap(labels[each], LABEL_CHARACTERS),
                told(*last.loc[each, ["incidence", "low", "high"]]),
            ]
        )
        for each in ordered
    }
    heights = [LABEL_LINE * (text.count("\n") + 1) + 0.07 for text in captions.values()]
    tall = max(AXIS, sum(heights))
    notes = [
        _open(incidence, n, dates[-1]),
        *_never(last, labels),
        counted,
        f"{BANDS} {worlds(n)}.",
        source,
        NO_FORECAST,
    ]
    with styled():
        frame = Frame(
            question,
            "Share of worlds that have ended so by each date (%); endings compete: each world ends in one way at "
            "most. At the right, the share at the horizon with its interval.",
            notes,
            HEAD + tall + BELOW,
        )
        axes = frame.axes(LEFT, HEAD, WIDTH - LEFT - LABELS, tall)
        top = _draw_scale(axes, float(incidence["high"].where(incidence["outcome"].isin(seen), 0).max()))
        date_axis(axes, dates, dates[list(rounds["round"]).index(week)] if week is not None else None)
        for outcome in reversed(ordered):
            table = incidence[incidence["outcome"] == outcome]
            _draw_curve(axes, dates, table, styles[outcome])
        wanted = [tall * (1 - 100 * last.loc[each, "incidence"] / top) for each in ordered]
        for outcome, middle in zip(ordered, _apart(wanted, heights, tall), strict=True):
            at = (day(dates[-1]), 100 * last.loc[outcome, "incidence"])
            _draw_label(axes, at, middle / tall, captions[outcome], styles[outcome])
    return frame.figure


def _check(
    table: pd.DataFrame, headlines: Mapping[str, str], labels: Mapping[str, str], week: int | None
) -> None:
    columns = ("round", "day", "outcome", "at_risk", "events", "incidence", "error", "low", "high")
    check_table(table, "incidence", columns)
    outcomes = list(dict.fromkeys(table["outcome"]))
    for name, given in (("labels", labels), ("headlines", headlines)):
        check_given(outcomes, given, name)
    check_coloured(headlines[each] for each in outcomes)
    if week is not None and week not in set(table["round"]):
        raise ValueError(f"week must be a round of the table, but is {week}")
    known = table[(table["error"] > 1e-12) & table["incidence"].between(0, 1, inclusive="neither")]
    low, high = effective_wilson(known["incidence"].to_numpy(), known["error"].to_numpy(), 1)
    if not np.allclose(low, known["low"]) or not np.allclose(high, known["high"]):
        raise ValueError(
            "incidence must have 95% intervals in low and high: use cumulative_incidence as it is"
        )


def _open(incidence: pd.DataFrame, n: int, horizon: date) -> str:
    """What is still going on at the horizon."""
    by_round = incidence.groupby("round")
    at_risk, events = by_round["at_risk"].first().to_numpy(), by_round["events"].sum().to_numpy()
    ended, error = (each[-1:, 0] for each in aalen_johansen(at_risk, events[:, None]))
    going_on = np.where(ended > 1 - 1e-9, 0.0, 1 - ended)
    low, high = effective_wilson(going_on, error, n)
    share = told(going_on[0], low[0], high[0])
    return f"Still open at the horizon, {horizon.day} {horizon:%B %Y}: {share} of worlds."


def _never(last: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """The endings that no world reached."""
    never = last[last["incidence"] == 0]
    if never.empty:
        return []
    names = ", ".join(labels[str(each)] for each in never.index)
    return [
        f"In no world: {names}: {told(0.0, 0.0, float(never['high'].max()))}{' each' * (len(never) > 1)}."
    ]


def _styles(outcomes: Sequence[str], headlines: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Line properties: the headline's colour, and marker and dashes that differ within it."""
    styles = {}
    places = dict.fromkeys(HEADLINE_COLOURS, 0)
    for outcome in outcomes:
        headline = headlines[outcome]
        shape = places[headline] % len(SHAPES)
        styles[outcome] = line_style(shape, HEADLINE_COLOURS[headline], 1.8, 4.5, 1.2)
        places[headline] += 1
    return styles


def _draw_scale(axes: Axes, highest: float) -> float:
    """Per cent from zero to a round number past every band; returns that number."""
    top = percent_ticks(axes.yaxis, highest, 6)
    axes.set_ylim(0, top)
    axes.set_ylabel("Share of worlds (%)", labelpad=3)
    axes.grid(axis="y")
    axes.tick_params(axis="y", length=3, width=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    return top


def _draw_curve(axes: Axes, dates: list[date], table: pd.DataFrame, style: dict[str, Any]) -> None:
    """One ending: its band, its steps, and its markers at the sessions."""
    days = [day(each) for each in dates]
    low, high, middle = (100 * table[each].to_numpy() for each in ("low", "high", "incidence"))
    axes.fill_between(days, low, high, step="post", color=style["color"], alpha=0.25, linewidth=0)
    every = max(1, len(dates) // 8)
    marked = [at for at in range(len(dates) - 1, -1, -every) if middle[at] > 0]
    axes.plot(
        days,
        middle,
        drawstyle="steps-post",
        markevery=marked,
        clip_on=False,
        zorder=3,
        **style,
    )


def _draw_label(
    axes: Axes, end: tuple[float, float], middle: float, caption: str, style: dict[str, Any]
) -> None:
    """Name and numbers of an ending beside the axis (`middle` from its top, as a share), tied to its curve."""
    width = axes.get_position().width * WIDTH
    x = 1 + LEADER / width
    axes.annotate(
        "",
        end,
        (x - 0.05 / width, 1 - middle),
        textcoords="axes fraction",
        arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3},
    )
    axes.plot(
        [x, x + 0.3 / width],
        [1 - middle] * 2,
        transform=axes.transAxes,
        clip_on=False,
        markevery=[1],
        **style,
    )
    axes.text(
        x + 0.38 / width,
        1 - middle,
        caption,
        transform=axes.transAxes,
        va="center",
        size=LABEL_SIZE,
        linespacing=1.1,
    )


def _apart(wanted: Sequence[float], heights: Sequence[float], room: float) -> list[float]:
    """Middles of labels from top to bottom, as near to where they are wanted as leaves them apart and inside."""
    middles: list[float] = []
    end = 0.0
    for at, height in zip(wanted, heights, strict=True):
        middles.append(max(at, end + height / 2))
        end = middles[-1] + height / 2
    floor = room
    for place in reversed(range(len(middles))):
        middles[place] = min(middles[place], floor - heights[place] / 2)
        floor = middles[place] - heights[place] / 2
    return middles
