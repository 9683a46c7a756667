"""What a scenario leaves room for before any run: red lines, and packages that cross none, at published values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from negotiation_sim.rules.arrays import Floats
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.parties import RedLine


@dataclass(frozen=True)
class Bounds:
    """Published red lines of one principal or ally: lowest and highest acceptable level by issue."""

    name: str
    party: str
    low: dict[str, float]
    high: dict[str, float]
    hard: dict[str, bool]


class Verdict(NamedTuple):
    """What stands against one package.

    Attributes:
        name: title of the bundle, empty for generated packages.
        described: its moved issues in words.
        proposer: who is willing to table it.
        blockers: whose hard red line it crosses.
        unwilling: to whom it is worth less than the published reservation value, if their consent is needed.
        forums: where it can be bound.
    """

    name: str
    described: tuple[str, ...]
    proposer: str
    blockers: tuple[str, ...]
    unwilling: tuple[str, ...]
    forums: tuple[str, ...]


def bounds(scenario: Scenario) -> list[Bounds]:
    """Published red lines of every principal and ally that has any, in the scenario's order."""
    found = [_bounds(actor.name, key, actor.red_lines) for key, actor in scenario.actors.items()]
    if scenario.alliance:
        for cluster in scenario.alliance.clusters.values():
            for member in cluster.members.values():
                lines = {**cluster.red_lines, **member.red_lines}
                found.append(_bounds(member.name, scenario.alliance.key, lines))
    return [each for each in found if each.low or each.high]


def _bounds(name: str, party: str, lines: dict[str, RedLine]) -> Bounds:
    return Bounds(
        name,
        party,
        {issue: line.low.value for issue, line in lines.items() if line.low},
        {issue: line.high.value for issue, line in lines.items() if line.high},
        {issue: line.hard for issue, line in lines.items()},
    )


def verdicts(scenario: Scenario, holders: list[Bounds]) -> list[Verdict]:
    """What stands against every package that anybody is willing to table, whatever the forum."""
    layout = scenario.layout
    names = {key: actor.name for key, actor in scenario.actors.items()}
    if scenario.alliance:
        names[scenario.alliance.key] = scenario.alliance.name
    found = []
    for party in layout.parties:
        menu = layout.whole_menu(party)
        forums = [
            (key, layout.menu(key, party))
            for key, forum in scenario.forums.items()
            if party in forum.proposers
        ]
        for row, name in enumerate(menu.names[: menu.nothing]):
            levels = dict(zip(layout.issues, menu.levels[row], strict=True))
            blockers = [
                each.name
                for each in holders
                for issue, level in levels.items()
                if each.hard.get(issue)
                and (level > each.high.get(issue, level) or level < each.low.get(issue, level))
            ]
            unwilling = [
                names[other]
                for other in layout.parties
                if menu.needs[other][row]
                and _best(menu.published[other], row) < scenario.published_reservation(other)[0]
            ]
            bound_in = [
                scenario.forums[key].place
                for key, there in forums
                if any(there.bindable & (there.levels == menu.levels[row]).all(axis=1))
            ]
            found.append(
                Verdict(
                    name,
                    tuple(layout.describe(menu.levels[row])),
                    names[party],
                    tuple(dict.fromkeys(blockers)),
                    tuple(unwilling),
                    tuple(bound_in),
                )
            )
    return found


def _best(published: Floats, row: int) -> float:
    """Published utility of a package; over types, that of the type that likes it most."""
    return float(published[..., row].max())
