"""What a sweep leaves: exported files, the screen, and no models in memory."""

import gc
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pandas.testing import assert_frame_equal

from negotiation_sim import Talks
from negotiation_sim.commands.launch import launch
from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.sweep import Experiment, Results, sweep
from negotiation_sim.sweep.chunk import play
from negotiation_sim.sweep.dispatch import chunk_of
from negotiation_sim.sweep.plan import Plan, first_wave

KEEN = {"kind": "conceder", "beta": {"value": 2.0, "range": [1.5, 3.0], "assumption": "a test"}}


def dam(**more: object) -> Experiment:
    """A small sweep of river_dam: a number and a tactic."""
    asked = {
        "name": "dam",
        "question": "What does a keen or a steady Upland get?",
        "scenarios": ["river_dam"],
        "sweep": {
            "actors.upland.attack.cost": {"values": [0.3, 0.7]},
            "actors.upland.tactic": {"values": {"keen": KEEN, "steady": {"kind": "linear"}}},
        },
        "replications": 40,
    }
    return Experiment.model_validate(asked | more)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return sweep(dam(), tmp_path_factory.mktemp("dam") / "sweep", workers=1, chunk=50)


def exported(results: Results, path: Path, kind: str) -> Path:
    assert launch("export", [str(results.folder), f"format={kind}", f"out={path}"]) == 0
    return path


def test_csv_has_every_run_as_it_is(results, tmp_path):
    table = pd.read_csv(exported(results, tmp_path / "runs.csv", "csv"))
    assert len(table) == len(results) == 160
    assert_frame_equal(table, results.to_pandas(), check_dtype=False, check_exact=True)


def test_netcdf_has_a_point_and_replication_for_every_run(results, tmp_path):
    runs = results.to_pandas()
    with xr.open_dataset(exported(results, tmp_path / "runs.nc", "netcdf")) as data:
        assert dict(data.sizes) == {"design": 4, "replication": 40}
        assert (
            data["actors.upland.attack.cost"].values.tolist()
            == results.design["actors.upland.attack.cost"].tolist()
        )
        assert data["actors.upland.tactic"].values.tolist() == results.design["actors.upland.tactic"].tolist()
        assert data["outcome"].attrs["flag_meanings"].split() == list(OUTCOMES)
        words = np.array(list(OUTCOMES))[data["outcome"].values]
        assert words.ravel().tolist() == runs["outcome"].tolist()
        assert data["belief_builder"].values.ravel().tolist() == runs["belief_builder"].tolist()
        assert data["world"].values.ravel().tolist() == runs["world"].tolist()


def test_netcdf_of_points_played_differently_often_is_a_list_of_runs(tmp_path):
    ragged = sweep(
        dam(replications={"until": 0.3, "first": 20, "most": 200}, worlds="independent"),
        tmp_path / "s",
        workers=1,
    )
    played = ragged.to_pandas(["design"])["design"].value_counts()
    assert played.nunique() > 1
    with xr.open_dataset(exported(ragged, tmp_path / "runs.nc", "netcdf")) as data:
        assert data.sizes["run"] == len(ragged)
        assert data["design_point"].values.tolist() == ragged.to_pandas(["design"])["design"].tolist()
        assert data["world"].values.tolist() == ragged.to_pandas(["world"])["world"].tolist()


def test_export_stands_in_the_folder_unless_told_otherwise(results, capsys):
    assert launch("export", [str(results.folder)]) == 0
    assert "160 runs in" in capsys.readouterr().out
    assert (results.folder / "runs.csv").is_file()
    (results.folder / "runs.csv").unlink()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], ["no folder is given"]),
        (["nowhere"], ["no sweep's folder", "manifest.json"]),
        (["{folder}", "format=xls"], ["format: not one of the allowed words", "csv, netcdf"]),
        (["{folder}", "out=no/such/folder/runs.csv"], ["out: the file cannot go there"]),
        (["{folder}", "out={folder}"], ["out: the file cannot go there"]),
        (["{folder}", "colour=red"], ["colour", "no such key"]),
    ],
)
def test_bad_exports_are_refused(results, tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(tmp_path)
    before = sorted(results.folder.rglob("*"))
    assert launch("export", [each.format(folder=results.folder) for each in arguments]) == 2
    heard = capsys.readouterr().err
    assert all(each in heard for each in said), heard
    assert sorted(results.folder.rglob("*")) == before
    assert not list(tmp_path.iterdir())


# ---- memory -------------------------------------------------------------------------------------


def test_a_worker_keeps_no_model():
    plan = Plan.of(dam())
    wave = first_wave(plan)
    plain = [scenario.model_dump_json(exclude_unset=True) for scenario in plan.structures]
    gc.collect()
    before = sum(isinstance(each, Talks) for each in gc.get_objects())
    gc.disable()
    try:
        for _ in range(4):
            play(chunk_of(plan, wave, (0, 10), plain))
        after = sum(isinstance(each, Talks) for each in gc.get_objects())
    finally:
        gc.enable()
    assert after == before


# ---- the screen ---------------------------------------------------------------------------------

SHEET = """\
name: dam
question: What does patience buy?
scenarios: [river_dam]
sweep:
  actors.upland.clock_days: {values: [30, 60]}
replications: 50
"""


@pytest.fixture
def sheet(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dam").mkdir()
    (tmp_path / "dam" / "sweep.yaml").write_text(SHEET)
    return tmp_path


def test_a_dry_run_says_what_it_would_cost_and_writes_nothing(sheet, capsys):
    before = sorted(sheet.rglob("*"))
    assert launch("sweep", ["--dry-run", "experiment=dam", "experiment.replications=300"]) == 0
    said = capsys.readouterr().out
    assert "600 runs: 2 design points" in said
    assert "MB in sweeps/dam/" in said
    assert sorted(sheet.rglob("*")) == before


def test_a_sweep_prints_shares_with_intervals_and_does_only_what_is_missing(sheet, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["negsim", "sweep"])
    assert launch("sweep", ["experiment=dam", "out=runs", "workers=1"]) == 0
    first = capsys.readouterr().out
    assert "What does patience buy?" in first
    assert "1: actors.upland.clock_days 60" in first
    assert "100 runs in runs/, 100 of them played now" in first
    assert first.count("% -") == 2 * 3  # an interval for every headline at both points
    assert launch("sweep", ["experiment=dam", "out=runs", "workers=1"]) == 0
    assert "100 runs in runs/, 0 of them played now" in capsys.readouterr().out
