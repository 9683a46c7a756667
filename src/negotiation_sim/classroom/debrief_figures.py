"""Pictures of a debrief: where a class landed, how its odds moved, what was believed of the challenger."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from negotiation_sim.analysis.checks import check_table
from negotiation_sim.figures.checks import check_coloured, check_given
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.differences import differences_figure
from negotiation_sim.figures.frame import FINITE, MARGIN, NO_FORECAST, Frame
from negotiation_sim.figures.numbers import worlds
from negotiation_sim.figures.percentages import interval, percent
from negotiation_sim.figures.stacked import stacked_figure
from negotiation_sim.figures.style import GREY, INK, SHAPES, WIDTH, line_style, styled
from negotiation_sim.figures.ticks import percent_ticks
from negotiation_sim.figures.whisker import draw_whisker
from negotiation_sim.figures.words import broken

Rows = Sequence[Mapping[str, Any]]
"""A table as it travels between processes."""

LINES = (INK, "#6B4C9A", "#1B7F6B", GREY)
"""Of types of the challenger, which stand for no headline."""

DOTS = ".."
"""Dots of a hatch: in SVG each is a curve, and the hatch of the house would make a picture of a megabyte."""

# Lengths in inches.
LABELS, NUMBERS = 1.75, 1.62  # to the left and to the right of bars
ROW = 0.25
SHARE_AT, INTERVAL_AT = 0.42, 0.55
HEADS, BELOW = 0.2, 0.46
LEFT, RIGHT, TALL = 0.52, 1.5, 2.5  # of axes over rounds
SIGNAL_LINE = 0.125

LABEL_CHARACTERS, END_CHARACTERS, SIGNAL_CHARACTERS = 24, 22, 12


def landing_figure(
    shares: pd.DataFrame,
    *,
    landed: str | None,
    after: int,
    labels: Mapping[str, str],
    source: str,
    question: str = "Where did the class land among worlds without people?",
) -> Figure:
    """Bars of the share of worlds in each outcome, with joint intervals; the class's own outcome is marked.

    Args:
        shares: of `analysis.shares.outcome_shares` at 95%, with headlines.
        landed: outcome of the class's game; None if no round of it was finished.
        after: number of the round after which all worlds are looked at.
        labels: outcome -> what to print.
        source: one line on what was run.
        question: the title.

    Raises:
        ValueError: a column, label or colour is missing, or `landed` is no outcome of the table.
    """
    check_table(shares, "shares", ["outcome", "headline", "count", "n", "share", "low", "high"])
    check_given(shares["outcome"], labels)
    check_coloured(shares["headline"])
    if landed is not None and landed not in set(shares["outcome"]):
        raise ValueError(f"landed must be one of {', '.join(shares['outcome'])}, but is {landed!r}")
    groups = shares.groupby("headline", sort=False)
    tall = ROW * (len(shares) + 0.9 * groups.ngroups)
    marked = f" Marked: how this class's game ended ({labels[landed]})." if landed else ""
    notes = [
        f"{worlds(*shares['n'])}. Whiskers: Goodman joint 95% intervals. {FINITE}",
        "The class is one game, not a sample: where it landed says nothing of how well it played.",
        source,
        NO_FORECAST,
    ]
    with styled():
        frame = Frame(
            question,
            f"Share of worlds (%) in each outcome after round {after}, all seats simulated.{marked}",
            notes,
            HEADS + tall + BELOW,
        )
        axes = frame.axes(LABELS, HEADS, WIDTH - LABELS - NUMBERS - MARGIN, tall)
        axes.set_xlim(0, percent_ticks(axes.xaxis, shares["high"].max(), 6))
        axes.set_ylim(tall / ROW, 0)
        _bare(axes, "x")
        axes.set_yticks([])
        axes.set_xlabel("Share of worlds (%)", labelpad=2)
        _beside(axes, 0, "share, %", SHARE_AT, ha="right", va="bottom")
        _beside(axes, 0, "joint 95% interval, %", INTERVAL_AT, va="bottom")
        at = 0.0
        for headline, rows in groups:
            _beside(axes, at + 0.55, str(headline).capitalize(), -LABELS + MARGIN, left=True, weight="bold")
            at += 0.9
            for row in rows.to_dict("records"):
                _draw_outcome(axes, row, labels[row["outcome"]], at + 0.5, row["outcome"] == landed)
                at += 1
    return frame.figure


def _draw_outcome(axes: Axes, row: Mapping[Any, Any], label: str, middle: float, landed: bool) -> None:
    weight = "bold" if landed else "normal"
    if landed:
        width = WIDTH - 2 * MARGIN
        box = axes.get_position().width * WIDTH
        band = Rectangle(
            ((MARGIN - LABELS) / box, middle - 0.5),
            width / box,
            1,
            transform=axes.get_yaxis_transform(),
            facecolor="#F0EAD2",
            edgecolor=INK,
            linewidth=0.9,
            clip_on=False,
            zorder=0,
        )
        axes.add_patch(band)
        _beside(axes, middle, "\N{BLACK RIGHT-POINTING TRIANGLE}", -0.14, left=True, size=8)
    colour = HEADLINE_COLOURS[row["headline"]]
    axes.barh(middle, 100 * row["share"], 0.66, facecolor=colour, edgecolor=colour, linewidth=0.7)
    draw_whisker(axes, 100 * row["low"], 100 * row["high"], middle, 0.2, linewidth=1.1)
    _beside(
        axes,
        middle,
        broken(label, LABEL_CHARACTERS, 1)[0],
        -0.2,
        left=True,
        ha="right",
        weight=weight,
        size=8.5,
    )
    _beside(axes, middle, percent(row["share"]), SHARE_AT, ha="right", weight="bold")
    _beside(axes, middle, interval(row["low"], row["high"]), INTERVAL_AT, weight=weight)


def odds_figure(odds: pd.DataFrame, *, labels: Mapping[str, str], source: str) -> Figure:
    """One bar for each number of rounds played, divided by outcome, of worlds that go on from there without people.

    Args:
        odds: rows of `analysis.shares.outcome_shares` with a column `group`: how many rounds had been played.
        labels: outcome -> what to print.
        source: one line on what was run.

    Raises:
        ValueError: as `stacked_figure`.
    """
    return stacked_figure(
        odds,
        by="number of rounds played",
        labels=labels,
        source=f"{source}; from there on all seats are simulated, each world with luck of its own.",
        question="How did the odds move, round by round?",
    )


def beliefs_figure(
    beliefs: pd.DataFrame,
    *,
    signals: Mapping[int, str],
    about: str,
    source: str,
    question: str | None = None,
) -> Figure:
    """What observers believed of the challenger's type after each round, and the signal that they saw in it.

    Args:
        beliefs: `round` (0: the common prior), `type` (in words), `belief` (0 to 1); a row a round and type.
        signals: round -> the challenger's signal in words.
        about: the challenger's name.
        source: one line on what was played.
        question: the title; one is made if left out.

    Raises:
        ValueError: a column is missing, or there are more types than can be told apart.
    """
    check_table(beliefs, "beliefs", ["round", "type", "belief"])
    types = list(dict.fromkeys(beliefs["type"]))
    if len(types) > len(SHAPES):
        raise ValueError(f"at most {len(SHAPES)} types can be told apart, but there are {len(types)}")
    rounds = sorted(int(each) for each in beliefs["round"].unique())
    seen = [each for each in rounds if each in signals]
    said = {each: broken(signals[each], SIGNAL_CHARACTERS, 3) for each in seen[:: -(-len(rounds) // 8)]}
    tall = SIGNAL_LINE * max(map(len, said.values()), default=0)
    with styled():
        frame = Frame(
            question or f"What did the others believe of {about}?",
            "Belief (%) in each type after every round, by Bayes' rule from public signals; 0 is the common prior. "
            f"Below the axis: what {about} did in the round.",
            [
                "n = 1 game: these are the beliefs in it and not estimates, so there is no interval.",
                source,
                "Beliefs of observers in a model; no forecast.",
            ],
            0.1 + TALL + tall + BELOW,
        )
        axes = _over_rounds(frame, rounds, "Belief (%)")
        ends = []
        for at, type_ in enumerate(types):
            rows = beliefs[beliefs["type"] == type_].sort_values("round")
            y = 100 * rows["belief"].to_numpy()
            axes.plot(rows["round"], y, clip_on=False, zorder=3, **line_style(at, LINES[at], 1.6, 5, 1.1))
            ends.append((float(y[-1]), f"{type_} {percent(y[-1] / 100)}%", LINES[at]))
        axes.set_ylim(0, 10 * np.ceil(beliefs["belief"].max() * 10 + 0.3))
        _name_ends(axes, ends)
        for number, lines in said.items():
            axes.annotate(
                "\n".join(lines),
                (number, 0),
                (0, -17),
                xycoords=axes.get_xaxis_transform(),
                textcoords="offset points",
                ha="center",
                va="top",
                size=7.5,
                linespacing=1.0,
            )
        axes.xaxis.labelpad = 72 * tall + 2
    return frame.figure


def _over_rounds(frame: Frame, rounds: Sequence[int], name: str) -> Axes:
    """Axes over rounds, from the first to the last; room is left to the right for names of lines."""
    axes = frame.axes(LEFT, 0.1, WIDTH - LEFT - RIGHT - MARGIN, TALL)
    margin = 0.04 * max(1, rounds[-1] - rounds[0])
    axes.set_xlim(rounds[0] - margin, rounds[-1] + margin)
    axes.set_ylim(0, 100)
    axes.set_xticks(rounds[:: -(-len(rounds) // 14)])
    axes.set_xlabel("After round", labelpad=2)
    axes.set_ylabel(name, labelpad=3)
    _bare(axes, "y")
    return axes


def _bare(axes: Axes, grid: Any) -> None:
    axes.grid(axis=grid)
    axes.tick_params(length=3, width=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _name_ends(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Names of lines at their right ends, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    texts = [broken(text, END_CHARACTERS, 3) for _, text, _ in ends]
    line = (high - low) * 0.125 / TALL
    order = sorted(range(len(ends)), key=lambda at: ends[at][0])
    top = low - line
    places = {}
    for at in order:
        height = line * len(texts[at])
        places[at] = max(ends[at][0], top + height / 2 + line * 0.35)
        top = places[at] + height / 2
    over = max(0.0, top - high - line)
    for at, (_, _, colour) in enumerate(ends):
        axes.annotate(
            "\n".join(texts[at]),
            (1, places[at] - over),
            (10, 0),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            va="center",
            size=8,
            weight="bold",
            color=colour if colour != GREY else INK,
            linespacing=1.0,
        )


def _beside(axes: Axes, row: float, text: str, inches: float, left: bool = False, **keywords: Any) -> None:
    """Text beside a row, so many inches from the right end of the axes, or from their left one."""
    axes.annotate(
        text,
        (0 if left else 1, row),
        (72 * inches, 0),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        **{"va": "center_baseline", "size": 8, **keywords},
    )


FIGURES: Mapping[str, Callable[..., Figure]] = {
    "landing": landing_figure,
    "odds": odds_figure,
    "beliefs": beliefs_figure,
    "differences": differences_figure,
}


def drawn(name: str, rows: Rows | Mapping[str, Rows], **keywords: Any) -> bytes:
    """One of the `FIGURES` as SVG, from the rows of its table, or of several by name; the same rows, the same bytes."""
    tables = (
        {key: pd.DataFrame(its) for key, its in rows.items()}
        if isinstance(rows, Mapping)
        else pd.DataFrame(rows)
    )
    picture = FIGURES[name](tables, **keywords)
    for patch in picture.findobj(Patch):
        if set(patch.get_hatch() or "") == {"."}:
            patch.set_hatch(DOTS)
    sink = io.BytesIO()
    with styled(), matplotlib.rc_context({"svg.hashsalt": "negsim"}):
        picture.savefig(sink, format="svg", metadata={"Date": None, "Creator": None})
    return sink.getvalue()
