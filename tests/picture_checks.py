"""What every figure is held to: it looks as it did, its text is whole, it can be told apart without colour."""

import itertools
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.testing.compare import compare_images
from matplotlib.text import Text
from numpy.typing import NDArray

from negotiation_sim.figures.style import WIDTH

BASELINES = Path(__file__).parent / "pictures"
TOLERANCE = 3.0
"""Root mean square difference of pixels, 0 to 255: allows for another machine's font rendering, not for a bar
or a line that has moved."""
DPI = 60
WRITE = "NEGSIM_WRITE_PICTURES"
"""Set in the environment, pictures are written anew instead of compared (`make pictures`)."""

# Machado, Oliveira, Fernandes (2009), severity 1, on linear RGB.
COLOUR_VISION = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
RGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def runs_counted(
    counts: Mapping[object, Sequence[int]], categories: Sequence[str], by: str, column: str
) -> pd.DataFrame:
    """One row a run: of each group in column `by`, as many runs of each category in `column` as `counts` says."""
    rows = [
        (group, category)
        for group, often in counts.items()
        for category, times in zip(categories, often, strict=True)
        for _ in range(times)
    ]
    return pd.DataFrame(rows, columns=[by, column])


def assert_same_picture(figure: Figure, name: str, folder: Path) -> None:
    """The figure looks like `pictures/NAME.png`; `folder` is for what it looks like now."""
    baseline, now = BASELINES / f"{name}.png", folder / f"{name}.png"
    if os.environ.get(WRITE):
        baseline.parent.mkdir(exist_ok=True)
        now = baseline
    figure.savefig(now, dpi=DPI, metadata={"Software": None})
    if now is baseline:
        pytest.skip(f"{baseline.name} written")
    assert baseline.is_file(), f"no picture to compare with: {WRITE}=1 writes it; look at it, then commit it"
    said = compare_images(str(baseline), str(now), tol=TOLERANCE)
    assert said is None, said


def texts(figure: Figure) -> list[Text]:
    """Everything in print."""
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


def printed(figure: Figure) -> list[str]:
    """Everything in print, each text on one line."""
    return [" ".join(text.get_text().split()) for text in texts(figure)]


def assert_text_is_whole(figure: Figure) -> None:
    """No text is clipped at the edge, overlaps another or is smaller than 7.5 points; the figure is 16 cm wide."""
    figure.draw_without_rendering()  # the layout is what is asked: pixels would cost most of the time
    assert figure.get_figwidth() == pytest.approx(WIDTH)
    assert min(text.get_fontsize() for text in texts(figure)) >= 7.5
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
    for text, box in boxes:
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
        assert inside, f"{text!r} is clipped: {box}"
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        # A pixel of leading may touch.
        apart = a.x1 <= b.x0 or b.x1 <= a.x0 or a.y1 <= b.y0 + 1 or b.y1 <= a.y0 + 1
        assert apart, f"{one!r} overlaps {other!r}"


def assert_explains_itself(figure: Figure, source: str) -> None:
    """It says n, which interval it shows, what was run, and that it makes no forecast."""
    everything = " ".join(printed(figure))
    assert re.search(r"\bn = [\d,]+", everything), "n is missing"
    assert re.search(r"intervals?\b", everything), "what the uncertainty covers is missing"
    assert source in everything
    assert "no forecast" in everything


def linear(colour: object) -> NDArray[np.float64]:
    """Linear RGB of a colour."""
    channels = np.array(to_rgb(colour))  # type: ignore[arg-type]
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE L*a*b* (D65) of linear RGB."""
    relative = RGB_TO_XYZ @ rgb / [0.95047, 1.0, 1.08883]
    f = np.where(relative > 216 / 24389, np.cbrt(relative), (24389 / 27 * relative + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def lightness(colour: object) -> float:
    """L*, 0 black to 100 white: what is left of a colour in greyscale."""
    return float(lab(linear(colour))[0])


def contrast(one: object, other: object) -> float:
    """WCAG contrast ratio of relative luminances: what is left of two colours in greyscale."""
    light, dark = sorted((RGB_TO_XYZ[1] @ linear(one), RGB_TO_XYZ[1] @ linear(other)), reverse=True)
    return float((light + 0.05) / (dark + 0.05))


def least_distance(colours: list[str], vision: str) -> float:
    """Smallest distance in Lab between any two colours, as somebody with that colour vision sees them."""
    seen = [lab(np.clip(COLOUR_VISION[vision] @ linear(colour), 0, 1)) for colour in colours]
    return min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2))
