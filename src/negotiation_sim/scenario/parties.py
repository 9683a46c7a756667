"""Who negotiates: principals by role, the challenger's types, and the alliance with its clusters of allies."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from negotiation_sim.scenario.parameters import (
    Count,
    EvidenceIds,
    Key,
    Level,
    NonNegative,
    Parameter,
    Positive,
    Share,
    Strict,
    off,
)


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
    levels: dict[Key, Level]
    evidence: EvidenceIds = ()


class Offers(Strict):
    """The packages an actor is willing to table: named bundles, and all combinations of `generate`."""

    bundles: dict[Key, Bundle] = {}
    generate: dict[Key, Annotated[list[Level], Field(min_length=1)] | Literal["all"]] = {}


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
    decides_after: Count = 1
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
    quota: Literal["all"] | Count = "all"
    silence: NonNegative = off()
    spread: Share = off()
    cohesion: CohesionSpec = CohesionSpec()
    offers: Offers = Offers()
    clusters: Annotated[dict[Key, Cluster], Field(min_length=1)]
