"""What a scenario leaves room for before any run, at published values: who could sign, blocks and prefers what.

One bargaining problem for each type of the challenger: a table of utilities, one row a package that somebody is
willing to table and one column a party, and what each party has if nothing more is agreed. What is computed from it
is defined in `negotiation_sim.analysis.bargaining`.

The numbers are those of the rule of acceptance (docs/model.md, 7.6 and 7.8) at published values, as talks begin:

================  ====================================================  ==========================================
party             utility of a package                                  disagreement
================  ====================================================  ==========================================
a principal       sum over issues of weight times size, less unmatched  its reservation value: by type for the
                  moves, the price of soft red lines and, on the        challenger
                  defender's side, what giving ground under the threat
                  that stands at first costs
the alliance      sum over issues of weight times size, less the price  minus the shortfall that an ally bears in
                  of soft red lines, less the ally's reservation        silence at the cohesion that it starts with
                  value, for the ally whose silence is the last that
                  the quota needs: under consensus, whom it serves
                  worst
================  ====================================================  ==========================================

Disagreement is not the status quo, which is worth 0 to all: whoever expects something of going on without an
agreement, or of war, has a reservation value above 0. A party whose consent a package does not need cannot block it.

**No unit of utility is common to the parties.** Nash's and Kalai and Smorodinsky's points do not depend on the units;
the egalitarian and the utilitarian point compare gains across parties, and say as much about how the scenario scales
each party's weights as about the parties.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from negotiation_sim.analysis.bargaining import (
    agreement_zone,
    blocking,
    blocking_counts,
    frontier_distance,
    solutions,
)
from negotiation_sim.rules.arrays import Bools, Floats
from negotiation_sim.rules.consensus import passing_tolerance, silence_tolerance
from negotiation_sim.rules.red_lines import overshoot
from negotiation_sim.rules.utility import menu_utility
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.parties import RedLine

SOLUTION_NAMES = {
    "nash": "Nash",
    "kalai_smorodinsky": "Kalai-Smorodinsky",
    "egalitarian": "egalitarian",
    "utilitarian": "utilitarian",
}
WAR = ("invasion", "limited_incursion")
"""Outcomes of worlds that end in war."""


@dataclass(frozen=True)
class Position:
    """Published position of one principal or ally; K issues in the scenario's order.

    Attributes:
        name, party: its name, and the key of the party whose consent it is or has a part in.
        weights: (K,) utility of each issue at its top level.
        reservation: utility below which it prefers no agreement.
        low, high: (K,) lowest and highest acceptable level; infinite where there is no line.
        price: (K,) utility lost per level beyond a soft line; inf where the line is hard or absent.
    """

    name: str
    party: str
    weights: Floats
    reservation: float
    low: Floats
    high: Floats
    price: Floats

    @property
    def hard(self) -> Bools:
        """(K,) where it has a hard red line."""
        return np.isinf(self.price) & (np.isfinite(self.low) | np.isfinite(self.high))

    def crossed(self, levels: Floats) -> Bools:
        """(P, K) which hard lines packages of these levels (P, K) cross."""
        return self.hard & (overshoot(levels, self.low, self.high) > 0.0)

    def worth(self, levels: Floats, sizes: Floats) -> Floats:
        """(P,) utility of packages of these levels and sizes (P, K), less the price of soft lines."""
        beyond = np.where(np.isinf(self.price), 0.0, overshoot(levels, self.low, self.high))
        priced = (beyond * np.where(np.isinf(self.price), 0.0, self.price)).sum(axis=1)
        return np.asarray(menu_utility(self.weights[None, :], sizes)[0] - priced)


def positions(scenario: Scenario, type_: str | None = None) -> list[Position]:
    """Published positions of the principals, then of the allies that are not principals.

    `type_` is the challenger's; the first of the scenario's if left out, which is all one for red lines.

    Raises ValueError for a type that the scenario does not have.
    """
    layout = scenario.layout
    types = layout.types
    if type_ is not None and type_ not in types:
        raise ValueError(f"no such type of the challenger: {type_!r}; the scenario has {', '.join(types)}")
    at = types.index(type_) if type_ is not None else 0
    found = []
    for key, actor in scenario.actors.items():
        own = layout.challenger_spec.types[types[at]].reservation if key == layout.challenger else None
        weights = layout.published_weights(key)[at if key == layout.challenger else 0]
        reservation = (own or actor.reservation).value
        found.append(Position(actor.name, key, weights, reservation, *_lines(scenario, actor.red_lines)))
    alliance = scenario.alliance
    if alliance is not None:
        by_cluster = layout.published_weights(alliance.key)
        for cluster, shared in zip(alliance.clusters.values(), by_cluster, strict=True):
            for member in cluster.members.values():
                weights = shared.copy()
                for issue in member.weights.keys() & layout.order.keys():
                    weights[layout.order[issue]] = member.weights[issue].value
                lines = _lines(scenario, cluster.red_lines | member.red_lines)
                found.append(Position(member.name, alliance.key, weights, cluster.reservation.value, *lines))
    return found


def _lines(scenario: Scenario, lines: dict[str, RedLine]) -> tuple[Floats, Floats, Floats]:
    order = scenario.layout.order
    low, high, price = (np.full(len(order), bound) for bound in (-np.inf, np.inf, np.inf))
    for issue in lines.keys() & order.keys():
        line, at = lines[issue], order[issue]
        low[at] = line.low.value if line.low else -np.inf
        high[at] = line.high.value if line.high else np.inf
        if not line.hard and line.price:
            price[at] = line.price.value
    return low, high, price


@dataclass(frozen=True)
class Bargaining:
    """The bargaining problem of a scenario and one type of its challenger.

    Packages are the rows of all tables, in the same order, and the parties (keys) the columns.

    Attributes:
        scenario, type: whose it is.
        packages: what each package is, indexed by a name of its own: `title` (of the bundle, empty if generated),
            `moves` (tuple: the moved issues in words), `tabled_by` (tuple of names), `forums` (tuple: places where
            somebody can table it and it can be bound, among the forums that the calendar holds), `core`.
        levels: level of each issue, one column an issue.
        utilities, refused, consent: utility; whether a hard red line of the party is crossed; whether its consent
            is needed. For the alliance see the head of this module; it refuses if too few allies are left for the
            quota.
        disagreement: what each party has if nothing more is agreed.
    """

    scenario: Scenario
    type: str
    packages: pd.DataFrame
    levels: pd.DataFrame
    utilities: pd.DataFrame
    refused: pd.DataFrame
    consent: pd.DataFrame
    disagreement: pd.Series

    @property
    def label(self) -> str:
        """The type in words."""
        return self.scenario.layout.challenger_spec.types[self.type].label

    @property
    def choices(self) -> list[str]:
        """What each solution chooses, in words; where the zone is empty, what one party alone stands against."""
        by_package: dict[str, list[str]] = {}
        for solution, package in self.solutions.index:
            by_package.setdefault(package, []).append(SOLUTION_NAMES[solution])
        if by_package:
            return [f"{', '.join(names)}: {package}" for package, names in by_package.items()]
        return [
            f"{row.shortfall:.2g} too little for {self.scenario.party_name(row.party)} alone: {row.package}"
            for row in self.near_misses.itertuples()
        ]

    @cached_property
    def blocks(self) -> pd.DataFrame:
        """Who blocks which package, and why: see `analysis.bargaining.blocking`."""
        return blocking(self.utilities, self.disagreement, self.refused, self.consent)

    @property
    def block_counts(self) -> pd.DataFrame:
        """How many packages each party blocks, and how many it alone: `analysis.bargaining.blocking_counts`."""
        return blocking_counts(self.utilities, self.disagreement, self.refused, self.consent)

    @cached_property
    def zone(self) -> pd.Series:
        """Which packages lie in the zone of agreement: nobody whose consent they need blocks them (bool)."""
        return pd.Series(
            ~self.levels.index.isin(self.blocks["package"]), index=self.levels.index, name="zone"
        )

    @property
    def signatories(self) -> list[str]:
        """The parties of the problem: those whose consent some package needs."""
        return [party for party in self.consent.columns if self.consent[party].any()]

    @property
    def efficient(self) -> pd.Series:
        """Which packages of the zone are Pareto efficient in it (bool, False outside)."""
        inside = self.utilities.loc[self.zone, self.signatories]
        found = agreement_zone(inside, self.disagreement[self.signatories])["efficient"]
        return found.reindex(self.levels.index, fill_value=False)

    @property
    def solutions(self) -> pd.DataFrame:
        """The four solutions in the zone, indexed by `solution` and `package`: see `analysis.bargaining.solutions`.

        Parties are the signatories. A package in the zone that serves one of them worse than disagreement, where
        its consent is not needed, is not chosen. Gains are compared in the scenario's own units, which are not
        common to the parties: that touches the egalitarian and the utilitarian point.
        """
        inside = self.utilities.loc[self.zone, self.signatories]
        return solutions(inside, self.disagreement[self.signatories])

    @cached_property
    def gains(self) -> pd.DataFrame:
        """What each package gains the two sides over disagreement: columns `challenger` and `defender`.

        The defender's side gains what that party of it gains least whose consent the package needs (as the
        challenger reckons when it chooses what to table); of all its parties, if it needs nobody's.
        """
        return self._sides(self.utilities - self.disagreement, self.consent)

    @property
    def near_misses(self) -> pd.DataFrame:
        """What fails by one party's will alone, no red line being crossed: the nearest for each such party.

        Returns one row a party, the columns of `blocks`; `shortfall` is in that party's own unit.
        """
        alone = self.blocks[~self.blocks["package"].duplicated(keep=False) & ~self.blocks["red_line"]]
        return alone.loc[alone.groupby("party", sort=False)["shortfall"].idxmin()].reset_index(drop=True)

    def worth(self, levels: pd.DataFrame) -> pd.DataFrame:
        """Utility to every party of packages that need not be tabled: one row a package, one column an issue."""
        worth, _ = _values(
            self.scenario, positions(self.scenario, self.type), levels.to_numpy(dtype=np.float64)
        )
        return pd.DataFrame(worth, index=levels.index)[list(self.utilities.columns)]

    def side_gains(self, levels: pd.DataFrame) -> pd.DataFrame:
        """The same as `gains`, for packages as in `worth`."""
        asked = pd.DataFrame(_asked(self.scenario, levels.to_numpy(dtype=np.float64)), index=levels.index)
        return self._sides(self.worth(levels) - self.disagreement, asked)

    def reached(self, runs: pd.DataFrame) -> pd.DataFrame:
        """Utility to every party of what each world has bound, at this type's published values.

        `runs` has one row a world: `outcome`, and `level_<issue>` for every issue. The published values are used
        whatever type and weights a world has drawn. A world that bound nothing stays in disagreement. One that
        ended in war has no package: NaN. Returned like `runs`, one column a party.

        Raises ValueError if a column is missing.
        """
        columns = [f"level_{issue}" for issue in self.levels.columns]
        missing = [column for column in ("outcome", *columns) if column not in runs.columns]
        if missing:
            raise ValueError(f"runs lacks {', '.join(missing)}")
        by_levels = runs.groupby(columns, sort=True)
        distinct = pd.DataFrame(by_levels.size().index.to_frame().to_numpy(), columns=self.levels.columns)
        worth = self.worth(distinct)
        worth[(distinct == 0).all(axis=1)] = self.disagreement.to_numpy()
        table, group = worth.to_numpy(), by_levels.ngroup().to_numpy()
        found = table[group]
        found[runs["outcome"].isin(WAR).to_numpy()] = np.nan
        return pd.DataFrame(found, index=runs.index, columns=self.utilities.columns)

    def distance(self, runs: pd.DataFrame) -> pd.DataFrame:
        """How far from the frontier of the zone each world ended: see `analysis.bargaining.frontier_distance`.

        `runs` as in `reached`. Distances are what the parties could still have gained by a package of the zone, in
        shares of what each could hope for; 0 if the zone is empty, since then nothing was left on the table; NaN
        for a world that ended in war. Issues bound one by one can add up to more than any single package holds.

        Returns, indexed like `runs`, `common_gain` and `total_gain`.

        Raises ValueError if a column is missing.
        """
        reached = self.reached(runs)[self.signatories]
        inside = self.utilities.loc[self.zone, self.signatories]
        found = frontier_distance(reached, inside, self.disagreement[self.signatories])
        return found if len(inside) else found.mask(reached.notna().all(axis=1), 0.0)

    def endings(self, runs: pd.DataFrame) -> pd.DataFrame:
        """Where worlds of this type ended in the plane of `gains`: one row a point.

        `runs` as in `reached`, with a column `type`. Returns `kind` (`agreement`, `none` for worlds that bound
        nothing, or `war`), `challenger`, `defender` (gains; NaN for war) and `worlds`, most frequent first.
        """
        columns = [f"level_{issue}" for issue in self.levels.columns]
        own = runs.loc[runs["type"] == self.type]
        found = own.groupby([*columns, "outcome"], sort=False).size().rename("worlds").reset_index()
        levels = found[columns].set_axis(self.levels.columns, axis=1)
        nothing = (levels == 0).all(axis=1)
        war = found["outcome"].isin(WAR)
        found["kind"] = np.select([war, nothing], ["war", "none"], "agreement")
        gains = self.side_gains(levels)
        gains[nothing], gains[war] = 0.0, np.nan
        at = ["kind", "challenger", "defender"]
        found = found.join(gains.round(9))
        counted = found.groupby(at, dropna=False, sort=False)["worlds"].sum().reset_index()
        return counted.sort_values("worlds", ascending=False, kind="stable", ignore_index=True)

    def _sides(self, gain: pd.DataFrame, consent: pd.DataFrame) -> pd.DataFrame:
        """Gains of the two sides, from those of the parties and whose consent is needed (both by party)."""
        own = self.scenario.layout.challenger
        others = gain.drop(columns=own)
        least = others.where(consent[others.columns]).min(axis=1).fillna(others.min(axis=1))
        return pd.DataFrame({"challenger": gain[own], "defender": least})


class FrontierTables(NamedTuple):
    """What `figures.frontier` draws, for all types of a scenario's challenger.

    Attributes:
        points: one row a type and package: `type`, `package`, `challenger`, `defender` (gains over disagreement),
            `refused` (crosses a hard red line of somebody whose consent it needs), `zone`.
        solutions: one row a type, solution and package that it chooses: `type`, `solution`, `package`.
        endings: `Bargaining.endings` with a column `type`; None without runs.
    """

    points: pd.DataFrame
    solutions: pd.DataFrame
    endings: pd.DataFrame | None


def frontier_tables(scenario: Scenario, runs: pd.DataFrame | None = None) -> FrontierTables:
    """The bargaining problems of all types in the plane of the two sides' gains; `runs` as in `endings`."""
    problems = {type_: bargaining(scenario, type_) for type_ in scenario.layout.types}
    points = {
        type_: each.gains.assign(refused=(each.refused & each.consent).any(axis=1), zone=each.zone)
        for type_, each in problems.items()
    }
    chosen = {type_: each.solutions.index.to_frame(index=False) for type_, each in problems.items()}
    ended = {} if runs is None else {type_: each.endings(runs) for type_, each in problems.items()}

    def stacked(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
        return pd.concat(tables, names=["type"]).reset_index("type").reset_index(drop=True)

    named = {type_: table.rename_axis("package").reset_index() for type_, table in points.items()}
    return FrontierTables(stacked(named), stacked(chosen), stacked(ended) if ended else None)


def bargaining(scenario: Scenario, type_: str) -> Bargaining:
    """The bargaining problem of a scenario if its challenger is of one type.

    Raises ValueError for a type that the scenario does not have.
    """
    layout = scenario.layout
    held = positions(scenario, type_)
    packages, levels = _tabled(scenario)
    rows = levels.to_numpy(dtype=np.float64)
    utilities, refused = _values(scenario, held, rows)
    proposers = packages.pop("proposers")
    consent = {
        party: asked | np.array([party in each for each in proposers], dtype=bool)
        for party, asked in _asked(scenario, rows).items()
    }
    floor = {each.party: each.reservation for each in held if each.party in scenario.actors}
    alliance = scenario.alliance
    if alliance is not None:
        start = np.array([alliance.cohesion.start.value])
        floor[alliance.key] = -float(silence_tolerance(np.array([alliance.silence.value]), start)[0])
    return Bargaining(
        scenario,
        type_,
        packages,
        levels,
        pd.DataFrame(utilities, index=levels.index),
        pd.DataFrame(refused, index=levels.index),
        pd.DataFrame(consent, index=levels.index),
        pd.Series(floor, name="disagreement")[list(layout.parties)],
    )


def _asked(scenario: Scenario, levels: Floats) -> dict[str, Bools]:
    """Party -> (P,) whether packages of these levels (P, K) move an issue on which its consent is needed."""
    issues = scenario.layout.issues.values()
    return {
        party: ((levels >= 1) & np.array([party in issue.consent for issue in issues])).any(axis=1)
        for party in scenario.layout.parties
    }


def _values(
    scenario: Scenario, held: list[Position], levels: Floats
) -> tuple[dict[str, Floats], dict[str, Bools]]:
    """Party -> (P,) utility of packages of these levels (P, K), and whether it refuses them for a red line."""
    layout = scenario.layout
    sizes = np.stack(
        [layout.sizes(issue)[levels[:, at].astype(int)] for issue, at in layout.order.items()], axis=1
    )
    moved = levels >= 1
    given_by = np.array([issue.given_by for issue in layout.issues.values()])
    own_moves = {side: (moved & (given_by == side)).sum(axis=1) for side in ("challenger", "defender")}
    gives = (moved & (given_by != "challenger")).any(axis=1)
    threat = layout.threat[layout.first_rung]
    utilities, refused = {}, {}
    for each in held:
        if each.party not in scenario.actors:
            continue
        actor, side = scenario.actors[each.party], layout.side(each.party)
        other = "defender" if side == "challenger" else "challenger"
        unmatched = np.maximum(own_moves[side] - own_moves[other], 0)
        worth = each.worth(levels, sizes) - actor.reciprocity.value * unmatched
        if side == "defender":
            worth = worth - actor.coercion.value * threat * gives
        utilities[each.party] = worth
        refused[each.party] = each.crossed(levels).any(axis=1)
    if scenario.alliance is not None:
        key = scenario.alliance.key
        utilities[key], refused[key] = _together(scenario, held, levels, sizes)
    return utilities, refused


def _together(
    scenario: Scenario, held: list[Position], levels: Floats, sizes: Floats
) -> tuple[Floats, Bools]:
    """(P,) worth above its reservation value to the ally whose silence the quota needs last; too few are left."""
    alliance = scenario.alliance
    assert alliance is not None
    voters = [
        each
        for each in held
        if each.party == alliance.key or (alliance.setter_votes and each.party == alliance.setter)
    ]
    quota = len(voters) if alliance.quota == "all" else alliance.quota
    short = np.stack([each.reservation - each.worth(levels, sizes) for each in voters])
    within = np.stack([~each.crossed(levels).any(axis=1) for each in voters])
    refused = within.sum(axis=0) < quota
    # Whoever's red line is crossed comes last; where that is too many for the quota, lines don't count here.
    counted = np.where(within | refused, short, np.inf)
    return -passing_tolerance(iter(counted), quota, len(voters)), refused


def _tabled(scenario: Scenario) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All packages that anybody is willing to table, each once: what they are, and their levels."""
    layout = scenario.layout
    names = {key: actor.name for key, actor in scenario.actors.items()}
    if scenario.alliance:
        names[scenario.alliance.key] = scenario.alliance.name
    held = dict.fromkeys(session.forum for session in layout.rounds)
    found: dict[tuple[int, ...], dict[str, list[str]]] = {}
    for party in layout.parties:
        menu = layout.whole_menu(party)
        there = [
            (scenario.forums[forum].place, layout.menu(forum, party))
            for forum in held
            if party in scenario.forums[forum].proposers
        ]
        for row, title in enumerate(menu.names[: menu.nothing]):
            levels = menu.levels[row]
            entry = found.setdefault(tuple(levels.astype(int)), {"title": [], "proposers": [], "forums": []})
            entry["title"] += [title] if title else []
            entry["proposers"].append(party)
            entry["forums"] += [
                place
                for place, forum_menu in there
                if (forum_menu.bindable & (forum_menu.levels == levels).all(axis=1)).any()
            ]
    rows = np.array(list(found), dtype=np.int64).reshape(len(found), len(layout.issues))
    moves = [tuple(layout.describe(levels)) for levels in rows]
    titles = [next(iter(entry["title"]), "") for entry in found.values()]
    table = pd.DataFrame(
        {
            "title": titles,
            "moves": moves,
            "tabled_by": [tuple(names[p] for p in dict.fromkeys(e["proposers"])) for e in found.values()],
            "forums": [tuple(dict.fromkeys(entry["forums"])) for entry in found.values()],
            "core": ((rows >= 1) & layout.core).any(axis=1),
            "proposers": [tuple(entry["proposers"]) for entry in found.values()],
        },
        index=pd.Index(_unique(titles, moves), name="package"),
    )
    return table, pd.DataFrame(rows, index=table.index, columns=list(layout.issues))


def _unique(titles: list[str], moves: list[tuple[str, ...]]) -> list[str]:
    """A name for each package: its title, what it moves, or both where a title is given to several."""
    shared = {title for title, count in Counter(titles).items() if count > 1}
    said = []
    for title, moved in zip(titles, moves, strict=True):
        words = "; ".join(moved)
        said.append(f"{title} ({words})" if title and title in shared else title or words)
    seen: Counter[str] = Counter()
    for at, each in enumerate(said):
        seen[each] += 1
        if seen[each] > 1:  # two packages whose levels are labelled alike
            said[at] = f"{each} [{seen[each]}]"
    return said
