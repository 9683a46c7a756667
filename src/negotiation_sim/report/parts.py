"""What a report is made of: sections of sentences, tables and pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from negotiation_sim.figures import percentages

FOCUS = "escalation"
"""The headline whose share is compared and explained."""


@dataclass(frozen=True)
class Picture:
    """A figure with one sentence that its data say; `name` is that of its file."""

    name: str
    figure: Figure
    sentence: str


@dataclass(frozen=True)
class Grid:
    """A table in print.

    Attributes:
        caption: what it shows, with interval and n.
        columns: heads; those after the first `words` hold numbers.
        rows: cells.
        words: how many columns hold words.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1


@dataclass(frozen=True)
class Code:
    """Text to be typed or saved as it is."""

    code: str


@dataclass(frozen=True)
class Section:
    """A part of the report; `key` is its anchor. Strings are paragraphs."""

    key: str
    title: str
    parts: Sequence[str | Picture | Grid | Code]


def percent(share: float) -> str:
    """A share in per cent, one decimal; unknown where there is none."""
    return "unknown" if math.isnan(share) else f"{percentages.percent(share)}%"


def told(row: pd.Series | Mapping[Any, Any]) -> str:
    """A share with its interval, from columns share, low and high."""
    share, low, high = (percent(float(row[name])) for name in ("share", "low", "high"))
    return f"{share} ({low} to {high})"


def points(difference: float, low: float, high: float) -> str:
    """A difference of shares in percentage points, with its interval."""
    return (
        f"{percentages.signed(difference)} points ({percentages.signed(low)} to {percentages.signed(high)})"
    )


def counted(number: int, what: str) -> str:
    """So many of something: 1 world, 2,000 worlds."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
