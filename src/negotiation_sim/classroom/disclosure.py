"""What each seat may read of a scenario: an allow-list of paths, and a copy that holds nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.parameters import Parameter

OBSERVER = "observer"
"""The seat that watches: it has no numbers of its own."""

PUBLIC = (
    "sides",
    "issues",
    "calendar",
    "ladders.start",
    *(f"ladders.challenger.*.{field}" for field in ("label", "war", "suspends_talks", "breaks_off")),
    *(f"ladders.defender.*.{field}" for field in ("label", "requires", "carries_out")),
    *(
        f"forums.*.{field}"
        for field in ("title", "place", "participants", "proposers", "agenda", "binds", "consults")
    ),
    *(f"actors.*.{field}" for field in ("name", "role", "types.*.label", "types.*.prior")),
    *(f"alliance.{field}" for field in ("key", "name", "setter", "setter_votes", "quota", "cohesion.start")),
    *(f"alliance.clusters.*.{field}" for field in ("title", "members.*.name")),
)
"""Paths that every seat may read, with all that stands below them; `*` is any one key. Not among them: the
scenario's title and summary, its injects and the challenger's true type, which would tell what is to come."""
BELIEVED = (
    *PUBLIC,
    *(
        f"actors.*.{field}"
        for field in ("weights", "types.*.weights", "types.*.prize", "types.*.tactic.kind")
    ),
    "alliance.clusters.*.weights",
)
"""Paths read at their published values for what all believe of each other."""


def seats(scenario: Scenario) -> tuple[str, ...]:
    """Keys of all seats that can be briefed: principals, the alliance as one delegation, single allies, observer."""
    alliance = scenario.alliance
    allies = [key for cluster in alliance.clusters.values() for key in cluster.members] if alliance else []
    return (*scenario.actors, *([alliance.key] if alliance else []), *allies, OBSERVER)


def own_paths(scenario: Scenario, seat: str) -> tuple[str, ...]:
    """Paths that this seat alone, or this seat and its like, may read, with all that stands below them."""
    layout, alliance = scenario.layout, scenario.alliance
    if seat in scenario.actors:
        paths = [f"actors.{seat}"]
        if seat == layout.challenger:
            paths += ["ladders.challenger.*.cost", "forums.*.worth"]
        elif seat == layout.defender:
            paths += ["ladders.defender.*.cost"]
        if alliance and seat == alliance.setter:
            paths += ["alliance.offers"]  # which it drafts
        return tuple(paths)
    if alliance is None or seat == OBSERVER:
        return ()
    shared = ("weights", "reservation", "red_lines")
    if seat == alliance.key:
        # Of the allies' own instructions the delegation knows what each cluster shares, not what one ally adds.
        every = [f"alliance.clusters.*.{field}" for field in shared]
        return ("alliance.silence", "alliance.cohesion.quality", "alliance.offers", *every)
    home = next(key for key, cluster in alliance.clusters.items() if seat in cluster.members)
    mine = [f"alliance.clusters.{home}.{field}" for field in shared]
    return ("alliance.silence", *mine, f"alliance.clusters.{home}.members.{seat}")


Keys = tuple[str, ...]


def patterns(paths: Iterable[str]) -> list[Keys]:
    """Paths as patterns, key by key."""
    return [tuple(each.split(".")) for each in paths]


def meets(path: Keys, pattern: Keys) -> bool:
    """Whether a path leads to a pattern, is met by it, or stands below it."""
    return all(expected in ("*", key) for key, expected in zip(path, pattern, strict=False))


def pruned(node: Any, path: Keys, allowed: list[Keys], draws: Mapping[str, float]) -> Any:
    """A copy of a part of a scenario that holds nothing but what is allowed, with the world's own numbers put in.

    `allowed` are patterns from here on down; an empty one allows all that stands below.
    """
    if isinstance(node, Parameter):
        value = draws.get(".".join(path))
        return node if value is None else node.model_copy(update={"value": float(value)})
    if isinstance(node, BaseModel):
        parts = {name: getattr(node, name) for name in node.model_fields_set}
    elif isinstance(node, dict):
        parts = node
    else:
        return node
    kept = {}
    for name, each in parts.items():
        below = [pattern[1:] for pattern in allowed if not pattern or pattern[0] in ("*", name)]
        if below:
            kept[name] = pruned(each, (*path, name), below, draws)
    return kept if isinstance(node, dict) else type(node).model_construct(**kept)
