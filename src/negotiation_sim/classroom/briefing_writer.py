"""Writes the briefing of a seat from what it may read.

Nothing private of another seat can be in it: `briefing` first prunes the scenario to the paths that the seat may read,
and everything a seat is told of its own or of the calendar is written from what is left. What all believe of each
other comes from the published weights, and only in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, floor, inf
from typing import Any

import numpy as np

from negotiation_sim.classroom.briefing import (
    Basis,
    Belief,
    Briefing,
    Cited,
    Document,
    Ladder,
    LevelWorth,
    Line,
    Offer,
    Secret,
    Stake,
    Step,
    TypeBelief,
    Venue,
)
from negotiation_sim.classroom.disclosure import (
    BELIEVED,
    OBSERVER,
    PUBLIC,
    meets,
    own_paths,
    patterns,
    pruned,
    seats,
)
from negotiation_sim.evidence import finding, sources
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.parameters import Parameter, off
from negotiation_sim.scenario.parties import Alliance, Bundle, Offers, RedLine
from negotiation_sim.scenario.schema import Answer, Forum, Issue, Rung
from negotiation_sim.scenario.wording import in_words

POINTS = 100.0
"""Points that a seat reads to one unit of utility."""
SHOWN_LEVELS = 6
"""Levels of an issue that are shown one by one; of a longer scale, so many in equal steps."""
DEGREES = ((0.75, "matters most"), (0.4, "matters much"), (0.12, "matters some"), (0.0, "matters little"))
"""How much an issue matters, from so large a share of the seat's weightiest."""
LITTLE = 0.1
"""What weighs less, as a share of a party's weightiest issue, is left out of what is believed of it."""
FINDING = re.compile(r"\bE\d{3}\b")
"""A finding named in the words of an assumption."""
TEACHING = (
    "This is a model for teaching. It makes no forecast, and playing a seat is not to take its side.",
    "Nobody is asked to act out violence or to speak for those who suffer it: an attack is one word on a ladder here. "
    "Anyone may step out or pass a seat on at any time, without giving a reason.",
)
REAL = "The crisis is a real one, and what it led to may touch some of those in the room, or their families, today."
"""Said where documents stand behind a scenario."""
TACTICS = {
    "boulware": "stands firm until its clock has nearly run out, then gives way fast",
    "linear": "gives way steadily as its clock runs",
    "conceder": "gives way early, then slowly",
    "tit_for_tat": "gives way as far as the others have come towards it",
    "salami": "gives way slowly, and asks for more after every concession",
    "ultimatum": "names its price and does not move",
}


def briefing(
    scenario: Scenario, seat: str, draws: Mapping[str, float] | None = None, type_: str | None = None
) -> Briefing:
    """What a seat is told.

    Args:
        scenario: the scenario.
        seat: one of `seats(scenario)`.
        draws: for a game, its world's own numbers by path of the parameter, in the parameter's unit; published
            values where it says nothing. An ally's own numbers, which are no parameters, stand under
            `alliance.clusters.C.members.M` followed by `weights.ISSUE`, `red_lines.ISSUE.high` or `reservation`.
            It may hold the numbers of all seats: only those that this seat may read are looked at.
        type_: the challenger's type in this world; the scenario's true type if left out, and if it has none the
            challenger is briefed as one that has not decided.

    Raises:
        ValueError: no such seat, or no such type.
    """
    if seat not in seats(scenario):
        raise ValueError(f"no such seat: {seat!r}; the scenario has {', '.join(seats(scenario))}")
    types = scenario.layout.types
    if type_ is not None and type_ not in types:
        raise ValueError(f"no such type of the challenger: {type_!r}; the scenario has {', '.join(types)}")
    own = own_paths(scenario, seat)
    seen = pruned(scenario, (), patterns((*PUBLIC, *own)), draws or {})
    believed = pruned(scenario, (), patterns(BELIEVED), {})
    fixed = (
        (type_ or scenario.layout.challenger_spec.true_type) if seat == scenario.layout.challenger else None
    )
    stated = scenario.parameters
    own_patterns = patterns(own)
    mine = {
        path: each
        for path, each in stated.items()
        if any(meets(tuple(path.split(".")), pattern) for pattern in own_patterns)
        and not path.endswith("_precision")  # how noisily the simulated agent decides is no person's
    }
    writer = _Writer(seen, believed, seat, mine, draws or {}, fixed)
    return writer.written(len(stated), sum(not each.evidence for each in stated.values()))


def points_in_words(points: float) -> str:
    """Points as they are printed: whole, signed, with a true minus."""
    whole = round(points)
    return f"+{whole}" if whole > 0 else f"\N{MINUS SIGN}{-whole}" if whole < 0 else "0"


def listed(names: Iterable[str]) -> str:
    """Names in a sentence."""
    known = list(names)
    return ", ".join(known[:-1]) + f" and {known[-1]}" if len(known) > 1 else "".join(known)


@dataclass(frozen=True)
class _Position:
    """What the seat wants: weights and lines by issue, `strictest` where they are several clusters'."""

    weights: dict[str, Parameter]
    lines: dict[str, RedLine]
    strictest: dict[str, str]
    reservation: Parameter
    reciprocity: float


SECRETS = (
    ("reciprocity", "each move that is not matched costs you", "points"),
    ("coercion", "giving ground under full threat costs you besides", "points"),
    ("audience.cost", "backing down from full commitment costs up to", "points"),
    ("attack.success", "chance that an attack would succeed", "share"),
    ("prize", "a successful attack would win you", "points"),
    ("attack.cost", "an attack would cost you", "points"),
    ("attack.sanctions", "all the sanctions threatened would cost you", "points"),
    ("attack.discount", "share of the sanctions that you would shrug off", "share"),
    ("attack.cover", "cover, if all blame is on the other side, is worth", "points"),
    ("outlook.credibility", "chance, as you see it, that threats are carried out", "share"),
    ("outlook.unity", "share of it that rests on the other side's unity", "share"),
    ("outlook.hope", "chance, as you see it, of a concession", "share"),
    ("carrying.base", "keeping the force ready costs you a round", "points"),
    ("carrying.growth", "and, by the end of your clock, besides", "points"),
    ("leaving.early_cost", "ending talks at once costs you", "points"),
    ("leaving.walk_out_cost", "walking out of the room costs you", "points"),
    ("vagueness", "how vague your side's refusals are (0% is plain)", "share"),
    ("blame", "how intransigent your side looks at first", "share"),
    ("silence", "shortfall that an ally bears in silence", "points"),
    ("cohesion.quality", "how far the allies are consulted rather than told", "share"),
)
"""Numbers that a seat needs besides its stakes: end of the path, in words, unit."""


_NONE = off()
"""The weight of an issue that a party does not care about."""


class _Writer:
    """Writes the briefing of one seat from what it may read."""

    def __init__(
        self,
        seen: Scenario,
        believed: Scenario,
        seat: str,
        mine: Mapping[str, Parameter],
        draws: Mapping[str, float],
        type_: str | None,
    ) -> None:
        self.seen, self.believed, self.seat = seen, believed, seat
        self.mine = mine
        self.draws = draws
        self.layout = seen.layout
        self.alliance = seen.alliance
        self.actor = seen.actors.get(seat)
        self.delegation: Alliance | None = (
            self.alliance if self.alliance and seat == self.alliance.key else None
        )
        homes = self.alliance.clusters if self.alliance else {}
        self.home = next((key for key, cluster in homes.items() if seat in cluster.members), None)
        self.type = type_
        self.challenger = self.layout.challenger_spec
        self.role = self.actor.role if self.actor else None
        self.position = self._position()

    def written(self, numbers: int, assumed: int) -> Briefing:
        """The briefing; of so many numbers that the scenario states, so many are assumptions."""
        stakes, lines = self._stakes(), self._lines()
        types, secrets = self._types(), self._secrets()
        assumptions = tuple(self._short_words(path) for path, each in self.mine.items() if not each.evidence)
        voice = self._voice()
        bases = [each.basis for each in stakes] + [each.basis for each in lines]
        bases += [each.basis for each in types] + [each.basis for each in secrets]
        bases += [voice] if voice else []
        first = self.layout.rounds[0].date
        return Briefing(
            seat=self.seat,
            name=self._name,
            issues=tuple(issue.title for issue in self.layout.issues.values()),
            setting=f"{self.seen.sides.challenger.name} and {self.seen.sides.defender.name}, "
            f"from {_day(first)}",
            who=self._who(),
            goal=self._goal(),
            voice=voice,
            type_label=self.challenger.types[self.type].label if self.type else None,
            stakes=stakes,
            red_lines=lines,
            offers=tuple(self._offers()),
            generated=tuple(self._generated()),
            clock=self._clock(),
            tactic=self._tactic(),
            beliefs=tuple(self._belief(key) for key in self.layout.parties if key != self.seat),
            types=types,
            believed_of_you=None if self.seat == OBSERVER else self._belief(self.seat),
            ladders=self._ladders(),
            moves=self._moves(),
            venues=self._venues(),
            calendar=self._calendar(),
            consent=self._consent(),
            audience=self._audience(),
            secrets=secrets,
            numbers=numbers,
            assumed=assumed,
            assumptions=assumptions,
            caution=(TEACHING[0], *([REAL] if assumed < numbers else []), TEACHING[1]),
            documents=_documents(bases),
        )

    # ---- who, and what for ---------------------------------------------------------------------

    @property
    def _name(self) -> str:
        if self.actor:
            return self.actor.name
        if self.delegation:
            return f"{self.delegation.name}, as one delegation"
        if self.alliance and self.home:
            return self.alliance.clusters[self.home].members[self.seat].name
        return "Observer"

    def _party(self, key: str) -> str:
        return self.seen.party_name(key)

    def _who(self) -> tuple[str, ...]:
        rivals, side = self.seen.sides.challenger.name, self.seen.sides.defender.name
        issues = [issue.title for issue in self.layout.issues.values()]
        setting = f"{rivals} has made demands on {side}. On the table: {listed(issues)}."
        if self.role == "challenger":
            return (
                "You have raised the demands.",
                setting,
                "You can press by steps on your ladder, up to war. Nobody else knows what you are really after.",
            )
        if self.role == "defender":
            drafts = self.alliance is not None and self.alliance.setter == self.seat
            return (
                f"You answer for {side}"
                + (f", and draft what {self.alliance.name} tables." if drafts and self.alliance else "."),
                setting,
                f"You do not know what {rivals} is really after; its steps tell more than its words.",
            )
        if self.role == "protege":
            mine = [i.title for i in self.layout.issues.values() if self.seat in i.consent]
            return (
                "The crisis is about you.",
                setting,
                f"Nothing can be bound on {listed(mine)} without your consent.",
            )
        if self.alliance and self.delegation:
            return (
                f"You speak for the {self._allies} allies of {self.alliance.name} at once.",
                setting,
                f"{self._party(self.alliance.setter)} drafts; what you table or accept, the allies must let pass. "
                "Your points are, on every issue, those of the most reluctant allies.",
            )
        if self.alliance and self.home:
            return (
                f"You are one of {self._allies} allies ({self.alliance.clusters[self.home].title}).",
                setting,
                f"You table nothing yourself. Your move is to keep silence on what {self.alliance.name} is about "
                "to table or accept, or to break it.",
            )
        return (
            "You watch. You see what is public, and no seat's private numbers.",
            setting,
            "Note what each seat seems to want, what it shows, and when you changed your mind about it.",
        )

    @property
    def _allies(self) -> int:
        assert self.alliance is not None
        members = sum(len(cluster.members) for cluster in self.alliance.clusters.values())
        return members + self.alliance.setter_votes

    def _goal(self) -> tuple[str, ...]:
        if self.position is None:
            return ()
        least = self.position.reservation.value * POINTS
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
        if self.role == "challenger":
            told += [self._type_words(), self._attack_words()]
        elif self._war:
            told.append(f"What your side means to avert is war ({self._war}); it ends the game.")
        return tuple(each for each in told if each)

    @property
    def _war(self) -> str:
        return next((r.label for r in reversed(self.seen.ladders.challenger.values()) if r.war), "")

    def _type_words(self) -> str:
        if len(self.challenger.types) == 1:
            return ""
        if self.type is None:
            labels = [each.label for each in self.challenger.types.values()]
            return (
                f"You have not settled what you are: {listed(labels[:-1])} or {labels[-1]}. Your numbers below are "
                "the average over these, by what the others believe of you."
            )
        return (
            f"Your type, which nobody else knows: {self.challenger.types[self.type].label}. Your stakes, the least "
            "you sign for and what an attack would win you are those of this type. The others only see what you do."
        )

    def _attack_words(self) -> str:
        attack, outlook = self.challenger.attack, self.challenger.outlook
        cohesion = self.alliance.cohesion.start.value if self.alliance else 1.0
        believed = outlook.credibility.value * (1.0 - outlook.unity.value * (1.0 - cohesion))
        sanctions = believed * attack.sanctions.value * (1.0 - attack.discount.value)
        worth = attack.success.value * self._prize().value - attack.cost.value - sanctions
        return (
            f"As things stand at first, an attack would be worth {points_in_words(worth * POINTS)} to you by your own "
            "numbers, before any cover that blame on the other side gives. It is one of the things that can happen "
            "here; you are not asked to choose it."
        )

    def _prize(self) -> Parameter:
        return self._of_type(lambda each: each.prize)

    def _of_type(self, read: Any) -> Parameter:
        """A number of the challenger's own type, or the average by the prior for one that has not decided."""
        types = self.challenger.types
        if self.type is not None:
            return read(types[self.type])  # type: ignore[no-any-return]
        given = [read(each) for each in types.values()]
        total = sum(each.prior.value for each in types.values())
        value = sum(
            each.prior.value / total * one.value for each, one in zip(types.values(), given, strict=True)
        )
        return Parameter.model_construct(
            value=value,
            range=given[0].range,
            evidence=tuple(dict.fromkeys(each for one in given for each in one.evidence)),
            assumption=given[0].assumption,
        )

    def _voice(self) -> Basis | None:
        """Said of a seat of whose numbers none rests on a finding."""
        if not self.mine or any(each.evidence for each in self.mine.values()):
            return None
        said = " ".join(each.assumption or "" for each in self.mine.values())
        return Basis(
            tuple(_cited(each) for each in dict.fromkeys(FINDING.findall(said))),
            f"The documents give {self._name} no voice: all {len(self.mine)} of its numbers are assumptions.",
        )

    # ---- stakes --------------------------------------------------------------------------------

    def _position(self) -> _Position | None:
        if self.actor and self.role == "challenger":
            base = self.challenger
            named = dict.fromkeys([*base.weights, *(k for t in base.types.values() for k in t.weights)])
            weights = {
                key: self._of_type(lambda each, key=key: (base.weights | each.weights).get(key, _NONE))
                for key in named
            }
            reservation = self._of_type(lambda each: each.reservation or base.reservation)
            return _Position(weights, base.red_lines, {}, reservation, base.reciprocity.value)
        if self.actor:
            actor = self.actor
            return _Position(actor.weights, actor.red_lines, {}, actor.reservation, actor.reciprocity.value)
        if self.delegation:
            return self._of_delegation(self.delegation)
        if self.alliance and self.home:
            return self._of_ally(self.alliance, self.home)
        return None

    def _of_delegation(self, alliance: Alliance) -> _Position:
        """The most reluctant cluster on every issue: consensus is as hard to get as that."""
        clusters = alliance.clusters.values()
        weights = {
            key: min((c.weights.get(key, _NONE) for c in clusters), key=lambda each: each.value)
            for key in dict.fromkeys(k for c in clusters for k in c.weights)
        }
        lines, strictest = {}, {}
        for key in dict.fromkeys(k for c in clusters for k in c.red_lines):
            drawn = [c for c in clusters if key in c.red_lines]
            home = min(drawn, key=lambda c: _highest(c.red_lines[key]))
            lines[key], strictest[key] = home.red_lines[key], home.title
        reservation = max((c.reservation for c in clusters), key=lambda each: each.value)
        return _Position(weights, lines, strictest, reservation, 0.0)

    def _of_ally(self, alliance: Alliance, home: str) -> _Position:
        cluster = alliance.clusters[home]
        member, path = cluster.members[self.seat], f"alliance.clusters.{home}.members.{self.seat}"

        def own(below: str, spec: Parameter) -> Parameter:
            value = self.draws.get(f"{path}.{below}")
            return spec if value is None else spec.model_copy(update={"value": float(value)})

        weights = {k: own(f"weights.{k}", each) for k, each in (cluster.weights | member.weights).items()}
        lines = {
            key: line.model_copy(update={"high": own(f"red_lines.{key}.high", line.high)})
            if line.high
            else line
            for key, line in (cluster.red_lines | member.red_lines).items()
        }
        return _Position(weights, lines, {}, own("reservation", cluster.reservation), 0.0)

    def _stakes(self) -> tuple[Stake, ...]:
        position = self.position
        if position is None:
            return ()
        most = max((abs(each.value) for each in position.weights.values()), default=0.0)
        found = []
        for key, issue in self.layout.issues.items():
            weight = position.weights.get(key, _NONE)
            levels = tuple(self._level(key, issue, weight, level) for level in _shown_levels(issue))
            consent = tuple(self._party(each) for each in issue.consent)
            found.append(Stake(issue.title, _matters(weight.value, most), levels, consent, _basis(weight)))
        return tuple(found)

    def _level(self, key: str, issue: Issue, weight: Parameter, level: int) -> LevelWorth:
        assert self.position is not None
        line = self.position.lines.get(key)
        beyond = _beyond(line, level)
        price = line.price.value if line and line.price and not line.hard else 0.0
        worth = weight.value * float(self.layout.sizes(key)[level]) - price * beyond
        hard = line is not None and line.hard
        return LevelWorth(
            level, issue.label(level), worth * POINTS, beyond > 0 and hard, beyond > 0 and not hard
        )

    def _lines(self) -> tuple[Line, ...]:
        if self.position is None:
            return ()
        found = []
        for key, line in self.position.lines.items():
            if key not in self.layout.issues:
                continue
            issue = self.layout.issues[key]
            said = []
            if line.high is not None:
                top = min(floor(line.high.value), issue.top)
                said.append(
                    "every level is within it"
                    if top == issue.top
                    else f"nothing beyond \N{LEFT DOUBLE QUOTATION MARK}"
                    f"{issue.label(top)}\N{RIGHT DOUBLE QUOTATION MARK} (level {top})"
                )
            if line.low is not None:
                foot = min(ceil(line.low.value), issue.top)
                said.append(
                    f"nothing below \N{LEFT DOUBLE QUOTATION MARK}{issue.label(foot)}"
                    f"\N{RIGHT DOUBLE QUOTATION MARK} (level {foot})"
                )
            whose = self.position.strictest.get(key)
            words = ", and ".join(said) + (f"; strictest: {whose}" if whose else "")
            bound = line.high or line.low
            assert bound is not None
            price = line.price.value * POINTS if line.price and not line.hard else None
            found.append(Line(issue.title, words, price, _basis(bound)))
        return tuple(found)

    # ---- offers --------------------------------------------------------------------------------

    def _own_offers(self) -> list[tuple[str, Offers]]:
        """What it can table or draft: as which party."""
        found = [(self.seat, self.actor.offers)] if self.actor else []
        if self.alliance and self.seat in (self.alliance.key, self.alliance.setter):
            found.append((self.alliance.key, self.alliance.offers))
        return found

    def _offers(self) -> Iterator[Offer]:
        for party, offers in self._own_offers():
            for bundle in offers.bundles.values():
                drafted = f" (drafted for {self._party(party)})" if party != self.seat else ""
                levels = {k: v for k, v in bundle.levels.items() if k in self.layout.issues}
                moves = tuple(
                    f"{self.layout.issues[k].title}: {self.layout.issues[k].label(v)}"
                    for k, v in levels.items()
                    if v
                )
                named = tuple(levels.get(key) for key in self.layout.issues)
                bound_in = self._bound_in(party, bundle)
                yield Offer(bundle.title + drafted, named, moves, self._worth(levels), bound_in)

    def _worth(self, levels: Mapping[str, int]) -> float:
        """Points that a package is worth to the seat, soft lines and unmatched moves taken off."""
        position = self.position
        assert position is not None
        points = sum(
            self._level(k, self.layout.issues[k], position.weights.get(k, _NONE), v).points
            for k, v in levels.items()
        )
        given: list[str] = [self.layout.issues[k].given_by for k, v in levels.items() if v]
        side = self.layout.side(self.seat)
        other = "defender" if side == "challenger" else "challenger"
        unmatched = max(given.count(side) - given.count(other), 0)
        return float(points - POINTS * position.reciprocity * unmatched)

    def _bound_in(self, party: str, bundle: Bundle) -> tuple[str, ...]:
        """Places on the calendar where the party tables and the whole bundle can be bound."""
        places = []
        for key in dict.fromkeys(session.forum for session in self.layout.rounds):
            forum = self.seen.forums[key]
            if party in forum.proposers:
                menu = self.layout.menu(key, party)
                if any(n == bundle.title and b for n, b in zip(menu.names, menu.bindable, strict=True)):
                    places.append(forum.place)
        return tuple(places)

    def _generated(self) -> Iterator[str]:
        for party, offers in self._own_offers():
            for key, choice in offers.generate.items():
                if key in self.layout.issues:
                    issue = self.layout.issues[key]
                    levels = range(issue.top + 1) if choice == "all" else choice
                    labels = [issue.label(level) for level in levels]
                    whose = f" (drafted for {self._party(party)})" if party != self.seat else ""
                    shown = labels if len(labels) <= SHOWN_LEVELS else [labels[0], "...", labels[-1]]
                    yield f"{issue.title}{whose}: {' / '.join(shown)}"

    # ---- time and manner -----------------------------------------------------------------------

    def _clock(self) -> str | None:
        last = self.layout.rounds[-1]
        if not self.actor or "clock_days" not in self.actor.model_fields_set:
            return None
        days = self.actor.clock_days.value
        due = self.seen.calendar.start + timedelta(days=round(days))
        if due > last.date:
            return f"{days:.0f} days, longer than talks can last here ({_day(last.date)}). Time is not against you."
        return f"{days:.0f} days: you want to be done by {_day(due)}. After that, waiting does not help you."

    def _tactic(self) -> str | None:
        if not self.actor or not self._own_offers():
            return None
        own = self.challenger.types[self.type].tactic if self.role == "challenger" and self.type else None
        return TACTICS[(own or self.actor.tactic).kind]

    def _audience(self) -> str | None:
        if not self.actor or self.actor.audience.cost.value == 0.0:
            return None
        audience = self.actor.audience
        return (
            "What you table is public, and commits you: each time, your commitment grows by "
            f"{audience.growth.value:.0%} of what it lacks of full. To sign for less than you last demanded costs you "
            f"{audience.cost.value:.2f} points for every point you go back, at full commitment."
        )

    # ---- beliefs -------------------------------------------------------------------------------

    def _belief(self, key: str) -> Belief:
        """In words, from published weights alone; never from this world's numbers."""
        layout = self.believed.layout
        alliance = self.believed.alliance
        if alliance and self.home and key == self.seat:
            clusters = list(alliance.clusters)
            weights = layout.published_weights(alliance.key)[clusters.index(self.home)]
            name = "your cluster of allies"
        else:
            rows = layout.published_weights(key)
            name = self._party(key)
            if alliance and key == alliance.key:
                weights = rows.min(axis=0)
            elif key == layout.challenger:
                prior = np.array([each.prior.value for each in layout.challenger_spec.types.values()])
                weights = (prior / prior.sum()) @ rows
            else:
                weights = rows[0]
        titles = [issue.title for issue in layout.issues.values()]
        sized = sorted(zip(weights, titles, strict=True), key=lambda each: -abs(each[0]))
        most = abs(sized[0][0])
        told = [(weight, title) for weight, title in sized if most and abs(weight) >= LITTLE * most]
        gains = tuple(title for weight, title in told if weight > 0)
        loses = tuple(title for weight, title in told if weight < 0)
        return Belief(name, gains, loses)

    def _types(self) -> tuple[TypeBelief, ...]:
        types = self.seen.layout.challenger_spec.types
        if len(types) < 2:
            return ()
        total = sum(each.prior.value for each in types.values())
        return tuple(
            TypeBelief(each.label, each.prior.value / total, self._pictured(key), _basis(each.prior))
            for key, each in types.items()
        )

    def _pictured(self, type_: str) -> str:
        """What observers expect of a type, from published values and in words alone."""
        types = self.believed.layout.challenger_spec.types
        prizes = sorted(each.prize.value for each in types.values())
        own, tactic = types[type_].prize.value, types[type_].tactic
        war = "least" if own == prizes[0] else "most" if own == prizes[-1] else "something"
        told = [f"has {war} to gain by war"] if prizes[0] < prizes[-1] else []
        return "; ".join([*told, *([TACTICS[tactic.kind]] if tactic else [])])

    # ---- ladders -------------------------------------------------------------------------------

    def _ladders(self) -> tuple[Ladder, ...]:
        ladders, start = self.seen.ladders, self.seen.ladders.start
        rungs, answers = ladders.challenger, ladders.defender
        climbs, replies = self.role == "challenger", self.role == "defender"
        top = list(rungs)[-1]
        return (
            Ladder(
                self._party(self.layout.challenger),
                climbs,
                tuple(
                    Step(r.label, _rung_means(r, key == top), _cost(r.cost) if climbs and not r.war else None)
                    for key, r in rungs.items()
                ),
                (rungs[start.challenger] if start.challenger else next(iter(rungs.values()))).label,
            ),
            Ladder(
                self._party(self.layout.defender),
                replies,
                tuple(
                    Step(a.label, self._answer_means(a), _cost(a.cost) if replies else None)
                    for a in answers.values()
                ),
                (answers[start.defender] if start.defender else next(iter(answers.values()))).label,
            ),
        )

    def _answer_means(self, answer: Answer) -> str:
        means = ["the threat carried out"] if answer.carries_out else []
        if answer.requires:
            who = self._party(self.layout.challenger)
            means.append(
                f"only once {who} has reached: {self.seen.ladders.challenger[answer.requires].label}"
            )
        return "; ".join(means)

    def _moves(self) -> tuple[str, ...]:
        if self.role == "challenger":
            return (
                "After the offers of each round you choose one: hold; step up one; step down one (never from war); "
                "declare talks pointless; or walk out.",
                "The last two only once core demands have been refused, while talks are on. Declaring is only words, "
                "and an agreement takes it back. Walking out ends the talks for good.",
                "Your steps are public, and what the others learn about your type they learn from them. "
                "Chance can carry you one step further than you meant.",
            )
        if self.role == "defender":
            return (
                "After the offers of each round you choose one: hold, step up one or step down one. You and "
                f"{self._party(self.layout.challenger)} move at once, without seeing the other's step.",
            )
        return (
            "You have no steps of your own; you see both ladders. One step a round at most, chosen after the offers.",
        )

    # ---- the calendar --------------------------------------------------------------------------

    def _venues(self) -> tuple[Venue, ...]:
        week = self.layout.rounds[: self.layout.week]
        venues = []
        for key in dict.fromkeys(session.forum for session in self.layout.rounds):
            forum = self.seen.forums[key]
            venues.append(
                Venue(
                    title=forum.title,
                    place=forum.place,
                    dates=tuple(
                        f"{session.date.day} {session.date:%B}" for session in week if session.forum == key
                    ),
                    sits=self._parties(forum.participants),
                    tables=self._parties(forum.proposers),
                    agenda=tuple(
                        self.layout.issues[each].title for each in forum.agenda if each in self.layout.issues
                    ),
                    binds=self._parties(forum.binds),
                    own=self._sits(forum),
                )
            )
        return tuple(venues)

    def _parties(self, keys: Iterable[str]) -> tuple[str, ...]:
        return tuple(self._party(each) for each in keys)

    def _sits(self, forum: Forum) -> bool:
        through = self.alliance.key if self.alliance and self.home else self.seat
        return through in forum.participants

    def _calendar(self) -> str:
        rounds, after = self.layout.rounds, self.seen.calendar.follow_on
        last = f"{len(rounds)} rounds in all, the last on {_day(rounds[-1].date)}."
        if after is None or len(rounds) == len(self.seen.calendar.sessions):
            return last
        places = [self.seen.forums[each].place for each in after.cycle]
        turn = f"in turn in {listed(places)}" if len(places) > 1 else f"in {places[0]}"
        return f"Then one round every {after.every_days} days, {turn}: {last}"

    # ---- consent -------------------------------------------------------------------------------

    def _consent(self) -> tuple[str, ...]:
        core = [issue.title for issue in self.layout.issues.values() if issue.core]
        told = [
            "A package is bound at once if everybody whose consent it needs may bind itself in that forum and accepts. "
            "Who tables it consents by that. What is bound stays bound."
        ]
        if core:
            told.append(
                f"A package that moves a core issue ({', '.join(core)}) binds only as a whole: it must settle every "
                "issue that a full agreement needs. Other packages can be bound issue by issue."
            )
        alliance = self.alliance
        if alliance is None:
            return tuple(told)
        quota = self._allies if alliance.quota == "all" else alliance.quota
        how = f"all {quota}" if quota == self._allies else f"{quota} of {self._allies}"
        setter = self._party(alliance.setter)
        told.append(
            f"{alliance.name} decides by silence: {how} allies must let a draft or an answer pass. Who objects breaks "
            f"silence; then the draft is not tabled, or the other side's package is refused. {setter} drafts for it."
        )
        if self.home or self.delegation:
            told.append(
                "Keep silence if what is proposed crosses no red line of yours and is worth to you at least what no "
                f"agreement is, less what an ally bears in silence: {alliance.silence.value * POINTS:.0f} points at "
                f"full cohesion, less as cohesion falls (it begins at {alliance.cohesion.start.value:.0%}). "
                "Cohesion rises when allies are consulted, and falls when they are passed over or divided."
            )
        return tuple(told)

    # ---- what only this seat knows -------------------------------------------------------------

    def _secrets(self) -> tuple[Secret, ...]:
        found = []
        for end, words, unit in SECRETS:
            spec = self._own_number(end)
            if spec is None or (end == "cohesion.quality" and not self.delegation):
                continue
            value = spec.value * (POINTS if unit == "points" else 1.0)
            shown = {"points": f"{value:.0f}", "share": f"{value:.0%}"}[unit]
            found.append(Secret(words, value, shown, _basis(spec)))
        return tuple(found)

    def _own_number(self, end: str) -> Parameter | None:
        """One of the seat's own numbers that the scenario states, by the end of its path."""
        if end == "prize":
            stated = self.role == "challenger" and any(
                "prize" in each.model_fields_set for each in self.challenger.types.values()
            )
            return self._prize() if stated else None
        node: Any = self.actor if self.actor else self.alliance if self.delegation or self.home else None
        for name in end.split("."):
            if node is None or name not in node.model_fields_set:
                return None
            node = getattr(node, name)
        return node if isinstance(node, Parameter) else None

    def _short_words(self, path: str) -> str:
        """A parameter in words, without whose it is where that is the seat itself."""
        return in_words(self.seen, path).removeprefix(f"{self._name}: ").removeprefix(f"{self._name} ")


def _documents(bases: Iterable[Basis]) -> tuple[Document, ...]:
    """The documents that are cited, in full."""
    cited = {each.document for basis in bases for each in basis.findings}
    return tuple(
        Document(
            each.title, f"{each.title} ({_stated(each.author)}; {_stated(each.outlet)}; {_stated(each.date)})"
        )
        for each in sources()
        if each.title in cited
    )


def _highest(line: RedLine) -> float:
    """Highest level that a red line lets pass."""
    return line.high.value if line.high else inf


def _stated(text: str) -> str:
    """What a document says of itself, without our remarks on what was inferred."""
    return text.split(" (inferred", maxsplit=1)[0]


def _cited(id_: str) -> Cited:
    said = finding(id_)
    return Cited(id_, said.finding, next(each.title for each in sources() if each.key == said.source))


def _basis(spec: Parameter) -> Basis:
    return Basis(tuple(_cited(each) for each in spec.evidence), spec.assumption)


def _shown_levels(issue: Issue) -> list[int]:
    if issue.top < SHOWN_LEVELS:
        return list(range(issue.top + 1))
    return [round(issue.top * step / (SHOWN_LEVELS - 1)) for step in range(SHOWN_LEVELS)]


def _beyond(line: RedLine | None, level: int) -> float:
    """Levels beyond a red line."""
    if line is None:
        return 0.0
    low, high = line.low.value if line.low else -inf, line.high.value if line.high else inf
    return max(level - high, low - level, 0.0)


def _matters(weight: float, most: float) -> str:
    """What an issue means to a seat whose weightiest issue weighs `most`."""
    if weight == 0.0:
        return "nothing to you"
    degree = next(word for least, word in DEGREES if abs(weight) >= least * most)
    return f"{degree}: you {'gain' if weight > 0 else 'lose'}"


def _rung_means(rung: Rung, top: bool) -> str:
    if rung.war:
        return "war, and the end of the game" if top else "war"
    if rung.breaks_off:
        return "ends all talks"
    return "no session is held while it stands" if rung.suspends_talks else ""


def _cost(spec: Parameter) -> float:
    return spec.value * POINTS


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
