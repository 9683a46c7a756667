"""One world as minutes of the talks: who tabled what, who refused and why, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from negotiation_sim.agents.decisions import Decision
from negotiation_sim.agents.negotiator import Negotiator, Tabled
from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.layout import Menu, Round
from negotiation_sim.scenario.parameters import Drawing
from negotiation_sim.scenario.wording import in_a_sentence
from negotiation_sim.talks import Talks

NAMED = 4  # allies named one by one before a reason that many share is counted instead
Answer = tuple[Decision, bool]


def minutes(scenario: Scenario, seed: int, world: int, parameters: Drawing = "ranges") -> str:
    """The minutes of world `world` of seed `seed`, as plain text."""
    return "\n".join(_Minutes(Talks(scenario, [world], seed, parameters, keep_decisions=True)).lines())


class _Minutes:
    def __init__(self, talks: Talks) -> None:
        self.talks = talks
        self.layout = talks.layout
        self.scenario = talks.scenario
        self.names = {key: actor.name for key, actor in self.scenario.actors.items()}
        if self.scenario.alliance:
            self.names[self.scenario.alliance.key] = self.scenario.alliance.name
        self.agents: dict[str, Negotiator] = {
            agent.key: agent for agent in talks.agents if isinstance(agent, Negotiator)
        }

    def lines(self) -> Iterator[str]:
        """Play the world and report each round."""
        talks, layout = self.talks, self.layout
        yield f"{self.scenario.title}: world {talks.world_ids[0]} of seed {talks.draws.seed}"
        yield from self._secret()
        while talks.running:
            session = talks.round
            before = self._state()
            talks.step()
            yield ""
            yield from self._session(session)
            yield from self._signals(session, before)
            yield from self._standing(before, self._state())
            if session.number == layout.week and talks.running:
                yield ""
                yield f"After the documented sessions: {self._outcome(layout.week)}."
        yield ""
        yield from self._end(session)

    def _secret(self) -> Iterator[str]:
        challenger = self.talks.challenger
        spec = self.layout.challenger_spec
        if len(spec.types) < 2:
            return
        label = list(spec.types.values())[int(challenger.becomes[0])].label
        if (challenger.type_mix[0] == 1.0).any():
            yield f"What nobody else at the table knows: {spec.name} is a {label}."
        else:
            yield (
                f"What nobody at the table knows: {spec.name} is undecided until round {spec.decides_after}, "
                f"and will turn out a {label}."
            )

    # ---- the session ---------------------------------------------------------------------------

    def _session(self, session: Round) -> Iterator[str]:
        forum = self.scenario.forums[session.forum]
        yield (
            f"Round {session.number}. {session.date.day} {session.date:%B %Y}, {forum.place}: {forum.title} "
            f"(day {session.day})"
        )
        yield from self._injected(session)
        decisions = [(d, c) for d, c in self.talks.desk.log or [] if d.round == session.number]
        offers = [(d, int(c[0])) for d, c in decisions if d.kind == "offer" and d.asked[0]]
        if not offers:
            yield "  No session: talks are off."
        for offer, chosen in offers:
            turn = [(d, bool(c[0] == 1)) for d, c in decisions if d.turn == offer.turn and d.asked[0]]
            responses = [each for each in turn if each[0].kind == "response"]
            silence = [each for each in turn if each[0].kind == "silence"]
            yield from self._proposal(offer, chosen, responses, silence)

    def _injected(self, session: Round) -> Iterator[str]:
        earlier = self.layout.rounds[session.number - 2].date if session.number > 1 else None
        for inject in self.scenario.injects.values():
            if inject.date <= session.date and (earlier is None or inject.date > earlier):
                yield f"  Event of {inject.date.day} {inject.date:%B %Y}: {inject.title}."

    def _proposal(
        self, offer: Decision, chosen: int, responses: list[Answer], silence: list[Answer]
    ) -> Iterator[str]:
        forum = self.scenario.forums[self._forum(offer)]
        proposer = forum.proposers[offer.turn]
        menu: Menu = offer.context["menu"]
        name = self.names[proposer]
        drafted = proposer != offer.actor
        drafter = f", drafted by {self.names[offer.actor]}" if drafted else ""
        if chosen == menu.nothing:
            yield f"  {name} tables nothing."
            return
        title = f" {menu.names[chosen]}" if menu.names[chosen] else " a package"
        worth, aspiration = offer.context["worth"][0, chosen], offer.context["aspiration"][0]
        yield (
            f"  {name} {'drafts' if drafted else 'tables'}{title}{drafter} "
            f"(worth {worth:+.2f} to {self.names[offer.actor]}, which aspires to {aspiration:+.2f}):"
        )
        yield from (f"      {line}" for line in self.layout.describe(menu.levels[chosen]))
        agreed = True
        if drafted:
            agreed = self._silent_enough(silence)
            verdict = "lets the draft pass" if agreed else "cannot agree on the draft"
            yield f"    {name} {verdict}{self._count(silence)}."
            yield from self._against(silence)
            if not agreed:
                return
        if not menu.bindable[chosen]:
            absent = [
                self.names[party]
                for party in self.layout.parties
                if menu.needs[party][chosen] and party not in forum.binds
            ]
            why = f"it needs {in_a_sentence(absent)}" if absent else "it does not settle every issue"
            yield f"    It cannot be bound here: {why}."
        for decision, accepted in responses:
            verdict = "accepts" if accepted else "refuses"
            yield f"    {self.names[decision.actor]} {verdict}{self._why(decision, accepted)}."
            agreed &= accepted
        if silence and not drafted:
            consents = self._silent_enough(silence)
            name = self.talks.alliance.title if self.talks.alliance else ""
            yield f"    {name} {'consents' if consents else 'refuses'}{self._count(silence)}."
            yield from self._against(silence)
            agreed &= consents
        if agreed and menu.bindable[chosen]:
            yield "    It is bound."

    def _forum(self, offer: Decision) -> str:
        return self.layout.rounds[offer.round - 1].forum

    def _silent_enough(self, silence: list[Answer]) -> bool:
        alliance = self.talks.alliance
        return alliance is not None and sum(kept for _, kept in silence) >= alliance.quota

    def _count(self, silence: list[Answer]) -> str:
        alliance = self.talks.alliance
        quota = alliance.quota if alliance else 0
        return f" ({sum(kept for _, kept in silence)} of {len(silence)} keep silence, {quota} needed)"

    def _against(self, silence: Iterable[Answer]) -> Iterator[str]:
        reasons: dict[str, list[str]] = {}
        for decision, kept in silence:
            if not kept:
                crossed = self._crossed(decision)
                reason = f"red line on {crossed}" if crossed else "worth too little"
                reasons.setdefault(reason, []).append(self.agents[decision.actor].title)
        for reason, names in sorted(reasons.items(), key=lambda item: -len(item[1])):
            who = in_a_sentence(names) if len(names) <= NAMED else f"{len(names)} allies"
            yield f"      against: {who} ({reason})"

    def _crossed(self, decision: Decision) -> str:
        crossed = np.flatnonzero(decision.context["crossed"][0])
        return in_a_sentence([list(self.layout.issues.values())[at].title for at in crossed])

    def _why(self, decision: Decision, accepted: bool) -> str:
        worth, needed = decision.context["worth"][0], decision.context["threshold"][0]
        crossed = self._crossed(decision)
        tabled: Tabled = decision.context["tabled"]
        if crossed:
            return f": red line on {crossed}"
        if not accepted and not tabled.bindable[0]:
            return (
                ": it cannot be bound here"
                if worth >= needed
                else f": worth {worth:+.2f} to it, it holds out for {needed:+.2f}"
            )
        chance = decision.probabilities[0, int(accepted)]
        return f": worth {worth:+.2f} to it, it holds out for {needed:+.2f} (chance {chance:.0%})"

    # ---- signals and standing ------------------------------------------------------------------

    def _state(self) -> dict[str, float]:
        public, challenger = self.talks.public, self.talks.challenger
        state = {
            "cohesion": public.cohesion[0],
            "credibility": challenger.mind.credibility[0],
            "hope": challenger.mind.hope[0],
            "blame": public.blame[0],
            "rung": public.rung[0],
            "answer": public.answer[0],
        }
        for at, type_ in enumerate(self.layout.types):
            state[f"belief {type_}"] = public.belief[0, at]
        return {key: float(value) for key, value in state.items()}

    def _signals(self, session: Round, before: dict[str, float]) -> Iterator[str]:
        rungs = list(self.scenario.ladders.challenger.values())
        answers = list(self.scenario.ladders.defender.values())
        for decision, chosen in self.talks.desk.log or []:
            if decision.round != session.number or decision.kind != "signal" or not decision.asked[0]:
                continue
            option = int(chosen[0])
            is_challenger = decision.actor == self.layout.challenger
            ladder = rungs if is_challenger else answers
            here = int(before["rung" if is_challenger else "answer"])
            move = decision.options[option]
            told = {
                "hold": f"holds ({ladder[here].label})",
                "step up": f"steps up: {ladder[min(here + 1, len(ladder) - 1)].label}",
                "step down": f"steps down: {ladder[max(here - 1, 0)].label}",
                "declare talks pointless": "declares talks pointless",
                "walk out": "walks out",
            }[move]
            yield f"  {self.names[decision.actor]} {told} (chance {decision.probabilities[0, option]:.0%})."
            if is_challenger:
                expected = here + {"step up": 1, "step down": -1}.get(move, 0)
                now = int(self.talks.public.rung[0])
                if now > expected:
                    yield f"  By accident it slides further: {rungs[now].label}."

    def _standing(self, before: dict[str, float], after: dict[str, float]) -> Iterator[str]:
        types = self.layout.challenger_spec.types
        if len(types) > 1:
            moved = [
                f"{types[t].label} {before[f'belief {t}']:.2f} -> {after[f'belief {t}']:.2f}"
                for t in self.layout.types
            ]
            yield f"  Belief about {self.names[self.layout.challenger]}: {'; '.join(moved)}."
        told = ["credibility of threats", "hope of a concession", "blame on the defender's side"]
        keys = ["credibility", "hope", "blame"]
        if self.talks.alliance:
            told, keys = ["allied cohesion", *told], ["cohesion", *keys]
        parts = [
            f"{name} {before[key]:.2f} -> {after[key]:.2f}" for name, key in zip(told, keys, strict=True)
        ]
        line = "; ".join(parts)
        yield f"  {line[0].upper()}{line[1:]}."

    def _outcome(self, round_: int) -> str:
        name = str(self.talks.record.outcome(round_)[0])
        return f"{self.scenario.outcome_label(name)} ({OUTCOMES[name]})"

    def _end(self, session: Round) -> Iterator[str]:
        talks, layout = self.talks, self.layout
        record = talks.record
        last = len(layout.rounds)
        rung = int(record.rung[-1, 0])
        if layout.war[rung] and rung == np.flatnonzero(layout.war)[-1]:
            why = list(self.scenario.ladders.challenger.values())[rung].label
        elif (record.closed[-1, 0] | ~layout.base).all():
            why = "every base issue is settled"
        else:
            why = f"the horizon of {self.scenario.calendar.horizon_days} days is reached"
        yield f"It ends after round {session.number}: {why}."
        settled = self.layout.describe(record.bound[-1, 0].astype(float))
        yield f"Bound: {'; '.join(settled) if settled else 'nothing'}."
        if session.number < layout.week:
            yield f"After the documented sessions: {self._outcome(layout.week)}."
        yield f"Outcome: {self._outcome(last)}."
        facts = [
            f"{'yes' if record.reproduces(fact)[0] else 'no '}  {fact.text}"
            for fact in self.scenario.facts.values()
        ]
        if facts:
            yield "Documented facts reproduced:"
            yield from (f"  {each}" for each in facts)
