"""What a class looks back on, as plain data for a page or a report.

All of it is read from the `view` of whoever looks, from briefings that this viewer may read, and from what is
published: the scenario's documents, and many worlds of it without people. Whatever is not in a viewer's view is in no
debrief of theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from negotiation_sim.classroom.briefing import Briefing
from negotiation_sim.classroom.disclosure import OBSERVER
from negotiation_sim.classroom.questions import Entry
from negotiation_sim.classroom.views import Scene, View, briefing_of, may_brief, speaker, view
from negotiation_sim.classroom.words import TEACHING
from negotiation_sim.evidence.table import finding, sources
from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.schema import Fact
from negotiation_sim.scenario.wording import in_a_sentence

MOST_NAMES = 4
"""Allies that are named before they are counted instead."""


def debrief(scene: Scene, viewer: str) -> View:
    """All parts of a debrief that need no arithmetic of the model.

    Args:
        scene: the session as it stands.
        viewer: a seat, `OBSERVER` or `FACILITATOR`.

    Returns: `view` (what it is all read from), `ended` and `played_out` (whether the session is over, and whether the
        game came to its end by itself), `caution` (sentences), `rounds`, `outcome` (the class's, None if no
        round was finished), `odds`, `moved` (the swing that is largest, None if none is clear), `beliefs`, `blocks`,
        `lines`, `facts`, `prompts`; see the functions of these names.

    Raises:
        ValueError: the session has no such seat.
    """
    shown = view(scene, viewer)
    briefings = {
        seat: briefing_of(scene, viewer, seat)
        for seat in scene.state.set.seats
        if may_brief(scene, viewer, seat)
    }
    told: View = {
        "view": shown,
        "ended": scene.state.phase == "ended",
        "played_out": shown["session"]["played_out"],
        "caution": list(TEACHING),
        "rounds": rounds(shown),
        "outcome": outcome(scene.scenario, shown),
        "odds": shown.get("odds", []),
        "moved": moved(shown),
        "beliefs": beliefs(shown),
        "blocks": blocks(scene, shown, briefings),
        "lines": [_lines_of(each) for each in briefings.values()],
        "closed": [
            each["name"]
            for each in shown["seats"]
            if each["key"] != OBSERVER and each["key"] not in briefings
        ],
        "facts": facts(scene),
    }
    return told | {"prompts": prompts(told)}


# ---- what happened -----------------------------------------------------------------------------------


def rounds(shown: View) -> list[View]:
    """The rounds of a view: `round`, `session` (where and when), `entries` (of the account, each with `reasons`: who
    decided it and why, as far as this viewer may read it; and `left`: whether it fell to the simulated agent),
    `standing` (how things stood after it, None if it was not finished), `statements`, `news`, `messages`.
    """
    found: dict[int, View] = {}
    for entry in shown["account"]:
        about = found.setdefault(
            entry["round"],
            {
                "round": entry["round"],
                "session": None,
                "entries": [],
                "standing": None,
                **{kind: [] for kind in ("statements", "news", "messages")},
            },
        )
        if entry["what"] in ("session", "standing"):
            about[entry["what"]] = entry
        else:
            about["entries"].append(entry | _decided(shown, entry))
    for kind in ("statements", "news", "messages"):
        for said in shown[kind]:
            if said["round"] in found:
                found[said["round"]][kind].append(said)
    return list(found.values())


def _decided(shown: View, entry: Entry) -> View:
    """Who of the people decided what an entry tells, and whether it fell to the simulated agent."""

    def its(decision: View) -> bool:
        here = decision["round"] == entry["round"] and decision["kind"] == entry["what"]
        turn = "turn" not in entry or decision["turn"] == entry["turn"]
        who = entry.get("drafter", entry.get("by"))
        return here and turn and who in (None, decision["seat"])

    return {
        "reasons": [decision for decision in shown["decisions"] if its(decision)],
        "left": [decision["name"] for decision in shown["left"] if its(decision)],
    }


def outcome(scenario: Scenario, shown: View) -> View | None:
    """How the class's game stood in the end: `outcome`, `headline`, `label`, `round`, `rounds`, `as_of`.

    `as_of` is the round after which other worlds are compared: the last that was played, or, of a game that came
    to its end by itself, the last that there was to play.
    """
    last = _standings(shown["account"])[-1:]
    return (
        {
            "outcome": last[0]["outcome"],
            "headline": OUTCOMES[last[0]["outcome"]],
            "label": scenario.outcome_label(last[0]["outcome"]),
            "round": last[0]["round"],
            "rounds": shown["session"]["rounds"],
            "as_of": shown["session"]["rounds" if shown["session"]["played_out"] else "round"],
        }
        if last
        else None
    )


def _standings(account: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [entry for entry in account if entry["what"] == "standing"]


# ---- where it landed, and how the odds moved -----------------------------------------------------------


def moved(shown: View) -> View | None:
    """The decision that moved the odds most, of those whose interval leaves no doubt that it did; with its `round`
    and, in words, its `deed`.
    """
    clear = [
        {
            **swing,
            "round": after["round"],
            "deed": f"proposes {swing['words']}" if swing["kind"] == "offer" else swing["words"],
        }
        for after in shown.get("odds", [])
        for swing in after["swings"]
        if swing["low"] > 0 or swing["high"] < 0
    ]
    return max(clear, key=lambda swing: swing["swing"], default=None)


# ---- what others believed ----------------------------------------------------------------------------


def beliefs(shown: View) -> list[View]:
    """What was learnt of the challenger, round by round.

    Returns: a row a finished round: `round`, `words` (its signal; empty if it gave none), `cheap`, `types` (a row a
        type: `key`, `label`, `prior`, `chance`, `likelihood`, `posterior`), `dulled` (whether habituation
        took something from what the signal told), `total` (of prior times likelihood), `shift` (half the sum of all
        changes of belief, 0 to 1), `about` (the challenger's name).
    """
    found = []
    before: Mapping[str, float] | None = None
    for standing in _standings(shown["account"]):
        now = standing["belief"]
        labels = list(standing["belief_labels"])
        signal: Entry = next(
            (
                entry
                for entry in shown["account"]
                if entry["round"] == standing["round"] and "likelihood" in entry
            ),
            {},
        )
        prior: Mapping[str, float] = signal.get("prior", before if before is not None else now)
        chance, likelihood = signal.get("chance", {}), signal.get("likelihood", {})
        found.append(
            {
                "round": standing["round"],
                "words": signal.get("words", ""),
                "cheap": signal.get("cheap", False),
                "types": [
                    {
                        "key": key,
                        "label": label,
                        "prior": prior[key],
                        "chance": chance.get(key),
                        "likelihood": likelihood.get(key),
                        "posterior": now[key],
                    }
                    for key, label in zip(now, labels, strict=True)
                ],
                "dulled": chance != likelihood,
                "shift": sum(abs(now[key] - prior[key]) for key in now) / 2,
                "about": standing["about"],
                "total": sum(prior[key] * likelihood.get(key, 1.0) for key in now),
            }
        )
        before = now
    return found


# ---- red lines, and who blocked what -------------------------------------------------------------------


def _lines_of(briefing: Briefing) -> View:
    return {
        "seat": briefing.seat,
        "name": briefing.name,
        "lines": briefing.red_lines,
        "stakes": briefing.stakes,
        "type": briefing.type_label,
    }


def blocks(scene: Scene, shown: View, briefings: Mapping[str, Briefing]) -> list[View]:
    """Packages that were refused, and by whom.

    Returns: a row a package: `round`, `by` (name), `title`, `lines`, `bindable`, `refusals`: for each who refused or
        broke silence, `name` and `crossed`: titles of issues on which it lies beyond a red line (None where the
        briefing is not open to this viewer), `hard` of them, and `people`, whether people decided it.
    """
    found: list[View] = []
    for entry in shown["account"]:
        if entry["what"] == "offer" and entry["levels"] is not None:
            found.append(
                {
                    "round": entry["round"],
                    "turn": entry["turn"],
                    "by": entry["by_name"],
                    "title": entry["title"],
                    "lines": entry["lines"],
                    "levels": entry["levels"],
                    "bindable": entry["bindable"],
                    "refusals": [],
                }
            )
        for name, key in _refused(scene.scenario, entry):
            seat = speaker(scene, key)
            briefing = briefings.get(seat)
            crossed = None if briefing is None else _crossed(briefing, found[-1]["levels"])
            found[-1]["refusals"].append(
                {"name": name, "seat": seat, **(crossed or {"crossed": None, "hard": []})}
            )
    return [package for package in found if package["refusals"]]


def _refused(scenario: Scenario, entry: Entry) -> Iterator[tuple[str, str]]:
    """Who refused, in words, and the key of one of them: allies who broke silence are told of at once."""
    if entry["what"] == "response" and not entry["accepts"]:
        yield entry["by_name"], entry["by"]
    elif entry["what"] == "silence" and not entry["passes"]:
        names, keys = entry["broken_by_names"], entry["broken_by"]
        words = (
            in_a_sentence(names) if len(names) <= MOST_NAMES else f"{len(names)} of {entry['asked']} allies"
        )
        # A principal answers for itself elsewhere: what stands in the delegation's way is its allies' lines.
        yield words, next((key for key in keys if key not in scenario.actors), keys[0])


def _crossed(briefing: Briefing, levels: Iterable[int]) -> View:
    """On which issues a package lies beyond the red lines of a briefing."""
    at = dict(zip(briefing.issues, levels, strict=True))
    found: dict[str, list[str]] = {"crossed": [], "hard": []}
    for stake in briefing.stakes:
        level = max(
            (each for each in stake.levels if each.level <= at[stake.title]),
            key=lambda each: each.level,
            default=None,
        )
        if level is not None and (level.beyond_hard or level.beyond_soft):
            found["crossed"].append(stake.title)
            if level.beyond_hard:
                found["hard"].append(stake.title)
    return found


# ---- what the documents say --------------------------------------------------------------------------


def facts(scene: Scene) -> list[View]:
    """What the documents say happened, and whether the class's game came to the same.

    Returns: a row a fact: `key`, `text`, `after_round`, `same` (None if the game was ended before), `found` (what was
        measured, None likewise), `evidence`: rows of `id`, `says`, `document`.
    """
    scenario = scene.scenario
    titles = {source.key: source.title for source in sources()}
    state = scene.state
    over = state.phase == "ended" and state.step is None and state.complete < state.set.rounds
    rows = []
    for key, fact in scenario.facts.items():
        measured = _measured(scenario, fact, scene.state.account, over)
        rows.append(
            {
                "key": key,
                "text": fact.text,
                "after_round": fact.after_round,
                "found": measured,
                "same": None if measured is None else _holds(fact, measured),
                "evidence": [
                    {"id": id_, "says": finding(id_).finding, "document": titles[finding(id_).source]}
                    for id_ in fact.evidence
                ],
            }
        )
    return rows


def _measured(
    scenario: Scenario, fact: Fact, account: Iterable[Mapping[str, Any]], ended: bool
) -> float | None:
    """What a fact is read from after its round, as `Record.reproduces` does; of a game that ended before, its end."""
    entries = [entry for entry in account if entry["round"] <= fact.after_round]
    standings = _standings(entries)
    if not standings or (standings[-1]["round"] < fact.after_round and not ended):
        return None
    last = standings[-1]
    if fact.issue is not None:
        return float(last["bound"][scenario.layout.order[fact.issue]])
    measures = {
        "settled_issues": sum(level > 0 for level in last["bound"]),
        "walked_out": any(entry.get("move") == "walk out" for entry in entries),
        "declared_pointless": last["pointless"],
        "cohesion": last["cohesion"],
        "rung": last["rung"],
        "answer": last["answer"],
    }
    return float(measures[fact.measure])


def _holds(fact: Fact, measured: float) -> bool:
    at_least = fact.at_least is None or measured >= fact.at_least
    return at_least and (fact.at_most is None or measured <= fact.at_most)


# ---- what to talk about --------------------------------------------------------------------------------


def prompts(told: View) -> list[View]:
    """Questions for the discussion: `about`, `text`; one for each objective of the session, then some from the game."""
    shown = told["view"]
    found = [
        {
            "about": "Objective",
            "text": f"“{objective}” Which moment of the game bears on this most? Let each seat say what it knew "
            "then, and what it learns of the others only now.",
        }
        for objective in shown["session"]["objectives"]
    ]
    if (swing := told["moved"]) is not None:
        found.append(
            {
                "about": "The decision that moved the odds most",
                "text": f"In round {swing['round']} {swing['seat_name']} {swing['deed']}. Why did it matter in the "
                "model? Would it have mattered at the real table?",
            }
        )
    blocked = next(
        ((package, each) for package in told["blocks"] for each in package["refusals"] if each["crossed"]),
        None,
    )
    if blocked is not None:
        package, refusal = blocked
        found.append(
            {
                "about": "A red line that stood in the way",
                "text": f"In round {package['round']} the package of {package['by']} lay beyond a red line of the seat "
                f"that answered for {refusal['name']}: {in_a_sentence(refusal['crossed'])}. Did the others know? "
                "Could it have been said without giving it away?",
            }
        )
    if shown["left"]:
        fallen = shown["left"][0]
        found.append(
            {
                "about": "A decision that nobody took",
                "text": f"In round {fallen['round']} a decision of {fallen['name']} fell to the simulated agent. Who "
                "noticed? What does it mean in a crisis when a capital does not answer in time?",
            }
        )
    largest = max(told["beliefs"], key=lambda row: row["shift"], default=None)
    if largest is not None and largest["shift"] > 0:
        found.append(
            {
                "about": "The signal from which most was learnt",
                "text": f"In round {largest['round']} {largest['about']} {largest['words']}: belief in its type "
                "changed more than in any other. Was it meant so? How else could it have been read?",
            }
        )
    return found
