"""The class server as one application: whose pages there are, and what is said when something goes wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from negotiation_sim.classroom.procedure import Refused
from negotiation_sim.classroom.web import console, debriefing, host, seats
from negotiation_sim.classroom.web.lobby import Lobby
from negotiation_sim.classroom.web.security import HEADERS, Headers, refusal


def create_app(folder: Path, key: str) -> Starlette:
    """The server of a class.

    Args:
        folder: where sessions are kept.
        key: the instructor's.

    Raises:
        OSError: the folder cannot be made or read.
    """
    lobby = Lobby(folder, key)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await lobby.open()
        yield
        await lobby.close()

    app = Starlette(
        routes=[
            *seats.routes,
            *debriefing.routes,
            *host.routes,
            *console.routes,
            Mount("/static", _Static(directory=Path(__file__).parent / "static"), name="static"),
        ],
        middleware=[Middleware(Headers)],
        exception_handlers={HTTPException: _says, Refused: _says, Exception: _broken},
        lifespan=lifespan,
    )
    app.state.lobby = lobby
    app.state.addresses = []  # at which others in the network reach it: whoever starts it knows
    return app


class _Static(StaticFiles):
    """Files that a browser may keep, and asks about each time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """As Starlette answers, with how long it may be kept."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


async def _says(connection: HTTPConnection, error: Exception) -> Response:
    """What is refused, in words: of a page, a form, or a socket that is not opened."""
    status = error.status_code if isinstance(error, HTTPException) else getattr(error, "status", 500)
    response = refusal(connection, status, _words(error))
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response


def _words(error: Exception) -> str:
    if not isinstance(error, HTTPException):
        return str(error)
    if error.status_code == 404 and error.detail == HTTPStatus(404).phrase:
        return "There is no such page here."
    return error.detail


async def _broken(request: Request, _: Exception) -> Response:
    """An error of ours, without a word of where; the log has it all."""
    response = refusal(
        request, 500, "Something went wrong on the server; nothing that was confirmed is lost."
    )
    response.headers.update(HEADERS)
    return response
