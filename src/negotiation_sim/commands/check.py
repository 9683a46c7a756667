"""`negsim check`: validate a scenario; red lines, room for agreement, what could last, where numbers come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from negotiation_sim.analysis.stability import CONCEPTS
from negotiation_sim.commands.options import Options
from negotiation_sim.crisis import RANKINGS, crisis, reading
from negotiation_sim.diagnostics import Bargaining, Position, bargaining, positions
from negotiation_sim.scenario import Scenario

LETTERS = dict(zip(CONCEPTS, "NGSQ", strict=True))
"""What stands for a concept of stability in the table."""


class VerbOptions(Options):
    """`negsim check` has no options of its own."""


def command(scenario: Scenario, options: VerbOptions) -> None:
    """Print what the scenario says, at its published values."""
    console = Console(highlight=False)
    layout = scenario.layout
    console.print(f"{scenario.name} is valid: {escape(scenario.title)}")
    console.print(
        f"{len(layout.issues)} active issues, {len(scenario.actors)} principals"
        + (
            f", {sum(len(c.members) for c in scenario.alliance.clusters.values())} further allies"
            if scenario.alliance
            else ""
        )
        + f", {len(layout.rounds)} rounds from {layout.rounds[0].date} to {layout.rounds[-1].date}."
    )
    held = [each for each in positions(scenario) if np.isfinite([each.low, each.high]).any()]
    problems = [bargaining(scenario, type_) for type_ in layout.types]
    _print_red_lines(console, scenario, held)
    crossed = _crossed(problems[0], held)
    _print_packages(console, problems, crossed)
    _print_room(console, problems)
    _print_blockers(console, problems, crossed)
    _print_stability(console, problems)
    _print_sources(console, scenario)


def _table(title: str, columns: Iterable[str], caption: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    for column in columns:
        table.add_column(column)
    return table


def _print_red_lines(console: Console, scenario: Scenario, held: list[Position]) -> None:
    layout = scenario.layout
    table = Table(
        title="Red lines at published values, in levels (soft ones in brackets)", title_justify="left"
    )
    table.add_column("issue")
    table.add_column("asked for at most", justify="right")
    table.add_column("strictest ceiling")
    table.add_column("apart by", justify="right")
    table.add_column("all ceilings")
    wishes = np.round(layout.wishes, 9)
    for at, (key, issue) in enumerate(layout.issues.items()):
        sizes = np.round(layout.sizes(key), 9)
        asked = int(np.searchsorted(sizes, wishes[:, at].max())) if len(wishes) else 0
        lined = [each for each in held if np.isfinite(each.high[at])]
        hard = [each for each in lined if each.hard[at]]
        lowest = min((each.high[at] for each in hard), default=None)
        who: dict[str, list[str]] = {}
        for each in lined:
            label = f"{each.high[at]:g}" if each.hard[at] else f"({each.high[at]:g})"
            who.setdefault(label, []).append(each.name)
        strictest = "none"
        if lowest is not None:
            reached = int(np.floor(lowest))
            names = [each.name for each in hard if each.high[at] == lowest]
            strictest = f"{reached}: {issue.label(reached)} ({_shortened(names, 3)})"
        apart = f"{max(asked - np.floor(lowest), 0):g}" if lowest is not None else "0"
        table.add_row(
            escape(issue.title),
            escape(f"{asked}: {issue.label(asked)}"),
            escape(strictest),
            apart,
            escape(
                "; ".join(
                    f"{label}: {len(names)}" if len(names) > 1 else f"{label}: {names[0]}"
                    for label, names in who.items()
                )
            ),
        )
    console.print(table)


def _crossed(problem: Bargaining, held: list[Position]) -> list[list[str]]:
    """Whose hard red line each package crosses, by name: only of those whose consent it needs."""
    levels = problem.levels.to_numpy(dtype=float)
    names: list[list[str]] = [[] for _ in levels]
    for each in held:
        asked = problem.consent[each.party].to_numpy()
        for row in np.flatnonzero(each.crossed(levels).any(axis=1) & asked):
            names[row].append(each.name)
    return names


def _print_packages(console: Console, problems: list[Bargaining], crossed: list[list[str]]) -> None:
    packages = problems[0].packages
    console.print(
        f"\n{len(packages)} packages that somebody is willing to table; "
        f"{sum(not names for names in crossed)} cross no hard red line of those whose consent they need."
    )
    columns = (
        "package",
        "tabled by",
        "hard red lines crossed by it",
        "worth too little to",
        "can be bound in",
    )
    table = _table("Named packages", columns)
    for at, (name, package) in enumerate(packages.iterrows()):
        if package["title"]:
            table.add_row(
                escape(package["title"]),
                escape(", ".join(package["tabled_by"])),
                escape(_shortened(crossed[at], 4)) or "none",
                escape(_unwilling(problems, str(name))) or "nobody",
                escape(", ".join(package["forums"])) or "no forum",
            )
    if table.row_count:
        console.print(table)


def _unwilling(problems: list[Bargaining], package: str) -> str:
    """To whom a package is worth too little; to the challenger, with the types if it is not to all."""
    scenario = problems[0].scenario
    types: dict[str, list[str]] = {}
    for problem in problems:
        blocks = problem.blocks
        for party in blocks.loc[(blocks["package"] == package) & (blocks["shortfall"] > 0), "party"]:
            types.setdefault(party, []).append(problem.label)
    return ", ".join(
        scenario.party_name(party) + (f" ({', '.join(labels)})" if len(labels) < len(problems) else "")
        for party, labels in types.items()
    )


def _print_room(console: Console, problems: list[Bargaining]) -> None:
    scenario = problems[0].scenario
    table = _table(
        "Zone of agreement at published values, by type of the challenger",
        ("type", "packages in it", "what the solutions choose, or what comes nearest"),
    )
    for problem in problems:
        zone = problem.packages[problem.zone]
        number = f"{len(zone)}"
        unbound = int((zone["forums"].str.len() == 0).sum())
        if unbound:
            number += f", {unbound} of which no forum can bind"
        table.add_row(escape(problem.label), number, escape("\n".join(problem.choices) or "nothing"))
    console.print(table)
    own = scenario.layout.challenger
    floors = [
        f"{scenario.party_name(party)} {value:.2g}"
        for party, value in problems[0].disagreement.items()
        if party != own
    ]
    floors += [
        f"{scenario.party_name(own)} {each.disagreement[own]:.2g} as {each.label}" for each in problems
    ]
    silence = ", less what its allies bear in silence" if scenario.alliance else ""
    console.print(
        "In the zone: crosses no hard red line of those whose consent it needs, and is worth to each at least its "
        f"reservation value{silence} ({escape(', '.join(floors))}). Utility has no unit common to the parties: "
        "the egalitarian and the utilitarian choice hang on how the scenario scales it.\n"
    )


def _print_blockers(console: Console, problems: list[Bargaining], crossed: list[list[str]]) -> None:
    scenario = problems[0].scenario
    console_title = f"Who blocks, of {len(crossed)} packages"
    table = _table(console_title, ("who", "why"))
    table.add_column("packages", justify="right")
    by_number: dict[int, list[str]] = {}
    for name, number in Counter(name for names in crossed for name in names).items():
        by_number.setdefault(number, []).append(name)
    for number, who in sorted(by_number.items(), reverse=True):
        table.add_row(escape(", ".join(who)), "hard red line", str(number))
    for party in problems[0].utilities.columns:
        numbers = [
            int(((each.blocks["party"] == party) & (each.blocks["shortfall"] > 0)).sum()) for each in problems
        ]
        labels = [each.label for each in problems]
        told = zip(labels, numbers, strict=True) if len(set(numbers)) > 1 else [("", numbers[0])]
        for label, number in told:
            if number:
                who_is = scenario.party_name(party) + (f", {label}" if label else "")
                table.add_row(escape(who_is), "worth too little", str(number))
    if table.row_count:
        console.print(table)
    else:
        console.print("Nobody blocks any package.")


def _print_stability(console: Console, problems: list[Bargaining]) -> None:
    """Stability of the states of the crisis, a column a type."""
    sides = problems[0].scenario.sides
    names = {"challenger": sides.challenger.name, "defender": sides.defender.name}
    models = [crisis(problem) for problem in problems]
    tables = [model.stability.set_index(["state", "decider"]) for model in models]
    table = _table(
        "Which states of the crisis could last, and for whom",
        ("state", *(escape(each.label) for each in problems)),
    )
    for state, row in models[0].states.iterrows():
        if row["final"]:
            continue
        cells = [
            "\n".join(_letters(found.loc[(state, who)], names[who]) for who in names) for found in tables
        ]
        table.add_row(escape(str(row["label"])), *map(escape, cells))
    console.print(table)
    console.print(
        "Stable in the sense of N Nash, G general metarationality, S symmetric metarationality, Q sequential "
        "stability; . is not. A state could last if it is stable for both. What is bound, and war that is answered, "
        "stays. Worths are the model's, after the documented week; the model has none for war in "
        f"{escape(sides.defender.name)}'s eyes: it is assumed that it {RANKINGS['firm']}."
    )
    for problem in problems:
        console.print(f"  {escape(reading(problem))}")
    console.print()


def _letters(stable: pd.Series, name: str) -> str:
    return " ".join(LETTERS[concept] if stable[concept] else "." for concept in CONCEPTS) + f"  {name}"


def _shortened(names: Sequence[str], most: int) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _print_sources(console: Console, scenario: Scenario) -> None:
    assumed = [path for path, each in scenario.parameters.items() if not each.evidence]
    console.print(
        f"{len(scenario.parameters)} parameters: {len(scenario.parameters) - len(assumed)} cite findings, "
        f"{len(assumed)} are assumptions:"
    )
    for path in assumed:
        console.print(escape(f"  {path}: {scenario.parameters[path].assumption}"))
