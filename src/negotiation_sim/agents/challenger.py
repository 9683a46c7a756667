"""The challenger: raises demands, climbs a ladder, has a private type and an outside option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from negotiation_sim.agents.negotiator import PrincipalAgent, Read
from negotiation_sim.agents.public import Public, RoundEvents
from negotiation_sim.agents.worlds import by_column, take_worlds
from negotiation_sim.rules.arrays import Bools, Floats, Ints, row_sums, running_sums
from negotiation_sim.rules.aspiration import Tactic, elapsed_share
from negotiation_sim.rules.audience import audience_cost, commitment_after
from negotiation_sim.rules.choice import choice_probabilities
from negotiation_sim.rules.ladder import (
    attack_value,
    carrying_cost,
    pointless_value,
    rung_worth,
    talk_value,
    walk_out_value,
)
from negotiation_sim.rules.signals import SIGNALS
from negotiation_sim.rules.standing import believed_credibility, credibility_after, hope_after
from negotiation_sim.rules.utility import menu_utility
from negotiation_sim.scenario.layout import Layout, Round
from negotiation_sim.scenario.parameters import Parameter

if TYPE_CHECKING:
    from negotiation_sim.talks import Talks


@dataclass(frozen=True)
class Outlook:
    """How things look to a challenger, (W,) each, in utility.

    Attributes:
        advantage: worth of attack less that of peace.
        peace: worth of talking on or of standing down, whichever is better.
        wanted: hope times worth of the concession.
        forum_worth: worth of holding the session in itself; 0 after a walk-out.
    """

    advantage: Floats
    peace: Floats
    wanted: Floats
    forum_worth: Floats


class Mind:
    """What a challenger values and thinks when it chooses a signal.

    One instance is the challenger's own, with its private draws. One more for each type is the image that
    observers hold of it: published values, and beliefs moved by public events alone.

    Args:
        layout: the scenario laid out.
        read: gives (W,) a parameter: this world's draw, or its published value.
        prize, concession: (W,) worth of what attack would win and of the concession it wants.
    """

    def __init__(self, layout: Layout, read: Read, prize: Floats, concession: Floats) -> None:
        path = f"actors.{layout.challenger}"
        self.prize = prize
        self.concession = concession
        self.clock = read(f"{path}.clock_days")
        self.precision = read(f"{path}.signal_precision")
        self.sensitivity = read(f"{path}.audience.cost")
        self.commitment_growth = read(f"{path}.audience.growth")
        self.success = read(f"{path}.attack.success")
        self.war_cost = read(f"{path}.attack.cost")
        self.sanctions = read(f"{path}.attack.sanctions")
        self.discount = read(f"{path}.attack.discount")
        self.cover = read(f"{path}.attack.cover")
        self.carrying_base = read(f"{path}.carrying.base")
        self.carrying_growth = read(f"{path}.carrying.growth")
        self.early_cost = read(f"{path}.leaving.early_cost")
        self.walk_out_cost = read(f"{path}.leaving.walk_out_cost")
        self.freed = read(f"{path}.leaving.freed")
        self.lesson = read(f"{path}.outlook.lesson")
        self.encouragement = read(f"{path}.outlook.encouragement")
        self.default_loss = read(f"{path}.outlook.default_loss")
        self.yielding_loss = read(f"{path}.outlook.yielding_loss")
        self.vagueness_loss = read(f"{path}.outlook.vagueness_loss")
        self.vagueness = read(f"actors.{layout.defender}.vagueness")
        self.unity = read(f"{path}.outlook.unity")
        self.hope = read(f"{path}.outlook.hope")
        self.credibility = read(f"{path}.outlook.credibility")
        self.commitment = np.zeros_like(self.hope)

        def ladder(side: str, field: str) -> Floats:
            rungs = getattr(layout.scenario.ladders, side)
            return by_column([read(f"ladders.{side}.{rung}.{field}") for rung in rungs])

        self.share = ladder("challenger", "share")
        self.leverage = ladder("challenger", "leverage")
        self.rung_cost = ladder("challenger", "cost")
        self.answer_cost = ladder("defender", "attack_cost")
        self.answer_credibility = ladder("defender", "credibility")
        forums = layout.scenario.forums
        self.forum_worth = by_column([read(f"forums.{key}.worth") for key in forums])

    def outlook(self, public: Public, layout: Layout, session: Round) -> Outlook:
        """What attack, peace and talking on look like from here."""
        rows = np.arange(len(self.hope))
        attack = attack_value(
            self.success,
            self.prize,
            self.war_cost + self.answer_cost[rows, public.answer],
            believed_credibility(self.credibility, self.unity, public.cohesion),
            self.sanctions,
            self.discount,
            self.cover,
            public.blame,
        )
        # A suspension can be cured, so what talks are worth still counts against it; a walk-out cannot.
        hope = np.where(public.walked_out, 0.0, self.hope)
        forum_worth = self.forum_worth[:, layout.forums.index(session.forum)]
        forum_worth = np.where(public.walked_out, 0.0, forum_worth)
        carrying = carrying_cost(
            self.carrying_base, self.carrying_growth, elapsed_share(session.day, self.clock)
        )
        hope_now = np.where(public.talking, hope, 0.0)
        worth_now = np.where(public.talking, forum_worth, 0.0)
        talk = talk_value(hope_now, self.concession, worth_now, carrying)
        # Peace is talking on, or standing down and bearing the audience cost, whichever is better.
        peace = np.maximum(talk, -self.sensitivity * self.commitment)
        return Outlook(attack - peace, peace, hope * self.concession, forum_worth)

    def signal_values(self, public: Public, layout: Layout, session: Round) -> tuple[Floats, Bools]:
        """(W, 5) worth of each signal, and which are legal."""
        seen = self.outlook(public, layout, session)
        worth = rung_worth(
            self.share,
            layout.war,
            layout.suspends,
            self.leverage,
            self.rung_cost,
            seen.advantage,
            seen.wanted,
            seen.forum_worth,
        )
        rows = np.arange(len(worth))
        top = worth.shape[1] - 1
        below = np.maximum(public.rung - 1, 0)
        retreat = self.share[rows, public.rung] - self.share[rows, below]
        here = worth[rows, public.rung]
        up = worth[rows, np.minimum(public.rung + 1, top)]
        down = worth[rows, below] - audience_cost(self.sensitivity, self.commitment, retreat)
        pointless = pointless_value(
            np.minimum(public.refusals / layout.week, 1.0),
            np.where(public.pointless, 0.0, self.cover),
            seen.wanted,
            self.early_cost,
            min(public.held / layout.week, 1.0),
        )
        walk_out = walk_out_value(pointless, self.freed, seen.advantage, seen.forum_worth, self.walk_out_cost)
        talking = public.talking
        at_war = layout.war[public.rung]
        legal = by_column(
            [
                np.ones(len(rows), dtype=bool),
                public.rung < top,
                (public.rung > 0) & ~at_war,
                talking & ~public.pointless & (public.refusals > 0),
                talking & (public.refusals > 0),
            ]
        )
        return by_column([here, up, down, here + pointless, here + walk_out]), legal

    def after(self, events: RoundEvents) -> None:
        """Draw conclusions from what happened in public."""
        rows = np.arange(len(self.hope))
        gained = np.where(events.answer_step >= 0, self.answer_credibility[rows, events.answer_step], 0.0)
        self.commitment = np.where(
            events.insisted, commitment_after(self.commitment, self.commitment_growth), self.commitment
        )
        self.hope = hope_after(
            self.hope, events.refused, self.vagueness, self.lesson, events.given, self.encouragement
        )
        self.credibility = credibility_after(
            self.credibility,
            gained,
            events.unanswered,
            self.default_loss,
            events.given,
            self.yielding_loss,
            events.refused,
            self.vagueness,
            self.vagueness_loss,
        )


class ChallengerAgent(PrincipalAgent):
    """The challenger.

    Attributes:
        type_mix: (W, T) its type; while undecided, the prior's mix of all.
        becomes: (W,) the type that it is, or will turn out to be.
        mind: what it values and thinks itself.
        images: type -> what observers take a challenger of that type to value and think.
    """

    def __init__(self, model: Talks, key: str) -> None:
        super().__init__(model, key)
        layout, spec = model.layout, model.layout.challenger_spec
        path = f"actors.{key}"
        types = spec.types
        own_weights = self.weights
        self.type_weights = np.stack(
            [self._overlaid(own_weights, f"{path}.types.{t}", types[t].weights) for t in types], axis=-1
        )
        self.type_reservation = by_column(
            [
                model.parameter(f"{path}.types.{t}.reservation") if types[t].reservation else self.reservation
                for t in types
            ]
        )
        self.type_prize = by_column([model.parameter(f"{path}.types.{t}.prize") for t in types])
        self.type_tactic = np.stack([self._tactic(path, t) for t in types], axis=1)
        self.type_tactic_code = np.stack(
            [np.full(model.size, Tactic[(types[t].tactic or spec.tactic).kind]) for t in types], axis=1
        )
        self.own_tactic_code = self.tactic
        self.own_tactic = by_column([self.beta, self.ratchet])
        prior = model.public.belief
        uniform = model.draws.uniform("type", key)
        self.becomes = np.minimum((running_sums(prior) <= uniform).sum(axis=0), len(types) - 1)
        if spec.true_type is not None:
            self.becomes = np.full(model.size, list(types).index(spec.true_type))
        undecided = model.draws.uniform("undecided", key) < model.parameter(f"{path}.undecided")
        self.type_mix = np.where(undecided[:, None], prior, np.eye(len(types))[self.becomes])
        self.mind = Mind(layout, model.parameter, np.zeros(model.size), np.zeros(model.size))
        self._live_by_type()
        self.images = {t: self._image(at, t) for at, t in enumerate(types)}

    def _overlaid(self, own: Floats, path: str, weights: Mapping[str, Parameter]) -> Floats:
        result = own.copy()
        for issue in weights:
            if issue in self.model.layout.order:
                result[:, self.model.layout.order[issue]] = self.model.parameter(f"{path}.weights.{issue}")
        return result

    def _tactic(self, path: str, type_: str) -> Floats:
        tactic = self.model.layout.challenger_spec.types[type_].tactic
        if tactic is None:
            return by_column([self.beta, self.ratchet])
        read = self.model.parameter
        base = f"{path}.types.{type_}.tactic"
        return by_column([read(f"{base}.beta"), read(f"{base}.ratchet")])

    def _image(self, at: int, type_: str) -> Mind:
        layout, published = self.model.layout, self.model.published
        prize = published(f"actors.{self.key}.types.{type_}.prize")
        weights = layout.published_weights(self.key)[at]
        best = float((layout.wishes * weights).sum(axis=1).max(initial=0.0))
        return Mind(layout, published, prize, np.full(self.model.size, best))

    def _live_by_type(self) -> None:
        """Set weights, reservation value, tactic and prize from the type, or from the mix while undecided."""
        mix = self.type_mix

        def mixed(by_type: Floats) -> Floats:
            return row_sums(mix * by_type)

        self.weights = np.asfortranarray(row_sums(mix[:, None, :] * self.type_weights))
        self.reservation = mixed(self.type_reservation)
        decided = (mix == 1.0).any(axis=1)
        rows = np.arange(len(mix))
        self.tactic = np.where(decided, self.type_tactic_code[rows, self.becomes], self.own_tactic_code)
        tactic = np.where(decided[:, None], self.type_tactic[rows, self.becomes], self.own_tactic)
        self.beta, self.ratchet = tactic[:, 0], tactic[:, 1]
        self.mind.prize = mixed(self.type_prize)
        wishes = self.model.layout.wishes
        if len(wishes):
            self.mind.concession = np.maximum(menu_utility(self.weights, wishes).max(axis=1), 0.0)

    def shift_reservation(self, shift: Floats) -> None:
        """Move the reservation value of every type by `shift` (W,)."""
        super().shift_reservation(shift)
        self.type_reservation = self.type_reservation + shift[:, None]

    def make_up_its_mind(self) -> None:
        """An undecided challenger becomes the type that it was going to be."""
        undecided = (self.type_mix != 1.0).all(axis=1)
        self.type_mix = np.eye(self.type_mix.shape[1])[self.becomes]
        self._live_by_type()
        self.reconsider(undecided)

    def disagreement(self) -> Floats:
        """(W,) worth of being refused: attack or peace, whichever is better."""
        seen = self.mind.outlook(self.model.public, self.model.layout, self.model.round)
        return seen.peace + np.maximum(seen.advantage, 0.0)

    def signal(self, asked: Bools) -> Ints:
        """Choose a signal: (W,) index into `SIGNALS`."""
        values, legal = self.mind.signal_values(self.model.public, self.model.layout, self.model.round)
        return self.decide("signal", SIGNALS, values, legal, self.mind.precision, asked)

    def chances_by_type(self) -> Floats:
        """(T, W, 5) chance of each signal under each type, in the eyes of observers."""
        chances = []
        for image in self.images.values():
            values, legal = image.signal_values(self.model.public, self.model.layout, self.model.round)
            chances.append(choice_probabilities(values, legal, image.precision))
        return np.stack(chances)

    def conclude(self, events: RoundEvents) -> None:
        """Let the own mind and the images held of it take in the round."""
        for mind in (self.mind, *self.images.values()):
            mind.after(events)

    def keep(self, rows: Ints) -> None:
        """Keep some worlds, in the minds as well."""
        super().keep(rows)
        for mind in (self.mind, *self.images.values()):
            take_worlds(mind, rows)
