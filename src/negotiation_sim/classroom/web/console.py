"""The instructor's console: who is here and who has moved, the clock, news, the odds, and what cannot be undone."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import ip_address
from typing import Any

import segno
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from negotiation_sim.classroom import briefing_page, procedure
from negotiation_sim.classroom.disclosure import OBSERVER
from negotiation_sim.classroom.identity import Badge
from negotiation_sim.classroom.procedure import Proposal, Refused
from negotiation_sim.classroom.room import Room
from negotiation_sim.classroom.session import SessionState
from negotiation_sim.classroom.views import FACILITATOR, View, briefing_of, view
from negotiation_sim.classroom.web.live import live
from negotiation_sim.classroom.web.seats import rounds
from negotiation_sim.classroom.web.security import (
    actor,
    base,
    form,
    is_fetched,
    member,
    printable,
    render,
    render_parts,
)
from negotiation_sim.figures.colours import HEADLINE_COLOURS

Fields = Mapping[str, str]
PARTS = (
    "console/head",
    "console/clock",
    "console/controls",
    "console/seats",
    "console/odds",
    "console/injects",
    "console/said",
    "console/careful",
    "seat_account",
)
"""Parts of the page that are written anew when something has happened."""
LONGEST = {"reason": procedure.REASON, "news": procedure.NEWS}
RARE = 1 / 200
"""Share below which an outcome is named, not drawn."""
ORDER = ("concession", "stalemate", "escalation")
"""Headlines from left to right."""
KINDS = {"offer": "package", "response": "answer", "silence": "answer to the draft", "signal": "signal"}
"""What somebody decided, by kind of decision."""
ACTIONS: Mapping[str, Callable[[SessionState, float, Fields], Proposal]] = {
    "begin": lambda state, now, fields: procedure.begin(state),
    "advance": lambda state, now, fields: procedure.advance(state, _whole(fields, "step")),
    "pause": lambda state, now, fields: procedure.pause(state, fields.get("reason", "")),
    "resume": lambda state, now, fields: procedure.resume(state, now),
    "extend": lambda state, now, fields: procedure.extend(state, _whole(fields, "seconds")),
    "hand": lambda state, now, fields: procedure.hand(state, fields.get("seat", ""), fields.get("to", "")),
    "rewind": lambda state, now, fields: procedure.rewind(state, _whole(_sure(fields), "round")),
    "end": lambda state, now, fields: procedure.end(state, _sure(fields).get("reason", "")),
    "inject": lambda state, now, fields: procedure.inject(
        state, fields.get("text", ""), fields.get("to") or None
    ),
    "release": lambda state, now, fields: procedure.inject(state, "", None, _whole(fields, "number")),
    "hold": lambda state, now, fields: procedure.hold(
        state, _whole(fields, "number"), fields.get("held") == "yes"
    ),
    "declassify": lambda state, now, fields: procedure.declassify(state, _sure(fields).get("seat") or None),
}
"""What a form of the console asks of the rules, by the last part of its address."""


def _whole(fields: Fields, name: str) -> int:
    try:
        return int(fields.get(name, ""))
    except ValueError as error:
        raise Refused(f"{name.capitalize()}: a whole number is needed.", 400) from error


def _sure(fields: Fields) -> Fields:
    """The form of something that cannot be undone.

    Raises:
        Refused: its box is not ticked.
    """
    if "sure" not in fields:
        raise Refused("Nothing was done: please tick the box beside the button to confirm.", 400)
    return fields


# ---- the page ----------------------------------------------------------------------------------------


async def page(request: Request) -> Response:
    """The console."""
    room, badge, _ = member(request)
    return render(request, "console.html.j2", **_context(request, room, badge))


async def parts(request: Request) -> Response:
    """The parts of the console as they are now."""
    room, badge, _ = member(request)
    return render_parts(request, room.state.seq, PARTS, **_context(request, room, badge))


async def act(action: str, request: Request) -> Response:
    """Do what a form asks for; if the rules forbid it, the console says why, and who was faster."""
    room, badge, _ = member(request)
    fields = await form(request)
    by = actor(badge)
    try:
        if action in ACTIONS:
            await room.act(by, lambda state, now: ACTIONS[action](state, now, fields))
        elif action == "revoke":
            await room.revoke(_whole(fields, "number"), by)
        else:
            await room.renew_code(_seat(room, fields.get("seat", "")), by)
    except Refused as error:
        if is_fetched(request):
            raise
        context = _context(request, room, badge, says=str(error))
        return render(request, "console.html.j2", error.status, **context)
    return RedirectResponse(base(request), 303)


async def briefing(request: Request) -> Response:
    """A seat's briefing as a page to print or save."""
    room, _, viewer = member(request)
    return printable(
        briefing_page.render(briefing_of(room.scene, viewer, _seat(room, request.path_params["of"])))
    )


async def projector(request: Request) -> Response:
    """All join codes, large, to be projected or cut into slips."""
    room, badge, _ = member(request)
    return render(request, "projector.html.j2", **_context(request, room, badge))


async def qr(request: Request) -> Response:
    """The link that joins a seat, as a QR code."""
    room, _, viewer = member(request)
    seat = _seat(room, request.path_params["of"])
    codes = next(each["codes"] for each in view(room.scene, viewer)["seats"] if each["key"] == seat)
    if not codes:
        raise HTTPException(404, "This seat has no join code.")
    drawn = io.BytesIO()
    segno.make_qr(f"{addresses(request)[0]}/join/{codes[-1]}", error="m").save(
        drawn, kind="svg", border=4, svgclass=None, lineclass=None, light="#fff", omitsize=True
    )
    return Response(drawn.getvalue(), media_type="image/svg+xml")


def _seat(room: Room, key: str) -> str:
    if key not in (*room.state.set.seats, OBSERVER):
        raise HTTPException(404, "There is no such seat in this session.")
    return key


def addresses(request: Request) -> list[str]:
    """Addresses at which students reach this server, the likeliest first.

    It is the one at which the instructor does, unless that is good on this computer alone.
    """
    own = str(request.base_url).rstrip("/")
    known: list[str] = request.app.state.addresses
    return [*known, own] if known and _is_loopback(request.url.hostname or "") else [own]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# ---- what the page shows -----------------------------------------------------------------------------


def _context(request: Request, room: Room, badge: Badge, says: str = "") -> dict[str, Any]:
    """What the console is written from: the facilitator's view, put in order."""
    state, shown = room.state, view(room.scene, FACILITATOR)
    at, taken = addresses(request), state.set.seats
    open_ = {seat for seat in taken if state.is_open_to(seat)}
    return {
        "v": shown,
        "c": shown["control"],
        "me": badge.number,
        "says": says,
        "now": time.time(),
        "students": at[0],
        "others": at[1:],
        "odds": _odds(shown),
        "until": room.scenario.layout.rounds[-1].date.isoformat(),
        "rounds": rounds(shown),
        "people": sum(len(seat["people"]) for seat in shown["seats"]),
        "closed": [seat for seat in shown["seats"] if seat["key"] in set(taken) - open_],
        "declassified": [seat["name"] for seat in shown["seats"] if seat["key"] in open_],
        "kinds": KINDS,
        "longest": LONGEST,
    }


def _odds(shown: View) -> View | None:
    """The newest odds, how they have moved round by round, and the decision that moved them most; None before any."""
    known = shown["odds"]
    if not known:
        return None
    latest = known[-1]
    earlier = {row["outcome"]: row["share"] for row in known[-2]["shares"]} if len(known) > 1 else {}
    seen = [row for row in latest["shares"] if max(row["share"], earlier.get(row["outcome"], 0.0)) >= RARE]
    return {
        "round": latest["round"],
        "worlds": latest["worlds"],
        "ended": max(latest["shares"], key=lambda row: float(row["share"]))["label"]
        if latest["worlds"] == 1
        else "",
        "rows": [
            row
            | {
                "colour": HEADLINE_COLOURS[row["headline"]],
                "change": row["share"] - earlier[row["outcome"]] if earlier else None,
            }
            for row in seen
        ],
        "rare": [row["label"] for row in latest["shares"] if row not in seen],
        "history": [{"round": each["round"], "parts": _by_headline(each["shares"])} for each in known],
        "swing": latest["swings"][0] if latest["swings"] else None,
    }


def _by_headline(shares: list[View]) -> list[View]:
    """Shares of the headlines, one after another: where each begins on a bar from 0 to 1, and how long it is."""
    found: list[View] = []
    start = 0.0
    for headline in ORDER:
        share = sum(row["share"] for row in shares if row["headline"] == headline)
        found.append(
            {"headline": headline, "colour": HEADLINE_COLOURS[headline], "start": start, "share": share}
        )
        start += share
    return found


CONSOLE = "/s/{id}/facilitator"
routes: list[BaseRoute] = [
    Route(f"{CONSOLE}/", page),
    Route(f"{CONSOLE}/parts", parts),
    Route(f"{CONSOLE}/projector", projector),
    Route(f"{CONSOLE}/qr/{{of}}.svg", qr),
    Route(f"{CONSOLE}/briefing/{{of}}", briefing),
    *(
        Route(f"{CONSOLE}/{each}", partial(act, each), methods=["POST"])
        for each in (*ACTIONS, "revoke", "code")
    ),
    WebSocketRoute(f"{CONSOLE}/live", live),
]
