"""The model's monotone checks (model.md section 5) on paired worlds: the same seed, so the same draws.

Where the theory fixes the direction in every world, a small scenario shows it world by world; in the shipped
scenario, where decisions are noisy and feed back on one another, shares over 2,000 paired worlds show it.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from helpers import limit, run, setting, shipped
from numpy.typing import NDArray

from negotiation_sim import Scenario, Talks

WORLDS = 2_000


def never_rises(values: Sequence[float]) -> bool:
    """Whether a sequence never rises, and falls at least once: a constant would show nothing."""
    return all(b <= a for a, b in pairwise(values)) and values[-1] < values[0]


def at_war(talks: Talks) -> NDArray[np.bool_]:
    """(rounds, W) whether the challenger is at war after each round."""
    return talks.layout.war[talks.record.rung]


def attacks(talks: Talks) -> float:
    """Share of worlds at war at the horizon."""
    return float(at_war(talks)[-1].mean())


def continued_rounds(talks: Talks) -> NDArray[np.int64]:
    """(W,) rounds after which talks go on: nothing is settled for good, nobody has left, there is no war."""
    record = talks.record
    number = np.arange(1, len(record.rung) + 1)[:, None]
    settled = record.closed[:, :, talks.layout.base].all(axis=2)
    going_on = (record.suspended == 0) & ~at_war(talks) & ~settled & (number <= record.ended)
    return going_on.sum(axis=0)


# A higher quota never raises the agreement share


def allies_deciding_by(quota: int) -> Scenario:
    """K5 among thirty, on a coarser grid."""
    return limit("k5_thirty_allies", f"scenario.alliance.quota={quota}", "scenario.issues.pie.levels.top=50")


def test_a_higher_quota_never_makes_an_agreement():
    agreed = [
        np.concatenate(
            [
                run(allies_deciding_by(quota), worlds=range(first, first + 200)).record.closed[-1, :, 0]
                for first in range(0, 800, 200)
            ]
        )
        for quota in (6, 16, 24, 30)
    ]
    for lower, higher in pairwise(agreed):
        assert not (higher & ~lower).any()
        assert higher.sum() < lower.sum()


def test_a_higher_quota_never_raises_the_agreement_share_of_january():
    """Over 4,000 worlds: two in a hundred agree, and a few of them at a high quota only, on another path."""
    shares = []
    for quota in (24, 28, 30):
        talks = run(shipped("january_2022", f"scenario.alliance.quota={quota}"), worlds=2 * WORLDS)
        shares.append(float(talks.record.closed[-1].any(axis=1).mean()))
    assert never_rises(shares), shares


# K1: a lower c-bar never raises war


def test_a_cheaper_war_for_the_opponent_at_most_never_makes_war():
    """Demands rise with c-bar by half as much, costs in proportion: war iff 1 - u < 1/2 - .1/c-bar."""
    war = []
    for highest, demand in ((0.2, 50), (0.24, 52), (0.3, 55), (0.4, 60), (0.8, 80)):
        scenario = limit("k1", *setting("actors.defender.reservation", -(0.5 + highest), -0.5))
        talks = run(scenario, worlds=4_000, seed=2)
        war.append(talks.record.rung[-1] == 1)
        bound = talks.record.bound[-1, ~war[-1], 0]
        assert (bound == demand).all()
    assert not war[0].any()
    for lower, higher in pairwise(war):
        assert not (lower & ~higher).any()
        assert lower.sum() < higher.sum()


# A larger carrying cost gives fewer continued rounds


def waiting_game() -> Scenario:
    """K14 with thirty daily sessions and a noisy choice between attack and one more session."""
    return limit(
        "k14",
        "+scenario.calendar.follow_on={every_days: 1, cycle: [table]}",
        "scenario.calendar.horizon_days=29",
        *setting("actors.challenger.signal_precision", 8.0),
        *setting("forums.table.worth", 0.6),
        "+scenario.actors.challenger.clock_days={value: 30, range: [30, 30], assumption: the horizon}",
    )


@pytest.mark.parametrize("which", ["base", "growth"])
def test_a_larger_carrying_cost_never_lengthens_talks(which):
    rounds = [
        continued_rounds(
            run(waiting_game(), worlds=2_000, fixed={f"actors.challenger.carrying.{which}": cost})
        )
        for cost in (0.0, 0.1, 0.2, 0.4)
    ]
    for cheaper, dearer in pairwise(rounds):
        assert (dearer <= cheaper).all()
        assert dearer.sum() < cheaper.sum()


@pytest.mark.parametrize(
    ("which", "costs"), [("base", (0.0, 0.05, 0.1, 0.2)), ("growth", (0.0, 0.15, 0.3, 0.6))]
)
def test_a_larger_carrying_cost_gives_fewer_continued_rounds_in_january(which, costs):
    rounds = [
        float(
            continued_rounds(run(shipped(), WORLDS, fixed={f"actors.russia.carrying.{which}": cost})).mean()
        )
        for cost in costs
    ]
    assert never_rises(rounds), rounds


# More believable or larger sanctions give fewer attacks at fixed beliefs


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("actors.challenger.outlook.credibility", (0.0, 0.3, 0.6, 1.0)),
        ("actors.challenger.attack.sanctions", (0.0, 0.3, 0.6, 1.0)),
    ],
)
def test_sanctions_never_make_an_attack(path, values):
    war = [run(waiting_game(), worlds=2_000, fixed={path: value}).record.rung[-1] == 1 for value in values]
    for weaker, stronger in pairwise(war):
        assert not (stronger & ~weaker).any()
        assert stronger.sum() < weaker.sum()


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("actors.russia.outlook.credibility", (0.0, 0.2, 0.45, 0.7, 1.0)),
        ("actors.russia.attack.sanctions", (0.0, 0.3, 0.6, 1.0)),
    ],
)
def test_sanctions_give_fewer_attacks_in_january(path, values):
    """At habituation 1 nothing is learned: beliefs stay where they were."""
    shares = []
    for value in values:
        talks = run(shipped(), WORLDS, fixed={path: value, "habituation": 1.0})
        assert talks.record.belief == pytest.approx(
            np.broadcast_to(talks.record.belief[0], talks.record.belief.shape)
        )
        shares.append(attacks(talks))
    assert never_rises(shares), shares


# A wider spread among allies never raises cohesion


def test_a_wider_spread_never_raises_cohesion():
    """One draft on a wedge issue, worth 1 give or take the spread: cohesion falls by its standard deviation."""
    cohesion = []
    for spread in (0.0, 0.2, 0.5, 1.0):
        talks = Talks(
            limit("k6", "+scenario.issues.pact.wedge=true"),
            worlds=2_000,
            seed=3,
            fixed={"alliance.spread": spread, "alliance.cohesion.wedge": 0.8},
        )
        weights = np.stack([ally.weights[:, 0] for ally in talks.alliance.members])
        cohesion.append(talks.run().record.cohesion[-1])
        assert cohesion[-1] == pytest.approx(1.0 - 0.8 * weights.std(axis=0), abs=1e-12)
    for narrower, wider in pairwise(cohesion):
        assert (wider < narrower).all()


def test_a_wider_spread_never_raises_cohesion_in_january():
    """At the end of the documented week and at the horizon, on average."""
    week, final = [], []
    for spread in (0.0, 0.1, 0.35, 0.6, 1.0):
        talks = run(shipped(), WORLDS, fixed={"alliance.spread": spread})
        week.append(float(talks.record.cohesion[talks.layout.week - 1].mean()))
        final.append(float(talks.record.cohesion[-1].mean()))
    assert never_rises(week), week
    assert never_rises(final), final


# A more patient challenger is never quicker to attack


def test_patience_never_hastens_attack():
    rounds = [
        continued_rounds(
            run(
                waiting_game(),
                worlds=2_000,
                fixed={"actors.challenger.carrying.growth": 0.4, "actors.challenger.clock_days": days},
            )
        )
        for days in (120.0, 60.0, 30.0, 10.0)
    ]
    for patient, hasty in pairwise(rounds):
        assert (hasty <= patient).all()
        assert hasty.sum() < patient.sum()


def test_patience_never_hastens_attack_in_january():
    """Mean number of rounds before war, up to the horizon: never fewer with a longer clock."""
    rounds = []
    for days in (120.0, 60.0, 30.0, 10.0):
        talks = run(shipped(), WORLDS, fixed={"actors.russia.clock_days": days})
        rounds.append(float((~at_war(talks)).sum(axis=0).mean()))
    assert never_rises(rounds), rounds
