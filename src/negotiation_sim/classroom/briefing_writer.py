"""Writes the briefing of a seat from what it may read.

Nothing private of another seat can be in it: `briefing` first prunes the scenario to the paths that the seat may read,
and everything a seat is told of its own or of the calendar is written from what is left. What all believe of each
other comes from the published weights, and only in words.
"""

from __future__ import annotations

from collections.abc import Mapping

from negotiation_sim.classroom.briefing import Briefing
from negotiation_sim.classroom.briefing_parts import (
    basis,
    beliefs,
    consent,
    ladders,
    manner,
    offers,
    own_numbers,
    role,
    stakes,
    venues,
)
from negotiation_sim.classroom.briefing_parts.position import position
from negotiation_sim.classroom.briefing_parts.seat import Seat
from negotiation_sim.classroom.disclosure import BELIEVED, PUBLIC, meets, own_paths, patterns, pruned, seats
from negotiation_sim.classroom.words import TEACHING, day_in_words
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.parameters import Parameter

REAL = "The crisis is a real one, and what it led to may touch some of those in the room, or their families, today."
"""Said where documents stand behind a scenario."""


def briefing(
    scenario: Scenario, seat: str, draws: Mapping[str, float] | None = None, type_: str | None = None
) -> Briefing:
    """What a seat is told.

    Args:
        scenario: the scenario.
        seat: one of `seats(scenario)`.
        draws: for a game, its world's own numbers by path of the parameter, in the parameter's unit; published
            values where it says nothing. An ally's own numbers, which are no parameters, stand under
            `alliance.clusters.C.members.M` followed by `weights.ISSUE`, `red_lines.ISSUE.high` or `reservation`.
            It may hold the numbers of all seats: only those that this seat may read are looked at.
        type_: the challenger's type in this world; the scenario's true type if left out, and if it has none the
            challenger is briefed as one that has not decided.

    Raises:
        ValueError: no such seat, or no such type.
    """
    if seat not in seats(scenario):
        raise ValueError(f"no such seat: {seat!r}; the scenario has {', '.join(seats(scenario))}")
    types = scenario.layout.types
    if type_ is not None and type_ not in types:
        raise ValueError(f"no such type of the challenger: {type_!r}; the scenario has {', '.join(types)}")
    draws = draws or {}
    seen = pruned(scenario, (), patterns((*PUBLIC, *own_paths(scenario, seat))), draws)
    believed = pruned(scenario, (), patterns(BELIEVED), {})
    fixed = (
        (type_ or scenario.layout.challenger_spec.true_type) if seat == scenario.layout.challenger else None
    )
    stated = scenario.parameters.values()
    return _written(
        Seat(seat, seen, fixed),
        believed,
        draws,
        _own_parameters(scenario, seat),
        numbers=len(stated),
        assumed=sum(not each.evidence for each in stated),
    )


def _own_parameters(scenario: Scenario, seat: str) -> dict[str, Parameter]:
    """The seat's own parameters by path, as the scenario states them."""
    own = patterns(own_paths(scenario, seat))
    return {
        path: each
        for path, each in scenario.parameters.items()
        if any(meets(tuple(path.split(".")), pattern) for pattern in own)
        and not path.endswith("_precision")  # how noisily the simulated agent decides is no person's
    }


def _written(
    seat: Seat,
    believed: Scenario,
    draws: Mapping[str, float],
    own: Mapping[str, Parameter],
    numbers: int,
    assumed: int,
) -> Briefing:
    """The briefing; of so many numbers that the scenario states, so many are assumptions."""
    layout, sides = seat.layout, seat.seen.sides
    wants = position(seat, draws)
    worths = stakes.stakes(seat, wants) if wants else ()
    lines = stakes.red_lines(wants, layout) if wants else ()
    types = beliefs.types(seat, believed)
    secrets = own_numbers.secrets(seat)
    voice = basis.voice(seat.name, own)
    bases = [each.basis for each in worths] + [each.basis for each in lines]
    bases += [each.basis for each in types] + [each.basis for each in secrets]
    bases += [voice] if voice else []
    return Briefing(
        seat=seat.key,
        name=seat.name,
        issues=tuple(issue.title for issue in layout.issues.values()),
        setting=f"{sides.challenger.name} and {sides.defender.name}, from {day_in_words(layout.rounds[0].date)}",
        who=role.who(seat),
        goal=role.goal(seat, wants) if wants else (),
        voice=voice,
        type_label=seat.challenger.types[seat.type].label if seat.type else None,
        stakes=worths,
        red_lines=lines,
        offers=tuple(offers.offers(seat, wants)) if wants else (),
        generated=tuple(offers.generated(seat)),
        clock=manner.clock(seat),
        tactic=manner.tactic(seat),
        beliefs=beliefs.of_others(seat, believed),
        types=types,
        believed_of_you=beliefs.of_you(seat, believed),
        ladders=ladders.ladders(seat),
        moves=ladders.moves(seat),
        venues=venues.venues(seat),
        calendar=venues.calendar(seat),
        consent=consent.consent(seat),
        audience=manner.audience(seat),
        secrets=secrets,
        numbers=numbers,
        assumed=assumed,
        assumptions=basis.assumptions(seat, own),
        caution=(TEACHING[0], *([REAL] if assumed < numbers else []), TEACHING[1]),
        documents=basis.documents(bases),
    )
