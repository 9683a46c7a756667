"""What can be taken home from a session, as files: only what the view of whoever asks for it allows.

Tokens and join codes are in none of them: the kinds of event that `identity` folds are left out for everybody.
Cells of a CSV file that a spreadsheet would take for a formula (they begin with =, +, -, @, a tab or a return) get an
apostrophe in front.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from negotiation_sim.classroom import session as s
from negotiation_sim.classroom.identity import CODE_ISSUED, CODE_WITHDRAWN, TOKEN_ISSUED, TOKEN_REVOKED
from negotiation_sim.classroom.log import Event
from negotiation_sim.classroom.views import FACILITATOR, View
from negotiation_sim.scenario import Scenario

IDENTITY = (TOKEN_ISSUED, TOKEN_REVOKED, CODE_ISSUED, CODE_WITHDRAWN)
"""Kinds of event that say who may act: in no export."""
PUBLIC = {
    s.BEGUN: ("practice",),
    s.OPENED: ("number", "round", "kind", "turn", "asked", "deadline", "account", "ended"),
    s.CLOSED: ("step", "reason"),
    s.PAUSED: ("reason",),
    s.RESUMED: ("deadline",),
    s.EXTENDED: ("deadline",),
    s.HANDED: ("seat", "to"),
    s.REWOUND: ("round",),
    s.ENDED: ("reason",),
    s.STATED: ("seat", "text"),
    s.ODDS: ("round", "worlds", "shares", "swings"),
    s.DECLASSIFIED: ("seat",),
}
"""What all may read of an event once the session is over, by kind."""
IN_VIEW = {
    s.DECIDED: ("decisions", ("step", "seat", "choice", "why")),
    s.WRITTEN: ("messages", ("seat", "to", "text")),
    s.INJECTED: ("news", ("to", "text")),
}
"""What may be read of an event by those whose view has it: in which part, and what of it."""
SETTINGS = ("title", "seats", "rounds", "seconds", "objectives")
"""What all may read of the settings; the seed and the injects would tell what is not theirs to know."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def told(event: Event, shown: View) -> Mapping[str, Any] | None:
    """What somebody may read of an event's data, given their view of the session after its end; None if nothing."""
    if event.kind in IDENTITY:
        return None
    if shown["seat"]["key"] == FACILITATOR:
        return event.data
    if event.kind == s.CREATED:
        return {"settings": {key: event.data["settings"][key] for key in SETTINGS}}
    if event.kind in PUBLIC:
        return {key: event.data[key] for key in PUBLIC[event.kind]}
    if event.kind in IN_VIEW:
        part, keys = IN_VIEW[event.kind]
        if event.seq in {each["seq"] for each in shown[part]}:
            return {key: event.data[key] for key in keys}
    return None


def events_csv(events: Iterable[Event], shown: View) -> bytes:
    """A row an event that the view allows: `seq`, `time` (UTC), `kind`, `by`, `data` (as JSON)."""
    rows = [
        {
            "seq": event.seq,
            "time": _time(event.at),
            "kind": event.kind,
            "by": event.by,
            "data": json.dumps(data, ensure_ascii=False, sort_keys=True),
        }
        for event in events
        if (data := told(event, shown)) is not None
    ]
    return _csv(rows, ["seq", "time", "kind", "by", "data"])


def session_json(events: Iterable[Event], shown: View) -> bytes:
    """The session as JSON: `session` and `events`; for facilitators also `settings`, `version` and `scenario_hash`."""
    control = shown.get("control", {})
    head = {key: control[key] for key in ("settings", "version", "scenario_hash") if key in control}
    data = {
        **head,
        "session": {
            key: shown["session"][key] for key in ("id", "title", "scenario", "rounds", "objectives")
        },
        "events": [
            {"seq": event.seq, "at": event.at, "kind": event.kind, "by": event.by, "data": data}
            for event in events
            if (data := told(event, shown)) is not None
        ],
    }
    return (json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def rounds_csv(scenario: Scenario, shown: View) -> bytes:
    """A row a finished round: how things stood after it, and the odds from there, where the view has them."""
    dates = {entry["round"]: entry for entry in shown["account"] if entry["what"] == "session"}
    odds = {after["round"]: after for after in shown.get("odds", [])}
    issues = list(scenario.layout.issues)
    rows: list[dict[str, Any]] = []
    for standing in shown["account"]:
        if standing["what"] != "standing":
            continue
        session, after = dates[standing["round"]], odds.get(standing["round"])
        rows.append(
            {
                "round": standing["round"],
                "date": session["date"],
                "forum": session["title"],
                **{key: standing[key] for key in ("rung", "answer", "cohesion", "pointless", "outcome")},
                **{f"belief_{key}": chance for key, chance in standing["belief"].items()},
                **{f"level_{key}": level for key, level in zip(issues, standing["bound"], strict=True)},
                "worlds": after["worlds"] if after else "",
                **{f"share_{row['outcome']}": row["share"] for row in (after["shares"] if after else [])},
            }
        )
    return _csv(rows, list(dict.fromkeys(key for row in rows for key in row)))


def decisions_csv(shown: View) -> bytes:
    """A row a decision of people that counts and that the view has."""
    columns = ["seq", "time", "round", "kind", "turn", "seat", "by", "words", "why"]
    rows = [{**each, "time": _time(each["at"])} for each in shown["decisions"]]
    return _csv([{key: row[key] for key in columns} for row in rows], columns)


def _csv(rows: Iterable[Mapping[str, Any]], columns: list[str]) -> bytes:
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return sink.getvalue().encode("utf-8-sig")  # the mark that spreadsheets know UTF-8 by


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
