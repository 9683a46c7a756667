"""What all agents share: weights, red lines, and what a package is worth to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import mesa
import numpy as np

from negotiation_sim.agents.decisions import Kind
from negotiation_sim.agents.public import Public
from negotiation_sim.agents.worlds import by_column, take_worlds
from negotiation_sim.rules.acceptance import acceptance_threshold, worth_at_the_table
from negotiation_sim.rules.arrays import Bools, Floats, Ints
from negotiation_sim.rules.aspiration import Tactic, aspiration, elapsed_share
from negotiation_sim.rules.audience import audience_cost, commitment_after
from negotiation_sim.rules.offers import believed_acceptance, ultimatum_value
from negotiation_sim.rules.red_lines import hard_lines_crossed, menu_within, package_within
from negotiation_sim.rules.utility import menu_utility, package_utility
from negotiation_sim.scenario.layout import Menu, Round
from negotiation_sim.scenario.parameters import Parameter
from negotiation_sim.scenario.parties import Principal, RedLine

if TYPE_CHECKING:
    from negotiation_sim.talks import Talks

Read = Callable[[str], Floats]
"""Gives the (W,) values of a parameter by its path."""


@dataclass(frozen=True)
class Tabled:
    """What one proposer has put on the table in every world.

    Attributes:
        proposer: who tables it; `drafter` is the principal that chose it, the alliance's setter or the same.
        turn: which of the session's proposals it is, 0 first.
        menu: what it could table.
        index: (W,) row of the menu; `menu.nothing` where nothing was tabled.
        present: (W,) where something was tabled.
        public: what is settled already.
    """

    proposer: str
    drafter: str
    turn: int
    menu: Menu
    index: Ints
    present: Bools
    public: Public

    @cached_property
    def levels(self) -> Floats:
        """(W, K) levels of the package."""
        return np.asfortranarray(self.menu.levels[self.index])

    @cached_property
    def sizes(self) -> Floats:
        """(W, K) share of each issue that would then be settled: what is settled already stays."""
        sizes = np.asfortranarray(self.menu.sizes[self.index])
        return np.where(self.public.closed, self.public.bound_sizes, sizes)

    @cached_property
    def moved(self) -> tuple[int, ...]:
        """Positions of the issues that would then stand above the status quo in any world: all that count."""
        return tuple(int(at) for at in np.flatnonzero(self.sizes.any(axis=0)))

    @cached_property
    def bindable(self) -> Bools:
        """(W,) whether it can be bound in this forum at all."""
        return self.menu.bindable[self.index]


class Negotiator(mesa.Agent):  # type: ignore[misc]
    """An agent with weights and red lines.

    Attributes:
        key, title: its key in the scenario, and its name in words.
        weights: (W, K) utility of each issue at its top level.
        low, high, price: (W, K) red lines in force; price is inf where a line is hard or absent.
        lines: issues on which it has a red line.
        reservation: (W,) utility below which it prefers no agreement.
        precision: (W,) logit precision of its responses.
    """

    model: Talks
    weights: Floats
    low: Floats
    high: Floats
    price: Floats
    lines: list[int]
    reservation: Floats
    precision: Floats

    def __init__(self, model: Talks, key: str, title: str) -> None:
        super().__init__(model)
        self.key = key
        self.title = title

    def read_weights(self, path: str, weights: Mapping[str, Parameter]) -> Floats:
        """(W, K) weights below `path`, 0 for issues not named."""
        read = self.model.parameter
        none = np.zeros(self.model.size)
        issues = self.model.layout.issues
        return by_column([read(f"{path}.weights.{k}") if k in weights else none for k in issues])

    def read_red_lines(self, lines: Mapping[str, tuple[str, RedLine]]) -> None:
        """Set `low`, `high` and `price` from issue -> (path, line)."""
        read, layout = self.model.parameter, self.model.layout
        shape = (self.model.size, len(layout.issues))
        self.lines = [layout.order[issue] for issue in lines if issue in layout.order]
        self.low, self.high, self.price = (
            np.full(shape, bound, order="F") for bound in (-np.inf, np.inf, np.inf)
        )
        for issue, (path, line) in lines.items():
            if issue not in layout.order:
                continue
            at = layout.order[issue]
            if line.low is not None:
                self.low[:, at] = read(f"{path}.low")
            if line.high is not None:
                self.high[:, at] = read(f"{path}.high")
            if not line.hard:
                self.price[:, at] = read(f"{path}.price")

    def menu_worth(self, menu: Menu, rows: Ints | slice) -> tuple[Floats, Bools]:
        """(W, P) utility of a menu less the price of soft red lines, and where no hard line is crossed.

        Settled issues keep their bound level: their weight no longer tells packages apart.
        """
        public = self.model.public
        closed, weights = public.closed[rows], self.weights[rows]
        within, cost = menu_within(menu.levels, self.low[rows], self.high[rows], self.price[rows], self.lines)
        if closed.any():
            settled = package_utility(weights, public.bound_sizes[rows], self.model.layout.positions)
            return menu_utility(np.where(closed, 0.0, weights), menu.sizes) + (
                settled[:, None] - cost
            ), within
        return menu_utility(weights, menu.sizes) - cost, within

    def package_worth(self, tabled: Tabled) -> tuple[Floats, Bools, Floats]:
        """(W,) utility of the package on the table, where it crosses no hard line, and price of soft ones."""
        within, price = package_within(tabled.levels, self.low, self.high, self.price, self.lines)
        return package_utility(self.weights, tabled.sizes, tabled.moved), within, price

    def reconsider(self, changed: Bools) -> None:
        """Take in what was settled in some worlds (W,): a settled issue's red line no longer binds."""
        if changed.any():
            closed = self.model.public.closed
            self.low, self.high = np.where(closed, -np.inf, self.low), np.where(closed, np.inf, self.high)

    def reservation_now(self, rows: Ints | slice = slice(None)) -> Floats:
        """(W,) utility below which it prefers no further agreement: what is settled already is kept anyway."""
        public = self.model.public
        if not public.closed[rows].any():
            return self.reservation[rows]
        settled = package_utility(self.weights[rows], public.bound_sizes[rows], self.model.layout.positions)
        return self.reservation[rows] + settled

    def shift_reservation(self, shift: Floats) -> None:
        """Move the reservation value by `shift` (W,)."""
        self.reservation = self.reservation + shift

    def keep(self, rows: Ints) -> None:
        """Keep only the worlds at `rows`."""
        take_worlds(self, rows)

    def decide(
        self,
        kind: Kind,
        options: tuple[str, ...],
        values: Floats,
        legal: Bools,
        precision: Floats,
        asked: Bools,
        turn: int = 0,
        **context: object,
    ) -> Ints:
        """Take a decision at the model's desk."""
        return self.model.desk.choose(
            round_=self.model.round.number,
            actor=self.key,
            kind=kind,
            turn=turn,
            options=options,
            values=values,
            legal=legal,
            precision=precision,
            asked=asked,
            context=context,
        )

    def answer(
        self,
        kind: Kind,
        tabled: Tabled,
        worth: Floats,
        threshold: Floats,
        within: Bools,
        asked: Bools,
    ) -> Bools:
        """Accept a package or refuse it: (W,) True where accepted.

        Args:
            kind: `response`, or `silence` of an ally.
            tabled: the package.
            worth, threshold: (W,) what it is worth to the agent, and the least it must be worth.
            within: (W,) whether it crosses no hard line; what cannot be bound here cannot be accepted either.
            asked: (W,) where its consent is needed.
        """
        margin = worth - threshold
        values = by_column([np.zeros_like(margin), margin])
        legal = by_column([np.ones_like(within), within & tabled.bindable])
        context: dict[str, object] = {}
        if self.model.desk.log is not None:
            crossed = hard_lines_crossed(tabled.levels, self.low, self.high, self.price)
            context = {"tabled": tabled, "worth": worth, "threshold": threshold, "crossed": crossed}
        options = ("refuse", "accept")
        chosen = self.decide(kind, options, values, legal, self.precision, asked, tabled.turn, **context)
        return asked & (chosen == 1)


@dataclass
class OwnMenu:
    """What a principal makes of what it can table in one forum.

    Attributes:
        utility: (W, P) worth of each package, prices of soft lines and unmatched moves taken off.
        within: (W, P) what it may table: no hard line crossed, something moved that is not settled.
        best: (W,) the most that any of these is worth, -inf if there is none.
    """

    menu: Menu
    utility: Floats
    within: Bools
    best: Floats


class PrincipalAgent(Negotiator):
    """A principal: tables packages by a tactic and answers those of others.

    Attributes:
        tactic: (W,) codes of `Tactic`.
        clock, beta, ratchet: (W,) days, curvature and rise in demands of the tactic.
        commitment: (W,) public commitment, 0 to 1.
        audience_due, audience_paid: (W,) audience cost of the package on the table; paid so far.
        pledge: (W,) utility of what it last demanded in public, -inf before.
        first_received, last_received: (W,) utility of the first and the last package offered to it.
    """

    def __init__(self, model: Talks, key: str) -> None:
        spec = model.scenario.actors[key]
        super().__init__(model, key, spec.name)
        self.side = model.layout.side(key)
        self._own: dict[tuple[str, str], OwnMenu] = {}
        self.read_principal(f"actors.{key}", spec)

    def read_principal(self, path: str, spec: Principal) -> None:
        """Draw everything private from the scenario's ranges."""
        read = self.model.parameter
        self.weights = self.read_weights(path, spec.weights)
        self.read_red_lines({k: (f"{path}.red_lines.{k}", line) for k, line in spec.red_lines.items()})
        self.reservation = read(f"{path}.reservation")
        self.clock = read(f"{path}.clock_days")
        self.tactic = np.full(self.model.size, Tactic[spec.tactic.kind], dtype=np.int64)
        self.beta = read(f"{path}.tactic.beta")
        self.ratchet = read(f"{path}.tactic.ratchet")
        self.reciprocity = read(f"{path}.reciprocity")
        self.coercion = read(f"{path}.coercion")
        self.sensitivity = read(f"{path}.audience.cost")
        self.commitment_growth = read(f"{path}.audience.growth")
        self.precision = read(f"{path}.response_precision")
        self.offer_precision = read(f"{path}.offer_precision")
        self.signal_precision = read(f"{path}.signal_precision")
        self.commitment = np.zeros(self.model.size)
        self.pledge = np.full(self.model.size, -np.inf)
        self.first_received = np.full(self.model.size, np.nan)
        self.last_received = np.full(self.model.size, np.nan)
        self.audience_due, self.audience_paid = np.zeros(self.model.size), np.zeros(self.model.size)

    def disagreement(self) -> Floats:
        """(W,) worth of being refused; a challenger with an outside option has more to say."""
        return np.zeros(self.model.size)

    def own_worth(self, forum: str, party: str) -> OwnMenu:
        """What a menu it can draw on in a forum is worth to it; kept until something changes it."""
        if (forum, party) not in self._own:
            self._own[forum, party] = self._weigh(self.model.layout.menu(forum, party), slice(None))
        return self._own[forum, party]

    def _weigh(self, menu: Menu, rows: Ints | slice) -> OwnMenu:
        utility, within = self.menu_worth(menu, rows)
        utility -= self.reciprocity[rows, None] * menu.unmatched[self.side]
        within[:, menu.nothing] = False
        closed = self.model.public.closed[rows]
        if closed.any():  # a package must move something that is not settled yet
            fresh = np.zeros_like(within)
            for issue in range(closed.shape[1]):
                fresh |= ~closed[:, issue, None] & (menu.levels[:, issue] >= 1)
            within &= fresh
        return OwnMenu(menu, utility, within, np.where(within, utility, -np.inf).max(axis=1))

    def reconsider(self, changed: Bools) -> None:
        """Weigh its menus again in worlds where something was settled."""
        super().reconsider(changed)
        rows = np.flatnonzero(changed)
        if not len(rows):
            return
        for own in self._own.values():
            fresh = self._weigh(own.menu, rows)
            own.utility[rows], own.within[rows], own.best[rows] = fresh.utility, fresh.within, fresh.best

    def keep(self, rows: Ints) -> None:
        """Keep only the worlds at `rows`."""
        super().keep(rows)
        for own in self._own.values():
            take_worlds(own, rows)

    def aspires(self, best: Floats, day: int) -> Floats:
        """(W,) lowest utility it will table or take now, given the best it could table here."""
        reservation = self.reservation_now()
        room = np.where(np.isfinite(best), best, reservation)
        gap = room - self.first_received
        with np.errstate(invalid="ignore", divide="ignore"):
            come = (self.last_received - self.first_received) / gap
        conceded = np.where(np.isfinite(come) & (gap > 0), np.clip(come, 0.0, 1.0), 0.0)
        return aspiration(
            self.tactic,
            room,
            reservation,
            elapsed_share(day, self.clock),
            self.beta,
            conceded,
            self.ratchet,
        )

    def believed_worth(self, menu: Menu) -> Floats:
        """(1, P) or (W, P) what the other side is believed to make of each package.

        That is the utility, at published values, of the least satisfied of those whose consent it needs.
        """
        layout = self.model.layout
        asked = [p for p in layout.parties if layout.side(p) != self.side and menu.needs[p].any()]
        worth: Floats = np.full((1, len(menu.names)), np.inf)
        for party in asked:
            value = self.model.believed_utility(menu, party)
            worth = np.minimum(worth, np.where(menu.needs[party], value, np.inf))
        nobody = ~np.any([menu.needs[party] for party in asked], axis=0)
        return np.where(nobody, 0.0, worth)

    def believed_acceptance(self, menu: Menu) -> Floats:
        """(1, P) or (W, P) believed chance that all whose consent a package needs accept it."""
        chance: Floats = np.ones((1, len(menu.names)))
        for party in self.model.layout.parties:
            if menu.needs[party].any() and party != self.key:
                value = self.model.believed_utility(menu, party)
                accepts = believed_acceptance(value, *self.model.published_reservation(party))
                chance = chance * np.where(menu.needs[party], accepts, 1.0)
        return np.where(menu.bindable, chance, 0.0)

    def offer(self, session: Round, turn: int, open_: Bools) -> Tabled:
        """Table the package, at or above its aspiration, that it believes the other side values most."""
        return self.table(self.key, session, turn, open_, np.True_)

    def table(self, party: str, session: Round, turn: int, open_: Bools, mandate: Bools | np.bool_) -> Tabled:
        """Choose from the menu of a party, its own or its alliance's, inside a mandate (W, P).

        A person who writes a package is bound by hard red lines, not by how much the agent aspires to or by a mandate.
        """
        written = self.model.written.get((session.number, turn))
        own = (
            self.own_worth(session.forum, party)
            if written is None
            else self.weigh_written(party, session, written)
        )
        menu, aspires = own.menu, self.aspires(own.best, session.day)
        if written is None:
            values, legal = self._inclined(own, aspires, mandate)
        else:
            values, legal = np.zeros_like(own.utility), own.within.copy()
            legal[:, menu.nothing] = True
        index = self.decide(
            "offer",
            menu.names,
            values,
            legal,
            self.offer_precision,
            open_,
            turn,
            menu=menu,
            worth=own.utility,
            aspiration=aspires,
        )
        present = open_ & (index != menu.nothing)
        worth = own.utility[np.arange(len(index)), index]
        self.audience_due = np.where(present, self.retreat_cost(worth), 0.0)
        self.pledge = np.where(present, worth, self.pledge)
        # Demanding it in public commits the more, the more often.
        self.commitment = np.where(
            present, commitment_after(self.commitment, self.commitment_growth), self.commitment
        )
        return Tabled(party, self.key, turn, menu, index, present, self.model.public)

    def weigh_written(self, party: str, session: Round, levels: Sequence[int]) -> OwnMenu:
        """What a package (K) that a person wrote for a party, its own or its alliance's, is worth to it."""
        return self._weigh(self.model.layout.written(session.forum, party, levels), slice(None))

    def _inclined(self, own: OwnMenu, aspires: Floats, mandate: Bools | np.bool_) -> tuple[Floats, Bools]:
        """(W, P) how much the agent values tabling each package, and which it considers."""
        menu = own.menu
        legal = own.within & mandate & (own.utility >= aspires[:, None])
        # Who has nothing to offer that could be bound here states its demands instead, though they cannot be.
        demands = own.within & mandate & (own.utility >= np.minimum(aspires, own.best)[:, None])
        legal &= menu.bindable
        legal |= demands & ~menu.bindable & ~legal.any(axis=1, keepdims=True)
        values = np.broadcast_to(self.believed_worth(menu), legal.shape)
        gambles = self.tactic == Tactic.ultimatum
        if gambles.any():
            expected = ultimatum_value(self.believed_acceptance(menu), own.utility, self.disagreement())
            values = np.where(gambles[:, None], expected, values)
        legal[:, menu.nothing] = ~legal.any(axis=1)
        return values, legal

    def respond(self, tabled: Tabled, session: Round, asked: Bools) -> Bools:
        """Accept iff no hard line is crossed and the package is worth the threshold, up to logit noise."""
        utility, within, price = self.package_worth(tabled)
        menu = tabled.menu
        utility = utility - self.reciprocity * menu.unmatched[self.side][tabled.index]
        self.last_received = np.where(asked, utility, self.last_received)
        self.first_received = np.where(np.isnan(self.first_received), self.last_received, self.first_received)
        own = self.own_worth(session.forum, self.key)
        aspires = self.aspires(own.best, session.day)
        threshold = acceptance_threshold(aspires, self.reservation_now())
        audience = self.retreat_cost(utility)
        gives = menu.gives[tabled.index] & (self.side == "defender")
        threat = np.where(gives, self.model.threat(), 0.0)
        worth = worth_at_the_table(utility, price, audience, self.coercion, threat)
        accepted = self.answer("response", tabled, worth, threshold, within, asked)
        self.audience_due = np.where(accepted, audience + price, 0.0)
        return accepted

    def retreat_cost(self, utility: Floats) -> Floats:
        """(W,) audience cost of settling for `utility` (W,) after what was last demanded in public."""
        retreat = np.where(np.isfinite(self.pledge), self.pledge - utility, 0.0)
        return audience_cost(self.sensitivity, self.commitment, retreat)

    def pay_audience(self, bound: Bools) -> None:
        """Pay what taking the package just bound costs at home."""
        self.audience_paid = self.audience_paid + np.where(bound, self.audience_due, 0.0)
