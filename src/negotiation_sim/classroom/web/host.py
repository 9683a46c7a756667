"""The instructor's pages before a session: the key, the list of sessions, a new session."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from negotiation_sim.classroom.disclosure import OBSERVER, seats
from negotiation_sim.classroom.procedure import NAME, NEWS, Refused, clean
from negotiation_sim.classroom.settings import Settings
from negotiation_sim.classroom.views import name_of
from negotiation_sim.classroom.web.lobby import Lobby
from negotiation_sim.classroom.web.security import TOKEN, form, give_token, render
from negotiation_sim.scenario import Scenario, ScenarioError
from negotiation_sim.scenario.loading import scenario_files
from negotiation_sim.scenario.problems import from_validation

BASE = "january_2022"
"""The scenario that is offered first: all others but one vary it."""
OWN = "scenarios"
"""Folder, in that of the sessions, of scenarios of the instructor's own."""
INJECTS = 6
"""Rows for injects on the form; more are written on the spot."""
TITLE, OBJECTIVE = 80, 300
FIRST = {
    "rounds": "4",
    "seconds": "180",
    "public_offers": "on",
    "messages": "on",
    "parameters": "values",
    "seed": "1",
}
"""What the form of a new session holds at first, besides its title and seats."""
WRONG_KEY = "That is not the key of this server: it stands in the address that `negsim class` has printed."

Fields = Mapping[str, str]


class Offered(NamedTuple):
    """A scenario that is offered: how `Scenario.load` finds it, its title, and whether it is the instructor's own."""

    source: str
    title: str
    own: bool


@dataclass(frozen=True)
class Group:
    """Seats that are shown together: its title, (key, name) of each, and whether it is folded at first."""

    title: str
    seats: tuple[tuple[str, str], ...]
    folded: bool

    def taken(self, fields: Fields) -> bool:
        """Whether any of them is ticked."""
        return any(f"seat.{key}" in fields for key, _ in self.seats)


# ---- the key -----------------------------------------------------------------------------------------


def _pass(lobby: Lobby) -> str:
    """What a browser holds that has shown the key: nobody can make it without the key, and it outlives a restart."""
    return hmac.new(lobby.key.encode(), b"instructor", "sha256").hexdigest()


def _is_instructor(request: Request) -> bool:
    shown = request.cookies.get(TOKEN, "").encode(errors="surrogatepass")
    return hmac.compare_digest(shown, _pass(request.app.state.lobby).encode())


def _instructor(request: Request) -> Lobby:
    if not _is_instructor(request):
        raise HTTPException(403, "These pages are the instructor's: please enter the key first.")
    lobby: Lobby = request.app.state.lobby
    return lobby


async def home(request: Request) -> Response:
    """The form for the key, or the list of sessions."""
    if not _is_instructor(request):
        return render(request, "key.html.j2", error="")
    lobby: Lobby = request.app.state.lobby
    rooms = sorted(lobby.rooms.values(), key=lambda room: -room.state.at)
    sessions = [
        {
            "id": room.id,
            "title": room.state.set.title,
            "scenario": room.scenario.title,
            "phase": room.state.phase,
            "practice": room.state.practice,
            "round": room.state.round,
            "rounds": room.state.set.rounds,
            "at": room.state.at,
            "day": f"{datetime.fromtimestamp(room.state.at):%Y-%m-%d}",
            "seats": [name_of(room.scenario, seat) for seat in room.state.set.seats],
            "facilitators": [
                room.state.people[badge.number]
                for badge in room.state.register.badges.values()
                if badge.role == "facilitator"
            ],
        }
        for room in rooms
    ]
    return render(
        request,
        "host.html.j2",
        sessions=sessions,
        broken=lobby.broken,
        nonce=secrets.token_hex(8),
        longest=NAME,
    )


async def key(request: Request) -> Response:
    """Exchange the key for a cookie of these pages."""
    fields = await form(request)
    lobby: Lobby = request.app.state.lobby
    origin = request.client.host if request.client else ""
    wait = lobby.wait(origin)
    if wait > 0:
        raise HTTPException(429, f"Too many wrong keys or codes: please wait {wait:.0f} seconds.")
    shown = fields.get("key", "").strip().rpartition("#")[2]  # the whole address may be pasted
    if not hmac.compare_digest(shown.encode(), lobby.key.encode()):
        lobby.wrong(origin)
        return render(request, "key.html.j2", 403, error=WRONG_KEY)
    response = _to("/host/")
    give_token(response, _pass(lobby), "/host/")
    return response


async def enter(request: Request) -> Response:
    """Make this browser a facilitator's of a session."""
    lobby = _instructor(request)
    fields = await form(request)
    room = lobby.rooms.get(fields.get("id", ""))
    if room is None:
        raise HTTPException(404, "There is no such session here.")
    token, _ = await room.admit(
        "facilitator", None, fields.get("name", ""), "server", fields.get("nonce", "") or secrets.token_hex(8)
    )
    path = f"/s/{room.id}/facilitator/"
    response = _to(path)
    give_token(response, token, path)
    return response


# ---- a new session -----------------------------------------------------------------------------------


def offered(folder: Path) -> dict[str, Offered]:
    """Scenarios by name: the shipped ones, then the files of the instructor's own."""
    shipped = sorted(scenario_files().items(), key=lambda each: each[0] != BASE)
    found = {name: Offered(name, _title(path), False) for name, path in shipped}
    for path in sorted((folder / OWN).glob("*.yaml")):
        found[f"{OWN}/{path.name}"] = Offered(str(path), _title(path), True)
    return found


def _title(path: Path) -> str:
    return _title_at(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _title_at(path: Path, _changed: int) -> str:
    """The title that a scenario's file gives itself, or its name; what is no scenario is said once it is chosen."""
    try:
        head = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        head = None
    return str(head["title"]) if isinstance(head, dict) and head.get("title") else path.stem


async def choose(request: Request) -> Response:
    """The first step of a new session, its scenario; or the second, its settings."""
    lobby = _instructor(request)
    name = request.query_params.get("scenario", "")
    choices = offered(lobby.folder)
    if name not in choices:
        error = f"There is no scenario {name}." if name else ""
        return render(request, "new_session.html.j2", 404 if name else 200, choices=choices, error=error)
    try:
        scenario = await _loaded(lobby, choices[name])
    except ScenarioError as problem:
        return render(request, "new_session.html.j2", 400, choices=choices, error=str(problem))
    first = FIRST | {"title": scenario.title[:TITLE]} | {f"seat.{key}": "on" for key in _principal(scenario)}
    return _settings_form(request, name, scenario, first, {})


async def create(request: Request) -> Response:
    """Open a session with these settings, or say beside each field what is wrong with it."""
    lobby = _instructor(request)
    fields = await form(request)
    choices, name = offered(lobby.folder), fields.get("scenario", "")
    if name not in choices:
        raise HTTPException(404, "There is no such scenario here any more.")
    try:
        scenario = await _loaded(lobby, choices[name])
    except ScenarioError as problem:
        return render(request, "new_session.html.j2", 400, choices=choices, error=str(problem))
    settings, errors = read(name, fields, scenario)
    if settings is None:
        return _settings_form(request, name, scenario, fields, errors)
    room = await lobby.create(settings, scenario)
    return _to(f"/host/#{room.id}")


async def _loaded(lobby: Lobby, choice: Offered) -> Scenario:
    """In the process of the model: loading takes a second of arithmetic."""
    scenario: Scenario = await lobby.backroom.play("reckoning.loaded", choice.source)
    return scenario


def _principal(scenario: Scenario) -> tuple[str, ...]:
    """Keys of the seats that a class has unless its instructor says otherwise."""
    alliance = scenario.alliance
    return (*scenario.actors, *([alliance.key] if alliance else []))


def _groups(scenario: Scenario) -> list[Group]:
    named = [(key, name_of(scenario, key)) for key in seats(scenario) if key != OBSERVER]
    principal = _principal(scenario)
    groups = [Group("Delegations", tuple(each for each in named if each[0] in principal), False)]
    allies = dict(named)
    for cluster in scenario.alliance.clusters.values() if scenario.alliance else ():
        members = tuple((key, allies[key]) for key in cluster.members if key in allies)
        groups.append(Group(f"Single allies: {cluster.title}", members, True))
    return groups


def _settings_form(
    request: Request, name: str, scenario: Scenario, fields: Fields, errors: Mapping[str, str]
) -> Response:
    rounds = [
        {"number": each.number, "date": each.date.isoformat(), "place": scenario.forums[each.forum].place}
        for each in scenario.layout.rounds
    ]
    return render(
        request,
        "new_settings.html.j2",
        400 if errors else 200,
        scenario=name,
        scenario_title=scenario.title,
        summary=scenario.summary,
        groups=_groups(scenario),
        rounds=rounds,
        fields=fields,
        errors=errors,
        alliance=scenario.alliance.key if scenario.alliance else "",
        rows=range(INJECTS),
        injects_filled=any(fields.get(f"inject.{row}.text") for row in range(INJECTS)),
        limits={"title": TITLE, "text": NEWS},
    )


def read(name: str, fields: Fields, scenario: Scenario) -> tuple[Settings | None, dict[str, str]]:
    """Settings from a form; None if something is wrong, and field -> what was found and what is allowed."""
    errors: dict[str, str] = {}

    def cleaned(field: str, text: str, what: str, longest: int) -> str:
        try:
            return clean(text, what, longest)
        except Refused as refused:
            errors[field] = str(refused)
            return ""

    taken = [key for key in seats(scenario) if key != OBSERVER and f"seat.{key}" in fields]
    if not taken:
        errors["seats"] = "No seat is taken by people; at least one must be."
    lines = [line for line in fields.get("objectives", "").splitlines() if line.strip()]
    raw: dict[str, Any] = {
        "title": cleaned("title", fields.get("title", ""), "Title", TITLE),
        "scenario": name,
        "seats": taken,
        "objectives": [cleaned("objectives", line, "Objective", OBJECTIVE) for line in lines],
        "injects": [],
        **{field: field in fields for field in ("practice", "public_offers", "messages")},
        **{field: fields.get(field, "").strip() for field in ("rounds", "seconds", "seed", "parameters")},
    }
    rows: list[int] = []
    for row in range(INJECTS):
        text, to = fields.get(f"inject.{row}.text", ""), fields.get(f"inject.{row}.to", "")
        if not text.strip():
            continue
        if to and to not in (*taken, OBSERVER):
            errors[f"inject.{row}"] = "It goes to a seat that is not taken by people: choose another, or all."
        rows.append(row)
        said = cleaned(f"inject.{row}", text, "News", NEWS)
        raw["injects"].append(
            {"round": fields.get(f"inject.{row}.round", ""), "to": to or None, "text": said}
        )
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        for problem in from_validation(error):
            top, _, rest = problem.key.partition(".")
            field = f"inject.{rows[int(rest.partition('.')[0])]}" if top == "injects" and rest else top
            errors.setdefault(field, f"Found {problem.found}; allowed: {problem.allowed}.")
        return None, errors
    most = len(scenario.layout.rounds)
    if settings.rounds > most:
        errors["rounds"] = f"Found {settings.rounds}; allowed: 1 to {most}, the rounds of this calendar."
    for row, planned in zip(rows, settings.injects, strict=True):
        if planned.round > settings.rounds:
            errors[f"inject.{row}"] = (
                f"Found round {planned.round}; allowed: 1 to {settings.rounds}, the rounds that are played."
            )
    return (None, errors) if errors else (settings, errors)


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303)


routes = [
    Route("/host/", home, methods=["GET"]),
    Route("/host/", key, methods=["POST"]),
    Route("/host/enter", enter, methods=["POST"]),
    Route("/host/new", choose, methods=["GET"]),
    Route("/host/new", create, methods=["POST"]),
]
