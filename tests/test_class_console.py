"""The instructor's pages over HTTP: the key, a new session, the console's buttons, and who may press them."""

import logging
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import segno
from helpers import shipped
from starlette.testclient import TestClient
from test_room import InThread

from negotiation_sim.classroom import reckoning
from negotiation_sim.classroom import room as rooms
from negotiation_sim.classroom import session as s
from negotiation_sim.classroom.identity import Throttle, spelled
from negotiation_sim.classroom.room import Room
from negotiation_sim.classroom.settings import Inject, Settings
from negotiation_sim.classroom.web import host, lobby
from negotiation_sim.classroom.web.app import create_app
from negotiation_sim.classroom.web.console import ACTIONS

KEY = "the-key-of-this-class"
PLAN = Settings(
    title="The dam",
    scenario="river_dam",
    seats=("upland", "lowland"),
    rounds=3,
    seconds=600,
    injects=(Inject(round=2, text="Rain."), Inject(round=2, to="upland", text="For you alone.")),
)
LINK = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lobby, "Backroom", InThread)
        patch.setattr(rooms, "WORLDS", 50)
        patch.setattr(reckoning, "SWING_WORLDS", 50)
        yield create_app(tmp_path_factory.mktemp("class"), KEY)


@pytest.fixture(scope="module")
def server(app: Any) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
        yield client


class Browser:
    """One person's browser: its cookies, and forms that are sent with the sign of the page they stand on."""

    def __init__(self, server: TestClient) -> None:
        self.client = TestClient(server.app, base_url=server.base_url, follow_redirects=False)
        self.client.portal = server.portal

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def post(self, page: str, path: str, fields: Mapping[str, str], **headers: str) -> Any:
        signed = {"csrf": LINK.findall(self.get(page).text)[0], **fields}
        return self.client.post(path, data=signed, headers=headers)


@pytest.fixture
def instructor(server: TestClient) -> Browser:
    browser = Browser(server)
    assert browser.post("/host/", "/host/", {"key": KEY}).status_code == 303
    return browser


@pytest.fixture
def dam(server: TestClient) -> Room:
    made: Room = server.portal.call(server.app.state.lobby.create, PLAN, shipped("river_dam"))
    return made


def enter(browser: Browser, room: Room, name: str) -> str:
    """Enter as a facilitator; gives the console's address."""
    answer = browser.post("/host/", "/host/enter", {"id": room.id, "name": name, "nonce": name * 4})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def press(browser: Browser, console: str, action: str, **fields: str) -> int:
    return int(browser.post(console, console + action, fields).status_code)


def settle(server: TestClient, room: Room) -> None:
    """Wait until the model has played on, and the odds are known."""

    async def wait() -> None:
        import asyncio

        for _ in range(400):
            if room.state.phase != "reckoning" and not room._without_odds():
                return
            assert not room.fault, room.fault
            await asyncio.sleep(0.05)
        raise AssertionError(room.state.phase)

    server.portal.call(wait)


@pytest.fixture
def begun(server: TestClient, instructor: Browser, dam: Room) -> str:
    console = enter(instructor, dam, "Clara")
    assert press(instructor, console, "begin") == 303
    settle(server, dam)
    return console


# ---- the key -----------------------------------------------------------------------------------------


def test_without_the_key_there_is_a_form_and_nothing_else(server: TestClient, dam: Room) -> None:
    browser = Browser(server)
    assert dam.state.set.title not in browser.get("/host/").text
    assert browser.get("/host/new").status_code == 403
    assert (
        browser.post("/host/", "/host/enter", {"id": dam.id, "name": "Eve", "nonce": "n" * 16}).status_code
        == 403
    )
    assert browser.post("/host/", "/host/new", {"scenario": "river_dam"}).status_code == 403
    wrong = browser.post("/host/", "/host/", {"key": KEY[:-1]})
    assert wrong.status_code == 403
    assert "not the key" in wrong.text
    assert "set-cookie" not in wrong.headers


def test_the_key_or_the_whole_address_opens_the_pages_also_after_a_restart(
    server: TestClient, tmp_path: Path
) -> None:
    browser = Browser(server)
    answer = browser.post("/host/", "/host/", {"key": f" http://127.0.0.1:8000/host/#{KEY}\n"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/host/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/host/" in cookie
    assert KEY.lower() not in cookie
    again = create_app(tmp_path, KEY)
    with TestClient(again, base_url=server.base_url, cookies=dict(browser.client.cookies)) as other:
        assert "New session" in other.get("/host/").text


def test_wrong_keys_are_throttled(server: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.app.state.lobby, "throttle", Throttle())
    browser = Browser(server)
    codes = [browser.post("/host/", "/host/", {"key": "no"}).status_code for _ in range(31)]
    assert codes == [403] * 30 + [429]


# ---- a new session -----------------------------------------------------------------------------------


def settings(**changed: str) -> dict[str, str]:
    first = {"scenario": "river_dam", "title": "Group A", "seat.upland": "on", "rounds": "2"}
    return host.FIRST | first | changed


def test_a_session_is_made_as_the_form_says(server: TestClient, instructor: Browser) -> None:
    form = settings(
        seconds="90",
        practice="on",
        parameters="ranges",
        seed="7",
        objectives="Why do talks fail?\r\n\r\n Who gains from delay? ",
        **{"inject.1.round": "2", "inject.1.to": "upland", "inject.1.text": "The river rises."},
    )
    del form["messages"]
    page = instructor.get("/host/new?scenario=river_dam").text
    assert "2, until 11 March 2030" in page
    answer = instructor.post("/host/new?scenario=river_dam", "/host/new", form)
    assert answer.status_code == 303, answer.text
    room = server.app.state.lobby.rooms[answer.headers["location"].removeprefix("/host/#")]
    assert room.state.set == Settings(
        title="Group A",
        scenario="river_dam",
        seats=("upland",),
        rounds=2,
        seconds=90,
        seed=7,
        parameters="ranges",
        practice=True,
        messages=False,
        objectives=("Why do talks fail?", "Who gains from delay?"),
        injects=(Inject(round=2, to="upland", text="The river rises."),),
    )
    assert "Group A" in instructor.get("/host/").text


WRONG = {
    "of themselves": {
        "seconds": ("seconds", "soon", "Found &#39;soon&#39;; allowed: a whole number"),
        "title": ("title", " ", "Title: please write something"),
        "seed": ("seed", "-1", "allowed: a number of at least 0"),
        "objectives": ("objectives", "\n".join("o" * 5 for _ in range(9)), "at most 8 entries"),
    },
    "with others": {
        "rounds": ("rounds", "8", "Found 8; allowed: 1 to 7"),
        "inject-3": ("inject.3.round", "9", "Found round 9; allowed: 1 to 8"),
    },
}


@pytest.mark.parametrize("which", WRONG)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    server: TestClient, instructor: Browser, which: str
) -> None:
    typed = {name: value for name, value, _ in WRONG[which].values()}
    before = list(server.app.state.lobby.rooms)
    form = settings(**({"inject.3.text": "Kept.", "inject.3.round": "1"} | typed))
    answer = instructor.post("/host/new?scenario=river_dam", "/host/new", form)
    assert answer.status_code == 400
    assert len(re.findall('id="wrong-', answer.text)) == len(WRONG[which])
    for field, (_, _, says) in WRONG[which].items():
        (wrong,) = re.findall(rf'id="wrong-{field}">(.*?)</p>', answer.text, re.DOTALL)
        assert says in wrong
        assert f'aria-describedby="wrong-{field}"' in answer.text
    assert "Kept." in answer.text
    assert list(server.app.state.lobby.rooms) == before


def test_a_session_needs_a_seat_and_injects_go_to_seats_that_are_taken(instructor: Browser) -> None:
    none = {name: text for name, text in settings().items() if not name.startswith("seat.")}
    answer = instructor.post("/host/new?scenario=river_dam", "/host/new", none)
    assert "No seat is taken by people" in answer.text
    astray = settings(**{"inject.0.round": "1", "inject.0.to": "lowland", "inject.0.text": "Rain."})
    answer = instructor.post("/host/new?scenario=river_dam", "/host/new", astray)
    assert "a seat that is not taken by people" in answer.text


def test_scenarios_of_ones_own_are_offered_and_only_from_their_folder(
    server: TestClient, instructor: Browser, tmp_path: Path
) -> None:
    own = server.app.state.lobby.folder / "scenarios"
    own.mkdir()
    (own / "mine.yaml").write_text(
        "defaults: [river_dam, _self_]\nname: mine\ntitle: My own dam\n", encoding="utf-8"
    )
    (own / "broken.yaml").write_text("title: [", encoding="utf-8")
    (tmp_path / "outside.yaml").write_text("title: Outside\n", encoding="utf-8")
    assert "My own dam" in instructor.get("/host/new").text
    assert instructor.get("/host/new?scenario=scenarios/mine.yaml").status_code == 200
    assert instructor.get("/host/new?scenario=scenarios/broken.yaml").status_code == 400
    for elsewhere in (
        "../outside.yaml",
        "scenarios/../../outside.yaml",
        str(tmp_path / "outside.yaml"),
        "nonsense",
    ):
        assert instructor.get(f"/host/new?scenario={elsewhere}").status_code == 404
        form = settings(scenario=elsewhere)
        assert instructor.post("/host/new?scenario=river_dam", "/host/new", form).status_code == 404


# ---- who may press a button --------------------------------------------------------------------------


def every_action() -> list[str]:
    return [*ACTIONS, "revoke", "code"]


def test_a_student_cannot_do_what_a_facilitator_does(
    server: TestClient, dam: Room, begun: str, caplog: pytest.LogCaptureFixture
) -> None:
    token, _ = server.portal.call(dam.admit, "seat", "upland", "Ann", "server", "nonce-of-ann-1234")
    student = Browser(server)
    student.client.cookies.set("token", token)
    seat = f"/s/{dam.id}/seat/upland/"
    before = len(dam.log.events())
    with caplog.at_level(logging.WARNING):
        for action in every_action():
            assert student.post(seat, begun + action, {"step": "1", "sure": "on"}).status_code == 403
        for page in ("", "parts", "projector", "qr/lowland.svg", "briefing/lowland"):
            assert student.get(begun + page).status_code == 403
    assert len(dam.log.events()) == before
    for action in every_action():
        assert f"{begun}{action}" in caplog.text
    assert token not in caplog.text


def test_a_foreign_origin_or_a_missing_sign_is_refused_and_logged(
    instructor: Browser, dam: Room, begun: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = len(dam.log.events())
    with caplog.at_level(logging.WARNING):
        for action in every_action():
            fields = {"step": "1", "reason": "x", "sure": "on"}
            foreign = instructor.post(begun, begun + action, fields, origin="http://elsewhere.example")
            assert foreign.status_code == 403
            for sign in ({}, {"csrf": ""}, {"csrf": "0" * 64}):
                assert instructor.client.post(begun + action, data=fields | sign).status_code == 403
    assert len(dam.log.events()) == before
    assert caplog.text.count("refused: POST") == 4 * len(every_action())
    assert press(instructor, begun, "pause", reason="tea") == 303  # with the page's own sign it is done


def test_of_two_facilitators_who_press_advance_one_advances_and_the_other_learns_who(
    server: TestClient, instructor: Browser, dam: Room, begun: str
) -> None:
    other = Browser(server)
    other.post("/host/", "/host/", {"key": KEY})
    enter(other, dam, "Boris")
    step = str(dam.state.step.number) if dam.state.step else ""
    sent = [LINK.findall(each.get(begun).text)[0] for each in (instructor, other)]

    def advance(each: tuple[Browser, str]) -> Any:
        return each[0].client.post(begun + "advance", data={"csrf": each[1], "step": step})

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(advance, zip((instructor, other), sent, strict=True)))
    settle(server, dam)
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    closed = [
        event for event in dam.log.events() if event.kind == s.CLOSED and event.data["step"] == int(step)
    ]
    assert len(closed) == 1
    lost = next(answer.text for answer in answers if answer.status_code == 409)
    winner = "Clara" if answers[0].status_code == 303 else "Boris"
    assert f"closed already by {winner}" in lost
    # A page that was open before, pressed after the next step has opened, does not close that one.
    assert (dam.state.phase, press(other, begun, "advance", step=step)) == ("open", 409)


# ---- the buttons -------------------------------------------------------------------------------------


def last(room: Room) -> tuple[str, dict[str, Any]]:
    event = room.log.events()[-1]
    return event.kind, dict(event.data)


def test_the_clock_is_paused_extended_and_resumed(instructor: Browser, dam: Room, begun: str) -> None:
    assert press(instructor, begun, "pause", reason="Tea for all.") == 303
    assert last(dam) == (s.PAUSED, {"reason": "Tea for all."})
    left = dam.state.paused_left
    assert press(instructor, begun, "extend", seconds="30") == 303
    assert dam.state.paused_left == pytest.approx(left + 30)
    assert press(instructor, begun, "extend", seconds="soon") == 400
    assert press(instructor, begun, "resume") == 303
    assert dam.state.phase == "open"
    assert press(instructor, begun, "resume") == 409


def test_injects_are_held_released_and_written_on_the_spot_for_one_seat(
    instructor: Browser, dam: Room, begun: str
) -> None:
    assert press(instructor, begun, "hold", number="0", held="yes") == 303
    assert dam.state.held == {0}
    assert press(instructor, begun, "hold", number="0", held="no") == 303
    assert press(instructor, begun, "release", number="1") == 303
    assert press(instructor, begun, "release", number="1") == 409
    assert press(instructor, begun, "inject", text="<b>Flood</b>", to="lowland") == 303
    assert [(told.to, told.text) for told in dam.state.news] == [
        ("upland", "For you alone."),
        ("lowland", "<b>Flood</b>"),
    ]
    page = instructor.get(begun).text
    assert "&lt;b&gt;Flood&lt;/b&gt;" in page
    assert "<b>Flood" not in page


def test_a_seat_is_handed_over_and_back(instructor: Browser, dam: Room, begun: str) -> None:
    assert press(instructor, begun, "hand", seat="upland", to="simulation") == 303
    assert dam.state.simulated == {"upland"}
    assert press(instructor, begun, "hand", seat="upland", to="people") == 303
    assert press(instructor, begun, "hand", seat="observer", to="simulation") == 400


@pytest.mark.parametrize(
    ("action", "fields", "kind"),
    [
        ("declassify", {"seat": "upland"}, s.DECLASSIFIED),
        ("rewind", {"round": "1"}, s.REWOUND),
        ("end", {"reason": "the bell"}, s.ENDED),
    ],
)
def test_what_cannot_be_undone_is_done_only_if_the_box_is_ticked(
    instructor: Browser, dam: Room, begun: str, action: str, fields: dict[str, str], kind: str
) -> None:
    before = len(dam.log.events())
    answer = instructor.post(begun, begun + action, fields)
    assert answer.status_code == 400
    assert "tick the box" in answer.text
    assert len(dam.log.events()) == before
    assert press(instructor, begun, action, sure="on", **fields) == 303
    assert dam.log.events()[before].kind == kind
    assert dam.log.events()[before].by.startswith("facilitator:")


def test_a_person_is_removed_and_a_code_renewed(
    server: TestClient, instructor: Browser, dam: Room, begun: str
) -> None:
    token, number = server.portal.call(dam.admit, "seat", "upland", "Ann", "server", "nonce-of-ann-1234")
    student = Browser(server)
    student.client.cookies.set("token", token)
    assert student.get(f"/s/{dam.id}/seat/upland/").status_code == 200
    assert press(instructor, begun, "revoke", number=str(number)) == 303
    assert student.get(f"/s/{dam.id}/seat/upland/").status_code == 403
    (old,) = (code for code, seat in dam.state.register.codes.items() if seat == "upland")
    assert press(instructor, begun, "code", seat="upland") == 303
    (new,) = (code for code, seat in dam.state.register.codes.items() if seat == "upland")
    assert student.get(f"/join/{old}").status_code == 404
    assert student.get(f"/join/{new}").status_code == 200
    assert spelled(new) in instructor.get(begun).text
    assert spelled(new) in instructor.get(begun + "projector").text


def test_actions_and_seats_that_are_none(instructor: Browser, begun: str) -> None:
    assert press(instructor, begun, "explode") == 404
    assert press(instructor, begun, "code", seat="atlantis") == 404
    assert instructor.get(begun + "qr/atlantis.svg").status_code == 404
    assert instructor.get(begun + "briefing/atlantis").status_code == 404
    assert "Upland" in instructor.get(begun + "briefing/upland").text


# ---- what the console shows --------------------------------------------------------------------------


def test_qr_codes_lead_to_where_students_reach_the_server(
    instructor: Browser, app: Any, dam: Room, begun: str, request: pytest.FixtureRequest
) -> None:
    code = next(code for code, seat in dam.state.register.codes.items() if seat == "lowland")

    def drawn(address: str) -> str:
        made = segno.make_qr(f"{address}/join/{code}", error="m")
        return str(made.svg_inline(border=4, svgclass=None, lineclass=None, light="#fff", omitsize=True))

    def path(svg: str) -> str:
        return re.findall(r' d="(.*?)"', svg)[-1]

    own = instructor.get(begun + "qr/lowland.svg")
    assert own.headers["content-type"] == "image/svg+xml"
    assert path(own.text) == path(drawn("http://127.0.0.1:8000"))
    request.addfinalizer(app.state.addresses.clear)
    app.state.addresses += ["http://192.168.1.7:8000", "http://10.0.0.7:8000"]
    assert path(instructor.get(begun + "qr/lowland.svg").text) == path(drawn("http://192.168.1.7:8000"))
    projected = instructor.get(begun + "projector").text
    assert projected.index("http://192.168.1.7:8000") < projected.index("http://10.0.0.7:8000")


def test_the_odds_are_for_facilitators_and_say_what_moved_them(
    server: TestClient, instructor: Browser, dam: Room, begun: str
) -> None:
    token, _ = server.portal.call(dam.admit, "seat", "upland", "Ann", "server", "nonce-of-ann-1234")
    student = Browser(server)
    student.client.cookies.set("token", token)
    while dam.state.complete < 1:
        step = dam.state.step
        assert step is not None
        for seat in dam.state.waiting_for:
            question = dam.questions[seat]
            choice = (
                (0,) * len(dam.scenario.layout.issues)
                if question.kind == "offer"
                else question.legal.index(True)
            )
            server.portal.call(dam.decide, seat, f"seat:{seat}:9", step.number, choice, f"Because of {seat}.")
        settle(server, dam)
    page = instructor.get(begun).text
    odds = dam.state.odds[1]
    assert "After round 1, in 50 worlds" in page
    most = max(odds["shares"], key=lambda row: row["share"])
    label = dam.scenario.outcome_label(most["outcome"])
    assert re.search(rf'{label}</th>.*?<td class="number">{most["share"]:.0%}</td>', page, re.DOTALL)
    assert "What moved them most in round 1" in page
    assert "Because of upland." in page
    assert "The odds from here" not in student.get(f"/s/{dam.id}/seat/upland/").text
    told = instructor.get(begun + "parts").json()
    assert told["seq"] == dam.state.seq
    for name, part in told["parts"].items():
        assert part.strip() in page.replace("\r", "") or name in ("console/clock",), name


def test_nothing_on_these_pages_needs_inline_script_or_style(instructor: Browser, begun: str) -> None:
    for path in ("/host/", "/host/new", "/host/new?scenario=river_dam", begun, begun + "projector"):
        answer = instructor.get(path)
        assert answer.status_code == 200
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", answer.text), path
        assert not re.search(r'(?:src|href)="(?:https?:)?//', answer.text), path
        assert "default-src 'none'" in answer.headers["content-security-policy"]
