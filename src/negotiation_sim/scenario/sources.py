"""Files of configuration: reading them for Hydra, and saying which file and line set a key.

They are read here rather than by Hydra, which would take a second for a long file, and which does not say where
in a file a key stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigNode, ConfigStore
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from negotiation_sim.data import shipped
from negotiation_sim.scenario.problems import Problem, ScenarioError, one_line


class Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """YAML as Hydra reads it: dates stay text, and a key given twice is an error."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping, whose keys must be words and each be given once."""
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
    """A file in Hydra's store, of which Hydra makes dozens of copies only to look something up.

    It needs none: what Hydra loads from its store it copies once more.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> _Shared:
        return self


@dataclass(frozen=True)
class Source:
    """Where a scenario or an experiment comes from.

    Attributes:
        name: what it is called.
        files: its own file first, then its parents'.
        overrides: Hydra's overrides, such as `scenario.actors.russia.clock_days.value=20`.
        group: Hydra's group that it is a choice of.
    """

    name: str
    files: tuple[Path, ...] = ()
    overrides: tuple[str, ...] = ()
    group: str = "scenario"

    def located(self, problem: Problem) -> Problem:
        """The problem with the file and line that set its key, or the deepest part of it that stands there;
        or with the override that set it.
        """
        key = problem.key.split(".")
        override = self._override(key)
        if override and len(self._overridden(override)) <= len(key):
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
        return replace(problem, where=f"{shortened(best[2])}:{best[1]}{changed}")

    def _override(self, key: list[str]) -> str | None:
        """The last override of a key, of what it is part of, or of a part of it."""
        for each in reversed(self.overrides):
            changed = self._overridden(each)
            shared = min(len(changed), len(key))
            if changed and changed[:shared] == key[:shared]:
                return each
        return None

    def _overridden(self, override: str) -> list[str]:
        """The key that an override changes, in parts; empty if it changes something else."""
        key, prefix = override.lstrip("+~").partition("=")[0], f"{self.group}."
        return key.removeprefix(prefix).split(".") if key.startswith(prefix) else []


def composed(config: str, group: str, overrides: Sequence[str]) -> dict[str, Any]:
    """Let Hydra compose one of the shipped configurations, also from within a Hydra job; gives a group of it.

    Raises:
        HydraException, OmegaConfBaseException: what Hydra or OmegaConf refuses.
    """
    instance = GlobalHydra.instance()
    job = instance.hydra
    instance.clear()
    try:
        with initialize_config_dir(str(shipped("conf").resolve()), version_base="1.3"):
            whole = compose(config, overrides=list(overrides))
        plain = OmegaConf.to_container(whole[group], resolve=True, throw_on_missing=True)
    finally:
        instance.hydra = job
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def make_known(group: str, name: str, path: Path, defaults: dict[str, Any] | None = None) -> None:
    """Make a file known to Hydra as a choice of a group; overrides can name its keys and those of `defaults`.

    Raises:
        ScenarioError: a file that is not there, is not YAML or is not a mapping.
    """
    store = ConfigStore.instance().repo.setdefault(group, {})
    key = f"{name}.yaml"
    node = _node(path, group, path.stat().st_mtime_ns)
    whole = OmegaConf.merge(defaults, node) if defaults else node  # each merge takes a tenth of a second
    assert isinstance(whole, DictConfig)
    store[key] = _Shared(key, whole, group, None, None)


def forget(group: str, name: str) -> None:
    """Take a choice back."""
    ConfigStore.instance().repo.setdefault(group, {}).pop(f"{name}.yaml", None)


def read(path: Path, kind: str) -> dict[str, Any]:
    """What a file says; `kind` is what it should be: a scenario, an experiment.

    Raises:
        ScenarioError: it is not there, is no YAML, or is no mapping of keys.
    """
    try:
        return _parsed(path, kind, path.stat().st_mtime_ns)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        context = getattr(error, "context", None)
        raise _not_one(
            path,
            kind,
            "this is not valid YAML",
            f"{what} {context}" if context else str(what),
            f"YAML; see the shipped {kind}s",
            mark.line + 1 if mark else None,
        ) from error
    except UnicodeDecodeError as error:
        raise _not_one(path, kind, "this is not text", str(error), "a text file in UTF-8") from error
    except RecursionError as error:
        raise _not_one(path, kind, "this cannot be read", "too many levels", "a few levels") from error
    except OSError as error:
        raise _not_one(path, kind, "it cannot be read", str(error.strerror), "a readable file") from error


def _not_one(
    path: Path, kind: str, message: str, found: str, allowed: str, line: int | None = None
) -> ScenarioError:
    where = shortened(path) + (f":{line}" if line else "")
    return ScenarioError(path.stem, [Problem("the file", message, found, allowed, None, where)])


@cache
def _parsed(path: Path, kind: str, _modified: int) -> dict[str, Any]:
    with path.open(encoding="utf-8") as stream:
        content = yaml.load(stream, Loader=Loader)
    if not isinstance(content, dict):
        found = "an empty file" if content is None else f"a {type(content).__name__}"
        raise _not_one(
            path, kind, f"not {'an' if kind[0] in 'aeiou' else 'a'} {kind}", found, "a mapping of keys"
        )
    return content


@cache
def _node(path: Path, kind: str, _modified: int) -> DictConfig:
    try:
        return OmegaConf.create(read(path, kind))
    except OmegaConfBaseException as error:
        raise _not_one(path, kind, "Hydra refuses this", one_line(error), "plain YAML") from error
    except RecursionError as error:
        raise _not_one(path, kind, "a part contains itself", "an alias", "plain YAML") from error


def _line_of(path: Path, key: list[str]) -> tuple[int, int, bool]:
    """How many parts of a key stand in a file, the line of the last of them, and whether it lies in a list."""
    with path.open(encoding="utf-8") as stream:
        node: Any = yaml.compose(stream, Loader=Loader)
    depth, line, in_list = 0, 1, False
    while depth < len(key):
        part, used = key[depth], 1
        if isinstance(node, yaml.MappingNode):
            # A key may hold dots itself: an experiment's are paths into a scenario.
            ends = range(len(key), depth, -1)
            match = [
                (k, v, end) for end in ends for k, v in node.value if k.value == ".".join(key[depth:end])
            ]
            if not match:
                break
            line, node, used = match[0][0].start_mark.line + 1, match[0][1], match[0][2] - depth
        elif isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
            node = node.value[int(part)]
            line = node.start_mark.line + 1
            in_list = True
        else:
            break
        depth += used
    return depth, line, in_list


def shortened(path: Path) -> str:
    """A path as seen from where the user stands."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
