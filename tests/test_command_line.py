"""The command line as its users and Hydra's expect it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from negotiation_sim.cli import VERBS
from negotiation_sim.commands.launch import launch
from negotiation_sim.data import shipped

FILES = ["outcomes.png", "rounds.parquet", "runs.parquet", "scenario.yaml", "summary.json"]
HEAVY = (
    "hydra",
    "matplotlib",
    "mesa",
    "numpy",
    "omegaconf",
    "pandas",
    "pyarrow",
    "pydantic",
    "rich",
    "scipy",
)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def own_scenario(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "defaults: [river_dam, _self_]\nname: mine\ntitle: My own dam\n"
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]], ids=["bare", "--help", "-h"])
def test_bare_negsim_and_its_help_list_the_verbs(arguments: list[str]) -> None:
    done = python("-m", "negotiation_sim.cli", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    for verb, what in VERBS.items():
        assert verb in done.stdout
        assert what in done.stdout
    assert "Exit codes: 0 done, 1 failed while running, 2 bad input." in done.stdout


def test_help_and_version_import_nothing_heavy() -> None:
    for flag in ("--help", "--version"):
        code = (
            f"import sys; sys.argv = ['negsim', {flag!r}]\n"
            "from negotiation_sim.cli import main\n"
            "try:\n    main()\nexcept SystemExit:\n    pass\n"
            f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
        )
        assert python("-c", code).stderr == "[]\n"


@pytest.mark.parametrize("verb", ["run", "trace", "check", "evidence"])
def test_a_verb_has_help_of_its_own(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch(verb, ["--help"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"negsim {verb}: ")
    assert "scenario=january_2022" in out
    assert "--multirun" in out
    assert err == ""
    assert list(Path().iterdir()) == []


def test_cfg_job_shows_the_configuration_and_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert launch("run", ["scenario=river_dam", "--cfg", "job", "worlds=7"]) == 0
    out, err = capsys.readouterr()
    assert "worlds: 7" in out
    assert "name: river_dam" in out
    assert err == ""
    assert list(Path().iterdir()) == []


def test_a_run_leaves_its_files_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert launch("run", ["scenario=river_dam", "worlds=5", "out=deep/results"]) == 0
    assert capsys.readouterr().err == ""
    assert [path.name for path in Path().iterdir()] == ["deep"]
    assert sorted(path.name for path in Path("deep/results").iterdir()) == FILES


def test_a_folder_may_be_named_by_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert launch("run", ["scenario=river_dam", "worlds=2", "out=2022"]) == 0
    assert sorted(path.name for path in Path("2022").iterdir()) == FILES


@pytest.mark.parametrize(
    "arguments",
    [
        ["--multirun", "scenario=river_dam", "worlds=10,20", "out=compare"],
        ["scenario=river_dam", "-m", "worlds=10,20", "out=compare"],
        ["scenario=river_dam", "worlds=10,20", "out=compare", "hydra.mode=MULTIRUN"],
    ],
    ids=["flag first", "flag between", "by hydra.mode"],
)
def test_a_multirun_leaves_a_folder_a_job(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert launch("run", arguments) == 0
    assert capsys.readouterr().err == ""
    assert [path.name for path in Path().iterdir()] == ["compare"]
    assert sorted(path.name for path in Path("compare").iterdir()) == ["0", "1", "multirun.yaml"]
    for job, worlds in ((0, 10), (1, 20)):
        folder = Path("compare", str(job))
        assert sorted(path.name for path in folder.iterdir()) == FILES
        assert json.loads((folder / "summary.json").read_text(encoding="utf-8"))["worlds"] == worlds


def test_a_multirun_compares_scenarios_by_name_and_by_path(capsys: pytest.CaptureFixture[str]) -> None:
    own_scenario(Path("mine.yaml"))
    assert launch("run", ["--multirun", "scenario=river_dam,mine.yaml", "worlds=2", "out=compare"]) == 0
    summaries = [
        json.loads(Path(f"compare/{job}/summary.json").read_text(encoding="utf-8")) for job in (0, 1)
    ]
    assert [each["title"] for each in summaries] == ["The dam on the river", "My own dam"]


@pytest.mark.parametrize(
    "name", ["mine.yaml", "folder/my crisis, v2 (new).yaml", "folder/mine.yml", "crisis"]
)
def test_a_scenario_may_be_a_path(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    own_scenario(Path(name))
    assert launch("check", [f"scenario={name}"]) == 0
    assert "mine is valid: My own dam" in capsys.readouterr().out


def test_a_shipped_file_may_be_named_by_its_path_from_another_folder(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert launch("check", [f"scenario={shipped('scenarios').resolve() / 'river_dam.yaml'}"]) == 0
    assert "river_dam is valid" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--config-dir", "own"],
        ["--config-dir=own"],
        ["-cd", "own"],
        ["hydra.searchpath=[file://own]"],
        ["hydra.searchpath=[own]"],
    ],
    ids=" ".join,
)
def test_a_folder_of_one_s_own_joins(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    own_scenario(Path("own/scenario/mine.yaml"))
    assert launch("check", [*arguments, "scenario=mine"]) == 0
    assert "mine is valid: My own dam" in capsys.readouterr().out
    assert launch("check", [*arguments, "scenario=mine", "scenario.calendar.start=2031-01-01"]) == 2
    assert "river_dam.yaml:" in capsys.readouterr().err
    assert launch("check", [*arguments, "scenario=main"]) == 2
    assert "nearest: mine" in capsys.readouterr().err


def test_a_mistake_in_a_folder_of_one_s_own_is_told_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    own_scenario(Path("own/scenario/mine.yaml"))
    with Path("own/scenario/mine.yaml").open("a", encoding="utf-8") as file:
        file.write("titel: typo\n")
    assert launch("check", ["--config-dir", "own", "scenario=mine"]) == 2
    assert "own/scenario/mine.yaml:4: titel: no such key" in capsys.readouterr().err
    assert launch("check", ["--config-dir", "own", "scenario=river_dam"]) == 0
    Path("own/scenario/mine.yaml").write_text("title: [\n", encoding="utf-8")
    assert launch("check", ["--config-dir", "own", "scenario=mine"]) == 2
    assert "own/scenario/mine.yaml:2: the file: this is not valid YAML" in capsys.readouterr().err
