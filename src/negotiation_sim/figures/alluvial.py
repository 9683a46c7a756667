"""Paths through forums and rungs to the endings: ribbons of worlds from stage to stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch, Rectangle
from matplotlib.path import Path

from negotiation_sim.analysis.checks import check_columns
from negotiation_sim.analysis.shares import wilson_intervals
from negotiation_sim.figures.checks import check_coloured, check_given
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.frame import FINITE, MARGIN, NO_FORECAST, Frame
from negotiation_sim.figures.numbers import worlds
from negotiation_sim.figures.percentages import told
from negotiation_sim.figures.style import INK, RC, WIDTH, styled
from negotiation_sim.figures.words import lines, shortened

RARE = 0.01
"""Nodes with a smaller share of worlds are put together."""
OTHER = "other"
ORDER = ("escalation", "stalemate", "concession")
"""Headlines from top to bottom."""
WHAT_IS_DRAWN = f"In brackets: 95% Wilson intervals, each by itself. {FINITE}"

# Lengths in inches.
TALL = 3.6  # of all ribbons of a stage together
GAP = 0.05  # between the nodes of a stage
NODE = 1.0  # width of a node
HEADS_LINE = 0.14
LABEL_LINE = 0.125
KEY = 0.24

LABEL_SIZE = 7.5
HEAD_CHARACTERS, LISTED_CHARACTERS = 15, 40
RIBBON, IN_NODE = 0.62, 0.4  # opacity
MEASURING_DPI = 720
_RENDERER = RendererAgg(8, 8, MEASURING_DPI)


@dataclass
class _Node:
    """A state at a stage: its label, its worlds by headline, and where it stands (inches from the top)."""

    label: str
    counts: dict[str, int]
    top: float = 0.0

    @property
    def count(self) -> int:
        return sum(self.counts.values())


def alluvial_figure(
    paths: pd.DataFrame,
    *,
    stages: Mapping[int, str],
    labels: Mapping[str, str],
    source: str,
    horizon: str = "at the horizon",
    question: str = "Which ways lead to which ending?",
) -> Figure:
    """Ribbons of worlds from state to state, in the colour of the headline that they end with.

    Args:
        paths: table of `analysis.paths.paths`. States stand with the last category on top.
        stages: round -> heading of its column, from left to right; two to four of them read well.
        labels: outcome -> what to print.
        source: one line on what was run.
        horizon: heading of the last column, the outcomes.
        question: the title.

    States with fewer than `RARE` of the worlds are put together in each stage as "other", and outcomes likewise
    within their headline. Below the figure stand the shares of nodes too small for their label, and what was put
    together.

    Raises ValueError if the table lacks a column or has no rows, an outcome has no label, or a headline no colour.
    """
    _check(paths, stages, labels)
    n, size = int(paths["count"].sum()), float(paths["worlds"].iloc[0])
    table = paths.copy()
    heads = [lines(each, HEAD_CHARACTERS, 4) for each in (*stages.values(), horizon)]
    names = [*(f"after_{stage}" for stage in stages), "outcome"]
    nodes, merged, small = [], [], []
    for name, head_lines in zip(names, heads, strict=True):
        if name == "outcome":
            table[name], rare, order = _merged_outcomes(table, labels, n)
        else:
            table[name], rare, order = _merged(table[name], table["count"], n)
        nodes.append(_nodes(table, name, order))
        if rare:
            merged.append(_listed(head_lines, rare, n, size))
    with styled():
        captions = [[_caption(node, n, size) for node in there.values()] for there in nodes]
        for head_lines, there, printed in zip(heads, nodes, captions, strict=True):
            bare = [node for node, text in zip(there.values(), printed, strict=True) if text is None]
            if bare:
                small.append(_listed(head_lines, {node.label: node.count for node in bare}, n, size))
        head = max(map(len, heads)) * HEADS_LINE + 0.06
        scale = TALL / n
        tall = TALL + GAP * (max(map(len, nodes)) - 1)
        notes = [
            *([f"Too small for a label: {'; '.join(small)}."] if small else []),
            *([f"Put together as other: {'; '.join(merged)}."] if merged else []),
            f"{WHAT_IS_DRAWN} {worlds(n)}.",
            source,
            NO_FORECAST,
        ]
        frame = Frame(
            question,
            "Share of worlds (%) in each state after chosen sessions, and in each outcome at the end. A ribbon's "
            "thickness is its share of worlds; its colour is the headline with which they end.",
            notes,
            KEY + head + tall + 0.1,
        )
        width = WIDTH - 2 * MARGIN
        axes = frame.axes(MARGIN, KEY + head, width, tall)
        axes.set_xlim(0, width)
        axes.set_ylim(tall, 0)
        axes.axis("off")
        step = (width - NODE) / len(stages)
        for column, there in enumerate(nodes):
            _place(there, tall, scale)
            left = column * step
            frame.text(
                MARGIN + left,
                KEY + head - 0.05,
                "\n".join(heads[column]),
                size=7.5,
                weight="bold",
                va="bottom",
            )
            for node, text in zip(there.values(), captions[column], strict=True):
                _draw_node(axes, left, node, text, scale)
        for column in range(len(stages)):
            _draw_ribbons(
                axes,
                table,
                names[column : column + 2],
                nodes[column : column + 2],
                column * step,
                step,
                scale,
            )
        frame.figure.legend(
            [Patch(facecolor=HEADLINE_COLOURS[each], alpha=RIBBON) for each in ORDER],
            [f"ends in {each}" for each in ORDER],
            loc="upper left",
            bbox_to_anchor=frame.place(MARGIN, 0),
            borderaxespad=0,
            borderpad=0,
            frameon=False,
            fontsize=8,
            ncols=len(ORDER),
        )
    return frame.figure


def _check(paths: pd.DataFrame, stages: Mapping[int, str], labels: Mapping[str, str]) -> None:
    needed = ["headline", "outcome", *(f"after_{each}" for each in stages), "count", "worlds"]
    check_columns(paths, "paths", needed)
    if paths.empty or not stages:
        raise ValueError(f"there must be paths and stages, but there are {len(paths)} and {len(stages)}")
    check_coloured(paths["headline"])
    check_given(paths["outcome"], labels)


def _merged(states: pd.Series, count: pd.Series, n: int) -> tuple[pd.Series, dict[str, int], list[str]]:
    """The states of a stage with the rare ones put together, if there are two or more; these; and their order."""
    order = [*reversed([str(each) for each in states.cat.categories]), OTHER]
    labelled = states.astype(str)
    counts = count.groupby(labelled).sum()
    rare = counts[counts < RARE * n]
    if len(rare) < 2:
        return labelled, {}, order
    return labelled.where(~labelled.isin(rare.index), OTHER), {str(k): int(v) for k, v in rare.items()}, order


def _merged_outcomes(
    table: pd.DataFrame, labels: Mapping[str, str], n: int
) -> tuple[pd.Series, dict[str, int], list[str]]:
    """Labels of the outcomes, the rare ones put together within their headline; and these; and their order."""
    labelled = table["outcome"].astype(str).map(dict(labels)).astype(str)
    order: list[str] = []
    rare: dict[str, int] = {}
    for headline in ORDER:
        there = table["headline"].astype(str) == headline
        count = table[there].groupby(labelled[there])["count"].sum().sort_values(ascending=False)
        few = count[count < RARE * n]
        if len(few) > 1:
            labelled = labelled.where(~(there & labelled.isin(few.index)), f"{OTHER} {headline}")
            rare |= {str(k): int(v) for k, v in few.items()}
            order += [*count.index.difference(few.index, sort=False), f"{OTHER} {headline}"]
        else:
            order += list(count.index)
    return labelled, rare, order


def _nodes(table: pd.DataFrame, column: str, order: Sequence[object]) -> dict[str, _Node]:
    """Nodes of a stage from top to bottom."""
    headline = table["headline"].astype(str)
    counts = table["count"].groupby([table[column], headline]).sum().to_dict()
    nodes = {}
    for label in dict.fromkeys(map(str, order)):
        by_headline = {each: int(counts.get((label, each), 0)) for each in ORDER}
        if any(by_headline.values()):
            nodes[label] = _Node(label, by_headline)
    return nodes


def _listed(head: Sequence[str], counts: Mapping[str, int], n: int, size: float) -> str:
    """Names with shares and intervals, after the heading of their stage."""
    shares = [
        f"{shortened(name, LISTED_CHARACTERS)} {_told(count, n, size)}" for name, count in counts.items()
    ]
    return f"{' '.join(head)}: {', '.join(shares)}"


def _told(count: int, n: int, size: float) -> str:
    low, high = wilson_intervals(count / n * size, size)
    return told(count / n, float(low), float(high)).replace(" \N{EN DASH} ", "\N{EN DASH}")


def _caption(node: _Node, n: int, size: float) -> str | None:
    """What is printed in a node; None if it has no room for that."""
    room = NODE - 0.06
    name, share = _broken(node.label, room), _broken(_told(node.count, n, size), room)
    if name is None or share is None or (len(name) + len(share)) * LABEL_LINE > TALL * node.count / n:
        return None
    return "\n".join([*name, *share])


def _broken(text: str, room: float) -> list[str] | None:
    """The text in lines of at most so many inches; None if a word is wider."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _width(longer) <= room:
            lines[-1] = longer
        elif _width(word) <= room:
            lines.append(word)
        else:
            return None
    return lines


@lru_cache(maxsize=512)
def _width(text: str) -> float:
    """Inches that a text of a node takes."""
    font = FontProperties(family=[str(RC["font.family"])], size=LABEL_SIZE)
    return float(_RENDERER.get_text_width_height_descent(text, font, ismath=False)[0]) / MEASURING_DPI


def _place(nodes: dict[str, _Node], tall: float, scale: float) -> None:
    """Spread the nodes over the height, from top to bottom."""
    rest = tall - sum(node.count for node in nodes.values()) * scale
    gap = rest / (len(nodes) - 1) if len(nodes) > 1 else 0.0
    top = 0.0 if len(nodes) > 1 else rest / 2
    for node in nodes.values():
        node.top = top
        top += node.count * scale + gap


def _draw_node(axes: Axes, left: float, node: _Node, text: str | None, scale: float) -> None:
    """A box of its worlds by headline, and what it is."""
    top = node.top
    for headline in ORDER:
        height = node.counts[headline] * scale
        if height:
            axes.add_patch(
                Rectangle(
                    (left, top),
                    NODE,
                    height,
                    facecolor=HEADLINE_COLOURS[headline],
                    alpha=IN_NODE,
                    linewidth=0,
                )
            )
        top += height
    axes.add_patch(
        Rectangle((left, node.top), NODE, node.count * scale, facecolor="none", edgecolor=INK, linewidth=0.6)
    )
    if text is not None:
        middle = node.top + node.count * scale / 2
        axes.text(left + NODE / 2, middle, text, size=LABEL_SIZE, ha="center", va="center", linespacing=1.1)


def _draw_ribbons(
    axes: Axes,
    table: pd.DataFrame,
    names: Sequence[str],
    nodes: Sequence[dict[str, _Node]],
    left: float,
    step: float,
    scale: float,
) -> None:
    """Ribbons from the nodes of a stage to those of the next, those of a headline together in each node."""
    links = (
        table.assign(headline=table["headline"].astype(str))
        .groupby([*names, "headline"])["count"]
        .sum()
        .to_dict()
    )
    starts, ends = (
        {
            (k, h): node.top + scale * sum(node.counts[o] for o in ORDER[:at])
            for k, node in each.items()
            for at, h in enumerate(ORDER)
        }
        for each in nodes
    )
    x0, x1 = left + NODE, left + step
    for headline in ORDER:
        drawn = []
        for one in nodes[0]:
            for other in nodes[1]:
                height = scale * int(links.get((one, other, headline), 0))
                if not height:
                    continue
                drawn.append(_ribbon(x0, starts[one, headline], x1, ends[other, headline], height))
                starts[one, headline] += height
                ends[other, headline] += height
        axes.add_collection(
            PathCollection(
                drawn, facecolor=HEADLINE_COLOURS[headline], alpha=RIBBON, edgecolor="white", linewidth=0.3
            ),
            autolim=False,
        )


def _ribbon(x0: float, y0: float, x1: float, y1: float, height: float) -> Path:
    """A band of constant height from one node's side to another's."""
    middle = (x0 + x1) / 2
    corners = [
        (x0, y0),
        (middle, y0),
        (middle, y1),
        (x1, y1),
        (x1, y1 + height),
        (middle, y1 + height),
        (middle, y0 + height),
        (x0, y0 + height),
        (x0, y0),
    ]
    curve = [Path.CURVE4] * 3
    return Path(np.array(corners), [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])
