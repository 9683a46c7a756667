"""The evidence table: findings from five documents, the documents, and where they disagree.

The three CSV files beside this module hold the data; this module only reads and filters them.
Each finding is in our own words. A scenario's parameters cite findings by id.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a document says, and the part of the model it bears on.

    Attributes:
        id: ``E001`` to ``E100``.
        actor: Whom the finding is about, e.g. ``Russia``.
        issue: The topic, e.g. ``membership``.
        stance: The kind of statement, e.g. ``demand``, ``red_line``, ``assessment``.
        strength: 5 (categorical official statement) down to 1 (hint).
        source: Key of a ``Source``.
        lines: Lines in the plain-text copy of the document, e.g. ``L31;L41``.
        finding: The fact in our own words.
        informs: The mechanism or parameter it bears on, and in which direction.
    """

    id: str
    actor: str
    issue: str
    stance: str
    strength: int
    source: str
    lines: str
    finding: str
    informs: str


@dataclass(frozen=True, slots=True)
class Source:
    """One document. ``(inferred: ...)`` marks what it does not state itself.

    Attributes:
        key: Short name used by findings, e.g. ``pism``.
        title: Title as printed.
        author: Author, or ``not named``.
        outlet: Publisher.
        date: Date as the document gives it, in its own form.
        kind: ``news report``, ``opinion`` or ``analysis``.
    """

    key: str
    title: str
    author: str
    outlet: str
    date: str
    kind: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A question on which the documents disagree, kept open rather than resolved.

    Attributes:
        key: Short name, e.g. ``carrying_cost``.
        question: What is in dispute.
        findings: Ids of the findings involved, at least two.
        reading_a: One reading.
        reading_b: The other reading.
        treatment: How a scenario keeps both readings possible.
    """

    key: str
    question: str
    findings: tuple[str, ...]
    reading_a: str
    reading_b: str
    treatment: str


def findings(actor: str | None = None, issue: str | None = None) -> tuple[Finding, ...]:
    """Return the findings in order of id, filtered by actor, issue or both.

    Letter case is ignored. A known actor and a known issue that never meet give an empty tuple.

    Raises:
        ValueError: The actor or the issue is not in the table; the message has the allowed values.
    """
    chosen = _all_findings()
    if actor is not None:
        known = _known("actor", actor, (f.actor for f in _all_findings()))
        chosen = tuple(f for f in chosen if f.actor == known)
    if issue is not None:
        known = _known("issue", issue, (f.issue for f in _all_findings()))
        chosen = tuple(f for f in chosen if f.issue == known)
    return chosen


def finding(finding_id: str) -> Finding:
    """Return one finding by its exact id, e.g. ``E018``.

    Raises:
        ValueError: No finding has this id; the message names the nearest one.
    """
    table = _by_id()
    if finding_id not in table:
        padded = f"E{finding_id.strip().lstrip('Ee').zfill(3)}"
        nearest = padded if padded in table else _nearest(finding_id, table)
        hint = f" Did you mean {nearest!r}?" if nearest else ""
        raise ValueError(f"unknown finding {finding_id!r}: ids run from {min(table)} to {max(table)}.{hint}")
    return table[finding_id]


@cache
def sources() -> tuple[Source, ...]:
    """Return the five documents, in the order of the file."""
    return tuple(Source(**row) for row in _rows("sources.csv"))


@cache
def conflicts() -> tuple[Conflict, ...]:
    """Return the recorded conflicts, in the order of the file."""
    return tuple(
        Conflict(
            key=row["key"],
            question=row["question"],
            findings=tuple(row["findings"].split(";")),
            reading_a=row["reading_a"],
            reading_b=row["reading_b"],
            treatment=row["treatment"],
        )
        for row in _rows("conflicts.csv")
    )


@cache
def _all_findings() -> tuple[Finding, ...]:
    return tuple(
        Finding(
            id=row["id"],
            actor=row["actor"],
            issue=row["issue"],
            stance=row["stance"],
            strength=int(row["strength"]),
            source=row["source"],
            lines=row["lines"],
            finding=row["finding"],
            informs=row["informs"],
        )
        for row in _rows("findings.csv")
    )


@cache
def _by_id() -> dict[str, Finding]:
    return {f.id: f for f in _all_findings()}


def _rows(name: str) -> list[dict[str, str]]:
    text = files("negotiation_sim.evidence").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _known(what: str, value: str, values: Iterable[str]) -> str:
    """Return the table's own spelling of ``value``, or raise ``ValueError``."""
    allowed = sorted(set(values))
    for name in allowed:
        if name.casefold() == value.strip().casefold():
            return name
    nearest = _nearest(value, allowed)
    hint = f" Did you mean {nearest!r}?" if nearest else ""
    raise ValueError(f"unknown {what} {value!r}: choose one of {', '.join(allowed)}.{hint}")


def _nearest(value: str, names: Iterable[str]) -> str | None:
    folded = {name.casefold(): name for name in names}
    close = get_close_matches(value.strip().casefold(), folded, n=1, cutoff=0.4)
    return folded[close[0]] if close else None
