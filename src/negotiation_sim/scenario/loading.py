"""Composing scenarios: Hydra puts them together, so a variant is a file that names its parent and what differs.

Scenario files form Hydra's group `scenario`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from negotiation_sim.data import shipped
from negotiation_sim.scenario.problems import Problem, ScenarioError, listed, nearest, one_line
from negotiation_sim.scenario.sources import Source, composed, forget, make_known, read

GROUP = "scenario"
Files = Mapping[str, Path]
"""Scenario files by the name under which Hydra knows them."""


def scenario_files() -> dict[str, Path]:
    """Shipped scenarios by name."""
    return {path.stem: path for path in sorted(shipped("scenarios").glob("*.yaml"))}


def register(names: Iterable[str], files: Files, already: Collection[Path] = ()) -> None:
    """Make scenarios and their parents known to Hydra as group `scenario`, but for files it knows already.

    Raises:
        ScenarioError: a file that is not there, is not YAML or is not a mapping; an unknown parent.
    """
    for name in names:
        for each, path in family(name, files).items():
            if path in already:
                forget(GROUP, each)  # an earlier one by this name would be taken for its schema
            else:
                make_known(GROUP, each, path)


def compose(name: str, overrides: Sequence[str] = ()) -> tuple[dict[str, Any], Source]:
    """Compose one scenario with its parents and overrides.

    Raises:
        ScenarioError: see `register`; also an unknown name or an override that fits nothing.
    """
    files = scenario_files()
    known = choose(name, files)
    register([known], files)
    try:
        plain = composed("scenario_only", GROUP, [f"{GROUP}={known}", *overrides])
    except (HydraException, OmegaConfBaseException) as error:
        raise ScenarioError(name, [refused(error)]) from error
    return plain, source_of(known, files, overrides)


def choose(name: str, files: dict[str, Path]) -> str:
    """The name under which Hydra knows a scenario that is named, or given by its path; a path joins `files`.

    Raises:
        ScenarioError: there is no such scenario, or no such file.
    """
    path = _own_file(name, files)
    if path is None:
        if name not in files:
            raise ScenarioError(name or GROUP, [unknown_scenario(name, files)])
        return name
    known = re.sub(r"\W", "_", path.stem)
    files[known] = path.absolute()
    return known


def family(name: str, files: Files) -> dict[str, Path]:
    """The file of a scenario and those of its parents, nearest first.

    A parent is a scenario in `files`, or a file beside the one that names it.

    Raises:
        ScenarioError: a file is no scenario, or names a parent that is not there or comes back to itself.
    """
    return _ancestry(name, files, ())


def source_of(name: str, files: Files, overrides: Sequence[str] = ()) -> Source:
    """Where a composed scenario comes from."""
    chain = family(name, files) if name in files else {}
    return Source(name, tuple(chain.values()), tuple(overrides))


def refused(error: Exception) -> Problem:
    """What Hydra or OmegaConf refuses, in words, with the nearest name where a key does not exist."""
    said = re.sub(r" (See https:|Config search path:|Available options|full_key:).*", "", one_line(error))
    cause = error.__cause__
    if isinstance(error, OverrideParseException):
        return Problem(error.override, "not an override", said, "name=value, such as seed=1")
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, name = error.missing_cfg_file.rpartition("/")
        known = list(scenario_files() if group == GROUP else error.options or ())
        return Problem(group or name, "no such choice", repr(name), listed(known), nearest(name, known))
    if isinstance(cause, ConfigAttributeError | ConfigKeyError) and cause.parent_node is not None:
        key, found = str(cause.full_key), str(cause.key)
        allowed = [str(each) for each in cause.parent_node if each != "hydra"]
        may = listed(allowed)
        if key.startswith(f"{GROUP}."):
            may += "; to add a key that the scenario leaves out, put + before it"
        return Problem(key, "no such key", repr(found), may, nearest(found, allowed))
    several = re.match(r"Ambiguous value for argument '(.*?)'", said)
    if several:
        allowed_text = "one value; --multirun to run each; or quotes around text with a comma"
        return Problem(several.group(1).partition("=")[0], "several values", several.group(1), allowed_text)
    full_key = re.search(r"full_key: (\S+)", one_line(error))
    reason = f"{said}: {one_line(cause)}" if isinstance(cause, OmegaConfBaseException) else said
    return Problem(full_key.group(1) if full_key else "arguments", "Hydra refuses this", reason, "see --help")


def _ancestry(name: str, files: Files, children: tuple[str, ...]) -> dict[str, Path]:
    path = files[name]
    found = {name: path}
    problems = []
    for at, parent in reversed(list(enumerate(_parents(path)))):
        beside = path.parent / f"{parent}.yaml"
        key = f"defaults.{at}"
        if parent in (name, *children):
            allowed = "another scenario; give this file another name if it should vary a shipped one"
            problems.append(Problem(key, "a scenario cannot be its own parent", repr(parent), allowed))
        elif parent in files or beside.is_file():
            found |= _ancestry(parent, {parent: beside, **files}, (name, *children))
        else:
            known = [*files, *(each.stem for each in path.parent.glob("*.yaml"))]
            allowed = listed(dict.fromkeys(known))
            problems.append(Problem(key, "no such parent", repr(parent), allowed, nearest(parent, known)))
    if problems:
        source = Source(name, (path,))
        raise ScenarioError(name, [source.located(each) for each in problems])
    return found


def _parents(path: Path) -> list[str]:
    """The parents that a file names, in its own order.

    Raises:
        ScenarioError: `defaults` is not a list of names that ends with `_self_`.
    """
    defaults = read(path, GROUP).get("defaults", ["_self_"])
    if isinstance(defaults, list) and all(isinstance(each, str) for each in defaults):
        *parents, last = defaults or [""]
        if last == "_self_" and "_self_" not in parents:
            return [str(each) for each in parents]
    problem = Problem(
        "defaults",
        "not a list of parents",
        repr(defaults),
        "[parent, _self_]: names of scenarios, and last _self_, so that what this file says holds",
    )
    raise ScenarioError(path.stem, [Source(path.stem, (path,)).located(problem)])


def _own_file(name: str, files: Files) -> Path | None:
    path = Path(name)
    if not name or name in files or not (path.suffix in (".yaml", ".yml") or "/" in name or path.is_file()):
        return None
    if path.is_file():
        return path
    folder = path if path.is_dir() else path.parent
    there = [str(each) for each in sorted(folder.glob("*.y*ml"))] if folder.is_dir() else []
    message = "this is a folder, not a file" if path.is_dir() else "no such file"
    allowed = listed(there) if there else f"the path of a YAML file; or {listed(files)}"
    raise ScenarioError(
        name,
        [Problem(GROUP, message, repr(name), allowed, nearest(name, there) or nearest(path.stem, files))],
    )


def unknown_scenario(name: str, files: Files) -> Problem:
    """The problem of a name that no scenario has."""
    here = [str(each) for each in sorted(Path().glob("*.y*ml"))]
    return Problem(
        GROUP,
        "no such scenario",
        repr(name),
        f"{listed(files)}; or the path of a YAML file",
        nearest(name, [*files, *here]),
    )
