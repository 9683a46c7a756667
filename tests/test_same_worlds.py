"""World j of a seed is the same, bit for bit, whatever other worlds share its batch."""

import json

import numpy as np
import pandas as pd
import pytest
from helpers import limit, run
from refresh_golden import FINGERPRINTS, fingerprints

from negotiation_sim import Talks
from negotiation_sim.draws import Draws
from negotiation_sim.record import Record

SEED = 4
FAR = [731_204, 0, 9_999_999, 17, 731_205, 2**40, 4_095]


def traces(record: Record) -> dict[str, np.ndarray]:
    """Every array of a record with worlds as its first axis."""
    worlds = len(record.ended)
    found = {}
    for name, value in vars(record).items():
        if isinstance(value, np.ndarray):
            found[name] = value if name in ("ended", "reason") else np.moveaxis(value, 1, 0)
    found |= {f"audience_paid {side}": values for side, values in record.audience_paid.items()}
    assert all(len(value) == worlds for value in found.values())
    assert {"rung", "belief", "bound", "cohesion", "ended"} <= set(found)
    return found


def assert_same(talks: Talks, rows: list[int], other: Talks, other_rows: list[int]) -> None:
    """Some worlds of two models have gone exactly the same way: outcomes and traces, bit for bit."""
    one, two = traces(talks.record), traces(other.record)
    assert one.keys() == two.keys()
    for name, values in one.items():
        assert values[rows].tobytes() == two[name][other_rows].tobytes(), name
    pd.testing.assert_frame_equal(
        talks.outcomes.iloc[rows].reset_index(drop=True),
        other.outcomes.iloc[other_rows].reset_index(drop=True),
        check_exact=True,
    )


@pytest.fixture(scope="module")
def whole() -> Talks:
    """4,096 worlds of the shipped scenario."""
    return run("january_2022", worlds=4_096, seed=SEED)


@pytest.mark.parametrize("world", [0, 1, 2, 3, 5, 1_234, 4_095])
def test_a_world_alone_is_the_same_as_in_a_batch(whole, world):
    assert_same(run("january_2022", [world], SEED), [0], whole, [world])


@pytest.mark.parametrize("first", [0, 3, 1_001, 4_089])
def test_seven_worlds_are_the_same_as_in_a_batch(whole, first):
    worlds = list(range(first, first + 7))
    assert_same(run("january_2022", worlds, SEED), list(range(7)), whole, worlds)


def test_order_does_not_matter(whole):
    worlds = np.random.default_rng(1).permutation(4_096)[:1_500].tolist()
    assert_same(run("january_2022", worlds, SEED), list(range(1_500)), whole, worlds)


def test_far_apart_worlds_are_the_same_alone_and_together():
    together = run("january_2022", FAR, SEED)
    assert together.outcomes["world"].tolist() == FAR
    for row, world in enumerate(FAR):
        assert_same(run("january_2022", [world], SEED), [0], together, [row])


def test_one_world_asked_for_twice_goes_the_same_way_twice():
    twice = run("january_2022", [12, 5, 12], SEED)
    assert_same(twice, [0], twice, [2])


def test_compaction_changes_nothing(whole):
    """Worlds that stay open to the end, in a batch that is compacted at once and in one that never is."""
    ended, last = whole.record.ended, len(whole.layout.rounds)
    early, late = np.flatnonzero(ended < last), np.flatnonzero(ended == last)
    assert len(early) >= 300
    assert len(late) >= 40
    crowded = run("january_2022", [*late[:40], *early[:300]], SEED)
    assert crowded.size < 340, "ended worlds were dropped from the arrays"
    assert_same(crowded, list(range(340)), whole, [*late[:40], *early[:300]])
    alone = run("january_2022", late[:40].tolist(), SEED)
    assert alone.size == 40, "no world ended early, so none was dropped"
    assert_same(alone, list(range(40)), crowded, list(range(40)))


@pytest.mark.parametrize("name", ["k1", "k5_one_ally", "k6", "k14", "k15", "k17"])
def test_small_scenarios_have_the_same_worlds_too(name):
    scenario = limit(name)
    batch = run(scenario, 64, SEED)
    for world in (0, 5, 63):
        assert_same(run(scenario, [world], SEED), [0], batch, [world])


def test_the_same_again_gives_the_same(whole):
    assert_same(run("january_2022", 500, SEED), list(range(500)), whole, list(range(500)))


def test_another_seed_gives_other_worlds(whole):
    other = run("january_2022", 500, SEED + 1)
    same = other.record.belief[-1] == whole.record.belief[-1, :500]
    assert not same.all(axis=1).any()
    assert (other.record.cohesion[0] != whole.record.cohesion[0, :500]).all()
    assert (other.record.credibility[0] != whole.record.credibility[0, :500]).all()


def test_other_worlds_of_a_seed_differ(whole):
    assert len(np.unique(whole.record.belief[-1, :, 0])) == 4_096


# Draws


def test_a_draw_depends_on_seed_world_purpose_actor_and_round():
    def one(
        seed: int = 1, world: int = 7, purpose: str = "response.0", who: str = "us", round_: int = 3
    ) -> float:
        return float(Draws(seed, [world]).uniform(purpose, who, round_)[0])

    numbers = [
        one(),
        one(seed=2),
        one(world=8),
        one(world=6),
        one(world=4),
        one(purpose="response.1"),
        one(who="russia"),
        one(round_=4),
        one(round_=0),
    ]
    assert len(set(numbers)) == len(numbers)
    assert one() == numbers[0]


def test_draws_are_uniform_and_uncorrelated_between_rounds_and_worlds():
    draws = Draws(3, range(20_000))
    first, second = draws.uniform("signal.0", "russia", 1), draws.uniform("signal.0", "russia", 2)
    for numbers in (first, second):
        assert numbers.min() >= 0.0
        assert numbers.max() < 1.0
        counts = np.histogram(numbers, bins=20, range=(0, 1))[0]
        assert ((counts - 1_000) ** 2 / 1_000).sum() < 43.8  # chi-squared, 19 degrees of freedom, 99.9%
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(20_000)
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 4 / np.sqrt(20_000)


# Golden


@pytest.fixture(scope="module")
def golden() -> dict[str, dict[str, object]]:
    """The stored fingerprints."""
    return json.loads(FINGERPRINTS.read_text(encoding="utf-8"))


def test_results_are_those_of_the_golden_file(golden):
    """Results moved, if this fails. If that was meant: refresh (refresh_golden.py), and say so in CHANGELOG.md."""
    assert fingerprints() == golden
