"""Facts fitted and held out: how often each is reproduced in all worlds, and where the fitted ones hold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from negotiation_sim.analysis.checks import check_table
from negotiation_sim.analysis.shares import ALL_FACTS
from negotiation_sim.figures import dumbbell
from negotiation_sim.figures.frame import FINITE, NO_FORECAST, Frame
from negotiation_sim.figures.numbers import spread, worlds
from negotiation_sim.figures.style import styled

HEADS = {
    "fitted": "Fitted: what makes a world match",
    "held_out": "Held out: not used to choose the matching worlds",
}
LEFT_OUT = "Each in turn left out, the others fitted"
MOST = 12  # of either role


def facts_figure(
    facts: pd.DataFrame,
    *,
    evidence: Mapping[str, str],
    source: str,
    question: str = "Do worlds that match some facts reproduce the others?",
) -> Figure:
    """How often each documented fact is reproduced: in all worlds, and in those that match the fitted facts.

    Args:
        facts: of `calibration.predictive` or `calibration.leave_one_out`, at 95%.
        evidence: key of a fact -> ids of the findings that it rests on; may lack keys.
        source: one line on what was run.
        question: the title.

    Open circles mark what is so by construction. Of more than `MOST` facts of a role those are shown that
    change most, and the figure says so.

    Raises ValueError if the table lacks a column or has no rows.
    """
    _check(facts)
    held_out = facts[facts["role"] == "held_out"]
    fitted = facts[facts["role"] == "fitted"]
    rows: list[dumbbell.Row] = []
    cut: list[str] = []
    for role, table in (("fitted", fitted), ("held_out", held_out)):
        if table.empty:
            continue
        rows.append(dumbbell.Row(HEADS[role] if len(fitted) else LEFT_OUT))
        shown = _shown(table)
        if len(shown) < len(table):
            few, all_of_them = ((each["key"] != ALL_FACTS).sum() for each in (shown, table))
            cut.append(f"{few} of {all_of_them} {role.replace('_', '-')}")
        rows += [
            dumbbell.row_of(line, line["text"], beneath=evidence.get(str(key), ""), made=role == "fitted")
            for key, line in shown.set_index("key").iterrows()
        ]
    with styled():
        frame = Frame(
            question,
            "Share of worlds in which each fact holds (%), in all worlds and in matching worlds: those that "
            f"reproduce {'every fitted fact' if len(fitted) else 'all the other facts'} at once.",
            _notes(facts, len(fitted) > 0, cut, source),
            dumbbell.tall(rows),
        )
        dumbbell.draw(frame, rows, whole=True)
    return frame.figure


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """At most `MOST` rows in their order, those that change most and the row of all facts."""
    if len(table) <= MOST:
        return table
    size = table["difference"].abs().fillna(0).where(table["key"] != ALL_FACTS, np.inf)
    return table[size.rank(method="first", ascending=False) <= MOST]


def _notes(facts: pd.DataFrame, split: bool, cut: list[str], source: str) -> list[str]:
    n, matching = int(facts["n"].iloc[0]), facts["accepted"]
    notes = [
        f"{worlds(n)}, of which {spread(matching)} match. Lines: 95% intervals (Wilson; differences after Zou and "
        f"Donner), each by itself; where none shows, it is smaller than the marker. {FINITE}",
        f"{'Held' if split else 'Left'} out is not unseen: the scenario was written knowing all facts.",
        source,
        NO_FORECAST,
    ]
    if matching.min() == 0:
        notes.insert(0, "No world matches: of what follows from these facts, the runs say nothing.")
    if cut:
        notes.insert(0, f"{' and '.join(cut)} facts are shown: those that change most.")
    return notes


def _check(facts: pd.DataFrame) -> None:
    wanted = ["key", "text", "role", "n", "accepted", *(each for names in dumbbell.COLUMNS for each in names)]
    check_table(facts, "facts", wanted)
