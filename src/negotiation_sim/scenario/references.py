"""Checks across a scenario: every name that one part uses must be defined by another."""

from collections.abc import Iterable, Iterator
from math import isfinite

from negotiation_sim.scenario.parties import Challenger, Cluster, Defender, Member, Offers, RedLine
from negotiation_sim.scenario.problems import Problem, unknown_name
from negotiation_sim.scenario.schema import ScenarioFields


def check_references(scenario: ScenarioFields) -> list[Problem]:
    """Everything in a scenario that refers to nothing or contradicts another part."""
    return [
        *_roles(scenario),
        *_issues(scenario),
        *_actors(scenario),
        *_alliance(scenario),
        *_ladders(scenario),
        *_calendar(scenario),
        *_forums(scenario),
        *_injects(scenario),
        *_ending(scenario),
    ]


def parties(scenario: ScenarioFields) -> list[str]:
    """Who can propose or consent."""
    return [*scenario.actors, *([scenario.alliance.key] if scenario.alliance else [])]


def _names(key: str, kind: str, found: Iterable[str], allowed: Iterable[str]) -> Iterator[Problem]:
    known = list(allowed)
    for each in found:
        if each not in known:
            yield unknown_name(key, kind, each, known)


def _once(key: str, names: Iterable[str]) -> Iterator[Problem]:
    known = list(names)
    for at, each in enumerate(known):
        if each in known[:at]:
            yield Problem(key, "the same name twice", repr(each), "each name once")


def _roles(scenario: ScenarioFields) -> Iterator[Problem]:
    for role, kind in (("challenger", Challenger), ("defender", Defender)):
        holders = [key for key, actor in scenario.actors.items() if isinstance(actor, kind)]
        if len(holders) != 1:
            yield Problem(
                "actors",
                f"a crisis has one {role}",
                f"{len(holders)} ({', '.join(holders)})",
                f"exactly one actor with role: {role}",
            )
    if scenario.alliance and scenario.alliance.key in scenario.actors:
        yield Problem(
            "alliance.key", "this name is taken by an actor", scenario.alliance.key, "a name of its own"
        )


def _issues(scenario: ScenarioFields) -> Iterator[Problem]:
    for key, issue in scenario.issues.items():
        yield from _names(f"issues.{key}.consent", "party", issue.consent, parties(scenario))
        yield from _once(f"issues.{key}.consent", issue.consent)
    if not any(issue.active for issue in scenario.issues.values()):
        yield Problem("issues", "no issue is active", "none", "active: true on one issue at least")


def _weights(path: str, weights: Iterable[str], scenario: ScenarioFields) -> Iterator[Problem]:
    for issue in weights:
        yield from _names(f"{path}.weights.{issue}", "issue", [issue], scenario.issues)


def _red_lines(path: str, lines: dict[str, RedLine], scenario: ScenarioFields) -> Iterator[Problem]:
    for issue, line in lines.items():
        where = f"{path}.red_lines.{issue}"
        yield from _names(where, "issue", [issue], scenario.issues)
        low = line.low.range[0] if line.low else 0.0
        if line.low and line.high and low > line.high.range[1]:
            yield Problem(
                where, "no level lies within the red line", f"low {low:g} above high", "low at most high"
            )
        top = scenario.issues[issue].top if issue in scenario.issues else None
        if top is not None and line.low and line.low.range[1] > top:
            yield Problem(
                f"{where}.low",
                "the line lies above the issue's top level",
                f"{line.low.range[1]:g}",
                f"0 to {top}",
            )


def _offers(path: str, offers: Offers, scenario: ScenarioFields) -> Iterator[Problem]:
    core = [key for key, issue in scenario.issues.items() if issue.core and issue.active]
    base = [key for key, issue in scenario.issues.items() if issue.base and issue.active]
    for name, bundle in offers.bundles.items():
        where = f"{path}.bundles.{name}.levels"
        for issue, level in bundle.levels.items():
            yield from _level(f"{where}.{issue}", issue, [level], scenario)
        moves_core = any(bundle.levels.get(issue, 0) >= 1 for issue in core)
        missing = [issue for issue in base if issue not in bundle.levels]
        if moves_core and missing:
            yield Problem(
                where,
                "a package that moves a core issue is bound as a whole, so it must name every base issue",
                f"no level for {', '.join(missing)}",
                "a level, 0 for the status quo, for each",
            )
    for issue, levels in offers.generate.items():
        chosen = [] if levels == "all" else list(levels)
        yield from _level(f"{path}.generate.{issue}", issue, [int(level) for level in chosen], scenario)


def _level(key: str, issue: str, levels: list[int], scenario: ScenarioFields) -> Iterator[Problem]:
    if issue not in scenario.issues:
        yield unknown_name(key, "issue", issue, scenario.issues)
        return
    top = scenario.issues[issue].top
    for level in levels:
        if level > top:
            yield Problem(key, "the issue has no such level", str(level), f"0 to {top}")


def _actors(scenario: ScenarioFields) -> Iterator[Problem]:
    for key, actor in scenario.actors.items():
        path = f"actors.{key}"
        yield from _weights(path, actor.weights, scenario)
        yield from _red_lines(path, actor.red_lines, scenario)
        yield from _offers(f"{path}.offers", actor.offers, scenario)
        if isinstance(actor, Challenger):
            for name, type_ in actor.types.items():
                yield from _weights(f"{path}.types.{name}", type_.weights, scenario)
            if actor.true_type is not None:
                yield from _names(f"{path}.true_type", "type", [actor.true_type], actor.types)
            if all(type_.prior.range[1] <= 0.0 for type_ in actor.types.values()):
                yield Problem(
                    f"{path}.types", "no type has a prior above 0", "all 0", "a positive prior for one type"
                )


def _alliance(scenario: ScenarioFields) -> Iterator[Problem]:
    alliance = scenario.alliance
    if alliance is None:
        return
    own_side = [key for key, actor in scenario.actors.items() if not isinstance(actor, Challenger)]
    yield from _names("alliance.setter", "actor on its side", [alliance.setter], own_side)
    yield from _offers("alliance.offers", alliance.offers, scenario)
    named: dict[str, str] = dict.fromkeys(scenario.actors, "actors")
    for name, cluster in alliance.clusters.items():
        if name in scenario.actors:
            yield Problem(
                f"alliance.clusters.{name}", "this name is taken by an actor", name, "a name of its own"
            )
        yield from _members(f"alliance.clusters.{name}", cluster, scenario)
        for member in cluster.members:
            if member in named:
                yield Problem(
                    f"alliance.clusters.{name}.members.{member}",
                    "this name is already taken",
                    f"{member}, also in {named[member]}",
                    "each ally once; a setter that votes is not named again",
                )
            named[member] = f"alliance.clusters.{name}"
    count = sum(len(cluster.members) for cluster in alliance.clusters.values()) + alliance.setter_votes
    if alliance.quota != "all" and alliance.quota > count:
        yield Problem(
            "alliance.quota", "there are fewer allies than that", str(alliance.quota), f"all, or 1 to {count}"
        )


def _members(path: str, cluster: Cluster, scenario: ScenarioFields) -> Iterator[Problem]:
    holders: list[tuple[str, Cluster | Member]] = [
        (path, cluster),
        *((f"{path}.members.{key}", member) for key, member in cluster.members.items()),
    ]
    for where, holder in holders:
        yield from _weights(where, holder.weights, scenario)
        yield from _red_lines(where, holder.red_lines, scenario)


def _ladders(scenario: ScenarioFields) -> Iterator[Problem]:
    rungs = scenario.ladders.challenger
    for each, answer in scenario.ladders.defender.items():
        if answer.requires is not None:
            yield from _names(
                f"ladders.defender.{each}.requires", "challenger's rung", [answer.requires], rungs
            )
    start = scenario.ladders.start
    for name, first, ladder in (
        ("challenger", start.challenger, list(rungs)),
        ("defender", start.defender, list(scenario.ladders.defender)),
    ):
        if first is not None:
            yield from _names(f"ladders.start.{name}", "rung", [first], ladder)
    seen_war: str | None = None
    for key, rung in rungs.items():
        if seen_war and not rung.war:
            yield Problem(
                f"ladders.challenger.{key}.war",
                "a rung below war stands above a war rung",
                f"{key} above {seen_war}",
                "war: true on every rung above the first war rung",
            )
        seen_war = key if rung.war else seen_war


def _calendar(scenario: ScenarioFields) -> Iterator[Problem]:
    calendar = scenario.calendar
    for at, session in enumerate(calendar.sessions):
        yield from _names(f"calendar.sessions.{at}.forum", "forum", [session.forum], scenario.forums)
        if session.date < calendar.start:
            yield Problem(
                f"calendar.sessions.{at}.date",
                "the session lies before the start",
                str(session.date),
                f"{calendar.start} or later",
            )
    if calendar.follow_on:
        yield from _names("calendar.follow_on.cycle", "forum", calendar.follow_on.cycle, scenario.forums)
    if all((session.date - calendar.start).days > calendar.horizon_days for session in calendar.sessions):
        yield Problem(
            "calendar.horizon_days",
            "every session lies beyond the horizon",
            str(calendar.horizon_days),
            "enough days to hold the first session",
        )
    dated = len(calendar.sessions)
    if calendar.week_sessions > dated:
        yield Problem(
            "calendar.week_sessions",
            "the documented week has more sessions than are dated",
            str(calendar.week_sessions),
            f"1 to {dated}",
        )


def _forums(scenario: ScenarioFields) -> Iterator[Problem]:
    everyone = parties(scenario)
    for key, forum in scenario.forums.items():
        path = f"forums.{key}"
        yield from _names(f"{path}.participants", "party", forum.participants, everyone)
        yield from _names(
            f"{path}.proposers", "participant of this forum", forum.proposers, forum.participants
        )
        yield from _names(f"{path}.binds", "participant of this forum", forum.binds, forum.participants)
        yield from _names(f"{path}.agenda", "issue", forum.agenda, scenario.issues)
        for name in ("participants", "proposers", "binds", "agenda"):
            yield from _once(f"{path}.{name}", getattr(forum, name))


def _injects(scenario: ScenarioFields) -> Iterator[Problem]:
    clusters = list(scenario.alliance.clusters) if scenario.alliance else []
    holders = [*scenario.actors, *clusters]
    for key, inject in scenario.injects.items():
        path = f"injects.{key}.effects.reservation"
        yield from _names(path, "actor or cluster", inject.effects.reservation, holders)
        if inject.date < scenario.calendar.start:
            yield Problem(
                f"injects.{key}.date",
                "the inject lies before the start",
                str(inject.date),
                f"{scenario.calendar.start} or later",
            )


def _ending(scenario: ScenarioFields) -> Iterator[Problem]:
    withdrawal = scenario.ending.withdrawal
    if withdrawal:
        yield from _level("ending.withdrawal", withdrawal.issue, [withdrawal.level], scenario)
    active = [key for key, issue in scenario.issues.items() if issue.active]
    for key, fact in scenario.facts.items():
        if fact.issue is not None:
            yield from _names(f"facts.{key}.issue", "active issue", [fact.issue], active)
        for bound, value in (("at_least", fact.at_least), ("at_most", fact.at_most)):
            if value is not None and not isfinite(value):
                yield Problem(f"facts.{key}.{bound}", "not what belongs here", str(value), "a finite number")
        if fact.at_least is not None and fact.at_most is not None and fact.at_least > fact.at_most:
            yield Problem(
                f"facts.{key}.at_least",
                "nothing lies within the bounds",
                f"at_least {fact.at_least:g}, at_most {fact.at_most:g}",
                "at_least no more than at_most",
            )
