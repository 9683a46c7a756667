"""Replications until the intervals are narrow: they become so, where they are needed, and still cover."""

from concurrent.futures import BrokenExecutor, Future
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from negotiation_sim.analysis.shares import goodman_intervals
from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.sweep import Experiment, sweep
from negotiation_sim.sweep.chunk import Chunk, Played, play
from negotiation_sim.sweep.engines import ENGINES
from negotiation_sim.sweep.experiment import Until
from negotiation_sim.sweep.replications import more, widest

Counts = NDArray[np.int64]
EVEN = [0.125] * 8
UNEVEN = [0.4, 0.3, 0.15, 0.1, 0.03, 0.01, 0.008, 0.002]
ONE = [0.93, *[0.01] * 7]
some_counts = st.lists(
    st.lists(st.integers(0, 300), min_size=8, max_size=8).filter(any), min_size=1, max_size=5
).map(lambda rows: np.array(rows, dtype=np.int64))


class Here:
    """An engine without processes: chunks are played where they are handed over."""

    workers = 1
    lost: type[Exception] = BrokenExecutor

    def __init__(self) -> None:
        self.spans: list[int] = []

    def submit(self, chunk: Chunk) -> Future[Played]:
        """Play it at once."""
        self.spans.append(len(chunk.worlds))
        future: Future[Played] = Future()
        future.set_result(play(chunk))
        return future

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    engine = Here()
    monkeypatch.setitem(ENGINES, "local", lambda cluster, workers: engine)
    return engine


# The rule


@given(counts=some_counts, until=st.floats(0.02, 0.5), most=st.integers(2500, 20_000))
@settings(max_examples=60, deadline=None)
def test_who_is_narrow_enough_or_has_the_most_gets_no_more(counts: Counts, until: float, most: int) -> None:
    asked = Until(until=until, first=1, most=most)
    extra, width, runs = more(counts, asked), widest(counts), counts.sum(axis=1)
    np.testing.assert_array_equal(extra > 0, (width > until) & (runs < most))
    assert (extra <= runs).all()
    assert (runs + extra <= most).all()
    full = counts.copy()
    full[:, 0] += most - runs
    assert not more(full, asked).any()


@given(counts=some_counts, data=st.data())
@settings(max_examples=30, deadline=None)
def test_a_point_s_replications_follow_from_its_own_counts_alone(counts: Counts, data: st.DataObject) -> None:
    asked = Until(until=0.1, first=1)
    order = data.draw(st.permutations(range(len(counts))))
    np.testing.assert_array_equal(more(counts[order], asked), more(counts, asked)[order])
    np.testing.assert_array_equal(more(counts, asked)[:1], more(counts[:1], asked))


def test_the_widest_get_most() -> None:
    counts = np.array([[500, 500, *[0] * 6], [800, 200, *[0] * 6], [950, 50, *[0] * 6], [1000, *[0] * 7]])
    extra = more(counts, Until(until=0.06, first=256))
    assert extra[0] > extra[1] > extra[2] == extra[3] == 0


def test_the_width_is_that_of_goodman_s_widest_interval() -> None:
    low, high = goodman_intervals([500, 300, 200, 0, 0, 0, 0, 0])
    assert widest(np.array([[500, 300, 200, 0, 0, 0, 0, 0]]))[0] == max(high - low)


def test_a_guess_from_few_runs_is_not_trusted_far() -> None:
    counts = np.array([[4, 4, *[0] * 6]])
    assert more(counts, Until(until=0.01, first=8)).tolist() == [8]  # not the 80,000 that it will need


def stopped(shares: list[float], asked: Until, points: int, seed: int) -> tuple[Counts, int]:
    """(points, k) counts of as many points, all with the same shares, played until narrow; and how many waves."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(asked.first, shares, size=points)
    waves = 1
    while (extra := more(counts, asked)).any():
        counts = counts + np.array([rng.multinomial(each, shares) for each in extra])
        waves += 1
    return counts, waves


@pytest.mark.parametrize(
    ("shares", "until", "first"),
    [
        (EVEN, 0.2, 8),
        (EVEN, 0.1, 256),
        (UNEVEN, 0.1, 8),
        (ONE, 0.1, 256),
    ],
    ids=["even, few", "even", "uneven", "one"],
)
def test_the_last_intervals_cover_the_known_shares_at_the_nominal_rate(
    shares: list[float], until: float, first: int
) -> None:
    points = 400
    counts, waves = stopped(shares, Until(until=until, first=first), points, seed=8)
    assert widest(counts).max() <= until
    assert waves <= 16
    bounds = [goodman_intervals(each) for each in counts]
    covered = np.mean([((low <= shares) & (shares <= high)).all() for low, high in bounds])
    noise = np.sqrt(0.95 * 0.05 / points)
    assert covered >= 0.95 - 3 * noise


def test_no_more_runs_are_played_than_a_fixed_number_would_need() -> None:
    counts, _ = stopped(EVEN, Until(until=0.1, first=8), 100, seed=3)
    runs = counts.sum(axis=1)
    fixed = next(n for n in range(100, 2000, 8) if widest(np.full((1, 8), n // 8))[0] <= 0.1)
    assert runs.mean() <= 1.25 * fixed


# Whole sweeps


def narrow(first: int, most: int, until: float) -> Experiment:
    return Experiment.model_validate(
        {
            "name": "narrow",
            "question": "How wide?",
            "scenarios": ["river_dam"],
            "sweep": {
                "actors.upland.clock_days": {"values": [20, 60]},
                "actors.upland.true_type": {"values": ["builder", "hegemon"]},
            },
            "replications": {"until": until, "first": first, "most": most},
        }
    )


def intervals_of(folder: Path) -> tuple[NDArray[np.float64], Counts]:
    from negotiation_sim.sweep import Results

    counts = Results(folder).counts()[list(OUTCOMES)].to_numpy()
    return widest(counts), counts


def test_every_point_of_a_sweep_becomes_narrow(here: Here, tmp_path: Path) -> None:
    results = sweep(narrow(64, 100_000, 0.1), tmp_path / "out")
    width, counts = intervals_of(tmp_path / "out")
    assert (width <= 0.1).all()
    runs = counts.sum(axis=1)
    assert len(set(runs)) > 1  # not the same for all
    table = results.to_pandas(["design", "world"])
    assert len(table) == runs.sum()
    for point, number in enumerate(runs):  # each replication once, whatever wave it came in
        worlds = table["world"][table["design"] == point]
        assert sorted(worlds) == list(range(number))


def test_the_most_is_never_passed(here: Here, tmp_path: Path) -> None:
    sweep(narrow(16, 50, 0.01), tmp_path / "out")
    width, counts = intervals_of(tmp_path / "out")
    assert counts.sum(axis=1).tolist() == [50] * 4
    assert (width > 0.01).any()


def test_chunks_do_not_change_how_many_replications_there_are(here: Here, tmp_path: Path) -> None:
    tables = []
    for chunk in (8192, 37):
        results = sweep(narrow(32, 5000, 0.2), tmp_path / str(chunk), chunk=chunk)
        table = results.to_pandas()
        tables.append(table.sort_values(["design", "world"]).reset_index(drop=True))
    assert max(here.spans) > 37
    assert tables[0].equals(tables[1])


def test_scenarios_of_other_parties_keep_all_their_columns(here: Here, tmp_path: Path) -> None:
    asked = Experiment(
        name="both", question="Which?", scenarios=["river_dam", "january_2022"], replications=3, traces=1.0
    )
    results = sweep(asked, tmp_path / "out")
    for table, own, others in (
        (results.to_pandas(), "upland_concession", "russian_concession"),
        (results.traces.to_table().to_pandas(), "belief_hegemon", "belief_pretext"),
    ):
        first = table["design"] == 0
        assert first.any()
        assert not first.all()
        np.testing.assert_array_equal(table[own].notna(), first)
        np.testing.assert_array_equal(table[others].notna(), ~first)
