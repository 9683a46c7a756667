"""Scenario discovery: what peeling traded coverage for density, and the box that was chosen, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from negotiation_sim.analysis.checks import check_columns, check_table
from negotiation_sim.analysis.discovery import Score
from negotiation_sim.analysis.shares import share
from negotiation_sim.figures.factor_rows import FactorRows, basis_key, key, key_height
from negotiation_sim.figures.frame import MARGIN, NO_FORECAST, Frame
from negotiation_sim.figures.names import Named, named
from negotiation_sim.figures.numbers import setting
from negotiation_sim.figures.percentages import told
from negotiation_sim.figures.style import GREY, INK, styled
from negotiation_sim.figures.words import broken

MOST = 10
"""Restricted parameters that are shown; the rest are counted."""

# Lengths in inches.
LEFT = 0.62
PLANE = 2.1  # width and height of the plane of coverage and density
BELOW = 0.5
NUMBERS = 1.75
RANGE = "#B0B0B0"

FOUND: Any = {"linestyle": "", "marker": "o", "markersize": 7, "color": INK}
HELD_OUT: Any = {**FOUND, "marker": "D", "markersize": 6, "markerfacecolor": "white", "markeredgewidth": 1.3}


def discovery_figure(
    trajectory: pd.DataFrame,
    found: Score,
    restrictions: pd.DataFrame,
    *,
    interest: str,
    names: Mapping[str, Named],
    source: str,
    held_out: Score | None = None,
    question: str | None = None,
) -> Figure:
    """The trajectory of peeling with the chosen box marked, and below it the box, a range bar a parameter.

    Args:
        trajectory: `analysis.discovery.Trajectory.table`.
        found: score of the chosen box on the cases that it was found on.
        restrictions: of `analysis.discovery.restrictions` for that box.
        interest: what cases of interest are, in words, such as escalation.
        names: factor -> its name in plain words and what it rests on.
        source: one line on what was run.
        held_out: score of the box on other cases.
        question: the title; one is made if left out.

    Raises ValueError if a table lacks a column or the trajectory has no rows.
    """
    _check(trajectory, restrictions)
    steps = list(dict.fromkeys(restrictions["factor"]))
    shown = steps[:MOST]
    factors = [named(str(each), names) for each in shown]
    edges = [restrictions[restrictions["factor"] == each].to_dict("records") for each in shown]
    said = ["\n".join(_said(edge) for edge in each) for each in edges]
    lines = [each.count("\n") + 1 for each in said]
    with styled():
        rows = FactorRows(factors, NUMBERS, "box (quasi-p-value)", lines=max(lines)) if shown else None
        keys = [
            Line2D([], [], color=RANGE, linewidth=1.5, label="range of the parameter (each its own scale)")
        ]
        keys += (
            [
                Line2D([], [], color=INK, linewidth=6, solid_capstyle="butt", label="the box"),
                *basis_key(factors),
            ]
            if shown
            else []
        )
        below = key_height(keys) + rows.height - 0.3 if rows is not None else 0.2
        frame = Frame(
            question or f"Under which conditions does {interest} become likely?",
            f"PRIM finds a box of parameter ranges in which cases end in {interest} more often than elsewhere. "
            "Coverage: the part of all such cases that lies in the box. Density: the part of the box's cases that are "
            "such.",
            [
                *_counted(steps),
                "Wilson's 95% intervals, each by itself, as if cases were independent; on the cases that the box "
                "was found on they are too favourable. Quasi-p-value: how probable so dense a box is without the "
                f"restriction; good for dropping one, no proof. n = {found.cases:,} cases, {found.total:,} of them of "
                "interest.",
                source,
                NO_FORECAST,
            ],
            PLANE + BELOW + 0.1 + below,
        )
        _draw_plane(frame.axes(LEFT, 0.05, PLANE, PLANE), trajectory, found, held_out)
        _tell(frame, LEFT + PLANE + 0.35, found, held_out, interest)
        top = PLANE + BELOW + 0.1
        if rows is None:
            frame.text(MARGIN, top, "No parameter is restricted: the box is the whole space.", size=9)
            return frame.figure
        key(frame, keys, top)
        axes = rows.draw(frame, top + key_height(keys))
        axes.set_xlim(-0.03, 1.03)
        axes.set_xticks([])
        axes.grid(visible=False)
        axes.spines["bottom"].set_visible(False)
        for at, factor in enumerate(factors):
            _draw_range(axes, at, edges[at], factor.documented)
            rows.write(axes, at, said[at])
    return frame.figure


def _draw_plane(axes: Axes, trajectory: pd.DataFrame, found: Score, held_out: Score | None) -> None:
    axes.plot(
        100 * trajectory["coverage"],
        100 * trajectory["density"],
        color=GREY,
        linewidth=0.8,
        marker="o",
        markersize=2.6,
        zorder=2,
    )
    for score, style in ((found, FOUND), (held_out, HELD_OUT)):
        if score is None or not score.n or not score.total:
            continue
        bounds = [share(score.count, score.total), share(score.count, score.n)]
        (x, *across), (y, *up) = ([100 * each for each in bound] for bound in bounds)
        axes.plot(across, [y, y], color=INK, linewidth=1, zorder=3)
        axes.plot([x, x], up, color=INK, linewidth=1, zorder=3)
        axes.plot(x, y, zorder=4, clip_on=False, **style)
    axes.set(xlim=(0, 102), ylim=(0, 102), xlabel="Coverage (%)", ylabel="Density (%)")
    axes.set_xticks(range(0, 101, 25))
    axes.set_yticks(range(0, 101, 25))
    axes.grid()
    axes.tick_params(length=3, width=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _tell(frame: Frame, left: float, found: Score, held_out: Score | None, interest: str) -> None:
    """What the marks are, and their numbers."""
    down = 0.1
    blocks: list[tuple[dict[str, Any], str, Score | None]] = [
        (
            {"linestyle": "-", "color": GREY, "marker": "o", "markersize": 2.6},
            "boxes that peeling went through",
            None,
        ),
        (FOUND, "the box, on the cases it was found on", found),
    ]
    if held_out is not None:
        blocks.append((HELD_OUT, f"the box, on {held_out.cases:,} other cases", held_out))
    for style, label, score in blocks:
        frame.figure.add_artist(
            Line2D(
                *_across(frame, left, left + 0.22, down + 0.065, style),
                transform=frame.figure.transFigure,
                **style,
            )
        )
        frame.text(left + 0.34, down, label, size=8.5, weight="normal" if score is None else "bold")
        down += 0.19
        for text in _scored(score, interest) if score is not None else ():
            frame.text(left + 0.34, down, text, size=8.5)
            down += 0.165
        down += 0.08


def _across(
    frame: Frame, left: float, right: float, down: float, style: dict[str, Any]
) -> tuple[list[float], list[float]]:
    """A short line, or the place of a single mark."""
    ends = [left, right] if style["linestyle"] else [(left + right) / 2]
    places = [frame.place(each, down) for each in ends]
    return [x for x, _ in places], [y for _, y in places]


def _scored(score: Score, interest: str) -> list[str]:
    if not score.n or not score.total:
        return ["no case lies in it" if not score.n else f"none of them ends in {interest}"]
    return [
        f"coverage {told(*share(score.count, score.total))}",
        f"density {told(*share(score.count, score.n))}",
        f"density of all cases {told(*share(score.total, score.cases))}",
        f"{score.count:,} of {score.n:,} cases in the box",
    ]


def _draw_range(axes: Axes, at: int, edges: list[dict[Any, Any]], documented: bool) -> None:
    """The range of a number as a thin line, the box as a bar; words have no range."""
    if edges[0]["kind"] == "one of":
        return
    low, high = float(edges[0]["from_value"]), float(edges[0]["to_value"])
    ends = {"at least": low, "at most": high} | {each["kind"]: float(each["edge"]) for each in edges}
    start, end = ((each - low) / (high - low) if high > low else 0.5 for each in ends.values())
    axes.plot([0, 1], [at, at], color=RANGE, linewidth=1.5, zorder=2, solid_capstyle="butt")
    face = INK if documented else "white"
    axes.barh(at, end - start, 0.26, left=start, facecolor=face, edgecolor=INK, linewidth=1.1, zorder=3)
    for x, text, side in ((0, setting(low, high - low), "left"), (1, setting(high, high - low), "right")):
        axes.annotate(text, (x, at + 0.13), (0, -1), textcoords="offset points", ha=side, va="top", size=7.5)


def _said(edge: dict[Any, Any]) -> str:
    """A restriction in words, and its quasi-p-value."""
    p = edge["quasi_p"]
    chance = "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
    if edge["kind"] != "one of":
        span = edge["to_value"] - edge["from_value"]
        return f"{edge['kind']} {setting(edge['edge'], span)} ({chance})"
    kept = broken(" or ".join(map(str, edge["labels"])), 26, 2)
    out = broken("not " + ", ".join(map(str, edge["left_out"])), 26, 1) if edge["left_out"] else []
    return "\n".join([*kept, *out, f"({chance})"])


def _counted(steps: list[Any]) -> list[str]:
    if len(steps) <= MOST:
        return []
    return [f"{MOST} of {len(steps)} restricted parameters are shown, those whose restriction matters most."]


def _check(trajectory: pd.DataFrame, restrictions: pd.DataFrame) -> None:
    check_table(trajectory, "the trajectory", ["coverage", "density"])
    edge = ["kind", "edge", "labels", "left_out", "from_value", "to_value", "quasi_p"]
    check_columns(restrictions, "restrictions", ["factor", *edge])
