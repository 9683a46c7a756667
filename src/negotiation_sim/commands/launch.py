"""Handing a verb to Hydra, and putting what goes wrong into words."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from negotiation_sim.commands.options import Options
from negotiation_sim.data import shipped
from negotiation_sim.scenario import Problem, Scenario, ScenarioError
from negotiation_sim.scenario.loading import (
    Files,
    choose,
    refused,
    register,
    scenario_files,
    source_of,
    unknown_scenario,
)
from negotiation_sim.scenario.problems import from_validation, nearest
from negotiation_sim.scenario.sources import make_known

if TYPE_CHECKING:
    from negotiation_sim.sweep.experiment import Experiment

BAD_INPUT = 2
FAILED = 1
INTERRUPTED = 130
SUBJECT = {"sweep": "experiment"}
"""What a verb is about, where that is no scenario."""
SWEEP_FUNCTION = re.compile(r"[()\[\]]")
FLAGS = (
    "--help", "--hydra-help", "--version", "--cfg", "--resolve", "--package", "--run", "--multirun",
    "--shell-completion", "--dry-run", "--config-path", "--config-name", "--config-dir", "--info",
)  # fmt: skip
"""Hydra's flags, as `negsim VERB --help` lists them."""


def launch(verb: str, arguments: Sequence[str]) -> int:
    """Run a verb under Hydra; gives the exit code.

    Bad input is said on standard error, with what was found and what is allowed, and nothing is written.
    """
    try:
        return _launch(verb, _flags_first(arguments))
    except KeyboardInterrupt:  # ends all jobs of a multirun
        return _say(f"negsim {verb}: interrupted", INTERRUPTED)


def _launch(verb: str, given: list[str]) -> int:
    files: dict[str, Path] = {}
    prepared = _prepared_experiments if SUBJECT.get(verb) == "experiment" else _prepared
    code = _guarded(verb, given, lambda: files.update(prepared(given)))
    if code == 0 and _is_multirun(given):
        # Every job is checked before the first one starts, in a folder that is thrown away.
        with TemporaryDirectory() as folder:
            code = _under_hydra(verb, [*given, f"hydra.sweep.dir={folder}"], files, check_only=True)
    return code or _under_hydra(verb, given, files)


def _under_hydra(verb: str, arguments: list[str], files: Files, *, check_only: bool = False) -> int:
    codes: list[int] = []

    def job(config: DictConfig) -> None:
        codes.append(0)  # from here on, an error is not Hydra's
        # Raised through Hydra, one would be preceded by a line of Hydra's own.
        codes.append(_guarded(verb, arguments, lambda: _run_job(verb, files, config, check_only)))

    job.__module__ = "negotiation_sim"
    main = hydra.main(version_base="1.3", config_path=str(shipped("conf").resolve()), config_name=verb)(job)

    def started() -> None:
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("error", "(?s)provider=.*is not available", UserWarning)
                main()
        except (FileExistsError, NotADirectoryError, PermissionError) as error:
            if codes:
                raise
            problem = Problem("out", "results cannot go there", str(error.filename), "the path of a folder")
            raise ScenarioError(f"options of negsim {verb}", [problem]) from error
        except (ValueError, UserWarning) as error:
            if codes:
                raise
            raise HydraException(str(error)) from error

    before = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = [f"negsim {verb}", *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises, instead of printing and leaving with 1
    try:
        codes.append(_guarded(verb, arguments, started))
    finally:
        sys.argv = before[0]
        if before[1] is None:
            del os.environ["HYDRA_FULL_ERROR"]
    return max(codes)


def _guarded(verb: str, arguments: list[str], action: Callable[[], None]) -> int:
    """Do something; gives 0, or says what went wrong and gives the exit code for it."""
    try:
        action()
    except ScenarioError as error:
        return _say(str(error), BAD_INPUT)
    except (HydraException, OmegaConfBaseException) as error:
        return _say(str(ScenarioError(f"negsim {verb}", [refused(error)])), BAD_INPUT)
    except OSError as error:
        return _say(f"negsim {verb}: {error.strerror or error}: {error.filename or ''}", FAILED)
    except SystemExit as leaving:  # Hydra's flags: --help leaves with 0, an unknown flag with 2
        flags = [each.partition("=")[0] for each in arguments if each.startswith("--")]
        near = [nearest(each, FLAGS) for each in flags if each not in FLAGS] if leaving.code else []
        return _say(f"  nearest: {near[0]}", BAD_INPUT) if near and near[0] else int(leaving.code or 0)
    return 0


def _say(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


def _is_multirun(arguments: list[str]) -> bool:
    return any(each == "-m" or each.startswith("--m") or each == "hydra.mode=MULTIRUN" for each in arguments)


def _flags_first(arguments: Sequence[str]) -> list[str]:
    """Hydra takes its flags before or after the overrides, not between them."""
    flags, overrides = [], []
    for previous, each in zip(["", *arguments], arguments, strict=False):
        belongs_to_flag = previous.startswith("-") and "=" not in each
        (flags if each.startswith("-") or belongs_to_flag else overrides).append(each)
    return flags + overrides


def _prepared(arguments: list[str]) -> dict[str, Path]:
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
    register([each for each in chosen or scenario_files() if each in files], files, found.values())
    return files


def _prepared_experiments(arguments: list[str]) -> dict[str, Path]:
    """The same for experiments."""
    from negotiation_sim.sweep import experiment

    if "--dry-run" in arguments:
        arguments[arguments.index("--dry-run")] = "dry_run=true"
    files = experiment.experiment_files()
    for at, argument in enumerate(arguments):
        if argument.startswith("experiment="):
            names = [
                experiment.choose(each, files) for each in argument.removeprefix("experiment=").split(",")
            ]
            arguments[at] = "experiment=" + ",".join(names)
    for name, path in files.items():
        make_known(experiment.GROUP, name, path)
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


def _run_job(verb: str, files: Files, config: DictConfig, check_only: bool) -> None:
    module = import_module(f"negotiation_sim.commands.{verb}")
    plain: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    hydra_config = HydraConfig.get()
    group = SUBJECT.get(verb, "scenario")
    chosen = str(hydra_config.runtime.choices.get(group))
    overrides = list(hydra_config.overrides.task)
    subject: Scenario | Experiment
    if group == "experiment":
        from negotiation_sim.sweep import experiment

        if not plain.get(group):
            experiment.choose("", dict(files))
        subject = experiment.Experiment.from_config(
            plain.pop(group), experiment.source_of(chosen, files, overrides)
        )
    else:
        if not plain.get(group):
            raise ScenarioError(f"options of negsim {verb}", [unknown_scenario("", files)])
        subject = Scenario.from_config(plain.pop(group), source_of(chosen, files, overrides))
    options = _checked(verb, module.VerbOptions, plain)
    if hydra_config.mode == RunMode.MULTIRUN and "out" in plain:
        options = options.model_copy(update={"out": hydra_config.runtime.output_dir})
    if not check_only:
        module.command(subject, options)


def _checked(verb: str, options_type: type[Options], plain: dict[str, Any]) -> Options:
    try:
        return options_type.model_validate(plain)
    except ValidationError as error:
        raise ScenarioError(f"options of negsim {verb}", from_validation(error)) from error
