"""What is private of a seat reaches nobody else: everything that others are sent by the real server is searched, byte
by byte, for what was planted in each seat.

A scenario is written for it: a reason of a red line that names its seat, and stakes a thousand times as large (with
decisions as precise as before), so that every number of points that a seat is shown has five digits or more and is
found wherever it turns up. The first meeting is the one in which all four sit.
"""

import base64
import hashlib
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
import yaml
from class_server import PATIENCE, Instructor, Person, Server, server

from negotiation_sim.classroom import reckoning
from negotiation_sim.classroom import session as s
from negotiation_sim.classroom.disclosure import OBSERVER
from negotiation_sim.classroom.identity import CODE_ISSUED, TOKEN_ISSUED, spelled
from negotiation_sim.classroom.questions import Table
from negotiation_sim.classroom.room import BASELINE, LOG, SCENARIO
from negotiation_sim.classroom.session import SessionState
from negotiation_sim.classroom.views import FACILITATOR
from negotiation_sim.scenario.loading import scenario_files

SEATS = ("russia", "us", "ukraine", "nato")
EXPORTS = ("events.csv", "session.json", "rounds.csv", "decisions.csv", "report.html")
TO = {"russia": "us", "us": "ukraine", "ukraine": "nato", "nato": "russia"}
"""Who writes to whom, once."""
PLANNED = (
    {"round": 1, "text": "plantednews0"},
    {"round": 2, "text": "plantednews1"},
    {"round": 2, "text": "plantednews2", "to": "lowland"},
)
"""News that an instructor prepares."""
PACKAGE = {"do": "propose", "level.missiles": "3", "level.ru_forces": "1"}
DIGITS = 10
"""Characters of a number as it was drawn that are searched for."""
TIMES = 1000.0
IN_UTILITY = re.compile(
    r"weights\.|reservation$|price$|reciprocity|coercion|audience\.cost|prize$|attack\.(cost|sanctions)"
)
PRECISE = re.compile(r"_precision$")
LOUD = re.compile(rb"(?<![\w.])\d{5,}(?!\w)")
"""Numbers of five digits or more that stand by themselves."""
TAGS = re.compile(r"<style.*?</style>|<[^>]*>", re.DOTALL)
"""What is not text of a page."""


def reason(seat: str) -> str:
    """Why a red line of a seat is where it is, as its briefing says."""
    return f"planted{seat}reason"


def message(seat: str) -> str:
    """What a seat writes to another."""
    return f"planted{seat}message"


def loud_scenario() -> dict[str, Any]:
    """January 2022 with stakes that can be recognised, and a reason of a red line that names its seat."""
    scenario = yaml.safe_load(scenario_files()["january_2022"].read_text(encoding="utf-8"))
    clusters = scenario["alliance"]["clusters"]

    def scale(node: Any, path: str) -> None:
        for key, each in node.items():
            here = f"{path}.{key}"
            if not isinstance(each, dict):
                continue
            if "value" in each:
                factor = TIMES if IN_UTILITY.search(here) else 1 / TIMES if PRECISE.search(here) else 1.0
                each["value"] *= factor
                each["range"] = [bound * factor for bound in each["range"]]
            else:
                scale(each, here)

    for part in (*scenario["actors"].values(), *clusters.values()):
        scale(part, "")
    lines = {
        "russia": scenario["actors"]["russia"]["red_lines"]["ru_forces"]["high"],
        "us": scenario["actors"]["us"]["red_lines"]["posture"]["high"],
        "ukraine": scenario["actors"]["ukraine"]["red_lines"]["ua_coop"]["high"],
        "nato": clusters["eastern"]["red_lines"]["ua_coop"]["high"],
    }
    for seat, line in lines.items():
        line.pop("evidence", None)
        line["assumption"] = reason(seat)
    for line in (
        lines["ukraine"],
        lines["nato"],
    ):  # so that some cooperation can be given up, and both are asked
        line |= {"value": 1.9, "range": [1.9, 1.9]}
    del scenario["actors"]["russia"]["undecided"]  # its seat knows its type from the first round
    dates = [each["date"] for each in scenario["calendar"]["sessions"]]
    forums = ("vienna", "brussels", "geneva")
    scenario["calendar"]["sessions"] = [
        {"forum": forum, "date": date} for forum, date in zip(forums, dates, strict=True)
    ]
    return scenario | {"name": "loud", "title": "Loud"}


def opened(body: bytes) -> bytes:
    """A body, and what it carries inside: pictures in base64, text behind escapes of HTML and JSON."""
    inside = [base64.b64decode(each) for each in re.findall(rb"base64,([A-Za-z0-9+/=]+)", body)]
    text = body.decode("utf-8", errors="replace")
    unescaped = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text).replace('\\"', '"')
    return b"\n".join([body, *inside, *({unescape(unescaped).encode()} - {body})])


class Watched(Person):
    """A person of whom everything is kept that the server ever sent: headers, bodies, frames."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.heard: list[bytes] = []
        self.http.event_hooks = {"response": [self.hear]}
        self.open = ExitStack()

    def hear(self, response: httpx2.Response) -> None:
        """Keep a response; what is compressed is kept as a browser reads it."""
        response.read()
        # How long an answer is may be any number, that of a secret too.
        headers = [header for header in response.headers.raw if header[0].lower() != b"content-length"]
        self.heard += [b": ".join(header) for header in headers]
        self.heard.append(opened(response.content))

    def listen(self) -> None:
        """Open the socket of its page, and keep what is heard there."""
        self.socket = self.open.enter_context(self.live())
        assert self.socket.response is not None
        self.heard.append(str(self.socket.response.headers).encode())

    def drain(self) -> None:
        """Keep what the socket has been told."""
        while True:
            try:
                self.heard.append(self.socket.recv(timeout=0, decode=False))
            except TimeoutError:
                return

    def close(self) -> None:
        """Let socket and connections go."""
        self.open.close()
        super().close()

    def look_around(self) -> None:
        """Ask for what changes while a session is played."""
        for name in ("", "parts"):
            assert self.get(name).status_code == 200, name
        self.drain()

    def look_back(self, *also: str) -> None:
        """Ask for everything that there is when the session is over; of the replay, for its rounds and its end."""
        last = self.server.events(self.session)[-1].seq
        names = ["", "parts", "debrief/", *(f"export/{each}" for each in EXPORTS), *also]
        names += [f"debrief/{each}.svg" for each in ("landing", "odds", "beliefs")]
        names += [f"replay/{each}" for each in ("", "?round=1", "?round=2", f"?event={last}")]
        for name in names:
            assert self.get(name).status_code == 200, name
        self.drain()

    def everything(self) -> bytes:
        """All that was sent since the last time, in one."""
        told, self.heard = b"\n".join(self.heard), []
        return told


class WatchedInstructor(Watched, Instructor):
    """An instructor of whom the same is kept, from when the key has been shown."""


class Played(NamedTuple):
    """A session that has been played: who sat where, what is private of each seat, and what everybody was sent.

    `said` are sentences of a seat's, `loud` numbers that it was shown, `drawn` its numbers as they were drawn.
    """

    running: Server
    session: str
    clara: WatchedInstructor
    people: Mapping[str, Watched]
    said: Mapping[str, set[bytes]]
    loud: Mapping[str, set[bytes]]
    drawn: Mapping[str, set[bytes]]
    sent: Mapping[str, bytes]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("class")
    (folder / "scenarios").mkdir()
    text = yaml.safe_dump(loud_scenario(), sort_keys=False)
    (folder / "scenarios" / "loud.yaml").write_text(text, encoding="utf-8")
    with server(folder) as started:
        yield started


@pytest.fixture(scope="module")
def played(running: Server) -> Iterator[Played]:
    """Two rounds with people in all seats, who look at everything there is; nothing is declassified yet."""
    with ExitStack() as stack:
        clara = stack.enter_context(WatchedInstructor(running))
        session = clara.create(
            "scenarios/loud.yaml",
            SEATS,
            parameters="ranges",
            seed="7",
            public_offers=False,
            **{"inject.0.round": 1, "inject.0.to": "nato", "inject.0.text": "plantednewsnato"},
            **{"inject.1.round": 1, "inject.1.text": "plantednewsall"},
        )
        people = {}
        for seat, code in clara.codes().items():
            people[seat] = stack.enter_context(Watched(running))
            assert people[seat].join(code, f"Person of {seat}").status_code == 303
        for person in (clara, *people.values()):
            person.listen()
        said, loud = play(clara, people)
        end = time.monotonic() + PATIENCE
        while not (running.folder / session / BASELINE).exists() or 2 not in running.state(session).odds:
            assert time.monotonic() < end
            time.sleep(0.1)
        for person in people.values():
            person.look_back("briefing")
        clara.look_back("export/scenario.yaml", "projector", *(f"briefing/{seat}" for seat in SEATS))
        sent = {viewer: person.everything() for viewer, person in people.items()}
        sent[FACILITATOR] = clara.everything()
        drawn = drawn_numbers(running.folder / session, running.state(session))
        yield Played(running, session, clara, people, said, loud, drawn, sent)


def play(
    clara: Watched, people: Mapping[str, Watched]
) -> tuple[dict[str, set[bytes]], dict[str, set[bytes]]]:
    """Play to the end; gives what every seat has said, or been told, for itself alone, and the numbers it was shown."""
    running, session = clara.server, clara.session
    said = {seat: {reason(seat).encode()} for seat in SEATS}
    loud: dict[str, set[bytes]] = {seat: set() for seat in SEATS}

    def note(seat: str, answer: httpx2.Response) -> httpx2.Response:
        assert answer.status_code == 200, answer.text
        loud[seat] |= set(LOUD.findall(TAGS.sub(" ", answer.text).encode()))
        return answer

    for seat in SEATS:
        note(seat, people[seat].get("briefing"))
    clara.post("begin")
    while (state := running.settled(session)).phase != "ended":
        assert state.step is not None
        for seat in state.waiting_for:
            person, why = people[seat], f"planted{seat}why{state.step.number}"
            fields = person.asked(note(seat, person.get()))
            if "do" in fields:
                fields |= PACKAGE | {"level.ua_coop": "1" if seat == "russia" else "0"}
                note(seat, person.post("weigh", fields))
            assert person.post("decide", {**fields, "why": why}).status_code == 303
            said[seat].add(why.encode())
        if state.step.number == 2:
            for seat, to in TO.items():
                assert people[seat].post("message", {"to": to, "message": message(seat)}).status_code == 303
            assert clara.post("inject", {"to": "russia", "text": "plantednewsrussia"}).status_code == 303
            for person in people.values():  # it is too early for these
                for name in ("debrief/", "replay/", "export/session.json"):
                    assert person.get(name).status_code == 409
        for person in (clara, *people.values()):
            person.look_around()
    return said, loud


def drawn_numbers(folder: Path, state: SessionState) -> dict[str, set[bytes]]:
    """The private numbers of every seat as they were drawn, as utilities and as points: their first digits."""
    draws = reckoning.deal(Table(folder / SCENARIO, state.set)).draws
    owned = {seat: f"actors.{seat}." for seat in SEATS} | {"nato": "alliance.clusters."}
    return {
        seat: {
            repr(abs(float(each)))[:DIGITS].encode()
            for path, value in draws.items()
            if path.startswith(prefix) and not path.endswith(".prior")
            for each in (value, value * 100)
            if len(repr(abs(float(each)))) >= DIGITS
        }
        for seat, prefix in owned.items()
    }


@cache
def numbers(sent: bytes) -> set[bytes]:
    """Whole numbers that stand by themselves, and the first digits of all others."""
    return {*LOUD.findall(sent), *(each[:DIGITS] for each in re.findall(rb"\d+\.\d+", sent))}


def found(private: Iterable[bytes], sent: bytes) -> set[bytes]:
    """What of it was sent."""
    return {each for each in private if (each in numbers(sent) if each[:1].isdigit() else each in sent)}


def test_every_seat_has_something_private_and_sees_it(played: Played) -> None:
    """What is searched for below is there to be found."""
    for seat in SEATS:
        assert len(played.said[seat]) >= 2 and len(played.loud[seat]) >= 10, seat
        assert len(played.drawn[seat]) >= 10, seat
        mine = played.said[seat] | played.loud[seat]
        assert found(mine, played.sent[seat]) == mine, seat
    assert all(played.loud[a].isdisjoint(played.loud[b]) for a in SEATS for b in SEATS if a < b)


def test_nothing_private_of_a_seat_is_sent_to_anybody_else(played: Played) -> None:
    for viewer in (*SEATS, OBSERVER):
        for seat in SEATS:
            private = played.said[seat] | played.loud[seat] | played.drawn[seat]
            assert viewer == seat or not found(private, played.sent[viewer]), (viewer, seat)


def test_the_type_of_the_challenger_is_told_to_its_seat_alone(played: Played) -> None:
    own = re.search(rb"Your type, which nobody else knows: ([\w-]+)", played.sent["russia"])
    assert own is not None
    assert b"Played in truth: " + own[1] in played.sent[FACILITATOR]
    for viewer in ("us", "ukraine", "nato", OBSERVER):
        assert b"Your type" not in played.sent[viewer] and b"Played in truth" not in played.sent[viewer]


def test_a_facilitator_sees_what_is_private_of_all_seats(played: Played) -> None:
    for seat in SEATS:
        assert found(played.said[seat], played.sent[FACILITATOR]) == played.said[seat], seat
        assert found([message(seat).encode()], played.sent[FACILITATOR]), seat
        assert len(found(played.loud[seat], played.sent[FACILITATOR])) >= 10, seat  # those of its briefing


def test_a_message_reaches_two_parties_and_the_facilitator(played: Played) -> None:
    for seat, to in TO.items():
        reached = {viewer for viewer, sent in played.sent.items() if message(seat).encode() in sent}
        assert reached == {seat, to, FACILITATOR}


def test_news_for_one_seat_reaches_that_seat_alone(played: Played) -> None:
    everybody = {*SEATS, OBSERVER, FACILITATOR}
    for text, readers in {"russia": {"russia"}, "nato": {"nato"}, "all": everybody}.items():
        reached = {viewer for viewer, sent in played.sent.items() if f"plantednews{text}".encode() in sent}
        assert reached == readers | {FACILITATOR}, text


def test_nobody_is_sent_a_token_a_hash_or_a_code_of_others(played: Played) -> None:
    tokens = {viewer: person.token.encode() for viewer, person in played.people.items()}
    tokens[FACILITATOR] = played.clara.token.encode()
    events = played.running.events(played.session)
    hashes = [event.data["hash"].encode() for event in events if event.kind == TOKEN_ISSUED]
    codes = {event.data["seat"]: event.data["code"] for event in events if event.kind == CODE_ISSUED}
    assert {hashlib.sha256(each).hexdigest().encode() for each in tokens.values()} == set(hashes)
    assert len(codes) == len(played.people)
    for viewer, sent in played.sent.items():
        assert not found(hashes, sent), viewer
        assert not found({each for whose, each in tokens.items() if whose != viewer}, sent), viewer
        mine = re.findall(rb"(?i)^set-cookie: token=" + re.escape(tokens[viewer]) + rb";", sent, re.MULTILINE)
        assert sent.count(tokens[viewer]) == len(mine) == 1, viewer  # once, to keep it
        for seat, code in codes.items():
            if viewer not in (seat, FACILITATOR):
                assert not found([code.encode(), spelled(code).encode()], sent), (viewer, seat)


def test_tokens_and_codes_are_in_no_export_and_no_token_is_in_any_file(played: Played) -> None:
    events = played.running.events(played.session)
    identity = [event.data[key] for event in events for key in ("hash", "code") if key in event.data]
    for name in (*EXPORTS, "scenario.yaml"):
        assert not found(
            [each.encode() for each in identity], opened(played.clara.get(f"export/{name}").content)
        )
    for path in played.running.folder.rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            assert not found(
                [each.token.encode() for each in (played.clara, *played.people.values())], text
            ), path
            # The log of the session must know them; the server's log must not.
            assert path.name.startswith(LOG) or not found([each.encode() for each in identity], text), path


def test_moments_and_files_of_others_are_not_there(played: Played) -> None:
    """Decisions, messages and tokens of others are no moments of one's replay; forks are the facilitator's."""
    events = played.running.events(played.session)
    hidden = [event.seq for event in events if event.data.get("seat") == "us" and event.kind == s.DECIDED]
    hidden += [event.seq for event in events if event.kind in (TOKEN_ISSUED, CODE_ISSUED)]
    hidden += [event.seq for event in events if event.kind == s.WRITTEN and event.data["seat"] == "ukraine"]
    russia = played.people["russia"]
    for name in (
        *(f"replay/?event={seq}" for seq in hidden),
        "fork",
        f"fork?decision={hidden[0]}",
        "fork.svg",
    ):
        assert russia.get(name).status_code == 404, name
    assert russia.get("briefing/us").status_code == 403
    assert russia.get("export/scenario.yaml").status_code == 403
    assert len(hidden) >= 15 and played.running.events(played.session) == events


def test_a_seat_that_is_declassified_is_open_to_all_and_no_other(played: Played) -> None:
    """Of a message, both parties must be."""
    for seat in ("us", "ukraine"):
        assert played.clara.post("declassify", {"seat": seat, "sure": "on"}).status_code == 303
        for viewer, person in played.people.items():
            for name in ("", "parts", "debrief/", "replay/", "export/session.json", "export/decisions.csv"):
                person.get(name)
            for each in SEATS:
                opened = {"us", seat, viewer}
                assert person.get(f"briefing/{each}").status_code == (200 if each in opened else 403), (
                    viewer,
                    each,
                )
            sent = person.everything()
            assert len(found(played.loud[seat], sent)) >= 10, viewer  # those of its briefing
            reasons = {each for each in played.said[seat] if b"why" in each}
            assert reasons and found(reasons, sent) == reasons, viewer
            for closed in {"russia", "nato"} - {viewer}:
                private = played.said[closed] | played.loud[closed] | played.drawn[closed]
                assert not found(private, sent), (viewer, closed)
            message_is_read = viewer in ("us", "ukraine") or seat == "ukraine"
            assert bool(found([message("us").encode()], sent)) == message_is_read, viewer
            assert viewer in ("russia", "us") or not found([message("russia").encode()], sent), viewer
    assert played.running.state(played.session).declassified == {"us", "ukraine"}


def test_news_of_the_settings_is_told_once_across_a_restart(tmp_path: Path) -> None:
    """The first is told when the game begins, the second after the server was killed in that round."""

    def told(running: Server) -> list[int]:
        return [event.data["number"] for event in running.events(session) if event.kind == s.INJECTED]

    with server(tmp_path) as running, Instructor(running) as clara, Person(running) as ann:
        session = clara.create(
            "river_dam",
            ("upland", "lowland"),
            **{f"inject.{at}.{key}": text for at, row in enumerate(PLANNED) for key, text in row.items()},
        )
        ann.join(clara.codes()["upland"], "Ann")
        clara.post("begin")
        running.until(session, lambda state: state.injected == {0})
        running.process.kill()
        port = int(running.url.rpartition(":")[2])
        running.process.wait()
        with server(tmp_path, port=port) as again:
            assert again.state(session).phase == "open"
            assert ann.get().text.count("plantednews0") == 1
            assert "plantednews1" not in ann.get().text
            while (state := again.settled(session)).phase != "ended":
                assert state.step is not None
                clara.post("advance", {"step": str(state.step.number)})
            page = ann.get().text
            assert [page.count(f"plantednews{number}") for number in range(3)] == [1, 1, 0]
            assert sorted(told(again)) == [0, 1, 2]
