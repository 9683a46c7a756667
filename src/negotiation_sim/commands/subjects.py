"""What a verb is about: a scenario, an experiment or a folder, found by name or path, and checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negotiation_sim.scenario import Problem, Scenario, ScenarioError
from negotiation_sim.scenario.loading import (
    Files,
    choose,
    register,
    scenario_files,
    source_of,
    unknown_scenario,
)

SWEEP_FUNCTION = re.compile(r"[()\[\]]")


@dataclass(frozen=True)
class Kind:
    """One kind of subject.

    Attributes:
        group: its key among the options, and Hydra's group of it.
        prepare: rewrites the arguments so that Hydra finds what they name; gives files by name.
        make: what was composed, the name chosen, the files and the overrides -> the subject, checked.
    """

    group: str
    prepare: Callable[[list[str]], dict[str, Path]]
    make: Callable[[Any, str, Files, list[str]], object]


def kind_of(verb: str) -> Kind:
    """What a verb is about."""
    return KINDS.get(verb, SCENARIO)


def _scenario(plain: Any, chosen: str, files: Files, overrides: list[str]) -> Scenario:
    if not plain:
        raise ScenarioError("scenario", [unknown_scenario("", files)])
    return Scenario.from_config(plain, source_of(chosen, files, overrides))


def _experiment(plain: Any, chosen: str, files: Files, overrides: list[str]) -> object:
    from negotiation_sim.sweep import experiment

    if not plain:
        experiment.choose("", dict(files))  # says which there are
    return experiment.Experiment.from_config(plain, experiment.source_of(chosen, files, overrides))


def _results(plain: Any, _chosen: str, _files: Files, _overrides: list[str]) -> object:
    from negotiation_sim.sweep import Results

    return Results(_named(plain, "the folder of a sweep, such as sweeps/allied_unity"))


def _study(plain: Any, _chosen: str, _files: Files, _overrides: list[str]) -> object:
    from negotiation_sim.report.study import Study

    return Study.load(_named(plain, "the folder of a run or a sweep, such as results or sweeps/allied_unity"))


def _classroom(plain: Any, _chosen: str, _files: Files, _overrides: list[str]) -> object:
    return Path(str(plain)) if plain else None


def _named(folder: Any, allowed: str) -> str:
    if not folder:
        raise ScenarioError("options", [Problem("folder", "no folder is given", "nothing", allowed)])
    return str(folder)


def _prepare_scenarios(arguments: list[str]) -> dict[str, Path]:
    """Scenario files by name, known to Hydra from now on; `scenario=PATH` becomes such a name in place.

    Raises:
        ScenarioError: an unknown folder or scenario; a file that is no scenario.
    """
    folders, elsewhere = _searched(arguments)
    found = {path.stem: path for folder in folders for path in sorted((folder / "scenario").glob("*.yaml"))}
    files = scenario_files() | found
    chosen: list[str] = []
    for at, argument in enumerate(arguments):
        if not argument.startswith("scenario="):
            continue
        value = argument.removeprefix("scenario=")
        if SWEEP_FUNCTION.search(value) and not Path(value).is_file():
            chosen += scenario_files()
            continue
        names = [value] if Path(value).is_file() else value.split(",")
        if not elsewhere:
            names = [choose(each, files) for each in names]
        arguments[at] = "scenario=" + ",".join(names)
        chosen += names
    if len(chosen) != 1:  # of several jobs, Hydra also composes what all have in common, with its own choice
        chosen += scenario_files()
    register([each for each in chosen if each in files], files, found.values())
    return files


def _prepare_experiments(arguments: list[str]) -> dict[str, Path]:
    """Experiment files by name, known to Hydra; `experiment=PATH` becomes such a name in place.

    Raises:
        ScenarioError: an unknown experiment; a file that is no mapping.
    """
    from negotiation_sim.sweep import experiment

    files = experiment.experiment_files()
    for at, argument in enumerate(arguments):
        if argument.startswith("experiment="):
            names = [
                experiment.choose(each, files) for each in argument.removeprefix("experiment=").split(",")
            ]
            arguments[at] = "experiment=" + ",".join(names)
    for name, path in files.items():
        experiment.register(name, path)
    return files


def _searched(arguments: list[str]) -> tuple[list[Path], bool]:
    """Folders in which Hydra is told to look for scenarios, and whether it looks in packages too."""
    named: list[str] = []
    for at, argument in enumerate(arguments):
        flag, _, value = argument.partition("=")
        if flag in ("--config-dir", "-cd"):
            named.append(value or "".join(arguments[at + 1 : at + 2]))
        elif flag == "hydra.searchpath":
            named += [each.strip(" '\"") for each in value.strip("[]").split(",")]
    folders = [
        Path(each.removeprefix("file://")) for each in named if "://" not in each.removeprefix("file://")
    ]
    for each in folders:
        if not each.is_dir():
            problem = Problem("--config-dir, hydra.searchpath", "no such folder", repr(str(each)), "a folder")
            raise ScenarioError("folders to search", [problem])
    return folders, len(folders) < len(named)


def _prepare_folder(arguments: list[str]) -> dict[str, Path]:
    """A folder given by itself is an option like any other."""
    for at, argument in enumerate(arguments):
        if "=" not in argument and not argument.startswith("-"):
            arguments[at] = f"folder={_quoted(argument)}"
    return {}


def _prepare_class(arguments: list[str]) -> dict[str, Path]:
    """`demo` by itself is an option, as a word that a person says."""
    arguments[:] = ["demo=true" if argument == "demo" else argument for argument in arguments]
    return {}


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SCENARIO = Kind("scenario", _prepare_scenarios, _scenario)
EXPERIMENT = Kind("experiment", _prepare_experiments, _experiment)
FOLDER = Kind("folder", _prepare_folder, _results)
STUDY = Kind("folder", _prepare_folder, _study)
CLASSROOM = Kind("folder", _prepare_class, _classroom)
KINDS = {"sweep": EXPERIMENT, "export": FOLDER, "report": STUDY, "class": CLASSROOM}
