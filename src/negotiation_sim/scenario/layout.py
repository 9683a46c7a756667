"""A scenario laid out for computing: issues in order, dated rounds, and what each proposer can table where.

All of it is structure, the same for every world of a model.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

import numpy as np
from numpy.typing import NDArray

from negotiation_sim.scenario.parties import Challenger, Defender, Offers, Principal, Protege
from negotiation_sim.scenario.schema import Issue, ScenarioFields

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Round:
    """One session of the calendar: `number` from 1, `day` since the start of the clocks."""

    number: int
    day: int
    date: date
    forum: str


@dataclass(frozen=True)
class Menu:
    """What one proposer can table in one forum; the last row is always to table nothing.

    Attributes:
        names: (P,) title of the bundle, empty for generated packages.
        levels, sizes: (P, K) level of each issue, and the share of the issue it stands for.
        addressed: (P, K) issues that the package names, and that it closes if it binds.
        bindable: (P,) whether it can be bound in this forum at all.
        needs: party -> (P,) whose consent it needs besides the proposer's.
        core: (P,) it moves a core issue.
        gives: (P,) the defender's side moves on some issue.
        unmatched: side -> (P,) moves of that side beyond the other side's.
        published: party -> (P,) its utility at published values; the challenger's is (T, P), by type.
    """

    names: tuple[str, ...]
    levels: Floats
    sizes: Floats
    addressed: Bools
    bindable: Bools
    needs: dict[str, Bools]
    core: Bools
    gives: Bools
    unmatched: dict[str, Floats]
    published: dict[str, Floats]

    @property
    def nothing(self) -> int:
        """Index of the row that tables nothing."""
        return len(self.names) - 1


class Layout:
    """The structure of a scenario.

    Attributes:
        issues: (K) active issues by key, in the scenario's order.
        challenger, defender, proteges: keys of the principals by role.
        parties: keys of all that can propose or consent: the principals, then the alliance.
        positions, wedges: positions of all issues, and of those that divide the allies.
        forums, types: keys of the forums and of the challenger's types.
        rounds: the dated sessions up to the horizon.
        week: number of the last round of the documented week.
        war, suspends, breaks_off: (R,) challenger's rungs that are war; on which no session can be held;
            on which all talks have ended.
        first_rung, first_answer: where both sides stand on their ladders at first.
        threat: (R,) published share of the way to full war.
        requires: (A,) rung that the challenger must have reached before each of the defender's.
        carries_out: (A,) the threatened measures are in force.
        wishes: (P, K) sizes of all packages the challenger is willing to table, whatever the forum.
    """

    def __init__(self, scenario: ScenarioFields) -> None:
        self.scenario = scenario
        self.issues: dict[str, Issue] = {k: v for k, v in scenario.issues.items() if v.active}
        self.order = {key: position for position, key in enumerate(self.issues)}
        self.challenger = next(k for k, v in scenario.actors.items() if isinstance(v, Challenger))
        self.defender = next(k for k, v in scenario.actors.items() if isinstance(v, Defender))
        self.proteges = tuple(k for k, v in scenario.actors.items() if isinstance(v, Protege))
        self.alliance = scenario.alliance.key if scenario.alliance else None
        self.parties = (*scenario.actors, *([self.alliance] if self.alliance else []))
        self.forums = tuple(scenario.forums)
        self.types = tuple(self.challenger_spec.types)
        self.core = np.array([issue.core for issue in self.issues.values()])
        self.base = np.array([issue.base for issue in self.issues.values()])
        self.positions = tuple(range(len(self.issues)))
        self.wedges = tuple(at for at, issue in enumerate(self.issues.values()) if issue.wedge)
        self.rounds = self._calendar()
        self.week = min(scenario.calendar.week_sessions, len(self.rounds))
        self._menus: dict[tuple[str, str], Menu] = {}
        rungs = list(scenario.ladders.challenger.values())
        self.war = np.array([rung.war for rung in rungs])
        self.suspends = np.logical_or.accumulate([rung.suspends_talks or rung.breaks_off for rung in rungs])
        self.breaks_off = np.logical_or.accumulate([rung.breaks_off for rung in rungs])
        start = scenario.ladders.start
        self.first_rung = list(scenario.ladders.challenger).index(start.challenger) if start.challenger else 0
        self.first_answer = list(scenario.ladders.defender).index(start.defender) if start.defender else 0
        self.threat = np.array([rung.share.value for rung in rungs])
        answers = list(scenario.ladders.defender.values())
        names = list(scenario.ladders.challenger)
        self.requires = np.array([names.index(a.requires) if a.requires else 0 for a in answers])
        self.carries_out = np.logical_or.accumulate([a.carries_out for a in answers])
        self.wishes = self._sizes_of(
            self._level_rows([p for _, p in self._packages(self.offers(self.challenger))])
        )

    @property
    def challenger_spec(self) -> Challenger:
        """The challenger's part of the scenario."""
        spec = self.scenario.actors[self.challenger]
        assert isinstance(spec, Challenger)
        return spec

    @property
    def defender_spec(self) -> Defender:
        """The defender's part of the scenario."""
        spec = self.scenario.actors[self.defender]
        assert isinstance(spec, Defender)
        return spec

    def side(self, party: str) -> str:
        """`challenger` or `defender`: on whose side a party stands."""
        return "challenger" if party == self.challenger else "defender"

    def sizes(self, issue: str) -> Floats:
        """(levels,) share of the issue that each of its levels stands for, 0 to 1."""
        spec = self.issues[issue]
        if spec.sizes is not None:
            return np.array(spec.sizes)
        return np.arange(spec.top + 1) / spec.top

    def offers(self, party: str) -> Offers:
        """What a party is willing to table."""
        alliance = self.scenario.alliance
        if alliance is not None and party == alliance.key:
            return alliance.offers
        return self.scenario.actors[party].offers

    def menu(self, forum: str, proposer: str) -> Menu:
        """What `proposer` can table in `forum`."""
        key = (forum, proposer)
        if key not in self._menus:
            spec = self.scenario.forums[forum]
            packages = self._packages(self.offers(proposer))
            self._menus[key] = self._build_menu(spec.agenda, spec.binds, proposer, packages)
        return self._menus[key]

    def written(self, forum: str, proposer: str, levels: Sequence[int]) -> Menu:
        """A menu of one package that a person wrote, level by level (K), cut to the forum's agenda.

        Row 0 is the package; if it moves nothing, it is to table nothing.
        """
        spec = self.scenario.forums[forum]
        package = self._closing(dict(zip(self.issues, levels, strict=True)))
        return self._build_menu(spec.agenda, spec.binds, proposer, [("", package)])

    def whole_menu(self, proposer: str) -> Menu:
        """What `proposer` is willing to table, were everybody there to bind anything."""
        return self._build_menu(self.issues, self.parties, proposer, self._packages(self.offers(proposer)))

    def published_weights(self, party: str) -> Floats:
        """Published weights: (T, K) for the challenger, by type; (C, K) for the alliance, by cluster;
        (1, K) for others.
        """
        alliance = self.scenario.alliance
        if alliance is not None and party == alliance.key:
            sources = [cluster.weights for cluster in alliance.clusters.values()]
        else:
            own = self.scenario.actors[party].weights
            types = self.challenger_spec.types.values() if party == self.challenger else []
            sources = [own | each.weights for each in types] or [own]
        return np.array(
            [[w[key].value if key in w else 0.0 for key in self.issues] for w in sources], dtype=float
        )

    def describe(self, levels: Floats) -> list[str]:
        """The moved issues of one package (K,), each in its level label's words."""
        return [
            f"{issue.title}: {issue.label(int(level))}"
            for issue, level in zip(self.issues.values(), levels, strict=True)
            if level >= 1
        ]

    def _calendar(self) -> list[Round]:
        calendar = self.scenario.calendar
        last_day = calendar.start + timedelta(days=calendar.horizon_days)
        dated = sorted(((s.date, s.forum) for s in calendar.sessions), key=lambda pair: pair[0])
        if calendar.follow_on:
            step = timedelta(days=calendar.follow_on.every_days)
            day = dated[-1][0] + step
            while day <= last_day:
                cycle = calendar.follow_on.cycle
                dated.append((day, cycle[(len(dated) - len(calendar.sessions)) % len(cycle)]))
                day += step
        return [
            Round(number, (day - calendar.start).days, day, forum)
            for number, (day, forum) in enumerate(((d, f) for d, f in dated if d <= last_day), start=1)
        ]

    def _packages(self, offers: Offers) -> list[tuple[str, dict[str, int]]]:
        found = [
            (bundle.title, {k: v for k, v in bundle.levels.items() if k in self.issues})
            for bundle in offers.bundles.values()
        ]
        grid = {k: v for k, v in offers.generate.items() if k in self.issues}
        choices = [range(self.issues[k].top + 1) if v == "all" else v for k, v in grid.items()]
        for levels in product(*choices):
            found.append(("", self._closing(dict(zip(grid, levels, strict=True)))))
        return found

    def _closing(self, package: dict[str, int]) -> dict[str, int]:
        """What a package closes: settling a core issue settles the rest with it, otherwise only what moves."""
        whole = any(level >= 1 and self.issues[k].core for k, level in package.items())
        return package if whole else {k: v for k, v in package.items() if v >= 1}

    def _level_rows(self, packages: list[dict[str, int]]) -> Floats:
        return np.array(
            [[package.get(key, 0) for key in self.issues] for package in packages], dtype=float
        ).reshape(len(packages), len(self.issues))

    def _sizes_of(self, levels: Floats) -> Floats:
        columns = [self.sizes(key)[levels[:, at].astype(int)] for key, at in self.order.items()]
        return np.stack(columns, axis=1)

    def _build_menu(
        self,
        agenda: Collection[str],
        binds: Collection[str],
        proposer: str,
        packages: Iterable[tuple[str, dict[str, int]]],
    ) -> Menu:
        seen: dict[tuple[tuple[int, bool], ...], tuple[str, dict[str, int]]] = {}
        for name, package in packages:
            cut = {key: level for key, level in package.items() if key in agenda}
            if any(cut.values()):
                title = name if not name or len(cut) == len(package) else f"{name}, as far as the agenda goes"
                seen.setdefault(tuple((cut.get(k, 0), k in cut) for k in self.issues), (title, cut))
        entries = [*seen.values(), ("nothing", {})]
        levels = self._level_rows([package for _, package in entries])
        sizes = self._sizes_of(levels)
        moved = levels >= 1
        addressed = np.array([[key in package for key in self.issues] for _, package in entries])
        moves = {
            party: np.asarray(
                moved[:, [party in issue.consent for issue in self.issues.values()]].any(axis=1)
            )
            for party in self.parties
        }
        implied = self._drafters(proposer)
        needs = {party: moves[party] & (party not in implied) for party in self.parties}
        core = (moved & self.core).any(axis=1)
        bindable = moved.any(axis=1) & (proposer in binds)
        for party in self.parties:
            bindable &= ~moves[party] | (party in binds)
        # A package without core issues can bind as a partial settlement; one that moves a core issue
        # binds only as a whole, closing every base issue.
        bindable &= ~core | (addressed | ~self.base).all(axis=1)
        given_by = np.array([issue.given_by for issue in self.issues.values()])
        only = {
            side: (moved & (given_by == side)).sum(axis=1).astype(float)
            for side in ("challenger", "defender")
        }
        difference = only["defender"] - only["challenger"]
        unmatched = {"defender": np.maximum(difference, 0.0), "challenger": np.maximum(-difference, 0.0)}
        published = {
            party: self._published_utility(party, sizes, unmatched[self.side(party)])
            for party in self.parties
        }
        return Menu(
            names=tuple(name for name, _ in entries),
            levels=levels,
            sizes=sizes,
            addressed=addressed,
            bindable=bindable,
            needs=needs,
            core=core,
            gives=(moved & (given_by != "challenger")).any(axis=1),
            unmatched=unmatched,
            published=published,
        )

    def _drafters(self, proposer: str) -> set[str]:
        """Whose consent a proposal implies: the proposer's and, for the alliance, its setter's."""
        alliance = self.scenario.alliance
        return {proposer, alliance.setter} if alliance and proposer == alliance.key else {proposer}

    def _published_utility(self, party: str, sizes: Floats, unmatched: Floats) -> Floats:
        by_row = np.stack([(sizes * weights).sum(axis=1) for weights in self.published_weights(party)])
        if party == self.alliance:
            return np.asarray(
                by_row.min(axis=0)
            )  # consensus is as hard to get as its most reluctant cluster's
        actor: Principal = self.scenario.actors[party]
        by_row = by_row - actor.reciprocity.value * unmatched
        return by_row if party == self.challenger else by_row[0]
