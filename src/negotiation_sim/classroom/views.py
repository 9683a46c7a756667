"""What a seat, an observer or a facilitator may see: the only source of pages, sockets, exports and debriefs.

A view is plain data, made by an allow-list: each part below picks what it shows, and nothing reaches a view that is not
picked. What is private of a seat is its question, its briefing, its reasons, and the messages it wrote or got.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from negotiation_sim.classroom.briefing import Briefing
from negotiation_sim.classroom.briefing_writer import briefing
from negotiation_sim.classroom.disclosure import OBSERVER
from negotiation_sim.classroom.procedure import channels, sits
from negotiation_sim.classroom.questions import Dealt, Question
from negotiation_sim.classroom.session import Decided, SessionState, Told
from negotiation_sim.classroom.words import POINTS
from negotiation_sim.rules.signals import ANSWERS, SIGNALS
from negotiation_sim.scenario import Scenario

FACILITATOR = "facilitator"
"""Whose view is of everything."""
View = dict[str, Any]
IN_WORDS = {
    "offer": "propose a package",
    "response": "accept or refuse the package on the table",
    "silence": "keep silence or break it",
    "signal": "choose a signal",
}
"""What is decided, by kind of decision."""
TOLD = {
    "hold": "stays on its step",
    "step up": "steps up",
    "step down": "steps down",
    "declare talks pointless": "declares talks pointless",
    "walk out": "walks out",
}
"""What the model calls a signal -> what is told of it."""


@dataclass(frozen=True)
class Scene:
    """All that a view is picked from.

    Attributes:
        id: of the session.
        state: the session.
        scenario: its scenario.
        questions: seat -> what it is asked in the step that is open.
        dealt: what chance dealt to the game, or to practice, whichever is played.
        here: seat -> how many of its pages are open; None where facilitators are meant.
        fault: what went wrong while the model played on.
        briefings: those that were written, by seat and by what they depend on; writing one takes longest of all.
    """

    id: str
    state: SessionState
    scenario: Scenario
    questions: Mapping[str, Question]
    dealt: Dealt
    here: Mapping[str | None, int]
    fault: str
    briefings: dict[tuple[str, bool, bool], Briefing] = field(default_factory=dict)


def view(scene: Scene, seat: str) -> View:
    """What a seat, `OBSERVER` or `FACILITATOR` may see of a session now.

    Returns: plain data, ready for a page or for JSON; its keys are those that the parts below give it.

    Raises:
        ValueError: the session has no such seat.
    """
    state = scene.state
    if seat not in (*state.set.seats, OBSERVER, FACILITATOR):
        raise ValueError(f"no such seat: {seat}")
    everything = seat == FACILITATOR
    shown: View = {
        "session": _session(scene),
        "seat": {"key": seat, "name": name_of(scene.scenario, seat)},
        "seats": [_seat(scene, each, everything) for each in (*state.set.seats, OBSERVER)],
        "step": _step(scene),
        "question": _question(scene, seat),
        "account": [_told(scene.scenario, entry) for entry in state.account if _may_read(scene, seat, entry)],
        "statements": [_said(scene, each) for each in state.statements],
        "messages": [
            _said(scene, each)
            for each in state.messages
            if everything
            or seat in (each.seat, each.to)
            or all(party is not None and state.is_open_to(party) for party in (each.seat, each.to))
        ],
        "news": [_said(scene, each) for each in state.news if everything or each.to in (None, seat)],
        "channels": [
            {"key": key, "name": name_of(scene.scenario, key)}
            for key in channels(state, scene.scenario, seat)
        ],
        "decisions": [
            _decision(scene, each)
            for each in state.history
            if everything or each.seat == seat or state.is_open_to(each.seat)
        ],
        "left": [
            {"round": round_, "kind": kind, "turn": turn, "seat": its, "name": name_of(scene.scenario, its)}
            for round_, kind, turn, its in sorted(
                {(move.round, move.kind, move.turn, speaker(scene, move.actor)) for move in state.left}
            )
        ],
        "open": [each for each in state.set.seats if everything or state.is_open_to(each)],
    }
    if everything or state.phase == "ended":
        shown["odds"] = _odds(scene)
    if everything:
        shown["control"] = _control(scene)
    return shown


def may_brief(scene: Scene, viewer: str, seat: str) -> bool:
    """Whether somebody may read a seat's briefing: the seat itself, facilitators, all once it is declassified."""
    return viewer in (seat, FACILITATOR) or seat == OBSERVER or scene.state.is_open_to(seat)


def briefing_of(scene: Scene, viewer: str, seat: str) -> Briefing:
    """The briefing of a seat, with the numbers that chance dealt it.

    Raises:
        PermissionError: it is not for this viewer.
    """
    if not may_brief(scene, viewer, seat):
        raise PermissionError(f"the briefing of {seat} is not for {viewer}")
    dealt, state = scene.dealt, scene.state
    known = max(state.round, 1) >= dealt.known_from
    key = (seat, state.practice, known)
    if key not in scene.briefings:
        draws = dealt.draws if state.set.parameters == "ranges" else _of_allies(scene.scenario, dealt.draws)
        scene.briefings[key] = briefing(scene.scenario, seat, draws, dealt.type_ if known else None)
    return scene.briefings[key]


def _of_allies(scenario: Scenario, draws: Mapping[str, float]) -> dict[str, float]:
    """An ally's own numbers are dealt also where all parameters are as published."""
    return {path: value for path, value in draws.items() if path not in scenario.parameters}


def speaker(scene: Scene, actor: str) -> str:
    """Key of the seat that decides for somebody: its own, or the delegation of its alliance."""
    alliance, taken = scene.scenario.alliance, scene.state.set.seats
    delegated = actor not in taken and actor not in scene.scenario.actors
    return alliance.key if alliance and delegated else actor


def name_of(scenario: Scenario, key: str) -> str:
    """A seat, a party or an ally by its name."""
    alliance = scenario.alliance
    if key in (OBSERVER, FACILITATOR):
        return key.capitalize()
    if key in scenario.actors or (alliance and key == alliance.key):
        return scenario.party_name(key)
    clusters = alliance.clusters.values() if alliance else ()
    return next((cluster.members[key].name for cluster in clusters if key in cluster.members), key)


# ---- parts -------------------------------------------------------------------------------------------


def _session(scene: Scene) -> View:
    state, layout = scene.state, scene.scenario.layout
    number = state.step.round if state.step else state.round
    shown: View = {
        "id": scene.id,
        "title": state.set.title,
        "scenario": scene.scenario.title,
        "phase": state.phase,
        "practice": state.practice,
        "to_practise": not state.practised,
        "round": number,
        "rounds": 1 if state.practice else state.set.rounds,
        "seconds": state.set.seconds,
        "pause_reason": state.pause_reason,
        "paused_left": state.paused_left,
        "ended_for": state.ended_for,
        "played_out": state.phase == "ended" and state.step is None,
        "seq": state.seq,
        "objectives": list(state.set.objectives),
    }
    if number:
        session = layout.rounds[number - 1]
        forum = scene.scenario.forums[session.forum]
        shown["forum"] = {
            "title": forum.title,
            "place": forum.place,
            "date": session.date.isoformat(),
            "day": session.day,
            "sits": [name_of(scene.scenario, key) for key in forum.participants],
            "agenda": [issue.title for key, issue in layout.issues.items() if key in forum.agenda],
        }
    return shown


def _seat(scene: Scene, seat: str, everything: bool) -> View:
    state = scene.state
    step = state.step if state.phase in ("open", "paused") else None
    badges = sorted(
        (badge.number for badge in state.register.badges.values() if badge.seat == seat),
    )
    shown: View = {
        "key": seat,
        "name": name_of(scene.scenario, seat),
        "people": [state.people[number] for number in badges],
        "asked": bool(step and seat in step.asked),
        "decided": seat in state.decided,
        "simulated": seat in state.simulated,
    }
    if everything:
        shown["pages"] = scene.here.get(seat, 0)
        shown["tokens"] = [{"number": number, "name": state.people[number]} for number in badges]
        shown["codes"] = [code for code, its in state.register.codes.items() if its == seat]
    return shown


def _step(scene: Scene) -> View | None:
    step = scene.state.step
    if step is None or scene.state.phase not in ("open", "paused"):
        return None
    return {
        "number": step.number,
        "round": step.round,
        "kind": step.kind,
        "words": IN_WORDS[step.kind],
        "asked": [name_of(scene.scenario, seat) for seat in step.asked],
        "deadline": step.deadline,
    }


def _question(scene: Scene, seat: str) -> View | None:
    """What this seat is asked, as its own page shows it; None if nothing."""
    state, step = scene.state, scene.state.step
    question = scene.questions.get(seat)
    if step is None or question is None or seat not in step.asked or state.phase not in ("open", "paused"):
        return None
    scenario, layout = scene.scenario, scene.scenario.layout
    decided = state.decided.get(seat)
    shown: View = {
        "step": step.number,
        "kind": question.kind,
        "words": IN_WORDS[question.kind],
        "decided": _decision(scene, decided) if decided else None,
        "options": [
            {"number": at, "label": _option(scene, seat, question, option), "legal": may}
            for at, (option, may) in enumerate(zip(question.options, question.legal, strict=True))
        ],
    }
    if question.kind == "offer":
        forum = scenario.forums[layout.rounds[question.round - 1].forum]
        shown["for"] = name_of(scenario, question.party)
        shown["issues"] = [
            {
                "key": key,
                "title": issue.title,
                "on_agenda": key in forum.agenda,
                "settled": _settled(state, at),
                "open": key in forum.agenda and not _settled(state, at),
                "labels": [issue.label(level) for level in range(issue.top + 1)],
            }
            for at, (key, issue) in enumerate(layout.issues.items())
        ]
    if question.levels is not None:
        shown["package"] = {
            "by": name_of(scenario, question.party),
            "title": question.title,
            "lines": _lines(scenario, question.levels),
            "points": None if question.worth is None else question.worth * POINTS,
            "crossed": list(question.crossed),
            "bindable": question.bindable,
        }
    return shown


def _settled(state: SessionState, at: int) -> bool:
    standings = [entry for entry in state.account if entry["what"] == "standing"]
    return bool(standings and standings[-1]["closed"][at])


def _option(scene: Scene, seat: str, question: Question, option: str) -> str:
    """An option in words; of a signal, with the step of the ladder that it leads to."""
    if question.kind == "silence":
        return {"refuse": "break silence", "accept": "keep silence"}[option]
    if question.kind != "signal":
        return option
    scenario, layout = scene.scenario, scene.scenario.layout
    challenger = seat == layout.challenger
    ladder = scenario.ladders.challenger if challenger else scenario.ladders.defender
    labels = [rung.label for rung in ladder.values()]
    standings = [entry for entry in scene.state.account if entry["what"] == "standing"]
    first = layout.first_rung if challenger else layout.first_answer
    here = standings[-1]["rung" if challenger else "answer"] if standings else first
    there = here + {"step up": 1, "step down": -1}.get(option, 0)
    if option in ("declare talks pointless", "walk out") or not 0 <= there < len(labels):
        return option
    return f"{option}: {labels[there]}"


def _may_read(scene: Scene, seat: str, entry: Mapping[str, Any]) -> bool:
    """Packages and answers are for those who sit in the forum, where the settings say so."""
    if seat == FACILITATOR or scene.state.set.public_offers or scene.state.phase == "ended":
        return True
    if entry["what"] not in ("offer", "silence", "response"):
        return True
    forum = scene.scenario.forums[scene.scenario.layout.rounds[entry["round"] - 1].forum]
    return sits(scene.scenario, seat, forum.participants)


def _lines(scenario: Scenario, levels: Iterable[int]) -> list[str]:
    return [
        f"{issue.title}: {issue.label(level)}"
        for issue, level in zip(scenario.layout.issues.values(), levels, strict=True)
        if level
    ]


def _told(scenario: Scenario, entry: Mapping[str, Any]) -> View:
    """An entry of the account with names for keys; the numbers stay beside them."""
    shown: View = dict(entry)
    for key in ("by", "drafter"):
        if key in shown:
            shown[f"{key}_name"] = name_of(scenario, shown[key])
    if entry["what"] == "session":
        forum = scenario.forums[entry["forum"]]
        shown |= {"title": forum.title, "place": forum.place}
    elif entry["what"] == "offer":
        shown["lines"] = None if entry["levels"] is None else _lines(scenario, entry["levels"])
        shown["needs_names"] = [name_of(scenario, key) for key in entry["needs"]]
    elif entry["what"] == "silence":
        shown["broken_by_names"] = [name_of(scenario, key) for key in entry["broken_by"]]
    elif entry["what"] == "signal":
        challenger = entry["by"] == scenario.layout.challenger
        ladder = scenario.ladders.challenger if challenger else scenario.ladders.defender
        shown["label"] = list(ladder.values())[entry["step"]].label
        shown["words"] = TOLD.get(entry["move"], entry["move"])
    elif entry["what"] == "standing":
        rungs, answers = scenario.ladders.challenger.values(), scenario.ladders.defender.values()
        types = scenario.layout.challenger_spec.types
        shown |= {
            "rung_label": [each.label for each in rungs][entry["rung"]] if rungs else "",
            "answer_label": [each.label for each in answers][entry["answer"]] if answers else "",
            "bound_lines": _lines(scenario, entry["bound"]),
            "outcome_label": scenario.outcome_label(entry["outcome"]),
            "belief_labels": {types[key].label: chance for key, chance in entry["belief"].items()},
            "about": name_of(scenario, scenario.layout.challenger),
            "alliance": scenario.alliance.name if scenario.alliance else None,
        }
    return shown


def _said(scene: Scene, told: Told) -> View:
    return {
        "seq": told.seq,
        "at": told.at,
        "round": told.round,
        "from": name_of(scene.scenario, told.seat) if told.seat else None,
        "to": name_of(scene.scenario, told.to) if told.to else None,
        "to_key": told.to,
        "from_key": told.seat,
        "text": told.text,
    }


def _decision(scene: Scene, decided: Decided) -> View:
    number = decided.by.rpartition(":")[2]
    return {
        "seq": decided.seq,
        "at": decided.at,
        "round": decided.round,
        "kind": decided.kind,
        "turn": decided.turn,
        "seat": decided.seat,
        "seat_name": name_of(scene.scenario, decided.seat),
        "by": scene.state.people.get(int(number), "") if number.isdigit() else "",
        "words": _words(scene, decided),
        "why": decided.why,
    }


def _words(scene: Scene, decided: Decided) -> str:
    choice = decided.choice
    if isinstance(choice, tuple):
        return "; ".join(_lines(scene.scenario, choice)) or "nothing"
    if decided.kind in ("response", "silence"):
        pairs = {"response": ("refuses", "accepts"), "silence": ("breaks silence", "keeps silence")}
        return pairs[decided.kind][choice]
    challenger = decided.seat == scene.scenario.layout.challenger
    return TOLD[(SIGNALS if challenger else ANSWERS)[choice]]


def _odds(scene: Scene) -> list[View]:
    """The odds after each round, 0 for those before the first, and the decisions that moved them, in words."""
    decided = {(each.round, f"{each.seat}:{each.kind}:{each.turn}"): each for each in scene.state.history}
    return [
        {
            "round": number,
            "worlds": found["worlds"],
            "shares": [
                {**row, "label": scene.scenario.outcome_label(row["outcome"])} for row in found["shares"]
            ],
            "swings": [
                {
                    **swing,
                    "label": scene.scenario.outcome_label(swing["outcome"]),
                    "seq": its.seq,
                    "kind": its.kind,
                    "seat": its.seat,
                    "seat_name": name_of(scene.scenario, its.seat),
                    "words": _words(scene, its),
                }
                for swing in found["swings"]
                if (its := decided.get((number, swing["decision"]))) is not None
            ],
        }
        for number, found in sorted(scene.state.odds.items())
    ]


def _control(scene: Scene) -> View:
    """What only facilitators see besides: who is here, injects, the odds, and what went wrong."""
    state = scene.state
    return {
        "facilitators": [
            {"number": badge.number, "name": state.people[badge.number]}
            for badge in state.register.badges.values()
            if badge.role == "facilitator"
        ],
        "pages": scene.here.get(None, 0),
        "waiting_for": [name_of(scene.scenario, seat) for seat in state.waiting_for],
        "injects": [
            {
                "number": number,
                "round": planned.round,
                "to": name_of(scene.scenario, planned.to) if planned.to else None,
                "text": planned.text,
                "held": number in state.held,
                "told": number in state.injected,
            }
            for number, planned in enumerate(state.set.injects)
        ],
        "odds": {number: dict(each) for number, each in state.odds.items()},
        "odds_due": state.complete and not state.practice and state.complete not in state.odds,
        "complete": state.complete,
        "fault": scene.fault,
        "settings": state.set.model_dump(mode="json"),
        "version": state.version,
        "scenario_hash": state.scenario_hash,
        "type": scene.scenario.layout.challenger_spec.types[scene.dealt.type_].label,
    }
