"""The crisis of a scenario in the graph model: which of its states could last, at published values, for one type.

Two decide: the challenger, and the defender's side as one. These are the states, and who can move on alone:

============  ==========================================  ======================================================
state         what it is                                  moves
============  ==========================================  ======================================================
standoff      demands refused, the challenger waits       challenger: stand_down, pressure, attack;
                                                          defender: offer, granted
offer         the utmost offer stands, it still waits     challenger: agreement, stand_down, pressure, attack;
                                                          defender: standoff, granted
pressure      it stands on the highest rung on which      challenger: standoff, attack;
              talks go on; no offer stands                defender: granted
stand_down    it has withdrawn without an agreement       challenger: standoff
agreement     the offer is bound                          none: what is bound stays bound
granted       the demands are bound                       none
attack        war, not answered yet                       defender: answered
answered      war, and the threat is carried out          none: war cannot be undone
============  ==========================================  ======================================================

The *demands* are the package worth most to the challenger among those it is willing to table. The *utmost offer* is
the package worth most to the challenger among those that nobody on the defender's side would block. A state that
the scenario has no means for (no war, no rung below it, no threat to carry out, no package that could be offered)
is left out.

**What the challenger likes** is computed by the model's rules (docs/model.md, 7.6, 7.7, 7.9 and 7.11) at published
values, as things stand at the last session of the documented week, its core demands having been refused in each and
cohesion being what it was at first:

- standoff and offer: the worth V of talking on, carrying cost included; stand_down: its audience cost, negative;
- peace P is the better of V and stand_down. pressure: V and what the rung adds; attack: P and the war's advantage
  over it, threats being as credible as they are believed to be; answered: the same, the threat carried out in full.
  If attack is in prospect, pressure is worth a share of its advantage, because it prepares it;
- agreement and granted: P and what the package is worth above the reservation value, the audience cost of settling
  for less than the demands taken off. The model has two measures of no agreement: R at the table, P on the ladder.
  Setting them equal is this module's assumption.

**What the defender's side likes** is the gain over disagreement of that party of it that gains least: nothing in
standoff and offer; in stand_down, what the withdrawal that the scenario names is worth. The model has no number for
war and for pressure; *assumptions*: war is worse than all that has a number, and pressure little better than war. A
package that crosses a hard red line is refused whatever it pays elsewhere, so to grant it is worse still. Whether
it answers war by carrying out its threat is decided by what the rungs of its own ladder are worth in war. `RANKINGS`
has two other rankings, to see what hangs on this.

A concept says what could last if each looks a move or two ahead, never how likely it is, nor that it will come about.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd

from negotiation_sim.analysis.stability import (
    CONCEPTS,
    Conflict,
    conflict_from_tables,
    equilibria,
    stability,
)
from negotiation_sim.diagnostics import Bargaining
from negotiation_sim.rules.arrays import Floats
from negotiation_sim.rules.aspiration import elapsed_share
from negotiation_sim.rules.audience import audience_cost, commitment_after
from negotiation_sim.rules.ladder import answering_worth, attack_value, carrying_cost, rung_worth, talk_value
from negotiation_sim.rules.standing import believed_credibility, blame_after, credibility_after, hope_after
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.parameters import Parameter

RANKINGS = MappingProxyType(
    {
        "firm": "would sooner have war than cross its red lines, and answers war as its ladder says",
        "yielding": "would sooner cross its red lines than face war",
        "bluffing": "would not carry out its threat in war",
    }
)
"""Rankings of war by the defender's side: the first is used unless another is asked for."""

MOVES = MappingProxyType(
    {
        "challenger": {
            "standoff": ("stand_down", "pressure", "attack"),
            "offer": ("agreement", "stand_down", "pressure", "attack"),
            "pressure": ("standoff", "attack"),
            "stand_down": ("standoff",),
        },
        "defender": {
            "standoff": ("offer", "granted"),
            "offer": ("standoff", "granted"),
            "pressure": ("granted",),
            "attack": ("answered",),
        },
    }
)
"""Decider -> state -> states it can move to alone."""


@dataclass(frozen=True)
class Crisis:
    """The graph model of a scenario, for one type of the challenger and one ranking of `RANKINGS`.

    Attributes:
        problem: the bargaining problem behind it.
        ranking: how the defender's side ranks war.
        demands, offer: names of the packages; None if there is none.
        states: indexed by `state`: `label` in the scenario's words; `challenger`, its worth in the challenger's
            unit; `defender`, of which only the order counts; `final`, whether nobody can leave it.
        conflict: the model that `analysis.stability` reads.
    """

    problem: Bargaining
    ranking: str
    demands: str | None
    offer: str | None
    states: pd.DataFrame
    conflict: Conflict

    @property
    def stability(self) -> pd.DataFrame:
        """For whom each state that can be left is stable: see `analysis.stability.stability`."""
        table = stability(self.conflict)
        return table[~table["state"].map(self.states["final"])].reset_index(drop=True)

    @property
    def lasting(self) -> pd.DataFrame:
        """Which states that can be left are stable for both: one row a state, one column a concept."""
        return equilibria(self.conflict)[~self.states["final"].to_numpy()]

    def improvements(self, decider: str, state: str) -> list[str]:
        """States that a decider can move to alone and likes better, best first."""
        liked = self.states[decider]
        known = [to for to in MOVES[decider].get(state, ()) if to in liked.index and liked[to] > liked[state]]
        return sorted(known, key=lambda to: -liked[to])


def crisis(problem: Bargaining, ranking: str = "firm") -> Crisis:
    """The crisis behind a bargaining problem, for the same scenario and type.

    Raises ValueError for a ranking that is not in `RANKINGS`.
    """
    if ranking not in RANKINGS:
        raise ValueError(f"no such ranking: {ranking!r}; there are {', '.join(RANKINGS)}")
    scenario = problem.scenario
    demands, offer = _demands(problem), _offer(problem)
    liked = _challenger(problem, demands, offer)
    ranks = _defender(problem, demands, offer, ranking)
    states = pd.DataFrame({"challenger": liked, "defender": ranks}).loc[list(liked)]
    arcs = [
        (decider, origin, target)
        for decider, by_origin in MOVES.items()
        for origin, targets in by_origin.items()
        for target in targets
        if origin in states.index and target in states.index
    ]
    moves = pd.DataFrame(arcs, columns=["decider", "origin", "target"])
    conflict = conflict_from_tables(moves, states)
    labels = _labels(scenario)
    states.insert(0, "label", [labels[state] for state in states.index])
    states["final"] = ~states.index.isin(moves["origin"])
    return Crisis(problem, ranking, demands, offer, states.rename_axis("state"), conflict)


def reading(problem: Bargaining) -> str:
    """What the stability of the states comes to for the type, and what hangs on the ranking of war."""
    base, scenario = crisis(problem), problem.scenario
    names = scenario.sides
    told = [_lasting(base.lasting.drop(index="attack", errors="ignore"))]
    leaves = base.improvements("challenger", "standoff")
    if leaves and not base.lasting.loc["standoff"].any():
        told.append(f"{names.challenger.name} leaves the standoff by {MOVING[leaves[0]]}")
    if base.offer:
        taken = base.improvements("challenger", "offer")[:1] == ["agreement"]
        told.append(f"the utmost offer would {'be' if taken else 'not be'} taken")
    said = [f"{scenario.layout.challenger_spec.types[problem.type].label}: {'; '.join(told)}."]
    for ranking in list(RANKINGS)[1:]:
        other = crisis(problem, ranking).lasting
        changed = (other != base.lasting).any(axis=1).drop("attack", errors="ignore")
        if changed.any():
            then = _lasting(other.loc[changed.index[changed]])
            said.append(f"If {names.defender.name} {RANKINGS[ranking]}: {then}.")
    if len(said) == 1:
        said.append(f"It is the same however {names.defender.name} ranks war.")
    return " ".join(each[:1].upper() + each[1:] for each in said)


CALLED = MappingProxyType(
    {
        "standoff": "the standoff",
        "offer": "an offer not taken",
        "pressure": "pressure",
        "stand_down": "a stand-down",
    }
)
MOVING = MappingProxyType(
    {
        "stand_down": "standing down",
        "pressure": "stepping up",
        "attack": "attack",
        "agreement": "taking the offer",
    }
)


def _lasting(rows: pd.DataFrame) -> str:
    """Which of these states could last, and in which senses; states with the same senses together."""
    by_senses: dict[str, list[str]] = {}
    for state, row in rows.iterrows():
        by_senses.setdefault(_senses([each for each in CONCEPTS if row[each]]), []).append(CALLED[str(state)])
    never = by_senses.pop("", [])
    told = [f"{_listed(states)} could last {senses}" for senses, states in by_senses.items()]
    if not told:
        told = [
            f"neither {' nor '.join(never)} could last" if len(never) > 1 else f"{never[0]} could not last"
        ]
    return "; ".join(told)


def _senses(held: list[str]) -> str:
    lacking = [concept for concept in CONCEPTS if concept not in held]
    if not held:
        return ""
    if not lacking:
        return "in every sense"
    if lacking == ["nash"]:
        return "in every sense but Nash's"
    return f"only in {_listed([NAMES[concept] for concept in held])}"


NAMES = MappingProxyType(
    {
        "nash": "Nash's sense",
        "gmr": "general metarationality",
        "smr": "symmetric metarationality",
        "seq": "the sequential sense",
    }
)
"""The concepts of `analysis.stability` in words."""


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _demands(problem: Bargaining) -> str | None:
    """The package worth most to the challenger among those it is willing to table."""
    scenario = problem.scenario
    name = scenario.actors[scenario.layout.challenger].name
    own = problem.utilities.loc[[name in each for each in problem.packages["tabled_by"]]]
    return None if own.empty else str(own[scenario.layout.challenger].idxmax())


def _offer(problem: Bargaining) -> str | None:
    """The package worth most to the challenger among those that nobody else blocks."""
    challenger = problem.scenario.layout.challenger
    blocked = problem.blocks.loc[problem.blocks["party"] != challenger, "package"]
    own = ~problem.refused[challenger]
    open_ = problem.gains[~problem.gains.index.isin(blocked) & own].sort_values(
        ["challenger", "defender"], ascending=False, kind="stable"
    )
    return None if open_.empty else str(open_.index[0])


class _Standing(NamedTuple):
    """Public standing and commitment in the challenger's eyes, (1,) each."""

    hope: Floats
    credibility: Floats
    blame: Floats
    commitment: Floats


def _read(parameter: Parameter) -> Floats:
    return np.array([parameter.value])


def _after_the_week(scenario: Scenario, refused: bool) -> _Standing:
    """As the model's rules leave them if core demands are refused in every session of the documented week."""
    layout = scenario.layout
    spec, outlook, defender = layout.challenger_spec, layout.challenger_spec.outlook, layout.defender_spec
    yes, no, zero = np.array([True]), np.array([False]), np.zeros(1)
    hope, credibility = _read(outlook.hope), _read(outlook.credibility)
    blame, commitment, vague = _read(defender.blame), zero, _read(defender.vagueness)
    for _ in range(layout.week if refused else 0):
        commitment = commitment_after(commitment, _read(spec.audience.growth))
        hope = hope_after(hope, yes, vague, _read(outlook.lesson), no, zero)
        blame = blame_after(blame, yes, _read(defender.blame_rise), no, zero, zero)
        credibility = credibility_after(
            credibility, zero, no, zero, no, zero, yes, vague, _read(outlook.vagueness_loss)
        )
    cohesion = _read(scenario.alliance.cohesion.start) if scenario.alliance else np.ones(1)
    believed = believed_credibility(credibility, _read(outlook.unity), cohesion)
    return _Standing(hope, believed, blame, commitment)


def _challenger(problem: Bargaining, demands: str | None, offer: str | None) -> dict[str, float]:
    """State -> worth to the challenger, for the states that the scenario has; see the head of this module."""
    scenario, layout = problem.scenario, problem.scenario.layout
    spec, attack, session = (
        layout.challenger_spec,
        layout.challenger_spec.attack,
        layout.rounds[layout.week - 1],
    )
    core = demands is not None and bool(problem.packages.at[demands, "core"])
    hope, believed, blame, commitment = _after_the_week(scenario, core)
    answers = list(scenario.ladders.defender.values())

    def war(credible: Floats, answer: int) -> Floats:
        return attack_value(
            _read(attack.success),
            _read(spec.types[problem.type].prize),
            _read(attack.cost) + _read(answers[answer].attack_cost),
            credible,
            _read(attack.sanctions),
            _read(attack.discount),
            _read(attack.cover),
            blame,
        )

    forum = _read(scenario.forums[session.forum].worth)
    demanded = float(problem.utilities.at[demands, layout.challenger]) if demands else 0.0
    weights = layout.published_weights(layout.challenger)[layout.types.index(problem.type)]
    concession = np.array([(layout.wishes @ weights).max(initial=0.0)])
    carrying = carrying_cost(
        _read(spec.carrying.base),
        _read(spec.carrying.growth),
        elapsed_share(session.day, _read(spec.clock_days)),
    )
    talk = talk_value(hope, concession, forum, carrying)
    down = -_read(spec.audience.cost) * commitment
    peace = np.maximum(talk, down)
    rungs = list(scenario.ladders.challenger.values())

    def on_rung(rung: int, value: Floats) -> float:
        """What a rung is worth more than the one on which the challenger stands at first."""
        share, leverage, cost = (
            np.array([[getattr(each, field).value for each in rungs]])
            for field in ("share", "leverage", "cost")
        )
        worth = rung_worth(
            share, layout.war, layout.suspends, leverage, cost, value - peace, hope * concession, forum
        )[0]
        return float(worth[rung] - worth[layout.first_rung])

    def agreed(package: str) -> float:
        worth = problem.utilities.at[package, layout.challenger]
        face = audience_cost(_read(spec.audience.cost), commitment, np.array([demanded - worth]))
        return float((peace + worth - face - problem.disagreement[layout.challenger])[0])

    found = {"standoff": float(talk[0])}
    if offer:
        found["offer"] = float(talk[0])
    below = _pressure_rung(scenario)
    expected = war(believed, layout.first_answer)
    if below > layout.first_rung:
        found["pressure"] = float(talk[0]) + on_rung(below, expected)
    found["stand_down"] = float(down[0])
    if offer:
        found["agreement"] = agreed(offer)
    if demands:
        found["granted"] = agreed(demands)
    if layout.war.any():
        top = int(np.flatnonzero(layout.war)[-1])
        found["attack"] = float(peace[0]) + on_rung(top, expected)
        if layout.carries_out.any():
            answer = int(np.flatnonzero(layout.carries_out)[0])
            found["answered"] = float(peace[0]) + on_rung(top, war(np.ones(1), answer))
    return found


def _defender(problem: Bargaining, demands: str | None, offer: str | None, ranking: str) -> dict[str, float]:
    """State -> worth to the defender's side; only the order counts. See the head of this module."""
    scenario, layout = problem.scenario, problem.scenario.layout
    gains = problem.gains["defender"]
    found = {"standoff": 0.0, "offer": 0.0, "stand_down": _withdrawal(problem)}
    if offer:
        found["agreement"] = float(gains[offer])
    crosses = False
    if demands:
        others = problem.refused.columns != layout.challenger
        crosses = bool((problem.refused & problem.consent).loc[demands, others].any())
        if not crosses:
            found["granted"] = float(gains[demands])
    least = min(found.values())
    found["pressure"], found["attack"] = least - 2.0, least - 3.0
    if crosses:
        found["granted"] = least - 1.0 if ranking == "yielding" else least - 4.0
    answers = list(scenario.ladders.defender.values())
    benefit, cost = (np.array([[getattr(a, field).value for a in answers]]) for field in ("benefit", "cost"))
    worth = answering_worth(benefit, cost, np.ones(1))[0]
    if layout.carries_out.any():
        pays = worth[np.flatnonzero(layout.carries_out)[0]] > worth[layout.first_answer]
        found["answered"] = found["attack"] + (0.5 if pays and ranking != "bluffing" else -0.5)
    return found


def _pressure_rung(scenario: Scenario) -> int:
    """The highest of the challenger's rungs on which talks go on; the foot if there is none."""
    layout = scenario.layout
    return int(np.flatnonzero(~layout.war & ~layout.suspends).max(initial=0))


def _withdrawal(problem: Bargaining) -> float:
    """What the withdrawal that the scenario names is worth to the defender's side, for nothing in return."""
    named = problem.scenario.ending.withdrawal
    layout = problem.scenario.layout
    if named is None or named.issue not in layout.order:
        return 0.0
    levels = pd.DataFrame([dict.fromkeys(layout.order, 0) | {named.issue: named.level}])
    return float(problem.side_gains(levels)["defender"].iloc[0])


def _labels(scenario: Scenario) -> dict[str, str]:
    """State -> what it is, in the scenario's words."""
    layout, ladders = scenario.layout, scenario.ladders
    rungs = [rung.label for rung in ladders.challenger.values()]
    below = rungs[_pressure_rung(scenario)]
    war = rungs[np.flatnonzero(layout.war)[-1]] if layout.war.any() else ""
    answers = [answer.label for answer in ladders.defender.values()]
    threat = answers[np.flatnonzero(layout.carries_out)[0]] if layout.carries_out.any() else ""
    own, other = scenario.sides.challenger.name, scenario.sides.defender.name
    return {
        "standoff": f"{other} refuses, {own} waits",
        "offer": f"{other} makes its utmost offer, {own} waits",
        "pressure": f"{own} steps up: {below}",
        "stand_down": f"{own} stands down without an agreement",
        "agreement": f"{own} takes the offer",
        "granted": f"{other} grants the demands",
        "attack": f"{own} attacks: {war}",
        "answered": f"{war}, then {threat}",
    }
