"""How beliefs, cohesion, credibility and the ladder move over the sessions, by how worlds end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
from matplotlib import patheffects
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from negotiation_sim.analysis.checks import check_table
from negotiation_sim.figures.checks import check_coloured, check_given
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.dates import as_dates, date_axis, day
from negotiation_sim.figures.frame import FINITE, MARGIN, NO_FORECAST, Frame
from negotiation_sim.figures.numbers import worlds
from negotiation_sim.figures.style import INK, WIDTH, styled, tint
from negotiation_sim.figures.words import lines, shortened

FEWEST = 20
"""Below this number of worlds no fan is drawn: its 5% and 95% would be single worlds."""

FAN = (
    "Bands: the middle 50% (darker) and 90% (lighter) of worlds, the spread between worlds and not an error."
)
MEDIAN = f"Whiskers: 95% intervals of the median; where none shows, it is smaller than the marker. {FINITE}"
LADDER = (
    "Ladder: the height of a shade is the share of worlds on that rung; from the axis up to its upper edge, of that "
    "rung or higher. Whiskers there: 95% Wilson intervals, at the end of the week and at the horizon."
)
KEY = {"90%": 0.64, "50%": 0.22}  # part of white in the bands
KEY_GREY = "#8C8C8C"

# Lengths in inches.
NAMES = 1.2  # from the left edge to the first column: names of the quantities, numbers of the axis
BETWEEN = 0.12  # between columns, and between rows
ROW, LADDER_ROW = 0.82, 1.3
HEAD = 0.5  # above the first row: headline, n, documented week
BELOW = 0.44  # dates
KEY_LINE = 0.17

KEY_LEFT = 0.72

NAME_CHARACTERS = 12
KEY_CHARACTERS, RUNG_CHARACTERS = 92, 60


def fans_figure(
    fans: pd.DataFrame,
    rungs: pd.DataFrame | None = None,
    *,
    labels: Mapping[str, str],
    dates: Mapping[int, date],
    week: int | None,
    source: str,
    rung_labels: Sequence[str] = (),
    question: str = "How do they move, and does it differ by how worlds end?",
) -> Figure:
    """Fans of quantities over the sessions: a row each, a column a headline; the ladder as shares below.

    Args:
        fans: table of `analysis.paths.fans` by headline, of quantities between 0 and 1.
        rungs: table of `analysis.paths.rung_shares` by headline; None draws no ladder.
        labels: quantity -> what to print.
        dates: round -> its date.
        week: number of the last round of the documented week; None marks none.
        source: one line on what was run.
        rung_labels: names of the rungs from 0, if there is a ladder.
        question: the title.

    A headline with fewer than `FEWEST` worlds gets no fans, but its number of worlds.

    Raises ValueError if a table lacks a column or has no rows, a headline has no colour, a quantity no label or
    values outside 0 to 1, a round no date, or a rung no label.
    """
    _check(fans, rungs, labels, dates, week, rung_labels)
    numbers = sorted(set(fans["round"]))
    days = as_dates([dates[each] for each in numbers])
    week_end = None if week is None else as_dates([dates[week]])[0]
    quantities = list(dict.fromkeys(fans["quantity"]))
    there = set(fans["headline"])
    headlines = [each for each in HEADLINE_COLOURS if each in there]
    heights = [ROW] * len(quantities) + [LADDER_ROW] * (rungs is not None)
    tops = [HEAD + sum(heights[:row]) + BETWEEN * row for row in range(len(heights))]
    keys = _ladder_key(rung_labels) if rungs is not None else []
    body = tops[-1] + heights[-1] + BELOW + KEY_LINE * (1 + len(keys)) + 0.1
    total = int(fans.groupby("headline")["n"].max().sum())
    notes = [
        f"{FAN} {MEDIAN}",
        *([LADDER] if rungs is not None else []),
        f"{worlds(total)} in all; below {FEWEST} no spread is drawn.",
        source,
        NO_FORECAST,
    ]
    with styled():
        frame = Frame(
            question,
            "After each session, worlds apart by their headline at the horizon. Scales run from 0 to 1"
            + ("; rungs: share of worlds (%)." if rungs is not None else "."),
            notes,
            body,
        )
        width = (WIDTH - NAMES - MARGIN - BETWEEN * (len(headlines) - 1)) / len(headlines)
        for column, headline in enumerate(headlines):
            left = NAMES + column * (width + BETWEEN)
            of_headline = fans[fans["headline"] == headline]
            n = int(of_headline["n"].max())
            frame.text(left, 0.02, headline.capitalize(), weight="bold", size=9)
            frame.text(left, 0.18, worlds(n), size=8)
            for row, (top, tall) in enumerate(zip(tops, heights, strict=True)):
                axes = frame.axes(left, top, width, tall)
                axes.set_ylim(0, 1)
                date_axis(axes, days, week_end, row == len(tops) - 1, named=row == 0 and column == 0)
                scale = ["0", "0.5", "1"] if row < len(quantities) else ["0", "50", "100"]
                axes.set_yticks([0, 0.5, 1], scale if column == 0 else [""] * 3)
                axes.tick_params(axis="y", length=3, width=0.6, labelsize=8)
                axes.grid(axis="y")
                axes.spines[["top", "right"]].set_visible(False)
                if n < FEWEST:
                    axes.text(
                        0.5, 0.5, "too few worlds", transform=axes.transAxes, ha="center", va="center", size=8
                    )
                elif row < len(quantities):
                    _draw_fan(axes, days, of_headline[of_headline["quantity"] == quantities[row]], headline)
                elif rungs is not None:
                    _draw_ladder(axes, days, rungs[rungs["headline"] == headline], headline, week, numbers)
        for row, (top, tall) in enumerate(zip(tops, heights, strict=True)):
            name = labels[quantities[row]] if row < len(quantities) else "rung (% of worlds)"
            frame.text(
                MARGIN, top + tall / 2, "\n".join(lines(name, NAME_CHARACTERS, 5)), size=8, va="center"
            )
        _draw_key(frame, body - 0.1 - KEY_LINE * (1 + len(keys)), keys, rung_labels)
    return frame.figure


def _check(
    fans: pd.DataFrame,
    rungs: pd.DataFrame | None,
    labels: Mapping[str, str],
    dates: Mapping[int, date],
    week: int | None,
    rung_labels: Sequence[str],
) -> None:
    spread = ["q05", "q25", "median", "q75", "q95", "low", "high"]
    needed = {"fans": ["headline", "quantity", "round", "n", *spread]}
    tables = {"fans": fans}
    if rungs is not None:
        needed["rungs"] = ["headline", "round", "rung", "n", "at_least", "low", "high"]
        tables["rungs"] = rungs
    for name, table in tables.items():
        check_table(table, name, needed[name])
        check_coloured(table["headline"])
        if undated := sorted(set(table["round"]) - set(dates)):
            raise ValueError(f"rounds that have no date: {', '.join(map(str, undated))}")
    check_given(fans["quantity"], labels)
    if week is not None and week not in dates:
        raise ValueError(f"week must be a round with a date, but is {week}")
    low, high = fans["q05"].min(), fans["q95"].max()
    if low < 0 or high > 1:
        raise ValueError(f"quantities must lie between 0 and 1, but go from {low} to {high}")
    if rungs is not None and rungs["rung"].max() >= len(rung_labels):
        raise ValueError(f"rungs go up to {rungs['rung'].max()}, but rung_labels has {len(rung_labels)}")


def _draw_fan(axes: Axes, days: list[date], table: pd.DataFrame, headline: str) -> None:
    """Bands of the middle 90% and 50% of worlds, and the median with its interval."""
    at = [day(each) for each in days]
    colour = HEADLINE_COLOURS[headline]
    for (low, high), white in zip((("q05", "q95"), ("q25", "q75")), KEY.values(), strict=True):
        axes.fill_between(at, table[low], table[high], color=tint(colour, white), linewidth=0)
    median = table["median"].to_numpy()
    low, high = (np.abs(table[each].to_numpy() - median) for each in ("low", "high"))
    axes.errorbar(
        at,
        median,
        (low, high),
        color=INK,
        linewidth=1.2,
        elinewidth=0.9,
        capsize=1.5,
        capthick=0.9,
        marker="o",
        markersize=2.2,
        clip_on=False,
    )


def _draw_ladder(
    axes: Axes, days: list[date], table: pd.DataFrame, headline: str, week: int | None, numbers: Sequence[int]
) -> None:
    """Shares of worlds at each rung, the highest below and darkest; whiskers at the week's end and the horizon."""
    at = np.array([day(each) for each in days])
    rungs = sorted(set(table["rung"]))
    upper = table.pivot(index="round", columns="rung", values="at_least").loc[list(numbers)]
    for rung in rungs:
        below = upper[rung + 1].to_numpy() if rung + 1 in upper else np.zeros(len(at))
        axes.fill_between(at, below, upper[rung], color=_ladder_shade(rung, len(rungs)), linewidth=0)
        if rung:
            axes.plot(at, upper[rung], color="white", linewidth=0.6)
    marked = [numbers[-1]] if week is None or week not in numbers else [week, numbers[-1]]
    for each in marked:
        some = table[(table["round"] == each) & (table["rung"] > 0) & table["at_least"].between(0.02, 0.98)]
        middle = some["at_least"].to_numpy()
        axes.errorbar(
            [at[list(numbers).index(each)]] * len(some),
            middle,
            (middle - some["low"].to_numpy(), some["high"].to_numpy() - middle),
            color=INK,
            linestyle="none",
            elinewidth=1.0,
            capsize=2,
            clip_on=False,
            path_effects=[patheffects.withStroke(linewidth=2.2, foreground="white")],
        )


def _ladder_shade(rung: int, rungs: int) -> str:
    """Grey of a rung: the higher, the darker."""
    return str(round(0.93 - 0.83 * rung / max(rungs - 1, 1), 3))


def _ladder_key(rung_labels: Sequence[str]) -> list[list[int]]:
    """The rungs by line of the key."""
    by_line: list[list[int]] = [[]]
    used = 0
    for rung, label in enumerate(rung_labels):
        wide = len(_short(label)) + 6
        if by_line[-1] and used + wide > KEY_CHARACTERS:
            by_line.append([])
            used = 0
        by_line[-1].append(rung)
        used += wide
    return by_line


def _short(label: str) -> str:
    return shortened(label, RUNG_CHARACTERS)


def _draw_key(frame: Frame, top: float, by_line: list[list[int]], rung_labels: Sequence[str]) -> None:
    """What bands, lines and shades stand for."""
    marks: list[Artist] = [
        Line2D([], [], color=INK, linewidth=1.2, marker="o", markersize=2.2, label="median"),
        *(
            Patch(color=tint(KEY_GREY, white), label=f"middle {name}")
            for name, white in reversed(KEY.items())
        ),
    ]
    _legend(frame, top, marks, "of worlds:")
    for line, rungs in enumerate(by_line):
        shades = [
            Patch(
                facecolor=_ladder_shade(rung, len(rung_labels)),
                edgecolor=INK,
                linewidth=0.4,
                label=f"{rung} {_short(rung_labels[rung])}",
            )
            for rung in rungs
        ]
        _legend(frame, top + (line + 1) * KEY_LINE, shades, "rung:" if not line else "")


def _legend(frame: Frame, top: float, marks: Sequence[Artist], title: str) -> None:
    frame.text(MARGIN, top, title, size=8)
    frame.figure.legend(
        handles=marks,
        loc="upper left",
        bbox_to_anchor=frame.place(KEY_LEFT, top),
        borderaxespad=0,
        borderpad=0,
        columnspacing=1.2,
        handlelength=1.4,
        handletextpad=0.5,
        frameon=False,
        fontsize=8,
        ncols=len(marks),
    )
