"""What could be agreed at all: packages in the plane of the two sides' gains, and where worlds ended in it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from negotiation_sim.analysis.checks import check_columns
from negotiation_sim.analysis.shares import goodman_intervals
from negotiation_sim.figures.colours import HEADLINE_COLOURS
from negotiation_sim.figures.frame import MARGIN, NO_FORECAST, Frame
from negotiation_sim.figures.percentages import interval, percent
from negotiation_sim.figures.style import GREY, INK, WIDTH, styled
from negotiation_sim.figures.words import shortened

QUESTION = "Is there anything that both sides would sign?"

LETTERS = {"nash": "N", "kalai_smorodinsky": "K", "egalitarian": "E", "utilitarian": "U"}
LETTERS_MEAN = "N Nash, K Kalai-Smorodinsky, E egalitarian, U utilitarian solution."
KINDS = {"agreement": "agreement", "none": "no deal", "war": "war"}

ZONE = "#E3EEF5"
MOST_TYPES = 9
COLUMNS = 3
WIDEST = 2.9  # a panel, in inches

# Lengths in inches.
LEFT, BETWEEN = 0.66, 0.2
TALL = 2.15
TITLE_LINE, LINE, LIST_LINE = 0.16, 0.135, 0.145
BELOW = 0.52  # tick labels, name of the axis
KEY_LINE = 0.155

# Where text is broken, in characters.
CHARACTERS_PER_INCH, LIST_CHARACTERS, SIDE_CHARACTERS = 12.5, 104, 18


def frontier_figure(
    points: pd.DataFrame,
    solutions: pd.DataFrame,
    endings: pd.DataFrame | None = None,
    *,
    challenger: str,
    defender: str,
    source: str,
    labels: Mapping[str, str] | None = None,
    question: str = QUESTION,
) -> Figure:
    """One panel a type: every package by what it gains the challenger (across) and the other side (up).

    Gains are over what each side has if nothing more is agreed, which stands at the origin; each side's is in its
    own unit of utility, and the defender's side gains what the party of it that gains least does. The zone of
    agreement is the shaded quadrant, as far as no red line excludes what lies in it.

    Args:
        points: columns `type`, `package`, `challenger`, `defender` (gains), `refused` (bool: a hard red line
            excludes it), `zone` (bool: all whose consent it needs could sign it).
        solutions: columns `type`, `solution` (a key of `LETTERS`) and `package`; without rows where the zone is empty.
        endings: where worlds ended: columns `type`, `kind` (a key of `KINDS`), `challenger`, `defender` (NaN for
            war) and `worlds`; none are drawn if left out.
        challenger, defender: names of the sides.
        source: what was run.
        labels: type -> what to print above its panel.
        question: the title.

    More than 9 types are not drawn: the figure says which are. Refused packages that lie far from the others are
    marked at the edge.

    Raises ValueError if a column is missing, there is no package, a solution chooses an unknown package, or a
    solution or kind is unknown.
    """
    _check(points, solutions, endings)
    every = list(dict.fromkeys(points["type"]))
    types = every[:MOST_TYPES]
    names = {type_: str((labels or {}).get(type_, type_)) for type_ in types}
    columns = min(COLUMNS, len(types))
    width = min((WIDTH - LEFT - MARGIN - BETWEEN * (columns - 1)) / columns, WIDEST)
    headings = {t: textwrap.wrap(names[t], int(width * CHARACTERS_PER_INCH)) or [""] for t in types}
    facts = {type_: _facts(points, endings, type_) for type_ in types}
    listed = [line for type_ in types for line in _listed(solutions, type_, names[type_])]
    if listed:
        listed.append(LETTERS_MEAN)
    elif not points["zone"].any():
        listed.append("No package lies in the zone of agreement of any type.")
    handles = _key(endings is not None)
    rows = [types[at : at + COLUMNS] for at in range(0, len(types), COLUMNS)]
    heads = [max(len(headings[t]) * TITLE_LINE + len(facts[t]) * LINE for t in row) + 0.07 for row in rows]
    body = sum(heads) + len(rows) * (TALL + BELOW)
    key_at, list_at = body, body + KEY_LINE * (len(handles) // 2 + len(handles) % 2) + 0.1
    body = list_at + len(listed) * LIST_LINE + 0.1
    limits = _limits(points[points["type"].isin(types)], endings)
    with styled():
        frame = Frame(
            question,
            f"Gain over no agreement, in each side's own unit of utility at published values: of {challenger} across; "
            f"up, of whoever gains least on the side of {defender}.",
            _notes(points, endings, every, types, source),
            body,
        )
        top = 0.0
        for row, head in zip(rows, heads, strict=True):
            for at, type_ in enumerate(row):
                left = LEFT + at * (width + BETWEEN)
                axes = frame.axes(left, top + head, width, TALL)
                frame.text(left, top, "\n".join(headings[type_]), weight="bold", size=9)
                below = top + len(headings[type_]) * TITLE_LINE
                frame.text(left, below, "\n".join(facts[type_]), size=7.5)
                _draw(axes, points[points["type"] == type_], limits)
                if endings is not None:
                    _draw_endings(axes, endings[endings["type"] == type_])
                axes.set_xlabel(f"gain of {shortened(challenger, SIDE_CHARACTERS)}", labelpad=2)
                if at:
                    axes.tick_params(labelleft=False)
                else:
                    axes.set_ylabel(f"least gain, {shortened(defender, SIDE_CHARACTERS)}", labelpad=2)
                _mark(
                    frame.figure, axes, points[points["type"] == type_], solutions[solutions["type"] == type_]
                )
            top += head + TALL + BELOW
        frame.figure.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=frame.place(MARGIN, key_at),
            borderaxespad=0,
            borderpad=0,
            labelspacing=0.3,
            columnspacing=1.5,
            handlelength=1.8,
            frameon=False,
            fontsize=8,
            ncols=2,
        )
        frame.text(MARGIN, list_at, "\n".join(listed), size=8)
    return frame.figure


def _check(points: pd.DataFrame, solutions: pd.DataFrame, endings: pd.DataFrame | None) -> None:
    wanted = [
        ("points", points, ["type", "package", "challenger", "defender", "refused", "zone"]),
        ("solutions", solutions, ["type", "solution", "package"]),
    ]
    if endings is not None:
        wanted.append(("endings", endings, ["type", "kind", "challenger", "defender", "worlds"]))
    for name, table, columns in wanted:
        check_columns(table, name, columns)
    if points.empty:
        raise ValueError("points has no package")
    known = pd.MultiIndex.from_frame(points[["type", "package"]])
    unknown = ~pd.MultiIndex.from_frame(solutions[["type", "package"]]).isin(known)
    if unknown.any():
        raise ValueError(
            f"solutions has package {solutions['package'][unknown].iloc[0]!r}, which points lacks"
        )
    for found, allowed, what in [
        (set(solutions["solution"]), LETTERS, "solution"),
        (set() if endings is None else set(endings["kind"]), KINDS, "kind"),
    ]:
        if not found <= allowed.keys():
            raise ValueError(
                f"unknown {what} {sorted(found - allowed.keys())[0]!r}; there are {', '.join(allowed)}"
            )


def _facts(points: pd.DataFrame, endings: pd.DataFrame | None, type_: str) -> list[str]:
    """What stands below a panel's title: the size of its zone, and how its worlds ended, with intervals."""
    own = points[points["type"] == type_]
    told = [f"{int(own['zone'].sum())} of {len(own)} packages in the zone"]
    if endings is None:
        return told
    counts = (
        endings[endings["type"] == type_].groupby("kind")["worlds"].sum().reindex(list(KINDS), fill_value=0)
    )
    if not counts.sum():
        return [*told, "no world of this type"]
    told.append(f"n = {counts.sum():,} world{'s' if counts.sum() != 1 else ''}:")
    low, high = goodman_intervals(counts.to_numpy())
    for at, (kind, count) in enumerate(counts.items()):
        told.append(f"{KINDS[str(kind)]} {percent(count / counts.sum())}% ({interval(low[at], high[at])})")
    return told


def _listed(solutions: pd.DataFrame, type_: str, name: str) -> list[str]:
    """What the solutions choose, in words."""
    own = solutions[solutions["type"] == type_]
    if own.empty:
        return []
    told = []
    for package, chosen in own.groupby("package", sort=False)["solution"]:
        letters = " ".join(LETTERS[each] for each in LETTERS if each in set(chosen))
        told += textwrap.wrap(
            f"{name}, {letters}: {package}", LIST_CHARACTERS, subsequent_indent="    ", break_long_words=True
        )
    return told


def _notes(
    points: pd.DataFrame,
    endings: pd.DataFrame | None,
    every: Sequence[str],
    types: Sequence[str],
    source: str,
) -> list[str]:
    packages = points.groupby("type").size().max()
    notes = [
        f"n = {packages:,} packages a panel. The two sides' units are not comparable, and which point is egalitarian "
        "or utilitarian hangs on them. Solutions weigh every party whose consent is needed, so they can lie inside "
        "the frontier of this plane."
    ]
    if endings is None:
        notes.append("Drawn from the scenario alone, without a run: nothing here has an interval.")
    else:
        notes.append(
            "Area of a ring: share of the type's worlds that ended there; its packages are valued at published "
            "numbers, not at those that a world has drawn. In brackets: Goodman joint 95% intervals in each panel, for "
            "the finite number of worlds only."
        )
    if len(every) > len(types):
        notes.append(f"{len(types)} of {len(every)} types are shown: the first.")
    return [*notes, source, NO_FORECAST]


def _limits(
    points: pd.DataFrame, endings: pd.DataFrame | None
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Ranges of both axes: round what no red line excludes, what is chosen, the origin and where worlds ended."""
    kept = points[~points["refused"]]
    spans = []
    for column in ("challenger", "defender"):
        values = [0.0, *kept[column]]
        if endings is not None:
            values += list(endings[column].dropna())
        low, high = min(values), max(values)
        whole = (high - low) or 1.0
        # The zone must be seen even if nothing lies in it.
        spans.append((min(low, -0.18 * whole) - 0.08 * whole, max(high, 0.18 * whole) + 0.08 * whole))
    return spans[0], spans[1]


def _draw(axes: Axes, points: pd.DataFrame, limits: tuple[tuple[float, float], tuple[float, float]]) -> None:
    (left, right), (bottom, top) = limits
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.fill_between([0, right], 0, top, color=ZONE, linewidth=0, zorder=0)
    for draw in (axes.axhline, axes.axvline):
        draw(0, color=GREY, linewidth=0.7, zorder=1)
    refused = points[points["refused"]]
    inside = refused["challenger"].between(left, right) & refused["defender"].between(bottom, top)
    near, far = refused[inside], refused[~inside]
    axes.plot(near["challenger"], near["defender"], "x", color="#9A9A9A", markersize=3.6, zorder=2)
    axes.plot(
        far["challenger"].clip(left, right),
        far["defender"].clip(bottom, top),
        marker=(3, 0, 180),
        linestyle="none",
        color="#9A9A9A",
        markersize=4.5,
        clip_on=False,
        zorder=2,
    )
    kept = points[~points["refused"]]
    frontier = _frontier(kept)
    axes.step(frontier["challenger"], frontier["defender"], where="pre", color=INK, linewidth=1.1, zorder=3)
    for zone, colour, size in ((False, "white", 3.0), (True, HEADLINE_COLOURS["concession"], 4.4)):
        own = kept[kept["zone"] == zone]
        axes.plot(
            own["challenger"],
            own["defender"],
            "o",
            color=INK if not zone else colour,
            markerfacecolor=colour,
            markeredgewidth=0.7,
            markersize=size,
            zorder=4,
        )
    axes.plot(0, 0, "+", color=INK, markersize=9, markeredgewidth=1.4, zorder=6)
    for ticks, low, high, most in ((axes.set_xticks, left, right, 4), (axes.set_yticks, bottom, top, 6)):
        ticks(
            [at for at in MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= at <= high]
        )
    axes.tick_params(length=3, width=0.6, labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def _frontier(kept: pd.DataFrame) -> pd.DataFrame:
    """Packages that no other beats for one side without being worse for the other, from left to right."""
    ordered = kept.sort_values(["challenger", "defender"], ascending=False)
    best_before = ordered["defender"].cummax().shift(fill_value=-np.inf)
    return ordered[ordered["defender"] > best_before].iloc[::-1]


def _draw_endings(axes: Axes, endings: pd.DataFrame) -> None:
    total = endings["worlds"].sum()
    placed = endings.dropna(subset=["challenger", "defender"])
    axes.scatter(
        placed["challenger"],
        placed["defender"],
        s=900 * placed["worlds"] / max(total, 1),
        facecolor="none",
        edgecolor=HEADLINE_COLOURS["escalation"],
        linewidth=1.2,
        zorder=5,
    )


def _mark(figure: Figure, axes: Axes, points: pd.DataFrame, solutions: pd.DataFrame) -> None:
    """Letters beside the packages that solutions choose, where they cover no other letters and no edge."""
    inside = axes.get_window_extent()
    taken: list[Bbox] = []
    for package, chosen in solutions.groupby("package", sort=False)["solution"]:
        letters = "".join(LETTERS[each] for each in LETTERS if each in set(chosen))
        own = points[points["package"] == package].iloc[0]
        at = (float(own["challenger"]), float(own["defender"]))
        for x, y in ((6, 6), (6, -13), (-6, 6), (-6, -13), (6, 16), (-6, 16), (6, -23), (-6, -23)):
            text = axes.annotate(
                letters,
                at,
                (x, y),
                textcoords="offset points",
                ha="left" if x > 0 else "right",
                weight="bold",
                size=8.5,
                color=HEADLINE_COLOURS["concession"],
                zorder=7,
            )
            box = text.get_window_extent()
            free = not any(box.overlaps(other) for other in taken)
            if (
                free
                and box.x0 >= inside.x0
                and box.x1 <= inside.x1
                and box.y0 >= inside.y0
                and box.y1 <= inside.y1
            ):
                taken.append(box)
                break
            text.remove()


def _key(with_endings: bool) -> list[Patch | Line2D]:
    solution = HEADLINE_COLOURS["concession"]

    def dot(label: str, marker: object, **style: object) -> Line2D:
        return Line2D([], [], marker=marker, linestyle="none", label=label, **style)  # type: ignore[arg-type]

    handles: list[Patch | Line2D] = [
        dot("package in the zone of agreement", "o", color=solution, markersize=4.4),
        dot("package that somebody would refuse", "o", color=INK, markerfacecolor="white", markersize=3.4),
        dot("excluded by a red line (▾ farther away)", "x", color="#9A9A9A", markersize=3.6),
        Line2D([], [], color=INK, linewidth=1.1, label="frontier of what no red line excludes"),
        Patch(facecolor=ZONE, label="both sides gain"),
        dot("no agreement", "+", color=INK, markersize=9, markeredgewidth=1.4),
        dot("package that a solution chooses", "$N$", color=solution, markersize=5),
    ]
    if with_endings:
        handles.append(
            dot(
                "where worlds ended",
                "o",
                color=HEADLINE_COLOURS["escalation"],
                markerfacecolor="none",
                markersize=9,
                markeredgewidth=1.2,
            )
        )
    return handles
