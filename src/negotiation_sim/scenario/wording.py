"""Parameters in plain words, for tables and pictures: `actors.russia.clock_days` is Russia's "days until ..."."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from negotiation_sim.scenario.scenario import Scenario

WORDS = {
    "weights.*": "weight of {0}",
    "reservation": "reservation value",
    "reservation_spread": "spread of reservation values",
    "clock_days": "own clock (days)",
    "tactic.beta": "bend of the concession curve",
    "tactic.ratchet": "rise in demands after a concession",
    "red_lines.*.low": "red line on {0}, lowest level",
    "red_lines.*.high": "red line on {0}, highest level",
    "red_lines.*.price": "price of crossing the soft line on {0}",
    "reciprocity": "cost of a move that is not matched",
    "coercion": "cost of giving ground under threat",
    "audience.cost": "audience cost of retreat",
    "audience.growth": "how fast insisting commits",
    "response_precision": "precision of responses",
    "offer_precision": "precision of offers",
    "signal_precision": "precision of signals",
    "prior": "weight in the common prior",
    "prize": "prize of attack",
    "undecided": "chance of being undecided at first",
    "attack.success": "chance that attack succeeds",
    "attack.cost": "cost of attack",
    "attack.sanctions": "size of threatened sanctions",
    "attack.discount": "discount on sanctions",
    "attack.cover": "cover that blame of the other side gives",
    "carrying.base": "cost of the mobilised force at first",
    "carrying.growth": "rise in the cost of the mobilised force",
    "leaving.early_cost": "cost of leaving talks early",
    "leaving.walk_out_cost": "cost of walking out of the room",
    "leaving.freed": "share of the audience cost that leaving frees",
    "outlook.hope": "hope of a concession at first",
    "outlook.lesson": "hope lost by a plain refusal",
    "outlook.encouragement": "hope gained from ground given",
    "outlook.credibility": "credibility of threats at first",
    "outlook.unity": "share of credibility that rests on cohesion",
    "outlook.default_loss": "credibility lost when threats are not carried out",
    "outlook.yielding_loss": "credibility lost when ground is given",
    "outlook.vagueness_loss": "credibility lost by vague refusals",
    "vagueness": "vagueness of refusals",
    "blame": "blame for intransigence at first",
    "blame_rise": "blame that refusing the core demands adds",
    "blame_fall": "blame lost when an offer is refused",
    "silence": "shortfall that an ally bears in silence",
    "spread": "spread among allies",
    "cohesion.start": "cohesion at first",
    "cohesion.quality": "quality of consultation",
    "cohesion.consultation": "cohesion gained by consultation",
    "cohesion.rally": "cohesion gained when threatened",
    "cohesion.rebuff": "cohesion gained when an offer is refused",
    "cohesion.wedge": "cohesion lost by spread on divisive issues",
    "cohesion.vagueness_loss": "cohesion lost by vagueness",
    "cohesion.unconsulted": "cohesion lost when not consulted",
    "share": "share of the way to full war",
    "leverage": "pressure on the other side",
    "cost": "own cost",
    "benefit": "worth of its deterrence",
    "attack_cost": "cost it adds to attack",
    "credibility": "credibility it adds",
    "provocation": "blame it adds",
    "worth": "worth of holding the session",
    "effects.cohesion": "change of cohesion",
    "effects.hope": "change of hope",
    "effects.credibility": "change of credibility",
    "effects.blame": "change of blame",
    "effects.reservation.*": "change of the reservation value of {0}",
    "habituation": "habituation to repeated build-ups",
    "accident": "chance of sliding up a rung by accident",
}
"""What stands at the end of a path, and what it means; `*` is a name that the scenario gives."""
ASSUMPTION = "assumption"
STRUCTURE = "structure"
"""What a swept thing rests on that is no parameter."""
STRUCTURE_WORDS = {
    "tactic": "tactic",
    "tactic.kind": "kind of tactic",
    "true_type": "true type",
    "decides_after": "session after which it has decided",
    "offers": "offers it can make",
    "red_lines.*": "red line on {0}",
    "red_lines.*.hard": "whether the red line on {0} is hard",
    "quota": "how many allies must not object",
    "setter": "who drafts for the allies",
    "setter_votes": "whether the drafter votes",
    "core": "core issue or not",
    "active": "on the table or not",
    "wedge": "divides the allies or not",
    "requires": "rung that must come first",
    "participants": "who takes part",
    "proposers": "who proposes",
    "agenda": "issues that can be talked about",
    "binds": "who can bind itself there",
    "consults": "whether the allies are consulted",
    "over_heads": "whether it goes over the allies' heads",
    "date": "date",
    "calendar": "calendar",
    "calendar.sessions": "calendar of sessions",
    "calendar.follow_on": "sessions after the first",
    "calendar.horizon_days": "days to the horizon",
    "ladders.start": "rungs at the start",
    "ending.uncured_rounds": "sessions without cure until talks collapse",
}
"""The same for what is no number with a range, yet can be swept."""
NAMED = ("weights", "red_lines", "reservation")
"""Keys below which names stand that belong to the meaning, not to whose number it is."""


def in_words(scenario: Scenario, path: str) -> str:
    """A path into a scenario in plain words, led by whose it is; a path without words is given as it stands."""
    try:
        whose, rest = _holder(scenario, path.split("."))
    except KeyError:  # something that another scenario has
        return path
    named = [at > 0 and rest[at - 1] in NAMED for at in range(len(rest))]
    pattern = ".".join("*" if is_name else key for key, is_name in zip(rest, named, strict=True))
    said = WORDS.get(pattern) or STRUCTURE_WORDS.get(pattern)
    if said is None:
        return path
    names = [_named(scenario, key) for key, is_name in zip(rest, named, strict=True) if is_name]
    said = said.format(*names)
    return f"{whose}: {said}" if whose else said[0].upper() + said[1:]


def basis(scenario: Scenario, path: str) -> str:
    """Ids of the findings that a parameter rests on, or the word assumption; for what is no parameter, structure."""
    keys = path.split(".")
    if keys[-1] == "true_type":  # drawn by the prior over types
        types = scenario.layout.challenger_spec.types.values()
        return (
            ", ".join(dict.fromkeys(each for type_ in types for each in type_.prior.evidence)) or ASSUMPTION
        )
    spec = scenario.parameters.get(path)
    if spec is None:
        return STRUCTURE
    return ", ".join(spec.evidence) or ASSUMPTION


def _holder(scenario: Scenario, keys: list[str]) -> tuple[str, list[str]]:
    """Whose number it is, in words, and what is left of the path."""
    clusters = scenario.alliance.clusters if scenario.alliance else {}
    match keys:
        case ["actors", actor, "types", type_, *rest] if rest:
            label = scenario.layout.challenger_spec.types[type_].label
            return f"{scenario.actors[actor].name} as {label}", rest
        case ["actors", actor, *rest]:
            return scenario.actors[actor].name, rest
        case ["alliance", "clusters", cluster, "members", member, *rest]:
            return clusters[cluster].members[member].name, rest
        case ["alliance", "clusters", cluster, *rest]:
            return _capital(clusters[cluster].title), rest
        case ["alliance", *rest] if scenario.alliance:
            return scenario.alliance.name, rest
        case ["ladders", "challenger", rung, *rest]:
            return _capital(scenario.ladders.challenger[rung].label), rest
        case ["ladders", "defender", answer, *rest]:
            return _capital(scenario.ladders.defender[answer].label), rest
        case ["forums", forum, *rest]:
            return _capital(scenario.forums[forum].title), rest
        case ["issues", issue, *rest] if rest:
            return _capital(scenario.issues[issue].title), rest
        case ["injects", inject, *rest]:
            return _capital(scenario.injects[inject].title), rest
    return "", keys


def _named(scenario: Scenario, key: str) -> str:
    """An issue, cluster or actor by its name in print."""
    if key in scenario.issues:
        return scenario.issues[key].title
    if key in scenario.actors:
        return scenario.actors[key].name
    clusters = scenario.alliance.clusters if scenario.alliance else {}
    return clusters[key].title if key in clusters else key


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def in_a_sentence(names: Iterable[str]) -> str:
    """Names in a sentence: a, b and c."""
    *before, last = [*names] or [""]
    return f"{', '.join(before)} and {last}" if before else last
