"""What a scenario is: issues, actors, an alliance, ladders, a calendar and what counts.

Nothing here knows any particular crisis. A part that a scenario leaves out is not at work: its parameters
default to the value at which the mechanism does nothing.
"""

from datetime import date as Date
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from negotiation_sim.scenario.parameters import (
    EvidenceIds,
    NonNegative,
    Parameter,
    Positive,
    Share,
    Strict,
    off,
)

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


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

    top: int = Field(ge=1, le=10_000)
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


class RedLine(Strict):
    """An interval of acceptable levels.

    Attributes:
        low: lowest acceptable level, in levels; none if left out.
        high: highest acceptable level, in levels; none if left out. Need not be whole: level 2 lies
            within a `high` of 2.4.
        hard: refused whatever it pays elsewhere; a soft line can be crossed at `price`.
        price: utility lost per level beyond a soft line.
        varies: allies only: the line differs between allies by their own draw.
    """

    low: NonNegative | None = None
    high: NonNegative | None = None
    hard: bool = True
    price: NonNegative | None = None
    varies: bool = False

    @model_validator(mode="after")
    def _complete(self) -> "RedLine":
        if self.low is None and self.high is None:
            raise PydanticCustomError(
                "empty_red_line", "the red line has no bound", {"found": "neither", "expected": "low or high"}
            )
        if not self.hard and self.price is None:
            raise PydanticCustomError(
                "soft_without_price",
                "a soft red line needs a price",
                {"found": "none", "expected": "price: parameter"},
            )
        return self


class Bundle(Strict):
    """A named package; issues that it names are closed by it, also at level 0."""

    title: str
    levels: dict[Key, Annotated[int, Field(ge=0)]]
    evidence: EvidenceIds = ()


class Offers(Strict):
    """The packages an actor is willing to table: named bundles, and all combinations of `generate`."""

    bundles: dict[Key, Bundle] = {}
    generate: dict[
        Key, Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | Literal["all"]
    ] = {}


class TacticSpec(Strict):
    """How an actor's aspiration moves; `beta` bends the curve, `ratchet` is salami's rise in demands."""

    kind: Literal["boulware", "linear", "conceder", "tit_for_tat", "salami", "ultimatum"] = "linear"
    beta: Positive = off(1.0)
    ratchet: NonNegative = off()

    @model_validator(mode="after")
    def _beta_fits(self) -> "TacticSpec":
        low, high = self.beta.range
        wanted = {"boulware": (0.0, 1.0), "linear": (1.0, 1.0), "conceder": (1.0, float("inf"))}.get(
            self.kind
        )
        if wanted and not (wanted[0] <= low and high <= wanted[1]):
            raise PydanticCustomError(
                "beta_does_not_fit",
                "beta does not fit the tactic",
                {
                    "found": f"{self.kind} with beta {[low, high]}",
                    "expected": "beta below 1 for boulware, 1 for linear, above 1 for conceder",
                },
            )
        return self


class Audience(Strict):
    """Audience cost of retreat at full commitment, and how fast insisting commits (Fearon 1994)."""

    cost: NonNegative = off()
    growth: Share = off()


class Principal(Strict):
    """What every principal has.

    Attributes:
        weights: utility of each issue at its top level; losses are negative.
        reservation: utility below which it prefers no agreement.
        clock_days: days until it has conceded all it will.
        reciprocity: utility lost per move of its own side that the other side does not match (E059).
        coercion: extra cost of giving ground under full threat, in utility (E067).
        response_precision, offer_precision, signal_precision: logit precision, per unit of utility.
    """

    name: str
    weights: dict[Key, Parameter] = {}
    reservation: Parameter = off()
    clock_days: Positive = off(60.0)
    tactic: TacticSpec = TacticSpec()
    red_lines: dict[Key, RedLine] = {}
    reciprocity: NonNegative = off()
    coercion: NonNegative = off()
    audience: Audience = Audience()
    response_precision: NonNegative = off(20.0)
    offer_precision: NonNegative = off(20.0)
    signal_precision: NonNegative = off(20.0)
    offers: Offers = Offers()


class Protege(Principal):
    """Whom the crisis is about: consents to its own affairs (E092), proposes only where a forum says so."""

    role: Literal["protege"]


class ChallengerType(Strict):
    """A private type of the challenger.

    Attributes:
        prior: weight in the common prior; priors are normalised.
        prize: worth G of what attack would win.
        weights, reservation, tactic: replace the actor's own for this type.
    """

    label: str
    prior: NonNegative
    prize: Parameter = off()
    weights: dict[Key, Parameter] = {}
    reservation: Parameter | None = None
    tactic: TacticSpec | None = None


class Attack(Strict):
    """What attack is worth besides the prize (model section 3.5)."""

    success: Share = off(1.0)
    cost: NonNegative = off()
    sanctions: NonNegative = off()
    discount: Share = off()
    cover: NonNegative = off()


class Carrying(Strict):
    """Cost a round of the mobilised force, at once and added by the end of the challenger's clock."""

    base: NonNegative = off()
    growth: NonNegative = off()


class Leaving(Strict):
    """What stands against leaving talks: leaving early (E032), and walking out of the room itself (E028)."""

    early_cost: NonNegative = off()
    walk_out_cost: NonNegative = off()
    freed: Share = off()


class Outlook(Strict):
    """What the challenger thinks of the other side, and how that moves.

    Attributes:
        hope: believed chance of a concession at first.
        lesson: share of hope that a plain refusal destroys.
        encouragement: share of doubt that ground given removes (E038).
        credibility: believed chance at first that threats are carried out (E094).
        unity: share of that credibility which rests on allied cohesion (E045, E079).
        default_loss, yielding_loss, vagueness_loss: share of credibility lost a round in which a threat is
            not carried out, when ground is given, and at a refusal of full vagueness.
    """

    hope: Share = off()
    lesson: Share = off()
    encouragement: Share = off()
    credibility: Share = off()
    unity: Share = off()
    default_loss: Share = off()
    yielding_loss: Share = off()
    vagueness_loss: Share = off()


class Challenger(Principal):
    """Who raised the demands: has private types, a ladder and an outside option.

    Attributes:
        true_type: its type in every world; drawn from the prior if left out. Observers know only the prior.
        undecided: chance that it has not yet decided which type it is (E035).
        decides_after: number of the session after which an undecided challenger has decided.
    """

    role: Literal["challenger"]
    types: Annotated[dict[Key, ChallengerType], Field(min_length=1)]
    true_type: Key | None = None
    undecided: Share = off()
    decides_after: int = Field(default=1, ge=1)
    attack: Attack = Attack()
    carrying: Carrying = Carrying()
    leaving: Leaving = Leaving()
    outlook: Outlook = Outlook()


class Defender(Principal):
    """Who answers for the other side.

    Attributes:
        vagueness: how vague its side's refusals are, 0 plain to 1 (E080, E081).
        blame: how intransigent its side looks at first.
        blame_rise: share of what blame lacks of 1 that refusing the core demands adds.
        blame_fall: share of blame that is lost when what its side offers is refused.
    """

    role: Literal["defender"]
    vagueness: Share = off()
    blame: Share = off()
    blame_rise: Share = off()
    blame_fall: Share = off()


class Member(Strict):
    """An ally by name; red lines and weights replace its cluster's."""

    name: str
    weights: dict[Key, Parameter] = {}
    red_lines: dict[Key, RedLine] = {}
    evidence: EvidenceIds = ()


class Cluster(Strict):
    """Allies that are alike up to their own draw.

    Attributes:
        reservation_spread: how far an ally's own reservation value may lie from the cluster's, at full spread.
    """

    title: str
    weights: dict[Key, Parameter] = {}
    reservation: Parameter = off()
    reservation_spread: NonNegative = off()
    response_precision: NonNegative = off(20.0)
    red_lines: dict[Key, RedLine] = {}
    members: Annotated[dict[Key, Member], Field(min_length=1)]


class CohesionSpec(Strict):
    """Allied cohesion at first, and what a round adds or takes (see `rules.cohesion`).

    Gains are shares of what cohesion lacks of 1, losses are shares of cohesion.

    Attributes:
        quality: quality of consultation, 0 told to 1 consulted (E089 against E090).
        consultation: gained in a session that consults the allies, at full quality.
        rally, rebuff: gained when the challenger steps up; when it refuses what was offered (E079).
        wedge: lost per unit of spread of utilities on wedge issues (E045).
        vagueness_loss: lost a round at full vagueness (E080, E081).
        unconsulted: lost in a session over the allies' heads, at zero quality (E063, E090).
    """

    start: Share = off(1.0)
    quality: Share = off(1.0)
    consultation: Share = off()
    rally: Share = off()
    rebuff: Share = off()
    wedge: NonNegative = off()
    vagueness_loss: Share = off()
    unconsulted: Share = off()


class Alliance(Strict):
    """The allies deciding together.

    Attributes:
        setter: the principal that drafts inside the mandate (Romer & Rosenthal 1978).
        setter_votes: the setter is itself one of the allies.
        quota: how many allies must not object, or `all`.
        silence: shortfall that an ally bears in silence at full cohesion, in utility.
        spread: how far allies differ within clusters, 0 none to 1.
    """

    key: Key
    name: str
    setter: Key
    setter_votes: bool = True
    quota: Literal["all"] | Annotated[int, Field(ge=1)] = "all"
    silence: NonNegative = off()
    spread: Share = off()
    cohesion: CohesionSpec = CohesionSpec()
    offers: Offers = Offers()
    clusters: Annotated[dict[Key, Cluster], Field(min_length=1)]


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
    date: Date


class FollowOn(Strict):
    """Sessions after the last dated one: a cycle of forums every so many days."""

    every_days: int = Field(ge=1)
    cycle: Annotated[list[Key], Field(min_length=1)]


class Calendar(Strict):
    """When what is held. `week_sessions` is how many sessions the documented week has."""

    start: Date
    sessions: Annotated[list[Session], Field(min_length=1)]
    follow_on: FollowOn | None = None
    horizon_days: int = Field(ge=1, le=20_000)
    week_sessions: int = Field(ge=1)


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
    date: Date
    effects: Effects
    evidence: EvidenceIds = ()


class Withdrawal(Strict):
    """The issue and level that count as the challenger's withdrawal."""

    issue: Key
    level: int = Field(ge=1)


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
    uncured_rounds: int = Field(default=3, ge=1)


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
    after_round: int = Field(ge=1)
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
