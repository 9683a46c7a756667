"""The verbs as a user meets them: files left, tables printed, and the same numbers everywhere."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from helpers import shipped

from negotiation_sim import Scenario, Talks
from negotiation_sim.commands import check, evidence, run, trace
from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.scenario.export_schema import scenario_schema, schema_file
from negotiation_sim.scenario.schema import OutcomeName

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def january() -> Scenario:
    return Scenario.load("january_2022")


def run_into(folder: Path, scenario: Scenario, worlds: int = 50, parameters: str = "ranges") -> pd.DataFrame:
    options = run.VerbOptions.model_validate(
        {"worlds": worlds, "seed": 3, "parameters": parameters, "rounds": 10, "out": str(folder)}
    )
    run.command(scenario, options)
    return pd.read_parquet(folder / "runs.parquet")


def test_run_leaves_its_files_and_nothing_else(tmp_path: Path, january: Scenario) -> None:
    run_into(tmp_path / "new" / "folder", january)
    left = {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    assert left == {"runs.parquet", "rounds.parquet", "scenario.yaml", "summary.json", "outcomes.png"}


def test_the_scenario_that_was_run_can_be_loaded_again(tmp_path: Path) -> None:
    changed = shipped(
        "berlin_inject", "scenario.actors.russia.clock_days.value=20", "scenario.alliance.quota=28"
    )
    run_into(tmp_path, changed)
    again = Scenario.load(str(tmp_path / "scenario.yaml"))
    assert again == changed
    assert again.parameter("actors.russia.clock_days").value == 20
    assert list(again.parameters) == list(changed.parameters)


def test_every_round_of_the_first_worlds_is_kept(tmp_path: Path, january: Scenario) -> None:
    runs = run_into(tmp_path, january)
    rounds = pd.read_parquet(tmp_path / "rounds.parquet")
    assert rounds["world"].tolist() == [world for world in range(10) for _ in range(17)]
    last = rounds[rounds["round"] == 17].reset_index(drop=True)
    for column in ("outcome", "cohesion", "credibility", "belief_pretext"):
        assert (last[column] == runs[column].head(10)).all()
    week = rounds[rounds["round"] == 3].reset_index(drop=True)
    assert (week["outcome"] == runs["week_outcome"].head(10)).all()


def test_columns_of_the_contract(tmp_path: Path, january: Scenario) -> None:
    runs = run_into(tmp_path, january)
    assert list(runs["world"]) == list(range(50))
    assert set(runs["headline"]) <= {"stalemate", "concession", "escalation"}
    for column in ("outcome", "week_outcome"):
        assert set(runs[column]) <= set(OUTCOMES)
    assert (runs["headline"] == runs["outcome"].map(OUTCOMES)).all()
    assert (runs["week_headline"] == runs["week_outcome"].map(OUTCOMES)).all()
    assert runs["highest_rung"].between(0, 6).all()
    assert runs["end_round"].between(1, 17).all()
    assert set(runs["type"]) == {"security", "extractor", "pretext"}
    issues = january.layout.issues
    gives = {"western": ("defender", "both"), "russian": ("challenger", "both")}
    for side, givers in gives.items():
        levels = runs[[f"level_{key}" for key, issue in issues.items() if issue.given_by in givers]]
        assert (levels.sum(axis=1) == runs[f"{side}_concession"]).all()
    for column in ("western_concession", "russian_concession"):
        assert (runs[column] >= 0).all()
    beliefs = runs[["belief_security", "belief_extractor", "belief_pretext"]].to_numpy()
    np.testing.assert_allclose(beliefs.sum(axis=1), 1.0, atol=1e-12)
    assert runs["cohesion"].between(0, 1).all()
    metadata = pq.ParquetFile(tmp_path / "runs.parquet").metadata
    assert metadata.row_group(0).column(0).compression == "ZSTD"


def test_summary_agrees_with_the_table(tmp_path: Path, january: Scenario) -> None:
    runs = run_into(tmp_path, january, worlds=200)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["scenario"], summary["worlds"], summary["seed"]) == ("january_2022", 200, 3)
    for row in summary["horizon"]:
        assert row["count"] == (runs["outcome"] == row["outcome"]).sum()
        assert row["low"] <= row["share"] <= row["high"]
    assert sum(row["count"] for row in summary["week"]) == 200
    together = next(row for row in summary["facts"] if row["key"] == "all")
    facts = runs[[column for column in runs if column.startswith("fact_")]]
    assert together["count"] == facts.all(axis=1).sum()


def test_run_is_the_same_worlds_whatever_its_batches(
    tmp_path: Path, january: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_into(tmp_path / "a", january)
    monkeypatch.setattr(run, "BATCH", 7)
    pd.testing.assert_frame_equal(whole, run_into(tmp_path / "b", january), check_exact=True)


def test_values_keep_parameters_still(january: Scenario) -> None:
    talks = Talks(january, worlds=5, parameters="values")
    assert (talks.parameter("actors.russia.clock_days") == 30).all()
    drawn = Talks(january, worlds=500).parameter("actors.russia.clock_days")
    assert 10 <= drawn.min() < 15 and 55 < drawn.max() <= 60


def test_run_prints_outcome_share_interval_and_n(
    tmp_path: Path, january: Scenario, capsys: pytest.CaptureFixture[str]
) -> None:
    run_into(tmp_path, january)
    printed = capsys.readouterr().out
    for needed in (
        "outcome",
        "share",
        "95% interval",
        "declared pointless",
        "50 worlds",
        "all facts at once",
        "E028",
    ):
        assert needed in printed


def test_trace_tells_the_outcome_that_run_counts(
    tmp_path: Path, january: Scenario, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = run_into(tmp_path, january, worlds=6)
    for world in (0, 5):
        capsys.readouterr()
        trace.command(january, trace.VerbOptions(seed=3, world=world, parameters="ranges"))
        outcome = runs["outcome"][world].replace("_", " ")
        assert f"Outcome: {outcome} ({runs['headline'][world]})." in capsys.readouterr().out


def test_check_says_who_blocks_and_how_far_apart(
    january: Scenario, capsys: pytest.CaptureFixture[str]
) -> None:
    check.command(january, check.VerbOptions())
    printed = " ".join(capsys.readouterr().out.split())
    for needed in (
        "is valid",
        "cross no hard red line",
        "Zone of agreement",
        "0.003 too little for Russia alone",
        "could last in every sense",
        "Who blocks",
        "apart by",
        "Poland",
        "are assumptions",
    ):
        assert needed in printed


def test_evidence_lists_findings_their_parameters_and_conflicts(
    january: Scenario, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence.command(
        january, evidence.VerbOptions(actor=None, issue=None, parameter="actors.russia.clock_days")
    )
    printed = capsys.readouterr().out
    assert "E014" in printed and "E051" not in printed
    assert "actors.russia.clock_days" in printed
    assert "Where the documents conflict" in printed


def test_every_finding_that_a_parameter_cites_is_listed_for_it(january: Scenario) -> None:
    informed = evidence.parameters_by_finding(january)
    assert "actors.us.red_lines.membership.high" in informed["E051"]
    assert len(informed) > 60


def test_every_parameter_says_where_it_comes_from(january: Scenario) -> None:
    for path, parameter in january.parameters.items():
        assert parameter.evidence or parameter.assumption, path
    ukraine = [p for p in january.parameters if p.startswith("actors.ukraine")]
    assert ukraine and all(not january.parameters[p].evidence for p in ukraine)


def test_thirty_allies_by_name(january: Scenario) -> None:
    talks = Talks(january)
    assert talks.alliance is not None
    names = [ally.title for ally in talks.alliance.members]
    assert len(names) == len(set(names)) == 30
    assert {"United States", "Poland", "Germany", "Türkiye", "North Macedonia"} <= set(names)


def test_shipped_schema_is_the_code_s() -> None:
    assert json.loads(schema_file().read_text(encoding="utf-8")) == scenario_schema(), "run `make schema`"


def test_scenario_and_rules_name_the_same_outcomes() -> None:
    from typing import get_args

    assert list(get_args(OutcomeName)) == list(OUTCOMES)


def test_wheel_holds_data_beside_the_code(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(command, check=True, capture_output=True)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    for needed in (
        "conf/run.yaml",
        "scenarios/january_2022.yaml",
        "schema/scenario.schema.json",
        "evidence/findings.csv",
        "talks.py",
    ):
        assert f"negotiation_sim/{needed}" in names
