"""Bad input ends with a message in words, exit code 2, and nothing written."""
# ruff: noqa: E501 (tables)

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from negotiation_sim.commands.launch import launch

BORDER = (Path(__file__).parent / "bad" / "border.yaml").read_text(encoding="utf-8")
NEGSIM = [sys.executable, "-m", "negotiation_sim.cli"]
NOISE = (
    "Traceback",
    "Error executing job",
    "HYDRA_FULL_ERROR",
    "pydantic",
    "omegaconf",
    "See https",
    "Warning",
)
PARAMETER = "{value: 1.0, range: [0.0, 2.0], assumption: made up}"


@dataclass(frozen=True)
class Bad:
    """One way to spoil a scenario.

    Attributes:
        name: what is wrong, in short.
        old, new: the text in `bad/border.yaml` that is replaced; `new` alone is a whole file.
        says: what the message must contain.
        at: text whose line the message must name: the spoilt text itself if left out; none for the whole file.
    """

    name: str
    old: str
    new: str
    says: Sequence[str]
    at: str | None = None

    @property
    def text(self) -> str:
        if not self.old:
            return self.new
        assert BORDER.count(self.old) == 1, f"{self.old!r} must stand once in border.yaml"
        return BORDER.replace(self.old, self.new)

    @property
    def where(self) -> str:
        if self.at == "":
            return "spoilt.yaml: the file: "
        place = self.at or self.new
        assert self.text.count(place) == 1, f"{place!r} must stand once in the spoilt file"
        line = self.text[: self.text.index(place)].count("\n") + 1
        return f"spoilt.yaml:{line}: "


# fmt: off
BAD_FILES = [
    # the file
    Bad("syntax error", "  setter: friend", "  setter: [friend", ["not valid YAML", "flow sequence"], at="  quota: all"),
    Bad("tab", "  setter: friend", "\tsetter: friend", ["not valid YAML", "a tab character"]),
    Bad("duplicate key", "quota: all", "quota: all\n  quota: 2", ["the key 'quota' is given twice"], at="  quota: 2"),
    Bad("list", "", "- a\n- b\n", ["not a scenario", "a list", "a mapping of keys"], at=""),
    Bad("empty", "", "# nothing yet\n", ["not a scenario", "an empty file", "a mapping of keys"], at=""),
    Bad("text", "", "Dear Sir\n", ["not a scenario", "a str", "a mapping of keys"], at=""),
    Bad("key that is a list", "habituation: {", "[a, b]: 3\nhabituation: {", ["not valid YAML", "a key is not a word"],
        at="[a, b]"),
    Bad("code in YAML", "title: A border dispute", "title: !!python/object:os.system {}", ["not valid YAML"]),
    Bad("part within itself", "title: A border dispute", "title: &a [*a]", ["contains itself"], at=""),
    Bad("broken interpolation", "title: A border dispute", "title: ${actors", ["Hydra refuses this", "${actors"], at=""),
    # parents
    Bad("unknown parent", "", "defaults: [january_2020, _self_]\nname: x\n",
        ["defaults.0: no such parent", "january_2020", "river_dam", "nearest: january_2022"], at="defaults"),
    Bad("no _self_", "", "name: x\ndefaults: [river_dam]\n",
        ["defaults: not a list of parents", "['river_dam']", "[parent, _self_]"], at="defaults"),
    Bad("defaults that are no list", "", "name: x\ndefaults: river_dam\n", ["defaults: not a list of parents"], at="defaults"),
    Bad("its own parent", "", "defaults: [spoilt, _self_]\nname: x\n", ["a scenario cannot be its own parent", "spoilt"],
        at="defaults"),
    # keys
    Bad("misspelt top-level key", "actors:\n", "aktors:\n",
        ["aktors: no such key", "found:   'aktors'", "allowed: name, title", "nearest: actors"]),
    Bad("misspelt nested key", "weights: {status: {value: -0.8", "wieghts: {status: {value: -0.8",
        ["actors.friend.wieghts: no such key", "reservation", "nearest: weights"]),
    Bad("misspelt key in a parameter", "habituation: {value: 0.2", "habituation: {vlaue: 0.2",
        ["habituation.vlaue: no such key", "value, range, evidence, assumption", "nearest: value"], at="habituation"),
    Bad("missing top-level key", "title: A border dispute\n", "", ["title: this key is missing", "a value for title"], at="# A whole"),
    Bad("missing nested key", "    name: Friend\n", "",
        ["actors.friend.name: this key is missing", "found:   nothing"], at="  friend:\n"),
    Bad("key with capitals", "    near:\n", "    Near-East:\n",
        ["alliance.clusters.Near-East", "lower-case letters, digits and underscores"]),
    Bad("number for a mapping", "    attack:\n      success: {value: 0.5, range: [0.2, 0.8], assumption: made up}\n"
        "      cost: {value: 0.6, range: [0.3, 0.9], assumption: made up}\n", "    attack: 5\n",
        ["actors.big.attack", "found:   5", "allowed: a mapping of keys"]),
    # parameters
    Bad("bare number", "clock_days: {value: 30, range: [20, 40], assumption: made up}", "clock_days: 30",
        ["actors.big.clock_days: a parameter needs value, range and evidence or assumption", "found:   30",
         "{value: 30, range: [low, high], assumption: why}"]),
    Bad("list for a parameter", "clock_days: {value: 30, range: [20, 40], assumption: made up}", "clock_days: [20, 40]",
        ["actors.big.clock_days", "[20, 40]", "{value: number, range: [low, high], assumption: why}"]),
    Bad("range backwards", "range: [20, 40]", "range: [40, 20]",
        ["actors.big.clock_days: the range runs backwards", "[40.0, 20.0]", "[lowest, highest]"]),
    Bad("range of one number", "range: [20, 40]", "range: [20]", ["actors.big.clock_days.range.1: this key is missing"]),
    Bad("value outside range", "value: 30, range", "value: 50, range",
        ["actors.big.clock_days: the value lies outside its own range", "50.0", "a value from 20 to 40"]),
    Bad("share above 1", "habituation: {value: 0.2, range: [0.0, 0.4]", "habituation: {value: 0.2, range: [0.0, 1.4]",
        ["habituation: the range leaves what the model allows", "[0.0, 1.4]", "at least 0 and at most 1"]),
    Bad("negative cost", "cost: {value: 0.6, range: [0.3", "cost: {value: 0.6, range: [-0.3",
        ["actors.big.attack.cost", "[-0.3, 0.9]", "a range at least 0"]),
    Bad("clock at zero", "range: [20, 40]", "range: [0, 40]", ["actors.big.clock_days", "[0.0, 40.0]", "a range above 0"]),
    Bad("not a number", "value: 30, range", "value: .nan, range",
        ["actors.big.clock_days.value", "nan", "a finite number"]),
    Bad("infinity", "range: [20, 40]", "range: [20, .inf]", ["actors.big.clock_days.range.1", "inf", "a finite number"]),
    Bad("text for a number", "value: 30, range", "value: soon, range", ["actors.big.clock_days.value", "'soon'", "a number"]),
    Bad("yes for a number", "value: 30, range", "value: yes, range", ["actors.big.clock_days.value", "True", "a number"]),
    Bad("yes for a whole number", "horizon_days: 30", "horizon_days: yes", ["calendar.horizon_days", "True", "a whole number"]),
    Bad("yes for a level", "levels: {status: 2, patrols: 4}", "levels: {status: yes, patrols: 4}",
        ["actors.big.offers.bundles.whole.levels.status", "True", "a whole number"]),
    Bad("yes for a quota", "quota: all", "quota: yes", ["alliance.quota", "True", "a whole number"]),
    Bad("no source", "range: [20, 40], assumption: made up", "range: [20, 40]",
        ["actors.big.clock_days: a parameter must say where it comes from", "neither", "evidence: [finding ids]"]),
    Bad("unknown finding", "evidence: [E001]", "evidence: [E0001]",
        ["actors.big.weights.status.evidence: no such finding", "'E0001'", "E001, E002", "nearest: E001"]),
    # issues
    Bad("sizes of the wrong length", "sizes: [0.0, 0.4, 1.0]", "sizes: [0.0, 1.0]",
        ["issues.status: the sizes of the levels do not fit", "[0.0, 1.0]", "3 rising numbers from 0 to 1"], at="  status:\n    title"),
    Bad("levels that are neither", "levels: {top: 4, unit: patrols a week}", "levels: four",
        ["issues.patrols.levels", "'four'", "a list, or a mapping of keys"]),
    Bad("no levels on a scale", "levels: {top: 4, unit: patrols a week}", "levels: {top: 0, unit: patrols a week}",
        ["issues.patrols.levels.top", "found:   0", "at least 1"]),
    Bad("unknown side", "given_by: both", "given_by: bothh",
        ["issues.patrols.given_by", "'bothh'", "challenger, defender, both", "nearest: both"]),
    Bad("consent of an unknown party", "consent: [big, friend, league]", "consent: [big, friend, legaue]",
        ["issues.status.consent: no such party", "'legaue'", "big, friend, league", "nearest: league"]),
    Bad("unknown issue in weights", "patrols: {value: 0.2", "patrol: {value: 0.2",
        ["actors.big.weights.patrol: no such issue", "status, patrols, trade", "nearest: patrols"]),
    Bad("unknown issue in a type's weights", "weights: {patrols: {", "weights: {patrons: {",
        ["actors.big.types.idle.weights.patrons: no such issue", "nearest: patrols"]),
    Bad("unknown issue in red lines", "      patrols:\n        low", "      petrols:\n        low",
        ["actors.friend.red_lines.petrols: no such issue", "nearest: patrols"], at="      petrols:"),
    Bad("unknown issue in an ally's red lines", "red_lines: {status: {high", "red_lines: {statos: {high",
        ["alliance.clusters.far.members.west.red_lines.statos: no such issue", "nearest: status"]),
    Bad("unknown issue in a bundle", "levels: {status: 2, patrols: 4}", "levels: {status: 2, patrols: 4, tade: 1}",
        ["actors.big.offers.bundles.whole.levels.tade: no such issue", "nearest: trade"]),
    Bad("unknown issue in generate", "generate: {patrols: [0, 2]}", "generate: {petrols: [0, 2]}",
        ["actors.big.offers.generate.petrols: no such issue", "nearest: patrols"]),
    Bad("unknown issue on an agenda", "agenda: [status, patrols]", "agenda: [statuts, patrols]",
        ["forums.hotel.agenda: no such issue", "'statuts'", "nearest: status"]),
    Bad("unknown issue in a fact", "    issue: patrols\n", "    issue: patrol\n",
        ["facts.no_patrols.issue: no such active issue", "nearest: patrols"]),
    Bad("fact on an issue that is switched off", "    issue: patrols\n", "    issue: trade\n",
        ["facts.no_patrols.issue: no such active issue", "'trade'", "status, patrols"]),
    Bad("unknown issue of the withdrawal", "withdrawal: {issue: patrols", "withdrawal: {issue: patrol",
        ["ending.withdrawal: no such issue", "'patrol'", "nearest: patrols"]),
    Bad("level above the top", "levels: {status: 2, patrols: 4}", "levels: {status: 3, patrols: 4}",
        ["actors.big.offers.bundles.whole.levels.status: the issue has no such level", "found:   3", "0 to 2"]),
    Bad("level above the top in generate", "generate: {patrols: [0, 2]}", "generate: {patrols: [0, 5]}",
        ["actors.big.offers.generate.patrols", "found:   5", "0 to 4"]),
    Bad("generate that is no list", "generate: {patrols: all}", "generate: {patrols: al}",
        ["actors.friend.offers.generate.patrols", "'al'", "a list", "all", "nearest: all"]),
    Bad("core bundle that leaves out a base issue", "levels: {status: 2, patrols: 4}", "levels: {status: 2}",
        ["actors.big.offers.bundles.whole.levels", "it must name every base issue", "no level for patrols"]),
    # red lines and tactics
    Bad("soft red line without a price", "        price: {value: 0.1, range: [0.0, 0.2], assumption: made up}\n", "",
        ["actors.friend.red_lines.patrols: a soft red line needs a price", "price: parameter"], at="      patrols:\n        low"),
    Bad("red line without a bound", "        low: {value: 0.0, range: [0.0, 1.0], assumption: made up}\n", "",
        ["actors.friend.red_lines.patrols: the red line has no bound", "low or high"], at="      patrols:\n        hard"),
    Bad("red line above the top", "low: {value: 0.0, range: [0.0, 1.0]", "low: {value: 0.0, range: [0.0, 6.0]",
        ["actors.friend.red_lines.patrols.low: the line lies above the issue's top level", "found:   6", "0 to 4"]),
    Bad("beta that does not fit", "kind: boulware", "kind: conceder",
        ["actors.big.tactic: beta does not fit the tactic", "conceder with beta [0.3, 0.8]", "above 1 for conceder"]),
    Bad("unknown tactic", "kind: boulware", "kind: bolware",
        ["actors.big.tactic.kind", "'bolware'", "boulware, linear, conceder", "nearest: boulware"]),
    # actors
    Bad("no defender", "role: defender", "role: protege", ["actors: a crisis has one defender", "found:   0", "exactly one"],
        at="actors:\n"),
    Bad("two challengers", "role: defender", "role: challenger\n    types: {only: {label: o, prior: " + PARAMETER + "}}",
        ["actors: a crisis has one challenger", "2 (big, friend)", "exactly one actor with role: challenger"], at="actors:\n"),
    Bad("unknown role", "role: defender", "role: defendre",
        ["actors.friend.role: no such role", "defendre", "challenger, defender, protege", "nearest: defender"]),
    Bad("no role", "    role: defender\n", "", ["actors.friend.role: no such role", "nothing"], at="  friend:\n"),
    Bad("unknown true type", "true_type: keen", "true_type: keem",
        ["actors.big.true_type: no such type", "'keem'", "keen, idle", "nearest: keen"]),
    Bad("key of another role", "role: defender", "role: defender\n    attack: {}",
        ["actors.friend.attack: no such key", "and 6 more"], at="    attack: {}"),
    # the alliance
    Bad("quota above the number of allies", "quota: all", "quota: 5",
        ["alliance.quota: there are fewer allies than that", "found:   5", "all, or 1 to 4"]),
    Bad("quota that is a word", "quota: all", "quota: most", ["alliance.quota", "'most'", "all", "a whole number"]),
    Bad("ally named twice", "west: {name: West", "north: {name: West",
        ["alliance.clusters.far.members.north: this name is already taken", "alliance.clusters.near"]),
    Bad("unknown setter", "setter: friend", "setter: freind",
        ["alliance.setter: no such actor", "'freind'", "nearest: friend"]),
    Bad("setter on the other side", "setter: friend", "setter: big", ["alliance.setter", "'big'", "allowed: friend"]),
    Bad("cluster named like an actor", "    near:\n      title", "    friend:\n      title",
        ["alliance.clusters.friend: this name is taken by an actor"], at="    friend:\n      title"),
    Bad("alliance named like an actor", "key: league", "key: friend", ["alliance.key: this name is taken by an actor"]),
    # ladders
    Bad("peace above war", "    raid:\n      label: raids\n", "    raid:\n      label: raids\n      war: true\n"
        "    truce: {label: a truce}\n    raid_again:\n      label: more raids\n      war: true\n",
        ["ladders.challenger.truce.war", "truce above raid", "war: true on every rung above"], at="    truce:"),
    Bad("requires an unknown rung", "requires: raid", "requires: riad",
        ["ladders.defender.fence.requires: no such challenger's rung", "'riad'", "calm, raid, invade", "nearest: raid"]),
    Bad("starts on an unknown rung", "start: {challenger: calm}", "start: {challenger: clam}",
        ["ladders.start.challenger: no such rung", "'clam'", "nearest: calm"]),
    # the calendar, forums and injects
    Bad("bad date", "start: 2031-05-01", "start: 2031-13-01", ["calendar.start", "'2031-13-01'", "a date such as 2022-01-10"]),
    Bad("word for a date", "start: 2031-05-01", "start: in May", ["calendar.start", "'in May'", "a date such as 2022-01-10"]),
    Bad("number for a date", "start: 2031-05-01", "start: 20310501", ["calendar.start", "20310501", "a date such as 2022-01-10"]),
    Bad("week longer than its sessions", "week_sessions: 2", "week_sessions: 3",
        ["calendar.week_sessions: the documented week has more sessions than are dated", "found:   3", "1 to 2"]),
    Bad("session before the start", "date: 2031-05-02", "date: 2031-04-02",
        ["calendar.sessions.0.date: the session lies before the start", "2031-04-02", "2031-05-01 or later"]),
    Bad("horizon before the first session", "start: 2031-05-01", "start: 2031-01-01",
        ["calendar.horizon_days: every session lies beyond the horizon", "found:   30"], at="  horizon_days"),
    Bad("no session at all", "    - {forum: hotel, date: 2031-05-02}\n    - {forum: palace, date: 2031-05-05}\n", "",
        ["calendar.sessions", "a list"], at="  sessions:"),
    Bad("unknown forum in the calendar", "{forum: hotel,", "{forum: hostel,",
        ["calendar.sessions.0.forum: no such forum", "'hostel'", "hotel, palace", "nearest: hotel"]),
    Bad("unknown forum in the cycle", "cycle: [hotel]", "cycle: [hostel]",
        ["calendar.follow_on.cycle: no such forum", "nearest: hotel"]),
    Bad("proposer who does not sit there", "proposers: [big, friend]", "proposers: [big, league]",
        ["forums.hotel.proposers: no such participant of this forum", "'league'", "big, friend"]),
    Bad("bound by one who does not sit there", "binds: [big, friend]", "binds: [friend, league]",
        ["forums.hotel.binds: no such participant of this forum", "'league'", "big, friend"]),
    Bad("unknown participant", "participants: [big, friend, league]", "participants: [big, friend, leage, league]",
        ["forums.palace.participants: no such party", "'leage'", "nearest: league"]),
    Bad("participant named twice", "participants: [big, friend]", "participants: [big, friend, big]",
        ["forums.hotel.participants: the same name twice", "'big'", "each name once"]),
    Bad("consent asked twice", "consent: [big, friend]", "consent: [big, friend, friend]",
        ["issues.patrols.consent: the same name twice", "'friend'"]),
    Bad("inject before the start", "date: 2031-05-10", "date: 2031-04-10",
        ["injects.storm.date: the inject lies before the start", "2031-04-10", "2031-05-01 or later"]),
    Bad("inject on an unknown cluster", "reservation: {near:", "reservation: {neer:",
        ["injects.storm.effects.reservation: no such actor or cluster", "'neer'", "near, far", "nearest: near"]),
    # facts
    Bad("fact without a bound", "    measure: rung\n    after_round: 1\n    at_most: 0\n", "    measure: rung\n    after_round: 1\n",
        ["facts.calm_so_far: the fact says nothing", "at_least or at_most"], at="  calm_so_far:"),
    Bad("fact with a bound that is no number", "    measure: rung\n", "    measure: rung\n    at_least: .nan\n",
        ["facts.calm_so_far.at_least", "nan", "a finite number"], at="    at_least"),
    Bad("fact with bounds crossed", "    measure: rung\n", "    measure: rung\n    at_least: 2\n",
        ["facts.calm_so_far.at_least: nothing lies within the bounds", "at_least 2, at_most 0"], at="    at_least"),
    Bad("fact with an unknown measure", "measure: rung", "measure: rungs",
        ["facts.calm_so_far.measure", "'rungs'", "nearest: rung"]),
    Bad("fact on a level of no issue", "    issue: patrols\n", "", ["facts.no_patrols: issue goes with measure: level"],
        at="  no_patrols:"),
]
# fmt: on


def bad_input(capsys: pytest.CaptureFixture[str], verb: str, *arguments: str) -> str:
    """The message of a command that must end as bad input, having written nothing."""
    before = sorted(Path().rglob("*"))
    assert launch(verb, arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    for noise in NOISE:
        assert noise not in err
    assert sorted(Path().rglob("*")) == before
    return err


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda bad: bad.name)
def test_a_bad_scenario_file_is_told_by_file_line_and_key(
    bad: Bad, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("spoilt.yaml").write_text(bad.text, encoding="utf-8")
    message = bad_input(capsys, "check", "scenario=spoilt.yaml")
    assert bad.where in message
    for fragment in bad.says:
        assert fragment in message


@dataclass(frozen=True)
class BadCommand:
    """A command that is bad input, in a folder with a valid `border.yaml` and files that are no scenario."""

    name: str
    command: str
    says: Sequence[str]


# fmt: off
BAD_COMMANDS = [
    # which scenario
    BadCommand("misspelt scenario", "run scenario=rivver_dam",
               ["scenario: no such scenario", "'rivver_dam'", "january_2022", "the path of a YAML file", "nearest: river_dam"]),
    BadCommand("misspelt scenario among several", "run --multirun scenario=river_dam,january_2202 out=new",
               ["no such scenario", "'january_2202'", "nearest: january_2022"]),
    BadCommand("scenario without its ending", "check scenario=border", ["no such scenario", "nearest: border.yaml"]),
    BadCommand("no scenario", "check scenario=", ["scenario: no such scenario", "''"]),
    BadCommand("scenario taken away", "check ~scenario", ["scenario: no such scenario", "january_2022"]),
    BadCommand("no such file", "check scenario=bordr.yaml", ["scenario: no such file", "'bordr.yaml'", "nearest: border.yaml"]),
    BadCommand("no such folder", "check scenario=elsewhere/border.yaml", ["scenario: no such file", "elsewhere/border.yaml"]),
    BadCommand("folder", "check scenario=folder/", ["this is a folder, not a file", "'folder/'", "the path of a YAML file"]),
    BadCommand("folder by its whole path", "check scenario={cwd}", ["this is a folder, not a file", "border.yaml"]),
    BadCommand("not text", "check scenario=binary.yaml", ["binary.yaml: the file: this is not text", "a text file in UTF-8"]),
    BadCommand("control characters", "check scenario=control.yaml", ["control.yaml: the file: this is not valid YAML"]),
    BadCommand("several scenarios, not a multirun", "run scenario=river_dam,vague_refusal",
               ["scenario: several values", "--multirun"]),
    BadCommand("folder to search that is not there", "check --config-dir nowhere scenario=mine",
               ["--config-dir", "no such folder", "'nowhere'"]),
    BadCommand("search path that is not there", "check hydra.searchpath=[file://nowhere] scenario=mine",
               ["hydra.searchpath", "no such folder", "'nowhere'"]),
    BadCommand("package that is not there", "check hydra.searchpath=[pkg://nowhere] scenario=river_dam",
               ["nowhere", "is not available"]),
    # options
    BadCommand("unknown option", "run scenario=river_dam wrlds=5",
               ["wrlds: no such key", "worlds, seed, parameters, rounds, out, scenario", "nearest: worlds"]),
    BadCommand("option of another verb", "check scenario=river_dam worlds=5", ["worlds: no such key", "allowed: scenario"]),
    BadCommand("no worlds", "run scenario=river_dam worlds=0", ["options of negsim run", "worlds", "found:   0", "at least 1"]),
    BadCommand("worlds below 0", "run scenario=river_dam worlds=-1", ["worlds", "found:   -1", "at least 1"]),
    BadCommand("too many worlds", "run scenario=river_dam worlds=10000001", ["worlds", "10000001", "at most 10000000"]),
    BadCommand("worlds in a word", "run scenario=river_dam worlds=abc", ["worlds", "'abc'", "a whole number"]),
    BadCommand("half a world", "run scenario=river_dam worlds=1.5", ["worlds", "1.5", "a whole number"]),
    BadCommand("worlds as a switch", "run scenario=river_dam worlds=true", ["worlds", "True", "a whole number"]),
    BadCommand("several bad options", "run scenario=river_dam worlds=x seed=-1", ["2 problems", "worlds", "seed", "at least 0"]),
    BadCommand("seed below 0", "trace scenario=river_dam seed=-1", ["seed", "found:   -1", "at least 0"]),
    BadCommand("unknown parameters", "run scenario=river_dam parameters=valeus",
               ["parameters", "'valeus'", "ranges, values", "nearest: values"]),
    BadCommand("world below 0", "trace scenario=river_dam world=-1", ["world", "found:   -1", "at least 0"]),
    BadCommand("out is a file", "run scenario=river_dam worlds=2 out=binary.yaml",
               ["out: results cannot go there", "binary.yaml is a file", "the path of a folder"]),
    BadCommand("out is below a file", "run scenario=river_dam worlds=2 out=binary.yaml/new",
               ["out: results cannot go there", "binary.yaml is a file"]),
    BadCommand("out is empty", "run scenario=river_dam worlds=2 out=", ["out", "''", "at least 1 character"]),
    BadCommand("several values, not a multirun", "run scenario=river_dam worlds=1,2",
               ["worlds: several values", "worlds=1,2", "--multirun"]),
    BadCommand("one bad job of several", "run --multirun scenario=river_dam worlds=2,0 out=new", ["worlds", "found:   0", "at least 1"]),
    BadCommand("several jobs into a file", "run --multirun scenario=river_dam worlds=2,3 out=binary.yaml",
               ["out: results cannot go there", "binary.yaml", "the path of a folder"]),
    BadCommand("several jobs into nothing", "run --multirun scenario=river_dam worlds=2,3 out=", ["out", "''"]),
    BadCommand("unknown actor", "evidence actor=Rusia", ["actor: no such actor", "'Rusia'", "NATO", "nearest: Russia"]),
    BadCommand("unknown issue", "evidence issue=membershp", ["issue: no such issue", "'membershp'", "nearest: membership"]),
    BadCommand("unknown parameter", "evidence parameter=actors.rusia",
               ["parameter: no such key below actors", "'rusia'", "russia, us, ukraine", "nearest: russia"]),
    # overrides
    BadCommand("override without a value", "run worlds", ["worlds: not an override", "name=value"]),
    BadCommand("override with two values", "run worlds=1=2", ["worlds=1=2: not an override", "name=value"]),
    BadCommand("override with a colon", "run worlds:5", ["worlds:5: not an override", "name=value"]),
    BadCommand("override of nothing", "run =5", ["Hydra refuses this", "see --help"]),
    BadCommand("unknown flag", "run --multirum scenario=river_dam", ["unrecognized arguments: --multirum", "nearest: --multirun"]),
    BadCommand("unknown choice of a flag", "run --cfg jobs scenario=river_dam", ["--cfg", "'jobs'", "'job', 'hydra', 'all'"]),
    BadCommand("flags that exclude each other", "run --cfg job --multirun scenario=river_dam", ["Only one of"]),
    BadCommand("unknown group", "run scenario=river_dam hydra/launcher=nope", ["hydra/launcher", "'nope'", "basic"]),
    BadCommand("unknown key of a scenario", "check scenario=border.yaml scenario.actors.bigg.clock_days.value=25",
               ["scenario.actors.bigg: no such key", "'bigg'", "big, friend", "nearest: big"]),
    BadCommand("unknown key in several jobs", "run --multirun scenario=border.yaml scenario.actors.bigg.name=a,b out=new",
               ["scenario.actors.bigg: no such key", "nearest: big"]),
    BadCommand("key that the scenario leaves out", "check scenario=border.yaml scenario.actors.big.reservation.value=25",
               ["scenario.actors.big.reservation: no such key", "put + before it"]),
    BadCommand("key below a number", "check scenario=border.yaml scenario.actors.big.clock_days.value.x=25", ["no such key", "'x'"]),
    BadCommand("key added twice", "check scenario=border.yaml +scenario.title=x", ["already at 'scenario.title'"]),
    BadCommand("key taken away that is not there", "check scenario=border.yaml ~scenario.titel", ["'scenario.titel' does not exist"]),
    BadCommand("needed key taken away", "check scenario=border.yaml ~scenario.title",
               ["override ~scenario.title: title: this key is missing"]),
    BadCommand("misspelt key added", "check scenario=border.yaml +scenario.actors.big.resrvation=1",
               ["override +scenario.actors.big.resrvation=1: actors.big.resrvation: no such key", "nearest: reservation"]),
    BadCommand("override out of bounds", "check scenario=border.yaml scenario.actors.big.clock_days.value=99",
               ["border.yaml:36 and override scenario.actors.big.clock_days.value=99: actors.big.clock_days: ",
                "99.0", "from 20 to 40"]),
    BadCommand("override of a whole parameter", "check scenario=border.yaml scenario.actors.big.clock_days=99",
               ["override scenario.actors.big.clock_days=99: actors.big.clock_days: a parameter needs value", "found:   99"]),
    BadCommand("override of what a part lies in", "check scenario=border.yaml scenario.forums.hotel.agenda=[statuts]",
               ["override scenario.forums.hotel.agenda=[statuts]: forums.hotel.agenda: no such issue", "nearest: status"]),
    BadCommand("override by another name", "check scenario=border.yaml scenario.title=${nothing}",
               ["scenario.title", "Interpolation key 'nothing' not found"]),
    BadCommand("override left open", "check scenario=border.yaml scenario.title=???", ["scenario.title", "Missing mandatory value"]),
    BadCommand("no active issue", "check scenario=border.yaml +scenario.issues.status.active=false +scenario.issues.patrols.active=false",
               ["issues: no issue is active", "active: true on one issue at least"]),
    BadCommand("no prior above 0", "check scenario=border.yaml scenario.actors.big.types.keen.prior.value=0 "
               "scenario.actors.big.types.keen.prior.range=[0,0] scenario.actors.big.types.idle.prior.value=0 "
               "scenario.actors.big.types.idle.prior.range=[0,0]",
               ["actors.big.types: no type has a prior above 0", "a positive prior"]),
]
# fmt: on


@pytest.mark.parametrize("bad", BAD_COMMANDS, ids=lambda bad: bad.name)
def test_a_bad_command_is_told_by_key(bad: BadCommand, capsys: pytest.CaptureFixture[str]) -> None:
    Path("border.yaml").write_text(BORDER, encoding="utf-8")
    Path("folder").mkdir()
    Path("binary.yaml").write_bytes(bytes(range(128, 256)))
    Path("control.yaml").write_bytes(b"title: \x00\x01\n")
    verb, *arguments = bad.command.replace("{cwd}", str(Path.cwd())).split()
    message = bad_input(capsys, verb, *arguments)
    for fragment in bad.says:
        assert fragment in message


def test_the_scenario_that_is_spoilt_here_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    Path("border.yaml").write_text(BORDER, encoding="utf-8")
    assert launch("check", ["scenario=border.yaml"]) == 0
    assert capsys.readouterr().err == ""


def variant(text: str) -> None:
    Path("border.yaml").write_text(BORDER, encoding="utf-8")
    Path("variant.yaml").write_text(f"defaults: [border, _self_]\nname: variant\n{text}", encoding="utf-8")


def test_a_parent_may_lie_beside_its_variant(capsys: pytest.CaptureFixture[str]) -> None:
    variant("title: Another\n")
    assert launch("check", ["scenario=variant.yaml"]) == 0
    assert "variant is valid: Another" in capsys.readouterr().out


def test_what_a_parent_says_is_blamed_on_the_parent(capsys: pytest.CaptureFixture[str]) -> None:
    variant("title: Another\n")
    path = Path("border.yaml")
    path.write_text(
        path.read_text(encoding="utf-8").replace("range: [20, 40]", "range: [40, 20]"), encoding="utf-8"
    )
    message = bad_input(capsys, "check", "scenario=variant.yaml")
    assert "border.yaml:36: actors.big.clock_days: the range runs backwards" in message


def test_what_a_variant_says_is_blamed_on_the_variant(capsys: pytest.CaptureFixture[str]) -> None:
    variant("actors:\n  big:\n    clock_days: {value: 99}\n")
    message = bad_input(capsys, "check", "scenario=variant.yaml")
    assert "variant.yaml:5: actors.big.clock_days: the value lies outside its own range" in message


def test_a_list_of_a_variant_hides_its_parent_s(capsys: pytest.CaptureFixture[str]) -> None:
    variant("calendar:\n  sessions:\n    - {date: 2031-05-02}\n")
    message = bad_input(capsys, "check", "scenario=variant.yaml")
    assert "variant.yaml:5: calendar.sessions.0.forum: this key is missing" in message


def test_a_parent_that_is_broken_is_told_by_its_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    variant("title: Another\n")
    Path("border.yaml").write_text("name: border\ntitle: [\n", encoding="utf-8")
    assert "border.yaml:3: the file: this is not valid YAML" in bad_input(
        capsys, "check", "scenario=variant.yaml"
    )


def test_parents_that_go_round_in_a_circle_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    variant("title: Another\n")
    Path("border.yaml").write_text("defaults: [variant, _self_]\n", encoding="utf-8")
    message = bad_input(capsys, "check", "scenario=variant.yaml")
    assert "border.yaml:1: defaults.0: a scenario cannot be its own parent" in message


def test_a_folder_that_cannot_be_written_to_is_told_at_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("locked").mkdir()
    monkeypatch.setattr("os.access", lambda path, mode: False)
    message = bad_input(capsys, "run", "scenario=river_dam", "worlds=2", "out=locked")
    assert "out: results cannot go there" in message
    assert "locked cannot be written to" in message


def test_a_file_that_cannot_be_read_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("secret.yaml").write_text(BORDER, encoding="utf-8")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "secret.yaml")

    monkeypatch.setattr(Path, "open", refuse)
    assert "secret.yaml: the file: it cannot be read" in bad_input(capsys, "check", "scenario=secret.yaml")


def test_a_full_disk_is_a_failure_while_running(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "runs.parquet")

    monkeypatch.setattr("pyarrow.parquet.write_table", refuse)
    assert launch("run", ["scenario=river_dam", "worlds=2", "out=new"]) == 1
    assert capsys.readouterr().err == "negsim run: No space left on device: runs.parquet\n"
    assert list(Path("new").iterdir()) == []


def test_a_failing_program_is_not_called_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a mistake of ours")

    monkeypatch.setattr("negotiation_sim.commands.check.command", fail)
    with pytest.raises(ValueError, match="a mistake of ours"):
        launch("check", ["scenario=river_dam"])


def test_an_interrupt_ends_all_jobs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def interrupted(_: object, options: object) -> None:
        started.append(options)
        raise KeyboardInterrupt

    monkeypatch.setattr("negotiation_sim.commands.trace.command", interrupted)
    assert launch("trace", ["--multirun", "scenario=river_dam", "world=1,2"]) == 130
    assert len(started) == 1
    assert capsys.readouterr().err == "negsim trace: interrupted\n"


def test_launching_leaves_the_process_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    before = list(sys.argv), dict(os.environ)
    bad_input(capsys, "run", "scenario=river_dam", "worlds=0")
    assert (sys.argv, dict(os.environ)) == before


def negsim(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*NEGSIM, *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["runn"], ["no such verb: runn", "did you mean run?", "allowed: run, "]),
        (["--colour"], ["unrecognized arguments: --colour"]),
        (["check", "scenario=broken.yaml"], ["broken.yaml:2: the file: this is not valid YAML"]),
        (["run", "scenario=river_dam", "worlds=0"], ["worlds", "found:   0", "a number of at least 1"]),
        (["run", "scenario=river_dam", "wrlds=5"], ["wrlds: no such key", "nearest: worlds"]),
    ],
    ids=["unknown verb", "unknown flag", "malformed YAML", "bad option", "unknown option"],
)
def test_the_command_itself_ends_with_2(arguments: list[str], says: list[str]) -> None:
    Path("broken.yaml").write_text("title: [\n", encoding="utf-8")
    done = negsim(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    for fragment in says:
        assert fragment in done.stderr
    for noise in NOISE:
        assert noise not in done.stderr
    assert [path.name for path in Path().iterdir()] == ["broken.yaml"]
