"""Who the seat is in the crisis, and what it is to get out of it, in sentences."""

from __future__ import annotations

from negotiation_sim.classroom.briefing_parts.position import Position
from negotiation_sim.classroom.briefing_parts.seat import Seat, allies
from negotiation_sim.classroom.words import POINTS, points_in_words
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.wording import in_a_sentence


def who(seat: Seat) -> tuple[str, ...]:
    """Who it is, the setting, and what sets this seat apart."""
    alliance, issues = seat.alliance, seat.layout.issues.values()
    rivals, side = seat.seen.sides.challenger.name, seat.seen.sides.defender.name
    setting = f"{rivals} has made demands on {side}. On the table: {in_a_sentence(issue.title for issue in issues)}."
    if seat.role == "challenger":
        return (
            "You have raised the demands.",
            setting,
            "You can press by steps on your ladder, up to war. Nobody else knows what you are really after.",
        )
    if seat.role == "defender":
        drafts = alliance is not None and alliance.setter == seat.key
        return (
            f"You answer for {side}"
            + (f", and draft what {alliance.name} tables." if drafts and alliance else "."),
            setting,
            f"You do not know what {rivals} is really after; its steps tell more than its words.",
        )
    if seat.role == "protege":
        mine = [issue.title for issue in issues if seat.key in issue.consent]
        return (
            "The crisis is about you.",
            setting,
            f"Nothing can be bound on {in_a_sentence(mine)} without your consent.",
        )
    if alliance and seat.delegation:
        return (
            f"You speak for the {allies(alliance)} allies of {alliance.name} at once.",
            setting,
            f"{seat.seen.party_name(alliance.setter)} drafts; what you table or accept, the allies must let pass. "
            "Your points are, on every issue, those of the most reluctant allies.",
        )
    if alliance and seat.home:
        return (
            f"You are one of {allies(alliance)} allies ({alliance.clusters[seat.home].title}).",
            setting,
            f"You table nothing yourself. Your move is to keep silence on what {alliance.name} is about "
            "to table or accept, or to break it.",
        )
    return (
        "You watch. You see what is public, and no seat's private numbers.",
        setting,
        "Note what each seat seems to want, what it shows, and when you changed your mind about it.",
    )


def goal(seat: Seat, position: Position) -> tuple[str, ...]:
    """What to get, the least to sign for, and what war means to it."""
    least = position.reservation.value * POINTS
    told = [
        "Get the agreement that is worth most to you, in points; or none, if none is good enough. "
        "The situation as it stands is worth 0."
    ]
    if round(least) == 0:
        told.append("Going on without a further agreement is worth 0 to you: sign nothing worth less.")
    else:
        told.append(
            f"Going on without a further agreement is worth {points_in_words(least)} to you: "
            "sign nothing worth less."
        )
    war = _war(seat.seen)
    if seat.role == "challenger":
        told += [_type_words(seat), _attack_words(seat)]
    elif war:
        told.append(f"What your side means to avert is war ({war}); it ends the game.")
    return tuple(each for each in told if each)


def _war(seen: Scenario) -> str:
    return next((r.label for r in reversed(seen.ladders.challenger.values()) if r.war), "")


def _type_words(seat: Seat) -> str:
    types = seat.challenger.types
    if len(types) == 1:
        return ""
    if seat.type is None:
        labels = [each.label for each in types.values()]
        return (
            f"You have not settled what you are: {in_a_sentence(labels[:-1])} or {labels[-1]}. Your numbers below are "
            "the average over these, by what the others believe of you."
        )
    return (
        f"Your type, which nobody else knows: {types[seat.type].label}. Your stakes, the least "
        "you sign for and what an attack would win you are those of this type. The others only see what you do."
    )


def _attack_words(seat: Seat) -> str:
    attack, outlook = seat.challenger.attack, seat.challenger.outlook
    cohesion = seat.alliance.cohesion.start.value if seat.alliance else 1.0
    believed = outlook.credibility.value * (1.0 - outlook.unity.value * (1.0 - cohesion))
    sanctions = believed * attack.sanctions.value * (1.0 - attack.discount.value)
    worth = attack.success.value * seat.prize().value - attack.cost.value - sanctions
    return (
        f"As things stand at first, an attack would be worth {points_in_words(worth * POINTS)} to you by your own "
        "numbers, before any cover that blame on the other side gives. It is one of the things that can happen "
        "here; you are not asked to choose it."
    )
