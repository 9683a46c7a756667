"""The Mesa model: many worlds of one negotiation, stepped round by round by the same agents and rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import mesa
import numpy as np
from numpy.typing import ArrayLike

from negotiation_sim.agents.alliance import AllianceAgent
from negotiation_sim.agents.challenger import ChallengerAgent
from negotiation_sim.agents.decisions import Decider, DecisionDesk
from negotiation_sim.agents.defender import DefenderAgent
from negotiation_sim.agents.negotiator import PrincipalAgent, Tabled
from negotiation_sim.agents.protege import ProtegeAgent
from negotiation_sim.agents.public import Public, RoundEvents
from negotiation_sim.agents.worlds import take_worlds
from negotiation_sim.draws import Draws
from negotiation_sim.priors import drawn
from negotiation_sim.record import Record
from negotiation_sim.rules.arrays import Bools, Floats, Ints, row_sums
from negotiation_sim.rules.beliefs import damped, posterior, seen_likelihood
from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.rules.signals import CHEAP, DOWN, POINTLESS, UP, WALK_OUT
from negotiation_sim.rules.standing import blame_after
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.layout import Menu, Round
from negotiation_sim.scenario.parameters import Drawing

if TYPE_CHECKING:
    import pandas as pd


WORTH_COMPACTING = 0.75
"""Worlds that have ended are dropped from the arrays when no more than this share is still open: dropping
copies every array, so it must save more than it costs."""


class Talks(mesa.Model):
    """Many parallel, independent worlds of one scenario.

    Args:
        scenario: the scenario, or its name.
        worlds: how many worlds, or the ids of the worlds wanted, in any order.
        seed: the scenario's seed; world j of a seed is the same in whatever batch it runs.
        parameters: `ranges` draws every parameter over its range in each world; `values` keeps all at
            their published values.
        fixed: parameter path -> value, or one value a world: takes the place of the draw, which stays where
            a value is NaN; ScenarioError for a path that does not exist.
        deciders: actor -> who decides in its place (see `agents.decisions`).
        keep_decisions: keep every decision in `desk.log`; meant for few worlds.
        written: (round, turn) -> levels (K) of a package that a person writes there instead of choosing one from
            the proposer's menu.

    Attributes:
        outcomes: a table, one row a world, when all rounds are done.
        record: the trace by round.
        round: the round being played.
        public, events: what all can see; what happened this round.
    """

    def __init__(
        self,
        scenario: Scenario | str,
        worlds: int | Sequence[int] = 1,
        seed: int = 0,
        parameters: Drawing = "ranges",
        fixed: Mapping[str, ArrayLike] | None = None,
        deciders: Mapping[str, Decider] | None = None,
        keep_decisions: bool = False,
        written: Mapping[tuple[int, int], Sequence[int]] | None = None,
    ) -> None:
        super().__init__(rng=seed)
        self.scenario = Scenario.load(scenario) if isinstance(scenario, str) else scenario
        self.layout = self.scenario.layout
        ids = range(worlds) if isinstance(worlds, int) else worlds
        if not len(ids) or min(ids) < 0:
            raise ValueError(f"worlds: a number of at least 1, or ids of at least 0; found {worlds!r}")
        self.draws = Draws(seed, ids)
        self._priors = self.draws
        self.world_ids = self.draws.worlds
        self._parameters = parameters
        self._fixed = self._checked(fixed or {})
        self._world_parameters: dict[str, Floats] = {}
        self.desk = DecisionDesk(self.draws, deciders or {}, keep_decisions)
        self.written = dict(written or {})
        self.rows: Ints = np.arange(self.size)
        self.open = np.ones(self.size, dtype=bool)
        self.record = Record(self.size, self.layout)
        self.public = self._at_start()
        self.events = RoundEvents(self.size)
        self.round: Round = self.layout.rounds[0]
        self.principals: dict[str, PrincipalAgent] = {}
        for key in self.scenario.actors:
            self.principals[key] = self._principal(key)
        self.alliance: AllianceAgent | None = None
        if self.scenario.alliance:
            self.alliance = AllianceAgent(self, self.principals[self.scenario.alliance.setter])
        # Mesa numbers agents in a registry that would keep every model alive; all agents exist by now.
        mesa.Agent._ids.pop(self, None)
        self._types = self.challenger.becomes.copy()
        self.datacollector = self._collector() if self.size == 1 else None

    # ---- what agents ask the model -------------------------------------------------------------

    @property
    def size(self) -> int:
        """How many worlds are still open."""
        return len(self.draws.worlds)

    @property
    def challenger(self) -> ChallengerAgent:
        """The challenger."""
        agent = self.principals[self.layout.challenger]
        assert isinstance(agent, ChallengerAgent)
        return agent

    @property
    def defender(self) -> DefenderAgent:
        """The defender."""
        agent = self.principals[self.layout.defender]
        assert isinstance(agent, DefenderAgent)
        return agent

    def parameter(self, path: str) -> Floats:
        """(W,) a parameter in every world: fixed, published, or drawn over its range."""
        fixed = self._fixed.get(path)
        if fixed is None:
            return self._drawn(path)
        return np.where(np.isnan(fixed), self._drawn(path), fixed) if np.isnan(fixed).any() else fixed.copy()

    def _drawn(self, path: str) -> Floats:
        spec = self.scenario.parameter(path)
        if self._parameters == "values" or spec.range[0] == spec.range[1]:
            return np.full(self.size, spec.value)
        return drawn(self._priors, path, spec)

    def published(self, path: str) -> Floats:
        """(W,) the published value of a parameter, the same in every world."""
        return np.full(self.size, self.scenario.parameter(path).value)

    def published_reservation(self, party: str) -> tuple[float, float]:
        """Published range of a party's reservation value, over the challenger's types or the clusters."""
        return self.scenario.published_reservation(party)

    def believed_utility(self, menu: Menu, party: str) -> Floats:
        """(1, P) or (W, P) what a party is believed to make of each package: over types by common belief."""
        published = menu.published[party]
        if party != self.layout.challenger:
            return published[None, :]
        believed = np.zeros((published.shape[1], self.size))
        for at, worth in enumerate(published):
            believed += worth[:, None] * self.public.belief[:, at]
        return believed.T

    def threat(self) -> Floats:
        """(W,) how far the challenger has climbed, 0 to 1, by the published ladder."""
        return np.asarray(self.layout.threat[self.public.rung])

    # ---- running -------------------------------------------------------------------------------

    def run(self) -> Talks:
        """Play all rounds to the horizon."""
        while self.running:
            self.step()
        return self

    def step(self) -> None:
        """Play one round: forum, consultation, offers, responses, signals, learning, aftermath."""
        self.events = RoundEvents(self.size)
        self.public.held += 1
        self._inject()
        done = self._negotiate()
        self._signal(~done)
        self._aftermath()
        self._write()
        if self.datacollector is not None:
            self.datacollector.collect(self)
        self._close(done)

    def spread(self, worlds: int, seed: int) -> Talks:
        """Go on in so many copies of the one world there is: what has been stays, luck differs from now on.

        Args:
            worlds: how many copies; they are worlds 0 to `worlds` - 1 of `seed`.
            seed: of the luck to come. All that the world drew at its beginning stays with it.

        Raises:
            ValueError: there are several worlds, or none that is open.
        """
        if len(self.world_ids) != 1 or not self.running:
            raise ValueError(f"only one world that has not ended can be spread, not {len(self.world_ids)}")
        copies = np.zeros(worlds, dtype=np.int64)
        self._keep(copies)
        self.draws = self.desk.draws = Draws(seed, range(worlds))
        self.world_ids, self.rows = self.draws.worlds, np.arange(worlds)
        self._types = self._types[copies]
        self.record.take(copies)
        self.datacollector = None
        return self

    @property
    def outcomes(self) -> pd.DataFrame:
        """One row a world; the columns are those of runs.parquet. RuntimeError before all rounds are played."""
        import pandas as pd

        if self.running:
            raise RuntimeError("outcomes are read when all rounds are played: call run() first")
        record, layout = self.record, self.layout
        by_round = record.outcomes()
        week, final = by_round[layout.week - 1], by_round[-1]
        stood = np.logical_and.accumulate((by_round == final)[::-1])  # from each round to the horizon
        table: dict[str, object] = {
            "world": self.world_ids,
            "type": np.array(layout.types, dtype=object)[self._types],
            "headline": [OUTCOMES[each] for each in final],
            "outcome": final,
            "week_headline": [OUTCOMES[each] for each in week],
            "week_outcome": week,
            "end_round": record.ended,
            "outcome_since": len(by_round) - stood.sum(axis=0) + 1,
            "highest_rung": record.rung.max(axis=0),
        }
        for side, spec in self.scenario.sides:
            table[f"{spec.adjective}_concession"] = record.concession(side)
        for side, spec in self.scenario.sides:
            table[f"{spec.adjective}_audience_cost"] = record.audience_paid[side]
        for at, key in enumerate(layout.issues):
            table[f"level_{key}"] = record.bound[-1][:, at]
        table["cohesion"] = record.cohesion[-1]
        table["credibility"] = record.credibility[-1]
        for at, type_ in enumerate(layout.types):
            table[f"belief_{type_}"] = record.belief[-1, :, at]
        for key, fact in self.scenario.facts.items():
            table[f"fact_{key}"] = record.reproduces(fact)
        return pd.DataFrame(table)

    def rounds(self, rows: Ints | None = None) -> pd.DataFrame:
        """Every round of all worlds, or of those in some rows of `outcomes`: one row a world and round, by world.

        Worlds that have ended keep their last state. RuntimeError before all rounds are played.
        """
        import pandas as pd

        if self.running:
            raise RuntimeError("rounds are read when all are played: call run() first")
        chosen = np.arange(len(self.world_ids)) if rows is None else rows
        trace = self.record.rounds(chosen)
        worlds = np.repeat(self.world_ids[chosen], len(self.layout.rounds))
        return pd.DataFrame({"world": worlds, **trace})

    # ---- the parts of a round ------------------------------------------------------------------

    def _inject(self) -> None:
        rounds = self.layout.rounds
        previous = rounds[self.round.number - 2].date if self.round.number > 1 else None
        for key, inject in self.scenario.injects.items():
            if inject.date > self.round.date or (previous is not None and inject.date <= previous):
                continue
            path, public = f"injects.{key}.effects", self.public
            public.cohesion = np.clip(public.cohesion + self.parameter(f"{path}.cohesion"), 0.0, 1.0)
            public.blame = np.clip(public.blame + self.parameter(f"{path}.blame"), 0.0, 1.0)
            own, published = self.parameter, self.published
            minds = [(self.challenger.mind, own), *((m, published) for m in self.challenger.images.values())]
            for mind, read in minds:
                mind.hope = np.clip(mind.hope + read(f"{path}.hope"), 0.0, 1.0)
                mind.credibility = np.clip(mind.credibility + read(f"{path}.credibility"), 0.0, 1.0)
            for name in inject.effects.reservation:
                shift = self.parameter(f"{path}.reservation.{name}")
                for agent in self.agents:
                    if name in (agent.key, getattr(agent, "cluster", None)):
                        agent.shift_reservation(shift)
            if inject.effects.reservation and self.alliance:
                self.alliance.reconsider(np.ones(self.size, dtype=bool))

    def _negotiate(self) -> Bools:
        """Hold the session; gives (W,) True where everything is settled."""
        session, public = self.round, self.public
        forum = self.scenario.forums[session.forum]
        for turn, proposer in enumerate(forum.proposers):
            party = self.party(proposer)
            open_ = public.talking & ~self._all_closed()
            tabled = party.offer(session, turn, open_)
            self._answer(tabled, session)
        return self._all_closed()

    def _answer(self, tabled: Tabled, session: Round) -> None:
        events, menu = self.events, tabled.menu
        accepted = tabled.present & tabled.bindable
        challenger_refuses = np.zeros(self.size, dtype=bool)
        for key in self.scenario.forums[session.forum].participants:
            asked = tabled.present & menu.needs[key][tabled.index]
            if not asked.any():
                continue
            agrees = self.party(key).respond(tabled, session, asked)
            if key == self.layout.challenger:
                challenger_refuses = asked & ~agrees & tabled.bindable
            accepted = accepted & (agrees | ~asked)
        core = tabled.present & menu.core[tabled.index]
        if self.layout.side(tabled.proposer) == "challenger":
            events.insisted = events.insisted | core
            events.refused = events.refused | (core & ~accepted)
        else:
            events.offered = events.offered | tabled.present
            events.rebuffed = events.rebuffed | challenger_refuses
        events.given = events.given | (core & accepted)
        self._bind(tabled, accepted)

    def _bind(self, tabled: Tabled, accepted: Bools) -> None:
        if not accepted.any():
            return
        public = self.public
        newly = accepted[:, None] & np.asfortranarray(tabled.menu.addressed[tabled.index]) & ~public.closed
        public.bound = np.where(newly, tabled.levels.astype(np.int64), public.bound)
        public.bound_sizes = np.where(newly, tabled.sizes, public.bound_sizes)
        public.closed = public.closed | newly
        # An agreement takes back that talks are pointless, and the tally of refusals behind it.
        public.pointless = public.pointless & ~accepted
        public.refusals = np.where(accepted, 0, public.refusals)
        for key, principal in self.principals.items():
            signs = accepted & (tabled.menu.needs[key][tabled.index] | (key == tabled.drafter))
            principal.pay_audience(signs)
        for key in self.layout.parties:
            self.party(key).reconsider(accepted)

    def _signal(self, asked: Bools) -> None:
        public, events, layout = self.public, self.events, self.layout
        public.refusals = public.refusals + events.refused
        chances = self.challenger.chances_by_type()
        move = self.challenger.signal(asked)
        answer = self.defender.signal(asked)
        likelihood = damped(
            seen_likelihood(chances, move, CHEAP),
            self.parameter_now("habituation"),
            public.build_ups,
        )
        public.belief = np.where(asked[:, None], posterior(public.belief, likelihood), public.belief)
        before = public.rung
        step = np.where(asked, (move == UP).astype(np.int64) - (move == DOWN), 0)
        top = len(self.scenario.ladders.challenger) - 1
        slides = asked & (
            self.draws.uniform("accident", "ladder", self.round.number) < self.parameter_now("accident")
        )
        public.rung = np.minimum(before + step + slides, top)
        events.stepped_up = public.rung > before
        public.build_ups = public.build_ups + (asked & (move == UP))
        public.pointless = public.pointless | (asked & (move == POINTLESS))
        public.walked_out = public.walked_out | (asked & (move == WALK_OUT))
        change = np.where(asked, (answer == 1).astype(np.int64) - (answer == 2), 0)
        public.answer = public.answer + change
        # What an answer adds to credibility and blame it adds once, however often the step is taken back.
        events.answer_step = np.where(public.answer > public.furthest_answer, public.answer, -1)
        public.furthest_answer = np.maximum(public.furthest_answer, public.answer)
        # The threatened measures are due in the round after war has begun.
        events.unanswered = layout.war[before] & ~layout.carries_out[public.answer]

    def _aftermath(self) -> None:
        public, events, defender = self.public, self.events, self.defender
        self.challenger.conclude(events)
        rows = np.arange(self.size)
        provocation = np.where(events.answer_step >= 0, defender.provocation[rows, events.answer_step], 0.0)
        public.blame = blame_after(
            public.blame,
            events.refused,
            defender.blame_rise,
            events.rebuffed,
            defender.blame_fall,
            provocation,
        )
        if self.alliance:
            self.alliance.close_ranks(events, self.round)
        public.talking = ~public.walked_out & ~self.layout.suspends[public.rung]
        public.suspended = np.where(public.talking, 0, public.suspended + 1)
        if self.round.number == self.layout.challenger_spec.decides_after:
            self.challenger.make_up_its_mind()

    def _write(self) -> None:
        """Record the round for the worlds that are still open; what has ended is computed on, but not kept."""
        paid = {"challenger": np.zeros(self.size), "defender": np.zeros(self.size)}
        for agent in self.principals.values():
            paid[agent.side] = paid[agent.side] + agent.audience_paid
        self.record.write(
            self.round.number, self.rows, self.open, self.public, self.challenger.mind.credibility, paid
        )

    def _close(self, settled: Bools) -> None:
        """Take worlds that have ended out of the batch, and move on to the next round."""
        war = self.layout.war
        top_war = np.flatnonzero(war)[-1] if war.any() else -1
        ended = self.open & (settled | (self.public.rung == top_war))
        last = self.round.number == len(self.layout.rounds)
        self.record.ended[self.rows[self.open if last else ended]] = self.round.number
        self.open = self.open & ~ended
        if last or not self.open.any():
            self.record.fill(self.round.number)
            self.running = False
            return
        if self.open.mean() < WORTH_COMPACTING:
            self._keep(np.flatnonzero(self.open))
        self.round = self.layout.rounds[self.round.number]

    # ---- house-keeping -------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of everything; the model cannot be used any more.

        A model and its agents refer to each other, so that only Python's search for cycles would free them, and
        arrays, however large, do not make it search. Who plays one model after another closes each.
        """
        self.__dict__.clear()

    def party(self, key: str) -> PrincipalAgent | AllianceAgent:
        """A principal or the alliance by key."""
        if self.alliance and key == self.alliance.key:
            return self.alliance
        return self.principals[key]

    def parameter_now(self, path: str) -> Floats:
        """(W,) a parameter of the world itself rather than of an agent."""
        if path not in self._world_parameters:
            self._world_parameters[path] = self.parameter(path)
        return self._world_parameters[path]

    def _keep(self, rows: Ints) -> None:
        self.rows, self.open = self.rows[rows], self.open[rows]
        self.draws = self.desk.draws = self.draws.take(rows)
        self._priors = self._priors.take(rows)
        self._fixed = {path: values[rows] for path, values in self._fixed.items()}
        self._world_parameters = {path: values[rows] for path, values in self._world_parameters.items()}
        take_worlds(self.public, rows)
        self.agents.do("keep", rows)

    def _all_closed(self) -> Bools:
        return np.asarray((self.public.closed | ~self.layout.base).all(axis=1)) & bool(self.layout.base.any())

    def _checked(self, fixed: Mapping[str, ArrayLike]) -> dict[str, Floats]:
        for path in fixed:
            self.scenario.parameter(path)  # raises for a path that does not exist
        return {path: np.array(np.broadcast_to(v, (self.size,)), dtype=float) for path, v in fixed.items()}

    def _at_start(self) -> Public:
        layout = self.layout
        path = f"actors.{layout.challenger}.types"
        prior = np.stack([self.parameter(f"{path}.{t}.prior") for t in layout.types], axis=1)
        belief = prior / row_sums(prior)[:, None]
        alliance = self.scenario.alliance
        cohesion = self.parameter("alliance.cohesion.start") if alliance else np.ones(self.size)
        blame = self.parameter(f"actors.{layout.defender}.blame")
        public = Public.at_start(self.size, len(layout.issues), belief, cohesion, blame)
        public.rung += layout.first_rung
        public.answer += layout.first_answer
        public.furthest_answer += layout.first_answer
        return public

    def _principal(self, key: str) -> PrincipalAgent:
        kinds = {"challenger": ChallengerAgent, "defender": DefenderAgent, "protege": ProtegeAgent}
        return kinds[self.scenario.actors[key].role](self, key)

    def _collector(self) -> mesa.DataCollector:
        """Frames of one world: public quantities by round, and what principals hold privately."""

        def of(name: str):  # type: ignore[no-untyped-def]
            return lambda model: getattr(model.public, name)[0].item()

        reporters = {
            name: of(name) for name in ("rung", "answer", "pointless", "walked_out", "cohesion", "blame")
        }
        reporters["round"] = lambda model: model.round.number
        reporters["forum"] = lambda model: model.round.forum
        reporters["credibility"] = lambda model: model.challenger.mind.credibility[0].item()
        for at, type_ in enumerate(self.layout.types):
            reporters[f"belief_{type_}"] = lambda model, at=at: model.public.belief[0, at].item()
        return mesa.DataCollector(
            model_reporters=reporters,
            agent_reporters={
                "key": "key",
                "reservation": lambda agent: (
                    agent.reservation[0].item() if hasattr(agent, "reservation") else None
                ),
            },
        )
