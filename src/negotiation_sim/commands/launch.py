"""Handing a verb to Hydra, and putting what goes wrong into words."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

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
from negotiation_sim.scenario.loading import own_file, register, source_of, unknown_scenario
from negotiation_sim.scenario.problems import from_validation, listed, nearest

BAD_INPUT = 2
FAILED = 1
INTERRUPTED = 130
CHOICE = "scenario="
SWEEP_SYNTAX = re.compile(r"[,()]")


def launch(verb: str, arguments: Sequence[str]) -> int:
    """Run a verb under Hydra; gives the exit code.

    Bad input is said on standard error, with what was found and what is allowed, and nothing is written.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises, instead of printing and leaving with 1
    codes: list[int] = []

    def job(config: DictConfig) -> None:
        # Raised through Hydra, an error would be preceded by a line of Hydra's own.
        codes.append(_guarded(verb, lambda: _run_job(verb, files, config)))

    job.__module__ = "negotiation_sim"

    def under_hydra() -> None:
        sys.argv = [f"negsim {verb}", *arguments]
        hydra.main(version_base="1.3", config_path=str(shipped("conf").resolve()), config_name=verb)(job)()

    files: dict[str, Path] = {}
    arguments = list(arguments)
    codes.append(_guarded(verb, lambda: files.update(_with_own_scenario(arguments))))
    if codes == [0]:
        codes.append(_guarded(verb, under_hydra))
    return max(codes)


def _guarded(verb: str, action: Callable[[], None]) -> int:
    """Do something; gives 0, or says what went wrong and gives the exit code for it."""
    try:
        action()
    except ScenarioError as error:
        return _say(str(error), BAD_INPUT)
    except (HydraException, OmegaConfBaseException) as error:
        return _say(_hydra_in_words(verb, str(error)), BAD_INPUT)
    except OSError as error:
        return _say(f"negsim {verb}: {error.strerror or error}: {error.filename or ''}", FAILED)
    except KeyboardInterrupt:
        return _say(f"negsim {verb}: interrupted", INTERRUPTED)
    return 0


def _say(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


def _with_own_scenario(arguments: list[str]) -> dict[str, Path]:
    """Replace `scenario=PATH` in place by the name under which the file becomes known to Hydra."""
    path = None
    searches_elsewhere = any(
        each.startswith(("hydra.searchpath", "--config-dir", "-cd")) for each in arguments
    )
    for at, argument in enumerate(arguments):
        if not argument.startswith(CHOICE) or SWEEP_SYNTAX.search(argument):
            continue
        name = argument.removeprefix(CHOICE)
        path = own_file(name)
        if path is not None:
            arguments[at] = f"{CHOICE}{path.stem}"
    files = register(path)
    for argument in arguments:
        if argument.startswith(CHOICE) and not SWEEP_SYNTAX.search(argument) and not searches_elsewhere:
            name = argument.removeprefix(CHOICE)
            if name not in files:
                raise ScenarioError(name, [unknown_scenario(name)])
    return files


def _run_job(verb: str, files: dict[str, Path], config: DictConfig) -> None:
    module = import_module(f"negotiation_sim.commands.{verb}")
    plain: Any = OmegaConf.to_container(config, resolve=True)
    hydra_config = HydraConfig.get()
    chosen = str(hydra_config.runtime.choices["scenario"])
    scenario = Scenario.from_config(plain.pop("scenario"), source_of(chosen, files))
    if hydra_config.mode == RunMode.MULTIRUN and "out" in plain:
        plain["out"] = hydra_config.runtime.output_dir
    module.command(scenario, _checked(verb, module.VerbOptions, plain))


def _checked(verb: str, options_type: type[Options], plain: dict[str, Any]) -> Options:
    try:
        return options_type.model_validate(plain)
    except ValidationError as error:
        raise ScenarioError(f"options of negsim {verb}", from_validation(error)) from error


def _hydra_in_words(verb: str, message: str) -> str:
    """Hydra's and OmegaConf's errors, with the nearest name where a key does not exist."""
    wrong_key = re.search(r"Could not override '(?:[^']*@)?([^'@]+)'", message)
    if wrong_key is None:
        return f"negsim {verb}: {message}"
    key = wrong_key.group(1)
    return str(ScenarioError("override", [_wrong_key(verb, key)])).replace(
        "scenario override", f"negsim {verb}", 1
    )


def _wrong_key(verb: str, key: str) -> Problem:
    from hydra import compose, initialize_config_dir

    with initialize_config_dir(str(shipped("conf").resolve()), version_base="1.3"):
        node: Any = OmegaConf.to_container(compose(verb))
    for part in key.split("."):
        if not isinstance(node, dict):
            return Problem(key, "there is nothing below this", repr(part), "the value itself")
        if part not in node:
            allowed = [str(each) for each in node]
            return Problem(key, "no such key", repr(part), listed(allowed), nearest(part, allowed))
        node = node[part]
    return Problem(key, "Hydra refuses this value", key, "a value of the right kind; see --help")
