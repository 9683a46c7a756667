"""Cumulative incidence: a table worked by hand, statsmodels where it can speak, and coverage by simulation."""

import datetime

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight

from negotiation_sim.analysis.incidence import cumulative_incidence
from negotiation_sim.analysis.shares import share

HORIZON = 5
DAYS = {1: 0, 2: 2, 3: 3, 4: 10, 5: 17}


def runs_of(*endings: tuple[int, str, int]) -> pd.DataFrame:
    """(round, outcome, worlds) each."""
    return pd.DataFrame(
        [(at, outcome) for at, outcome, worlds in endings for _ in range(worlds)],
        columns=["end_round", "outcome"],
    )


def curve(table: pd.DataFrame, outcome: str, column: str = "incidence") -> list[float]:
    return table.loc[table["outcome"] == outcome, column].tolist()


def test_by_hand_with_censoring_on_the_way():
    # Ten worlds. Round 1: 2 of 10 collapse. S = 0.8. Round 2: one is censored. Round 3: of 7 at risk 1 collapses and
    # 2 are invaded: collapse 0.2 + 0.8 / 7, invasion 0.8 * 2 / 7, S = 0.8 * 4 / 7. Round 4: of 4 one is invaded.
    collapses, invasions = [(1, "collapse", 2), (3, "collapse", 1)], [(3, "invasion", 2), (4, "invasion", 1)]
    runs = runs_of(*collapses, *invasions, (2, "going_on", 1), (5, "going_on", 3))
    table = cumulative_incidence(runs, DAYS, censored=["going_on"])
    assert curve(table, "collapse", "at_risk") == [10, 8, 7, 4, 3]
    assert curve(table, "collapse") == pytest.approx([0.2, 0.2, 0.2 + 0.8 / 7, 0.2 + 0.8 / 7, 0.2 + 0.8 / 7])
    third = 0.8 * 2 / 7
    assert curve(table, "invasion") == pytest.approx(
        [0, 0, third, third + 0.8 * 4 / 7 / 4, third + 0.8 * 4 / 7 / 4]
    )
    assert curve(table, "invasion", "events") == [0, 0, 2, 1, 0]
    assert curve(table, "invasion", "day") == [0, 2, 3, 10, 17]
    # Standard error of collapse at round 3: its parts by hand, F(3) - F(1) = 0.8 / 7.
    jump = 0.8 / 7
    variance = (
        jump**2 * 2 / (10 * 8)  # all endings in round 1
        + 1.0 * 8 * 2 / 10**3
        + 0.64 * 6 * 1 / 7**3
        - 2 * jump * 1.0 * 2 / 10**2
    )
    assert curve(table, "collapse", "error")[2] == pytest.approx(np.sqrt(variance))


def test_without_censoring_before_the_horizon_it_is_a_plain_share():
    runs = runs_of((1, "a", 30), (2, "b", 20), (4, "a", 10), (5, "talks_continuing", 40))
    table = cumulative_incidence(runs, DAYS)
    for outcome, counts in {"a": [30, 30, 30, 40, 40], "b": [0, 20, 20, 20, 20]}.items():
        expected = [share(count, 100) for count in counts]
        assert curve(table, outcome) == pytest.approx([each.share for each in expected])
        assert curve(table, outcome, "low") == pytest.approx([each.low for each in expected])
        assert curve(table, outcome, "high") == pytest.approx([each.high for each in expected])
        assert curve(table, outcome, "error") == pytest.approx([np.sqrt(c * (100 - c) / 1e6) for c in counts])


def simulated(seed: int, n: int = 300) -> pd.DataFrame:
    """Constant hazards of 0.15 and 0.08 a round, 0.07 of being lost from sight, and the horizon."""
    rng = np.random.default_rng(seed)
    what = rng.choice(4, size=(n, HORIZON), p=[0.15, 0.08, 0.07, 0.7])
    what[:, -1] = np.where(what[:, -1] == 3, 2, what[:, -1])
    at = (what < 3).argmax(axis=1)
    names = np.array(["a", "b", "talks_continuing"])
    return pd.DataFrame({"end_round": at + 1, "outcome": names[what[np.arange(n), at]]})


def test_agrees_with_statsmodels():
    runs = simulated(1)
    table = cumulative_incidence(runs, DAYS)
    status = runs["outcome"].map({"a": 1, "b": 2, "talks_continuing": 0}).to_numpy()
    theirs = CumIncidenceRight(runs["end_round"].to_numpy(), status)
    assert list(theirs.times) == list(DAYS)
    for at, outcome in enumerate("ab"):
        assert curve(table, outcome) == pytest.approx(theirs.cinc[at].tolist())
        assert curve(table, outcome, "error") == pytest.approx(theirs.cinc_se[at].tolist())


def test_intervals_hold_the_truth_as_often_as_they_say():
    # A world that is lost in a round was at risk in it, so hazards are 0.15 and 0.08 of those at risk.
    surviving = 0.77 ** np.arange(HORIZON)
    truth = np.stack([0.15 * np.cumsum(surviving), 0.08 * np.cumsum(surviving)], axis=1).ravel()
    repeats = 250
    held = np.zeros(len(truth))
    for seed in range(repeats):
        table = cumulative_incidence(simulated(seed), DAYS, endings=["a", "b"])
        held += (table["low"] <= truth) & (truth <= table["high"])
    sampling = 3.5 * np.sqrt(0.95 * 0.05 / repeats)  # ten of them, much alike
    assert (np.abs(held / repeats - 0.95) < sampling).all()


def test_everything_may_end_and_nothing_more_happens():
    table = cumulative_incidence(runs_of((1, "a", 3), (3, "b", 1)), DAYS)
    assert curve(table, "a") == pytest.approx([0.75] * 5)
    assert curve(table, "b") == pytest.approx([0, 0, 0.25, 0.25, 0.25])
    assert curve(table, "b", "at_risk") == [4, 1, 1, 0, 0]
    assert np.isfinite(table[["error", "low", "high"]].to_numpy()).all()


def test_one_ending_only_is_certain_but_not_known_to_be():
    table = cumulative_incidence(runs_of((2, "a", 20)), DAYS)
    assert curve(table, "a") == [0, 1, 1, 1, 1]
    assert curve(table, "a", "low")[-1] == pytest.approx(share(20, 20).low)
    assert curve(table, "a", "high")[0] == pytest.approx(share(0, 20).high)


def test_one_world():
    table = cumulative_incidence(runs_of((5, "talks_continuing", 1)), DAYS, endings=["a"])
    assert curve(table, "a") == [0] * 5
    assert (table["high"] < 1).all()


def test_incidences_rise_and_never_exceed_one():
    table = cumulative_incidence(simulated(9), DAYS)
    wide = table.pivot(index="round", columns="outcome", values="incidence")
    assert (wide.diff().dropna() >= 0).all(axis=None)
    assert (wide.sum(axis=1) <= 1).all()
    assert (table["low"] <= table["incidence"]).all()
    assert (table["incidence"] <= table["high"]).all()


def test_days_may_be_dates():
    dates = {at: datetime.date(2022, 1, 9 + at) for at in DAYS}
    table = cumulative_incidence(simulated(2), dates, endings=["b", "a"])
    assert table["outcome"].tolist()[:2] == ["b", "a"]
    assert table["day"].iloc[-1] == datetime.date(2022, 1, 14)


@pytest.mark.parametrize(
    ("runs", "options", "says"),
    [
        (runs_of((7, "a", 1)), {}, "rounds that have no day: 7"),
        (runs_of((1, "a", 1)).head(0), {}, "runs has no rows"),
        (runs_of((1, "a", 1)).drop(columns="outcome"), {}, "lacks column 'outcome'"),
        (runs_of((1, "a", 1)).assign(end_round=np.nan), {}, "'end_round' has no value in 1 of 1"),
        (runs_of((1, "a", 1)), {"endings": ["b"]}, "neither endings nor censored: a"),
        (runs_of((1, "a", 1)), {"endings": ["a", "talks_continuing"]}, "both endings and censored"),
        (runs_of((1, "a", 1)), {"confidence": 95}, "confidence must lie"),
        (runs_of((1, "a", 1)), {"days": {1: 5, 2: 3}}, "days must not fall"),
    ],
)
def test_what_makes_no_sense_is_refused(runs, options, says):
    with pytest.raises(ValueError, match=says):
        cumulative_incidence(runs, **{"days": DAYS, **options})
