"""Handing a verb to Hydra, and putting what goes wrong into words."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from negotiation_sim.commands.options import Options
from negotiation_sim.commands.subjects import kind_of
from negotiation_sim.data import shipped
from negotiation_sim.scenario import Problem, ScenarioError
from negotiation_sim.scenario.loading import Files, refused
from negotiation_sim.scenario.problems import from_validation, nearest

BAD_INPUT = 2
FAILED = 1
INTERRUPTED = 130
DRY_RUN = "--dry-run"
FLAGS = (
    "--help", "--hydra-help", "--version", "--cfg", "--resolve", "--package", "--run", "--multirun",
    "--shell-completion", "--config-path", "--config-name", "--config-dir", "--info",
)  # fmt: skip
"""Hydra's flags, as `negsim VERB --help` lists them."""


def launch(verb: str, arguments: Sequence[str]) -> int:
    """Run a verb under Hydra; gives the exit code.

    Bad input is said on standard error, with what was found and what is allowed, and nothing is written.
    """
    try:
        return _launch(verb, _flags_first(arguments), list(arguments))
    except KeyboardInterrupt:  # ends all jobs of a multirun
        return _say(f"negsim {verb}: interrupted", INTERRUPTED)


def _launch(verb: str, given: list[str], typed: list[str]) -> int:
    files: dict[str, Path] = {}
    code = _guarded(verb, given, lambda: files.update(kind_of(verb).prepare(given)))
    if code == 0 and _is_multirun(given):
        # Every job is checked before the first one starts, in a folder that is thrown away.
        with TemporaryDirectory() as folder:
            jobs = [*given, f"hydra.sweep.dir={folder}"]
            code = _under_hydra(verb, jobs, typed, files, check_only=True)
    return code or _under_hydra(verb, given, typed, files)


def _under_hydra(
    verb: str, arguments: list[str], typed: list[str], files: Files, *, check_only: bool = False
) -> int:
    codes: list[int] = []

    def job(config: DictConfig) -> None:
        sys.argv = [f"negsim {verb}", *typed]  # what to type to go on
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
    """Hydra takes its flags before or after the overrides, not between them; `--dry-run` is an option of ours."""
    flags, overrides = [], ["dry_run=true"] * (DRY_RUN in arguments)
    arguments = [each for each in arguments if each != DRY_RUN]
    for previous, each in zip(["", *arguments], arguments, strict=False):
        belongs_to_flag = previous.startswith("-") and "=" not in each
        (flags if each.startswith("-") or belongs_to_flag else overrides).append(each)
    return flags + overrides


def _run_job(verb: str, files: Files, config: DictConfig, check_only: bool) -> None:
    module = import_module(f"negotiation_sim.commands.{verb}")
    plain: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    hydra_config = HydraConfig.get()
    kind = kind_of(verb)
    chosen = str(hydra_config.runtime.choices.get(kind.group))
    subject = kind.make(plain.pop(kind.group, None), chosen, files, list(hydra_config.overrides.task))
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
