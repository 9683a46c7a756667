"""Reading scenario files: Hydra composes them, so a variant is a file that names its parent and what differs.

Scenario files form Hydra's group `scenario`. They are read here rather than by Hydra, which would take a
second for a long file, and which does not say where in a file a key stands.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigNode, ConfigStore
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from negotiation_sim.data import shipped
from negotiation_sim.scenario.problems import Problem, ScenarioError, listed, nearest

GROUP = "scenario"
Files = Mapping[str, Path]
"""Scenario files by the name under which Hydra knows them."""


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """YAML as Hydra reads it: dates stay text, and a key given twice is an error."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key is not a word", key_node.start_mark
                )
            if key_node.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key_node.value!r} is given twice", key_node.start_mark
                )
            seen.add(key_node.value)
        return dict(super().construct_mapping(node, deep))


class _Shared(ConfigNode):
    """A scenario in Hydra's store, of which Hydra makes dozens of copies only to look something up.

    It needs none: what Hydra loads from its store it copies once more.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> _Shared:
        return self


@dataclass(frozen=True)
class Source:
    """Where a scenario comes from.

    Attributes:
        name: what it is called.
        files: its own file first, then its parents'.
        overrides: Hydra's overrides, such as `scenario.actors.russia.clock_days.value=20`.
    """

    name: str
    files: tuple[Path, ...] = ()
    overrides: tuple[str, ...] = ()

    def located(self, problem: Problem) -> Problem:
        """The problem with the file and line that set its key, or the deepest part of it that stands there;
        or with the override that set it.
        """
        key = problem.key.split(".")
        override = self._override(key)
        if override and len(_overridden(override)) <= len(key):
            return replace(problem, where=f"override {override}")
        best: tuple[int, int, Path] | None = None
        for path in self.files:
            depth, line, in_list = _line_of(path, key)
            if best is None or depth > best[0]:
                best = (depth, line, path)
            if in_list:  # lists are not merged: this one hides its parents'
                break
        if best is None:
            return problem
        changed = f" and override {override}" if override else ""
        return replace(problem, where=f"{_short(best[2])}:{best[1]}{changed}")

    def _override(self, key: list[str]) -> str | None:
        """The last override of a key, of what it is part of, or of a part of it."""
        for each in reversed(self.overrides):
            changed = _overridden(each)
            shared = min(len(changed), len(key))
            if changed and changed[:shared] == key[:shared]:
                return each
        return None


def scenario_files() -> dict[str, Path]:
    """Shipped scenarios by name."""
    return {path.stem: path for path in sorted(shipped("scenarios").glob("*.yaml"))}


def register(names: Iterable[str], files: Files, already: Collection[Path] = ()) -> None:
    """Make scenarios and their parents known to Hydra as group `scenario`, but for files it knows already.

    Raises:
        ScenarioError: a file that is not there, is not YAML or is not a mapping; an unknown parent.
    """
    store = ConfigStore.instance().repo.setdefault(GROUP, {})
    for name in names:
        for each, path in family(name, files).items():
            key = f"{each}.yaml"
            if path in already:
                store.pop(key, None)  # an earlier one by this name would be taken for its schema
            else:
                store[key] = _Shared(key, _node(path, path.stat().st_mtime_ns), GROUP, None, None)


def compose(name: str, overrides: Sequence[str] = ()) -> tuple[dict[str, Any], Source]:
    """Compose one scenario with its parents and overrides.

    Raises:
        ScenarioError: see `register`; also an unknown name or an override that fits nothing.
    """
    files = scenario_files()
    known = choose(name, files)
    register([known], files)
    try:
        with initialize_config_dir(str(shipped("conf").resolve()), version_base="1.3"):
            config = hydra_compose("scenario_only", overrides=[f"{GROUP}={known}", *overrides])
        plain = OmegaConf.to_container(config[GROUP], resolve=True, throw_on_missing=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise ScenarioError(name, [refused(error)]) from error
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}, source_of(known, files, overrides)


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
    said = re.sub(r" (See https:|Config search path:|Available options|full_key:).*", "", _one_line(error))
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
    full_key = re.search(r"full_key: (\S+)", _one_line(error))
    reason = f"{said}: {_one_line(cause)}" if isinstance(cause, OmegaConfBaseException) else said
    return Problem(full_key.group(1) if full_key else "arguments", "Hydra refuses this", reason, "see --help")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


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
    defaults = _read(path).get("defaults", ["_self_"])
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


def _read(path: Path) -> dict[str, Any]:
    try:
        return _parsed(path, path.stat().st_mtime_ns)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        context = getattr(error, "context", None)
        raise _not_a_scenario(
            path,
            "this is not valid YAML",
            f"{what} {context}" if context else str(what),
            "YAML; see the shipped scenarios",
            mark.line + 1 if mark else None,
        ) from error
    except UnicodeDecodeError as error:
        raise _not_a_scenario(path, "this is not text", str(error), "a text file in UTF-8") from error
    except RecursionError as error:
        raise _not_a_scenario(path, "this cannot be read", "too many levels", "a few levels") from error
    except OSError as error:
        raise _not_a_scenario(path, "it cannot be read", str(error.strerror), "a readable file") from error


def _not_a_scenario(
    path: Path, message: str, found: str, allowed: str, line: int | None = None
) -> ScenarioError:
    where = _short(path) + (f":{line}" if line else "")
    return ScenarioError(path.stem, [Problem("the file", message, found, allowed, None, where)])


@cache
def _parsed(path: Path, _modified: int) -> dict[str, Any]:
    with path.open(encoding="utf-8") as stream:
        content = yaml.load(stream, Loader=_Loader)
    if not isinstance(content, dict):
        found = "an empty file" if content is None else f"a {type(content).__name__}"
        raise _not_a_scenario(path, "not a scenario", found, "a mapping of keys")
    return content


@cache
def _node(path: Path, _modified: int) -> DictConfig:
    try:
        return OmegaConf.create(_read(path))
    except OmegaConfBaseException as error:
        raise _not_a_scenario(path, "Hydra refuses this", _one_line(error), "plain YAML") from error
    except RecursionError as error:
        raise _not_a_scenario(path, "a part contains itself", "an alias", "plain YAML") from error


def _overridden(override: str) -> list[str]:
    """The key of a scenario that an override changes, in parts; empty if it changes something else."""
    key = override.lstrip("+~").partition("=")[0]
    return key.removeprefix(f"{GROUP}.").split(".") if key.startswith(f"{GROUP}.") else []


def _line_of(path: Path, key: list[str]) -> tuple[int, int, bool]:
    """How many parts of a key stand in a file, the line of the last of them, and whether it lies in a list."""
    with path.open(encoding="utf-8") as stream:
        node: Any = yaml.compose(stream, Loader=_Loader)
    depth, line, in_list = 0, 1, False
    for part in key:
        if isinstance(node, yaml.MappingNode):
            match = [(k, v) for k, v in node.value if k.value == part]
            if not match:
                break
            line, node = match[0][0].start_mark.line + 1, match[0][1]
        elif isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
            node = node.value[int(part)]
            line = node.start_mark.line + 1
            in_list = True
        else:
            break
        depth += 1
    return depth, line, in_list


def _short(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
