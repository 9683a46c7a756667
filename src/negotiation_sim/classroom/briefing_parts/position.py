"""What the seat wants: its weights, red lines and the least it signs for, be it a party, a delegation or an ally."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from negotiation_sim.classroom.briefing_parts.seat import Seat
from negotiation_sim.scenario.parameters import Parameter, off
from negotiation_sim.scenario.parties import Alliance, ChallengerType, RedLine

NONE = off()
"""The weight of an issue that a party does not care about."""


@dataclass(frozen=True)
class Position:
    """What the seat wants: weights and lines by issue, `strictest` where they are several clusters'."""

    weights: dict[str, Parameter]
    lines: dict[str, RedLine]
    strictest: dict[str, str]
    reservation: Parameter
    reciprocity: float

    def weight(self, issue: str) -> Parameter:
        """Weight of an issue, in utility."""
        return self.weights.get(issue, NONE)


def position(seat: Seat, draws: Mapping[str, float]) -> Position | None:
    """The seat's position; None for one that only watches. `draws` as in `briefing_writer.briefing`."""
    if seat.actor and seat.role == "challenger":
        return _of_challenger(seat)
    if seat.actor:
        actor = seat.actor
        return Position(actor.weights, actor.red_lines, {}, actor.reservation, actor.reciprocity.value)
    if seat.delegation:
        return _of_delegation(seat.delegation)
    if seat.alliance and seat.home:
        return _of_ally(seat.alliance, seat.home, seat.key, draws)
    return None


def _of_challenger(seat: Seat) -> Position:
    """Its own type's, or the average for one that has not decided."""
    base = seat.challenger

    def weight(issue: str) -> Parameter:
        def read(type_: ChallengerType) -> Parameter:
            return (base.weights | type_.weights).get(issue, NONE)

        return seat.of_type(read)

    named = dict.fromkeys([*base.weights, *(k for t in base.types.values() for k in t.weights)])
    reservation = seat.of_type(lambda each: each.reservation or base.reservation)
    return Position(
        {key: weight(key) for key in named}, base.red_lines, {}, reservation, base.reciprocity.value
    )


def _of_delegation(alliance: Alliance) -> Position:
    """The most reluctant cluster on every issue: consensus is as hard to get as that."""
    clusters = alliance.clusters.values()
    weights = {
        key: min((c.weights.get(key, NONE) for c in clusters), key=lambda each: each.value)
        for key in dict.fromkeys(k for c in clusters for k in c.weights)
    }
    lines, strictest = {}, {}
    for key in dict.fromkeys(k for c in clusters for k in c.red_lines):
        drawn = [c for c in clusters if key in c.red_lines]
        home = min(drawn, key=lambda c: _highest(c.red_lines[key]))
        lines[key], strictest[key] = home.red_lines[key], home.title
    reservation = max((c.reservation for c in clusters), key=lambda each: each.value)
    return Position(weights, lines, strictest, reservation, 0.0)


def _of_ally(alliance: Alliance, home: str, ally: str, draws: Mapping[str, float]) -> Position:
    """Its cluster's, with what is its own over it."""
    cluster = alliance.clusters[home]
    member, path = cluster.members[ally], f"alliance.clusters.{home}.members.{ally}"

    def own(below: str, spec: Parameter) -> Parameter:
        value = draws.get(f"{path}.{below}")
        return spec if value is None else spec.model_copy(update={"value": float(value)})

    weights = {k: own(f"weights.{k}", each) for k, each in (cluster.weights | member.weights).items()}
    lines = {
        key: line.model_copy(update={"high": own(f"red_lines.{key}.high", line.high)}) if line.high else line
        for key, line in (cluster.red_lines | member.red_lines).items()
    }
    return Position(weights, lines, {}, own("reservation", cluster.reservation), 0.0)


def _highest(line: RedLine) -> float:
    """Highest level that a red line lets pass."""
    return line.high.value if line.high else inf
