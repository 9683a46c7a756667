"""`negsim evidence`: findings, what they inform, and where the documents conflict."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from negotiation_sim.commands.options import Options
from negotiation_sim.evidence import Conflict, Finding, conflicts, findings, sources
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.problems import ScenarioError, unknown_name


class VerbOptions(Options):
    """Options of `negsim evidence`."""

    actor: str | None
    issue: str | None
    parameter: str | None


def command(scenario: Scenario, options: VerbOptions) -> None:
    """Print the findings asked for, their sources, and the conflicts that they are part of."""
    informed = parameters_by_finding(scenario)
    chosen = _findings(options)
    if options.parameter is not None:
        wanted = _below(options.parameter, scenario)
        informed = {each: [path for path in paths if path in wanted] for each, paths in informed.items()}
        chosen = tuple(each for each in chosen if informed.get(each.id))
    console = Console(highlight=False)
    console.print(f"{len(chosen)} findings; strength 5 is a categorical official statement, 1 a hint.")
    for each in chosen:
        facts = f"{each.actor} · {each.issue} · {each.stance} · strength {each.strength} · {each.source} {each.lines}"
        console.print(f"\n[bold]{each.id}[/bold]  {escape(facts)}")
        console.print(Padding(escape(each.finding), (0, 0, 0, 6)))
        console.print(Padding(f"informs: {escape(each.informs)}", (0, 0, 0, 6)))
        for path in informed.get(each.id, []):
            console.print(f"        {path}", style="dim")
    _print_conflicts(console, [c for c in conflicts() if {f.id for f in chosen} & set(c.findings)])
    console.print("\nSources")
    used = {each.source for each in chosen}
    for source in sources():
        if source.key in used:
            told = f"{source.author}, {source.title}, {source.outlet}, {source.date} ({source.kind})"
            console.print(f"  {source.key}: {escape(told)}")


def parameters_by_finding(scenario: Scenario) -> dict[str, list[str]]:
    """Finding id -> paths of the scenario's parameters that cite it."""
    informed: dict[str, list[str]] = {}
    for path, parameter in scenario.parameters.items():
        for each in parameter.evidence:
            informed.setdefault(each, []).append(path)
    return informed


def _findings(options: VerbOptions) -> tuple[Finding, ...]:
    everything = findings()
    for key, value, known in (
        ("actor", options.actor, {each.actor for each in everything}),
        ("issue", options.issue, {each.issue for each in everything}),
    ):
        if value is not None and value.strip().casefold() not in {each.casefold() for each in known}:
            problem = unknown_name(key, f"{key} in the findings", value, sorted(known))
            raise ScenarioError("options of negsim evidence", [problem])
    return findings(actor=options.actor, issue=options.issue)


def _below(key: str, scenario: Scenario) -> set[str]:
    """Paths of the parameters at or below a key."""
    paths = list(scenario.parameters)
    above = ""
    for part in key.split("."):
        known = [path.removeprefix(above).partition(".")[0] for path in paths if path.startswith(above)]
        if part not in known:
            kind = f"key below {above[:-1]}" if above else "key"
            problem = unknown_name("parameter", kind, part, dict.fromkeys(known))
            raise ScenarioError("options of negsim evidence", [problem])
        above += f"{part}."
        paths = [path for path in paths if f"{path}.".startswith(above)]
    return set(paths)


def _print_conflicts(console: Console, chosen: list[Conflict]) -> None:
    if chosen:
        console.print("\nWhere the documents conflict")
    for each in chosen:
        console.print(f"\n  [bold]{escape(each.question)}[/bold] ({', '.join(each.findings)})")
        for told in (each.reading_a, each.reading_b, f"kept open: {each.treatment}"):
            console.print(Padding(escape(told), (0, 0, 0, 6)))
