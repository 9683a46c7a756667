"""Shares over two parameters: cells, intervals and leads against what can be counted by hand."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from negotiation_sim.analysis.comparison import paired_interval
from negotiation_sim.analysis.surfaces import FEW, levels, share_surface


def test_few_values_are_levels_by_themselves():
    cut = levels(pd.Series([30, 10, 30, 20]))
    assert list(cut.categories) == [10, 20, 30]
    assert list(cut.codes) == [2, 0, 2, 1]


def test_many_values_are_bins_of_equal_counts():
    values = pd.Series(np.random.default_rng(1).permutation(1000) / 7)
    cut = levels(values, 8)
    assert np.bincount(cut.codes).tolist() == [125] * 8
    assert all(
        value in cut.categories[code]
        for value, code in zip(values[values > 0], cut.codes[values > 0], strict=True)
    )
    assert cut.codes[values.argmin()] == 0  # the first bin holds its lower edge


def test_equal_values_fall_into_one_bin():
    values = pd.Series([0.0] * 90 + [*range(1, FEW + 1)])
    cut = levels(values, 4)
    assert len(set(cut.codes[:90])) == 1
    assert len(cut.categories) < 4


@pytest.mark.parametrize("values", [[1.0, np.nan], [1.0, np.inf], ["a", "b"], [True, False]])
def test_a_parameter_is_a_finite_number(values):
    with pytest.raises(ValueError, match="'patience' must be a finite number in every run"):
        levels(pd.Series(values, name="patience"))


def test_bins_are_at_least_one():
    with pytest.raises(ValueError, match="bins must be at least 1, but is 0"):
        levels(pd.Series([1.0]), 0)


def runs(cells: dict[tuple[float, float], dict[str, int]]) -> pd.DataFrame:
    rows = [(x, y, name) for (x, y), counts in cells.items() for name, n in counts.items() for _ in range(n)]
    return pd.DataFrame(rows, columns=["x", "y", "headline"])


CELLS = {
    (1, 5): {"stalemate": 60, "escalation": 30, "concession": 10},
    (2, 5): {"stalemate": 52, "escalation": 48},
    (1, 9): {"escalation": 7},
}


def test_cells_are_counted_with_their_intervals_and_leads():
    table = share_surface(runs(CELLS), "x", "y", "escalation")
    assert table[["x_low", "y_low"]].to_numpy().tolist() == [[1, 5], [2, 5], [1, 9], [2, 9]]
    assert (table["x_low"] == table["x_high"]).all()
    assert table["count"].tolist() == [30, 48, 7, 0]
    assert table["n"].tolist() == [100, 100, 7, 0]
    assert table["share"].tolist()[:3] == [0.3, 0.48, 1.0]
    low, high = proportion_confint(30, 100, method="wilson")
    assert (table["low"][0], table["high"][0]) == pytest.approx((low, high))
    assert table["leading"].tolist() == ["stalemate", "stalemate", "escalation", ""]
    assert table["lead"].tolist()[:3] == pytest.approx([0.3, 0.04, 1.0])
    low, high = paired_interval(52, 48, 100)
    assert (table["lead_low"][1], table["lead_high"][1]) == pytest.approx((low, high))
    assert table["sure"].tolist() == [True, False, True, False]


def test_a_cell_without_runs_knows_nothing():
    row = share_surface(runs(CELLS), "x", "y", "escalation").iloc[3]
    assert np.isnan(row["share"])
    assert np.isnan(row["lead"])
    assert (row["low"], row["high"], row["lead_low"], row["lead_high"]) == (0, 1, -1, 1)


def test_a_headline_that_never_occurs_has_share_zero():
    table = share_surface(runs({(1, 1): {"stalemate": 50}}), "x", "y", "concession")
    assert table[["share", "low"]].to_numpy().tolist() == [[0, 0]]
    assert 0 < table["high"][0] < 0.1
    assert table["leading"].tolist() == ["stalemate"]


def test_one_headline_only_still_leads():
    table = share_surface(runs({(1, 1): {"stalemate": 50}}), "x", "y", "stalemate")
    assert table["lead"].tolist() == [1.0]
    assert table["sure"].tolist() == [True]


def test_runs_of_the_same_world_count_as_one():
    once = runs({(1, 5): {"stalemate": 60, "escalation": 40}}).assign(world=range(100))
    alone, many = (share_surface(table, "x", "y", "escalation") for table in (once, pd.concat([once] * 8)))
    assert many["n"].tolist() == [800]
    assert many["worlds"].tolist() == pytest.approx([100])
    columns = ["share", "low", "high", "lead_low", "lead_high"]
    assert many[columns].to_numpy() == pytest.approx(alone[columns].to_numpy())


def test_cells_hold_every_run_once():
    rng = np.random.default_rng(2)
    table = pd.DataFrame(rng.random((5000, 2)), columns=["x", "y"]).assign(
        headline=rng.choice(["escalation", "stalemate"], 5000)
    )
    surface = share_surface(table, "x", "y", "escalation", bins=5)
    assert len(surface) == 25
    assert surface["n"].sum() == 5000
    assert surface["count"].sum() == (table["headline"] == "escalation").sum()
    cell = surface.iloc[7]  # third bin across, second up
    inside = table["x"].between(cell["x_low"], cell["x_high"]) & table["y"].between(
        cell["y_low"], cell["y_high"]
    )
    assert cell["n"] == inside.sum()


def test_what_is_missing_is_named():
    with pytest.raises(ValueError, match="lacks column 'z'; its columns are: x, y, headline"):
        share_surface(runs(CELLS), "x", "z", "escalation")
    with pytest.raises(ValueError, match="no rows"):
        share_surface(runs(CELLS)[:0], "x", "y", "escalation")
    table = runs(CELLS)
    table.loc[0, "headline"] = None
    with pytest.raises(ValueError, match="'headline' has no value in 1 of 207 runs"):
        share_surface(table, "x", "y", "escalation")


def test_a_cell_that_two_headlines_share_has_a_lead_whatever_its_effective_number_of_worlds():
    """Their shares add up to one; times a number of worlds that is not whole, to a last bit more than it."""
    rng = np.random.default_rng(0)
    runs = pd.DataFrame({name: rng.integers(0, 5, 400) for name in "xy"})
    runs = runs.assign(world=rng.integers(0, 60, 400), headline=rng.choice(["a", "b"], 400))
    cells = share_surface(runs, "x", "y", "a")
    assert (cells["worlds"] % 1 > 0).any()
    assert cells["lead"].between(cells["lead_low"], cells["lead_high"]).all()
