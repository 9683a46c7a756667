"""Who may ask for what: tokens, forms, headers; and how a page is written, since every form carries a sign of it.

A browser holds one token for each seat, in a cookie that goes to that seat's pages alone. Every form repeats a keyed
hash of it (`csrf`), which another site cannot know; a form before any token (a join code, the instructor's key) does so
with the `visit` cookie, which says nothing of anybody.
"""

from __future__ import annotations

import hmac
import logging
import re
import secrets
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jinja2 import Environment
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from negotiation_sim.classroom.identity import Badge, spelled
from negotiation_sim.classroom.room import Room
from negotiation_sim.classroom.views import FACILITATOR
from negotiation_sim.classroom.words import points_in_words
from negotiation_sim.figures.percentages import percent, signed
from negotiation_sim.pages import templates
from negotiation_sim.scenario.wording import in_a_sentence

TOKEN, VISIT = "token", "visit"
"""Names of the cookies."""
LARGEST = 64 * 1024
"""Bytes that the body of a form may have."""
MOST_FIELDS = 200
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    # Not no-referrer: browsers would then say `Origin: null` of our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""On every response that does not say otherwise."""
NO_TOKEN = "This browser holds no valid token for this page: you have left, or were asked to join again."
WRONG_FORM = (
    "This form belongs to another visit of this page. Please go back, load the page again and repeat it."
)
STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
logger = logging.getLogger(__name__)


# ---- who asks ----------------------------------------------------------------------------------------


def member(connection: HTTPConnection) -> tuple[Room, Badge, str]:
    """Room, badge and viewer (a seat's key, or `views.FACILITATOR`) of a request to a session's pages.

    Raises:
        HTTPException: 404 no such session; 403 no token that is good for this page.
    """
    room: Room | None = connection.app.state.lobby.rooms.get(connection.path_params["id"])
    if room is None:
        raise HTTPException(404, "There is no such session here.")
    seat = connection.path_params.get("seat")
    badge = room.state.register.badge(connection.cookies.get(TOKEN, ""))
    if badge is None or badge.seat != seat:
        raise HTTPException(403, NO_TOKEN)
    return room, badge, seat or FACILITATOR


def actor(badge: Badge) -> str:
    """Who a badge makes its holder, as events name them."""
    return f"seat:{badge.seat}:{badge.number}" if badge.seat else f"facilitator:{badge.number}"


def base(connection: HTTPConnection) -> str:
    """Where the pages of whoever asks begin: the path of their cookie."""
    params = connection.path_params
    if "id" in params:
        return (
            f"/s/{params['id']}/seat/{params['seat']}/"
            if "seat" in params
            else f"/s/{params['id']}/facilitator/"
        )
    return "/host/" if connection.url.path.startswith("/host/") else "/"


def give_token(response: Response, token: str, path: str) -> None:
    """Let the browser keep a token for the pages below a path."""
    response.set_cookie(TOKEN, token, path=path, httponly=True, samesite="strict")


def take_token(response: Response, path: str) -> None:
    """Let the browser forget the token for the pages below a path."""
    response.delete_cookie(TOKEN, path=path, httponly=True, samesite="strict")


def is_ours(connection: HTTPConnection) -> bool:
    """Whether the request says that it comes from a page of this server."""
    origin = connection.headers.get("origin", "")
    return urlsplit(origin).netloc == connection.headers.get("host")


def is_fetched(request: HTTPConnection) -> bool:
    """Whether a page's script asks, which wants JSON and no page."""
    return "application/json" in request.headers.get("accept", "")


# ---- forms -------------------------------------------------------------------------------------------


async def form(request: Request) -> Mapping[str, str]:
    """What a form sent, by field; of a field that comes twice, the last.

    Raises:
        HTTPException: 403 the form is of another page, visit or site; 413 too long; 400, 415 not readable.
    """
    if "origin" in request.headers and not is_ours(request):
        raise HTTPException(403, "This form was sent from another site.")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "Forms are sent URL-encoded.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise HTTPException(413, f"A form may have {LARGEST // 1024} KiB.")
    try:
        fields = dict(
            parse_qsl(
                body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
            )
        )
    except ValueError as error:
        raise HTTPException(400, "This form cannot be read.") from error
    holder = _holder(request)
    if not holder or not hmac.compare_digest(
        fields.get("csrf", "").encode(), _sign(request, holder).encode()
    ):
        raise HTTPException(403, WRONG_FORM)
    return fields


def _holder(connection: HTTPConnection) -> str:
    """The cookie that a form is bound to."""
    return connection.cookies.get(TOKEN) or connection.cookies.get(VISIT) or ""


def _sign(connection: HTTPConnection, holder: str) -> str:
    secret: bytes = connection.app.state.lobby.secret
    return hmac.new(secret, holder.encode(errors="surrogatepass"), "sha256").hexdigest()


# ---- pages -------------------------------------------------------------------------------------------


def render(request: HTTPConnection, name: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page from its template, with `csrf`, `base` and `path` besides what it is given."""
    holder = _holder(request)
    visit = "" if holder else secrets.token_urlsafe(32)
    html = _template(name).render(_common(request, holder or visit) | context)
    response = HTMLResponse(html, status)
    if visit:
        response.set_cookie(VISIT, visit, path="/", httponly=True, samesite="strict")
    return response


def render_parts(request: Request, seq: int, names: Iterable[str], **context: Any) -> JSONResponse:
    """Parts of a page, for a page that is open already: `parts/NAME.html.j2` each, written as the page writes them."""
    common = _common(request, _holder(request)) | context
    parts = {name: _template(f"parts/{name}.html.j2").render(common) for name in names}
    return JSONResponse({"seq": seq, "parts": parts})


def written(name: str, **context: Any) -> str:
    """A page that belongs to no address, from its template and what it is given alone."""
    text: str = _template(name).render(context)
    return text


def printable(html: str) -> HTMLResponse:
    """A page that needs no other file, to print or to save: the styles in it, and no others, are let through."""
    styles = STYLE.findall(html)
    sources = " ".join(f"'sha256-{b64encode(sha256(each.encode()).digest()).decode()}'" for each in styles)
    policy = (
        f"default-src 'none'; style-src {sources}; img-src data:; base-uri 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(html, headers={"Content-Security-Policy": policy})


def refusal(request: HTTPConnection, status: int, says: str) -> Response:
    """The answer to what is refused: a page, or `{"says": …}` for a page's script."""
    if status == 403:
        client = request.client.host if request.client else "?"
        # A join code would let in whoever reads the log.
        path = "/join/…" if "code" in request.path_params else request.url.path
        method = request.scope.get("method", "socket")
        logger.warning("refused: %s %r from %s: %s", method, path, client, says)
    if is_fetched(request):
        return JSONResponse({"says": says}, status)
    return render(request, "refused.html.j2", status, code=status, says=says)


def _common(request: HTTPConnection, holder: str) -> dict[str, Any]:
    return {"csrf": _sign(request, holder), "base": base(request), "path": request.url.path}


def _template(name: str) -> Any:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = templates("negotiation_sim.classroom.web", "pages")
    environment.filters |= {
        "points": points_in_words,
        "listed": in_a_sentence,
        "spelled": spelled,
        "clock": _clock,
        "time": _time,
        "day": _day,
        "percent": lambda share: f"{share:.0%}",
        "share": percent,
        "points_of": signed,
        "capital": lambda text: f"{text[:1].upper()}{text[1:]}",
    }
    return environment


def _clock(seconds: float) -> str:
    """Seconds as minutes and seconds."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def _time(at: float) -> str:
    """A time of the server's clock, in hours, minutes and seconds where the server is."""
    return f"{datetime.fromtimestamp(at):%H:%M:%S}"


def _day(iso: str) -> str:
    """An ISO date in words."""
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%B %Y}"


class Headers:
    """Puts the headers on every response that does not set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, adding headers to where a response starts."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
