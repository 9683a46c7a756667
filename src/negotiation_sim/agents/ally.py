"""An ally: sounds drafts out and stays silent or breaks silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from negotiation_sim.agents.negotiator import Negotiator, Tabled
from negotiation_sim.rules.arrays import Bools, Floats, Ints
from negotiation_sim.rules.consensus import shortfall
from negotiation_sim.rules.utility import package_utility
from negotiation_sim.scenario.layout import Menu

if TYPE_CHECKING:
    from negotiation_sim.talks import Talks


class AllyAgent(Negotiator):
    """An ally that is not a principal: alike to its cluster up to its own draw, scaled by the spread."""

    def __init__(self, model: Talks, key: str, cluster: str) -> None:
        alliance = model.scenario.alliance
        assert alliance is not None
        group = alliance.clusters[cluster]
        member = group.members[key]
        super().__init__(model, key, member.name)
        read, path = model.parameter, f"alliance.clusters.{cluster}"
        self.cluster = cluster
        spread = read("alliance.spread")

        def own(purpose: str) -> Floats:
            """(W,) the ally's own draw, -spread to +spread."""
            return spread * (2.0 * model.draws.uniform(purpose, key) - 1.0)

        weights = self.read_weights(path, group.weights)
        replaced = self.read_weights(f"{path}.members.{key}", member.weights)
        for issue, at in model.layout.order.items():
            if issue in member.weights:
                weights[:, at] = replaced[:, at]
            if weights[:, at].any():
                weights[:, at] *= 1.0 + own(f"weight.{issue}")
        self.weights = weights
        lines = {k: (f"{path}.red_lines.{k}", line) for k, line in group.red_lines.items()}
        lines |= {k: (f"{path}.members.{key}.red_lines.{k}", line) for k, line in member.red_lines.items()}
        self.read_red_lines(lines)
        for issue, (_, line) in lines.items():
            if line.varies and issue in model.layout.order:
                at = model.layout.order[issue]
                self.high[:, at] = np.maximum(self.high[:, at] + own(f"red_line.{issue}"), 0.0)
        self.reservation = read(f"{path}.reservation") + read(f"{path}.reservation_spread") * own(
            "reservation"
        )
        self.precision = read(f"{path}.response_precision")


def shortfall_on_menu(ally: Negotiator, menu: Menu, rows: Ints | slice) -> Floats:
    """(W, P) how far each draft leaves an ally below its reservation value; inf across a hard line."""
    utility, within = ally.menu_worth(menu, rows)
    return shortfall(utility, ally.reservation_now(rows)[:, None], within)


def keeps_silent(ally: Negotiator, tabled: Tabled, tolerance: Floats, asked: Bools) -> tuple[Bools, Floats]:
    """Whether an ally keeps silent (W,), and what wedge issues in the draft are worth to it (W,).

    Silence is a response like any other: consent unless a hard line is crossed, up to logit noise around
    its reservation value less the shortfall that it bears in silence.
    """
    utility, within, price = ally.package_worth(tabled)
    silent = ally.answer(
        "silence", tabled, utility - price, ally.reservation_now() - tolerance, within, asked
    )
    return silent, package_utility(ally.weights, tabled.sizes, ally.model.layout.wedges)
