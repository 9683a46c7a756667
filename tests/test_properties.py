"""What must hold in every world of every scenario, whatever the numbers."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import numpy as np
import pytest
from helpers import Played, rounds_played, shipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from negotiation_sim import Scenario, Talks
from negotiation_sim.rules.outcome import OUTCOMES, classify
from negotiation_sim.scenario.sources import Source

some_seeds = st.integers(0, 10**9)


def modest(examples: int) -> settings:
    """Few examples, as long as they need."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


# Scenarios to try


def january(quota: str) -> Scenario:
    """The shipped scenario, optional issues switched on, with a quota."""
    active = [f"scenario.issues.{issue}.active=true" for issue in ("hybrid", "iran", "central_asia")]
    return shipped("january_2022", *active, f"scenario.alliance.quota={quota}")


EASY = {  # so that agreements are not rare
    **{f"actors.russia.types.{each}.reservation": 0.0 for each in ("security", "extractor")},
    "actors.russia.reservation": 0.0,
    "actors.russia.weights.ru_forces": -0.1,
    "actors.russia.clock_days": 10.0,
    "actors.us.clock_days": 30.0,
    "actors.us.red_lines.posture.high": 3.0,
}


def number(random: Random, low: float, high: float) -> dict[str, Any]:
    """A parameter with a random range."""
    bottom, top = sorted((random.uniform(low, high), random.uniform(low, high)))
    return {"value": (bottom + top) / 2, "range": [bottom, top], "assumption": "drawn by a test"}


def sometimes(random: Random, entries: dict[str, Any]) -> dict[str, Any]:
    """Some of the entries."""
    return {key: value for key, value in entries.items() if random.random() < 0.6}


def red_lines(random: Random, tops: dict[str, int], ally: bool = False) -> dict[str, Any]:
    """Red lines on some issues, hard or soft, from above and from below."""
    lines: dict[str, Any] = {}
    for issue, top in tops.items():
        if random.random() < 0.5:
            lines[issue] = {"high": number(random, 0.0, top)}
            if random.random() < 0.15:
                lines[issue] = {"low": number(random, 0.0, 1.0)}
            if random.random() < 0.4:
                lines[issue] |= {"hard": False, "price": number(random, 0.0, 0.3)}
            if ally and random.random() < 0.5:
                lines[issue]["varies"] = True
    return lines


def principal(random: Random, role: str, tops: dict[str, int]) -> dict[str, Any]:
    """A principal with everything at work."""
    kind = random.choice(["boulware", "linear", "conceder", "tit_for_tat", "salami", "ultimatum"])
    beta = {"boulware": (0.1, 0.9), "linear": (1.0, 1.0), "conceder": (1.1, 5.0)}.get(kind, (0.2, 3.0))
    return {
        "name": role,
        "role": role,
        "weights": sometimes(random, {issue: number(random, -0.4, 0.6) for issue in tops}),
        "reservation": number(random, -0.4, 0.1),
        "clock_days": number(random, 2.0, 20.0),
        "tactic": {"kind": kind, "beta": number(random, *beta), "ratchet": number(random, 0.0, 0.3)},
        "red_lines": red_lines(random, tops),
        "reciprocity": number(random, 0.0, 0.05),
        "coercion": number(random, 0.0, 0.1),
        "audience": {"cost": number(random, 0.0, 0.5), "growth": number(random, 0.0, 1.0)},
        "response_precision": number(random, 1.0, 60.0),
        "offer_precision": number(random, 1.0, 60.0),
        "signal_precision": number(random, 1.0, 60.0),
        "offers": {"generate": dict.fromkeys(tops, "all")},
    }


def small_scenario(random: Random) -> Scenario:
    """A crisis nobody has thought of."""
    tops = {f"issue_{at}": random.randint(1, 3) for at in range(random.randint(1, 3))}
    parties = ["challenger", "defender", "protege", "alliance"]
    issues = {
        key: {
            "title": key,
            "levels": [f"level {level}" for level in range(top + 1)],
            "core": random.random() < 0.4,
            "base": random.random() < 0.8,
            "wedge": random.random() < 0.5,
            "given_by": random.choice(["challenger", "defender", "both"]),
            "consent": ["challenger", *random.sample(parties[1:], random.randint(1, 3))],
        }
        for key, top in tops.items()
    }
    members = [f"ally_{at}" for at in range(random.randint(1, 4))]
    shares = sorted(random.random() for _ in range(4))

    def rung(share: float, **more: Any) -> dict[str, Any]:
        return {
            "label": "a rung",
            "share": number(random, share, share),
            "leverage": number(random, 0.0, 0.5),
            "cost": number(random, 0.0, 0.1),
            **more,
        }

    def answer(**more: Any) -> dict[str, Any]:
        return {
            "label": "an answer",
            "benefit": number(random, 0.0, 0.4),
            "cost": number(random, 0.0, 0.1),
            "attack_cost": number(random, 0.0, 0.1),
            "credibility": number(random, 0.0, 1.0),
            "provocation": number(random, 0.0, 1.0),
            **more,
        }

    def forum() -> dict[str, Any]:
        return {
            "title": "a forum",
            "place": "somewhere",
            "participants": parties,
            "proposers": random.sample(parties, random.randint(1, 4)),
            "agenda": sorted(random.sample(list(tops), random.randint(1, len(tops)))),
            "binds": parties if random.random() < 0.7 else random.sample(parties, 3),
            "consults": random.random() < 0.5,
            "over_heads": random.random() < 0.5,
            "worth": number(random, 0.0, 0.3),
        }

    def share() -> dict[str, Any]:
        return number(random, 0.0, 1.0)

    challenger = principal(random, "challenger", tops) | {
        "types": {
            f"type_{at}": {
                "label": "a type",
                "prior": number(random, 0.1, 1.0),
                "prize": number(random, -0.2, 1.0),
                "weights": sometimes(random, {issue: number(random, -0.4, 0.6) for issue in tops}),
            }
            for at in range(random.randint(1, 3))
        },
        "undecided": share(),
        "decides_after": random.randint(1, 3),
        "attack": {
            "success": share(),
            "cost": number(random, 0.0, 0.6),
            "sanctions": number(random, 0.0, 1.0),
            "discount": share(),
            "cover": share(),
        },
        "carrying": {"base": number(random, 0.0, 0.2), "growth": number(random, 0.0, 0.3)},
        "leaving": {
            "early_cost": number(random, 0.0, 0.2),
            "walk_out_cost": number(random, 0.0, 0.2),
            "freed": share(),
        },
        "outlook": {
            name: share()
            for name in (
                "hope",
                "lesson",
                "encouragement",
                "credibility",
                "default_loss",
                "yielding_loss",
                "vagueness_loss",
            )
        },
    }
    config = {
        "name": "made_up",
        "title": "made up",
        "summary": "made up",
        "sides": {
            "challenger": {"name": "one side", "adjective": "one"},
            "defender": {"name": "the other", "adjective": "other"},
        },
        "issues": issues,
        "actors": {
            "challenger": challenger,
            "defender": principal(random, "defender", tops)
            | {name: share() for name in ("vagueness", "blame", "blame_rise", "blame_fall")},
            "protege": principal(random, "protege", tops),
        },
        "alliance": {
            "key": "alliance",
            "name": "the allies",
            "setter": "defender",
            "setter_votes": True,
            "quota": random.choice(["all", random.randint(1, len(members) + 1)]),
            "silence": number(random, 0.0, 0.3),
            "spread": share(),
            "cohesion": {
                name: share()
                for name in (
                    "start",
                    "quality",
                    "consultation",
                    "rally",
                    "rebuff",
                    "wedge",
                    "vagueness_loss",
                    "unconsulted",
                )
            },
            "offers": {"generate": dict.fromkeys(tops, "all")},
            "clusters": {
                "all": {
                    "title": "all",
                    "weights": sometimes(random, {issue: number(random, -0.4, 0.6) for issue in tops}),
                    "reservation": number(random, -0.4, 0.1),
                    "reservation_spread": number(random, 0.0, 0.2),
                    "response_precision": number(random, 1.0, 60.0),
                    "red_lines": red_lines(random, tops, ally=True),
                    "members": {key: {"name": key} for key in members},
                }
            },
        },
        "ladders": {
            "challenger": {
                "foot": rung(0.0),
                "drill": rung(shares[0]),
                "suspend": rung(shares[1], suspends_talks=True),
                "rupture": rung(shares[2], breaks_off=True),
                "limited": rung(shares[3], war=True),
                "full": rung(1.0, war=True),
            },
            "defender": {
                "words": answer(),
                "arms": answer(),
                "sanctions": answer(requires="rupture", carries_out=True),
            },
        },
        "calendar": {
            "start": "2022-01-10",
            "sessions": [{"forum": "here", "date": "2022-01-10"}, {"forum": "there", "date": "2022-01-12"}],
            "follow_on": {"every_days": 2, "cycle": ["there", "here"]},
            "horizon_days": 16,
            "week_sessions": 2,
        },
        "forums": {"here": forum(), "there": forum()},
        "habituation": share(),
        "accident": number(random, 0.0, 0.3),
        "ending": {
            "withdrawal": {"issue": "issue_0", "level": 1} if random.random() < 0.5 else None,
            "uncured_rounds": random.randint(1, 3),
        },
    }
    return Scenario.from_config(config, Source("made_up"))


# What must hold


Lines = dict[str, tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]


def private_lines(talks: Talks) -> Lines:
    """(W, K) low, high and price of every negotiator's red lines, before anything is played."""
    holders = [each for each in talks.agents if hasattr(each, "low")]
    return {each.key: (each.low.copy(), each.high.copy(), each.price.copy()) for each in holders}


class Referee:
    """Follows a model round by round and says from the decisions alone what must have been bound."""

    def __init__(self, talks: Talks) -> None:
        self.talks = talks
        self.scenario, self.layout = talks.scenario, talks.layout
        self.lines = private_lines(talks)
        self.members = [each.key for each in talks.alliance.members] if talks.alliance else []
        self.quota = talks.alliance.quota if talks.alliance else 0
        shape = (len(talks.world_ids), len(self.layout.issues))
        self.closed = np.zeros(shape, dtype=bool)
        self.bound = np.zeros(shape, dtype=int)
        self.bindings = 0

    def consent(self, party: str, offer: Played, world: int, decisions: Sequence[Played]) -> bool:
        """Whether a party's own decision, or enough of its members', agreed to an offer in a world."""
        alliance = self.scenario.alliance
        in_chorus = alliance is not None and party == alliance.key
        voters, kind = (self.members, "silence") if in_chorus else ([party], "response")
        agreed = 0
        for each in decisions:
            decision = each.decision
            if decision.kind != kind or decision.actor not in voters or decision.turn != offer.decision.turn:
                continue
            row = each.at(world)
            agreed += int(row is not None and decision.asked[row] and each.chosen[row] == 1)
        return agreed >= (self.quota if in_chorus else 1)

    def proposer(self, offer: Played, forum: str) -> str:
        """For whom an offer was made: the setter drafts for the alliance."""
        return next(
            party
            for party in (self.layout.alliance, offer.decision.actor)
            if party and self.layout.menu(forum, party) is offer.decision.context["menu"]
        )

    def whose_lines(self, parties: set[str]) -> Iterator[str]:
        """Who must each be within its own red lines if all these parties consent."""
        alliance = self.scenario.alliance
        for party in parties:
            if alliance is None or party != alliance.key:
                yield party
            elif self.quota == len(self.members):
                yield from self.members

    def follow(self, number: int, decisions: Sequence[Played]) -> None:
        """Check everything that was bound, or not, in a round."""
        forum = self.layout.rounds[number - 1].forum
        for offer in (each for each in decisions if each.decision.kind == "offer"):
            menu, proposer = offer.decision.context["menu"], self.proposer(offer, forum)
            for row, world in enumerate(offer.rows):
                if offer.decision.asked[row] and offer.chosen[row] != menu.nothing:
                    assert offer.decision.legal[row, offer.chosen[row]]
                    self.bind(offer, int(world), menu, int(offer.chosen[row]), proposer, forum, decisions)
        record = self.talks.record
        assert np.array_equal(record.closed[number - 1], self.closed)
        assert np.array_equal(record.bound[number - 1], self.bound)

    def bind(
        self,
        offer: Played,
        world: int,
        menu: Any,
        index: int,
        proposer: str,
        forum: str,
        decisions: Sequence[Played],
    ) -> None:
        """Bind what had every consent that its issues ask for, and check it against red lines."""
        issues = list(self.layout.issues.values())
        levels, addressed = menu.levels[index], menu.addressed[index]
        assert set(np.array(list(self.layout.issues))[levels > 0]) <= set(self.scenario.forums[forum].agenda)
        needed = {
            party for issue, level in zip(issues, levels, strict=True) if level > 0 for party in issue.consent
        }
        # Drafting for the alliance is the setter's own consent.
        consenting = needed | {proposer}
        if self.scenario.alliance and proposer == self.scenario.alliance.key:
            consenting.add(self.scenario.alliance.setter)
            needed -= {self.scenario.alliance.setter}
        needed -= {proposer}
        moves_core = any(issue.core for issue, level in zip(issues, levels, strict=True) if level > 0)
        whole = all(named for issue, named in zip(issues, addressed, strict=True) if issue.base)
        can_bind = (needed | {proposer}) <= set(self.scenario.forums[forum].binds) and (
            whole or not moves_core
        )
        passed = proposer != self.layout.alliance or self.consent(proposer, offer, world, decisions)
        agreed = passed and all(self.consent(party, offer, world, decisions) for party in needed)
        assert can_bind or not (agreed and needed), "what cannot be bound here was agreed to"
        if not (agreed and can_bind):
            return
        for key in self.whose_lines(consenting):
            low, high, price = (each[world] for each in self.lines[key])
            crossed = ((levels < low) | (levels > high)) & np.isinf(price) & ~self.closed[world]
            assert not crossed.any(), f"{key}'s hard red line was crossed in world {world}"
        newly = addressed & ~self.closed[world]
        self.bound[world, newly] = levels[newly]
        self.closed[world] |= newly
        self.bindings += 1


def assert_in_unit(values: NDArray[np.float64]) -> None:
    """All are shares."""
    assert ((values >= 0.0) & (values <= 1.0)).all()


def assert_sound(talks: Talks) -> int:
    """Play a model, checking after every round all that must hold; gives how many packages were bound."""
    referee = Referee(talks)
    record, layout = talks.record, talks.layout
    for number, decisions in rounds_played(talks):
        referee.follow(number, decisions)
        minds = [talks.challenger.mind, *talks.challenger.images.values()]
        for mind in minds:
            assert_in_unit(mind.hope)
            assert_in_unit(mind.credibility)
            assert_in_unit(mind.commitment)
        assert_in_unit(talks.public.cohesion)
        assert_in_unit(talks.public.blame)
        for each in decisions:
            probabilities = each.decision.probabilities
            assert probabilities.sum(axis=1) == pytest.approx(1.0, abs=1e-12)
            assert (probabilities[~each.decision.legal] == 0.0).all()
    assert_in_unit(record.belief)
    assert record.belief.sum(axis=2) == pytest.approx(1.0, abs=1e-9)
    assert_in_unit(record.cohesion)
    assert_in_unit(record.credibility)
    rungs = np.vstack([np.full(record.ended.size, layout.first_rung), record.rung])
    assert rungs.min() >= 0
    assert rungs.max() < len(talks.scenario.ladders.challenger)
    moves = np.diff(rungs, axis=0)
    assert moves.min() >= -1
    assert moves.max() <= 2
    assert (moves[layout.war[rungs[:-1]]] >= 0).all(), "nobody steps down out of a war"
    answers = np.vstack([np.full(record.ended.size, layout.first_answer), record.answer])
    assert answers.min() >= 0
    assert answers.max() < len(talks.scenario.ladders.defender)
    assert np.abs(np.diff(answers, axis=0)).max() <= 1
    tops = [issue.top for issue in layout.issues.values()]
    assert ((record.bound >= 0) & (record.bound <= tops)).all()
    assert not record.bound[~record.closed].any()
    assert (record.closed[1:] | ~record.closed[:-1]).all(), "what is settled stays settled"
    assert (np.where(record.closed[:-1], record.bound[1:], 0) == record.bound[:-1]).all()
    for number in range(1, len(layout.rounds) + 1):
        assert record.outcome(number).tolist() == [
            expected_outcome(talks, number, w) for w in range(record.ended.size)
        ]
    return referee.bindings


def expected_outcome(talks: Talks, number: int, world: int) -> str:
    """The outcome class of model.md section 4, first match wins, from one world's recorded numbers.

    `coerced` and `partial` speak of core issues where model.md names membership and posture.
    """
    record, scenario = talks.record, talks.scenario
    rungs = list(scenario.ladders.challenger.values())
    stood = int(record.rung[number - 1, world])
    level = dict(zip(talks.layout.issues, record.bound[number - 1, world].tolist(), strict=True))
    closed = dict(zip(talks.layout.issues, record.closed[number - 1, world].tolist(), strict=True))
    withdrawal = scenario.ending.withdrawal
    withdrawn = withdrawal is None or level.get(withdrawal.issue, 9) >= withdrawal.level
    base = [key for key, issue in talks.layout.issues.items() if issue.base]
    core = [key for key, issue in talks.layout.issues.items() if issue.core]
    ruptured = any(rung.breaks_off for rung in rungs[: stood + 1])
    return described(
        full_war=rungs[stood].war and not any(rung.war for rung in rungs[stood + 1 :]),
        war=rungs[stood].war,
        core_given=any(level[key] >= 1 for key in core),
        anything=any(level.values()),
        everything=bool(base) and all(closed[key] for key in base),
        withdrawn=withdrawn,
        ruptured=ruptured,
        left=bool(record.walked_out[number - 1, world]),
        uncured=int(record.suspended[number - 1, world]) >= scenario.ending.uncured_rounds,
        pointless=bool(record.pointless[number - 1, world]),
    )


def described(
    *,
    full_war: bool,
    war: bool,
    core_given: bool,
    anything: bool,
    everything: bool,
    withdrawn: bool,
    ruptured: bool,
    left: bool,
    uncured: bool,
    pointless: bool,
) -> str:
    """The table of outcomes, line by line."""
    if full_war:
        return "invasion"
    if war:
        return "limited_incursion"
    if core_given and not withdrawn:
        return "coerced_concession"
    if everything and withdrawn:
        return "full_agreement"
    if anything and not core_given and not ruptured:
        return "partial_agreement"
    if ruptured or left or uncured:
        return "collapse"
    return "declared_pointless" if pointless else "talks_continuing"


# The properties


@modest(6)
@given(seed=some_seeds, quota=st.sampled_from(["all", "30", "27", "12"]), easy=st.booleans())
def test_january_is_sound(seed: int, quota: str, easy: bool) -> None:
    talks = Talks(january(quota), worlds=40, seed=seed, fixed=EASY if easy else None, keep_decisions=True)
    assert_sound(talks)


def test_january_binds_packages_for_the_checks_to_see() -> None:
    talks = Talks(january("all"), worlds=150, seed=1, fixed=EASY, keep_decisions=True)
    assert assert_sound(talks) >= 20


@modest(40)
@given(shape=some_seeds, seed=some_seeds)
def test_any_small_scenario_is_sound(shape: int, seed: int) -> None:
    assert_sound(Talks(small_scenario(Random(shape)), worlds=12, seed=seed, keep_decisions=True))


def test_small_scenarios_bind_packages_for_the_checks_to_see() -> None:
    bound = [
        assert_sound(Talks(small_scenario(Random(at)), worlds=12, seed=at, keep_decisions=True))
        for at in range(30)
    ]
    assert sum(each > 0 for each in bound) >= 8, bound
    assert sum(bound) >= 100, bound


@modest(25)
@given(shape=some_seeds, seed=some_seeds, world=st.integers(0, 10**6))
def test_any_small_scenario_has_the_same_world_in_any_batch(shape: int, seed: int, world: int) -> None:
    scenario = small_scenario(Random(shape))
    alone = Talks(scenario, worlds=[world], seed=seed).run()
    batch = Talks(scenario, worlds=[5, world, *range(world + 1, world + 20)], seed=seed).run()
    assert alone.outcomes.iloc[0].to_dict() == batch.outcomes.iloc[1].to_dict()
    for name in ("rung", "belief", "bound", "cohesion", "credibility", "answer"):
        one, two = getattr(alone.record, name)[:, 0], getattr(batch.record, name)[:, 1]
        assert one.tobytes() == two.tobytes(), name


flags = st.booleans()


@modest(300)
@given(
    bound=st.lists(st.integers(0, 3), min_size=4, max_size=4),
    closed=st.lists(flags, min_size=4, max_size=4),
    core=st.lists(flags, min_size=4, max_size=4),
    base=st.lists(flags, min_size=4, max_size=4),
    others=st.tuples(flags, flags, flags, flags, flags, flags),
)
def test_outcomes_follow_the_table(
    bound: list[int], closed: list[bool], core: list[bool], base: list[bool], others: tuple[bool, ...]
) -> None:
    full, limited, ruptured, left, withdrawn, pointless = others
    (name,) = classify(
        full_war=np.array([full]),
        limited_war=np.array([limited]),
        ruptured=np.array([ruptured]),
        broken_off=np.array([left or ruptured]),
        bound=np.array([bound]),
        closed=np.array([closed]),
        core=np.array(core),
        base=np.array(base),
        withdrawn=np.array([withdrawn]),
        pointless=np.array([pointless]),
    )
    assert name in OUTCOMES
    core_given = any(level >= 1 for level, is_core in zip(bound, core, strict=True) if is_core)
    everything = any(base) and all(shut for shut, is_base in zip(closed, base, strict=True) if is_base)
    assert name == described(
        full_war=full,
        war=full or limited,
        core_given=core_given,
        anything=any(bound),
        everything=everything,
        withdrawn=withdrawn,
        ruptured=ruptured,
        left=left,
        uncured=False,
        pointless=pointless,
    )


# What one side keeps to itself


OTHERS = [*shipped().alliance.clusters["others"].members]
BARE = {  # without the other red lines that the same packages cross, so that a change of one shows
    "actors.ukraine.red_lines.ua_coop.high": 9.0,
    "actors.us.red_lines.posture.high": 9.0,
}
PRIVATE = [  # path, two values, whose it is
    ("actors.ukraine.reservation", -0.1, 0.1, ["ukraine"]),
    ("actors.ukraine.red_lines.membership.high", 0.0, 9.0, ["ukraine"]),
    ("actors.us.reservation", -0.05, 0.05, ["us"]),
    ("actors.us.red_lines.membership.high", 0.0, 9.0, ["us"]),
    ("actors.us.weights.membership", -1.2, -0.6, ["us"]),
    ("actors.russia.types.extractor.reservation", 0.15, 0.5, ["russia"]),
    ("actors.russia.types.pretext.prize", 0.75, 1.25, ["russia"]),
    ("actors.russia.red_lines.ru_forces.high", 0.0, 2.0, ["russia"]),
    ("alliance.clusters.others.reservation", -0.03, 0.03, OTHERS),
    ("alliance.clusters.eastern.members.poland.weights.posture", -1.3, -0.7, ["poland"]),
]


def decisions_of(world: int, path: str, value: float) -> tuple[Talks, list]:
    """Every decision of one world, in order."""
    talks = Talks(shipped(), worlds=[world], seed=8, fixed={**BARE, path: value}, keep_decisions=True)
    return talks.run(), talks.desk.log


def sees_soundings(talks: Talks, decision: Any, owners: list[str]) -> bool:
    """Whether a decision is the setter's draft for allies one of whom has changed: it takes their soundings."""
    setter = talks.scenario.alliance.setter
    if decision.kind != "offer" or decision.actor != setter or owners[0] in talks.scenario.actors:
        return False
    return any(
        talks.layout.menu(f, talks.layout.alliance) is decision.context["menu"] for f in talks.layout.forums
    )


@pytest.mark.parametrize(("path", "low", "high", "owners"), PRIVATE, ids=[each[0] for each in PRIVATE])
def test_what_is_private_moves_nobody_else_before_it_shows(path, low, high, owners):
    compared, moved = 0, 0
    for world in range(4):
        (talks, one), (_, two) = decisions_of(world, path, low), decisions_of(world, path, high)
        for (first, took), (second, took_now) in zip(one, two, strict=False):
            same = (first.round, first.actor, first.kind, first.turn)
            assert same == (second.round, second.actor, second.kind, second.turn)
            if first.actor in owners or sees_soundings(talks, first, owners):
                moved += not (
                    np.array_equal(first.values, second.values) and np.array_equal(first.legal, second.legal)
                )
                if first.asked[0] and took[0] != took_now[0]:
                    break  # it shows
                continue
            for name in ("values", "legal", "asked", "probabilities"):
                assert np.array_equal(getattr(first, name), getattr(second, name)), (path, world, same, name)
            assert not first.asked[0] or took[0] == took_now[0]
            compared += 1
    assert compared > 100
    assert moved, "the change made no difference to its owner: nothing was tested"
