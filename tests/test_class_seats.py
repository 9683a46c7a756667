"""Joining and the pages of seats, asked for by people without JavaScript, and the sockets of those who have it."""

import asyncio
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest
from class_sessions import InThread
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from negotiation_sim.classroom import procedure
from negotiation_sim.classroom.identity import ORIGIN_LIMIT, Throttle
from negotiation_sim.classroom.room import Room
from negotiation_sim.classroom.settings import Settings
from negotiation_sim.classroom.web.app import create_app
from negotiation_sim.classroom.web.live import LEFT, SOCKETS, TOO_MANY
from negotiation_sim.classroom.web.lobby import Lobby
from negotiation_sim.classroom.web.security import HEADERS, LARGEST
from negotiation_sim.scenario import Scenario

OURS = "http://testserver"
SEATS = {"river_dam": ("upland", "lowland"), "january_2022": ("russia", "us", "nato")}


class Person(NamedTuple):
    """Somebody's browser, on the page of a seat."""

    client: TestClient
    path: str
    room: Room

    def get(self, name: str = "") -> str:
        answer = self.client.get(self.path + name)
        assert answer.status_code == 200
        return answer.text

    def post(self, action: str, **fields: str):
        csrf = re.search(r'name="csrf" value="(\w+)"', self.get())
        return self.client.post(
            self.path + action,
            data={"csrf": csrf[1], **fields},
            follow_redirects=False,
            headers={"Origin": OURS},
        )

    def step(self) -> str:
        return str(self.room.state.step.number)


class School(NamedTuple):
    """The server, and people who come to it."""

    server: TestClient
    lobby: Lobby

    def browser(self) -> TestClient:
        client = TestClient(self.server.app, raise_server_exceptions=False)
        client.portal = self.server.portal  # one event loop for all
        return client

    def room(self, scenario: str = "river_dam", begin: bool = True, **settings: object) -> Room:
        given = {"title": "Class", "scenario": scenario, "seats": SEATS[scenario], "rounds": 2, **settings}
        room = self.server.portal.call(self.lobby.create, Settings(**given), Scenario.load(scenario))
        if begin:
            self.act(room, lambda state, _: procedure.begin(state))
        return room

    def act(self, room: Room, propose: Callable) -> None:
        self.server.portal.call(room.act, "facilitator:1", propose)
        self.settle(room)

    def settle(self, room: Room) -> None:
        """Wait until the model has played on, and the odds are in the log."""
        while room.state.phase == "reckoning" or (
            room.state.account and room.state.complete not in room.state.odds
        ):
            assert not room.fault
            self.server.portal.call(asyncio.sleep, 0.02)

    def join(self, room: Room, seat: str, name: str = "Ann") -> Person:
        client = self.browser()
        code = next(code for code, its in room.state.register.codes.items() if its == seat)
        page = client.get(f"/join/{code}")
        fields = dict(re.findall(r'name="(csrf|nonce)" value="([^"]+)"', page.text))
        answer = client.post(f"/join/{code}", data={**fields, "name": name}, follow_redirects=False)
        assert answer.status_code == 303
        return Person(client, answer.headers["location"], room)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("negotiation_sim.classroom.room.WORLDS", 50)
        patch.setattr("negotiation_sim.classroom.web.lobby.Backroom", InThread)
        app = create_app(tmp_path_factory.mktemp("class"), "the instructor's key")
        with TestClient(app) as client:
            yield client


@pytest.fixture
def school(server: TestClient) -> School:
    server.app.state.lobby.throttle = Throttle()
    return School(server, server.app.state.lobby)


# ---- joining -----------------------------------------------------------------------------------------


def test_a_code_leads_to_a_seat_and_a_cookie_for_it_alone(school: School) -> None:
    room = school.room(begin=False)
    client = school.browser()
    code = next(code for code, its in room.state.register.codes.items() if its == "upland")
    home = client.get("/")
    csrf = re.search(r'name="csrf" value="(\w+)"', home.text)[1]
    typed = f"{code[:4]}-{code[4:]}".lower()
    answer = client.post("/", data={"csrf": csrf, "code": typed})
    assert answer.url.path == f"/join/{code}" and "Nobody is in this seat yet" in answer.text
    fields = dict(re.findall(r'name="(csrf|nonce)" value="([^"]+)"', answer.text))
    answer = client.post(f"/join/{code}", data={**fields, "name": "Ann <b>"}, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    path = f"/s/{room.id}/seat/upland/"
    assert f"Path={path}" in cookie and "HttpOnly" in cookie and "SameSite=strict" in cookie
    page = client.get(path)
    assert page.status_code == 200 and "Ann &lt;b&gt;" in page.text and "Ann <b>" not in page.text
    for response in (home, answer, page):
        assert {name: response.headers[name] for name in HEADERS} == HEADERS
    token = re.search(r"token=([^;]+)", cookie)[1]
    assert token not in page.text and token not in "".join(each.as_json() for each in room.log.events())


def test_the_same_form_sent_twice_seats_one_person(school: School) -> None:
    room = school.room(begin=False)
    client = school.browser()
    code = next(iter(room.state.register.codes))
    page = client.get(f"/join/{code}")
    fields = dict(re.findall(r'name="(csrf|nonce)" value="([^"]+)"', page.text))
    for _ in range(2):
        client.post(f"/join/{code}", data={**fields, "name": "Ann"}, follow_redirects=False)
    assert len(room.state.register.badges) == 1


def test_a_name_that_cannot_be_printed_is_refused_on_the_page(school: School) -> None:
    room = school.room(begin=False)
    client = school.browser()
    code = next(iter(room.state.register.codes))
    fields = dict(re.findall(r'name="(csrf|nonce)" value="([^"]+)"', client.get(f"/join/{code}").text))
    answer = client.post(f"/join/{code}", data={**fields, "name": "A\u202enn"})
    assert answer.status_code == 400 and "U+202E" in answer.text and 'name="name"' in answer.text
    assert not room.state.register.badges


def test_wrong_codes_are_throttled_and_a_right_one_then_waits_too(school: School) -> None:
    room = school.room(begin=False)
    client = school.browser()
    assert [client.get("/join/XXXXXXXX").status_code for _ in range(ORIGIN_LIMIT)] == [404] * ORIGIN_LIMIT
    answer = client.get(f"/join/{next(iter(room.state.register.codes))}")
    assert answer.status_code == 429
    seconds = int(answer.headers["retry-after"])
    assert 50 < seconds <= 61 and f"{seconds} seconds" in answer.text


# ---- forms that are not ours -------------------------------------------------------------------------


WRONG_FORMS = (
    ({"Origin": "http://elsewhere"}, {}, 403),
    ({"Origin": "null"}, {}, 403),
    ({}, {"csrf": "0" * 64}, 403),
    ({}, {"csrf": ""}, 403),
    ({}, {"statement": "x" * LARGEST}, 413),
    ({"Content-Type": "application/json"}, {}, 415),
    ({"Content-Type": "multipart/form-data; boundary=x"}, {}, 415),
)


def test_a_form_of_another_site_or_too_large_changes_nothing(school: School) -> None:
    person = school.join(school.room(), "upland")
    csrf = re.search(r'name="csrf" value="(\w+)"', person.get())[1]
    before = person.room.state.seq
    for headers, fields, status in WRONG_FORMS:
        data = {"csrf": csrf, "statement": "We want water.", **fields}
        answer = person.client.post(person.path + "say", data=data, headers=headers, follow_redirects=False)
        assert answer.status_code == status, (headers, fields)
    assert person.room.state.seq == before


def test_nobody_reaches_the_pages_of_others(school: School, caplog: pytest.LogCaptureFixture) -> None:
    room, other = school.room(), school.room()
    person = school.join(room, "upland")
    token = person.client.cookies["token"]
    before = (room.state.seq, other.state.seq)
    for path in (
        f"/s/{room.id}/seat/lowland/",
        f"/s/{room.id}/seat/nobody/",
        f"/s/{room.id}/seat/lowland/parts",
        f"/s/{room.id}/seat/lowland/briefing",
        f"/s/{other.id}/seat/upland/",
        f"/s/{room.id}/facilitator/",
    ):
        answer = person.client.get(path, headers={"Cookie": f"token={token}"})
        assert answer.status_code == 403, path
        assert path in caplog.text
    assert person.client.get("/s/none/seat/upland/").status_code == 404
    assert person.client.get("/nothing").status_code == 404
    assert token not in caplog.text
    assert (room.state.seq, other.state.seq) == before


# ---- playing -----------------------------------------------------------------------------------------


def test_a_round_is_played_without_javascript(school: School) -> None:
    room = school.room()
    upland, lowland = school.join(room, "upland", "Ann"), school.join(room, "lowland", "Bob")
    assert "What is asked of you: propose a package" in upland.get()
    assert "Nothing is asked of you now" in lowland.get()
    weighed = upland.post(
        "weigh", step=upland.step(), **{"level.filling": "2", "level.flow": "1"}, why="half"
    )
    assert weighed.status_code == 200 and "Lowland" in weighed.text
    assert 'id="level-filling-2" checked' in weighed.text and 'value="half"' in weighed.text
    points = re.search(r"<dt>Worth to you</dt><dd><strong>([^<]+)", weighed.text)[1]
    answer = upland.post(
        "decide",
        step=upland.step(),
        do="propose",
        why="Half of it is plenty.",
        **{"level.filling": "2", "level.flow": "1"},
    )
    assert answer.status_code == 303 and answer.headers["location"] == upland.path
    school.settle(room)
    page = lowland.get()
    assert "What is asked of you: accept or refuse" in page and "Pace of filling: five years" in page
    assert "Half of it is plenty." not in page and "Half of it is plenty." in upland.get()
    assert points.startswith("+") and f"Worth to you: <strong>{points}" not in page
    assert lowland.post("decide", step=lowland.step()).status_code == 400
    assert lowland.post("decide", step=lowland.step(), option="1").status_code == 303
    school.settle(room)
    account = unescape(upland.get())
    assert "<strong>Lowland</strong> accepts." in account
    assert "The package of Upland is bound." in account


def test_a_decision_for_a_step_that_was_closed_is_told_to_be_late(school: School) -> None:
    room = school.room()
    upland = school.join(room, "upland")
    step = upland.step()
    school.act(room, lambda state, _: procedure.advance(state, int(step)))
    answer = upland.post("decide", step=step, do="nothing")
    assert answer.status_code == 409 and "Too late" in answer.text
    assert "Left to the simulated agent: Upland: propose a package" in upland.get()
    fetched = upland.client.post(
        upland.path + "decide",
        data={
            "csrf": re.search(r'name="csrf" value="(\w+)"', upland.get())[1],
            "step": step,
            "do": "nothing",
        },
        headers={"Accept": "application/json"},
    )
    assert fetched.status_code == 409 and fetched.json()["says"].startswith("Too late")


def test_a_level_that_there_is_not_is_refused(school: School) -> None:
    room = school.room()
    upland = school.join(room, "upland")
    before = room.state.seq
    for level in ("4", "-1", "NaN", "1e9", "", "9" * 5000):
        for action in ("weigh", "decide"):
            answer = upland.post(action, step=upland.step(), do="propose", **{"level.filling": level})
            assert answer.status_code == 400, (action, level)
    assert room.state.seq == before


def test_a_named_offer_fills_in_issues_that_are_open_here(school: School) -> None:
    room = school.room("january_2022")
    russia = school.join(room, "russia")
    page = russia.get()
    assert (
        'name="level.missiles"' in page and 'name="level.posture"' not in page
    )  # Geneva has no say on posture
    filled = russia.post("weigh", step=russia.step(), fill="1", start="0").text
    assert 'id="level-membership-4" checked' in filled
    assert "cannot be bound" in filled
    assert '<option value="0"' in filled and "selected>the December draft treaties" in filled


def test_an_answer_that_nobody_was_asked_for_is_explained_to_its_seat(school: School) -> None:
    room = school.room("january_2022")
    russia, us = school.join(room, "russia"), school.join(room, "us")
    russia.post("decide", step=russia.step(), do="propose", **{"level.membership": "4"})
    school.settle(room)
    assert "can only be refused" in us.get()
    assert "can only be refused" not in russia.get()


def test_what_people_write_reaches_whom_it_is_for_and_is_inert(school: School) -> None:
    room = school.room()
    upland, lowland = school.join(room, "upland"), school.join(room, "lowland")
    watch = school.join(room, "observer")
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    assert upland.post("say", statement=hostile).status_code == 303
    assert upland.post("message", to="lowland", message="Between us").status_code == 303
    assert "&lt;script&gt;" in watch.get() and "<script>alert" not in watch.get()
    assert "Between us" in lowland.get() and "Between us" in upland.get()
    assert "Between us" not in watch.get()
    assert watch.post("say", statement="I speak").status_code == 403
    assert upland.post("message", to="observer", message="x").status_code == 403
    refused = upland.post("say", statement="a\u202eb")
    assert refused.status_code == 400 and "U+202E" in refused.text and "a\u202eb</textarea>" in refused.text
    assert "<form" in upland.get() and watch.get().count('method="post"') == 1  # an observer can leave


def test_parts_are_written_as_the_page_writes_them(school: School) -> None:
    room = school.room()
    upland = school.join(room, "upland")
    page, answer = upland.get(), upland.client.get(upland.path + "parts").json()
    assert answer["seq"] == room.state.seq
    for name, html in answer["parts"].items():
        assert f'data-part="{name}"' in html
        assert name == "seat_clock" or html.strip() in page, name


def test_a_briefing_is_one_file_whose_own_styles_alone_are_let_through(school: School) -> None:
    upland = school.join(school.room(begin=False), "upland")
    answer = upland.client.get(upland.path + "briefing")
    assert "style-src 'sha256-" in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    assert "<style>" in answer.text and "<link" not in answer.text


def test_an_error_of_ours_says_nothing_of_where(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    upland = school.join(school.room(begin=False), "upland")

    def fails(*_: object) -> None:
        raise RuntimeError("the innermost secret")

    monkeypatch.setattr("negotiation_sim.classroom.web.seats.briefing_of", fails)
    answer = upland.client.get(upland.path)
    assert answer.status_code == 500
    assert "innermost" not in answer.text and "Traceback" not in answer.text
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


# ---- sockets and leaving -----------------------------------------------------------------------------


def socket(person: Person, origin: str = OURS):
    return person.client.websocket_connect(person.path + "live", headers={"Origin": origin})


def test_a_socket_tells_of_events_until_its_token_is_revoked(school: School) -> None:
    room = school.room()
    upland = school.join(room, "upland")
    with socket(upland) as live:
        assert live.receive_json()["seq"] == room.state.seq
        upland.post("say", statement="We want water.")
        assert live.receive_json()["seq"] == room.state.seq
        answer = upland.post("leave")
        assert answer.status_code == 303 and 'token=""' in answer.headers["set-cookie"]
        with pytest.raises(WebSocketDisconnect) as closed:
            live.receive_json()
        assert closed.value.code == LEFT
    answer = upland.client.get(upland.path)
    assert answer.status_code == 403 and "enter your join code" in answer.text


def test_a_socket_of_another_site_or_without_a_token_is_not_opened(school: School) -> None:
    room = school.room()
    upland = school.join(room, "upland")
    stranger = Person(school.browser(), upland.path, room)
    for person, origin in ((upland, "http://elsewhere"), (upland, ""), (stranger, OURS)):
        with pytest.raises(WebSocketDisconnect), socket(person, origin) as live:
            live.receive_json()
    assert not room.listeners


def test_a_token_holds_so_many_sockets_and_no_more(school: School) -> None:
    room = school.room()
    upland = school.join(room, "upland")
    number = room.state.register.badge(upland.client.cookies["token"]).number
    listeners = [room.listen("upland", number) for _ in range(SOCKETS)]
    with socket(upland) as live, pytest.raises(WebSocketDisconnect) as closed:
        live.receive_json()
    assert closed.value.code == TOO_MANY
    room.leave(listeners[0])
    with socket(upland) as live:
        assert live.receive_json()["seq"] == room.state.seq


def test_open_forms_stay_valid_over_a_restart(tmp_path: Path) -> None:
    first, second = (Lobby(tmp_path, "key") for _ in range(2))
    assert first.secret == second.secret and len(first.secret) >= 43
    assert (tmp_path / "server.secret").stat().st_mode & 0o777 == 0o600
