"""The look that all figures share: palette, type sizes, and how a figure is written to disk."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

INK = "#1A1A1A"
"""Text, whiskers, axes."""

GREY, DARK_GREY = "#6E6E6E", "#595959"
"""Marks that stand for no headline (the light grey of stalemate is too faint for a line); small print."""

FAINT = "#D9D9D9"
"""Grid lines."""

WIDTH = 16 / 2.54
"""Figure width in inches: 16 cm, the text width of an A4 page and of a 4:3 slide at full size."""

SHAPES = (("o", "-", True), ("s", (0, (4, 1.6)), False), ("^", (0, (1, 1.2)), True), ("D", "-.", False))
"""Marker, dashes and whether the marker is filled: what tells lines apart where colour does not."""

RC: MappingProxyType[Any, Any] = MappingProxyType(
    {
        "axes.axisbelow": True,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.labelsize": 9,
        "axes.linewidth": 0.6,
        "figure.facecolor": "white",
        "font.family": "DejaVu Sans",  # ships with matplotlib, so that every machine draws the same picture
        "font.size": 9,
        "grid.color": FAINT,
        "grid.linewidth": 0.6,
        "hatch.linewidth": 0.7,
        "savefig.bbox": "standard",  # a user's matplotlibrc must not change the size
        "text.color": INK,
        "text.parse_math": False,  # a dollar sign in a label is a dollar sign
        "xtick.color": INK,
        "xtick.labelsize": 8.5,
        "ytick.color": INK,
        "ytick.labelsize": 8.5,
    }
)

_STYLE_LOCK = threading.RLock()


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the house style; one thread at a time, since matplotlib's settings belong to the process."""
    with _STYLE_LOCK, matplotlib.rc_context(dict(RC)):
        yield


def tint(colour: str, white: float = 0.8) -> str:
    """`colour` mixed with a part `white` (0 to 1) of white, as #rrggbb."""
    red, green, blue = (channel + (1 - channel) * white for channel in to_rgb(colour))
    return to_hex((red, green, blue))


def line_style(shape: int, colour: str, width: float, size: float, edge: float) -> dict[str, Any]:
    """Properties of a line in one of the `SHAPES`; widths of the line and of the marker's edge, and the marker's
    size, are in points.
    """
    marker, dashes, filled = SHAPES[shape]
    return {
        "color": colour,
        "marker": marker,
        "linestyle": dashes,
        "linewidth": width,
        "markersize": size,
        "markerfacecolor": colour if filled else "white",
        "markeredgewidth": edge,
    }


def bar_style(colour: str, solid: bool) -> dict[str, Any]:
    """Properties of a bar: solid in its colour, or hatched on white."""
    face = {"facecolor": colour} if solid else {"facecolor": "white", "hatch": "/////"}
    return {**face, "edgecolor": colour, "linewidth": 0.8}


def new_figure(height: float) -> Figure:
    """An empty figure of the shared width and of `height` inches, with an Agg canvas and no tie to pyplot."""
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasAgg(figure)
    return figure


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write `figure` to `path` as a PNG at 200 dots an inch; the same figure gives the same bytes.

    The file appears whole or not at all: it is written under a temporary name in the same folder, then
    renamed. Raises OSError if the folder doesn't exist or can't be written to.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{uuid4().hex}.tmp")
    try:
        with styled():
            figure.savefig(temporary, format="png", dpi=200, metadata={"Software": None})
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
