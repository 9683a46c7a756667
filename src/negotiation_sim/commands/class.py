"""`negsim class`: serve a classroom to the browsers of an instructor and of students."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import secrets
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

from filelock import FileLock, Timeout
from pydantic import Field

from negotiation_sim.commands.options import Options
from negotiation_sim.files import write_whole
from negotiation_sim.scenario.parameters import Whole
from negotiation_sim.scenario.problems import Problem, ScenarioError

if TYPE_CHECKING:
    from starlette.applications import Starlette

FOLDER = Path("class")
KEY, LOG, LOCK = "instructor.key", "server.log", "server.lock"
KEY_BYTES = 32
GRACE = 5
"""Seconds that pages have to finish what they are at when the server stops."""
ELSEWHERE = ("10.255.255.255", "172.31.255.255", "192.168.255.255", "192.0.2.1")
"""Addresses of networks that a computer may be in: which of its own it would use to reach them is asked of the system,
and nothing is sent."""


class VerbOptions(Options):
    """Options of `negsim class`."""

    host: str
    port: Annotated[Whole, Field(ge=0, le=65535)]
    demo: bool
    pace: Annotated[float, Field(ge=0, le=600)]


def command(folder: Path | None, options: VerbOptions) -> None:
    """Serve until Ctrl-C; in a folder that is thrown away if it is a demonstration and none is given."""
    with ExitStack() as stack:
        if folder is None and options.demo:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="negsim-demo-")))
            kept = "The demonstration is over; nothing is kept."
        else:
            folder = folder or FOLDER
            kept = f"Sessions are kept in {folder}; the same command goes on."
        app_of = _web()
        listening = stack.enter_context(_listening(options))
        key = _prepared(folder, stack)
        app = app_of(folder, key)
        app.state.addresses = _addresses(listening)
        if options.demo:
            from negotiation_sim.classroom.demo import with_robots

            with_robots(app, options.pace)
        print("Opening the sessions …", flush=True)
        with suppress(KeyboardInterrupt):
            asyncio.run(
                _serve(app, listening, lambda: print(_welcome(app, listening, key, options), flush=True))
            )
    print(f"\n{kept}")


def _web() -> Callable[[Path, str], Starlette]:
    try:
        import_module(
            "uvicorn"
        )  # which `_serve` needs; a missing package is to be told before anything is written
        from negotiation_sim.classroom.web.app import create_app
    except ImportError as error:
        if str(error.name).startswith("negotiation_sim"):
            raise
        problem = Problem(
            "class",
            "the classroom is not installed",
            f"no {error.name}",
            "pip install 'negotiation-sim[classroom]'",
        )
        raise ScenarioError("negsim class", [problem]) from error
    return create_app


def _listening(options: VerbOptions) -> socket.socket:
    """A socket that listens where the options say.

    Raises:
        ScenarioError: that is no address, not one of this computer, or taken.
    """
    try:
        address = ipaddress.ip_address(options.host)
    except ValueError:
        allowed = (
            "127.0.0.1 for this computer alone, 0.0.0.0 for the whole network, or an address of this computer"
        )
        problem = Problem("host", "not an address", repr(options.host), allowed)
        raise _refused(problem) from None
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        return socket.create_server((options.host, options.port), family=family)
    except OSError as error:
        where = f"port {options.port} of {options.host}"
        if error.errno == errno.EADDRNOTAVAIL:
            problem = Problem(
                "host", "not an address of this computer", options.host, "127.0.0.1, or 0.0.0.0"
            )
        elif error.errno == errno.EADDRINUSE:
            problem = Problem(
                "port",
                "another program listens there, perhaps this one in another window",
                where,
                f"a free port, such as port={options.port + 1 if options.port < 65535 else 8000}",
            )
        else:
            problem = Problem("port", (error.strerror or str(error)).lower(), where, "a port from 1024 on")
        raise _refused(problem) from error


def _prepared(folder: Path, stack: ExitStack) -> str:
    """Make the folder ours until the stack is closed, log to it, and give its key, which is made once.

    Raises:
        ScenarioError: it cannot be written to, or another server uses it.
    """
    allowed = "a folder that can be written to, such as folder=class"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stack.enter_context(FileLock(folder / LOCK, timeout=0))
        path = folder / KEY
        if not path.is_file():
            write_whole(path, _write_key)
        stack.callback(_log_to(folder / LOG))
        return path.read_text(encoding="ascii").strip()
    except Timeout as error:
        problem = Problem(
            "folder", "another server uses it", str(folder), "another folder, or stop that server"
        )
        raise _refused(problem) from error
    except OSError as error:
        found = f"{error.filename or folder}: {(error.strerror or str(error)).lower()}"
        raise _refused(Problem("folder", "sessions cannot be kept there", found, allowed)) from error


def _write_key(path: Path) -> None:
    path.touch(mode=0o600)
    path.write_text(secrets.token_urlsafe(KEY_BYTES), encoding="ascii")


def _log_to(path: Path) -> Callable[[], None]:
    """Log to a file; gives what ends it. Requests are not logged one by one, and no address holds a token."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    loggers = {"negotiation_sim": logging.INFO, "uvicorn": logging.WARNING}
    for name, level in loggers.items():
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).addHandler(handler)

    def end() -> None:
        for name in loggers:
            logging.getLogger(name).removeHandler(handler)
        handler.close()

    return end


async def _serve(app: Starlette, listening: socket.socket, started: Callable[[], None]) -> None:
    """Serve until a signal; sessions are closed on return."""
    import uvicorn

    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not (server.started or serving.done()):
        await asyncio.sleep(0.05)
    if server.started:
        started()
    await serving
    if not server.started:
        print("negsim class: the server could not start; its log in the folder says why", file=sys.stderr)
        raise SystemExit(1)


def _welcome(app: Starlette, listening: socket.socket, key: str, options: VerbOptions) -> str:
    host, port = listening.getsockname()[:2]
    mine = _url("127.0.0.1" if ipaddress.ip_address(host).is_unspecified else host, port)
    reached: list[str] = app.state.addresses
    lines = ["", "Instructor (keep this address to yourself):", f"  {mine}/host/#{key}", ""]
    if ipaddress.ip_address(host).is_loopback:
        lines += ["Students, on this computer only (host=0.0.0.0 lets in the room's network):", f"  {mine}/"]
    elif reached:
        lines += ["Students, from any device in the same network:", *(f"  {each}/" for each in reached)]
        if len(reached) > 1:
            lines.append("  (This computer is in several networks: take the address of the class's one.)")
    else:
        lines += ["This computer is in no network now: students can join on it alone.", f"  {mine}/"]
    if options.demo:
        lines += ["", "Four robots hold the seats. The game begins when you have entered the session."]
    return "\n".join([*lines, "", "Ctrl-C stops the server."])


def _addresses(listening: socket.socket) -> list[str]:
    """Addresses at which others reach the server; none if it listens to this computer alone."""
    host, port = listening.getsockname()[:2]
    address = ipaddress.ip_address(host)
    hosts = _own_addresses() if address.is_unspecified else [] if address.is_loopback else [host]
    return [_url(each, port) for each in hosts]


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _own_addresses() -> list[str]:
    """Addresses by which others in the network reach this computer, without asking anybody."""
    found: list[str] = []
    for there in ELSEWHERE:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked, suppress(OSError):
            asked.connect((there, 9))
            found.append(asked.getsockname()[0])
    with suppress(OSError):
        found += socket.gethostbyname_ex(socket.gethostname())[2]
    return [each for each in dict.fromkeys(found) if not ipaddress.ip_address(each).is_loopback]


def _refused(problem: Problem) -> ScenarioError:
    return ScenarioError("options of negsim class", [problem])
