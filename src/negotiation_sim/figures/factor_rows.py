"""The layout that figures of factors share: a row a factor, its name and what it rests on, and an axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from negotiation_sim.figures.frame import MARGIN, Frame, beside
from negotiation_sim.figures.names import Named
from negotiation_sim.figures.style import FAINT, INK, WIDTH
from negotiation_sim.figures.words import broken

# Lengths in inches.
NAMES, BASIS = 2.06, 0.88  # widths of the first two columns
PAD = 0.1  # on either side of the axes
ROW_PAD = 0.06  # between rows
HEAD_LINE, LINE, KEY_LINE = 0.14, 0.14, 0.175  # lines of column heads, names and keys
BELOW = 0.5  # numbers along the axis and its name

DOCUMENTED = "rests on findings in documents"

NAME_CHARACTERS, BASIS_CHARACTERS = 29, 13  # in a line
NAME_LINES, BASIS_LINES = 3, 2  # at most
KEY_COLUMNS = 2
NAME_SIZE, SMALL, KEY_SIZE = 8.5, 7.5, 8


class FactorRows:
    """A row a factor: its name, what it rests on, a place in common axes, and room for numbers.

    Args:
        names: the factors from top to bottom, at least one.
        numbers: width of the room to the right of the axes, in inches.
        head: what stands above the numbers.
        lines: how many lines of text a row must at least have room for.

    Attributes:
        height: of all, from the heads of the columns to the name of the axis, in inches.
    """

    def __init__(self, names: Sequence[Named], numbers: float, head: str = "", lines: int = 1) -> None:
        self._names, self._numbers, self._head = names, numbers, head
        self._words = [broken(each.words, NAME_CHARACTERS, NAME_LINES) for each in names]
        self._bases = [basis(each) for each in names]
        most = max([lines, *(len(each) for each in (*self._words, *self._bases))])
        self._tall = (LINE * most + ROW_PAD) * len(names)
        self._heads = HEAD_LINE * (head.count("\n") + 1) + 0.06
        self.height = self._heads + self._tall + BELOW

    def draw(self, frame: Frame, top: float) -> Axes:
        """Axes of which row k has y = k, `top` inches below the top of the frame's body."""
        left = MARGIN + NAMES + BASIS + PAD
        width = WIDTH - left - self._numbers - PAD
        axes = frame.axes(left, top + self._heads, width, self._tall)
        axes.set_ylim(len(self._names) - 0.5, -0.5)
        axes.set_yticks([])
        axes.hlines(range(len(self._names)), 0, 1, FAINT, linewidth=0.6, transform=axes.get_yaxis_transform())
        axes.grid(axis="x")
        axes.tick_params(length=3, width=0.6)
        axes.spines[["top", "right", "left"]].set_visible(False)
        heads = {"size": SMALL, "color": INK, "va": "bottom", "linespacing": 1.05}
        frame.text(MARGIN + NAMES, top + self._heads - 0.03, "rests on", **heads)
        frame.text(left + width + PAD, top + self._heads - 0.03, self._head, **heads)
        row = self._tall / len(self._names)
        for at, (name, words, ids) in enumerate(zip(self._names, self._words, self._bases, strict=True)):
            middle = top + self._heads + row * (at + 0.5)
            style = "normal" if name.documented else "italic"
            frame.text(
                MARGIN, middle, "\n".join(words), size=NAME_SIZE, va="center", linespacing=1.0, style=style
            )
            frame.text(
                MARGIN + NAMES,
                middle,
                "\n".join(ids),
                size=SMALL,
                va="center",
                linespacing=1.05,
                style=style,
            )
        return axes

    def write(self, axes: Axes, row: int, text: str) -> None:
        """Numbers to the right of a row."""
        beside(axes, row, text, PAD)


def key_height(handles: Sequence[Artist]) -> float:
    """Height of a key in inches."""
    return -(-len(handles) // KEY_COLUMNS) * KEY_LINE + 0.08


def key(frame: Frame, handles: Sequence[Artist], top: float = 0.0) -> None:
    """A key of labelled handles, row by row, `top` inches below the top of the frame's body."""
    frame.figure.legend(
        handles=[handle for column in range(KEY_COLUMNS) for handle in handles[column::KEY_COLUMNS]],
        loc="upper left",
        bbox_to_anchor=frame.place(MARGIN, top),
        ncols=KEY_COLUMNS,
        frameon=False,
        borderaxespad=0,
        borderpad=0,
        labelspacing=0.3,
        columnspacing=1.6,
        handlelength=1.6,
        handletextpad=0.5,
        fontsize=KEY_SIZE,
    )


def basis_key(names: Sequence[Named]) -> list[Line2D]:
    """What filled and open marks say."""
    marks: dict[str, Any] = {
        "linestyle": "",
        "color": INK,
        "marker": "o",
        "markersize": 5.5,
        "markeredgewidth": 1.1,
    }
    return [
        Line2D([], [], label=f"filled: {DOCUMENTED}", **marks),
        Line2D([], [], label=f"open, italic: {unfounded(names)}", **marks, markerfacecolor="white"),
    ]


def unfounded(names: Sequence[Named]) -> str:
    """What factors without documents are called in a key, and how many they are."""
    unknown = " or not known" if any(not each.basis for each in names) else ""
    return f"assumption{unknown} ({sum(not each.documented for each in names)} of {len(names)})"


def basis(name: Named, characters: int = BASIS_CHARACTERS, lines: int = BASIS_LINES) -> list[str]:
    """What a factor rests on, in few lines: the first ids, and how many more there are."""
    if not name.documented:
        return [name.basis or "not known"]
    ids = name.basis.split(", ")
    for shown in range(len(ids), 0, -1):
        more = f" +{len(ids) - shown}" if shown < len(ids) else ""
        found = broken(", ".join(ids[:shown]) + more, characters, len(ids) + 1)
        if len(found) <= lines:
            return found
    return broken(name.basis, characters, lines)
