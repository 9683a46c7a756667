"""What the seat's numbers rest on: findings, documents, else assumptions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from negotiation_sim.classroom.briefing import Basis, Cited, Document
from negotiation_sim.classroom.briefing_parts.seat import Seat
from negotiation_sim.evidence import finding, sources
from negotiation_sim.scenario.parameters import Parameter
from negotiation_sim.scenario.wording import in_words

FINDING = re.compile(r"\bE\d{3}\b")
"""A finding named in the words of an assumption."""


def basis(spec: Parameter) -> Basis:
    """What a number rests on."""
    return Basis(tuple(_cited(each) for each in spec.evidence), spec.assumption)


def voice(name: str, own: Mapping[str, Parameter]) -> Basis | None:
    """Said of a seat of whose own numbers, by path, none rests on a finding."""
    if not own or any(each.evidence for each in own.values()):
        return None
    said = " ".join(each.assumption or "" for each in own.values())
    return Basis(
        tuple(_cited(each) for each in dict.fromkeys(FINDING.findall(said))),
        f"The documents give {name} no voice: all {len(own)} of its numbers are assumptions.",
    )


def assumptions(seat: Seat, own: Mapping[str, Parameter]) -> tuple[str, ...]:
    """Own numbers that rest on no finding, in words; without whose they are where that is the seat itself."""
    return tuple(
        in_words(seat.seen, path).removeprefix(f"{seat.name}: ").removeprefix(f"{seat.name} ")
        for path, each in own.items()
        if not each.evidence
    )


def documents(bases: Iterable[Basis]) -> tuple[Document, ...]:
    """The documents that are cited, in full."""
    cited = {each.document for rests_on in bases for each in rests_on.findings}
    return tuple(
        Document(
            each.title, f"{each.title} ({_stated(each.author)}; {_stated(each.outlet)}; {_stated(each.date)})"
        )
        for each in sources()
        if each.title in cited
    )


def _stated(text: str) -> str:
    """What a document says of itself, without our remarks on what was inferred."""
    return text.split(" (inferred", maxsplit=1)[0]


def _cited(id_: str) -> Cited:
    said = finding(id_)
    return Cited(id_, said.finding, next(each.title for each in sources() if each.key == said.source))
