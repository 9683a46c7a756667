"""Posterior against prior: which parameters the documented facts move, and how far."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from negotiation_sim.analysis.checks import check_table
from negotiation_sim.figures.checks import check_given
from negotiation_sim.figures.frame import MARGIN, NO_FORECAST, Frame
from negotiation_sim.figures.numbers import setting, worlds
from negotiation_sim.figures.style import DARK_GREY, INK, WIDTH, styled
from negotiation_sim.figures.words import lines

BAND, DARK, LIGHT = "#DEDEDE", "#3D3D3D", "white"
"""What chance gives; bars of a parameter that the facts move, and of one that they don't."""
MOST = 10  # parameters shown
REACH = 0.5  # from 1, the least that the vertical axis shows

# Lengths in inches.
LABELS = 2.32  # from the left edge to the strips
STRIP = 1.75
NUMBER = 0.98  # a column of numbers
HEAD = 0.4
ROW, TALL = 0.5, 0.32  # a row, and the strip within
LINE, SMALL_LINE = 0.15, 0.13

LABEL_CHARACTERS, SMALL_CHARACTERS = 34, 38
SMALL = 7.5  # points


def posterior_figure(
    parameters: pd.DataFrame,
    density: pd.DataFrame,
    *,
    labels: Mapping[str, str],
    evidence: Mapping[str, str],
    source: str,
    question: str = "What do the documented facts say about the parameters?",
) -> Figure:
    """The posterior of the parameters that the facts move most, against the flat prior.

    Args:
        parameters, density: the two tables of `calibration.posterior`, at 95%.
        labels: parameter -> what to print.
        evidence: parameter -> ids of the findings that it rests on, or the word assumption.
        source: one line on what was run.
        question: the title.

    A strip shows how much more or less frequent each part of a parameter's range is than under the prior, with
    the band that chance alone would give. Solid bars: moved by more than chance; open bars: not. Of more than
    `MOST` parameters those that moved farthest are shown, and the figure says so.

    Raises ValueError if a table lacks a column or has no rows, or a parameter has no label, evidence or density.
    """
    _check(parameters, density, labels, evidence)
    shown = parameters.head(MOST)
    strips = density[density["parameter"].isin(shown["parameter"])]
    with np.errstate(invalid="ignore"):
        farthest = np.nanmax([REACH, *np.abs(strips[["ratio", "high"]].to_numpy() - 1).ravel()])
    n, accepted = int(parameters["n"].iloc[0]), int(parameters["accepted"].iloc[0])
    notes = [
        _shown(len(shown), len(parameters)),
        "Solid bars: moved by more than chance (Kolmogorov-Smirnov, Holm over all parameters, 5%). Open bars: not. "
        "Grey: where all bars of a parameter lie with 95% probability if the facts say nothing of it. "
        "Marks on the left: 0.5, 1 and 1.5 times. Narrowed: fall of the variance, with its 95% interval; below "
        "0, it rose.",
        f"{worlds(n)}, of which {accepted:,} reproduce the facts.",
        source,
        NO_FORECAST,
    ]
    with styled():
        frame = Frame(question, _answer(parameters), notes, HEAD + ROW * len(shown) + 0.06)
        _heads(frame)
        for at, (_, row) in enumerate(shown.iterrows()):
            top = HEAD + at * ROW
            name = row["parameter"]
            _write(frame, row, labels[name], evidence[name], top)
            axes = frame.axes(LABELS, top + 0.02, STRIP, TALL)
            _draw(axes, strips[strips["parameter"] == name], bool(row["moved"]), 1.05 * float(farthest))
    return frame.figure


def _answer(parameters: pd.DataFrame) -> str:
    """What is found, in words."""
    total, moved = len(parameters), parameters[parameters["moved"]]
    drawn = "Each strip: how many times as frequent each part of a range is among the worlds that reproduce the facts."
    if int(parameters["accepted"].iloc[0]) == 0:
        return f"No world reproduces the facts, so that they say nothing of any parameter. {drawn}"
    if moved.empty:
        return f"They move none of {_parameters(total)} by more than chance: from them, none can be told. {drawn}"
    rest = total - len(moved)
    narrowed = math.ceil(100 * np.nanmax([0.0, *moved["contraction"]]))  # NaN if one world is accepted
    said = f"They move {len(moved):,} of {_parameters(total)} by more than chance"
    said += f", and cut the variance of none of these by over {narrowed}%."
    if rest:
        said += f" Of the other {rest:,} they tell nothing that shows here."
    return f"{said} {drawn}"


def _parameters(n: int) -> str:
    return f"{n:,} parameter" if n == 1 else f"{n:,} parameters"


def _shown(shown: int, total: int) -> str:
    if shown == total:
        return f"All {_parameters(total)} with a range are shown, the one that moved farthest first."
    return f"{shown} of {_parameters(total)} with a range are shown: those that moved farthest."


def _check(
    parameters: pd.DataFrame, density: pd.DataFrame, labels: Mapping[str, str], evidence: Mapping[str, str]
) -> None:
    columns = ["parameter", "prior_mean", "posterior_mean", "q05", "q95", "contraction", "contraction_low"]
    columns += ["contraction_high", "moved", "accepted", "n"]
    for name, table, wanted in (
        ("parameters", parameters, columns),
        ("density", density, ["parameter", "from_value", "to_value", "ratio", "low", "high"]),
    ):
        check_table(table, name, wanted)
    names = list(parameters["parameter"].head(MOST))
    for name, given in (("labels", labels), ("evidence", evidence), ("density", set(density["parameter"]))):
        check_given(names, given, name)


def _heads(frame: Frame) -> None:
    for at, head in (
        (LABELS + STRIP / 2, "times as frequent\nas under the prior"),
        (LABELS + STRIP + NUMBER / 2 + 0.12, "mean: prior\nto posterior"),
        (WIDTH - MARGIN - NUMBER / 2, "narrowed\nby, %"),
    ):
        frame.text(at, HEAD - 0.06, head, va="bottom", ha="center", size=8.5)


def _write(frame: Frame, row: pd.Series, label: str, evidence: str, top: float) -> None:
    said = lines(label, LABEL_CHARACTERS, 2)
    below = lines(evidence, SMALL_CHARACTERS, 1)[0]
    start = top + (ROW - len(said) * LINE - SMALL_LINE) / 2 - 0.03
    for at, text in enumerate(said):
        frame.text(MARGIN, start + at * LINE, text, size=8.5)
    frame.text(MARGIN, start + len(said) * LINE + 0.01, below, size=SMALL, color=DARK_GREY)
    middle = top + 0.02 + TALL / 2
    means = f"{_number(row['prior_mean'])} \N{RIGHTWARDS ARROW} {_number(row['posterior_mean'])}"
    middle90 = f"90%: {_number(row['q05'])} to {_number(row['q95'])}"
    narrowed = _percent(row["contraction"])
    bounds = f"{_percent(row['contraction_low'])} to {_percent(row['contraction_high'])}"
    for across, upper, lower in (
        (LABELS + STRIP + NUMBER / 2 + 0.12, means, middle90),
        (WIDTH - MARGIN - NUMBER / 2, narrowed, bounds),
    ):
        frame.text(across, middle, upper, va="bottom", ha="center", size=8.5, weight="bold")
        frame.text(across, middle + 0.015, lower, ha="center", size=SMALL)


def _number(number: float) -> str:
    return "\N{EM DASH}" if np.isnan(number) else setting(number)


def _percent(share: float) -> str:
    """Whole per cent, which may be below 0."""
    return "\N{EM DASH}" if np.isnan(share) else f"{round(100 * share):d}".replace("-", "\N{MINUS SIGN}")


def _draw(axes: Axes, table: pd.DataFrame, moved: bool, reach: float) -> None:
    edges = [*table["from_value"], table["to_value"].iloc[-1]]
    for bound in ("low", "high"):
        axes.stairs(table[bound].to_numpy(), edges, baseline=1, fill=True, color=BAND, linewidth=0)
    axes.stairs(
        table["ratio"].to_numpy(),
        edges,
        baseline=1,
        fill=True,
        facecolor=DARK if moved else LIGHT,
        edgecolor=DARK,
        linewidth=0.7,
        zorder=3,
    )
    axes.axhline(1, color=INK, linewidth=0.7, zorder=4)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(max(1 - reach, -0.05), 1 + reach)
    axes.yaxis.set_major_locator(FixedLocator([1 - REACH, 1, 1 + REACH]))
    axes.set_yticklabels(["", "1", ""])
    axes.tick_params(length=2, width=0.6, pad=1.5, labelsize=SMALL)
    axes.set_xticks([edges[0], edges[-1]], [_number(edges[0]), _number(edges[-1])])
    axes.spines[["top", "right"]].set_visible(False)
