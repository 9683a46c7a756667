"""Every rule, as tables of expected numbers worked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiation_sim.rules import (
    acceptance,
    audience,
    beliefs,
    choice,
    cohesion,
    consensus,
    ladder,
    offers,
    red_lines,
    standing,
    utility,
)
from negotiation_sim.rules.aspiration import Tactic, aspiration, concession_curve, elapsed_share

INF = np.inf


def row(*values: float) -> np.ndarray:
    """One world's numbers, (1, n)."""
    return np.array([values], dtype=float)


def one(value: float) -> np.ndarray:
    """One world's number, (1,)."""
    return np.array([value], dtype=float)


# Utility


def test_menu_utility_adds_up_weights_times_sizes():
    weights = np.array([[0.4, -0.2, 0.1], [1.0, 0.0, -1.0]])
    sizes = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.5], [0.5, 1.0, 1.0]])
    assert utility.menu_utility(weights, sizes) == pytest.approx(
        np.array([[0.0, 0.45, 0.1], [0.0, 0.5, -0.5]])
    )


def test_package_utility_takes_one_package_a_world():
    weights = np.array([[0.4, -0.2, 0.1], [1.0, 0.0, -1.0]])
    sizes = np.array([[1.0, 0.0, 0.5], [0.5, 1.0, 1.0]])
    assert utility.package_utility(weights, sizes, range(3)) == pytest.approx([0.45, -0.5])
    assert utility.package_utility(weights, sizes, [0]) == pytest.approx([0.4, 0.5])
    assert utility.package_utility(weights, sizes, [2, 1]) == pytest.approx([0.05, -1.0])


def test_utility_over_no_issue_at_all_is_nothing():
    """An alliance without wedge issues asks for it."""
    assert utility.package_utility(np.ones((3, 2)), np.ones((3, 2)), []).tolist() == [0.0, 0.0, 0.0]
    assert utility.menu_utility(np.zeros((3, 0)), np.zeros((2, 0))).tolist() == [[0.0, 0.0]] * 3


# Aspiration


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [(0, 30, 0.0), (15, 30, 0.5), (30, 30, 1.0), (90, 30, 1.0), (1, 120, 1 / 120)],
)
def test_elapsed_share(day, clock, expected):
    assert elapsed_share(day, one(clock))[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("elapsed", "beta", "expected"),
    [
        (0.0, 1.0, 0.0),
        (1.0, 0.2, 1.0),
        (0.5, 1.0, 0.5),
        (0.5, 0.5, 0.25),
        (0.25, 2.0, 0.5),
        (0.5, 0.25, 0.0625),
    ],
)
def test_concession_curve(elapsed, beta, expected):
    assert concession_curve(one(elapsed), one(beta))[0] == pytest.approx(expected)


ASPIRATIONS = [  # tactic, elapsed, beta, conceded, ratchet, expected from best 1 and reservation .2
    (Tactic.linear, 0.0, 1.0, 0.0, 0.0, 1.0),
    (Tactic.linear, 0.5, 1.0, 0.0, 0.0, 0.6),
    (Tactic.linear, 1.0, 1.0, 0.0, 0.0, 0.2),
    (Tactic.linear, 0.5, 1.0, 1.0, 0.9, 0.6),  # time-dependent tactics answer nothing
    (Tactic.boulware, 0.5, 0.5, 0.0, 0.0, 0.8),
    (Tactic.boulware, 0.5, 0.25, 0.0, 0.0, 0.95),
    (Tactic.conceder, 0.25, 2.0, 0.0, 0.0, 0.6),
    (Tactic.tit_for_tat, 0.9, 1.0, 0.0, 0.0, 1.0),  # nothing given, nothing conceded, whatever the hour
    (Tactic.tit_for_tat, 0.0, 1.0, 0.25, 0.0, 0.8),
    (Tactic.tit_for_tat, 0.0, 1.0, 1.0, 0.0, 0.2),
    (Tactic.salami, 0.5, 1.0, 0.0, 0.3, 0.6),
    (Tactic.salami, 0.5, 1.0, 0.5, 0.3, 0.75),
    (Tactic.salami, 0.5, 1.0, 1.0, 0.9, 1.0),  # never above best
    (Tactic.ultimatum, 0.0, 1.0, 0.0, 0.0, 0.2),
    (Tactic.ultimatum, 1.0, 1.0, 1.0, 0.0, 0.2),
]


@pytest.mark.parametrize(("tactic", "elapsed", "beta", "conceded", "ratchet", "expected"), ASPIRATIONS)
def test_aspiration_by_tactic(tactic, elapsed, beta, conceded, ratchet, expected):
    seen = aspiration(
        np.array([tactic]), one(1.0), one(0.2), one(elapsed), one(beta), one(conceded), one(ratchet)
    )
    assert seen[0] == pytest.approx(expected)


def test_aspiration_mixes_tactics_between_worlds():
    tactics = np.array([Tactic.linear, Tactic.tit_for_tat, Tactic.ultimatum, Tactic.salami])
    many = np.ones(4)
    seen = aspiration(tactics, many, 0.0 * many, 0.5 * many, many, 0.25 * many, 0.4 * many)
    assert seen == pytest.approx([0.5, 0.75, 0.0, 0.6])


# Choice


@pytest.mark.parametrize(
    ("values", "legal", "precision", "expected"),
    [
        ((0.0, 0.5), (1, 1), 2.0, (0.268941, 0.731059)),
        ((0.0, 5.0), (1, 1), 0.0, (0.5, 0.5)),  # blind
        ((0.0, 5.0, 1.0), (1, 0, 1), 1.0, (0.268941, 0.0, 0.731059)),
        ((3.0, 3.0, 3.0), (1, 1, 1), 7.0, (1 / 3, 1 / 3, 1 / 3)),
        ((0.0, 1.0), (1, 1), 1e9, (0.0, 1.0)),  # sharp
        ((-1e6, -1e6 + 1), (1, 1), 1.0, (0.268941, 0.731059)),  # no underflow
        ((4.0, 0.0), (0, 1), 9.0, (0.0, 1.0)),
    ],
)
def test_choice_probabilities(values, legal, precision, expected):
    legal_now = np.array([legal], dtype=bool)
    seen = choice.choice_probabilities(row(*values), legal_now, one(precision))
    assert seen[0] == pytest.approx(expected, abs=1e-6)
    weights = choice.choice_weights(row(*values), legal_now, one(precision))
    assert weights.max() == 1.0
    assert (weights[~legal_now] == 0.0).all()


JUST_BELOW_ONE = np.nextafter(1.0, 0.0)


@pytest.mark.parametrize(
    ("weights", "uniform", "expected"),
    [
        ((0.5, 0.5), 0.0, 0),
        ((0.5, 0.5), 0.49, 0),
        ((0.5, 0.5), 0.5, 1),
        ((0.5, 0.5), JUST_BELOW_ONE, 1),
        ((0.0, 1.0), 0.0, 1),  # an option without weight is never taken, not even at 0
        ((0.0, 0.0, 1.0, 0.0), 0.0, 2),
        ((1.0, 0.0, 0.0), JUST_BELOW_ONE, 0),  # nor at the upper end
        ((0.3, 0.0, 0.7, 0.0), 0.3, 2),
        ((1.0, 1.0, 2.0), 0.25, 1),  # weights need not sum to 1
        ((1.0, 1.0, 2.0), 0.5, 2),
        ((0.1,) * 10, JUST_BELOW_ONE, 9),
        ((1e-300, 1.0), 0.0, 0),
    ],
)
def test_pick(weights, uniform, expected):
    assert choice.pick(row(*weights), one(uniform)).tolist() == [expected]


@settings(max_examples=200, deadline=None)
@given(
    weights=st.lists(st.sampled_from([0.0, 1e-17, 0.1, 0.3, 1.0]), min_size=1, max_size=8).filter(any),
    uniform=st.floats(0.0, 1.0, exclude_max=True),
)
def test_pick_takes_only_what_has_weight(weights, uniform):
    assert weights[choice.pick(row(*weights), one(uniform))[0]] > 0.0


def test_pick_is_as_frequent_as_the_weights_say():
    uniform = (np.arange(1_000) + 0.5) / 1_000
    taken = choice.pick(np.tile([0.2, 0.0, 0.5, 0.3], (1_000, 1)), uniform)
    assert np.bincount(taken, minlength=4).tolist() == [200, 0, 500, 300]


# Red lines


@pytest.mark.parametrize(
    ("level", "low", "high", "expected"),
    [(2, -INF, 2.4, 0.0), (3, -INF, 2.4, 0.6), (0, 1.0, INF, 1.0), (2, 1.0, 2.0, 0.0), (9, -INF, INF, 0.0)],
)
def test_overshoot(level, low, high, expected):
    assert red_lines.overshoot(one(level), one(low), one(high))[0] == pytest.approx(expected)


LEVELS = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 0.0], [2.0, 3.0]])
LINES = [  # low, high, price of both issues; within; cost
    ((-INF, -INF), (INF, INF), (INF, INF), (1, 1, 1, 1), (0, 0, 0, 0)),
    ((-INF, -INF), (2.0, INF), (INF, INF), (1, 1, 0, 1), (0, 0, 0, 0)),
    ((-INF, -INF), (2.5, 2.9), (INF, INF), (1, 1, 0, 0), (0, 0, 0, 0)),
    ((1.0, -INF), (INF, INF), (INF, INF), (0, 1, 1, 1), (0, 0, 0, 0)),
    ((-INF, -INF), (0.0, INF), (0.1, INF), (1, 1, 1, 1), (0, 0.1, 0.3, 0.2)),
    ((-INF, -INF), (0.5, 1.0), (0.1, INF), (1, 0, 1, 0), (0, 0.05, 0.25, 0.15)),
    ((-INF, -INF), (0.0, 0.0), (0.1, 0.2), (1, 1, 1, 1), (0, 0.5, 0.3, 0.8)),
]


@pytest.mark.parametrize(("low", "high", "price", "within", "cost"), LINES)
def test_red_lines_on_a_menu_and_on_a_package(low, high, price, within, cost):
    seen, paid = red_lines.menu_within(LEVELS, row(*low), row(*high), row(*price), [0, 1])
    assert seen.tolist() == [[bool(each) for each in within]]
    assert np.broadcast_to(paid, (1, 4))[0] == pytest.approx(cost)
    four = [np.tile(row(*bounds), (4, 1)) for bounds in (low, high, price)]
    seen_one, paid_one = red_lines.package_within(LEVELS, *four, [0, 1])
    assert seen_one.tolist() == [bool(each) for each in within]
    assert paid_one == pytest.approx(cost)
    crossed = red_lines.hard_lines_crossed(LEVELS, *four)
    assert (~crossed.any(axis=1)).tolist() == [bool(each) for each in within]


def test_red_lines_differ_between_worlds():
    low = np.full((3, 2), -INF)
    high = np.array([[0.0, INF], [INF, INF], [2.0, INF]])
    within, _ = red_lines.menu_within(LEVELS, low, high, np.full((3, 2), INF), [0])
    assert within.tolist() == [[True, False, False, False], [True] * 4, [True, True, False, True]]
    price = np.array([[0.2, INF], [0.2, INF], [0.1, INF]])
    within, cost = red_lines.menu_within(LEVELS, low, high, price, [0])
    assert within.all()
    assert cost == pytest.approx(np.array([[0.0, 0.2, 0.6, 0.4], [0.0] * 4, [0.0, 0.0, 0.1, 0.0]]))


# Offers


@pytest.mark.parametrize(
    ("utility_", "lowest", "highest", "expected"),
    [
        (-0.6, -0.9, -0.5, 0.75),
        (-0.9, -0.9, -0.5, 0.0),
        (-0.95, -0.9, -0.5, 0.0),
        (-0.4, -0.9, -0.5, 1.0),
        (0.2, 0.2, 0.2, 1.0),
        (0.19, 0.2, 0.2, 0.0),
    ],
)
def test_believed_acceptance(utility_, lowest, highest, expected):
    assert offers.believed_acceptance(one(utility_), lowest, highest)[0] == pytest.approx(expected)


def test_ultimatum_value_is_highest_at_k1():
    share = np.arange(101) / 100
    accepted = offers.believed_acceptance(-share, -0.9, -0.5)
    value = offers.ultimatum_value(accepted, share[None, :], one(0.3))
    assert value.argmax() == 60
    assert value.max() == pytest.approx(0.3 + 0.75 * 0.3)
    assert value[0, 95] == pytest.approx(0.3)  # surely refused: what is left is disagreement


# Acceptance and audience


def test_acceptance():
    assert acceptance.acceptance_threshold(np.array([0.5, 0.1]), np.array([0.2, 0.2])).tolist() == [0.5, 0.2]
    seen = acceptance.worth_at_the_table(one(0.5), one(0.1), one(0.05), one(0.2), one(0.5))
    assert seen[0] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("sensitivity", "commitment", "retreat", "expected"),
    [(0.4, 0.5, 0.5, 0.1), (0.4, 0.0, 0.5, 0.0), (0.4, 1.0, -0.5, 0.0), (0.0, 1.0, 1.0, 0.0)],
)
def test_audience_cost(sensitivity, commitment, retreat, expected):
    assert audience.audience_cost(one(sensitivity), one(commitment), one(retreat))[0] == pytest.approx(
        expected
    )


def test_commitment_grows_towards_one():
    assert audience.commitment_after(
        np.array([0.0, 0.5, 1.0, 0.5]), np.array([0.2, 0.2, 0.2, 1.0])
    ) == pytest.approx([0.2, 0.6, 1.0, 1.0])


# Consensus


def test_shortfall():
    seen = consensus.shortfall(np.array([0.1, 0.3, 0.9]), one(0.3), np.array([True, True, False]))
    assert seen == pytest.approx([0.2, 0.0, INF])


@settings(max_examples=60, deadline=None)
@given(data=st.data(), members=st.integers(1, 7))
def test_passing_tolerance_is_the_quota_th_smallest_shortfall(data, members):
    quota = data.draw(st.integers(1, members))
    amounts = st.sampled_from([0.0, 0.1, 0.2, 0.5, INF])
    shortfalls = np.array(
        data.draw(st.lists(st.lists(amounts, min_size=6, max_size=6), min_size=members, max_size=members))
    ).reshape(members, 2, 3)
    seen = consensus.passing_tolerance(iter(shortfalls.copy()), quota, members)
    assert seen.tolist() == np.sort(shortfalls, axis=0)[quota - 1].tolist()
    for tolerance in (0.0, 0.1, 0.3, 1.0):
        objecting = (shortfalls > tolerance).sum(axis=0)
        assert np.array_equal(seen <= tolerance, objecting <= members - quota)


def test_passing_tolerance_leaves_the_shortfalls_alone():
    shortfalls = [np.array([[0.1, 0.5]]), np.array([[0.3, 0.2]])]
    assert consensus.passing_tolerance(shortfalls, 2, 2).tolist() == [[0.3, 0.5]]
    assert [each.tolist() for each in shortfalls] == [[[0.1, 0.5]], [[0.3, 0.2]]]


def test_silence_tolerance_and_consents():
    assert consensus.silence_tolerance(np.array([0.2, 0.2]), np.array([0.5, 0.0])).tolist() == [0.1, 0.0]
    assert consensus.consents(np.array([29, 30]), 30).tolist() == [False, True]


# Cohesion


def test_spread_is_the_standard_deviation():
    values = np.array([[0.1, 0.4, -0.2], [0.3, 0.3, 0.3]])
    seen = cohesion.spread(values.sum(axis=1), (values**2).sum(axis=1), 3)
    assert seen == pytest.approx(values.std(axis=1), abs=1e-8)


COHESION = [  # before, consultation, threat, rebuffed, disagreement, vagueness, unconsulted, after
    (0.5, 0.0, False, False, 0.0, 0.0, 0.0, 0.5),
    (0.5, 0.02, False, False, 0.0, 0.0, 0.0, 0.51),
    (0.5, 0.0, True, False, 0.0, 0.0, 0.0, 0.55),
    (0.5, 0.0, False, True, 0.0, 0.0, 0.0, 0.525),
    (0.5, 0.0, False, False, 0.2, 0.0, 0.0, 0.45),
    (0.5, 0.0, False, False, 0.0, 0.5, 0.0, 0.49),
    (0.5, 0.0, False, False, 0.0, 0.0, 0.07, 0.465),
    (0.95, 0.0, True, True, 0.0, 0.0, 0.0, 0.9575),  # gains are shares of what is lacking
    (1.0, 0.2, True, True, 0.0, 0.0, 0.0, 1.0),
    (0.6, 0.0, False, False, 2.0, 0.5, 0.1, 0.0),  # losses are shares of what is there, and all of it at most
    (0.05, 0.0, False, False, 0.4, 0.0, 0.0, 0.04),
    (0.95, 0.0, True, False, 0.2, 0.0, 0.0, 0.86),
]


@pytest.mark.parametrize(
    ("before", "consulted", "threat", "rebuffed", "divided", "vague", "unconsulted", "after"), COHESION
)
def test_cohesion_after(before, consulted, threat, rebuffed, divided, vague, unconsulted, after):
    seen = cohesion.cohesion_after(
        one(before),
        one(consulted),
        np.array([threat]),
        one(0.1),
        np.array([rebuffed]),
        one(0.05),
        one(divided),
        one(0.5),
        one(vague),
        one(0.04),
        one(unconsulted),
    )
    assert seen[0] == pytest.approx(after)


# Standing


@pytest.mark.parametrize(
    ("hope", "refused", "vagueness", "given", "expected"),
    [
        (0.5, False, 0.0, False, 0.5),
        (0.5, True, 0.0, False, 0.3),  # lesson .4
        (0.5, True, 0.5, False, 0.4),  # a vague refusal teaches less
        (0.5, True, 1.0, False, 0.5),
        (0.5, False, 0.0, True, 0.65),  # encouragement .3 of the doubt
        (0.5, True, 0.0, True, 0.51),
        (1.0, False, 0.0, True, 1.0),
        (0.0, True, 0.0, False, 0.0),
    ],
)
def test_hope_after(hope, refused, vagueness, given, expected):
    seen = standing.hope_after(
        one(hope), np.array([refused]), one(vagueness), one(0.4), np.array([given]), one(0.3)
    )
    assert seen[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("before", "gained", "unanswered", "given", "refused", "vagueness", "expected"),
    [
        (0.5, 0.0, False, False, False, 0.0, 0.5),
        (0.5, 0.1, False, False, False, 0.0, 0.55),
        (0.5, 0.0, True, False, False, 0.0, 0.4),
        (0.5, 0.0, False, True, False, 0.0, 0.425),
        (0.5, 0.0, False, False, True, 0.5, 0.49),
        (0.5, 0.0, False, False, False, 0.5, 0.5),  # without a refusal there is nothing to be vague about
        (0.95, 0.1, False, False, False, 0.0, 0.955),
        (0.1, 0.0, True, True, True, 1.0, 0.061),
        (0.95, 0.1, False, True, False, 0.0, 0.8125),
        (1.0, 0.4, False, False, False, 0.0, 1.0),
    ],
)
def test_credibility_after(before, gained, unanswered, given, refused, vagueness, expected):
    seen = standing.credibility_after(
        one(before),
        one(gained),
        np.array([unanswered]),
        one(0.2),
        np.array([given]),
        one(0.15),
        np.array([refused]),
        one(vagueness),
        one(0.04),
    )
    assert seen[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("credibility", "unity", "together", "expected"),
    [(0.6, 0.0, 0.1, 0.6), (0.6, 0.5, 1.0, 0.6), (0.6, 0.5, 0.0, 0.3), (0.6, 1.0, 0.25, 0.15)],
)
def test_believed_credibility(credibility, unity, together, expected):
    assert standing.believed_credibility(one(credibility), one(unity), one(together))[0] == pytest.approx(
        expected
    )


@pytest.mark.parametrize(
    ("before", "refused", "rebuffed", "provocation", "expected"),
    [
        (0.2, False, False, 0.0, 0.2),
        (0.2, True, False, 0.0, 0.248),
        (0.2, False, True, 0.0, 0.19),
        (0.2, True, True, 0.0, 0.238),
        (0.2, False, False, 0.1, 0.28),
        (0.98, True, False, 0.1, 0.9832),
        (0.02, False, True, 0.0, 0.019),
    ],
)
def test_blame_after(before, refused, rebuffed, provocation, expected):
    seen = standing.blame_after(
        one(before), np.array([refused]), one(0.06), np.array([rebuffed]), one(0.05), one(provocation)
    )
    assert seen[0] == pytest.approx(expected)


# Beliefs


def test_posterior_of_k15():
    seen = beliefs.posterior(row(0.4, 0.35, 0.25), row(0.15, 0.45, 0.60))
    assert seen[0] == pytest.approx([0.1633, 0.4286, 0.4082], abs=5e-5)


@pytest.mark.parametrize(
    ("habituation", "repeats", "expected"),
    [
        (0.0, 0, (0.25, 0.64)),
        (0.0, 9, (0.25, 0.64)),
        (0.5, 0, (0.25, 0.64)),
        (0.5, 1, (0.5, 0.8)),
        (0.5, 2, (0.25**0.25, 0.64**0.25)),
        (1.0, 0, (1.0, 1.0)),
        (1.0, 5, (1.0, 1.0)),
    ],
)
def test_damped(habituation, repeats, expected):
    seen = beliefs.damped(row(0.25, 0.64), one(habituation), np.array([repeats]))
    assert seen[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (0, (0.5 / 0.8, 0.2 / 0.5)),  # hold, among costly options
        (1, (0.3 / 0.8, 0.3 / 0.5)),
        (2, (1.0, 1.0)),  # words only
    ],
)
def test_seen_likelihood(option, expected):
    chances = np.array([[[0.5, 0.3, 0.2]], [[0.2, 0.3, 0.5]]])
    seen = beliefs.seen_likelihood(chances, np.array([option]), np.array([False, False, True]))
    assert seen[0] == pytest.approx(expected)


# The ladder


@pytest.mark.parametrize(
    ("credibility", "sanctions", "discount", "blame", "expected"),
    [
        (0.0, 0.6, 0.0, 0.0, 0.3),  # p G - c = .5 * 1 - .2
        (0.5, 0.6, 0.0, 0.0, 0.0),
        (0.5, 0.6, 0.5, 0.0, 0.15),
        (0.5, 0.6, 1.0, 0.0, 0.3),
        (0.0, 0.6, 0.0, 0.5, 0.4),
    ],
)
def test_attack_value(credibility, sanctions, discount, blame, expected):
    seen = ladder.attack_value(
        one(0.5), one(1.0), one(0.2), one(credibility), one(sanctions), one(discount), one(0.2), one(blame)
    )
    assert seen[0] == pytest.approx(expected)


def test_talk_value_and_carrying_cost():
    assert ladder.carrying_cost(one(0.04), one(0.12), one(0.5))[0] == pytest.approx(0.1)
    assert ladder.talk_value(one(0.3), one(0.8), one(0.1), one(0.1))[0] == pytest.approx(0.24)


@pytest.mark.parametrize(
    ("advantage", "expected"),  # foot, preparing, suspending talks, war; wanted .2, forum worth .1
    [(0.5, (0.0, 0.22, -0.05, 0.5)), (-0.5, (0.0, 0.07, -0.3, -0.5)), (0.0, (0.0, 0.07, -0.3, 0.0))],
)
def test_rung_worth(advantage, expected):
    seen = ladder.rung_worth(
        row(0.0, 0.3, 0.5, 1.0),
        np.array([False, False, False, True]),
        np.array([False, False, True, True]),
        row(0.0, 0.5, 0.25, 0.0),
        row(0.0, 0.03, 0.05, 0.0),
        one(advantage),
        one(0.2),
        one(0.1),
    )
    assert seen[0] == pytest.approx(expected)


def test_leaving():
    pointless = ladder.pointless_value(one(0.5), one(0.2), one(0.03), one(0.3), 2 / 3)
    assert pointless[0] == pytest.approx(0.1 - 0.03 - 0.1)
    seen = ladder.walk_out_value(one(0.2), one(0.5), np.array([0.4, -0.4]), one(0.1), one(0.05))
    assert seen == pytest.approx([0.25, 0.05])


@pytest.mark.parametrize(
    ("advantage", "precision", "expected"), [(0.0, 9.0, 0.5), (0.5, 2.0, 0.731059), (-0.5, 2.0, 0.268941)]
)
def test_attack_chance(advantage, precision, expected):
    assert ladder.attack_chance(one(advantage), one(precision))[0] == pytest.approx(expected, abs=1e-6)


def test_answering_worth():
    assert ladder.answering_worth(row(0.0, 0.2, 0.5), row(0.0, 0.05, 0.2), one(0.5))[0] == pytest.approx(
        [0.0, 0.05, 0.05]
    )
