"""What all believe of each other, in words and from published values alone, and the challenger's possible types."""

from __future__ import annotations

import numpy as np

from negotiation_sim.classroom.briefing import Belief, TypeBelief
from negotiation_sim.classroom.briefing_parts.basis import basis
from negotiation_sim.classroom.briefing_parts.manner import TACTICS
from negotiation_sim.classroom.briefing_parts.seat import Seat
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.layout import Floats

LITTLE = 0.1
"""What weighs less, as a share of a party's weightiest issue, is left out of what is believed of it."""


def of_others(seat: Seat, believed: Scenario) -> tuple[Belief, ...]:
    """What is believed of every other party. `believed`: the scenario pruned to what all believe in common."""
    return tuple(_of_party(believed, party) for party in seat.layout.parties if party != seat.key)


def of_you(seat: Seat, believed: Scenario) -> Belief | None:
    """What is believed of the seat itself, of an ally what is believed of its cluster."""
    alliance = believed.alliance
    if alliance and seat.home:
        at = list(alliance.clusters).index(seat.home)
        weights = believed.layout.published_weights(alliance.key)[at]
        return _told(believed, weights, "your cluster of allies")
    if seat.actor or seat.delegation:
        return _of_party(believed, seat.key)
    return None


def types(seat: Seat, believed: Scenario) -> tuple[TypeBelief, ...]:
    """The challenger's types with their shares of the common prior, where there are several."""
    known = seat.challenger.types
    if len(known) < 2:
        return ()
    total = sum(each.prior.value for each in known.values())
    return tuple(
        TypeBelief(each.label, each.prior.value / total, _pictured(believed, key), basis(each.prior))
        for key, each in known.items()
    )


def _of_party(believed: Scenario, party: str) -> Belief:
    """From published weights; never from this world's numbers."""
    layout, alliance = believed.layout, believed.alliance
    rows = layout.published_weights(party)
    if alliance and party == alliance.key:
        weights = rows.min(axis=0)
    elif party == layout.challenger:
        prior = np.array([each.prior.value for each in layout.challenger_spec.types.values()])
        weights = (prior / prior.sum()) @ rows
    else:
        weights = rows[0]
    return _told(believed, weights, believed.party_name(party))


def _told(believed: Scenario, weights: Floats, name: str) -> Belief:
    """(K,) weights in words, most first, without those that are little."""
    titles = [issue.title for issue in believed.layout.issues.values()]
    sized = sorted(zip(weights, titles, strict=True), key=lambda each: -abs(each[0]))
    most = abs(sized[0][0])
    told = [(weight, title) for weight, title in sized if most and abs(weight) >= LITTLE * most]
    gains = tuple(title for weight, title in told if weight > 0)
    loses = tuple(title for weight, title in told if weight < 0)
    return Belief(name, gains, loses)


def _pictured(believed: Scenario, type_: str) -> str:
    """What observers expect of a type."""
    known = believed.layout.challenger_spec.types
    prizes = sorted(each.prize.value for each in known.values())
    own, tactic = known[type_].prize.value, known[type_].tactic
    war = "least" if own == prizes[0] else "most" if own == prizes[-1] else "something"
    told = [f"has {war} to gain by war"] if prizes[0] < prizes[-1] else []
    return "; ".join([*told, *([TACTICS[tactic.kind]] if tactic else [])])
