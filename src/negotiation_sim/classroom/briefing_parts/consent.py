"""Whose consent binds a package, and how an alliance gives its own."""

from __future__ import annotations

from negotiation_sim.classroom.briefing_parts.seat import Seat, allies
from negotiation_sim.classroom.words import POINTS


def consent(seat: Seat) -> tuple[str, ...]:
    """The rules of consent, as far as they concern this scenario and this seat."""
    core = [issue.title for issue in seat.layout.issues.values() if issue.core]
    told = [
        "A package is bound at once if everybody whose consent it needs may bind itself in that forum and accepts. "
        "Who tables it consents by that. What is bound stays bound."
    ]
    if core:
        told.append(
            f"A package that moves a core issue ({', '.join(core)}) binds only as a whole: it must settle every "
            "issue that a full agreement needs. Other packages can be bound issue by issue."
        )
    alliance = seat.alliance
    if alliance is None:
        return tuple(told)
    votes = allies(alliance)
    quota = votes if alliance.quota == "all" else alliance.quota
    how = f"all {quota}" if quota == votes else f"{quota} of {votes}"
    setter = seat.seen.party_name(alliance.setter)
    told.append(
        f"{alliance.name} decides by silence: {how} allies must let a draft or an answer pass. Who objects breaks "
        f"silence; then the draft is not tabled, or the other side's package is refused. {setter} drafts for it."
    )
    if seat.home or seat.delegation:
        told.append(
            "Keep silence if what is proposed crosses no red line of yours and is worth to you at least what no "
            f"agreement is, less what an ally bears in silence: {alliance.silence.value * POINTS:.0f} points at "
            f"full cohesion, less as cohesion falls (it begins at {alliance.cohesion.start.value:.0%}). "
            "Cohesion rises when allies are consulted, and falls when they are passed over or divided."
        )
    return tuple(told)
