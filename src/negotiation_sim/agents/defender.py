"""The defender: answers for its side, drafts inside the allies' mandate, climbs the answering ladder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from negotiation_sim.agents.negotiator import PrincipalAgent
from negotiation_sim.agents.worlds import by_column
from negotiation_sim.rules.arrays import Bools, Floats, Ints
from negotiation_sim.rules.ladder import answering_worth, attack_chance
from negotiation_sim.rules.signals import ANSWERS

if TYPE_CHECKING:
    from negotiation_sim.talks import Talks


class DefenderAgent(PrincipalAgent):
    """The defender.

    Attributes:
        benefit, answer_cost, provocation: (W, A) of each rung of its ladder.
        vagueness, blame_rise, blame_fall: (W,) see `scenario.schema.Defender`.
    """

    def __init__(self, model: Talks, key: str) -> None:
        super().__init__(model, key)
        read, path = model.parameter, f"actors.{key}"
        self.vagueness = read(f"{path}.vagueness")
        self.blame_rise = read(f"{path}.blame_rise")
        self.blame_fall = read(f"{path}.blame_fall")
        answers = model.scenario.ladders.defender

        def ladder(field: str) -> Floats:
            return by_column([read(f"ladders.defender.{each}.{field}") for each in answers])

        self.benefit = ladder("benefit")
        self.answer_cost = ladder("cost")
        self.provocation = ladder("provocation")

    def danger(self) -> Floats:
        """(W,) how near attack looks: its believed chance over types, or how far the ladder is climbed."""
        model = self.model
        public = model.public
        danger = np.zeros(model.size)
        for at, image in enumerate(model.challenger.images.values()):
            seen = image.outlook(public, model.layout, model.round)
            danger = danger + public.belief[:, at] * attack_chance(seen.advantage, image.precision)
        return np.maximum(danger, model.threat())

    def signal(self, asked: Bools) -> Ints:
        """Choose an answer: (W,) index into `ANSWERS`."""
        public, layout = self.model.public, self.model.layout
        danger = self.danger()
        worth = answering_worth(self.benefit, self.answer_cost, danger)
        rows, top = np.arange(len(worth)), worth.shape[1] - 1
        above, below = np.minimum(public.answer + 1, top), np.maximum(public.answer - 1, 0)
        values = by_column([worth[rows, public.answer], worth[rows, above], worth[rows, below]])
        legal = by_column(
            [
                np.ones(len(rows), dtype=bool),
                (public.answer < top) & (public.rung >= layout.requires[above]),
                public.answer > 0,
            ]
        )
        return self.decide("signal", ANSWERS, values, legal, self.signal_precision, asked, danger=danger)
