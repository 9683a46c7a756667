"""`negsim class` as an instructor meets it: what it prints, how it stops, what it says when it cannot start."""

import asyncio
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from browser import assert_accessible
from starlette.testclient import TestClient
from test_room import InThread

from negotiation_sim.classroom import demo, procedure, reckoning
from negotiation_sim.classroom import room as rooms
from negotiation_sim.classroom import session as s
from negotiation_sim.classroom.room import Room
from negotiation_sim.classroom.web import lobby
from negotiation_sim.classroom.web.app import create_app
from negotiation_sim.commands.launch import launch

if TYPE_CHECKING:
    from playwright.sync_api import Page

ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/host/#(\S+)")


class Running:
    """A server in a process of its own, as a terminal starts it."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "negotiation_sim.cli", "class", "port=0", *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        assert self.process.stdout is not None
        self.printed = ""
        while "Ctrl-C stops the server." not in self.printed:
            line = self.process.stdout.readline()
            assert line, self.printed
            self.printed += line
        found = ADDRESS.search(self.printed)
        assert found
        self.url, self.key = found.groups()

    def interrupt(self) -> tuple[int, str]:
        """Press Ctrl-C, which reaches all its processes; gives the exit code and what was printed after that."""
        os.killpg(self.process.pid, signal.SIGINT)
        rest, _ = self.process.communicate(timeout=30)
        return self.process.returncode, rest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("class") / "new"


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Running]:
    server = Running(f"folder={folder}")
    yield server
    if server.process.poll() is None:
        server.interrupt()


def test_the_instructors_address_is_printed_and_its_key_kept_for_its_owner(
    running: Running, folder: Path
) -> None:
    with urlopen(f"{running.url}/host/") as answer:
        assert answer.status == 200
    assert f"{running.url}/\n" in running.printed
    kept = folder / "instructor.key"
    assert kept.read_text() == running.key
    assert len(running.key) >= 43
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_second_server_keeps_off_the_folder_and_the_port(
    running: Running, folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert launch("class", [f"folder={folder}", "port=0"]) == 2
    assert "another server uses it" in capfd.readouterr().err
    port = running.url.rpartition(":")[2]
    assert launch("class", [f"folder={tmp_path / 'other'}", f"port={port}"]) == 2
    said = capfd.readouterr().err
    assert "another program listens there" in said
    assert f"port={int(port) + 1}" in said
    assert not (tmp_path / "other").exists()


def test_an_instructor_opens_a_session_and_writes_while_others_act(running: Running, page: "Page") -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{running.url}/host/#{running.key}")
    assert "#" not in page.url
    assert_accessible(page)
    page.get_by_role("button", name="Open").click()
    page.get_by_role("link", name="New session").click()
    page.get_by_role("link", name="The dam on the river").click()
    assert_accessible(page)
    page.get_by_label("Title").fill("Group <b>A</b>")
    page.get_by_role("button", name="Open the session").click()
    page.get_by_label("Your name").fill("Clara")
    page.get_by_role("button", name="Enter as facilitator").click()
    assert page.get_by_role("heading", level=1).text_content() == "Group <b>A</b>"
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("Write news on the spot").fill("half a sen")
    page.get_by_role("button", name="Advance").wait_for()
    page.get_by_role("button", name=re.compile("Hand to the simulation.*Upland")).click()
    page.get_by_role("button", name=re.compile("Back to people.*Upland")).wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("The clock stands still").wait_for()
    assert page.get_by_label("Write news on the spot").input_value() == "half a sen"
    page.locator("#end-reason").fill("the bell")
    page.get_by_role("button", name="End", exact=True).click()
    phase = page.locator("[data-part='console/clock']").get_attribute("data-phase")
    assert phase == "paused"  # the box is not ticked
    assert_accessible(page)
    page.set_viewport_size({"width": 390, "height": 800})
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("link", name="Join codes").click()
    page.get_by_role("heading", name="Observer").wait_for()
    page.wait_for_function("[...document.images].every(each => each.complete && each.naturalWidth > 0)")
    assert_accessible(page)


def test_ctrl_c_closes_it_and_the_same_command_goes_on(running: Running, folder: Path) -> None:
    code, said = running.interrupt()
    assert (code, said) == (0, f"\nSessions are kept in {folder}; the same command goes on.\n")
    log = (folder / "server.log").read_text()
    assert running.key not in log
    assert "Traceback" not in log
    again = Running(f"folder={folder}")
    try:
        assert again.key == running.key
    finally:
        again.interrupt()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["host=localhosst"], "host: not an address"),
        (["host=203.0.113.9"], "host: not an address of this computer"),
        (["port=70000"], "port: not what belongs here"),
        (["pace=-1", "demo"], "pace: not what belongs here"),
        (["fodler=x"], "nearest: folder"),
    ],
)
def test_options_that_cannot_be(options: list[str], says: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert launch("class", ["port=0", *options] if "port=70000" not in options else options) == 2
    assert says in capfd.readouterr().err


def test_a_folder_that_cannot_be_written_to(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    for folder in ("file", "file/below"):
        assert launch("class", ["port=0", f"folder={tmp_path / folder}"]) == 2
        assert "sessions cannot be kept there" in capfd.readouterr().err


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert launch("class", ["port=0", f"folder={tmp_path / 'new'}"]) == 2
    assert "pip install 'negotiation-sim[classroom]'" in capfd.readouterr().err
    assert not (tmp_path / "new").exists()


def test_everybody_in_the_network_is_told_the_networks_address() -> None:
    command = sys.modules.get("negotiation_sim.commands.class") or __import__(
        "negotiation_sim.commands.class", fromlist=["command"]
    )
    own: list[str] = command._own_addresses()
    with socket.create_server(("0.0.0.0", 0)) as listening:
        port = listening.getsockname()[1]
        assert command._addresses(listening) == [f"http://{each}:{port}" for each in own]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert command._addresses(listening) == []
    assert not [each for each in own if each.startswith("127.")]


# ---- the demonstration -------------------------------------------------------------------------------


def test_robots_play_a_whole_game_as_people_do_and_again_after_a_rewind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lobby, "Backroom", InThread)
    monkeypatch.setattr(rooms, "WORLDS", 20)
    monkeypatch.setattr(reckoning, "SWING_WORLDS", 20)
    app: Any = create_app(tmp_path, "key")
    demo.with_robots(app, pace=0.0)

    async def played(room: Room, rewinds: int) -> None:
        async with asyncio.timeout(120):
            while room.state.phase != "ended" or room.state.rewinds < rewinds:
                assert not room.fault, room.fault
                await asyncio.sleep(0.05)

    with TestClient(app) as client:
        (room,) = app.state.lobby.rooms.values()
        assert room.state.phase == "lobby"  # nothing begins before somebody looks
        client.portal.call(room.admit, "facilitator", None, "Clara", "server", "nonce-of-clara-12")
        client.portal.call(played, room, 1)
        first = room.state
        assert first.complete == 4
        assert not first.left  # nothing fell to the simulated agents
        assert {each.seat for each in first.history} >= {"russia", "us", "nato"}
        held = {f"seat:{badge.seat}:{badge.number}" for badge in first.register.badges.values() if badge.seat}
        assert {each.by for each in first.history} <= held
        assert all(each.why for each in first.history)
        assert first.statements
        client.portal.call(room.act, "facilitator:1", lambda state, _: procedure.rewind(state, 4))
        client.portal.call(played, room, 2)
        assert [event.kind for event in room.log.events()].count(s.REWOUND) == 1
        assert room.state.history[-1].seq > first.seq
