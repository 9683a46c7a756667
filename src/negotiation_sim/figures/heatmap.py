"""How the share of one headline depends on two parameters, and where the most likely headline changes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from negotiation_sim.analysis.checks import check_columns
from negotiation_sim.figures.checks import check_coloured
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.frame import FINITE, NO_FORECAST, Frame
from negotiation_sim.figures.numbers import edges, stated_n, value
from negotiation_sim.figures.style import INK, WIDTH, styled
from negotiation_sim.figures.words import lines

SCALES = MappingProxyType(
    {
        "escalation": ("#FFF4EC", "#F0883E", "#6E2C00"),
        "concession": ("#EEF5FA", "#3D8CBD", "#00304F"),
        "stalemate": ("#F7F7F7", "#9A9A9A", "#303030"),
    }
)
"""Headline -> colours from its smallest share to its largest: one hue, that of the headline, the darker the larger."""

MARKS = MappingProxyType({"escalation": "^", "concession": "o", "stalemate": "s"})
"""The marker that says which headline leads in a cell."""

MOST = 10
"""So many cells a side have room for their numbers."""

# Lengths in inches.
LEFT, RIGHT = 0.98, 0.72  # tick labels and the name of the vertical axis; the colour bar
AXIS = WIDTH - LEFT - RIGHT
BAR = 0.13  # width of the colour bar
CELL, TALL = 0.5, 3.6  # height of a cell and of all cells, at most
BELOW = 0.46
KEY_LINE = 0.19
CORNER = 0.085  # of a cell: where its marker stands

EVEN = 0.2
"""Luminance on which dark and white print have the same contrast."""

SIZE, SMALL = 8, 7.5
NAME_CHARACTERS = 70
HATCH = "////"


def heatmap_figure(
    table: pd.DataFrame, *, headline: str, x: str, y: str, source: str, question: str | None = None
) -> Figure:
    """A cell for each pair of levels or bins, darker the larger the share of `headline`, with its numbers.

    A marker in each cell says which headline leads; a thick line runs where that changes; cells in which the
    lead may be chance are hatched. Cells are drawn equally large, whatever range of the parameters they hold.

    Args:
        table: of `analysis.surfaces.share_surface` for `headline`, at most `MOST` cells a side.
        headline: whose share it is.
        x: the horizontal parameter in words, with its unit.
        y: the vertical one.
        source: what was run, on one line.
        question: the title; without it, one that names `headline`.

    Raises:
        ValueError: a column or colour is missing, or there are too many cells.
    """
    _check(table, headline)
    wide, tall = (len(table[[f"{side}_low", f"{side}_high"]].drop_duplicates()) for side in "xy")
    height = min(CELL * max(tall, 2), TALL)
    leaders = [name for name in HEADLINE_COLOURS if (table["leading"] == name).any()]
    entries = _entries(table, leaders)
    keys = KEY_LINE * -(-len(entries) // 2) + 0.1
    name = lines(x, NAME_CHARACTERS, 2)
    with styled():
        frame = Frame(
            question or f"Where do the talks end in {headline}, and how surely?",
            _subtitle(headline, leaders),
            (
                "In each cell: share in % above its 95% interval (Wilson, each by itself). Hatched: the 95% "
                "interval of the lead over the second most frequent headline (Tango, each by itself) holds zero. "
                f"{FINITE}",
                f"{stated_n(table[table['n'] > 0], 'in each cell')}{_binned(table)}",
                source,
                NO_FORECAST,
            ),
            keys + height + BELOW + 0.14 * (len(name) - 1),
        )
        frame.figure.legend(
            handles=entries,
            loc="upper left",
            bbox_to_anchor=frame.place(LEFT, 0),
            borderaxespad=0,
            borderpad=0,
            labelspacing=0.4,
            frameon=False,
            fontsize=SIZE,
            ncols=2,
        )
        axes = frame.axes(LEFT, keys, AXIS, height)
        shade, scale = _shades(table, headline)
        share = 100 * table["share"].to_numpy(dtype=float).reshape(tall, wide)
        mesh = axes.pcolormesh(share, cmap=shade, norm=scale, edgecolors="white", linewidth=0.6)
        for at, cell in enumerate(table.to_dict("records")):
            colour = shade(scale(100 * cell["share"])) if cell["n"] else (1.0, 1.0, 1.0, 1.0)
            _draw_cell(
                axes, cell, at % wide, at // wide, colour, (AXIS / wide, height / tall), len(leaders) > 1
            )
        _draw_boundary(axes, table["leading"].to_numpy().reshape(tall, wide))
        _draw_axes(axes, table, wide, tall)
        axes.set_xlabel("\n".join(name), labelpad=3, size=SIZE)
        axes.set_ylabel("\n".join(lines(y, int(height * 14), 2)), labelpad=4, size=SIZE)
        bar = frame.figure.colorbar(
            mesh, cax=frame.axes(WIDTH - RIGHT + 0.1, keys, BAR, height), ticks=MaxNLocator(5, integer=True)
        )
        bar.outline.set_linewidth(0.6)
        bar.ax.tick_params(labelsize=SMALL, length=3, width=0.6)
        bar.set_label(f"{headline}, %", size=SIZE, labelpad=2)
    return frame.figure


def _check(table: pd.DataFrame, headline: str) -> None:
    wanted = ["x_low", "x_high", "y_low", "y_high", "n", "share", "low", "high", "leading", "sure"]
    check_columns(table, "table", wanted)
    check_coloured({headline} | set(table["leading"]) - {""})
    for side in "xy":
        cells = len(table[[f"{side}_low", f"{side}_high"]].drop_duplicates())
        if cells > MOST:
            raise ValueError(
                f"{side} has {cells} levels or bins, but there is room for {MOST}: use fewer bins"
            )


def _subtitle(headline: str, leaders: list[str]) -> str:
    said = f"Share of worlds (%) with {headline}, the darker the larger."
    if len(leaders) == 1:
        said += f" {leaders[0].capitalize()} is the most likely headline in every cell."
    return said


def _binned(table: pd.DataFrame) -> str:
    binned = (table["x_low"] < table["x_high"]).any() or (table["y_low"] < table["y_high"]).any()
    return " Bins of a parameter hold equally many runs." if binned else ""


def _entries(table: pd.DataFrame, leaders: list[str]) -> list[Line2D | Patch]:
    """The key: of what there is, only."""
    entries: list[Line2D | Patch] = []
    if len(leaders) > 1:
        entries += [
            Line2D([], [], linestyle="", label=f"{name} is the most likely headline", **_mark(name))
            for name in leaders
        ]
        entries.append(Line2D([], [], color=INK, linewidth=2.2, label="the most likely headline changes"))
    if (~table["sure"] & (table["n"] > 0)).any():
        label = "which headline leads may be chance"
        entries.append(Patch(facecolor="white", edgecolor=INK, hatch=HATCH, linewidth=0.5, label=label))
    if (table["n"] == 0).any():
        entries.append(Patch(facecolor="white", edgecolor=INK, linewidth=0.5, label="blank: no runs"))
    return entries


def _mark(headline: str) -> dict[str, Any]:
    return {
        "marker": MARKS[headline],
        "markersize": 5,
        "markerfacecolor": HEADLINE_COLOURS[headline],
        "markeredgecolor": "white",
        "markeredgewidth": 0.8,
    }


def _shades(table: pd.DataFrame, headline: str) -> tuple[Colormap, Normalize]:
    """The colours, and a scale from a whole ten of per cent to another that hold all shares."""
    low = np.floor(10 * table["share"].min() + 1e-9) * 10
    high = np.ceil(10 * table["share"].max() - 1e-9) * 10
    if low == high:
        low, high = (low, low + 10) if low < 100 else (90.0, 100.0)
    return LinearSegmentedColormap.from_list(headline, SCALES[headline]), Normalize(low, high)


def _draw_cell(
    axes: Axes,
    cell: Mapping[Any, Any],
    column: int,
    row: int,
    colour: tuple[float, float, float, float],
    inches: tuple[float, float],
    marked: bool,
) -> None:
    """One cell, whose lower left corner is (`column`, `row`): numbers, hatch and, if `marked`, what leads."""
    if not cell["n"]:
        return
    ink = INK if _luminance(colour) > EVEN else "white"
    if not cell["sure"]:
        axes.add_patch(
            Rectangle((column, row), 1, 1, fill=False, hatch=HATCH, edgecolor=ink, alpha=0.45, linewidth=0)
        )
    edge = [patheffects.withStroke(linewidth=3, foreground=colour)]
    for text, size, weight, side in (
        (_whole(cell["share"]), SIZE, "bold", "bottom"),
        (f"{_whole(cell['low'])}\N{EN DASH}{_whole(cell['high'])}", SMALL, "normal", "top"),
    ):
        axes.text(
            column + 0.5,
            row + 0.5,
            text,
            size=size,
            weight=weight,
            color=ink,
            ha="center",
            va=side,
            path_effects=edge,
        )
    if marked:
        at = (column + CORNER / inches[0], row + 1 - CORNER / inches[1])
        axes.plot(*at, zorder=3, **_mark(cell["leading"]))


def _draw_boundary(axes: Axes, leading: npt.NDArray[np.object_]) -> None:
    """A line along every side between two cells that different headlines lead."""
    upright = np.argwhere(_differ(leading[:, :-1], leading[:, 1:]))
    level = np.argwhere(_differ(leading[:-1], leading[1:]))
    sides = [[(column + 1, row), (column + 1, row + 1)] for row, column in upright]
    sides += [[(column, row + 1), (column + 1, row + 1)] for row, column in level]
    for colour, width in (("white", 4.2), (INK, 2.2)):
        axes.add_collection(
            LineCollection(sides, colors=colour, linewidths=width, capstyle="projecting", zorder=2.5)
        )


def _differ(one: npt.NDArray[np.object_], other: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    return (one != other) & (one != "") & (other != "")


def _draw_axes(axes: Axes, table: pd.DataFrame, wide: int, tall: int) -> None:
    """Levels are named at the middle of their cells, bins at their edges."""
    axes.set_xlim(0, wide)
    axes.set_ylim(0, tall)
    for side, count, axis in (("x", wide, axes.xaxis), ("y", tall, axes.yaxis)):
        cells = table[[f"{side}_low", f"{side}_high"]].drop_duplicates().to_numpy(dtype=float)
        if (cells[:, 0] == cells[:, 1]).all():
            axis.set_ticks(np.arange(count) + 0.5, [value(level) for level in cells[:, 0]])
        else:
            axis.set_ticks(np.arange(count + 1), edges([*cells[:, 0], cells[-1, 1]]))
    axes.tick_params(labelsize=SMALL, length=3, width=0.6)
    axes.spines[:].set_visible(False)


def _whole(share: float) -> str:
    """A share in whole per cent; what is rare is never rounded to none, nor what is usual to all."""
    if 0 < share < 0.005:
        return "<1"
    if 0.995 <= share < 1:
        return ">99"
    return f"{100 * share:.0f}"


def _luminance(colour: tuple[float, float, float, float]) -> float:
    """Relative luminance of a colour (WCAG 2), from 0 (black) to 1 (white)."""
    channels = np.array(colour[:3])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
