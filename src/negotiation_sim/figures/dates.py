"""The axis of dates that figures over time share, with the documented week marked on it."""

from collections.abc import Sequence
from datetime import date

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num

from negotiation_sim.figures.style import INK, WIDTH

TICK_ROOM, END_ROOM = (
    0.47,
    0.66,
)  # inches between dates in print, so that they don't touch; from the first and the last
NAME_HEIGHT = 0.14  # inches by which the line of the week stands above the axis
OVERHANG = 0.02  # share of the time shown that the axis goes on at either end


def as_dates(days: Sequence[object]) -> list[date]:
    """The days as dates; ValueError if they are numbers or anything else."""
    strange = [each for each in days if isinstance(each, (int, float, str)) or pd.isna(each)]  # type: ignore[call-overload]
    if strange:
        raise ValueError(f"days must be dates, but are {', '.join(map(repr, strange[:3]))}")
    return [pd.Timestamp(each).date() for each in days]  # type: ignore[arg-type]


def date_axis(
    axes: Axes, dates: Sequence[date], week_end: date | None, label: bool = True, named: bool = True
) -> None:
    """Make the x axis one of dates (days as by `date2num`), with ticks at sessions and a line at `week_end`.

    `dates` are those of all sessions, in order. `label` prints the dates, `named` the name of the line above the
    axis. `week_end` None draws no line.
    """
    first, last = day(dates[0]), day(dates[-1])
    overhang = (last - first) * OVERHANG or 0.5
    axes.set_xlim(first - overhang, last + overhang)
    if week_end is not None:
        at = day(week_end)
        tall = axes.bbox.height / axes.figure.dpi  # in inches
        axes.axvline(
            at,
            ymax=1 + NAME_HEIGHT / tall * named,
            color=INK,
            linewidth=0.8,
            linestyle=(0, (1, 1.5)),
            clip_on=False,
            zorder=2.5,
        )
        if named:
            right = at - first > (last - first) / 2
            axes.annotate(
                "end of the documented week",
                (at, 1),
                (-3 if right else 3, 3),
                xycoords=axes.get_xaxis_transform(),
                textcoords="offset points",
                size=7.5,
                ha="right" if right else "left",
            )
    ticks = _spaced(dates, axes.get_position().width * WIDTH)
    years = [None, *(each.year for each in ticks)]
    names = [
        f"{each.day} {each:%b}" + (f"\n{each.year}" if each.year != before else "")
        for each, before in zip(ticks, years, strict=False)
    ]
    axes.set_xticks([day(each) for each in ticks], names if label else [""] * len(ticks))
    axes.tick_params(axis="x", length=3, width=0.6, labelsize=8)
    if label and len(ticks) > 1:  # so that axes may stand close to each other
        names_there = axes.get_xticklabels()
        names_there[0].set_horizontalalignment("left")
        names_there[-1].set_horizontalalignment("right")


def day(when: date) -> float:
    """Where a date stands on the axis."""
    return float(date2num(when))


def _spaced(dates: Sequence[date], width: float) -> list[date]:
    """The first date, the last, and as many between as have room."""
    inch = (dates[-1] - dates[0]).days / (width * (1 - 2 * OVERHANG))
    chosen = [dates[-1]]
    for each in reversed(dates[1:-1]):
        room = END_ROOM if len(chosen) == 1 else TICK_ROOM
        if (chosen[-1] - each).days >= room * inch and (each - dates[0]).days >= END_ROOM * inch:
            chosen.append(each)
    if (dates[-1] - dates[0]).days > 0:
        chosen.append(dates[0])
    return chosen[::-1]
