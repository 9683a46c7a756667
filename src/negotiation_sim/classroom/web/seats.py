"""The pages of people who play: entering a code, joining, and the page of a seat or an observer."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from negotiation_sim.classroom import briefing_page, procedure
from negotiation_sim.classroom.briefing import Briefing
from negotiation_sim.classroom.disclosure import OBSERVER
from negotiation_sim.classroom.identity import CODE_LENGTH, Badge
from negotiation_sim.classroom.moves import Choice, Weighed
from negotiation_sim.classroom.procedure import Refused
from negotiation_sim.classroom.room import Room
from negotiation_sim.classroom.views import IN_WORDS, View, briefing_of, may_brief, name_of, view
from negotiation_sim.classroom.web.live import live
from negotiation_sim.classroom.web.lobby import Lobby
from negotiation_sim.classroom.web.security import (
    actor,
    base,
    form,
    give_token,
    is_fetched,
    member,
    printable,
    render,
    render_parts,
    take_token,
)
from negotiation_sim.classroom.words import POINTS

PARTS = (
    "seat_head",
    "seat_clock",
    "seat_ask",
    "seat_others",
    "seat_account",
    "seat_news",
    "seat_statements",
    "seat_say",
    "seat_messages",
    "seat_write",
    "seat_briefing",
)
"""Parts of a seat's page that are written anew when something has happened."""
LONGEST = {
    "why": procedure.WHY,
    "statement": procedure.STATEMENT,
    "message": procedure.MESSAGE,
    "name": procedure.NAME,
}
"""Characters that the fields may have."""


# ---- joining -----------------------------------------------------------------------------------------


async def home(request: Request) -> Response:
    """Asks for a join code."""
    return render(request, "home.html.j2", says="")


async def enter(request: Request) -> Response:
    """Goes on to what a join code is for."""
    code = "".join(each for each in (await form(request)).get("code", "") if each.isalnum()).upper()
    if len(code.encode()) != CODE_LENGTH:
        says = f"A join code has {CODE_LENGTH} letters and digits. Please look at it again."
        return render(request, "home.html.j2", 400, says=says)
    return RedirectResponse(f"/join/{code}", 303)


async def join(request: Request) -> Response:
    """Which seat of which session a code is for, and asks for a name."""
    found = _by_code(request)
    if isinstance(found, Response):
        return found
    return _join_page(request, *found)


async def admit(request: Request) -> Response:
    """Issues a token for the seat."""
    found = _by_code(request)
    if isinstance(found, Response):
        return found
    room, seat = found
    fields = await form(request)
    nonce = fields.get("nonce", "")
    if not 16 <= len(nonce) <= 64:
        raise HTTPException(400, "This form cannot be read.")
    try:
        token, _ = await room.admit("seat", seat, fields.get("name", ""), "server", nonce)
    except Refused as error:
        return _join_page(request, room, seat, error.status, str(error))
    path = f"/s/{room.id}/seat/{seat}/"
    response = RedirectResponse(path, 303)
    give_token(response, token, path)
    return response


def _by_code(request: Request) -> tuple[Room, str] | Response:
    """Room and seat of the code in the address, or the page that says that it is wrong, or came too fast."""
    lobby: Lobby = request.app.state.lobby
    origin = request.client.host if request.client else ""
    wait = lobby.wait(origin)
    if wait > 0:
        seconds = int(wait) + 1
        says = f"Too many wrong codes came from here. Please try again in {seconds} seconds."
        raise HTTPException(429, says, {"Retry-After": str(seconds)})
    found = lobby.by_code(request.path_params["code"])
    if found is None:
        lobby.wrong(origin)
        return render(
            request, "home.html.j2", 404, says="There is no such join code. Please look at it again."
        )
    return found


def _join_page(request: Request, room: Room, seat: str, status: int = 200, says: str = "") -> Response:
    scene = room.scene
    shown = view(scene, OBSERVER)
    return render(
        request,
        "join.html.j2",
        status,
        says=says,
        v=shown,
        seat=next(each for each in shown["seats"] if each["key"] == seat),
        seat_path=f"/s/{room.id}/seat/{seat}/",
        caution=briefing_of(scene, OBSERVER, OBSERVER).caution,
        nonce=secrets.token_urlsafe(16),
        longest=LONGEST,
    )


# ---- the page of a seat ------------------------------------------------------------------------------


async def page(request: Request) -> Response:
    """The page of a seat."""
    room, badge, seat = member(request)
    return render(request, "seat.html.j2", **_context(room, badge, seat))


async def parts(request: Request) -> Response:
    """The parts of the page as they are now, for a page that is open."""
    room, badge, seat = member(request)
    return render_parts(request, room.state.seq, PARTS, **_context(room, badge, seat))


async def briefing(request: Request) -> Response:
    """The briefing as a page to print or save; or that of another seat, once it is declassified."""
    room, _, seat = member(request)
    of = request.path_params.get("of", seat)
    if of not in (*room.state.set.seats, OBSERVER):
        raise HTTPException(404, "There is no such seat in this session.")
    if not may_brief(room.scene, seat, of):
        raise HTTPException(403, "That briefing is for its own seat: it is not declassified.")
    return printable(briefing_page.render(briefing_of(room.scene, seat, of)))


async def weigh(request: Request) -> Response:
    """What a package would be to this seat; the page again, filled in from a named offer if one is asked for."""
    room, badge, seat = member(request)
    fields = await form(request)
    if "fill" in fields:
        fields = {**fields, **_filled(room, seat, fields.get("start", ""))}
    try:
        weighed = await room.weigh(seat, _levels(room, fields))
    except Refused as error:
        return _refused(request, error, fields)
    result = _weighed(room, weighed)
    if is_fetched(request):
        return render_parts(request, room.state.seq, ("weighed",), weighed=result)
    context = _context(room, badge, seat, draft=fields, weighed=result)
    return render(request, "seat.html.j2", **context)


async def decide(request: Request) -> Response:
    """The seat decides."""

    async def act(room: Room, badge: Badge, seat: str, fields: Mapping[str, str]) -> None:
        step, why = _whole(fields, "step"), fields.get("why", "")
        choice: Choice
        if "option" in fields:
            choice = _whole(fields, "option")
        elif fields.get("do") == "propose":
            choice = _levels(room, fields)
        elif fields.get("do") == "nothing":
            choice = (0,) * len(room.scenario.layout.issues)
        else:
            raise Refused("Please choose what you decide.", 400)
        await room.decide(seat, actor(badge), step, choice, why)

    return await _done(request, act)


async def say(request: Request) -> Response:
    """A public statement."""

    async def act(room: Room, badge: Badge, seat: str, fields: Mapping[str, str]) -> None:
        text = fields.get("statement", "")
        await room.act(actor(badge), lambda state, _: procedure.state_publicly(state, seat, text))

    return await _done(request, act)


async def message(request: Request) -> Response:
    """A message to another seat."""

    async def act(room: Room, badge: Badge, seat: str, fields: Mapping[str, str]) -> None:
        to, text = fields.get("to", ""), fields.get("message", "")
        await room.act(actor(badge), lambda state, _: procedure.write(state, room.scenario, seat, to, text))

    return await _done(request, act)


async def leave(request: Request) -> Response:
    """Revokes this browser's own token."""
    room, badge, seat = member(request)
    await form(request)
    await room.revoke(badge.number, actor(badge))
    response = RedirectResponse("/", 303)
    take_token(response, f"/s/{room.id}/seat/{seat}/")
    return response


async def _done(
    request: Request, act: Callable[[Room, Badge, str, Mapping[str, str]], Awaitable[None]]
) -> Response:
    """Do what a form asks for, and show the page; if the rules forbid it, with what they say and what was typed."""
    room, badge, seat = member(request)
    fields = await form(request)
    try:
        await act(room, badge, seat, fields)
    except Refused as error:
        return _refused(request, error, fields)
    return RedirectResponse(base(request), 303)


def _refused(request: Request, error: Refused, fields: Mapping[str, str]) -> Response:
    """The page with what the rules say and what was typed; what nobody does by mistake is answered as elsewhere."""
    if error.status == 403 or is_fetched(request):
        raise error
    context = _context(*member(request), draft=fields, says=str(error))
    return render(request, "seat.html.j2", error.status, **context)


def _whole(fields: Mapping[str, str], name: str) -> int:
    try:
        return int(fields.get(name, ""))
    except ValueError as error:
        raise Refused(f"A whole number is missing in this form ({name}).", 400) from error


def _levels(room: Room, fields: Mapping[str, str]) -> tuple[int, ...]:
    """The package of a form; an issue that it does not name stays as it is."""
    filled = {f"level.{key}": "0" for key in room.scenario.layout.issues}
    return tuple(_whole({**filled, **fields}, name) for name in filled)


def _filled(room: Room, seat: str, start: str) -> dict[str, str]:
    """Fields of a form that begins from a named offer, by its number; from nothing, if there is no such offer."""
    offers = {str(at): offer for at, offer in enumerate(briefing_of(room.scene, seat, seat).offers)}
    issues = room.scenario.layout.issues
    levels = offers[start].levels if start in offers else [None] * len(issues)
    open_ = {
        each["key"] for each in (view(room.scene, seat)["question"] or {}).get("issues", ()) if each["open"]
    }
    return {
        f"level.{key}": str(level or 0) if key in open_ else "0"
        for key, level in zip(issues, levels, strict=True)
    }


# ---- what the page shows -----------------------------------------------------------------------------


class Level(NamedTuple):
    """A level that a package may have; `points` to the seat, None where its briefing does not name the level."""

    level: int
    label: str
    points: float | None
    hard: bool
    soft: bool


class Row(NamedTuple):
    """An issue of a package that is written."""

    key: str
    title: str
    matters: str
    levels: tuple[Level, ...]


class Option(NamedTuple):
    """A decision that can be chosen; `means` and `cost` (points) are those of the step that it leads to."""

    number: int
    label: str
    legal: bool
    means: str
    cost: float | None


def _context(
    room: Room,
    badge: Badge,
    seat: str,
    draft: Mapping[str, str] | None = None,
    weighed: View | None = None,
    says: str = "",
) -> dict[str, Any]:
    """What the page of a seat is written from: its view and its briefing, and what it has typed so far."""
    scene = room.scene
    shown, brief = view(scene, seat), briefing_of(scene, seat, seat)
    question = shown["question"]
    typed = draft or {}
    fits = question is not None and typed.get("step") == str(question["step"])
    return {
        "v": shown,
        "b": brief,
        "me": room.state.people[badge.number],
        "observer": seat == OBSERVER,
        "rows": _rows(question, brief),
        "options": _options(question, brief),
        "rounds": rounds(shown),
        "awaited": [each["name"] for each in shown["seats"] if each["asked"] and not each["decided"]],
        "draft": typed,
        "entry": typed if fits else {},
        "weighed": weighed,
        "says": says,
        "now": time.time(),
        "longest": LONGEST,
    }


def _rows(question: View | None, brief: Briefing) -> list[Row]:
    """Issues of the forum that are open, level by level."""
    if question is None or question["kind"] != "offer":
        return []
    rows = []
    for issue, stake in zip(question["issues"], brief.stakes, strict=True):
        if not issue["open"]:
            continue
        worth = {each.level: each for each in stake.levels}
        levels = tuple(
            Level(at, label, worth[at].points, worth[at].beyond_hard, worth[at].beyond_soft)
            if at in worth
            else Level(at, label, None, False, False)
            for at, label in enumerate(issue["labels"])
        )
        rows.append(Row(issue["key"], issue["title"], stake.matters, levels))
    return rows


def _options(question: View | None, brief: Briefing) -> list[Option]:
    """What can be chosen, with what the step of the own ladder means that a signal leads to."""
    steps = {step.label: step for ladder in brief.ladders if ladder.own for step in ladder.steps}
    found = []
    for option in question["options"] if question else ():
        step = steps.get(option["label"].partition(": ")[2])
        means, cost = (step.means, step.cost) if step else ("", None)
        found.append(Option(option["number"], option["label"], option["legal"], means, cost))
    return found


def rounds(shown: View) -> list[View]:
    """The account by round, the newest first, with decisions that the viewer may read.

    An answer of the seat's own is `forced` if it was not asked: only one was legal.
    """
    seat = shown["seat"]["key"]
    asked = {
        (each["round"], each["kind"], each["turn"])
        for each in (*shown["decisions"], *shown["left"])
        if each["seat"] == seat
    }
    numbers = sorted({entry["round"] for entry in shown["account"]}, reverse=True)
    return [
        {
            "number": number,
            "entries": [
                entry
                | {
                    "forced": entry["what"] == "response"
                    and entry["by"] == seat
                    and (number, "response", entry["turn"]) not in asked
                }
                for entry in shown["account"]
                if entry["round"] == number
            ],
            "decisions": [each for each in shown["decisions"] if each["round"] == number],
            "fell": [
                f"{each['name']}: {IN_WORDS[each['kind']]}"
                for each in shown["left"]
                if each["round"] == number
            ],
        }
        for number in numbers
    ]


def _weighed(room: Room, weighed: Weighed) -> View:
    """What a package would be to the seat, in points and names."""
    return {
        "points": weighed.worth * POINTS,
        "hard": weighed.hard,
        "soft": [title for title in weighed.crossed if title not in weighed.hard],
        "moves": weighed.moves,
        "bindable": weighed.bindable,
        "needs": [name_of(room.scenario, key) for key in weighed.needs],
    }


SEAT = "/s/{id}/seat/{seat}"
routes: list[BaseRoute] = [
    Route("/", home),
    Route("/", enter, methods=["POST"]),
    Route("/join/{code}", join),
    Route("/join/{code}", admit, methods=["POST"]),
    Route(f"{SEAT}/", page),
    Route(f"{SEAT}/parts", parts),
    Route(f"{SEAT}/briefing", briefing),
    Route(f"{SEAT}/briefing/{{of}}", briefing),
    Route(f"{SEAT}/decide", decide, methods=["POST"]),
    Route(f"{SEAT}/weigh", weigh, methods=["POST"]),
    Route(f"{SEAT}/say", say, methods=["POST"]),
    Route(f"{SEAT}/message", message, methods=["POST"]),
    Route(f"{SEAT}/leave", leave, methods=["POST"]),
    WebSocketRoute(f"{SEAT}/live", live),
]
