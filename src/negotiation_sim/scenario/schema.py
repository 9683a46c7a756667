"""What a scenario is: issues, parties, ladders, a calendar and what counts.

Nothing here knows any particular crisis. A part that a scenario leaves out is not at work: its parameters
default to the value at which the mechanism does nothing.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from negotiation_sim.scenario.parameters import (
    Count,
    Day,
    EvidenceIds,
    Key,
    NonNegative,
    Parameter,
    Share,
    Strict,
    off,
)
from negotiation_sim.scenario.parties import Alliance, Challenger, Defender, Protege


class Side(Strict):
    """One side of the crisis: how it is called, and the adjective that names its columns in tables."""

    name: str
    adjective: Key


class Sides(Strict):
    """The challenger's side and the defender's side, its allies and protégés included."""

    challenger: Side
    defender: Side


class Scale(Strict):
    """Many equal levels of one quantity, instead of a list of labels."""

    top: Count = Field(le=10_000)
    unit: str


class Issue(Strict):
    """Something negotiated, in ordered levels; level 0 is the status quo.

    Attributes:
        levels: a label in plain words for every level from 0, or a `Scale`.
        sizes: share of the whole issue that each level stands for, 0 first and 1 last; equal steps if left out.
        core: a core issue: giving ground on it is a concession under threat.
        base: a full agreement must close it.
        active: on the table at all; optional issues can be switched on.
        wedge: it divides the allies (E045).
        given_by: whose side moves when the level rises.
        consent: who must agree to any level above 0: principals or the alliance.
        assumption: what in the levels and their sizes is a reading.
    """

    title: str
    levels: Annotated[list[str], Field(min_length=2)] | Scale
    sizes: list[Annotated[float, Field(ge=0.0, le=1.0)]] | None = None
    core: bool = False
    base: bool = True
    active: bool = True
    wedge: bool = False
    given_by: Literal["challenger", "defender", "both"]
    consent: Annotated[list[Key], Field(min_length=1)]
    evidence: EvidenceIds = ()
    assumption: str | None = None

    @property
    def top(self) -> int:
        """Highest level."""
        return self.levels.top if isinstance(self.levels, Scale) else len(self.levels) - 1

    def label(self, level: int) -> str:
        """The level in plain words."""
        if isinstance(self.levels, Scale):
            return f"{level} {self.levels.unit}"
        return self.levels[level]

    @model_validator(mode="after")
    def _sizes_fit(self) -> "Issue":
        sizes = self.sizes
        if sizes is not None and (
            len(sizes) != self.top + 1 or sizes[0] != 0.0 or sizes[-1] != 1.0 or sorted(sizes) != sizes
        ):
            raise PydanticCustomError(
                "bad_sizes",
                "the sizes of the levels do not fit",
                {"found": sizes, "expected": f"{self.top + 1} rising numbers from 0 to 1, one a level"},
            )
        return self


class Rung(Strict):
    """A step of the challenger's ladder.

    Attributes:
        share: share of the way to full war; on a war rung, of prize and cost.
        leverage: share of the wanted concession's worth that pressure from here adds.
        cost: its own cost.
        war, suspends_talks, breaks_off: it is war; no session is held on or above it; all talks have ended.
    """

    label: str
    share: Share = off()
    leverage: Share = off()
    cost: NonNegative = off()
    war: bool = False
    suspends_talks: bool = False
    breaks_off: bool = False
    evidence: EvidenceIds = ()


class Answer(Strict):
    """A step of the defender's ladder.

    Attributes:
        benefit: worth of its deterrence when attack is certain.
        cost: its own cost.
        attack_cost: what standing here adds to the cost of attack (E093).
        credibility, provocation: share of what the credibility of threats, and blame, lack of 1 that
            stepping here for the first time adds.
        requires: rung that the challenger must have reached first.
        carries_out: it is the threatened measure itself.
    """

    label: str
    benefit: NonNegative = off()
    cost: NonNegative = off()
    attack_cost: NonNegative = off()
    credibility: Share = off()
    provocation: Share = off()
    requires: Key | None = None
    carries_out: bool = False
    evidence: EvidenceIds = ()


class Start(Strict):
    """The rungs on which both sides stand at first; the foot if left out."""

    challenger: Key | None = None
    defender: Key | None = None


class Ladders(Strict):
    """Both ladders, foot first, and where the sides stand at first."""

    start: Start = Start()

    challenger: Annotated[dict[Key, Rung], Field(min_length=1)]
    defender: Annotated[dict[Key, Answer], Field(min_length=1)]


class Forum(Strict):
    """Where sessions are held.

    Attributes:
        participants: who sits there.
        proposers: who tables a package, in this order.
        agenda: issues that can be talked about; a package is cut down to them.
        binds: who can bind itself here; a package needing anybody else's consent can only be refused.
        consults: the allies are consulted for it.
        over_heads: it deals with allied affairs without the allies.
        worth: what holding the session is worth to the challenger in itself (E046-E048).
    """

    title: str
    place: str
    participants: Annotated[list[Key], Field(min_length=2)]
    proposers: Annotated[list[Key], Field(min_length=1)]
    agenda: Annotated[list[Key], Field(min_length=1)]
    binds: list[Key]
    consults: bool = False
    over_heads: bool = False
    worth: NonNegative = off()
    evidence: EvidenceIds = ()


class Session(Strict):
    """A dated session of a forum."""

    forum: Key
    date: Day


class FollowOn(Strict):
    """Sessions after the last dated one: a cycle of forums every so many days."""

    every_days: Count
    cycle: Annotated[list[Key], Field(min_length=1)]


class Calendar(Strict):
    """When what is held. `week_sessions` is how many sessions the documented week has."""

    start: Day
    sessions: Annotated[list[Session], Field(min_length=1)]
    follow_on: FollowOn | None = None
    horizon_days: Count = Field(le=20_000)
    week_sessions: Count


class Effects(Strict):
    """What an inject changes, in the unit of the quantity; `reservation` by cluster or principal."""

    cohesion: Parameter = off()
    hope: Parameter = off()
    credibility: Parameter = off()
    blame: Parameter = off()
    reservation: dict[Key, Parameter] = {}


class Inject(Strict):
    """An event from outside, felt from the first round on or after its date."""

    title: str
    date: Day
    effects: Effects
    evidence: EvidenceIds = ()


class Withdrawal(Strict):
    """The issue and level that count as the challenger's withdrawal."""

    issue: Key
    level: Count


OutcomeName = Literal[
    "invasion",
    "limited_incursion",
    "coerced_concession",
    "full_agreement",
    "partial_agreement",
    "collapse",
    "declared_pointless",
    "talks_continuing",
]


class Ending(Strict):
    """What counts as withdrawal, and after how many rounds a suspension has become a collapse.

    `labels` renames outcomes on the screen and in pictures, where the usual word does not fit the crisis.
    """

    labels: dict[OutcomeName, str] = {}

    withdrawal: Withdrawal | None = None
    uncured_rounds: Count = 3


class Fact(Strict):
    """A documented fact to check a world against, never to fit.

    Attributes:
        measure: a recorded quantity; `level` needs `issue`.
        after_round: the round after which it is read.
        at_least, at_most: bounds; one at least.
    """

    text: str
    measure: Literal[
        "settled_issues", "walked_out", "declared_pointless", "cohesion", "rung", "answer", "level"
    ]
    issue: Key | None = None
    after_round: Count
    at_least: float | None = None
    at_most: float | None = None
    evidence: EvidenceIds = ()

    @model_validator(mode="after")
    def _complete(self) -> "Fact":
        if self.at_least is None and self.at_most is None:
            raise PydanticCustomError(
                "fact_without_bound",
                "the fact says nothing",
                {"found": "neither", "expected": "at_least or at_most"},
            )
        if (self.measure == "level") != (self.issue is not None):
            raise PydanticCustomError(
                "fact_issue",
                "issue goes with measure: level, and only with it",
                {"found": f"measure {self.measure}, issue {self.issue}", "expected": "both or neither"},
            )
        return self


class ScenarioFields(Strict):
    """All fields of a scenario file. `negotiation_sim.scenario.Scenario` loads and checks them."""

    name: Key
    title: str
    summary: str
    sides: Sides
    issues: Annotated[dict[Key, Issue], Field(min_length=1)]
    actors: dict[Key, Annotated[Challenger | Defender | Protege, Field(discriminator="role")]]
    alliance: Alliance | None = None
    ladders: Ladders
    calendar: Calendar
    forums: Annotated[dict[Key, Forum], Field(min_length=1)]
    habituation: Share = off()
    accident: Share = off()
    injects: dict[Key, Inject] = {}
    ending: Ending = Ending()
    facts: dict[Key, Fact] = {}
