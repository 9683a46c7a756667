"""The seat that is briefed: who it is among the parties, over what it may read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.layout import Layout
from negotiation_sim.scenario.parameters import Parameter
from negotiation_sim.scenario.parties import Alliance, Challenger, ChallengerType, Defender, Protege


@dataclass(frozen=True)
class Seat:
    """The seat that is briefed.

    Attributes:
        key: one of `disclosure.seats`.
        seen: the scenario pruned to what the seat may read, with this world's numbers.
        type: the challenger's type, at its own seat and if it is settled.
    """

    key: str
    seen: Scenario
    type: str | None

    @property
    def layout(self) -> Layout:
        """What it may read, laid out."""
        return self.seen.layout

    @property
    def alliance(self) -> Alliance | None:
        """The alliance of the scenario, whoever sits here."""
        return self.seen.alliance

    @property
    def actor(self) -> Challenger | Defender | Protege | None:
        """The principal that sits here."""
        return self.seen.actors.get(self.key)

    @property
    def role(self) -> str | None:
        """The principal's role."""
        return self.actor.role if self.actor else None

    @property
    def delegation(self) -> Alliance | None:
        """The alliance, if this seat speaks for all of it."""
        return self.alliance if self.alliance and self.key == self.alliance.key else None

    @property
    def home(self) -> str | None:
        """The cluster, if this is a single ally's seat."""
        clusters = self.alliance.clusters if self.alliance else {}
        return next((key for key, cluster in clusters.items() if self.key in cluster.members), None)

    @property
    def name(self) -> str:
        """The seat in words."""
        if self.actor:
            return self.actor.name
        if self.delegation:
            return f"{self.delegation.name}, as one delegation"
        if self.alliance and self.home:
            return self.alliance.clusters[self.home].members[self.key].name
        return "Observer"

    @property
    def challenger(self) -> Challenger:
        """The challenger, as far as the seat may read it."""
        return self.layout.challenger_spec

    def parties(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Parties by their names."""
        return tuple(self.seen.party_name(each) for each in keys)

    def of_type(self, read: Callable[[ChallengerType], Parameter]) -> Parameter:
        """A number of the challenger's own type, or the average by the prior for one that has not decided."""
        types = self.challenger.types
        if self.type is not None:
            return read(types[self.type])
        given = [read(each) for each in types.values()]
        total = sum(each.prior.value for each in types.values())
        value = sum(
            each.prior.value / total * one.value for each, one in zip(types.values(), given, strict=True)
        )
        return Parameter.model_construct(
            value=value,
            range=given[0].range,
            evidence=tuple(dict.fromkeys(each for one in given for each in one.evidence)),
            assumption=given[0].assumption,
        )

    def prize(self) -> Parameter:
        """What a successful attack would win the challenger."""
        return self.of_type(lambda each: each.prize)


def allies(alliance: Alliance) -> int:
    """Number of allies that decide, with the setter if it has a vote."""
    members = sum(len(cluster.members) for cluster in alliance.clusters.values())
    return members + alliance.setter_votes
