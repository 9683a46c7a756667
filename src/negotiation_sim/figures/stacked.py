"""Outcome shares stacked in one bar a group: scenarios side by side, or along a swept value."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from negotiation_sim.analysis.checks import check_columns
from negotiation_sim.analysis.shares import headline_shares
from negotiation_sim.figures.checks import check_coloured, check_given
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.frame import FINITE, LINE, MARGIN, NO_FORECAST, Frame
from negotiation_sim.figures.numbers import is_number, stated_n, value
from negotiation_sim.figures.percentages import interval, percent
from negotiation_sim.figures.style import WIDTH, styled, tint
from negotiation_sim.figures.whisker import draw_whisker
from negotiation_sim.figures.words import lines

MOST = 20
"""So many groups are shown at most."""

FILLS = ((1.0, ""), (0.5, "/////"), (0.2, "....."), (0.2, "xxxxx"))
"""How the outcomes of a headline are told apart: how much of its colour, and the hatch."""

# Lengths in inches.
LABELS = 1.5  # from the left edge to the bars
NUMBER = 0.77  # a column of printed shares
BARS = WIDTH - LABELS - 3 * NUMBER - MARGIN
HEADS = 0.24  # names of the printed columns
ROW, LABEL_LINE = 0.315, 0.13  # least height of a row, and of each line of a long name
AXIS = 0.48  # tick labels and the name of the axis
BOX = 0.2  # width of a box in the key

# Lengths in rows.
BAR = 0.74
APART = 0.16  # of the two whiskers, from the middle of the bar
CAP = 0.09

LABEL_CHARACTERS, KEY_CHARACTERS = 22, 24
SIZE, SMALL = 8, 7.5


def stacked_figure(
    table: pd.DataFrame, *, by: str, labels: Mapping[str, str], source: str, question: str | None = None
) -> Figure:
    """One bar a group, divided by outcome, with the shares of headlines and their joint intervals in print.

    Groups that are numbers or bins stand in rising order, others as in the table. Of more than `MOST`, numbers
    are thinned out evenly, and of others those with the largest share of the first headline are shown.

    Args:
        table: of `analysis.shares.shares_by_group` (or several of `outcome_shares` with a column `group`):
            one row a group and outcome, with columns `group`, `outcome`, `headline`, `count`, `n` and, if runs
            share worlds, `worlds`. Headlines are stacked in the order of the table.
        by: what groups are, in words: "scenario", "Russia's clock (days)".
        labels: outcome -> what to print.
        source: what was run, on one line.
        question: the title; without it, one that names `by`.

    Raises:
        ValueError: a column, label or colour is missing, a group lacks an outcome, or a headline has more
            outcomes than there are `FILLS`.
    """
    shares = _checked(table, labels)
    shown, which = _chosen(shares["headline"])
    outcomes = table.drop_duplicates("outcome").set_index("outcome")["headline"]
    names = {group: lines(value(group), LABEL_CHARACTERS, 2) for group in shown}
    heights = np.array([max(ROW, 0.08 + LABEL_LINE * len(names[group])) for group in shown])
    keys = _key(outcomes, labels, table)
    key_height = 0.06 + LINE * max(1 + sum(len(text) for _, text in entries) for entries in keys.values())
    headlines = list(keys)
    ends = {"first": headlines[0], "last": headlines[-1]}
    notes = (
        _whiskers(ends, len(headlines)),
        stated_n(shares["headline"].loc[shown], f"for each {by}"),
        source,
        NO_FORECAST,
    )
    with styled():
        frame = Frame(
            question or f"How often do the talks reach each outcome, by {by}?",
            f"Share of worlds (%) in each outcome; one bar for each {by}.{which}",
            notes,
            key_height + HEADS + heights.sum() + AXIS,
        )
        _draw_key(frame, keys)
        axes = frame.axes(LABELS, key_height + HEADS, BARS, heights.sum())
        _draw_axis(axes, heights.sum())
        frame.text(MARGIN, key_height + 0.02, by[:1].upper() + by[1:], size=SIZE, weight="bold")
        for at, headline in enumerate(headlines):
            x = LABELS + BARS + (at + 0.5) * NUMBER
            frame.text(x, key_height + 0.02, headline.capitalize(), size=SMALL, weight="bold", ha="center")
        middles = heights.cumsum() - heights / 2
        _draw_bars(axes, shares["outcome"].loc[shown], outcomes, middles)
        for group, middle in zip(shown, middles, strict=True):
            row = shares["headline"].loc[[group]].set_index("headline").loc[headlines]
            _draw_whiskers(axes, row, middle)
            _print_row(frame, row, "\n".join(names[group]), key_height + HEADS + middle)
    return frame.figure


def _checked(table: pd.DataFrame, labels: Mapping[str, str]) -> dict[str, pd.DataFrame]:
    """The table, and the same by headline, each indexed by group; or ValueError."""
    check_columns(table, "table", ["group", "outcome", "headline", "count", "n"])
    check_given(table["outcome"].unique(), labels)
    check_coloured(table["headline"])
    members = table.groupby("headline")["outcome"].nunique()
    if members.max() > len(FILLS):
        raise ValueError(f"a headline may have up to {len(FILLS)} outcomes, but one has {members.max()}")
    k = table["outcome"].nunique()
    each = table.groupby("group", sort=False)["outcome"].agg(["size", "nunique"])
    if (each != k).any(axis=None):
        raise ValueError(
            f"every group must have each of the {k} outcomes once; write zeros where none occurred"
        )
    return {"outcome": table.set_index("group"), "headline": headline_shares(table).set_index("group")}


def _chosen(shares: pd.DataFrame) -> tuple[list[Hashable], str]:
    """Groups to be shown, from top to bottom, and a sentence on which these are if not all."""
    groups = list(shares.index.unique())
    many = len(groups)
    if all(map(is_number, groups)):
        groups = sorted(groups)
        if many <= MOST:
            return groups, ""
        places = np.linspace(0, many - 1, MOST).round().astype(int)
        return [
            groups[at] for at in places
        ], f" {MOST} of {many:,} are shown, evenly picked from first to last."
    if many <= MOST:
        return groups, ""
    first = shares["headline"].iloc[0]
    ranked = shares[shares["headline"] == first]["share"].sort_values(ascending=False, kind="stable")
    said = f" {MOST} of {many:,} are shown: those with the largest shares of {first}."
    return list(ranked.index[:MOST]), said


def _key(
    outcomes: pd.Series, labels: Mapping[str, str], table: pd.DataFrame
) -> dict[str, list[tuple[dict[str, Any], list[str]]]]:
    """For each headline, the style and the words (broken into lines) of its outcomes."""
    often = table.groupby("outcome")["count"].sum()
    keys: dict[str, list[tuple[dict[str, Any], list[str]]]] = {}
    for outcome, headline in outcomes.items():
        entries = keys.setdefault(headline, [])
        words = labels[str(outcome)] + (" (never)" if often[str(outcome)] == 0 else "")
        entries.append((_style(headline, len(entries)), lines(words, KEY_CHARACTERS, 3)))
    return keys


def _draw_key(frame: Frame, keys: Mapping[str, list[tuple[dict[str, Any], list[str]]]]) -> None:
    wide = (WIDTH - 2 * MARGIN) / 3
    for column, (headline, entries) in enumerate(keys.items()):
        left, top = MARGIN + column * wide, 0.0
        frame.text(left, top, headline.capitalize(), size=SIZE, weight="bold")
        top += LINE
        for style, words in entries:
            x, y = frame.place(left, top + 0.12)
            x_end, y_end = frame.place(left + BOX, top + 0.005)
            frame.figure.add_artist(Rectangle((x, y), x_end - x, y_end - y, **style))
            frame.text(left + BOX + 0.06, top, "\n".join(words), size=SIZE)
            top += LINE * len(words)


def _draw_axis(axes: Axes, height: float) -> None:
    axes.set_xlim(0, 100)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    axes.set_xticks(range(0, 101, 25))
    axes.set_xlabel("Share of worlds (%)", labelpad=3)
    axes.grid(axis="x")
    axes.tick_params(axis="x", length=3, width=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_bars(axes: Axes, shares: pd.DataFrame, outcomes: pd.Series, middles: np.ndarray) -> None:
    """All bars of an outcome at once, from left to right in the order of headlines."""
    start = np.zeros(len(middles))
    for headline in outcomes.unique():
        for at, outcome in enumerate(outcomes.index[outcomes == headline]):
            width = 100 * shares["share"][(shares["outcome"] == outcome).to_numpy()].to_numpy(dtype=float)
            axes.barh(middles, width, BAR * ROW, left=start, label=outcome, **_style(headline, at))
            start += width


def _draw_whiskers(axes: Axes, row: pd.DataFrame, middle: float) -> None:
    """Whiskers at the end of the first headline and at the beginning of the last."""
    first, last = row.iloc[0], row.iloc[-1]
    spans = [(first["low"], first["high"])]
    if len(row) > 2:
        spans.append((1 - last["high"], 1 - last["low"]))
    for side, (low, high) in zip((-1, 1), spans, strict=False):
        y = middle + side * APART * ROW * (len(spans) > 1)
        draw_whisker(axes, 100 * low, 100 * high, y, CAP * ROW, linewidth=0.9)


def _print_row(frame: Frame, row: pd.DataFrame, name: str, middle: float) -> None:
    frame.text(LABELS - 0.08, middle, name, size=SIZE, ha="right", va="center", linespacing=1.1)
    for at, (_, headline) in enumerate(row.iterrows()):
        x = LABELS + BARS + (at + 0.5) * NUMBER
        frame.text(x, middle, percent(headline["share"]), size=SIZE, weight="bold", ha="center", va="bottom")
        frame.text(x, middle, interval(headline["low"], headline["high"]), size=SMALL, ha="center", va="top")


def _whiskers(ends: Mapping[str, str], headlines: int) -> str:
    said = "Numbers: share of each headline above its Goodman interval; the intervals of a bar hold jointly at 95%. "
    if headlines > 2:
        return said + (
            f"Whiskers: the same, of {ends['first']} (upper, from the left) and of {ends['last']} (lower, from the "
            f"right). {FINITE}"
        )
    return said + f"Whisker: the same, of {ends['first']}. {FINITE}"


def _style(headline: str, at: int) -> dict[str, Any]:
    colour = HEADLINE_COLOURS[headline]
    strength, hatch = FILLS[at]
    return {"facecolor": tint(colour, 1 - strength), "edgecolor": colour, "hatch": hatch, "linewidth": 0.5}
