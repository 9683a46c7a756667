"""What stands around every figure: its question above, what is drawn, and n, interval and source below."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.text import Text

from negotiation_sim.figures.style import WIDTH, new_figure

NO_FORECAST = "Shares of worlds in a model; no forecast."
"""Last of the notes of every figure, after the source."""

FINITE = "They speak only of the finite number of worlds."
"""Said of intervals."""

# Lengths in inches.
MARGIN = 0.12
TITLE_LINE, LINE, NOTE_LINE = 0.21, 0.165, 0.135  # heights of a line of text
GAP = 0.08  # between text and body

# Where text is broken, in characters, and sizes in points.
TITLE_CHARACTERS, TEXT_CHARACTERS, NOTE_CHARACTERS = 58, 94, 100
TITLE_SIZE, TEXT_SIZE, NOTE_SIZE = 12, 8.5, 8


def beside(axes: Axes, row: float, text: str, inches: float) -> None:
    """Numbers to the right of a row of axes, so many inches from their edge."""
    axes.annotate(
        text,
        (1, row),
        (72 * inches, 0),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        va="center",
        size=NOTE_SIZE,
        linespacing=1.05,
    )


class Frame:
    """A figure, 16 cm wide, with text above and below a body in which axes are placed; all lengths in inches.

    Args:
        question: the title, which the figure answers.
        subtitle: what is drawn, in which unit.
        notes: below the body, each from a new line: what the intervals cover, n, and the source.
        body: height between the two.

    Attributes:
        figure: the figure.
        body: height of the body.
    """

    def __init__(self, question: str, subtitle: str, notes: Sequence[str], body: float) -> None:
        titles = textwrap.wrap(question, TITLE_CHARACTERS)
        texts = textwrap.wrap(subtitle, TEXT_CHARACTERS)
        feet = [line for note in notes for line in textwrap.wrap(note, NOTE_CHARACTERS)]
        self._top = MARGIN + len(titles) * TITLE_LINE + len(texts) * LINE + GAP
        self._height = self._top + body + MARGIN + len(feet) * NOTE_LINE
        self.body = body
        self.figure = new_figure(self._height)
        left = MARGIN / WIDTH
        self.figure.text(
            left,
            1 - MARGIN / self._height,
            "\n".join(titles),
            size=TITLE_SIZE,
            weight="bold",
            va="top",
        )
        below = MARGIN + len(titles) * TITLE_LINE + 0.02
        self.figure.text(left, 1 - below / self._height, "\n".join(texts), size=TEXT_SIZE, va="top")
        self.figure.text(left, MARGIN / self._height, "\n".join(feet), size=NOTE_SIZE, va="bottom")

    def axes(self, left: float, top: float, width: float, height: float, **keywords: Any) -> Axes:
        """New axes; `left` from the figure's left edge, `top` from the body's top edge."""
        at = self.place(left, top + height)
        return self.figure.add_axes((*at, width / WIDTH, height / self._height), **keywords)

    def text(self, left: float, top: float, text: str, **keywords: Any) -> Text:
        """Text that hangs from a point of the body, placed as in `axes`."""
        return self.figure.text(*self.place(left, top), text, **{"va": "top", **keywords})

    def place(self, left: float, top: float) -> tuple[float, float]:
        """A point of the body as fractions of the figure's width and height."""
        return left / WIDTH, 1 - (self._top + top) / self._height
