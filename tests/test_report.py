"""Reports: from a run and from every design, of awkward data, whole in one file, with nothing in it that could run."""

import base64
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml
from helpers import shipped
from sweeps.playing import Inline

from negotiation_sim.commands import run
from negotiation_sim.commands.launch import launch
from negotiation_sim.report import page, report
from negotiation_sim.report import study as studies
from negotiation_sim.report.report import write_report
from negotiation_sim.report.sections.agreements import agreements
from negotiation_sim.report.sections.bargaining import room
from negotiation_sim.report.sections.comparison import comparison
from negotiation_sim.report.sections.distributions import distributions
from negotiation_sim.report.sections.drivers import drivers
from negotiation_sim.report.sections.over_time import over_time
from negotiation_sim.report.sections.week import week
from negotiation_sim.report.sections.what_was_run import what_was_run
from negotiation_sim.report.study import Study
from negotiation_sim.scenario import ScenarioError
from negotiation_sim.sweep import Experiment, engines, sweep

MOST_BYTES = 5_000_000
MARKUP = "<script>alert('x')</script> & $1 <b>"
DESIGNS = {
    "sobol": {
        "sweep": {"actors.upland.outlook.hope": {}, "actors.upland.clock_days": {}},
        "design": {"kind": "sobol", "n": 16},
        "traces": 1.0,
    },
    "saltelli": {
        "sweep": {"actors.upland.outlook.hope": {}, "actors.upland.clock_days": {}},
        "design": {"kind": "saltelli", "n": 8},
    },
    "morris": {
        "sweep": {"actors.upland.outlook.hope": {}, "actors.upland.clock_days": {}},
        "design": {"kind": "morris", "n": 6},
    },
    "one_at_a_time": {
        "sweep": {
            "actors.upland.outlook.hope": {},
            "actors.upland.tactic": {
                "values": {"patient": {"kind": "linear"}, "ultimatum": {"kind": "ultimatum"}}
            },
        },
        "design": {"kind": "one_at_a_time", "levels": 3},
    },
    "list": {
        "sweep": {"actors.upland.outlook.hope": {}, "actors.upland.clock_days": {}},
        "design": {
            "kind": "list",
            "points": [{"actors.upland.outlook.hope": 0.2}, {"actors.upland.clock_days": 20}],
        },
    },
    "words": {
        "sweep": {
            "actors.upland.tactic": {
                "values": {"patient": {"kind": "linear"}, "ultimatum": {"kind": "ultimatum"}}
            }
        },
        "design": {"kind": "grid"},
    },
    "scenarios": {"scenarios": ["january_2022", "river_dam"], "replications": 60, "traces": 0.5},
}


class Reader(HTMLParser):
    """What a browser would make of a page: its text, its tags, and every address in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text, self.tags, self.addresses, self.alternatives = "", [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        self.addresses += [given[name] or "" for name in ("src", "href", "srcset", "action") if name in given]
        self.alternatives += [given["alt"] or ""] if tag == "img" else []

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_whole(path: Path) -> Reader:
    """One file, small, nothing to run and nothing to fetch, every picture told in words and there as a file."""
    read = Reader(path)
    assert path.stat().st_size < MOST_BYTES
    assert not {"script", "iframe", "link", "object", "embed"} & set(read.tags)
    assert all(each.startswith(("#", "data:image/png;base64,")) for each in read.addresses)
    assert "http:" not in path.read_text() and "https:" not in path.read_text()
    assert len(read.alternatives) == read.tags.count("img") == len(list(path.parent.glob("*.png")))
    assert all(len(each) > 20 for each in read.alternatives)
    assert "no forecast" in read.text
    anchors = [each[1:] for each in read.addresses if each.startswith("#")]
    assert anchors and all(f'<section id="{each}">' in path.read_text() for each in anchors)
    return read


def run_into(folder: Path, name: str = "river_dam", worlds: int = 200, **more: object) -> Path:
    options = {"worlds": worlds, "seed": 3, "parameters": "ranges", "rounds": 100, "out": str(folder)} | more
    run.command(shipped(name), run.VerbOptions.model_validate(options))
    return folder


@cache
def loaded(folder: Path) -> Study:
    """The study of a folder that no test changes."""
    return Study.load(folder)


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes most of the time, and the fewer the pixels the less."""
    monkeypatch.setattr(page, "DPI", 40)


@pytest.fixture(scope="module")
def january(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_into(tmp_path_factory.mktemp("january"), "january_2022", 1500)


@pytest.fixture(scope="module")
def dam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_into(tmp_path_factory.mktemp("dam"))


@pytest.fixture(scope="module", params=DESIGNS)
def swept(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp(request.param)
    asked = {"name": "asked", "question": "What is asked?", "scenarios": ["river_dam"], "replications": 100}
    (folder / "sweep.yaml").write_text(yaml.safe_dump(asked | DESIGNS[request.param]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(engines.ENGINES, "test", lambda address, workers: Inline())
        sweep(Experiment.load(str(folder)), folder / "runs", engine="test")
    yield request.param, folder / "runs"


# ---- what is on the page ---------------------------------------------------------------------------


def test_a_run_is_told_in_one_file(january: Path, tmp_path: Path) -> None:
    read = assert_whole(write_report(loaded(january), tmp_path))
    runs = pd.read_parquet(january / "runs.parquet")
    summary = json.loads((january / "summary.json").read_text())
    for said in (
        "january_2022",
        "1,500",
        "seed",
        summary["negotiation_sim"],
        f"numpy {summary['libraries']['numpy']}",
    ):
        assert said in read.text
    share = 100 * (runs["outcome"] == "invasion").mean()
    assert re.search(rf"escalation: invasion\s*0% \(0% to [\d.]+%\)\s*{share:.1f}% \(", read.text)
    for title in (
        "How worlds end",
        "What drives it",
        "Assumptions that matter",
        "What the documented week can tell",
    ):
        assert title in read.text
    assert "scenario.yaml worlds=1500 seed=3 parameters=ranges" in read.text
    inside = [base64.b64decode(each.split(",")[1]) for each in read.addresses if each.startswith("data:")]
    beside = [path.read_bytes() for path in tmp_path.glob("*.png")]
    assert sorted(inside) == sorted(beside)


def test_the_same_runs_give_the_same_page(dam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "SECTIONS", (distributions, drivers))  # those that shuffle or draw at random
    one, two = (write_report(Study.load(dam), tmp_path / name).read_bytes() for name in ("one", "two"))
    assert one == two


def test_every_design_is_told(
    swept: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, folder = swept
    if kind != "scenarios":  # what tells of the scenario alone would be the same for all the others
        monkeypatch.setattr(report, "SECTIONS", tuple(each for each in report.SECTIONS if each != room))
    study = loaded(folder)
    read = assert_whole(write_report(study, tmp_path))
    pictures = {path.stem for path in tmp_path.glob("*.png")}
    expected = {
        "sobol": {"pawn", "beliefs", "paths", "ternary_by_design_point"},
        "saltelli": {"sobol", "pawn"},
        "morris": {"morris", "pawn"},
        "one_at_a_time": {"tornado", "smallest_changes"},
        "list": {"shares_by_design_point"},
        "words": {"differences", "waterfall", "shares_by_swept_value"},
        "scenarios": {"differences", "waterfall", "shares_by_scenario", "paths"},
    }
    assert expected[kind] <= pictures
    assert "<h1>What is asked?</h1>" in (tmp_path / "report.html").read_text()
    assert ("this page tells of the first, the base case" in read.text) == (kind == "scenarios")


def test_what_reproduces_a_sweep_is_its_experiment(swept: tuple[str, Path], tmp_path: Path) -> None:
    study = loaded(swept[1])
    (tmp_path / "sweep.yaml").write_text(study.experiment)
    again = Experiment.load(str(tmp_path)).model_dump()
    before = Experiment.load(str(swept[1].parent)).model_dump()
    assert again == before


# ---- awkward data ------------------------------------------------------------------------------------


def test_one_world(tmp_path: Path) -> None:
    run_into(tmp_path, worlds=1)
    read = assert_whole(write_report(Study.load(tmp_path), tmp_path / "report"))
    assert "n = 1 world," in read.text and "1 run," in read.text
    assert "chance would name the drivers" in read.text
    assert "There is one type of the challenger only" in read.text


@pytest.mark.parametrize("outcome", ["invasion", "talks_continuing"])
def test_one_outcome_only(january: Path, outcome: str) -> None:
    study = loaded(january)
    study = replace(study, runs=study.runs.head(200))
    headline = "escalation" if outcome == "invasion" else "stalemate"
    runs = study.runs.assign(
        headline=headline, outcome=outcome, week_headline=headline, week_outcome=outcome, outcome_since=1
    )
    odd = replace(study, runs=runs)
    said = " ".join(str(make(odd)) for make in report.SECTIONS)
    assert re.search(rf"Worlds end in .*{headline} in 100%", said)
    assert "No date" not in said and "nan" not in said


def test_missing_traces_are_said(dam: Path, tmp_path: Path) -> None:
    shutil.copytree(dam, tmp_path / "dam")
    (tmp_path / "dam" / "rounds.parquet").unlink()
    told = over_time(Study.load(tmp_path / "dam")).parts
    assert "No rounds were kept" in str(told)
    assert "beliefs" not in [getattr(part, "name", "") for part in told]


def test_nan_in_what_was_recorded(dam: Path, tmp_path: Path) -> None:
    study = loaded(dam)
    assert study.rounds is not None
    rounds = study.rounds.copy()
    rounds.loc[rounds["round"] > 1, "cohesion"] = np.nan
    rounds.loc[rounds["world"] % 2 == 0, "credibility"] = np.nan
    assert over_time(replace(study, rounds=rounds)).parts


def test_two_hundred_scenarios(dam: Path, tmp_path: Path) -> None:
    study = loaded(dam)
    names = [f"variant_{at:03d}" for at in range(200)]
    scenarios = {
        name: study.base.model_copy(update={"name": name, "title": f"Variant {name}"}) for name in names
    }
    runs = pd.concat([study.runs.head(40).assign(scenario=name) for name in names], ignore_index=True)
    many = replace(study, scenarios=scenarios, runs=runs.assign(design=0))
    sections = [what_was_run(many), distributions(many), comparison(many), agreements(many)]
    printed = " ".join(
        text.get_text()
        for part in sections[1].parts
        for text in getattr(getattr(part, "figure", None), "texts", [])
    )
    assert "20 of 200" in " ".join(printed.split())
    assert "and 188 more" in str(sections[0].parts)


def test_names_with_markup_are_printed_as_they_are(
    dam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "SECTIONS", (what_was_run, distributions))
    study = loaded(dam)
    scenario = study.base.model_copy(update={"title": MARKUP, "summary": MARKUP})
    odd = replace(study, scenarios={study.base.name: scenario}, question=MARKUP, gaps=(MARKUP,), rounds=None)
    read = assert_whole(write_report(odd, tmp_path))
    assert read.text.count(MARKUP) >= 3


def test_few_runs_name_no_drivers(dam: Path) -> None:
    study = loaded(dam)
    said = drivers(replace(study, runs=study.runs.head(99)))
    assert [type(part) for part in said[0].parts] == [str]
    still = drivers(replace(study, parameters="values"))
    assert "nothing to compare" in str(still[0].parts)


# ---- what is claimed ---------------------------------------------------------------------------------


def of_two_points(dam: Path, **more: object) -> Study:
    """The first worlds of a run at two points of a design: all end in stalemate at one, in escalation at the other."""
    study = loaded(dam)
    path = "actors.upland.tactic"
    ends = [
        study.runs.head(150).assign(design=at, headline=headline, scenario=study.base.name, **{path: word})
        for at, (word, headline) in enumerate({"patient": "stalemate", "ultimatum": "escalation"}.items())
    ]
    runs = pd.concat(ends, ignore_index=True)
    design = pd.DataFrame({"scenario": study.base.name, path: ["patient", "ultimatum"]})
    return replace(study, runs=runs, rounds=None, design=design, factors=(path,), kind="grid", **more)


def test_a_factor_of_two_points_that_decides_all_is_named(dam: Path) -> None:
    """Two points cannot be shuffled so that chance shows; the worlds at them can."""
    driving, assumptions = drivers(of_two_points(dam))
    assert "1 of 1 moves the shares" in str(driving.parts)
    assert "The strongest: Upland: tactic." in str(driving.parts)
    assert "Part of the scenario's structure, no number: 1." in str(assumptions.parts)


def test_one_at_a_time_is_told_only_of_pairs(dam: Path) -> None:
    study = of_two_points(dam)
    study = replace(study, kind="one_at_a_time")
    assert "on the same worlds only" in str(drivers(replace(study, common=False))[0].parts)
    begun = replace(study, runs=study.runs[study.runs["design"] == 0])
    assert "run the sweep to its end" in str(drivers(begun)[0].parts)


def test_scenarios_with_factors_are_compared_at_the_same_values(dam: Path) -> None:
    study = of_two_points(dam)
    variant = study.base.model_copy(update={"name": "variant", "title": "Variant"})
    runs = pd.concat(
        [
            study.runs,
            study.runs.assign(scenario="variant", headline="escalation", design=study.runs["design"] + 2),
        ]
    ).reset_index(drop=True)
    design = pd.concat([study.design, study.design.assign(scenario="variant")], ignore_index=True)
    both = replace(study, scenarios={**study.scenarios, "variant": variant}, runs=runs, design=design)
    section = comparison(both)
    assert section is not None
    at_first = int((both.sample["design"] == 0).sum())
    assert 50 < at_first < 100
    assert f"only there: {at_first}; only in {study.base.title}: 0." in str(section.parts)
    assert study.base.title in both.source(9) and "2 scenarios" in both.source()


def test_a_headline_of_most_worlds_has_a_box_too(dam: Path) -> None:
    study = loaded(dam)
    hope = study.draws(len(study.runs))["actors.upland.outlook.hope"]
    ends = np.where(hope > hope.quantile(0.3), "escalation", "stalemate")
    said = drivers(replace(study, runs=study.runs.assign(headline=ends)))[0].parts
    assert "A box of 1 of" in str(said)


def test_what_few_worlds_cannot_show_is_no_finding(january: Path) -> None:
    study = loaded(january)
    said = str(week(study))
    assert re.search(r"the week tells nothing that \d+ matching worlds could show", said)
    assert "(-" not in said  # wider, not narrower by less than nothing
    few = str(week(replace(study, runs=study.runs.head(99))))
    assert "too few to calibrate" in few and "posterior" not in few
    assert "belief in an extractor" in str(over_time(study))


def test_a_base_case_that_was_not_played_is_said(
    swept: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    if swept[0] != "scenarios":
        pytest.skip("once is enough")
    whole = studies._as_frame

    def begun(table: pa.Table) -> pd.DataFrame:
        runs = whole(table)
        return runs[runs["scenario"] == "river_dam"].reset_index(drop=True)

    monkeypatch.setattr(studies, "_as_frame", begun)
    study = Study.load(swept[1])
    assert study.base.name == "river_dam"
    assert "Not played yet: january_2022." in study.gaps
    assert distributions(study).parts


# ---- the study ---------------------------------------------------------------------------------------


def test_every_world_counts_once_where_points_are_put_together(swept: tuple[str, Path]) -> None:
    study = loaded(swept[1])
    assert not study.sample["world"].duplicated().any()
    assert set(study.sample["world"]) == set(study.base_runs["world"])
    assert bool(study.thinned) == (len(study.base_runs) > study.base_runs["world"].nunique())
    if study.thinned and len(study.design) > 2:
        assert study.sample["design"].nunique() > 1


def test_draws_are_those_of_the_runs(january: Path) -> None:
    study = loaded(january)
    draws = study.draws(50)
    assert draws.shape == (50, 176)
    hope = draws["actors.russia.outlook.hope"]
    low, high = study.base.parameter("actors.russia.outlook.hope").range
    assert hope.between(low, high).all() and hope.nunique() == 50


def test_a_sweep_that_stopped_is_told_as_far_as_it_is(swept: tuple[str, Path], tmp_path: Path) -> None:
    if swept[0] != "words":
        pytest.skip("once is enough")
    folder = tmp_path / "stopped"
    shutil.copytree(swept[1], folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["identity"]["experiment"]["replications"] = 1000
    (folder / "manifest.json").write_text(json.dumps(manifest))
    study = Study.load(folder)
    assert study.gaps == ("The sweep is not complete: 200 of 2,000 runs.",)
    assert study.gaps[0] in str(what_was_run(study).parts)
    part = next((folder / "runs").iterdir())
    part.write_bytes(part.read_bytes()[:500])
    with pytest.raises(ScenarioError, match="cannot be read"):
        Study.load(folder)


# ---- the command -------------------------------------------------------------------------------------


def test_the_command_writes_beside_the_runs(tmp_path: Path) -> None:
    """The command itself, in another process: what a user would see."""
    run_into(tmp_path / "my runs", worlds=20, rounds=0)
    done = subprocess.run(
        [sys.executable, "-m", "negotiation_sim.cli", "report", "my runs"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("my runs/report/report.html (")
    assert_whole(tmp_path / "my runs" / "report" / "report.html")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no folder is given"),
        (["nowhere"], "this is no folder of results"),
        (["folder=empty"], "this is no folder of results"),
        (["old"], "scenario.yaml is missing"),
        (["broken"], "summary.json cannot be read"),
        (["dam", "out=dam/summary.json"], "the report cannot go there"),
        (["dam", "out="], "out"),
        (["dam", "colour=red"], "colour"),
    ],
)
def test_bad_input_is_said_and_nothing_written(
    arguments: list[str],
    said: str,
    dam: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("dam", "old", "broken"):
        shutil.copytree(dam, tmp_path / name)
    (tmp_path / "empty").mkdir()
    (tmp_path / "old" / "scenario.yaml").unlink()
    (tmp_path / "broken" / "summary.json").write_text("{")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert launch("report", arguments) == 2
    assert said in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_study_needs_runs(tmp_path: Path, dam: Path) -> None:
    shutil.copytree(dam, tmp_path / "dam")
    nothing = pd.read_parquet(tmp_path / "dam" / "runs.parquet").head(0)
    nothing.to_parquet(tmp_path / "dam" / "runs.parquet")
    with pytest.raises(ScenarioError, match="there are no runs in it yet"):
        Study.load(tmp_path / "dam")


def test_scenarios_of_one_title_are_told_apart(dam: Path) -> None:
    study = loaded(dam)
    other = study.base.model_copy(update={"name": "other"})
    runs = pd.concat([study.runs.assign(scenario=name) for name in ("river_dam", "other")], ignore_index=True)
    twice = replace(study, scenarios={"river_dam": study.base, "other": other}, runs=runs.assign(design=0))
    assert list(twice.titles.values()) == [f"{study.base.title} ({name})" for name in ("river_dam", "other")]
    section = comparison(twice)
    assert section is not None
    assert "(other)" in getattr(section.parts[0], "sentence", "")
