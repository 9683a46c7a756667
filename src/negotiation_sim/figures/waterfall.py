"""The waterfall: from which other outcomes a share was won, and to which it was lost, between two ensembles."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from negotiation_sim.analysis.checks import check_columns
from negotiation_sim.analysis.comparison import paired_interval
from negotiation_sim.figures.checks import check_coloured, check_given
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.factor_rows import key, key_height
from negotiation_sim.figures.frame import FINITE, MARGIN, NO_FORECAST, Frame, beside
from negotiation_sim.figures.numbers import worlds
from negotiation_sim.figures.percentages import changed, told
from negotiation_sim.figures.style import GREY, INK, WIDTH, bar_style, styled
from negotiation_sim.figures.ticks import round_ticks
from negotiation_sim.figures.words import broken

MOST = 10
"""Steps that are shown; the smallest of more are put together."""

# Lengths in inches.
LABELS, NUMBERS = 1.85, 1.75  # to the left and to the right of the axes
PAD = 0.1
HEADS = 0.36
ROW = 0.34
BELOW = 0.5

BAR = 0.56  # in rows
LABEL_CHARACTERS = 25


def waterfall_figure(
    table: pd.DataFrame,
    *,
    outcome: str,
    base: str,
    variant: str,
    headlines: Mapping[str, str],
    labels: Mapping[str, str],
    source: str,
    question: str | None = None,
) -> Figure:
    """The share of an outcome in the base case, what was won from and lost to each other one, and in the variant.

    Args:
        table: of `analysis.comparison.waterfall` at 95%.
        outcome: the outcome or headline that it is of.
        base, variant: what the two ensembles are called.
        headlines: outcome -> headline, which gives its colour; a headline is its own.
        labels: outcome -> what to print.
        source: one line on what was run.
        question: the title; one is made if left out.

    Raises ValueError if the table lacks a column or is no waterfall, or an outcome has no label, headline or
    colour.
    """
    _check(table, outcome, headlines, labels)
    n = int(table["n"].iloc[0])
    steps = _merged(table, n)
    own = HEADLINE_COLOURS[headlines[outcome]]
    handles = [
        Patch(label="solid: won, from the outcome named", **bar_style(GREY, True)),
        Patch(label="hatched: lost, to the outcome named", **bar_style(GREY, False)),
    ]
    colours = list(dict.fromkeys(headlines[each] for each in steps["step"] if each in headlines))
    others = (
        [Patch(facecolor=HEADLINE_COLOURS[each], label=each) for each in colours]
        if len(set(colours)) > 1
        else []
    )
    with styled():
        top = key_height([*handles, *others])
        frame = Frame(
            question or f"Where does the change in {labels[outcome]} come from?",
            f"Share of worlds that end in {labels[outcome]} (%), from “{base}” to “{variant}”, through what it won "
            "from and lost to each other outcome (net).",
            [
                "Whiskers: 95% intervals, each by itself: of each net change Tango's, from equal worlds in both; of "
                f"the two shares Wilson's. {FINITE} {worlds(n)} in both.",
                source,
                NO_FORECAST,
            ],
            top + HEADS + ROW * len(steps) + BELOW,
        )
        key(frame, [*handles, *others])
        width = WIDTH - MARGIN - LABELS - NUMBERS - 2 * PAD
        left = MARGIN + LABELS + PAD
        axes = frame.axes(left, top + HEADS, width, ROW * len(steps))
        frame.text(
            left + width + PAD,
            top + HEADS - 0.03,
            "share, %, or net change,\npoints (95% interval); worlds",
            size=7.5,
            va="bottom",
            linespacing=1.05,
        )
        last = len(steps) - 1
        for at, row in enumerate(steps.to_dict("records")):
            ends = at in (0, last)
            name = (base if at == 0 else variant) if ends else row["label"] or labels[row["step"]]
            colour = own if ends else HEADLINE_COLOURS[headlines[row["step"]]] if not row["label"] else GREY
            start, end = 100 * row["start"], 100 * row["end"]
            axes.barh(
                at, end - start, BAR, left=start, zorder=2, **bar_style(colour, ends or row["change"] >= 0)
            )
            offset = 0.0 if ends else start
            axes.plot(
                [max(offset + 100 * row["low"], 0), min(offset + 100 * row["high"], 100)],
                [at, at],
                color=INK,
                linewidth=1.1,
                zorder=4,
                marker="|",
                markersize=4,
            )
            if at < last:
                axes.plot([end, end], [at - BAR / 2, at + 1 + BAR / 2], color=INK, linewidth=0.6, zorder=3)
            axes.annotate(
                "\n".join(broken(name, LABEL_CHARACTERS, 2)),
                (0, at),
                (-72 * (LABELS + PAD), 0),
                xycoords=axes.get_yaxis_transform(),
                textcoords="offset points",
                va="center",
                size=8.5,
                weight="bold" if ends else "normal",
                linespacing=1.0,
            )
            said = (
                told(row["end"], row["low"], row["high"])
                if ends
                else f"{changed(row['change'], row['low'], row['high'])}\nwon {row['gained']:,}, lost {row['lost']:,}"
            )
            beside(axes, at, said, PAD)
        axes.set_ylim(last + 0.5, -0.5)
        axes.set_yticks([])
        axes.set_xlim(0, min(axes.get_xlim()[1], 100))
        round_ticks(axes.xaxis, 5)
        axes.grid(axis="x")
        axes.tick_params(length=3, width=0.6)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_xlabel("Share of worlds (%)", labelpad=3)
    return frame.figure


def _merged(table: pd.DataFrame, n: int) -> pd.DataFrame:
    """The steps that are shown; `label` names one that stands for several outcomes."""
    table = table.assign(label="")
    others = len(table) - 2
    if others <= MOST:
        return table
    small = table.iloc[MOST : len(table) - 1]
    gained, lost = int(small["gained"].sum()), int(small["lost"].sum())
    low, high = paired_interval(gained, lost, n)
    together = small.iloc[[0]].assign(
        end=small["end"].iloc[-1],
        change=(gained - lost) / n,
        gained=gained,
        lost=lost,
        low=float(low),
        high=float(high),
        label=f"{len(small)} others, the smallest changes",
    )
    return pd.concat([table.iloc[:MOST], together, table.iloc[[-1]]], ignore_index=True)


def _check(
    table: pd.DataFrame, outcome: str, headlines: Mapping[str, str], labels: Mapping[str, str]
) -> None:
    columns = ("step", "start", "end", "change", "gained", "lost", "low", "high", "n")
    check_columns(table, "the table", columns)
    if len(table) < 2 or table["step"].iloc[0] != "base" or table["step"].iloc[-1] != "variant":
        raise ValueError("a waterfall begins with the step 'base' and ends with the step 'variant'")
    outcomes = [outcome, *table["step"].iloc[1:-1]]
    check_given(outcomes, headlines, "headlines")
    check_given(outcomes, labels)
    check_coloured(headlines[each] for each in outcomes)
