"""What drives the result: by the design that was run, with what each driver rests on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from negotiation_sim.analysis.comparison import is_number, smallest_changes
from negotiation_sim.analysis.discovery import paste, peel, prune, restrictions, score
from negotiation_sim.analysis.drivers import ANY, morris, partial_dependence, pawn, sobol, tornado
from negotiation_sim.analysis.shares import share
from negotiation_sim.analysis.surfaces import share_surface
from negotiation_sim.figures import numbers
from negotiation_sim.figures.dependence import dependence_figure
from negotiation_sim.figures.discovery import discovery_figure
from negotiation_sim.figures.drivers import morris_figure, pawn_figure, sobol_figure
from negotiation_sim.figures.heatmap import heatmap_figure
from negotiation_sim.figures.names import ASSUMPTION, Named
from negotiation_sim.figures.smallest_changes import smallest_changes_figure
from negotiation_sim.figures.tornado import tornado_figure
from negotiation_sim.report.parts import FOCUS, Grid, Picture, Section, percent, points, told
from negotiation_sim.report.study import ENSEMBLE, Study
from negotiation_sim.rules.outcome import HEADLINES
from negotiation_sim.scenario.wording import STRUCTURE, in_a_sentence

MOST_WORLDS = 20_000
"""Worlds whose draws are looked at: enough for what is worth finding among some hundred parameters."""
FEWEST_WORLDS = 100
DIMENSIONS = 12
"""Of many parameters, the ones that matter most are searched for a box: among too many, chance finds one."""
DENSE = 0.5
"""A box is chosen in which most worlds end in the headline, if there is one, and clearly more than of all worlds."""
FEWEST_POINTS = 20
"""Fewer design points cannot be shuffled often enough to tell what chance gives; their worlds can."""
PER_CELL = 80
"""Runs in a cell of the heat-map, on average, if there are enough for `CELLS` a side."""
CELLS = range(3, 9)
ERROR = 0.05
ALONG = 6


def drivers(study: Study) -> list[Section]:
    """The drivers, then which of them are assumptions."""
    parts: list[str | Picture | Grid]
    found: list[str] = []
    if study.kind == ENSEMBLE and not study.draws_known:
        parts = [
            "Nothing was varied and everything was held at its central value: there is nothing to compare."
        ]
    elif len(study.base_runs) < FEWEST_WORLDS:
        parts = [f"With fewer than {FEWEST_WORLDS} runs, chance would name the drivers."]
    elif study.kind == "one_at_a_time":
        parts, found = _one_at_a_time(study)
    else:
        parts, found = _together(study)
    sections = [Section("drivers", "What drives it", parts)]
    if found:
        sections.append(_assumptions(study, found))
    return sections


def _together(study: Study) -> tuple[list[str | Picture | Grid], list[str]]:
    """Everything varied at once: what was drawn in every world, or the factors of a design."""
    runs = _with_draws(study) if study.draws_known else study.base_runs
    varied = runs.columns.drop(["world", "headline"]) if study.draws_known else study.factors
    given = [path for path in varied if runs[path].notna().all() and runs[path].nunique() > 1]
    if not given:
        return ["Not all that was varied has a value at every point: there is nothing to compare."], []
    source = study.source(len(runs))
    names = _names(study, given)
    parts: list[str | Picture | Grid] = []
    if study.draws_known:
        parts.append(
            f"All uncertain parameters differ between worlds, each drawn over its range, and so does the challenger's "
            f"type if it is not given: {len(given)} in all. What follows looks at what {len(runs):,} worlds drew."
        )
    if study.kind in ("saltelli", "morris"):
        parts.append(_structured(study, runs, names))
    counts = _counts(runs, given, study)
    parts.append(_pawn(pawn(counts, given, HEADLINES), names, source))
    real = _beyond_doubt(counts, given)
    if not real:
        return [*parts, "With all of them taken together, none stands out from chance."], []
    if len(given) > 1:
        parts.append(
            f"With all {len(given)} taken together, {len(real)} of them "
            f"{'stands' if len(real) == 1 else 'stand'} out from chance; what follows is of no other."
        )
    numbers = [path for path in real if is_number(runs[path])]
    parts.append(_along(runs, real[:ALONG], names, source))
    if len(numbers) > 1:
        parts.append(_heat(runs, numbers[0], numbers[1], names, source))
    parts.append(_box(runs, real[:DIMENSIONS], names, source))
    return parts, real


def _with_draws(study: Study) -> pd.DataFrame:
    draws = study.draws(MOST_WORLDS)
    runs = study.base_runs.head(len(draws)).reset_index(drop=True)
    layout = study.base.layout
    labels = {key: spec.label for key, spec in layout.challenger_spec.types.items()}
    own = pd.DataFrame({f"actors.{layout.challenger}.true_type": runs["type"].map(labels).astype(str)})
    return pd.concat([runs[["world", "headline"]], own, draws], axis=1)


def _counts(runs: pd.DataFrame, factors: Sequence[str], study: Study) -> pd.DataFrame:
    """The factors, and how often each headline occurred: a row a design point, or, where these are few or every
    world has draws of its own, a row a world.
    """
    by_world = study.draws_known or len(study.design) < FEWEST_POINTS
    runs = study.sample if by_world and not study.draws_known else runs
    seen = pd.DataFrame({name: (runs["headline"] == name).astype(int) for name in HEADLINES})
    if by_world:
        return pd.concat([runs[list(factors)], seen], axis=1)
    counts = seen.groupby(runs["design"]).sum()
    return study.design.loc[counts.index, list(factors)].join(counts)


def _structured(study: Study, runs: pd.DataFrame, names: dict[str, Named]) -> str | Picture:
    """Sobol' indices of a saltelli design, elementary effects of a morris design."""
    of_base = study.design[study.design["scenario"] == study.base.name]
    hits = (runs["headline"] == FOCUS).groupby(runs["design"]).mean()
    table = of_base.assign(share=hits.reindex(of_base.index))
    if table["share"].isna().any():
        return "The indices of this design need every point: run the sweep to its end."
    source, factors = study.source(len(runs)), list(study.factors)
    if study.kind == "morris":
        levels = max(int(table[path].nunique()) for path in factors)
        found = morris(table, factors, "share", levels=levels)
        figure = morris_figure(found, outcome=FOCUS, names=names, source=source)
        top = found.iloc[0]
        said = f"{names[top['factor']].words} has the largest effect on the share of {FOCUS}: on average"
        return Picture(
            "morris",
            figure,
            f"{said} {100 * top['mu_star']:.1f} points from one end of its range to the other.",
        )
    found = sobol(table, factors, "share")
    figure = sobol_figure(found, outcome=FOCUS, names=names, source=source)
    top = found.iloc[0]
    if np.isnan(top["total"]):
        return Picture("sobol", figure, f"The share of {FOCUS} is the same at every point.")
    return Picture(
        "sobol",
        figure,
        f"{names[top['factor']].words} accounts for {100 * top['total']:.0f}% of the variance of the share of {FOCUS} "
        f"over the design, interactions included ({100 * top['total_low']:.0f} to {100 * top['total_high']:.0f}%).",
    )


def _pawn(table: pd.DataFrame, names: dict[str, Named], source: str) -> Picture:
    whole = table[table["outcome"] == ANY]
    beyond = whole[whole["median"] > whole["median_by_chance"]]
    said = [names[factor].words for factor in beyond["factor"].head(3)]
    leading = f" The strongest: {in_a_sentence(said)}." if said else ""
    idle = round(ERROR * len(whole))
    by_chance = f"; so would about {idle} if none mattered" if idle else ""
    return Picture(
        "pawn",
        pawn_figure(table, names=names, source=source),
        f"{len(beyond)} of {len(whole)} {'moves' if len(beyond) == 1 else 'move'} the shares of the headlines further "
        f"than something without influence would in 95 of 100 cases{by_chance}.{leading}",
    )


def _beyond_doubt(counts: pd.DataFrame, factors: Sequence[str]) -> list[str]:
    """Factors that move the shares beyond what chance gives to any of them in 95 of 100 cases, the strongest first."""
    table = pawn(
        counts, factors, HEADLINES, confidence=1 - ERROR / len(factors), shuffles=max(400, 40 * len(factors))
    )
    whole = table[table["outcome"] == ANY]
    return whole.loc[whole["median"] > whole["median_by_chance"], "factor"].tolist()


def _along(runs: pd.DataFrame, factors: Sequence[str], names: dict[str, Named], source: str) -> Picture:
    table = partial_dependence(runs, factors, HEADLINES)
    first = table[(table["factor"] == factors[0]) & (table["outcome"] == FOCUS)]
    if not is_number(runs[factors[0]]):
        first = first.sort_values("share", kind="stable")
    low, high = first.iloc[0], first.iloc[-1]
    labels = {headline: headline for headline in HEADLINES}
    return Picture(
        "along",
        dependence_figure(table, names=names, labels=labels, source=source),
        f"{names[factors[0]].words}: where it is {numbers.value(low['value'])}, the share of {FOCUS} is {told(low)}; "
        f"where it is {numbers.value(high['value'])}, {told(high)}.",
    )


def _heat(runs: pd.DataFrame, x: str, y: str, names: dict[str, Named], source: str) -> Picture:
    side = min(max(round((len(runs) / PER_CELL) ** 0.5), CELLS[0]), CELLS[-1])
    table = share_surface(runs, x, y, FOCUS, bins=side)
    seen = table[table["n"] > 0]
    leaders = seen.loc[seen["sure"].astype(bool), "leading"].value_counts()
    said = [f"{headline} in {count}" for headline, count in leaders.items()]
    least, most = (seen.loc[at] for at in (seen["share"].idxmin(), seen["share"].idxmax()))
    return Picture(
        "heat_map",
        heatmap_figure(table, headline=FOCUS, x=names[x].words, y=names[y].words, source=source),
        f"A headline leads by more than chance, each of {len(seen)} cells taken by itself: "
        f"{in_a_sentence(said) or 'in none'}. "
        f"The share of {FOCUS} goes from {told(least)} to {told(most)}.",
    )


def _box(runs: pd.DataFrame, factors: Sequence[str], names: dict[str, Named], source: str) -> str | Picture:
    """Where the headline lies: found on the worlds with even ids, scored on the others."""
    hit = (runs["headline"] == FOCUS).to_numpy()
    even = (runs["world"] % 2 == 0).to_numpy()
    table = runs[list(factors)]
    if min(hit[even].sum(), hit[~even].sum()) < FEWEST_WORLDS // 4 or hit.all():
        return f"Too few worlds end in {FOCUS}, or all do: no box is searched for."
    trajectory = peel(table[even], hit[even])
    box = trajectory.boxes[trajectory.choose(max(DENSE, (1 + 2 * hit[even].mean()) / 3))]
    box = prune(table[even], hit[even], paste(table[even], hit[even], box))
    if not box.restricted:
        return f"No box is told: none of its edges would raise the share of {FOCUS} by more than chance."
    held_out = score(table[~even], hit[~even], box)
    alone = runs["world"].is_unique  # else the interval would claim too much
    density = told(share(held_out.count, held_out.n)._asdict()) if alone else percent(held_out.density)
    figure = discovery_figure(
        trajectory.table,
        score(table[even], hit[even], box),
        restrictions(table[even], hit[even], box),
        interest=FOCUS,
        names=names,
        source=source,
        held_out=held_out,
    )
    return Picture(
        "box",
        figure,
        f"A box of {len(box.restricted)} of {len(factors)} parameters holds {percent(held_out.coverage)} of all worlds "
        f"with {FOCUS} and {density} of the worlds in it end so, against "
        f"{percent(held_out.total / held_out.cases)} of all (worlds on which it was not found).",
    )


def _one_at_a_time(study: Study) -> tuple[list[str | Picture | Grid], list[str]]:
    """One factor after another away from the base case, which is played here for the same worlds."""
    runs, source = study.base_runs, study.source(len(study.base_runs))
    design = study.design[study.design["scenario"] == study.base.name]
    names = _names(study, study.factors)
    if not study.common:
        return ["One factor at a time is compared on the same worlds only: run it with worlds: common."], []
    if not _shared(runs, design):
        return ["One factor at a time needs worlds played at every point: run the sweep to its end."], []
    table = tornado(runs, design, FOCUS)
    base = study.base_case(runs["world"].nunique())
    if base is None:
        return [
            "The base case can't be played again: the sweep was made by another version of the model."
        ], []
    middle = share(int((base["headline"] == FOCUS).sum()), len(base))
    ranges = pd.DataFrame(
        [
            (path, spec.value, *spec.range)
            for path in study.factors
            if (spec := study.base.parameters.get(path)) and spec.range[0] < spec.range[1]
        ],
        columns=["factor", "value", "low", "high"],
    )
    changes = smallest_changes(base, runs, design, ranges)
    top, moved = table.iloc[0], changes[changes["moved"]]
    likeliest = str(changes["headline_base"].iloc[0])
    takes = f"takes the lead from {likeliest}"
    how = (
        f"{len(moved)} of {len(changes)} factors, changed alone within what was tried, "
        f"{takes if len(moved) == 1 else takes.replace('takes', 'take')}; the smallest change is in "
        f"{names[moved['factor'].iloc[0]].words}."
        if len(moved)
        else f"None of {len(changes)} factors, changed alone within what was tried, {takes}."
    )
    parts: list[str | Picture | Grid] = [
        Picture(
            "tornado",
            tornado_figure(table, middle, outcome=FOCUS, names=names, source=source),
            f"Nothing changed alone matters more than {names[top['factor']].words}: from "
            f"{numbers.value(top['from_value'])} to {numbers.value(top['to_value'])} the share of {FOCUS} changes by "
            f"{points(top['difference'], top['low'], top['high'])}.",
        ),
        Picture(
            "smallest_changes",
            smallest_changes_figure(changes, ranges, names=names, source=source),
            how,
        ),
    ]
    surely = table[(table["low"] > 0) | (table["high"] < 0)]
    return parts, surely["factor"].tolist()


def _shared(runs: pd.DataFrame, design: pd.DataFrame) -> bool:
    """Whether some world was played at every point of the design."""
    return bool((runs.groupby("world")["design"].nunique() == len(design)).any())


def _names(study: Study, paths: Sequence[str]) -> dict[str, Named]:
    rests_on = {path: study.basis(path) for path in paths}
    return {
        path: Named(study.words(path), "" if rests_on[path] == STRUCTURE else rests_on[path])
        for path in paths
    }


def _assumptions(study: Study, found: Sequence[str]) -> Section:
    """Which of the drivers no document speaks of."""
    rows = []
    for path in found:
        spec = study.base.parameters.get(path)
        if spec is not None and study.basis(path) == ASSUMPTION:
            low, high = spec.range
            rows.append([study.words(path), f"{low:g} to {high:g}", str(spec.assumption)])
    structure = sum(study.basis(path) == STRUCTURE for path in found)
    said = (
        f"Drivers that stand out from chance among all that were looked at: {len(found)}. Assumptions, of which no "
        f"document says anything: {len(rows)}. Documented, though findings fix a direction or an order of magnitude, "
        f"never a size: {len(found) - len(rows) - structure}."
    )
    if structure:
        said += f" Part of the scenario's structure, no number: {structure}."
    parts: list[str | Grid] = [said]
    if rows:
        parts.append(
            Grid("Assumptions that matter, the strongest first", ("parameter", "range", "why"), rows, words=3)
        )
    return Section("assumptions", "Assumptions that matter", parts)
