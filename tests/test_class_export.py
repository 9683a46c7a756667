"""What can be taken home from a session: all of it that its taker may read, and nothing else."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from class_sessions import Class, a_class, canary

from negotiation_sim.classroom import procedure
from negotiation_sim.classroom import session as s
from negotiation_sim.classroom.disclosure import OBSERVER
from negotiation_sim.classroom.export import IDENTITY, decisions_csv, told
from negotiation_sim.classroom.identity import CODE_ISSUED, TOKEN_ISSUED
from negotiation_sim.classroom.views import FACILITATOR, view
from negotiation_sim.scenario import Scenario

FILES = ("events.csv", "session.json", "rounds.csv", "decisions.csv", "report.html")
SECRET = "canary message between two"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    with a_class(tmp_path_factory.mktemp("class"), "river_dam", ("upland", "lowland"), 2) as here:
        here.act("seat:upland:1", lambda state, _: procedure.state_publicly(state, "upland", "=1+1"))
        assert here.get("upland", "export/events.csv").status_code == 409
        here.play(steps=1)
        room = here.room
        here.act(
            "seat:upland:1",
            lambda state, _: procedure.write(state, room.scenario, "upland", "lowland", SECRET),
        )
        here.play()
        here.finish()
        yield here


def rows(here: Class, viewer: str, name: str) -> list[dict[str, str]]:
    answer = here.get(viewer, f"export/{name}")
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_a_facilitator_gets_every_event_but_those_that_say_who_may_act(here: Class) -> None:
    events = [event for event in here.room.log.events() if event.kind not in IDENTITY]
    found = rows(here, FACILITATOR, "events.csv")
    assert [(int(row["seq"]), row["kind"], row["by"], json.loads(row["data"])) for row in found] == [
        (event.seq, event.kind, event.by, event.data) for event in events
    ]
    whole = json.loads(here.get(FACILITATOR, "export/session.json").content)
    assert whole["events"] == [
        {"seq": event.seq, "at": event.at, "kind": event.kind, "by": event.by, "data": event.data}
        for event in events
    ]
    assert whole["settings"] == here.room.state.set.model_dump(mode="json")
    assert whole["scenario_hash"] == here.room.state.scenario_hash


@pytest.mark.parametrize("viewer", ["upland", "lowland", OBSERVER])
def test_a_seat_gets_the_events_that_its_view_has(here: Class, viewer: str) -> None:
    shown = view(here.room.scene, viewer)
    found = {int(row["seq"]): row for row in rows(here, viewer, "events.csv")}
    for part, kind in (("decisions", s.DECIDED), ("messages", s.WRITTEN), ("news", s.INJECTED)):
        assert {at for at, row in found.items() if row["kind"] == kind} == {
            each["seq"] for each in shown[part]
        }
    opened = [event for event in here.room.log.events() if event.kind == s.OPENED]
    for event in opened:
        data = json.loads(found[event.seq]["data"])
        assert data["account"] == event.data["account"] and "moves" not in data
    created = json.loads(found[1]["data"])
    assert set(created) == {"settings"} and not {"seed", "world", "injects"} & set(created["settings"])


def test_no_file_holds_what_is_private_of_another_seat(here: Class) -> None:
    everything = {
        viewer: b"".join(here.get(viewer, f"export/{name}").content for name in FILES).decode()
        for viewer in ("upland", "lowland", OBSERVER, FACILITATOR)
    }
    for seat in ("upland", "lowland"):
        for viewer, text in everything.items():
            assert (canary(seat, "why") in text) == (viewer in (seat, FACILITATOR)), (seat, viewer)
    for viewer, text in everything.items():
        assert (SECRET in text) == (viewer in ("upland", "lowland", FACILITATOR)), viewer
        assert (canary("upland", "news") in text) == (viewer in ("upland", FACILITATOR)), viewer


def test_no_file_holds_a_token_or_a_code(here: Class) -> None:
    log = here.room.log.events()
    hashes = [event.data["hash"] for event in log if event.kind == TOKEN_ISSUED]
    codes = [event.data["code"] for event in log if event.kind == CODE_ISSUED]
    assert len(hashes) == 4 and len(codes) == 3
    for viewer in here.tokens:
        for name in (*FILES, *(["scenario.yaml"] if viewer == FACILITATOR else [])):
            text = here.get(viewer, f"export/{name}").content.decode()
            assert not any(each in text for each in (*hashes, *codes, *here.tokens.values())), (viewer, name)


def test_every_kind_of_event_is_told_or_kept_from_seats_on_purpose(here: Class) -> None:
    """A new kind of event must be decided upon: seats do not get it until somebody has."""
    shown = view(here.room.scene, "upland")
    kept = {event.kind for event in here.room.log.events() if told(event, shown) is None}
    assert kept <= {*IDENTITY, s.DECIDED, s.WRITTEN, s.INJECTED, s.HELD, s.FREED}


def test_rounds_and_decisions_are_those_of_the_session(here: Class) -> None:
    state = here.room.state
    standings = [entry for entry in state.account if entry["what"] == "standing"]
    found = rows(here, "upland", "rounds.csv")
    assert [(int(row["round"]), row["outcome"]) for row in found] == [
        (entry["round"], entry["outcome"]) for entry in standings
    ]
    assert float(found[0]["worlds"]) == state.odds[1]["worlds"]
    for share in state.odds[1]["shares"]:
        assert float(found[0][f"share_{share['outcome']}"]) == share["share"]
    decisions = rows(here, FACILITATOR, "decisions.csv")
    assert [(int(row["seq"]), row["seat"], row["why"]) for row in decisions] == [
        (each.seq, each.seat, each.why) for each in state.history
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_cells_that_a_spreadsheet_takes_for_a_formula_are_made_inert(text: str) -> None:
    row = {
        "seq": 1,
        "at": 0.0,
        "round": 1,
        "kind": "offer",
        "turn": 0,
        "seat": "us",
        "by": "Ann",
        "words": "x",
    }
    body = decisions_csv({"decisions": [row | {"why": text}]}).decode("utf-8-sig")
    (found,) = csv.DictReader(io.StringIO(body, newline=""))
    assert found["why"] == f"'{text}"
    (found,) = csv.DictReader(
        io.StringIO(decisions_csv({"decisions": [row | {"why": "a=1"}]}).decode("utf-8-sig"), newline="")
    )
    assert found["why"] == "a=1"


def test_files_have_names_that_are_safe_and_say_whose_they_are(here: Class) -> None:
    for name in FILES:
        says = here.get("upland", f"export/{name}").headers["content-disposition"]
        assert re.fullmatch(rf'attachment; filename="[\w.-]+-upland-{re.escape(name)}"', says)
    assert here.get("upland", "export/other.csv").status_code == 404
    assert here.get("upland", "export/..%2Fscenario.yaml").status_code == 404


def test_the_scenario_is_for_facilitators(here: Class, tmp_path: Path) -> None:
    assert here.get("upland", "export/scenario.yaml").status_code == 403
    path = tmp_path / "scenario.yaml"
    path.write_bytes(here.get(FACILITATOR, "export/scenario.yaml").content)
    assert Scenario.load(str(path)) == here.room.scenario


def test_the_report_needs_no_other_file_and_runs_no_script(here: Class) -> None:
    answer = here.get("upland", "export/report.html")
    page = answer.text
    assert page.count("data:image/svg+xml;base64,") == 3
    references = re.findall(r'(?:src|href|action)="([^"]*)"', page)
    assert all(each.startswith(("data:", "#")) for each in references), references
    assert "<script" not in page and "<form" not in page
    assert "script" not in answer.headers["content-security-policy"]
    assert "Bayes, step by step" in page and "To talk about" in page


def test_exports_are_the_same_bytes_each_time(here: Class) -> None:
    def all_files() -> list[Any]:
        return [here.get("upland", f"export/{name}").content for name in FILES]

    assert all_files() == all_files()
