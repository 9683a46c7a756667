"""Numbers that only this seat knows, besides its stakes."""

from __future__ import annotations

from typing import Any

from negotiation_sim.classroom.briefing import Secret
from negotiation_sim.classroom.briefing_parts.basis import basis
from negotiation_sim.classroom.briefing_parts.seat import Seat
from negotiation_sim.classroom.words import POINTS
from negotiation_sim.scenario.parameters import Parameter

SECRETS = (
    ("reciprocity", "each move that is not matched costs you", "points"),
    ("coercion", "giving ground under full threat costs you besides", "points"),
    ("audience.cost", "backing down from full commitment costs up to", "points"),
    ("attack.success", "chance that an attack would succeed", "share"),
    ("prize", "a successful attack would win you", "points"),
    ("attack.cost", "an attack would cost you", "points"),
    ("attack.sanctions", "all the sanctions threatened would cost you", "points"),
    ("attack.discount", "share of the sanctions that you would shrug off", "share"),
    ("attack.cover", "cover, if all blame is on the other side, is worth", "points"),
    ("outlook.credibility", "chance, as you see it, that threats are carried out", "share"),
    ("outlook.unity", "share of it that rests on the other side's unity", "share"),
    ("outlook.hope", "chance, as you see it, of a concession", "share"),
    ("carrying.base", "keeping the force ready costs you a round", "points"),
    ("carrying.growth", "and, by the end of your clock, besides", "points"),
    ("leaving.early_cost", "ending talks at once costs you", "points"),
    ("leaving.walk_out_cost", "walking out of the room costs you", "points"),
    ("vagueness", "how vague your side's refusals are (0% is plain)", "share"),
    ("blame", "how intransigent your side looks at first", "share"),
    ("silence", "shortfall that an ally bears in silence", "points"),
    ("cohesion.quality", "how far the allies are consulted rather than told", "share"),
)
"""Numbers that a seat needs besides its stakes: end of the path, in words, unit."""


def secrets(seat: Seat) -> tuple[Secret, ...]:
    """Those that the scenario states, in words and with their unit."""
    found = []
    for end, words, unit in SECRETS:
        spec = _own_number(seat, end)
        if spec is None or (end == "cohesion.quality" and not seat.delegation):
            continue
        value = spec.value * (POINTS if unit == "points" else 1.0)
        shown = {"points": f"{value:.0f}", "share": f"{value:.0%}"}[unit]
        found.append(Secret(words, value, shown, basis(spec)))
    return tuple(found)


def _own_number(seat: Seat, end: str) -> Parameter | None:
    """One of the seat's own numbers that the scenario states, by the end of its path."""
    if end == "prize":
        stated = seat.role == "challenger" and any(
            "prize" in each.model_fields_set for each in seat.challenger.types.values()
        )
        return seat.prize() if stated else None
    node: Any = seat.actor if seat.actor else seat.alliance if seat.delegation or seat.home else None
    for name in end.split("."):
        if node is None or name not in node.model_fields_set:
            return None
        node = getattr(node, name)
    return node if isinstance(node, Parameter) else None
