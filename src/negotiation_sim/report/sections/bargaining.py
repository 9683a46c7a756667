"""What the scenario leaves room for before any run, and how near to it worlds end."""

from __future__ import annotations

from negotiation_sim.crisis import reading
from negotiation_sim.diagnostics import Bargaining, bargaining, frontier_tables
from negotiation_sim.figures.frontier import frontier_figure
from negotiation_sim.report.parts import Grid, Picture, Section
from negotiation_sim.report.study import Study


def room(study: Study) -> Section:
    """Zone of agreement, solutions, who blocks what, distance from the frontier, and which states could last."""
    scenario = study.base
    problems = [bargaining(scenario, type_) for type_ in scenario.layout.types]
    known = all(f"level_{issue}" in study.sample for issue in scenario.layout.issues)
    tables = frontier_tables(scenario, study.sample if known else None)
    sizes = [f"{int(each.zone.sum())} for the {each.label}" for each in problems]
    figure = frontier_figure(
        *tables,
        challenger=scenario.sides.challenger.name,
        defender=scenario.sides.defender.name,
        labels={each.type: each.label for each in problems},
        source=study.source(len(study.sample)),
    )
    parts: list[str | Picture | Grid] = [
        "At published values, before anything is played: every package that somebody is willing to table, and who "
        "could sign it. Utility has no unit common to the parties, so the egalitarian and the utilitarian point hang "
        "on how the scenario scales it.",
        Picture(
            "frontier",
            figure,
            f"Packages in the zone of agreement, of {len(problems[0].levels)}: {', '.join(sizes)}.",
        ),
        Grid(
            "What the solutions choose, or, where nobody could sign anything, what comes nearest",
            ("type of the challenger", "in the zone", "choice"),
            [
                [each.label, f"{int(each.zone.sum())}", "; ".join(each.choices) or "nothing"]
                for each in problems
            ],
            words=3,
        ),
        _blocks(problems),
    ]
    if known:
        parts.append(_distances(study, [each for each in problems if each.zone.any()]))
    parts.append(
        "Conflict stability in the graph model, by type of the challenger (Nash, general and symmetric "
        "metarationality, sequential). That the West ranks war below all that the scenario has a number for is an "
        "assumption; where another ranking changes the answer, it is said:"
    )
    parts += [reading(each) for each in problems]
    return Section("room", "What there is to agree on, and what could last", parts)


def _blocks(problems: list[Bargaining]) -> Grid:
    """How many packages each party blocks, by type of the challenger."""
    counts = [each.block_counts for each in problems]
    rows = []
    for party in counts[0].index:
        cells = [f"{table.loc[party, 'blocks']} ({table.loc[party, 'alone']})" for table in counts]
        rows.append([problems[0].scenario.party_name(party), *cells])
    return Grid(
        f"Packages that each party blocks, of {len(problems[0].levels)} (in brackets: that nobody else does)",
        ("party", *(each.label for each in problems)),
        rows,
    )


def _distances(study: Study, problems: list[Bargaining]) -> str:
    """How much worlds without war left on the table, at the published values of each type that has a zone."""
    if not problems:
        return (
            "The zone is empty for every type, so no world left anything on the table, at published values."
        )
    said = []
    for each in problems:
        own = study.sample[study.sample["type"] == each.type]
        gap = each.distance(own)["common_gain"].dropna() if len(own) else None
        if gap is not None and len(gap):
            left = int((gap > 0).sum())
            said.append(
                f"{each.label}, {left:,} of {len(gap):,} (on average {100 * gap.mean():.1f}% of the range)"
            )
    words = "; ".join(said) or "no such world"
    return (
        "Worlds that ended without war but short of the frontier, where another package would have served everybody, "
        f"at published values: {words}."
    )
