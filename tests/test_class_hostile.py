"""Requests that nobody should send, sent to the real server: what is not one's own, what is no form of ours, what is
sent at the same instant, and what is made to break things. They are refused or inert, and the class plays on.
"""

import csv
import io
import json
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2
import pytest
from class_server import Instructor, Person, Server, server
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from websockets.exceptions import ConnectionClosed, InvalidStatus

from negotiation_sim.classroom import session as s
from negotiation_sim.classroom.export import IDENTITY
from negotiation_sim.classroom.session import SessionState
from negotiation_sim.classroom.web.app import create_app
from negotiation_sim.classroom.web.console import ACTIONS

SEATS = ("upland", "lowland")
NUMBERS = ("NaN", "inf", "-1", "1e3", "0.5", "99", "", "9" * 5000, "0\x00")
"""None of these is an option, a level or a round of the game below."""
WHOLE = ("-1", "99")
"""Those of them that are whole numbers at least."""


NO_HANDSHAKE = "uvicorn.error: ASGI callable returned without completing handshake."
"""What uvicorn says of every socket that is refused with a page."""


class School(NamedTuple):
    """A session that is being played, with people in both seats, an observer and a facilitator; and another session."""

    running: Server
    id: str
    other: str
    clara: Instructor
    ann: Person
    bob: Person
    oscar: Person
    eve: Person

    @property
    def state(self) -> SessionState:
        return self.running.settled(self.id)

    @property
    def asked(self) -> Person:
        """Whose turn it is."""
        return self.ann if "upland" in self.state.waiting_for else self.bob

    def send(
        self, method: str, path: str, token: str, fields: Mapping[str, str] | None = None, **headers: str
    ) -> httpx2.Response:
        """A request with a token of our choice, to wherever; a header is None to be left out."""
        with httpx2.Client(base_url=self.running.url, verify=False, timeout=60) as client:
            sent = {"Cookie": f"token={token}", "Origin": self.running.url, **headers}
            return client.request(method, path, data=fields, headers=sent)

    @contextmanager
    def refusing(self, logged: int) -> Iterator[None]:
        """What is done inside leaves both sessions as they are; so many refusals are logged."""
        self.running.until(self.id, lambda state: set(range(state.complete + 1)) <= set(state.odds))
        before = [self.running.events(each) for each in (self.id, self.other)]
        lines = self.running.log().count("refused: ")
        yield
        assert [self.running.events(each) for each in (self.id, self.other)] == before
        assert self.running.log().count("refused: ") - lines == logged


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("class")) as started:
        yield started
        assert started.process.poll() is None
        errors = [line for line in started.log().splitlines() if " ERROR " in line or "Traceback" in line]
        assert [line for line in errors if not line.endswith(NO_HANDSHAKE)] == []


@pytest.fixture(scope="module")
def school(running: Server) -> Iterator[School]:
    """The session goes on after all that is done to it: it is played to its end when the tests are over."""
    with ExitStack() as stack:
        clara = stack.enter_context(Instructor(running))
        other = clara.create("river_dam", SEATS)
        eve = stack.enter_context(Person(running))
        eve.join(clara.codes()["upland"], "Eve")
        id_ = clara.create("river_dam", SEATS, rounds=6)
        codes = clara.codes()
        ann, bob, oscar = (stack.enter_context(Person(running)) for _ in range(3))
        for person, seat in ((ann, "upland"), (bob, "lowland"), (oscar, "observer")):
            assert person.join(codes[seat], person.http.base_url.host + seat).status_code == 303
        clara.post("begin")
        school = School(running, id_, other, clara, ann, bob, oscar, eve)
        yield school
        while school.state.phase != "ended":
            answer = school.asked.decide("still here")
            assert answer is not None and answer.status_code == 303
        assert running.events(other)[-1].kind in s.CREATED + "token_issued"


@cache
def routes() -> list[BaseRoute]:
    """All that the server answers, as it is put together."""
    with TemporaryDirectory() as folder:
        app = create_app(Path(folder), "key")
        app.state.lobby.backroom.close()
        return app.routes


def addresses(method: str, id_: str, seat: str = "upland") -> list[str]:
    """Every address of the server that takes a method, of this session and seat; all actions one by one."""
    given = {"id": id_, "seat": seat, "of": "upland", "name": "events.csv", "code": "XXXXXXXX"}
    return [
        route.path.format(**given, action=action)
        for route in routes()
        if isinstance(route, Route) and method in (route.methods or ())
        for action in ((*ACTIONS, "revoke", "code") if "{action}" in route.path else ("",))
    ]


# ---- what is not one's own ---------------------------------------------------------------------------


def test_every_route_is_known_to_these_tests() -> None:
    """A new kind of address must be thought of below."""
    assert {type(each) for each in routes()} == {Route, WebSocketRoute, Mount}
    paths = {each.path for each in routes() if isinstance(each, Route | WebSocketRoute)}
    beginnings = ("/s/{id}/seat/{seat}/", "/s/{id}/facilitator/", "/host/", "/join/{code}")
    assert all(path == "/" or path.startswith(beginnings) for path in paths)
    assert len(paths) >= 30


def test_a_student_reaches_nothing_of_a_facilitator(school: School) -> None:
    csrf = school.ann.csrf()
    for id_ in (school.id, school.other):
        for method in ("GET", "POST"):
            paths = [each for each in addresses(method, id_, "") if "/facilitator/" in each]
            assert len(paths) >= 9
            with school.refusing(logged=len(paths)):
                for path in paths:
                    answer = school.send(
                        method, path, school.ann.token, {"csrf": csrf} if method == "POST" else None
                    )
                    assert answer.status_code == 403, path
                    assert "valid token" in answer.text, path


def test_nobody_reaches_another_seat_or_session(school: School) -> None:
    ann, clara = (school.ann.token, school.ann.csrf()), (school.clara.token, school.clara.csrf())
    others = [(ann, school.id, seat) for seat in ("lowland", "observer", "nobody", "facilitator", "*")]
    others += [(each, school.other, seat) for each in (ann, clara) for seat in (*SEATS, "observer")]
    others += [(clara, school.id, seat) for seat in (*SEATS, "observer")]
    for (token, csrf), id_, seat in others:
        for method in ("GET", "POST"):
            paths = [each for each in addresses(method, id_, seat) if "/seat/" in each]
            with school.refusing(logged=len(paths)):
                for path in paths:
                    answer = school.send(method, path, token, {"csrf": csrf} if method == "POST" else None)
                    assert answer.status_code == 403, path
    paths = [each for each in addresses("GET", school.other, "") if "/facilitator/" in each]
    with school.refusing(logged=len(paths)):
        assert {school.send("GET", path, school.clara.token).status_code for path in paths} == {403}
    gone = [each for each in addresses("GET", "nothing", "upland") if each.startswith("/s/")]
    assert {school.send("GET", path, school.ann.token).status_code for path in gone} == {404}


def test_a_socket_is_for_its_own_page_and_from_our_own_site(school: School) -> None:
    wrong = (
        (school.ann, school.bob.path, None),
        (school.ann, school.eve.path, None),
        (school.ann, school.clara.path, None),
        (school.ann, school.ann.path, "http://elsewhere.example"),
        (school.ann, school.ann.path, "null"),
        (school.ann, school.ann.path, school.running.url.replace("127.0.0.1", "localhost")),
        (school.clara, school.clara.path, "http://elsewhere.example"),
        (school.clara, school.bob.path, None),
    )
    with school.refusing(logged=len(wrong)):
        for person, path, origin in wrong:
            with pytest.raises(InvalidStatus) as refused, person.live(origin, path):
                pass
            assert refused.value.response.status_code == 403
    with school.ann.live() as live:
        assert json.loads(live.recv())["seq"] == school.state.seq


def test_values_of_forms_that_are_of_others_or_of_nothing_change_nothing(school: School) -> None:
    step = str(school.state.steps)
    asked = school.asked
    idle = school.bob if asked is school.ann else school.ann
    wrong: list[tuple[Person, str, dict[str, str], set[int]]] = [
        *(
            (school.ann, "message", {"to": to, "message": "x"}, {403})
            for to in ("observer", "upland", "us", "", "*")
        ),
        *(
            (asked, "decide", {"step": number, "option": "0"}, {409})
            for number in ("0", "-1", "9999", str(10**30))
        ),
        (idle, "decide", {"step": step, "option": "0"}, {403}),
        (school.oscar, "decide", {"step": step, "option": "0"}, {403}),
        (school.oscar, "say", {"statement": "x"}, {403}),
        (school.oscar, "message", {"to": "upland", "message": "x"}, {403}),
        *(
            (school.clara, "hand", {"seat": seat, "to": "simulation"}, {400})
            for seat in ("us", "observer", "", "*")
        ),
        (school.clara, "hand", {"seat": "upland", "to": "eve"}, {400}),
        *((school.clara, "inject", {"to": to, "text": "x"}, {400}) for to in ("us", "facilitator", "*")),
        *((school.clara, "declassify", {"seat": to, "sure": "on"}, {400}) for to in ("us", "observer", "*")),
        (school.clara, "code", {"seat": "us"}, {404}),
        *((school.clara, "revoke", {"number": number}, {409}) for number in ("1", "0", "-1", "9999")),
        *((school.clara, "advance", {"step": number}, {409}) for number in ("0", "-1", "9999")),
        *((school.clara, action, {"number": "0"}, {400, 409}) for action in ("release", "hold")),
        *((school.clara, "rewind", {"round": number, "sure": "on"}, {400}) for number in ("0", "-1", "7")),
        *(
            (school.clara, "extend", {"seconds": number}, {400})
            for number in ("0", "-60", "3601", str(10**30))
        ),
        *((school.clara, "fork", {"decision": number, "to": "0"}, {404}) for number in ("0", "1", "9999")),
    ]
    with school.refusing(logged=sum(403 in statuses for *_, statuses in wrong)):
        for person, action, fields, statuses in wrong:
            assert person.post(action, fields).status_code in statuses, (action, fields)
        for name in (
            "briefing/us", "briefing/nobody", "qr/us.svg", "replay/?event=9999", "replay/?event=0", "replay/?round=99",
            "replay/?event=NaN", f"replay/?event={'9' * 5000}", "replay/?round=1&step=99", "export/events.db",
            "export/instructor.key", "fork?decision=1", "fork?decision=9999&to=1", "fork.svg?decision=1",
            "debrief/no.svg",
        ):  # fmt: skip
            assert school.clara.get(name).status_code == 404, name
        assert (
            school.clara.post("/host/enter", {"id": "nothing", "name": "Clara"}, "/host/").status_code == 404
        )


# ---- what is no form of ours -------------------------------------------------------------------------


def test_every_form_needs_its_own_sign_and_our_own_origin(school: School) -> None:
    code = school.clara.codes()["upland"]
    stranger = Person(school.running)
    holders = {"/s/": None, "/host/": school.clara, "": stranger}
    foreign = school.eve.csrf()
    with stranger:
        stranger.get("/")
        for path in (*addresses("POST", school.id, "upland"), f"/join/{code}"):
            if path == "/join/XXXXXXXX":
                continue
            person = holders[next(each for each in holders if path.startswith(each))]
            if person is None:
                person = school.clara if "/facilitator/" in path else school.ann
            page = person.path if path.startswith("/s/") else "/host/" if path.startswith("/host/") else "/"
            csrf, cookie = person.csrf(page), person.cookie(page)
            wrong = [
                ({}, {}),
                ({"csrf": ""}, {}),
                ({"csrf": csrf[:-1]}, {}),
                ({"csrf": foreign}, {}),
                ({"csrf": csrf}, {"Origin": "http://elsewhere.example"}),
                ({"csrf": csrf}, {"Origin": "null"}),
                ({"csrf": csrf}, {"Cookie": "x=y"}),
            ]
            with school.refusing(logged=len(wrong)):
                for fields, headers in wrong:
                    answer = school.send(
                        "POST", path, "", {"step": "1", **fields}, **{"Cookie": cookie, **headers}
                    )
                    assert answer.status_code == 403, (path, fields, headers)
    assert code not in school.running.log()


def test_who_was_removed_or_has_left_can_do_nothing(school: School) -> None:
    with Person(school.running) as mallory, Person(school.running) as trudy:
        for person in (mallory, trudy):
            person.join(school.clara.codes()["upland"], "Mallory")
        csrfs = {mallory.token: mallory.csrf(), trudy.token: trudy.csrf()}
        number = max(school.state.people)
        with trudy.live() as live:
            live.recv()
            school.clara.post("revoke", {"number": str(number)})
            with pytest.raises(ConnectionClosed) as closed:
                for _ in range(3):
                    live.recv(timeout=10)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 4403
        token = mallory.token
        assert mallory.post("leave").status_code == 303
        assert not mallory.token
        for token, csrf in csrfs.items():
            for method in ("GET", "POST"):
                paths = [each for each in addresses(method, school.id, "upland") if "/seat/" in each]
                with school.refusing(logged=len(paths)):
                    for path in paths:
                        fields = {"csrf": csrf} if method == "POST" else None
                        assert school.send(method, path, token, fields).status_code == 403, path
        with pytest.raises(InvalidStatus), trudy.live():
            pass
        assert school.ann.get().status_code == 200


# ---- at the same instant -----------------------------------------------------------------------------


def at_once(*what: Callable[[], httpx2.Response]) -> list[httpx2.Response]:
    """All of this at the same instant, each in a thread of its own."""
    barrier = Barrier(len(what))

    def act(each: Callable[[], httpx2.Response]) -> httpx2.Response:
        barrier.wait()
        return each()

    with ThreadPoolExecutor(len(what)) as pool:
        return list(pool.map(act, what))


def test_of_two_facilitators_who_press_advance_one_advances_and_the_other_learns_who(school: School) -> None:
    with Instructor(school.running) as diana:
        diana.enter(school.id, "Diana")
        step = str(school.state.steps)
        signs = {person: person.csrf() for person in (school.clara, diana)}

        def advance(person: Instructor) -> httpx2.Response:
            return person.http.post(person.path + "advance", data={"csrf": signs[person], "step": step})

        answers = at_once(lambda: advance(school.clara), lambda: advance(diana))
        closed = [each for each in school.running.events(school.id) if each.kind == s.CLOSED]
        assert [each.data["step"] for each in closed].count(int(step)) == 1
        first, second = sorted(answers, key=lambda answer: answer.status_code)
        assert (first.status_code, second.status_code) == (303, 409)
        winner = "Clara" if answers[0] is first else "Diana"
        assert f"closed already by {winner}" in second.text
        assert school.state.people[int(closed[-1].by.rpartition(":")[2])] == winner


def test_of_twenty_identical_submits_one_counts_and_nineteen_are_told(school: School) -> None:
    person = school.asked
    fields = {"csrf": person.csrf(), **person.asked(), "why": "once"}
    answers = at_once(*[lambda: person.http.post(person.path + "decide", data=fields)] * 20)
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [303] + [409] * 19
    for answer in answers:
        assert answer.status_code == 303 or "has decided already" in answer.text or "Too late" in answer.text
    decided = [each for each in school.running.events(school.id) if each.kind == s.DECIDED]
    assert [each.data["step"] for each in decided].count(int(fields["step"])) == 1


def test_a_submit_around_the_deadline_is_accepted_or_told_that_it_is_late(running: Server) -> None:
    with Instructor(running) as clara, Person(running) as ann:
        session = clara.create("river_dam", ("upland",), rounds=6, seconds=1)
        ann.join(clara.codes()["upland"], "Ann")
        clara.post("begin")
        csrf = ann.csrf()
        told = {}
        for offset in (-0.1, -0.05, -0.02, 0.0, 0.05):
            state = running.until(session, lambda state: state.phase == "open")
            assert state.step is not None
            fields = ann.asked()
            if not fields:
                continue  # the time was over before the page came
            time.sleep(max(0.0, state.step.deadline + offset - time.time()))
            answer = ann.http.post(ann.path + "decide", data={"csrf": csrf, **fields})
            told[int(fields["step"])] = answer
        assert len(told) >= 3
        events = running.events(session)
        deadlines = {each.data["number"]: each.data["deadline"] for each in events if each.kind == s.OPENED}
        kept = {each.data["step"]: each.at for each in events if each.kind == s.DECIDED}
        for step, answer in told.items():
            assert answer.status_code in (303, 409)
            assert (answer.status_code == 303) == (step in kept), step
            assert step in kept or "Too late" in answer.text
            assert step not in kept or kept[step] <= deadlines[step]


# ---- what is made to break things --------------------------------------------------------------------


MARK = "zqx"
HOSTILE = (
    f"<script>{MARK}()</script>",
    f"<img src=x onerror={MARK}()>",
    f"<svg onload={MARK}()><title>{MARK}</title></svg>",
    f'" onmouseover="{MARK}()" style="color:red',
    f"' autofocus onfocus='{MARK}()",
    f"</textarea></title></bdi><iframe src=javascript:{MARK}()>",
    f"{{{{ {MARK}.__class__ }}}} {{% raw %}} ${{{MARK}}} <!-- {MARK}",
    f'=HYPERLINK("http://elsewhere.example","{MARK}")',
    f"{MARK} \u05d0\u0628 😀 e\u0301",
)
"""Texts that are kept as they are, and must be inert wherever they are shown."""
INVISIBLE = ("a\u202eb", "a\u2066b", "a\x00b", "a\x1bb", "\ufeffab", "a\ud800b", "a\u200bb", "a\x85b")
"""Texts with characters that are not seen, or turn what stands around them."""
SOURCES = {"script": ("/static/",), "img": ("/s/", "data:image/svg+xml;base64,")}
"""Where scripts and pictures come from."""
SHOWN_IN = {"bdi", "textarea", "title", "option"}


class Inert(HTMLParser):
    """Reads a page and fails where a text of a person has become anything but text that is kept apart."""

    VOID = frozenset({"meta", "link", "input", "img", "br", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("iframe", "object", "embed", "base")
        if tag in ("script", "img"):
            assert (dict(attrs).get("src") or "").startswith(SOURCES[tag]), attrs
        for name, value in attrs:
            assert not name.startswith("on") and name not in ("style", "srcdoc"), (tag, name)
            assert not (value or "").lower().startswith("javascript:")
            assert MARK not in (value or "") or (tag, name) == ("input", "value"), (tag, name, value)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if MARK in data:
            self.seen += 1
            assert SHOWN_IN.intersection(self.open), (self.open, data)


def inert(page: str) -> int:
    """How often a page shows what was planted; fails if it is not inert."""
    reader = Inert()
    reader.feed(page)
    return reader.seen


def test_what_people_write_is_inert_on_every_page(running: Server) -> None:
    """Names, title, objectives, news, reasons, statements, messages, sentences, on all pages of all."""
    with ExitStack() as stack:
        clara = stack.enter_context(Instructor(running))
        session = clara.create(
            "river_dam", SEATS, HOSTILE[0], rounds=1, title=HOSTILE[1], objectives="\n".join(HOSTILE[:8]),
            **{"inject.0.round": 1, "inject.0.text": HOSTILE[2]},
        )  # fmt: skip
        people = {}
        for (seat, code), name in zip(clara.codes().items(), HOSTILE[3:6], strict=True):
            people[seat] = stack.enter_context(Person(running))
            answer = people[seat].join(code, name[:40])
            assert answer.status_code == 303 and "onmouseover" not in str(answer.headers)
        assert inert(clara.get(f"/join/{clara.codes()['upland']}").text) >= 2
        clara.post("begin")
        texts = iter(HOSTILE * 2)
        while (state := running.settled(session)).phase != "ended":
            if state.steps == 2:
                assert clara.post("pause", {"reason": HOSTILE[0]}).status_code == 303
                assert all(inert(each.get().text) for each in (clara, *people.values()))
                clara.post("resume")
                refused = people["upland"].post("say", {"statement": f"{HOSTILE[5]}\x00"})
                assert refused.status_code == 400 and inert(refused.text)
            for seat in state.waiting_for:
                answer = people[seat].decide(next(texts))
                assert answer is not None and answer.status_code == 303
            if state.steps == 1:
                for text in HOSTILE:
                    assert people["upland"].post("say", {"statement": text}).status_code == 303
                    assert (
                        people["lowland"].post("message", {"to": "upland", "message": text}).status_code
                        == 303
                    )
                    assert clara.post("inject", {"text": text}).status_code == 303
        clara.post("declassify", {"seat": "", "sure": "on"})
        for person in (clara, *people.values()):
            for name in ("", "debrief/", "replay/", "export/report.html"):
                assert inert(person.get(name).text) >= 1, name
            last = running.events(session)[-1].seq
            for part in person.get("parts").json()["parts"].values():
                inert(part)
            assert inert(person.get(f"replay/?event={last}").text) >= 10
        assert inert(clara.get("/host/").text) >= 2 and inert(clara.get("projector").text) >= 1


def test_rows_of_events_are_the_events_and_formulas_are_neutralised(school: School) -> None:
    formula = '=cmd|" /C calc"!A0'
    answer = school.asked.decide(formula)
    assert answer is not None and answer.status_code == 303
    _ = school.state
    events = [each for each in school.running.events(school.id) if each.kind not in IDENTITY]
    text = school.clara.get("export/events.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [
        (int(row["seq"]), row["kind"], row["by"], json.loads(row["data"])) for row in rows[: len(events)]
    ] == [(event.seq, event.kind, event.by, json.loads(json.dumps(event.data))) for event in events]
    decisions = school.clara.get("export/decisions.csv").content.decode("utf-8-sig")
    whys = [row["why"] for row in csv.DictReader(io.StringIO(decisions, newline=""))]
    assert f"'{formula}" in whys and not any(why.startswith(("=", "+", "-", "@")) for why in whys)


def test_texts_with_characters_that_are_not_seen_are_refused(school: School) -> None:
    asked, code = school.asked, school.clara.codes()["observer"]
    fields = asked.asked()
    with school.refusing(logged=0), Person(school.running) as stranger:
        for text in INVISIBLE:
            spelled = "".join(f"%{byte:02x}" for byte in text.encode(errors="surrogatepass"))
            for person, action, field, more in (
                (school.ann, "say", "statement", {}),
                (school.ann, "message", "message", {"to": "lowland"}),
                (asked, "decide", "why", fields),
                (school.clara, "inject", "text", {}),
                (school.clara, "pause", "reason", {}),
                (stranger, f"/join/{code}", "name", {"nonce": "n" * 20}),
            ):
                page = action if action.startswith("/") else person.path
                body = httpx2.QueryParams({"csrf": person.csrf(page), **more})
                answer = person.http.post(
                    page if page == action else page + action,
                    content=f"{body}&{field}={spelled}",
                    headers={"Content-Type": "application/x-www-form-urlencoded"},
                )
                assert answer.status_code == 400, (text, action)
        for name in ("", " ", "x" * 41):
            assert stranger.join(code, name).status_code == 400


def test_a_name_cannot_write_a_header(school: School) -> None:
    with Person(school.running) as stranger:
        answer = stranger.join(school.clara.codes()["observer"], "Ann\r\nSet-Cookie: token=evil")
        assert answer.status_code == 303
        assert not any("evil" in each for each in answer.headers.get_list("set-cookie"))
        assert stranger.post("leave").status_code == 303


def test_numbers_that_are_none_change_nothing(school: School) -> None:
    asked = school.asked
    step = asked.asked()["step"]
    with school.refusing(logged=0):
        for number in NUMBERS:
            package = {"step": step, "do": "propose", "level.filling": number}
            forms = [
                (asked, "decide", {"step": step, "option": number}),
                (asked, "decide", package),
                (asked, "weigh", package),
                (school.clara, "rewind", {"round": number, "sure": "on"}),
            ]
            if number not in WHOLE:
                forms.append((asked, "decide", {"step": number, "option": "0"}))
                forms.append((school.clara, "extend", {"seconds": number}))
            for person, action, fields in forms:
                assert person.post(action, fields).status_code == 400, (action, fields)
            for action in ("advance", "revoke", "release", "hold"):
                fields = {"step": number, "number": number}
                assert school.clara.post(action, fields).status_code in (400, 409), (action, fields)
    assert asked.asked()["step"] == step


def test_settings_that_are_none_open_no_session(school: School) -> None:
    sessions = sorted(school.running.folder.glob("*/"))
    settings = {"scenario": "river_dam", "title": "x", "rounds": "2", "seconds": "60", "seed": "1"}
    settings |= {"seat.upland": "on", "parameters": "values", "inject.0.text": "x", "inject.0.round": "1"}
    wrong = {field: list(NUMBERS) for field in ("rounds", "seconds", "parameters", "inject.0.round")}
    wrong["seconds"].remove("99")
    wrong |= {
        "seed": ["-1", "NaN", str(2**64)],
        "inject.0.to": ["lowland", "us"],
        "title": ["", "a\x00", "x" * 81],
    }
    for field, values in wrong.items():
        for value in values:
            answer = school.clara.post("/host/new", settings | {field: value}, "/host/")
            assert answer.status_code == 400, (field, value)
    assert school.clara.post("/host/new", settings | {"scenario": "../x"}, "/host/").status_code == 404
    assert sorted(school.running.folder.glob("*/")) == sessions


def raw(running: Server, request: bytes, frames: bytes | None = None) -> bytes:
    """The answer to bytes as they are; `frames` are sent once there is one, and the line is closed then."""
    port = int(running.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        said = b""
        with suppress(ConnectionError):
            line.sendall(request)
        if frames is not None:
            said = line.recv(65536)
            line.sendall(frames)
            line.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while chunk := line.recv(65536):
                said += chunk
        return said


def status(answer: bytes) -> int:
    found = re.match(rb"HTTP/1.1 (\d{3})", answer)
    assert found, answer[:200]
    return int(found[1])


PATHS = (
    "/s/../../etc/passwd", "/s/..%2f..%2finstructor.key/facilitator/", "/s/%2e%2e/facilitator/", "/s/.//facilitator/",
    "/s/{id}%00/facilitator/", "/s/{id}%2f..%2f{id}/facilitator/", "/s/%ff%fe/facilitator/",
    "/s/%ed%a0%80/seat/upland/",
    "/s/{id}/seat/..%2ffacilitator/", "/s/{id}/seat/%zz/", "/s/{id}/seat/upland%0d%0aX-Evil:%201/", "/s/{id}/seat//",
    "/s/{id}/seat/upland/export/..%2f..%2fevents.db", "/s/{id}/seat/upland/export/%2e%2e%2fserver.secret",
    "/s/{id}/seat/upland/debrief/..%2f..%2f.svg", "/s/{id}/facilitator/qr/..%2f..%2fx.svg", "/static/../app.py",
    "/static/..%2f..%2fsecurity.py", "/static/%2e%2e/%2e%2e/lobby.py", "/static//etc/passwd", "/static/%00", "/static/",
    "/join/%2e%2e", "/%", "/%%%", "/?%", "/" + "x" * 60_000, "/s/" + "x" * 5_000 + "/seat/upland/", "//evil.example/",
    "http://evil.example/", "*", "/host/../server.secret", "/server.secret", "/instructor.key",
)  # fmt: skip
"""Addresses that lead nowhere."""


@pytest.mark.parametrize("who", ["nobody", "ann", "clara"])
def test_addresses_that_lead_nowhere(school: School, who: str) -> None:
    token = {"nobody": "", "ann": school.ann.token, "clara": school.clara.token}[who]
    for path in PATHS:
        line = f"GET {path.replace('{id}', school.id)} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        answer = raw(school.running, f"{line}Cookie: token={token}\r\n\r\n".encode())
        code = status(answer)
        shown = path[:80]
        assert 400 <= code < 500 or (code, path) == (200, "/?%") or code in (307, 404), (shown, code)
        assert b"X-Evil" not in answer.partition(b"\r\n\r\n")[0], shown
        for secret in (school.running.key, "root:", "negotiation_sim"):
            assert secret.encode() not in answer, shown


LENGTHS = (
    "Content-Length: -1",
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: x",
    "Content-Length: 9999999999999999999999999999999",
    "Transfer-Encoding: gzip",
)
"""Headers that say wrongly how long a body is."""
COOKIES = ("token=\xff\xfe", 'token="\\777\\000"', "token=" + "x" * 30_000, "token", "token=;token=", "=;;=")


def test_bodies_that_are_no_form(school: School) -> None:
    ann, csrf = school.ann, school.ann.csrf()
    head = f"POST {ann.path}say HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: token={ann.token}\r\n"
    ours = "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
    start = f"csrf={csrf}&statement=".encode()

    def sent(body: bytes, headers: str = ours) -> int:
        length = f"Content-Length: {len(body)}\r\n\r\n"
        return status(raw(school.running, f"{head}{headers}{length}".encode() + body))

    def chunked(body: bytes) -> bytes:
        pieces = [body[at : at + 9000] for at in range(0, len(body), 9000)]
        return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"

    with school.refusing(logged=1 + len(COOKIES)):
        large = start + b"x" * 2**20
        whole = f"{head}{ours}Transfer-Encoding: chunked\r\n\r\n".encode() + chunked(large)
        assert sent(large) == status(raw(school.running, whole)) == 413
        for body, expected in (
            (start, 400),  # says nothing
            (start + b"%ff", 400),
            (start + b"%ed%a0%80", 400),
            (start + "ä".encode(), 400),
            (start + b"x" * 601, 400),
            (b"&".join([start + b"x"] * 150), 400),
            (b"{}", 403),  # no sign
        ):
            assert sent(body) == expected, body[:90]
        for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", "", "a/b\x0b"):
            body = json.dumps({"csrf": csrf, "statement": "x"}).encode()
            assert sent(body, f"Content-Type: {kind}\r\nConnection: close\r\n") in (400, 415), kind
        for header in LENGTHS:
            answer = raw(school.running, f"{head}{ours}{header}\r\n\r\n".encode() + start + b"x")
            assert 400 <= status(answer) < 500, header
        for cookie in COOKIES:
            line = f"GET {ann.path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n"
            assert status(raw(school.running, line.encode("latin-1"))) == 403, cookie[:20]


FRAMES = (
    b"\xff" * 200,  # reserved bits and an unknown kind
    b"\x81\x05hello",  # not masked
    b"\x83\x80abcd",  # a kind that there is not
    b"\x80\x80abcd",  # goes on with nothing
    b"\x89\xfe\x10\x00abcd",  # a ping too long
    b"\x81\xff" + b"\xff" * 12,  # longer than can be
    b"\x81\x85abcd",  # breaks off
    b"",
)
"""Frames that are none."""


def test_sockets_that_say_what_no_page_says(school: School) -> None:
    """A page has nothing to say there: whatever comes ends the socket, and only that one."""
    ann = school.ann
    upgrade = (
        f"GET {ann.path}live HTTP/1.1\r\nHost: {urlsplit(school.running.url).netloc}\r\nCookie: token={ann.token}\r\n"
        f"Origin: {school.running.url}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    ).encode()
    with school.refusing(logged=0), ann.live() as bystander:
        bystander.recv()
        for said in ("hello", "", '{"seq": NaN}', "x" * 70_000, b"\x00\xff", b"x" * 2_000_000):
            with ann.live() as live:
                live.recv()
                with pytest.raises(ConnectionClosed):
                    live.send(said)
                    live.recv(timeout=20)
        for frames in FRAMES:
            answer = raw(school.running, upgrade + b"\r\n", frames)
            assert answer.startswith(b"HTTP/1.1 101") and b"keepalive" not in answer, frames
        for wrong in (b"Sec-WebSocket-Key: x\r\n\r\n", b"Sec-WebSocket-Version: 99\r\n\r\n"):
            assert 400 <= status(raw(school.running, upgrade + b"Connection: close\r\n" + wrong)) < 500
        with pytest.raises(TimeoutError):
            bystander.recv(timeout=0)
    assert ann.post("say", {"statement": "Still here."}).status_code == 303


def test_fields_that_come_twice_or_that_nobody_asked_for(school: School) -> None:
    """The last of a field counts; what is not asked for is not looked at, above all whose decision it is."""
    person, seat = school.asked, school.state.waiting_for[0]
    other = next(each for each in SEATS if each != seat)
    fields = person.asked()
    extra = {"seat": other, "by": f"seat:{other}:1", "moves": "[]", "level.nothing": "9", "__proto__": "x"}
    body = httpx2.QueryParams(
        [("step", "9999"), ("why", "first"), *{**fields, **extra}.items(), ("why", "last")]
    )
    answer = person.http.post(
        person.path + "decide",
        content=f"{body}&csrf=wrong&csrf={person.csrf()}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 303
    decided = [each for each in school.running.events(school.id) if each.kind == s.DECIDED][-1]
    assert (decided.data["seat"], decided.data["why"]) == (seat, "last")
    assert set(decided.data) == {"step", "seat", "choice", "moves", "why"}


def test_a_scenario_with_mistakes_is_told_to_the_instructor(school: School) -> None:
    folder = school.running.folder / "scenarios"
    folder.mkdir(exist_ok=True)
    for text in (
        "title: Half\nactors: {}\n",
        "- no\n- scenario\n",
        "a: [",
        "\x00",
        "title: !!python/object:os.system {}\n",
    ):
        (folder / "half.yaml").write_text(text, encoding="utf-8")
        answer = school.clara.get("/host/new?scenario=scenarios/half.yaml")
        assert answer.status_code == 400 and "half.yaml" in answer.text, text
    for name in ("../server.secret", "scenarios/../x.yaml", "/etc/passwd", "scenarios/half.yaml\x00"):
        assert school.clara.http.get("/host/new", params={"scenario": name}).status_code == 404
