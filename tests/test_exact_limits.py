"""The model's exact limits (model.md section 5), each reached through a scenario file of `limits/`.

Shares over n worlds are checked to four binomial standard deviations (a false alarm in 16,000); what the
theory fixes world by world is checked in every world.
"""

from collections.abc import Iterator

import numpy as np
import pytest
from helpers import assert_share, limit, run
from numpy.typing import NDArray

from negotiation_sim import Scenario, Talks
from negotiation_sim.scenario.layout import Round


def logs(talks: Talks, kind: str, actor: str) -> list:
    """Decisions of a kind that an actor took, with the options chosen."""
    assert talks.desk.log is not None
    return [(d, chosen) for d, chosen in talks.desk.log if d.kind == kind and d.actor == actor]


# K1: the ultimatum


@pytest.fixture(scope="module")
def ultimatum() -> tuple[Talks, NDArray[np.float64]]:
    """K1 played in 20,000 worlds, and B's private reservation value in each."""
    talks = Talks(limit("k1"), worlds=20_000, seed=11, keep_decisions=True)
    reservation = talks.principals["defender"].reservation.copy()
    return talks.run(), reservation


def test_k1_demand_is_sixty_in_every_world(ultimatum):
    talks, _ = ultimatum
    ((offer, chosen),) = logs(talks, "offer", "challenger")
    assert (offer.context["menu"].levels[chosen, 0] == 60).all()


def test_k1_war_in_a_quarter_of_worlds(ultimatum):
    talks, _ = ultimatum
    assert_share((talks.outcomes["outcome"] == "invasion").to_numpy(), 0.25)


def test_k1_war_exactly_where_the_demand_is_worth_less_than_war(ultimatum):
    talks, reservation = ultimatum
    assert -0.9 <= reservation.min() < -0.89
    assert -0.51 < reservation.max() <= -0.5
    refused = reservation > -0.6
    assert np.array_equal(talks.record.rung[-1] == 1, refused)
    assert np.array_equal(talks.record.bound[-1, :, 0], np.where(refused, 0, 60))


def test_k1_expected_utility_is_that_of_the_theory(ultimatum):
    """The challenger's values are war + P(accept) (x - war), with P(accept) = (.9 - x)/.4 on [.5, .9]."""
    talks, _ = ultimatum
    ((offer, _),) = logs(talks, "offer", "challenger")
    share = np.arange(1, 101) / 100
    accepted = np.clip((0.9 - share) / 0.4, 0.0, 1.0)
    menu = offer.context["menu"]
    assert np.array_equal(menu.levels[:-1, 0], np.arange(1, 101))
    assert offer.values[0, :-1] == pytest.approx(0.3 + accepted * (share - 0.3), abs=1e-12)


# K5: a quota among allies


def limits_of_allies(talks: Talks) -> NDArray[np.float64]:
    """(n, W) most that each ally bears to give, before anything is played."""
    assert talks.alliance is not None
    return np.stack([-ally.reservation for ally in talks.alliance.members])


def played_k5(scenario: Scenario, worlds: int, batch: int) -> Iterator[tuple[Talks, NDArray, NDArray]]:
    """K5 in batches: the talks played, the allies' limits (n, W) and the challenger's reservation (W,)."""
    for first in range(0, worlds, batch):
        talks = Talks(scenario, worlds=range(first, min(first + batch, worlds)), seed=5)
        limits, wanted = limits_of_allies(talks), talks.challenger.reservation.copy()
        yield talks.run(), limits, wanted


K5 = [  # scenario, allies, quota, worlds, expected
    ("k5_one_ally", 1, 1, 20_000, 0.5),
    ("k5_thirty_allies", 30, 16, 6_000, 0.4839),
    ("k5_thirty_allies", 30, 30, 20_000, 0.0323),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "allies", "quota", "worlds", "expected"), K5)
def test_k5_agreement_by_quota(name, allies, quota, worlds, expected):
    scenario = limit(name, f"scenario.alliance.quota={quota}")
    top = scenario.issues["pie"].top
    assert 1 - quota / (allies + 1) == pytest.approx(expected, abs=5e-5)
    agreed = []
    for talks, limits, wanted in played_k5(scenario, worlds, 1_000 if quota in (1, 30) else 250):
        assert len(limits) == allies
        mandate = np.floor(
            np.sort(limits, axis=0)[allies - quota] * top
        )  # level the quota-th largest limit allows
        possible = (mandate >= 1) & (wanted <= mandate / top)
        assert np.array_equal(talks.record.closed[-1, :, 0], possible)
        assert np.array_equal(talks.record.bound[-1, :, 0], np.where(possible, mandate, 0))
        agreed.append(possible)
    # Levels are steps of 1/top: the mandate is rounded down, by half a step on average.
    on_grid = expected - 0.5 / top if quota < 30 else expected_on_grid(allies, quota, top)
    assert_share(np.concatenate(agreed), on_grid)
    assert on_grid == pytest.approx(expected, abs=0.5 / top + 5e-5)


def expected_on_grid(allies: int, quota: int, top: int) -> float:
    """E floor(top * limit)/top of the quota-th largest of uniform limits: the sum of P(limit >= k/top)/top."""
    from scipy.stats import binom

    steps = np.arange(1, top + 1) / top
    return float(binom.sf(quota - 1, allies, 1.0 - steps).sum() / top)


def test_k5_limits_are_independent_and_uniform():
    talks = Talks(limit("k5_thirty_allies"), worlds=4_000, seed=5)
    limits = limits_of_allies(talks)
    together = np.vstack([limits, talks.challenger.reservation])
    assert together.min() >= 0.0
    assert together.max() <= 1.0
    assert together.mean(axis=1) == pytest.approx(0.5, abs=4.5 / np.sqrt(12 * 4_000))
    off_diagonal = np.corrcoef(together)[np.triu_indices(31, 1)]
    assert np.abs(off_diagonal).max() < 5 / np.sqrt(4_000)  # the largest of 465


# K6: consensus of thirty


def test_k6_consensus_of_thirty():
    talks = run(limit("k6"), worlds=20_000, seed=6, keep_decisions=True)
    votes = [(d, chosen) for d, chosen in talks.desk.log if d.kind == "silence"]
    assert len(votes) == 30
    for decision, chosen in votes:
        assert decision.probabilities[:, 1] == pytest.approx(0.98, abs=1e-12)
        assert_share(chosen == 1, 0.98, sigmas=4.5)
    unanimous = np.all([chosen == 1 for _, chosen in votes], axis=0)
    assert np.array_equal(talks.record.closed[-1, :, 0], unanimous)
    assert pytest.approx(0.5455, abs=5e-5) == 0.98**30
    assert_share(unanimous, 0.98**30)


# K7: two time-dependent tactics


def first_agreement(talks: Talks) -> tuple[Round, int]:
    """The round in which world 0 agreed, and the level agreed."""
    agreed = int(np.argmax(talks.record.closed[:, 0, 0]))
    assert talks.record.closed[agreed, 0, 0]
    return talks.layout.rounds[agreed], int(talks.record.bound[agreed, 0, 0])


def tactics(kind: str, beta: float) -> list[str]:
    """Overrides that give both sides the same tactic."""
    return [
        override
        for actor in ("challenger", "defender")
        for override in (
            f"scenario.actors.{actor}.tactic.kind={kind}",
            f"scenario.actors.{actor}.tactic.beta.value={beta}",
            f"scenario.actors.{actor}.tactic.beta.range=[{beta},{beta}]",
        )
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "beta", "expected"),
    [("linear", 1.0, 0.7143), ("boulware", 0.2, 0.9349), ("conceder", 5.0, 0.1859)],
)
def test_k7_first_compatible_moment(kind, beta, expected):
    exact = (1 / 1.4) ** beta
    assert exact == pytest.approx(expected, abs=5e-5)
    talks = run(limit("k7", *tactics(kind, beta)), seed=7)
    session, level = first_agreement(talks)
    # One part of the pie moves s by 1/1.4 parts at most (levels are rounded, and B's best is one part short of
    # 0), and d tau = beta tau^(1 - 1/beta) d s. Agreement is never before the exact moment, up to that error.
    part = 1 / 1000
    grid = beta * exact ** (1 - 1 / beta) * 2 * part / 1.4
    assert -grid <= session.day / 1000 - exact <= 0.001 + grid
    assert level / 1000 == pytest.approx(0.5, abs=0.7 * (0.001 / (beta * exact ** (1 - 1 / beta))) + 2 * part)


@pytest.mark.slow
def test_k7b_boulware_against_conceder():
    crossing = 0.592010
    assert 1 - crossing**4 == pytest.approx(crossing**0.25, abs=1e-6)
    session, level = first_agreement(run(limit("k7b"), seed=7))
    part = 1 / 2000
    assert (
        0 <= session.day / 1000 - crossing <= 0.001 + part
    )  # the first session after the crossing, one part late
    # In one round A comes down by 4 t^3 = .83 thousandths; levels are rounded to a part.
    assert level / 2000 == pytest.approx(0.877167, abs=4 * crossing**3 * 0.001 + part)
    assert 1 - level / 2000 == pytest.approx(0.122833, abs=4 * crossing**3 * 0.001 + part)


# K14: deterrence by sanctions


def test_k14_attack_exactly_below_the_threshold():
    talks = Talks(limit("k14"), worlds=20_000, seed=14)
    credibility = talks.challenger.mind.credibility.copy()
    assert credibility.min() < 0.001
    assert credibility.max() > 0.999
    talks.run()
    assert np.array_equal(talks.record.rung[-1] == 1, credibility < 0.5)
    assert_share(talks.record.rung[-1] == 1, 0.5)


@pytest.mark.parametrize(
    ("prize", "status_quo", "sanctions"),
    [(0.5, 0.2, 0.6), (0.6, 0.1, 0.8), (0.3, 0.25, 1.0), (0.9, 0.2, 0.5)],
)
def test_k14_threshold_moves_as_the_formula_says(prize, status_quo, sanctions):
    talks = Talks(
        limit("k14"),
        worlds=4_000,
        seed=14,
        fixed={
            "actors.challenger.types.only.prize": prize,
            "forums.table.worth": status_quo,
            "actors.challenger.attack.sanctions": sanctions,
        },
    )
    credibility = talks.challenger.mind.credibility.copy()
    talks.run()
    assert np.array_equal(talks.record.rung[-1] == 1, credibility < (prize - status_quo) / sanctions)


# K15: learning


@pytest.fixture(scope="module")
def learning() -> Talks:
    """K15 played in 40,000 worlds."""
    return run(limit("k15"), worlds=40_000, seed=15)


BELIEFS = ["belief_low", "belief_middle", "belief_high"]


def test_k15_posterior_after_the_step(learning):
    stepped = learning.record.rung[-1] == 1
    beliefs = learning.outcomes.loc[stepped, BELIEFS].to_numpy()
    exact = np.array([0.4 * 0.15, 0.35 * 0.45, 0.25 * 0.60])
    exact /= exact.sum()
    assert exact == pytest.approx([0.1633, 0.4286, 0.4082], abs=5e-5)
    assert beliefs == pytest.approx(np.tile(exact, (len(beliefs), 1)), abs=1e-12)
    assert_share(stepped, 0.3675)


def test_k15_posterior_after_no_step(learning):
    held = learning.record.rung[-1] == 0
    exact = np.array([0.4 * 0.85, 0.35 * 0.55, 0.25 * 0.40])
    beliefs = learning.outcomes.loc[held, BELIEFS].to_numpy()
    assert beliefs == pytest.approx(np.tile(exact / exact.sum(), (len(beliefs), 1)), abs=1e-12)


def test_k15_beliefs_are_calibrated(learning):
    """Among worlds that stepped, types are as frequent as the posterior says."""
    types = learning.challenger.becomes
    assert len(types) == 40_000, "with one session nothing has been dropped from the batch"
    stepped = learning.record.rung[-1] == 1
    for at, chance in enumerate([0.1633, 0.4286, 0.4082]):
        assert_share(types[stepped] == at, chance)


# K17: logit choice


def test_k17_logit_choice():
    talks = run(limit("k17"), worlds=20_000, seed=17, keep_decisions=True)
    ((response, chosen),) = logs(talks, "response", "defender")
    assert response.options == ("refuse", "accept")
    assert 1 / (1 + np.exp(-1.0)) == pytest.approx(0.7311, abs=5e-5)
    assert response.probabilities[:, 1] == pytest.approx(1 / (1 + np.exp(-1.0)), abs=1e-12)
    assert np.array_equal(talks.record.closed[-1, :, 0], chosen == 1)
    assert_share(chosen == 1, 0.7311)
