"""Stalemate, concession and escalation in one triangle: a point a group, with all that its worlds allow."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import mpltern  # noqa: F401  (registers the projection)
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import patheffects
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.path import Path

from negotiation_sim.analysis.checks import check_columns
from negotiation_sim.analysis.shares import region
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.frame import MARGIN, NO_FORECAST, Frame
from negotiation_sim.figures.numbers import stated_n, value
from negotiation_sim.figures.percentages import interval, percent
from negotiation_sim.figures.style import INK, WIDTH, styled, tint
from negotiation_sim.figures.words import lines

FloatArray = npt.NDArray[np.float64]

CORNERS = ("escalation", "concession", "stalemate")
"""Headlines at the top, at the left and at the right."""

NAMED = 12
"""So many groups are lettered at most, each with its region and a line in print; more are points only."""

ENLARGED = 70.0
"""If all regions fit into a triangle of so many points of share a side, that part is drawn, enlarged."""

# Lengths in inches.
SIDE = 3.3
HEIGHT = SIDE * np.sqrt(3) / 2
LEFT, TOP = 1.0, 0.24  # of the triangle in the body
BELOW = 0.64  # tick labels and the names of the lower corners
KEY = 4.25  # left edge of the key
SMALL_SIDE = 0.62  # of the triangle that says which part is enlarged
LINE = 0.165
NAME_AT = 0.32  # names in print
NUMBERS = 1.3  # width of a printed column

NAME_CHARACTERS, KEY_CHARACTERS = 27, 25
SIZE, SMALL = 8, 7.5
DOT, SMALL_DOT = 3.6, 2.2  # markers, in points
BORDER = (0, (5, 2.5))  # dashes

LETTER = 0.15
"""Inches from one letter to the next, or to a point."""
SIDES = ((0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))  # middle and corners of a letter
SHIFTS = np.array(
    [
        (radius * np.cos(angle), radius * np.sin(angle))
        for radius in np.arange(0.16, 2.0, 0.06)
        for angle in np.arange(24) * np.pi / 12
    ]
)
"""Where a letter may stand from its point, in inches."""


def ternary_figure(table: pd.DataFrame, *, by: str, source: str, question: str | None = None) -> Figure:
    """Where each group stands between the three headlines, with the region that its joint intervals leave.

    The shares of the three headlines add up to one, so each group is one point of a triangle; it is nearer to a
    corner the larger that share. A region holds all sets of shares that respect the three intervals. Up to
    `NAMED` groups are lettered, with their numbers in print below; of more, points are drawn and the region of
    the one whose region has the median area.

    Args:
        table: of `analysis.shares.headline_shares`: one row a group and headline (all of `CORNERS`), with
            columns `group`, `headline`, `n`, `share`, `low`, `high` and, if runs share worlds, `worlds`.
        by: what groups are, in words: "scenario", "design point".
        source: what was run, on one line.
        question: the title; without it, one that names `by`.

    Raises:
        ValueError: a column is missing, or a group does not have each of the three headlines once.
    """
    rows = _checked(table)
    share = _columns(rows, "share")
    low, high = _columns(rows, "low"), _columns(rows, "high")
    regions = [100 * region(*bounds) for bounds in zip(low, high, strict=True)]
    named = len(share) <= NAMED
    groups = [lines(name, NAME_CHARACTERS, 2) for name in _names(rows)] if named else []
    print_height = (0.26 + LINE * sum(map(len, groups))) if named else 0.0
    least = _least(regions)
    typical = _typical(regions)
    notes = (
        "Region: all shares that respect the three Goodman intervals of a "
        f"{by}, which hold jointly at 95%. It speaks only of the finite number of worlds.",
        stated_n(rows, f"for each {by}"),
        source,
        NO_FORECAST,
    )
    enlarged = " The part of the triangle that holds them is enlarged." if least.any() else ""
    with styled():
        frame = Frame(
            question or f"Stalemate, concession or escalation, by {by}?",
            f"Shares of worlds (%) with each headline; one point for each {by}, nearer to a corner the larger "
            f"that share.{enlarged}",
            notes,
            TOP + HEIGHT + BELOW + print_height,
        )
        axes = _triangle(frame, LEFT, TOP, SIDE, least)
        _draw_zones(axes)
        for corners in regions if named else [regions[typical]]:
            axes.fill(*corners.T, facecolor="none", edgecolor=INK, linewidth=0.9, zorder=3)
        dots: dict[str, Any] = {
            "linestyle": "",
            "marker": "o",
            "color": INK,
            "markeredgewidth": 0,
            "zorder": 4,
        }
        axes.plot(*(100 * share).T, markersize=DOT if named else SMALL_DOT, clip_on=False, **dots)
        if not named:
            axes.plot(*(100 * share[[typical]]).T, markersize=DOT, clip_on=False, **dots)
        _draw_scales(frame, axes, least)
        _draw_key(frame, by, named)
        if least.any():
            _draw_part(frame, least)
        if named:
            _letter(axes, 100 * share, regions, least)
            _print_groups(frame, groups, rows, TOP + HEIGHT + BELOW, by)
    return frame.figure


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    """One row a group, columns (name, headline) beside n and worlds; or ValueError."""
    wanted = ("group", "headline", "n", "share", "low", "high")
    check_columns(table, "table", wanted)
    each = table.groupby("group", sort=False)["headline"].agg(lambda names: tuple(sorted(names)))  # type: ignore[type-var]
    wrong = each[each != tuple(sorted(CORNERS))]
    if len(wrong):
        raise ValueError(
            f"every group must have {', '.join(CORNERS)} once each, but {wrong.index[0]!r} has "
            f"{', '.join(wrong.iloc[0])}"
        )
    groups = table.drop_duplicates("group").set_index("group")
    rows = groups[[name for name in ("n", "worlds") if name in groups.columns]]
    for headline in CORNERS:
        part = table[table["headline"] == headline].set_index("group")[["share", "low", "high"]]
        rows = rows.join(part.add_suffix(f"_{headline}"))
    return rows


def _names(rows: pd.DataFrame) -> list[str]:
    """What to print for each group; with its n if these differ."""
    if rows["n"].nunique() == 1:
        return [value(group) for group in rows.index]
    return [f"{value(group)} (n = {n:,})" for group, n in rows["n"].items()]


def _columns(rows: pd.DataFrame, name: str) -> FloatArray:
    """(groups, 3) values at the corners."""
    return rows[[f"{name}_{headline}" for headline in CORNERS]].to_numpy(dtype=np.float64)


def _least(regions: Sequence[FloatArray]) -> FloatArray:
    """(3,) least shares of the part to be drawn, in per cent, steps of five; zeros for the whole triangle."""
    lowest = np.min([corners.min(axis=0) for corners in regions], axis=0)
    least = np.floor(lowest / 5 + 1e-9) * 5
    return least if 100 - least.sum() <= ENLARGED else np.zeros(3)


def _typical(regions: Sequence[FloatArray]) -> int:
    """Number of the region with the median area."""
    # Any projection scales all areas of the simplex alike.
    area = [abs(np.sum(c[:, 0] * np.roll(c[:, 1], -1) - c[:, 1] * np.roll(c[:, 0], -1))) for c in regions]
    return int(np.argsort(area, kind="stable")[len(area) // 2])


def _triangle(frame: Frame, left: float, top: float, side: float, least: FloatArray) -> Any:
    """Ternary axes, whose type mpltern leaves open."""
    axes: Any = frame.axes(left, top, side, side * np.sqrt(3) / 2, projection="ternary", ternary_sum=100.0)
    axes.set_ternary_min(*least, fit="triangle")
    return axes


def _draw_zones(axes: Any) -> None:
    """In each third of the whole triangle one headline leads."""
    whole = 100 * np.eye(3)
    for at, headline in enumerate(CORNERS):
        others = [each for each in range(3) if each != at]
        middle = [(whole[at] + whole[other]) / 2 for other in others]
        zone = np.array([whole[at], middle[0], np.full(3, 100 / 3), middle[1]])
        axes.fill(*zone.T, facecolor=tint(HEADLINE_COLOURS[headline]), edgecolor="none", zorder=0)
        border = np.array([np.full(3, 100 / 3), 50 - 50 * whole[at] / 100])
        axes.plot(*border.T, color=INK, linewidth=0.8, linestyle=BORDER, zorder=2)


def _draw_scales(frame: Frame, axes: Any, least: FloatArray) -> None:
    side = 100 - least.sum()
    step = next((step for step in (20, 10, 5) if side / step >= 3.5), 2)
    for at, axis in enumerate((axes.taxis, axes.laxis, axes.raxis)):
        ticks = np.arange((least[at] // step + 1) * step, least[at] + side, step)
        axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.tick_params(labelrotation="horizontal", labelsize=SMALL, length=3, width=0.6, pad=2)
    axes.grid(color="white", linewidth=0.8, zorder=1)
    corners = [f"{name.capitalize()} {end:g}%" for name, end in zip(CORNERS, least + side, strict=True)]
    bold: dict[str, Any] = {"size": SIZE, "weight": "bold"}
    below = TOP + HEIGHT + 0.27
    frame.text(LEFT + SIDE / 2, TOP - 0.05, corners[0], ha="center", va="bottom", **bold)
    frame.text(MARGIN + 0.2, below, corners[1], **bold)
    frame.text(LEFT + SIDE - 0.35, below, corners[2], **bold)
    names = [f"{name}, %" for name in CORNERS]
    frame.text(LEFT + 0.75 * SIDE + 0.42, TOP + HEIGHT / 2, names[0], size=SIZE, va="center")
    frame.text(LEFT + 0.25 * SIDE - 0.42, TOP + HEIGHT / 2, names[1], size=SIZE, va="center", ha="right")
    frame.text(LEFT + SIDE / 2, below, names[2], size=SIZE, ha="center")


def _draw_key(frame: Frame, by: str, named: bool) -> None:
    """What dot, region, dashes and tints stand for, beside the top of the triangle."""
    dot = Line2D([], [], color=INK, marker="o", markersize=DOT if named else SMALL_DOT, linewidth=0)
    outline = Line2D(
        [],
        [],
        color=INK,
        marker="H",
        markersize=10,
        markerfacecolor="white",
        markeredgewidth=0.9,
        linewidth=0,
    )
    border = Line2D([], [], color=INK, linewidth=0.8, linestyle=BORDER)
    drawn = "joint 95% region" if named else "joint 95% region of one of them, that with the median area"
    entries = (
        (dot, f"shares of one {by}"),
        (outline, drawn),
        (border, "two headlines equally frequent; in each tint one leads"),
    )
    frame.figure.legend(
        [handle for handle, _ in entries],
        ["\n".join(lines(text, KEY_CHARACTERS, 4)) for _, text in entries],
        loc="upper left",
        bbox_to_anchor=frame.place(KEY, 0.0),
        borderaxespad=0,
        borderpad=0,
        labelspacing=0.5,
        handlelength=1.6,
        frameon=False,
        fontsize=SIZE,
    )


def _draw_part(frame: Frame, least: FloatArray) -> None:
    """A small whole triangle, in which the part that is enlarged is filled."""
    axes = _triangle(frame, MARGIN + 0.1, 0.04, SMALL_SIDE, np.zeros(3))
    for axis in (axes.taxis, axes.laxis, axes.raxis):
        axis.set_ticks([])
    part = least + (100 - least.sum()) * np.eye(3)
    axes.fill(*part.T, facecolor=INK, edgecolor=INK)
    frame.text(MARGIN, 0.04 + SMALL_SIDE, "part shown", size=SMALL)


def _letter(axes: Any, share: FloatArray, regions: Sequence[FloatArray], least: FloatArray) -> None:
    """A letter for each point, off all points and other letters and, where there is room, off all regions.

    Letters stay within the triangle, where no scale is; a thin line joins each to its point.
    """
    points = _inches(share, least)
    outlines = [Path(_inches(corners, least)) for corners in regions]
    placed: list[FloatArray] = []
    for at, point in enumerate(points):
        places = point + SHIFTS
        places = places[_inside(places)]
        best = places[_costs(places, point, np.delete(points, at, axis=0), placed, outlines).argmin()]
        placed.append(best)
        end, label = _shares(np.array([point, best]), least)
        axes.plot(*np.array([end, label]).T, color=INK, linewidth=0.5, zorder=5)
        axes.text(
            *label,
            string.ascii_uppercase[at],
            size=SIZE,
            weight="bold",
            ha="center",
            va="center",
            zorder=6,
            path_effects=[patheffects.withStroke(linewidth=2.6, foreground="white")],
        )


def _inches(share: FloatArray, least: FloatArray) -> FloatArray:
    """(v, 2) places of shares in per cent, from the lower left corner of the triangle."""
    beyond = (share - least) * SIDE / (100 - least.sum())
    return np.column_stack([beyond[:, 2] + beyond[:, 0] / 2, beyond[:, 0] * np.sqrt(3) / 2])


def _shares(places: FloatArray, least: FloatArray) -> FloatArray:
    """(v, 3) shares in per cent at places: the inverse of `_inches`."""
    top = places[:, 1] * 2 / np.sqrt(3)
    right = places[:, 0] - top / 2
    return least + np.column_stack([top, SIDE - top - right, right]) * (100 - least.sum()) / SIDE


def _inside(places: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether a letter at each place keeps off the sides of the triangle."""
    x, y = places.T
    off = np.minimum(x * np.sqrt(3) - y, (SIDE - x) * np.sqrt(3) - y) / 2  # from the two upper sides
    return (y > LETTER / 2) & (off > LETTER / 2)


def _costs(
    places: FloatArray,
    point: FloatArray,
    points: FloatArray,
    placed: Sequence[FloatArray],
    outlines: Sequence[Path],
) -> FloatArray:
    """How bad each place for a letter is: far from its point, or near to something else."""
    along = point + np.linspace(0, 1, 11)[1:-1, None, None] * (places - point)  # the line to its point
    costs = np.hypot(*(places - point).T)
    for each in placed:
        costs += 10.0 * (np.abs(places - each).max(axis=1) < LETTER)
    for each in points:
        costs += 10.0 * (np.hypot(*(places - each).T) < LETTER)
    for each in [*placed, *points]:
        costs += 0.3 * (np.linalg.norm(along - each, axis=2).min(axis=0) < LETTER / 2)
    for outline in outlines:
        within = [outline.contains_points(places + LETTER / 2 * np.array(side)) for side in SIDES]
        costs += 0.25 * np.any(within, axis=0)
    return costs


def _print_groups(
    frame: Frame, groups: Sequence[Sequence[str]], rows: pd.DataFrame, top: float, by: str
) -> None:
    """A line a group: its letter, name, and the shares of the headlines with their intervals."""
    bold: dict[str, Any] = {"size": SIZE, "weight": "bold"}
    columns = [WIDTH - MARGIN - (3 - each) * NUMBERS for each in range(3)]
    frame.text(NAME_AT, top, by[:1].upper() + by[1:], **bold)
    for x, headline in zip(columns, CORNERS, strict=True):
        frame.text(x, top, f"{headline.capitalize()}, %", **bold)
    top += LINE + 0.03
    for letter, name, (_, row) in zip(string.ascii_uppercase, groups, rows.iterrows(), strict=False):
        first: dict[str, Any] = {"va": "baseline", "size": SIZE}
        frame.text(MARGIN, top + 0.11, letter, weight="bold", **first)
        for at, line in enumerate(name):
            frame.text(NAME_AT, top + 0.11 + at * LINE, line, **first)
        for x, headline in zip(columns, CORNERS, strict=True):
            bounds = interval(row[f"low_{headline}"], row[f"high_{headline}"])
            frame.text(x, top + 0.11, f"{percent(row[f'share_{headline}'])} ({bounds})", **first)
        top += LINE * len(name)
