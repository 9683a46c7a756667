"""Paired differences: by how many points each outcome's share differs from the base case, variant by variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_sim.analysis.checks import check_table
from negotiation_sim.analysis.comparison import paired_interval
from negotiation_sim.figures.checks import check_coloured, check_given
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.frame import FINITE, MARGIN, NO_FORECAST, Frame
from negotiation_sim.figures.numbers import worlds
from negotiation_sim.figures.percentages import changed, percent
from negotiation_sim.figures.style import INK, WIDTH, styled
from negotiation_sim.figures.ticks import round_ticks
from negotiation_sim.figures.words import broken

MOST = 8
"""Variants that are shown: those that differ most."""

# Lengths in inches.
LABELS = 1.62  # to the left of the axes
NUMBERS = (2.4, 0.92)  # to the right of each, with one column and with two
BETWEEN = 0.22  # between two columns of panels
TITLE_LINE = 0.155
ROW = 0.17
GAP = 0.5  # before a headline's name, in rows
BELOW = 0.47

CAPS: Any = {"marker": "|", "markersize": 3.5, "markeredgewidth": 0.9}  # ends of whiskers

LABEL_CHARACTERS = 26
TITLE_CHARACTERS = (66, 29)  # of a panel's title, with one and with two columns


def differences_figure(
    tables: Mapping[str, pd.DataFrame],
    *,
    base: str,
    headlines: Mapping[str, str],
    labels: Mapping[str, str],
    source: str,
    question: str | None = None,
) -> Figure:
    """A panel a variant: the difference of each outcome's share from the base case, in points.

    Args:
        tables: variant, in words -> table of `analysis.comparison.paired_differences` at 95%, all with the same
            outcomes in the first column, and all with intervals of one kind (joint or not). Outcomes are grouped by
            headline in the order in which these are first seen. Of more than eight variants those are shown that
            differ most, in any outcome.
        base: the base case, in words.
        headlines: outcome -> headline; a headline is its own.
        labels: outcome -> what to print.
        source: one line on what was run.
        question: the title; one is made if left out.

    Raises ValueError if there is no table, a table lacks a column, tables differ in outcomes, an outcome has no
    headline, label or colour, or the intervals aren't those at 95%.
    """
    outcomes = _check(tables, headlines, labels)
    joint = _joint(tables)
    farthest = {each: float(table["difference"].abs().max()) for each, table in tables.items()}
    shown = sorted(farthest, key=lambda each: -farthest[each])[:MOST] if len(tables) > MOST else list(tables)
    places = _places(outcomes, headlines)
    span = max(places.values()) + 0.5 if places else 1.0
    columns = 1 if len(shown) == 1 else 2
    titles = {each: broken(each, TITLE_CHARACTERS[columns - 1], 2) for each in shown}
    title = TITLE_LINE * max(len(each) for each in titles.values()) + 0.06
    rows, numbers = -(-len(shown) // columns), NUMBERS[columns - 1]
    tall = ROW * (span + 0.5)
    heads = 0.04
    body = heads + rows * (title + tall + 0.12) - 0.12 + BELOW
    notes = [_intervals(tables, joint), source, NO_FORECAST]
    if len(shown) < len(tables):
        most = 100 * max(value for each, value in farthest.items() if each not in shown)
        notes.insert(
            0,
            f"{MOST} of {len(tables)} variants are shown, those that differ most; in no other does any share differ by "
            f"more than {most:.1f} points.",
        )
    bounds = np.concatenate([tables[each][["low", "high"]].to_numpy() for each in shown])
    scale = (100 * min(0.0, bounds.min()), 100 * max(0.0, bounds.max()))
    with styled():
        frame = Frame(
            question or "How much more or less often does each outcome occur?",
            f"Difference of the share of worlds from “{base}”, in percentage points, in the same worlds (common random "
            "numbers). In print: share there → share in the "
            f"variant, %{'; difference (its interval)' if columns == 1 else ''}.",
            notes,
            body,
        )
        width = (WIDTH - 2 * MARGIN - LABELS - columns * numbers - (columns - 1) * BETWEEN) / columns
        for at, variant in enumerate(shown):
            row, column = divmod(at, columns)
            left = MARGIN + LABELS + column * (width + numbers + BETWEEN)
            top = heads + row * (title + tall + 0.12)
            frame.text(
                left,
                top + title - 0.04,
                "\n".join(titles[variant]),
                size=9,
                weight="bold",
                va="bottom",
                linespacing=1.0,
            )
            axes = frame.axes(left, top + title, width, tall)
            lowest = at + columns >= len(shown)
            _draw(axes, tables[variant], places, headlines, scale, span, lowest, columns == 1)
            if column == 0:
                _label(axes, places, headlines, labels)
    return frame.figure


def _check(
    tables: Mapping[str, pd.DataFrame], headlines: Mapping[str, str], labels: Mapping[str, str]
) -> list[str]:
    """The outcomes, grouped by headline."""
    if not tables:
        raise ValueError("there is no variant to compare with the base case")
    first: list[str] = []
    for name, table in tables.items():
        columns = ("base", "variant", "difference", "low", "high", "gained", "lost", "n")
        check_table(table, f"the table of {name!r}", columns)
        outcomes = [str(each) for each in table.iloc[:, 0]]
        first = first or outcomes
        if outcomes != first:
            raise ValueError(
                f"all tables must have the same outcomes in the same order, but {name!r} has {', '.join(outcomes)} "
                f"and the first has {', '.join(first)}"
            )
    for kind, given in (("headlines", headlines), ("labels", labels)):
        check_given(first, given, kind)
    order = list(dict.fromkeys(headlines[each] for each in first))
    check_coloured(order)
    return sorted(first, key=lambda each: order.index(headlines[each]))


def _joint(tables: Mapping[str, pd.DataFrame]) -> bool:
    """Whether the intervals of each table hold together; ValueError if they are not what the figure says."""
    for joint in (False, True):
        if all(
            np.allclose(
                paired_interval(
                    table["gained"], table["lost"], table["n"], 1 - 0.05 / (len(table) if joint else 1)
                ),
                (table["low"], table["high"]),
            )
            for table in tables.values()
        ):
            return joint
    raise ValueError("low and high must be 95% intervals, all joint or none: use paired_differences as it is")


def _intervals(tables: Mapping[str, pd.DataFrame], joint: bool) -> str:
    pairs = worlds(*(int(table["n"].iloc[0]) for table in tables.values()))
    together = "those of a variant hold together" if joint else "each by itself"
    return (
        f"Whiskers: 95% intervals (Tango's), {together}; they rest on the worlds that end otherwise. {FINITE} {pairs}, "
        "in both."
    )


def _places(outcomes: Sequence[str], headlines: Mapping[str, str]) -> dict[str, float]:
    """Row of each outcome, from 0 down; room is left for the names of headlines that have outcomes below them."""
    places: dict[str, float] = {}
    at, last = 0.0, ""
    for outcome in outcomes:
        headline = headlines[outcome]
        if headline not in {last, outcome}:
            at += 1 + (GAP if last else 0)
        places[outcome], last = at, headline
        at += 1
    return places


def _draw(
    axes: Axes,
    table: pd.DataFrame,
    places: Mapping[str, float],
    headlines: Mapping[str, str],
    scale: tuple[float, float],
    span: float,
    lowest: bool,
    alone: bool,
) -> None:
    for row in table.to_dict("records"):
        outcome = str(row[table.columns[0]])
        y = places[outcome]
        axes.plot([100 * row["low"], 100 * row["high"]], [y, y], color=INK, linewidth=1, zorder=3, **CAPS)
        axes.plot(
            100 * row["difference"],
            y,
            marker="o",
            markersize=4.2,
            color=HEADLINE_COLOURS[headlines[outcome]],
            markeredgecolor=INK,
            markeredgewidth=0.6,
            zorder=4,
        )
        numbers = [(6, f"{percent(row['base'])} → {percent(row['variant'])}")]
        if alone:
            numbers.append((72, changed(row["difference"], row["low"], row["high"])))
        for right, text in numbers:
            axes.annotate(
                text,
                (1, y),
                (right, 0),
                xycoords=axes.get_yaxis_transform(),
                textcoords="offset points",
                va="center_baseline",
                size=7.5,
            )
    axes.axvline(0, color=INK, linewidth=0.8, zorder=2)
    margin = 0.06 * (scale[1] - scale[0])
    axes.set_xlim(scale[0] - margin, scale[1] + margin)
    axes.set_ylim(span, -0.5)
    axes.set_yticks([])
    round_ticks(axes.xaxis, 6 if alone else 4)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:+g}".replace("-", "\N{MINUS SIGN}") if x else "0")
    axes.grid(axis="x")
    axes.tick_params(length=3, width=0.6, labelbottom=lowest)
    axes.spines[["top", "right", "left"]].set_visible(False)
    if lowest:
        axes.set_xlabel("Difference (points)", labelpad=2)


def _label(
    axes: Axes, places: Mapping[str, float], headlines: Mapping[str, str], labels: Mapping[str, str]
) -> None:
    """Names of outcomes, and of headlines that have some, to the left of the axes."""
    named = ""
    for outcome, y in places.items():
        rows = [(y, labels[outcome], "normal", 8.0)]
        if headlines[outcome] not in (named, outcome):
            rows.append((y - 1, headlines[outcome].capitalize(), "bold", 8.5))
        named = headlines[outcome]
        for at, text, weight, size in rows:
            axes.annotate(
                broken(text, LABEL_CHARACTERS, 1)[0],
                (0, at),
                (-72 * (LABELS - 0.02), 0),
                xycoords=axes.get_yaxis_transform(),
                textcoords="offset points",
                va="center_baseline",
                weight=weight,
                size=size,
            )
