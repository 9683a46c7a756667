"""A bad sweep ends with a message in words, exit code 2, and nothing written."""
# ruff: noqa: E501 (tables)

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from negotiation_sim.commands.launch import launch
from negotiation_sim.sweep import designs

GOOD = """\
name: dam
question: What decides at the dam?
scenarios: [river_dam]
sweep:
  actors.upland.clock_days: {}
  actors.lowland.clock_days: {range: [40, 80]}
  actors.upland.true_type: {values: [builder, hegemon]}
design: {kind: grid, levels: 2}
constraints:
  - [actors.upland.clock_days, <, actors.lowland.clock_days]
replications: 5
"""
CLOCK = "  actors.upland.clock_days: {}"
GRID = "design: {kind: grid, levels: 2}"
SWEPT = GOOD[GOOD.index("sweep:") : GOOD.index("design:")]
CONSTRAINTS = GOOD[GOOD.index("constraints:") : GOOD.index("replications:")]
NOISE = (
    "Traceback",
    "Error executing job",
    "HYDRA_FULL_ERROR",
    "pydantic",
    "omegaconf",
    "See https",
    "Warning",
    "dict[",
    "Until",
)


@dataclass(frozen=True)
class Bad:
    """One way to spoil the sweep above.

    Attributes:
        name: what is wrong, in short.
        old, new: the text that is replaced; `new` alone is a whole file.
        says: what the message must contain, besides what was found and what is allowed.
        line: the text whose line in the file is named; `new` if left out; none if empty.
        alone: leaves out the constraints, which would not fit either.
    """

    name: str
    old: str
    new: str
    says: Sequence[str]
    line: str | None = None
    alone: bool = False

    @property
    def text(self) -> str:
        good = GOOD.replace(CONSTRAINTS, "") if self.alone else GOOD
        if not self.old:
            return self.new
        assert good.count(self.old) == 1, f"{self.old!r} must stand once in the file"
        return good.replace(self.old, self.new)

    @property
    def where(self) -> str:
        place = self.new if self.line is None else self.line
        assert self.text.count(place) == 1, f"{place!r} must stand once in the spoilt file"
        return f"dam.yaml:{self.text[: self.text.index(place)].count(chr(10)) + 1}: "


# fmt: off
BAD = [
    # the file
    Bad("bad YAML", GRID, "design: {kind: grid", ["not valid YAML"], line="constraints:"),
    Bad("list", "", "- a\n", ["not an experiment", "a mapping of keys"], line=""),
    Bad("unknown key", "replications: 5", "replicatoins: 5", ["replicatoins: no such key", "nearest: replications"]),
    Bad("unknown key in a factor", "{range: [40, 80]}", "{rnage: [40, 80]}", ["sweep.actors.lowland.clock_days.rnage: no such key", "nearest: range"],
        line="  actors.lowland.clock_days: {r"),
    Bad("key given twice", "replications: 5", "replications: 5\nreplications: 6", ["given twice"], line="replications: 6"),
    Bad("no question", "question: What decides at the dam?\n", "", ["question: this key is missing"], line="name:"),
    # scenarios
    Bad("unknown scenario", "[river_dam]", "[river_damm]", ["scenario: no such scenario", "'river_damm'", "nearest: river_dam"], line=""),
    Bad("no scenario", "[river_dam]", "[]", ["scenarios: not what belongs here", "at least 1"], line="scenarios:"),
    Bad("two scenarios of one name", "[river_dam]", "[river_dam, river_dam]", ["scenarios: two scenarios of one name", "river_dam"], line="scenarios:"),
    # factors
    Bad("unknown parameter", CLOCK, "  actors.upland.clok_days: {}", ["sweep.actors.upland.clok_days: river_dam has no such parameter", "nearest: actors.upland.clock_days"], alone=True),
    Bad("empty range", "range: [40, 80]", "range: [80, 80]", ["the range is empty", "[80.0, 80.0]", "[lowest, highest]"], line="  actors.lowland"),
    Bad("range backwards", "range: [40, 80]", "range: [80, 40]", ["the range is empty", "[80.0, 40.0]"], line="  actors.lowland"),
    Bad("range of one number", "range: [40, 80]", "range: [40]", ["range.1: this key is missing"], line="  actors.lowland"),
    Bad("clock at zero", "range: [40, 80]", "range: [0, 80]", ["sweep.actors.lowland.clock_days: the range leaves what the model allows", "[0.0, 80.0]", "a range above 0"], line="  actors.lowland"),
    Bad("clock below zero", CLOCK, "  actors.upland.clock_days: {values: [-5, 10]}", ["sweep.actors.upland.clock_days", "[-5.0, 10.0]", "above 0"]),
    Bad("share above 1", CLOCK, "  actors.upland.outlook.hope: {range: [0.5, 1.01]}", ["sweep.actors.upland.outlook.hope: the range leaves", "[0.5, 1.01]", "at least 0 and at most 1"], alone=True),
    Bad("range outside of the model in a sample", "{range: [40, 80]}\n  actors.upland.true_type: {values: [builder, hegemon]}\n" + GRID, "{range: [-1, 80]}\ndesign: {kind: latin_hypercube, n: 1}", ["sweep.actors.lowland.clock_days", "[-1.0, 80.0]"], line="  actors.lowland"),
    Bad("point outside of the model", GRID, "design: {kind: list, points: [{actors.upland.clock_days: -3}]}", ["sweep.actors.upland.clock_days", "-3", "above 0"], line=CLOCK, alone=True),
    Bad("no prior left", CLOCK, "  actors.upland.types.builder.prior: {values: [0]}\n  actors.upland.types.hegemon.prior: {values: [0]}",
        ["no type has a prior above 0", "a positive prior"], line="  actors.upland.types.builder", alone=True),
    Bad("words for numbers", CLOCK, "  actors.upland.clock_days: {values: [soon, late]}", ["sweep.actors.upland.clock_days.values: not numbers", "soon", "a list of numbers"]),
    Bad("yes for a number", CLOCK, "  actors.upland.clock_days: {values: [yes]}", ["not numbers", "True"]),
    Bad("yes in a range", "range: [40, 80]", "range: [yes, 80]", ["range.0", "True", "a number"], line="  actors.lowland"),
    Bad("infinity", "range: [40, 80]", "range: [40, .inf]", ["range.1", "inf", "a finite number"], line="  actors.lowland"),
    Bad("not a number among the values", CLOCK, "  actors.upland.clock_days: {values: [20, .nan]}", ["not numbers", "nan"]),
    Bad("labels for numbers", CLOCK, "  actors.upland.clock_days: {values: {short: 20}}", ["not numbers", "a list of numbers"]),
    Bad("values that are no list", CLOCK, "  actors.upland.clock_days: {values: 20}", ["values: not what belongs here", "a list, or a mapping of keys"]),
    Bad("no values", CLOCK, "  actors.upland.clock_days: {values: []}", ["values", "at least 1"]),
    Bad("the same value twice", CLOCK, "  actors.upland.clock_days: {values: [20, 30, 20]}", ["the same value twice", "20", "each value once"]),
    Bad("the same label twice", "[builder, hegemon]", "[1, \"1\"]", ["the same value twice", "'1'"], line="  actors.upland.true_type"),
    Bad("range and values", "{range: [40, 80]}", "{range: [40, 80], values: [50]}", ["range and values together"], line="  actors.lowland"),
    Bad("no number and no values", "{values: [builder, hegemon]}", "{}", ["sweep.actors.upland.true_type: this is no number", "values: what may stand there"], line="  actors.upland.true_type"),
    Bad("range of words", "{values: [builder, hegemon]}", "{range: [0, 1]}", ["sweep.actors.upland.true_type: this is no number"], line="  actors.upland.true_type"),
    Bad("structures without labels", CLOCK, "  calendar.sessions: {values: [[{forum: capital, date: 2030-03-01}]]}", ["calendar.sessions.values: no labels", "label: what stands there"], alone=True),
    Bad("own range of one number", CLOCK, "  actors.upland.audience.cost: {}", ["sweep.actors.upland.audience.cost: the scenario's own range is a single number", "range: [lowest, highest]"], alone=True),
    Bad("one factor inside another", CLOCK, "  actors.upland.tactic: {values: {hard: {kind: ultimatum}}}\n  actors.upland.tactic.beta: {}",
        ["sweep.actors.upland.tactic.beta: it is part of another factor", "actors.upland.tactic"], line="  actors.upland.tactic.beta", alone=True),
    Bad("value that a scenario refuses", "[builder, hegemon]", "[builder, hegemony]", ["river_dam with actors.upland.true_type=hegemony", "no such type", "nearest: hegemon"], line=""),
    Bad("tactic that does not fit its beta", CLOCK, "  actors.upland.tactic.kind: {values: [boulware, conceder]}",
        ["river_dam with actors.upland.tactic.kind=conceder", "beta does not fit the tactic", "above 1 for conceder"], line="", alone=True),
    Bad("beta that does not fit its tactic", CLOCK, "  actors.upland.tactic.beta: {range: [0.5, 2]}", ["sweep.actors.upland.tactic.beta: beta does not fit the tactic", "below 1 for boulware"], alone=True),
    # design
    Bad("unknown kind", GRID, "design: {kind: gird}", ["design.kind", "'gird'", "nearest: grid"]),
    Bad("no kind", GRID, "design: {n: 4}", ["design.kind: this key is missing"]),
    Bad("missing n", GRID, "design: {kind: sobol}", ["design: the design is incomplete", "sobol without n"]),
    Bad("missing points", GRID, "design: {kind: list}", ["list without points"]),
    Bad("n no power of 2", GRID, "design: {kind: saltelli, n: 100}", ["design: n is no power of 2", "100", "2, 4, 8"]),
    Bad("n of a grid", GRID, "design: {kind: grid, n: 4}", ["the design does not use this", "n with grid"]),
    Bad("levels of a sample", GRID, "design: {kind: sobol, n: 4, levels: 3}", ["levels with sobol"]),
    Bad("second order of a grid", GRID, "design: {kind: grid, second_order: true}", ["second_order with grid"]),
    Bad("odd levels of morris", GRID, "design: {kind: morris, n: 4, levels: 5}", ["an even number of levels", "found:   5"]),
    Bad("one level", GRID, "design: {kind: grid, levels: 1}", ["design.levels", "at least 2"]),
    Bad("yes for n", GRID, "design: {kind: latin_hypercube, n: yes}", ["design.n", "True", "a whole number"]),
    Bad("no points", GRID, "design: {kind: list, points: []}", ["design.points", "at least 1"]),
    Bad("point that is not swept", GRID, "design: {kind: list, points: [{actors.upland.clock_day: 30}]}", ["design.points.0: this is not swept", "nearest: actors.upland.clock_days"]),
    Bad("label that does not exist", GRID, "design: {kind: list, points: [{actors.upland.true_type: bilder}]}", ["design.points.0.actors.upland.true_type", "'bilder'", "builder, hegemon", "nearest: builder"]),
    Bad("word at a number", GRID, "design: {kind: list, points: [{actors.upland.clock_days: soon}]}", ["design.points.0.actors.upland.clock_days", "'soon'", "a number"]),
    Bad("yes at a number", GRID, "design: {kind: list, points: [{actors.upland.clock_days: yes}]}", ["design.points.0.actors.upland.clock_days", "True", "a number"]),
    Bad("point outside of its range", GRID, "design: {kind: list, points: [{actors.lowland.clock_days: 90}]}", ["design.points.0.actors.lowland.clock_days", "90", "from 40 to 80"]),
    Bad("grid too large", GRID, "design: {kind: grid, levels: 1000}", ["design: too many points", "2,000,000", "at most 1,000,000"]),
    Bad("sample too large", GRID, "design: {kind: latin_hypercube, n: 1000000000000}", ["design: too many points", "1,000,000,000,000"]),
    Bad("nothing swept", SWEPT, "", ["design: nothing is swept", "grid"], line=GRID, alone=True),
    # constraints
    Bad("constraint nobody meets", "<, actors.lowland.clock_days]", "<, 10]", ["constraints: no point of the design meets them", "actors.upland.clock_days < 10"], line="constraints:"),
    Bad("constraint that no sample meets", f"{GRID}\n{CONSTRAINTS}", "design: {kind: sobol, n: 4}\nconstraints: [[actors.upland.clock_days, '>', 60]]\n", ["no point of the design meets them"], line="constraints:"),
    Bad("unknown path in a constraint", "<, actors.lowland.clock_days]", "<, actors.lowland.clock_day]", ["constraints.0: no swept number has this path", "nearest: actors.lowland.clock_days"], line="  - ["),
    Bad("constraint on a word", "<, actors.lowland.clock_days]", "<, actors.upland.true_type]", ["constraints.0: no swept number has this path"], line="  - ["),
    Bad("constraint that is none", "<, actors.lowland.clock_days]", "==, actors.lowland.clock_days]", ["constraints.0.1", "'=='", "<, <=, >, >="], line="  - ["),
    Bad("constraint with not a number", "<, actors.lowland.clock_days]", "<, .nan]", ["constraints.0.2", "nan", "a finite number"], line="  - ["),
    Bad("constraint of a saltelli design", GRID, "design: {kind: saltelli, n: 4}", ["constraints: the points of this design belong together", "saltelli"], line="constraints:"),
    Bad("constraint of a morris design", GRID, "design: {kind: morris, n: 4}", ["constraints: the points of this design belong together", "morris"], line="constraints:"),
    # replications and the rest
    Bad("no replications", "replications: 5", "replications: 0", ["replications", "found:   0", "at least 1"]),
    Bad("yes for replications", "replications: 5", "replications: yes", ["replications", "True", "a whole number"]),
    Bad("more worlds than a point has", "replications: 5", "replications: 100000000000", ["replications", "at most 16777216"]),
    Bad("too many runs", f"{GRID}\n{CONSTRAINTS}replications: 5", "design: {kind: grid, levels: 250}\nreplications: 16000000", ["replications: too many runs", "2,000,000,000,000", "below 1,000,000,000,000"], line="replications"),
    Bad("first above most", "replications: 5", "replications: {until: 0.1, first: 100, most: 50}", ["replications.first: first lies above most", "100 and 50"]),
    Bad("intervals of no width", "replications: 5", "replications: {until: 0}", ["replications.until", "a number above 0"]),
    Bad("no width", "replications: 5", "replications: {first: 10}", ["replications.until: this key is missing"]),
    Bad("traces above 1", "replications: 5", "replications: 5\ntraces: 1.5", ["traces", "1.5", "at most 1"], line="traces"),
    Bad("yes for traces", "replications: 5", "replications: 5\ntraces: yes", ["traces", "True", "a number"], line="traces"),
    Bad("other worlds", "replications: 5", "replications: 5\nworlds: comon", ["worlds", "'comon'", "nearest: common"], line="worlds"),
    Bad("seed below 0", "replications: 5", "replications: 5\nseed: -1", ["seed", "-1", "at least 0"], line="seed"),
    Bad("name with capitals", "name: dam", "name: The Dam", ["name", "'The Dam'", "lower-case letters"]),
]
# fmt: on


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The message of a sweep that must end as bad input, having written nothing."""
    before = {path: path.stat().st_mtime_ns for path in sorted(Path().rglob("*"))}
    assert launch("sweep", arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    for noise in NOISE:
        assert noise not in err
    assert "found:" in err
    assert "allowed:" in err
    assert {path: path.stat().st_mtime_ns for path in sorted(Path().rglob("*"))} == before
    return err


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_bad_experiment_is_told_by_file_line_and_key(
    bad: Bad, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(designs, "MOST_TRIED", 2**12)  # else four million points, where none will do
    Path("dam.yaml").write_text(bad.text, encoding="utf-8")
    message = refusal(capsys, "experiment=dam.yaml", "out=new", "workers=1")
    for fragment in bad.says:
        assert fragment in message
    if bad.line != "":
        assert bad.where in message


def test_the_experiment_that_is_spoilt_here_is_good(capsys: pytest.CaptureFixture[str]) -> None:
    Path("dam.yaml").write_text(GOOD, encoding="utf-8")
    assert launch("sweep", ["experiment=dam.yaml", "workers=1", "dry_run=true"]) == 0
    out, err = capsys.readouterr()
    assert "30 runs: 6 design points" in out  # of 2 x 2 x 2, one pair of clocks meets no constraint
    assert err == ""
    assert [path.name for path in Path().iterdir()] == ["dam.yaml"]


@dataclass(frozen=True)
class BadCommand:
    """A command that must be refused; `says` is what its message must contain."""

    name: str
    command: str
    says: Sequence[str]


# fmt: off
BAD_COMMANDS = [
    BadCommand("no experiment", "out=new", ["experiment: no such experiment", "allied_unity", "or the path of a folder"]),
    BadCommand("unknown experiment", "experiment=alied_unity", ["experiment: no such experiment", "'alied_unity'", "nearest: allied_unity"]),
    BadCommand("folder without a sweep", "experiment=folder", ["experiment: no such experiment", "with a sweep.yaml"]),
    BadCommand("one of several unknown", "--multirun experiment=dam.yaml,alied_unity out=new", ["'alied_unity'", "nearest: allied_unity"]),
    BadCommand("unknown engine", "experiment=dam.yaml engine=dusk", ["engine: not one of the allowed words", "'dusk'", "nearest: dask"]),
    BadCommand("no workers", "experiment=dam.yaml workers=0", ["workers", "found:   0", "at least 1"]),
    BadCommand("yes for workers", "experiment=dam.yaml workers=yes", ["workers", "a whole number"]),
    BadCommand("too many workers", "experiment=dam.yaml workers=2000", ["workers", "found:   2000", "at most 1024"]),
    BadCommand("no chunk", "experiment=dam.yaml chunk=0", ["chunk", "found:   0", "at least 1"]),
    BadCommand("unknown option", "experiment=dam.yaml wrkers=2", ["wrkers: no such key", "nearest: workers"]),
    BadCommand("out is a file", "experiment=dam.yaml out=file", ["out: results cannot go there", "file is a file", "a new or an empty folder"]),
    BadCommand("out lies in a file", "experiment=dam.yaml out=file/new", ["out: results cannot go there", "file is a file"]),
    BadCommand("out holds something else", "experiment=dam.yaml out=folder", ["out: the folder holds something else", "folder", "a new or an empty folder"]),
    BadCommand("no out", "experiment=dam.yaml out=''", ["out"]),
    BadCommand("override of a bad number", "experiment=dam.yaml experiment.replications=0", ["override experiment.replications=0: replications", "at least 1"]),
    BadCommand("override of an unknown key", "experiment=dam.yaml experiment.replicatons=7", ["experiment.replicatons: no such key", "nearest: replications"]),
    BadCommand("override of a scenario", "experiment=dam.yaml experiment.scenarios=[river_dan]", ["no such scenario", "'river_dan'", "nearest: river_dam"]),
    BadCommand("override of a part", "experiment=dam.yaml experiment.design.kind=sobol +experiment.design.n=3", ["override +experiment.design.n=3: design: ", "dam.yaml" ]),
    BadCommand("one of several jobs bad", "--multirun experiment=dam.yaml experiment.replications=5,0 out=new", ["experiment.replications=0: replications", "at least 1"]),
    BadCommand("more runs than the disk holds", "experiment=dam.yaml experiment.design.levels=150 experiment.replications=16000000 out=new",
               ["replications: there is no room for so many runs", "runs need about", "GB, which are free"]),
]
# fmt: on


@pytest.mark.parametrize("bad", BAD_COMMANDS, ids=lambda bad: bad.name)
def test_a_bad_command_is_told_by_key(bad: BadCommand, capsys: pytest.CaptureFixture[str]) -> None:
    Path("dam.yaml").write_text(GOOD, encoding="utf-8")
    Path("file").write_text("mine", encoding="utf-8")
    Path("folder").mkdir()
    Path("folder/mine.txt").write_text("mine", encoding="utf-8")
    message = refusal(capsys, *bad.command.split())
    for fragment in bad.says:
        assert fragment in message


def test_experiments_of_one_folder_are_not_taken_for_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    Path("one.yaml").write_text(GOOD.replace("What decides", "Once, what decides"), encoding="utf-8")
    Path("two.yaml").write_text(GOOD.replace("What decides", "Twice, what decides"), encoding="utf-8")
    assert launch("sweep", ["--multirun", "experiment=one.yaml,two.yaml", "out=both", "dry_run=true"]) == 0
    out = capsys.readouterr().out
    assert "Once, what decides" in out
    assert "Twice, what decides" in out


def test_the_command_to_go_on_with_is_the_one_that_was_typed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("negotiation_sim.commands.sweep.drive", interrupted)
    Path("my dam").mkdir()
    Path("my dam/sweep.yaml").write_text(GOOD, encoding="utf-8")
    assert launch("sweep", ["experiment=my dam", "workers=1", "out=new"]) == 130
    assert "negsim sweep 'experiment=my dam' workers=1 out=new\n" in capsys.readouterr().err
