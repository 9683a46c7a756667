"""Outcomes in all worlds and in those that match the documented week."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from negotiation_sim.analysis.checks import check_table
from negotiation_sim.figures import dumbbell
from negotiation_sim.figures.checks import check_coloured, check_given
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.frame import FINITE, NO_FORECAST, Frame
from negotiation_sim.figures.numbers import worlds
from negotiation_sim.figures.style import styled

MOST = 16


def given_the_week_figure(
    table: pd.DataFrame,
    *,
    labels: Mapping[str, str],
    source: str,
    question: str = "Do worlds that match the documented week end differently?",
    counted: str = "each outcome at the horizon",
    matching: str = "reproduce every documented fact at once",
) -> Figure:
    """Shares of categories in all worlds and in those that match some facts, with the difference.

    Args:
        table: of `calibration.shares_given` at 95%; the first column names the category. With `headline`,
            categories are grouped by it.
        labels: category -> what to print.
        source: one line on what was run.
        question: the title.
        counted: what the categories are, as in "Share of worlds with ...".
        matching: what makes a world match, as in "matching worlds: those that ...".

    Of more than `MOST` categories, those with the largest shares are shown, and the figure says so.

    Raises ValueError if the table lacks a column or has no rows, a category has no label or a headline no colour.
    """
    column = _check(table, labels)
    peak = table[["share", "given"]].max(axis=1)
    shown = table[peak.rank(method="first", ascending=False) <= MOST]
    rows: list[dumbbell.Row] = []
    if "headline" in table.columns:
        for headline, group in shown.groupby("headline", sort=False):
            rows.append(dumbbell.Row(str(headline).capitalize()))
            colour = HEADLINE_COLOURS[str(headline)]
            rows += [
                dumbbell.row_of(line, labels[line[column]], colour=colour) for _, line in group.iterrows()
            ]
    else:
        rows += [dumbbell.row_of(line, labels[line[column]]) for _, line in shown.iterrows()]
    n, accepted = int(table["n"].iloc[0]), int(table["accepted"].iloc[0])
    notes = [
        f"{worlds(n)}, of which {accepted:,} match. Lines: joint 95% intervals (Goodman; differences after Zou and "
        f"Donner with Bonferroni); where none shows, it is smaller than the marker. {FINITE}",
        "Conditional on the model, its facts and uniform draws over the ranges: that a world matches the week "
        "does not make it likely.",
        source,
        NO_FORECAST,
    ]
    if accepted == 0:
        notes.insert(0, "No world matches: of what follows from these facts, the runs say nothing.")
    if len(shown) < len(table):
        notes.insert(0, f"{len(shown)} of {len(table)} are shown: those with the largest shares.")
    with styled():
        frame = Frame(
            question,
            f"Share of worlds with {counted} (%), in all worlds and in matching worlds: those that {matching}.",
            notes,
            dumbbell.tall(rows),
        )
        dumbbell.draw(frame, rows)
    return frame.figure


def _check(table: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """The column of categories."""
    wanted = ["n", "accepted", *(each for names in dumbbell.COLUMNS for each in names)]
    check_table(table, "the table", wanted)
    column = str(table.columns[0])
    check_given(table[column], labels)
    check_coloured(table.get("headline", []))
    return column
