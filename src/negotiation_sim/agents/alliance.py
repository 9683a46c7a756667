"""The allies deciding together: a mandate from soundings, the setter's draft, and the silence procedure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa
import numpy as np

from negotiation_sim.agents.ally import AllyAgent, keeps_silent, shortfall_on_menu
from negotiation_sim.agents.negotiator import Negotiator, PrincipalAgent, Tabled
from negotiation_sim.agents.worlds import take_worlds
from negotiation_sim.rules.arrays import Bools, Floats, Ints
from negotiation_sim.rules.cohesion import cohesion_after, spread
from negotiation_sim.rules.consensus import consents, passing_tolerance, silence_tolerance
from negotiation_sim.scenario.layout import Menu, Round

if TYPE_CHECKING:
    from negotiation_sim.agents.public import RoundEvents
    from negotiation_sim.talks import Talks


class AllianceAgent(mesa.Agent):  # type: ignore[misc]
    """The alliance as a party at the table; what it holds privately is held by its members.

    Attributes:
        members: its allies, the setter among them if it votes.
        quota: how many must not object.
        silence: (W,) shortfall an ally bears in silence at full cohesion.
    """

    model: Talks

    def __init__(self, model: Talks, setter: PrincipalAgent) -> None:
        super().__init__(model)
        spec = model.scenario.alliance
        assert spec is not None
        self.spec = spec
        self.key, self.title = spec.key, spec.name
        self.setter = setter
        allies = [
            AllyAgent(model, key, name) for name, group in spec.clusters.items() for key in group.members
        ]
        self.members: list[Negotiator] = [*([setter] if spec.setter_votes else []), *allies]
        self.quota = len(self.members) if spec.quota == "all" else spec.quota
        read = model.parameter
        self.silence = read("alliance.silence")
        path = "alliance.cohesion"
        self.quality = read(f"{path}.quality")
        self.consultation = read(f"{path}.consultation")
        self.rally = read(f"{path}.rally")
        self.rebuff = read(f"{path}.rebuff")
        self.wedge = read(f"{path}.wedge")
        self.vagueness_loss = read(f"{path}.vagueness_loss")
        self.unconsulted = read(f"{path}.unconsulted")
        self._objections: dict[str, Floats] = {}

    def tolerance(self) -> Floats:
        """(W,) shortfall that an ally bears in silence now."""
        return silence_tolerance(self.silence, self.model.public.cohesion)

    def mandate(self, session: Round, menu: Menu) -> Bools:
        """(W, P) drafts to which at most `members - quota` allies object in soundings."""
        if session.forum not in self._objections:
            self._objections[session.forum] = self._soundings(menu, slice(None))
        return self._objections[session.forum] <= self.tolerance()[:, None]

    def _soundings(self, menu: Menu, rows: Ints | slice) -> Floats:
        shortfalls = (shortfall_on_menu(ally, menu, rows) for ally in self.members)
        return passing_tolerance(shortfalls, self.quota, len(self.members))

    def reconsider(self, changed: Bools) -> None:
        """Take new soundings in worlds where something was settled or allies' positions moved."""
        rows = np.flatnonzero(changed)
        if not len(rows):
            return
        for ally in self.members:
            ally.reconsider(changed)
        for forum, objections in self._objections.items():
            objections[rows] = self._soundings(self.model.layout.menu(forum, self.key), rows)

    def offer(self, session: Round, turn: int, open_: Bools) -> Tabled:
        """The setter drafts inside the mandate; the draft is tabled unless silence is broken."""
        menu = self.model.layout.menu(session.forum, self.key)
        draft = self.setter.table(self.key, session, turn, open_, self.mandate(session, menu))
        passed = self.consult(draft, draft.present)
        menu = draft.menu  # of one package, if a person has written it
        index = np.where(passed, draft.index, menu.nothing)
        return Tabled(self.key, self.setter.key, turn, menu, index, passed, self.model.public)

    def consult(self, tabled: Tabled, asked: Bools) -> Bools:
        """(W,) True where the allies consent, by silence procedure, to the package on the table."""
        tolerance = self.tolerance()
        silent = np.zeros(self.model.size, dtype=np.int64)
        total, squares = np.zeros(self.model.size), np.zeros(self.model.size)
        for ally in self.members:
            kept, wedge = keeps_silent(ally, tabled, tolerance, asked)
            silent += kept
            total += wedge
            squares += wedge * wedge
        divided = spread(total, squares, len(self.members))
        events = self.model.events
        events.disagreement = np.where(asked, np.maximum(events.disagreement, divided), events.disagreement)
        return asked & consents(silent, self.quota)

    def respond(self, tabled: Tabled, session: Round, asked: Bools) -> Bools:
        """The allies' consent to somebody else's package."""
        return self.consult(tabled, asked)

    def close_ranks(self, events: RoundEvents, session: Round) -> None:
        """Move cohesion after a round."""
        model, public = self.model, self.model.public
        forum = model.scenario.forums[session.forum]
        held = public.talking
        gain = (
            np.where(held, self.consultation * self.quality, 0.0) if forum.consults else np.zeros(model.size)
        )
        lost = (
            np.where(held, self.unconsulted * (1.0 - self.quality), 0.0)
            if forum.over_heads
            else np.zeros(model.size)
        )
        public.cohesion = cohesion_after(
            public.cohesion,
            gain,
            events.stepped_up,
            self.rally,
            events.rebuffed,
            self.rebuff,
            events.disagreement,
            self.wedge,
            np.where(events.refused, model.defender.vagueness, 0.0),
            self.vagueness_loss,
            lost,
        )

    def keep(self, rows: Ints) -> None:
        """Keep only the worlds at `rows`."""
        take_worlds(self, rows)
        self._objections = {forum: each[rows] for forum, each in self._objections.items()}
