"""`negsim check`: validate a scenario; red lines, packages, who blocks them, and where numbers come from."""

from __future__ import annotations

from collections import Counter

import numpy as np
from rich.console import Console
from rich.table import Table

from negotiation_sim.agreement import Bounds, Verdict, bounds, verdicts
from negotiation_sim.commands.options import Options
from negotiation_sim.scenario import Scenario


class VerbOptions(Options):
    """`negsim check` has no options of its own."""


def command(scenario: Scenario, options: VerbOptions) -> None:
    """Print what the scenario says, at its published values."""
    console = Console()
    layout = scenario.layout
    console.print(f"{scenario.name} is valid: {scenario.title}", highlight=False)
    console.print(
        f"{len(layout.issues)} active issues, {len(scenario.actors)} principals"
        + (
            f", {sum(len(c.members) for c in scenario.alliance.clusters.values())} further allies"
            if scenario.alliance
            else ""
        )
        + f", {len(layout.rounds)} rounds from {layout.rounds[0].date} to {layout.rounds[-1].date}.",
        highlight=False,
    )
    holders = bounds(scenario)
    _print_red_lines(console, scenario, holders)
    found = verdicts(scenario, holders)
    _print_packages(console, found)
    _print_blockers(console, found)
    _print_sources(console, scenario)


def _print_red_lines(console: Console, scenario: Scenario, holders: list[Bounds]) -> None:
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
        lined = [each for each in holders if key in each.high]
        hard = [each for each in lined if each.hard[key]]
        lowest = min((each.high[key] for each in hard), default=None)
        ceilings = Counter(
            f"{each.high[key]:g}" if each.hard[key] else f"({each.high[key]:g})" for each in lined
        )
        who = {label: [e.name for e in lined if _label(e, key) == label] for label in ceilings}
        strictest = "none"
        if lowest is not None:
            reached = int(np.floor(lowest))
            names = [each.name for each in hard if each.high[key] == lowest]
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            strictest = f"{reached}: {issue.label(reached)} ({shown})"
        apart = f"{max(asked - np.floor(lowest), 0):g}" if lowest is not None else "0"
        table.add_row(
            issue.title,
            f"{asked}: {issue.label(asked)}",
            strictest,
            apart,
            "; ".join(
                f"{label}: {len(names)}" if len(names) > 1 else f"{label}: {names[0]}"
                for label, names in who.items()
            ),
        )
    console.print(table)


def _label(each: Bounds, key: str) -> str:
    return f"{each.high[key]:g}" if each.hard[key] else f"({each.high[key]:g})"


def _print_packages(console: Console, found: list[Verdict]) -> None:
    open_ = [each for each in found if not each.blockers]
    willing = [each for each in open_ if not each.unwilling]
    console.print(
        f"\n{len(found)} packages that somebody is willing to table; {len(open_)} cross nobody's hard red line; "
        f"of these {len(willing)} can be worth the least published reservation value to all whose consent they need.",
        highlight=False,
    )
    named = [each for each in found if each.name]
    table = Table(title="Named packages", title_justify="left")
    for name in (
        "package",
        "tabled by",
        "hard red lines crossed by it",
        "worth too little to",
        "can be bound in",
    ):
        table.add_column(name)
    for each in named:
        table.add_row(
            each.name,
            each.proposer,
            _shortened(each.blockers) or "none",
            ", ".join(each.unwilling) or "nobody",
            ", ".join(each.forums) or "no forum",
        )
    if named:
        console.print(table)
    if willing:
        best = Table(title="Packages in the zone of agreement (first ten)", title_justify="left")
        for name in ("package", "tabled by", "can be bound in"):
            best.add_column(name)
        for each in willing[:10]:
            best.add_row("\n".join(each.described), each.proposer, ", ".join(each.forums) or "no forum")
        console.print(best)


def _shortened(names: tuple[str, ...]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _print_blockers(console: Console, found: list[Verdict]) -> None:
    count = Counter(name for each in found for name in each.blockers)
    if not count:
        console.print("No red line blocks any package.")
        return
    table = Table(title="Who blocks", caption=f"of {len(found)} packages", title_justify="left")
    table.add_column("who")
    table.add_column("packages blocked by a hard red line", justify="right")
    by_number: dict[int, list[str]] = {}
    for name, number in count.items():
        by_number.setdefault(number, []).append(name)
    for number, names in sorted(by_number.items(), reverse=True):
        table.add_row(", ".join(names), str(number))
    console.print(table)


def _print_sources(console: Console, scenario: Scenario) -> None:
    assumed = [path for path, each in scenario.parameters.items() if not each.evidence]
    console.print(
        f"{len(scenario.parameters)} parameters: {len(scenario.parameters) - len(assumed)} cite findings, "
        f"{len(assumed)} are assumptions:",
        highlight=False,
    )
    for path in assumed:
        console.print(f"  {path}: {scenario.parameters[path].assumption}", highlight=False)
