"""One HTML page that needs nothing else: its pictures are inside, it runs no script and asks for no address."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from negotiation_sim.figures.style import styled
from negotiation_sim.files import write_whole
from negotiation_sim.pages import templates
from negotiation_sim.report.parts import Picture, Section

NAME = "report.html"
DPI = 160
"""Sharp at the width of the page and in print."""
COLOURS = 256
"""Of a picture: more than any figure needs, and a third of the bytes of full colour."""


class Page:
    """A report in the making.

    Args:
        folder: for the page and its pictures; made if it is not there.

    Raises:
        OSError: the folder can't be written to.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._sections: list[dict[str, object]] = []

    def add(self, section: Section) -> None:
        """Add a section, and write its pictures as PNG files."""
        parts = [self._drawn(part) if isinstance(part, Picture) else part for part in section.parts]
        self._sections.append({"key": section.key, "title": section.title, "parts": parts})

    def write(self, title: str, subtitle: str) -> Path:
        """Write the page; returns its path."""
        template = templates("negotiation_sim.report").get_template("page.html.j2")
        text = template.render(title=title, subtitle=subtitle, sections=self._sections)
        path = self._folder / NAME
        write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
        return path

    def _drawn(self, picture: Picture) -> dict[str, object]:
        png, (width, height) = as_png(picture.figure)
        write_whole(self._folder / f"{picture.name}.png", lambda path: path.write_bytes(png))
        return {
            "png": base64.b64encode(png).decode("ascii"),
            "sentence": picture.sentence,
            "width": width,
            "height": height,
        }


def as_png(figure: Figure) -> tuple[bytes, tuple[int, int]]:
    """A figure as a PNG of few colours, and its width and height in pixels; the same figure gives the same bytes."""
    canvas = FigureCanvasAgg(figure)
    with styled():
        figure.set_dpi(DPI)
        canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    sink = io.BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(sink, format="png")
    return sink.getvalue(), image.size
