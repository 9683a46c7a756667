"""Looking back: the debrief, the replay, the road not taken, and what can be taken home."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from negotiation_sim.classroom import debrief, export
from negotiation_sim.classroom import session as s
from negotiation_sim.classroom.log import Event
from negotiation_sim.classroom.moves import Choice
from negotiation_sim.classroom.procedure import Refused
from negotiation_sim.classroom.room import BASELINE, SCENARIO, WORLDS, Room
from negotiation_sim.classroom.session import Decided, SessionState
from negotiation_sim.classroom.views import FACILITATOR, IN_WORDS, TOLD, Scene, View, name_of, view
from negotiation_sim.classroom.web.security import base, form, member, printable, render, written
from negotiation_sim.figures.percentages import changed, percent
from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.rules.signals import ANSWERS, SIGNALS
from negotiation_sim.scenario.wording import in_a_sentence

STYLE = Path(__file__).parent / "static" / "class.css"
PATIENCE = 1.5
"""Seconds that a page waits for what is being worked out before it says so."""
FIGURES = ("landing", "odds", "beliefs")
KINDS = {
    "events.csv": "text/csv; charset=utf-8",
    "session.json": "application/json",
    "rounds.csv": "text/csv; charset=utf-8",
    "decisions.csv": "text/csv; charset=utf-8",
    "scenario.yaml": "application/yaml",
}
OPTIONS = {"response": ("refuse", "accept"), "silence": ("break silence", "keep silence")}
"""What can be decided, by kind of decision; signals are those of the model."""


# ---- what is worked out --------------------------------------------------------------------------------

_works: WeakKeyDictionary[Room, dict[str, asyncio.Task[Any]]] = WeakKeyDictionary()
MOST_WORKS = 16
"""Results that are kept for a session; the oldest is forgotten first."""


def _work(room: Room, name: str, work: Callable[[], Coroutine[Any, Any, Any]]) -> asyncio.Task[Any]:
    """What is being worked out under a name, or has been; begun if it is not. What failed is tried again."""
    known = _works.setdefault(room, {})
    task = known.get(name)
    if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
        known.pop(name, None)
        while len(known) >= MOST_WORKS:
            known.pop(next(iter(known)))
        task = known[name] = asyncio.create_task(work())
    return task


async def _figure(room: Room, scene: Scene, name: str) -> bytes:
    """One of the `FIGURES` of a debrief as SVG.

    Raises:
        HTTPException: 404 there is no such figure, or nothing to draw yet.
    """
    shown = view(scene, FACILITATOR)
    task = _work(room, f"{name}:{scene.state.seq}", lambda: _draw(room, scene, shown, name))
    drawing: bytes = await asyncio.shield(task)
    return drawing


async def _draw(room: Room, scene: Scene, shown: View, name: str) -> bytes:
    labels = {each: scene.scenario.outcome_label(each) for each in OUTCOMES}
    source = _source(scene)
    draw: Callable[..., Coroutine[Any, Any, bytes]] = partial(room.backroom.draw, "debrief_figures.drawn")
    ended = debrief.outcome(scene.scenario, shown)
    if name == "landing" and ended and (room.folder / BASELINE).exists():
        shares, after = await _landing(room, ended["as_of"]), ended["as_of"]
        return await draw(
            "landing", shares, landed=ended["outcome"], after=after, labels=labels, source=source
        )
    if name == "odds" and (rows := _open_odds(shown)):
        table = [{"group": after["round"], **row} for after in rows for row in after["shares"]]
        return await draw("odds", table, labels=labels, source=source)
    if name == "beliefs" and (learnt := debrief.beliefs(shown)):
        prior = [{"round": 0, "type": each["label"], "belief": each["prior"]} for each in learnt[0]["types"]]
        later = [
            {"round": row["round"], "type": each["label"], "belief": each["posterior"]}
            for row in learnt
            for each in row["types"]
        ]
        signals = {row["round"]: row["words"] or "no signal" for row in learnt}
        about = learnt[0]["about"]
        return await draw("beliefs", prior + later, signals=signals, about=about, source=source)
    raise HTTPException(404, "There is no such figure, or nothing to draw yet.")


def _open_odds(shown: View) -> list[View]:
    """The odds while anything was open: of a game that has ended by itself there is one world left."""
    return [after for after in shown.get("odds", []) if after["worlds"] > 1]


def _source(scene: Scene) -> str:
    chosen = scene.state.set
    return (
        f"{scene.scenario.title}, {chosen.rounds} rounds; seed {chosen.seed}; version {scene.state.version}"
    )


# ---- the debrief ---------------------------------------------------------------------------------------


def _viewer(request: Request) -> tuple[Room, str]:
    """Room and viewer of a request to look back.

    Raises:
        Refused: people in seats and observers look back when the session is over.
    """
    room, _, viewer = member(request)
    if viewer != FACILITATOR and room.state.phase != "ended":
        raise Refused("The debrief opens when the session is over.")
    return room, viewer


async def page(request: Request) -> Response:
    """The debrief of whoever asks."""
    room, viewer = _viewer(request)
    context = await _context(room, viewer)
    images = {name: f"{base(request)}debrief/{name}.svg?event={room.state.seq}" for name in context["there"]}
    return render(request, "debrief.html.j2", **context, images=images, report=False)


async def _context(room: Room, viewer: str) -> dict[str, Any]:
    scene = room.scene
    told = await asyncio.to_thread(debrief.debrief, scene, viewer)
    shares = None
    if told["outcome"] and (room.folder / BASELINE).exists():
        as_of = told["outcome"]["as_of"]
        shares = await asyncio.shield(_work(room, f"landing:{as_of}", lambda: _landing(room, as_of)))
    there = [
        name
        for name, some in zip(FIGURES, (shares, _open_odds(told["view"]), told["beliefs"]), strict=True)
        if some
    ]
    labels = {each: scene.scenario.outcome_label(each) for each in OUTCOMES}
    horizon = scene.scenario.layout.rounds[-1].date.isoformat()
    return {
        "d": told,
        "v": told["view"],
        "shares": shares,
        "there": there,
        "labels": labels,
        "horizon": horizon,
    }


async def _landing(room: Room, round_: int) -> list[View]:
    rows: list[View] = await room.backroom.draw("reckoning.landing", room.folder / BASELINE, round_)
    return rows


async def figure(request: Request) -> Response:
    """A figure of the debrief."""
    room, _ = _viewer(request)
    svg = await _figure(room, room.scene, request.path_params["name"])
    return Response(svg, media_type="image/svg+xml")


# ---- the replay ----------------------------------------------------------------------------------------


async def replay(request: Request) -> Response:
    """The session as whoever asks saw it after an event."""
    room, viewer = _viewer(request)
    final = view(room.scene, viewer)
    events = await asyncio.to_thread(room.log.events)
    moments = [event for event in events if export.told(event, final) is not None]
    at = _chosen(request, moments)
    scene = await asyncio.to_thread(scene_at, room, events, moments[at].seq)
    shown = view(scene, viewer)
    return render(
        request,
        "replay.html.j2",
        v=shown,
        rounds=debrief.rounds(shown),
        moment=_moment(scene, moments[at]),
        at=moments[at].at,
        number=at + 1,
        count=len(moments),
        previous=moments[at - 1].seq if at else None,
        next=moments[at + 1].seq if at + 1 < len(moments) else None,
        begins=_begins(moments),
    )


def scene_at(room: Room, events: Iterable[Event], seq: int) -> Scene:
    """The session as it stood after an event, questions and open pages apart."""
    state = SessionState.of(event for event in events if event.seq <= seq)
    return Scene(room.id, state, room.scenario, {}, room.dealt[state.practice], {}, "")


def _chosen(request: Request, moments: list[Event]) -> int:
    """Which moment an address means: `event`, or `round` (and `step` of it), else the first.

    Raises:
        HTTPException: 404 there is no such moment.
    """
    query = request.query_params
    try:
        if "event" in query:
            return [event.seq for event in moments].index(int(query["event"]))
        if "round" in query:
            number = int(query["round"])
            first = _begins(moments)[number]
            opened = [
                at
                for at, event in enumerate(moments)
                if event.kind == s.OPENED and event.data["round"] == number and event.seq >= first
            ]
            return dict(enumerate(opened, start=1))[int(query.get("step", "1"))]
    except (ValueError, KeyError) as error:
        raise HTTPException(404, "There is no such moment in this session.") from error
    return 0


def _begins(moments: list[Event]) -> dict[int, int]:
    """Round -> number of the event that opened it last, as rounds may have been played again."""
    found: dict[int, int] = {}
    for event in moments:
        if event.kind == s.OPENED and event.data["asked"]:
            number = event.data["round"]
            opened = [each for each in event.data["account"] if each["what"] == "session"]
            if opened or number not in found:
                found[number] = event.seq
        elif event.kind in (s.REWOUND, s.BEGUN):
            first = event.data.get("round", 1)
            found = {number: seq for number, seq in found.items() if number < first}
    return found


def _moment(scene: Scene, event: Event) -> str:
    """What an event was, in words."""
    data, names = event.data, scene.scenario
    who = name_of(names, data["seat"]) if data.get("seat") else ""
    if event.kind == s.OPENED:
        asked = in_a_sentence(name_of(names, seat) for seat in data["asked"])
        return f"{asked}: {IN_WORDS[data['kind']]}" if asked else "the last round has been played"
    words = {
        s.CREATED: "the session is set up",
        s.BEGUN: "practice begins" if data.get("practice") else "the game begins",
        s.DECIDED: f"{who} has decided",
        s.CLOSED: f"the step is closed: {data.get('reason')}",
        s.PAUSED: f"the clock is stopped: {data.get('reason')}",
        s.RESUMED: "the clock goes on",
        s.EXTENDED: "there is more time",
        s.HANDED: f"{who} is in the hands of {'the simulation' if data.get('to') == 'simulation' else 'people'}",
        s.REWOUND: f"round {data.get('round')} is played again",
        s.ENDED: f"the session is over: {data.get('reason')}",
        s.INJECTED: "news",
        s.STATED: f"{who} makes a public statement",
        s.WRITTEN: f"{who} writes to {name_of(names, data.get('to') or '')}",
        s.ODDS: f"the odds after round {data.get('round')} are known",
        s.DECLASSIFIED: f"what was private of {who or 'all seats'} is open to all",
        s.HELD: "an inject is held back",
        s.FREED: "an inject is no longer held back",
    }
    return words[event.kind]


# ---- the road not taken --------------------------------------------------------------------------------


async def fork(request: Request) -> Response:
    """Asks which decision of the game is to be another one, and shows what that changes."""
    room, _, _ = member(request)
    query = request.query_params
    decided = _decision(room, query["decision"]) if "decision" in query else None
    context: dict[str, Any] = {
        "v": view(room.scene, FACILITATOR),
        "decisions": [
            each for each in view(room.scene, FACILITATOR)["decisions"] if _can_fork(room, each["round"])
        ],
        "chosen": decided.seq if decided else None,
        "options": _options(room, decided) if decided else [],
        "issues": _issues(room, decided) if decided else [],
        "result": None,
        "waiting": False,
        "says": "",
    }
    if decided is None or "to" not in query:
        return render(request, "fork.html.j2", **context)
    choice = _choice(room, decided, query["to"])
    task = _forked(room, decided, choice)
    await asyncio.wait({task}, timeout=PATIENCE)
    if not task.done():
        return render(request, "fork.html.j2", **(context | {"waiting": True}))
    if (error := task.exception()) is not None:
        if not isinstance(error, ValueError):
            raise error
        says = f"{str(error)[:1].upper()}{str(error)[1:]}."
        return render(request, "fork.html.j2", 400, **(context | {"says": says}))
    rows, goes_on = task.result()
    context["result"] = _told(room, decided, choice, rows, goes_on)
    context["picture"] = f"{base(request)}fork.svg?{urlencode({'decision': decided.seq, 'to': query['to']})}"
    return render(request, "fork.html.j2", **context)


async def choose_fork(request: Request) -> Response:
    """Goes on to the page of a fork."""
    room, _, _ = member(request)
    fields = await form(request)
    decided = _decision(room, fields.get("decision", ""))
    to = fields.get("to", "")
    if to == "package":
        to = ".".join(fields.get(f"level.{key}", "0") for key in room.scenario.layout.issues)
    choice = _choice(room, decided, to)
    if choice == decided.choice:
        raise Refused("That is what was decided. Please choose something else.", 400)
    return RedirectResponse(f"{base(request)}fork?{urlencode({'decision': decided.seq, 'to': to})}", 303)


async def fork_figure(request: Request) -> Response:
    """The picture of a fork that has been worked out."""
    room, _, _ = member(request)
    query = request.query_params
    decided = _decision(room, query.get("decision", ""))
    choice = _choice(room, decided, query.get("to", ""))
    name = f"picture:{decided.seq}:{choice}"

    async def draw() -> bytes:
        rows, _ = await _forked(room, decided, choice)
        picture: bytes = await room.backroom.draw(
            "debrief_figures.drawn",
            "differences",
            {f"{name_of(room.scenario, decided.seat)}: {_in_words(room, decided, choice)}": rows},
            base="the game",
            headlines=dict(OUTCOMES),
            labels={each: room.scenario.outcome_label(each) for each in OUTCOMES},
            source=f"{_source(room.scene)}; from the end of round {decided.round} on all seats are simulated.",
            question="What would the other decision have changed?",
        )
        return picture

    return Response(await asyncio.shield(_work(room, name, draw)), media_type="image/svg+xml")


def _forked(room: Room, decided: Decided, choice: Choice | None) -> asyncio.Task[Any]:
    state = room.state

    async def work() -> Any:
        return await room.backroom.work(
            "reckoning.road_not_taken",
            room.table,
            dict(state.moves),
            tuple(decided.moves),
            decided.seat,
            choice,
            WORLDS,
        )

    return _work(room, f"fork:{decided.seq}:{choice}", work)


def _can_fork(room: Room, round_: int) -> bool:
    return not room.state.practice and round_ <= room.state.complete


def _decision(room: Room, number: str) -> Decided:
    """A decision of the game by the number of its event.

    Raises:
        HTTPException: 404 there is none, or its round is not finished.
    """
    for decided in room.state.history:
        if str(decided.seq) == number and _can_fork(room, decided.round):
            return decided
    raise HTTPException(404, "There is no such decision in a round that has been played to its end.")


def _options(room: Room, decided: Decided) -> list[tuple[int, str]]:
    """Options besides the one that was taken; what the game does not allow there is found out when it is tried."""
    names: tuple[str, ...] = OPTIONS.get(decided.kind, ())
    if decided.kind == "signal":
        challenger = decided.seat == room.scenario.layout.challenger
        names = tuple(TOLD[each] for each in (SIGNALS if challenger else ANSWERS))
    return [(at, name) for at, name in enumerate(names) if at != decided.choice]


def _issues(room: Room, decided: Decided) -> list[View]:
    """Issues of a package, with the levels that were decided."""
    if not isinstance(decided.choice, tuple):
        return []
    forum = room.scenario.forums[room.scenario.layout.rounds[decided.round - 1].forum]
    return [
        {
            "key": key,
            "title": issue.title,
            "level": level,
            "labels": [issue.label(each) for each in range(issue.top + 1)],
        }
        for (key, issue), level in zip(room.scenario.layout.issues.items(), decided.choice, strict=True)
        if key in forum.agenda or level
    ]


def _choice(room: Room, decided: Decided, to: str) -> Choice | None:
    """What a decision is to be instead: `simulated`, the number of an option, or the levels of a package with dots.

    Raises:
        Refused: it is none of these.
    """
    if to == "simulated":
        return None
    numbers = tuple(
        int(each) for each in to.split(".") if each.isascii() and each.isdigit() and len(each) < 3
    )
    tops = [issue.top for issue in room.scenario.layout.issues.values()]
    if decided.kind == "offer":
        if len(numbers) == len(tops) and all(at <= top for at, top in zip(numbers, tops, strict=True)):
            return numbers
    elif len(numbers) == 1 and numbers[0] in dict(_options(room, decided)):
        return numbers[0]
    raise Refused("Please choose what should have been decided instead.", 400)


def _in_words(room: Room, decided: Decided, choice: Choice | None) -> str:
    if choice is None:
        return "as the simulated agent would have decided"
    if not isinstance(choice, tuple):
        return dict(_options(room, decided))[choice]
    pairs = zip(room.scenario.layout.issues.values(), choice, strict=True)
    return "; ".join(f"{issue.title}: {issue.label(level)}" for issue, level in pairs if level) or "nothing"


def _told(
    room: Room, decided: Decided, choice: Choice | None, differences: list[View], goes_on: bool
) -> View:
    """A fork in words and rows."""
    label = room.scenario.outcome_label
    rows = [{**row, "label": label(row["outcome"])} for row in differences]
    most = max(rows, key=lambda row: abs(row["difference"]))
    there = name_of(room.scenario, decided.seat)
    other = _in_words(room, decided, choice)
    if not goes_on:
        ends = [next(row["label"] for row in rows if row[of]) for of in ("base", "variant")]
        sentence = (
            f"Round {decided.round} was the last: the game ended in “{ends[0]}”; with the other decision it ends in "
            f"“{ends[1]}”. These are two worlds, and no shares of many."
        )
    elif most["low"] <= 0 <= most["high"]:
        sentence = "No share differs by more than chance could make it differ in so many worlds."
    else:
        sentence = (
            f"“{most['label'].capitalize()}” would have been the end of {percent(most['variant'])}% of worlds and not "
            f"of {percent(most['base'])}%: {changed(most['difference'], most['low'], most['high'])} percentage points."
        )
    return {
        "seat": there,
        "round": decided.round,
        "other": other,
        "sentence": sentence,
        "rows": rows,
        "n": rows[0]["n"],
        "goes_on": goes_on,
    }


# ---- exports -------------------------------------------------------------------------------------------


async def take_home(request: Request) -> Response:
    """A file to take home: of what the view of whoever asks allows."""
    room, viewer = _viewer(request)
    name = request.path_params["name"]
    shown = view(room.scene, viewer)
    if name == "report.html":
        response: Response = printable(await _report(room, viewer))
    elif name in KINDS:
        body = await asyncio.to_thread(_file, room, viewer, shown, name)
        response = Response(body, headers={"Content-Type": KINDS[name]})
    else:
        raise HTTPException(404, "There is no such file.")
    safe = re.sub(r"[^A-Za-z0-9_.-]", "_", f"{room.id}-{viewer}-{name}")
    response.headers["Content-Disposition"] = f'attachment; filename="{safe}"'
    return response


def _file(room: Room, viewer: str, shown: View, name: str) -> bytes:
    if name == "scenario.yaml":
        if viewer != FACILITATOR:
            raise Refused("The scenario holds the numbers of all seats: it is for facilitators.", 403)
        return (room.folder / SCENARIO).read_bytes()
    if name == "rounds.csv":
        return export.rounds_csv(room.scenario, shown)
    if name == "decisions.csv":
        return export.decisions_csv(shown)
    write = export.events_csv if name == "events.csv" else export.session_json
    return write(room.log.events(), shown)


async def _report(room: Room, viewer: str) -> str:
    """The debrief as one page that needs nothing else."""
    context = await _context(room, viewer)
    images = {}
    for name in context["there"]:
        svg = await _figure(room, room.scene, name)
        images[name] = f"data:image/svg+xml;base64,{base64.b64encode(svg).decode('ascii')}"
    style = STYLE.read_text(encoding="utf-8")
    return written("debrief/report.html.j2", **context, images=images, report=True, style=style)


SEAT, FACILITATORS = "/s/{id}/seat/{seat}", "/s/{id}/facilitator"
routes: list[BaseRoute] = [
    *(
        route
        for prefix in (SEAT, FACILITATORS)
        for route in (
            Route(f"{prefix}/debrief/", page),
            Route(f"{prefix}/debrief/{{name}}.svg", figure),
            Route(f"{prefix}/replay/", replay),
            Route(f"{prefix}/export/{{name}}", take_home),
        )
    ),
    Route(f"{FACILITATORS}/fork", fork),
    Route(f"{FACILITATORS}/fork", choose_fork, methods=["POST"]),
    Route(f"{FACILITATORS}/fork.svg", fork_figure),
]
