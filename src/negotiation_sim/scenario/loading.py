"""Reading scenario files: Hydra composes them, so a variant is a file that names its parent and what differs.

Scenario files form Hydra's group `scenario`. They are read here rather than by Hydra, which would take a
second for a long file, and which does not say where in a file a key stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from negotiation_sim.data import shipped
from negotiation_sim.scenario.problems import Problem, ScenarioError, listed, nearest

GROUP = "scenario"


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """YAML as Hydra reads it: dates stay text, and a key given twice is an error."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is given twice", key_node.start_mark
                )
            seen.add(key)
        return dict(super().construct_mapping(node, deep))


@dataclass(frozen=True)
class Source:
    """Which files a scenario comes from: its own first, then its parents'."""

    name: str
    files: tuple[Path, ...] = ()

    def located(self, problem: Problem) -> Problem:
        """The problem with the file and line that set its key, or the deepest part of it that stands there."""
        best: tuple[int, str] | None = None
        for path in self.files:
            depth, line = _line_of(path, problem.key.split("."))
            if best is None or depth > best[0]:
                best = (depth, f"{_short(path)}:{line}")
        return replace(problem, where=best[1]) if best else problem


def scenario_files() -> dict[str, Path]:
    """Shipped scenarios by name."""
    return {path.stem: path for path in sorted(shipped("scenarios").glob("*.yaml"))}


def register(extra: Path | None = None) -> dict[str, Path]:
    """Make the shipped scenarios, and one file of the user's own, known to Hydra as group `scenario`.

    Raises:
        ScenarioError: a file that is not there, is not YAML or is not a mapping.
    """
    files = scenario_files()
    if extra is not None:
        files[extra.stem] = extra
    for name, path in files.items():
        ConfigStore.instance().store(group=GROUP, name=name, node=OmegaConf.create(_read(path)))
    return files


def compose(name: str, overrides: Sequence[str] = ()) -> tuple[dict[str, Any], Source]:
    """Compose one scenario with its parents and overrides.

    Raises:
        ScenarioError: see `register`; also an unknown name or an override that fits nothing.
    """
    path = own_file(name)
    files = register(path)
    stem = path.stem if path else name
    if stem not in files:
        raise ScenarioError(name, [unknown_scenario(name)])
    try:
        with initialize_config_dir(str(shipped("conf").resolve()), version_base="1.3"):
            config = hydra_compose("scenario_only", overrides=[f"{GROUP}={stem}", *overrides])
        plain = OmegaConf.to_container(config[GROUP], resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise ScenarioError(
            name, [Problem("overrides", "Hydra refuses this", str(error), "see --help")]
        ) from error
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}, source_of(stem, files)


def own_file(name: str) -> Path | None:
    """The path, if a scenario is named by the path of a file rather than by a shipped name.

    Raises:
        ScenarioError: it looks like a path, and no such file is there.
    """
    if not (name.endswith((".yaml", ".yml")) or "/" in name):
        return None
    path = Path(name)
    if not path.is_file():
        found = [str(each) for each in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        raise ScenarioError(
            name,
            [
                Problem(
                    "scenario", "no such file", name, listed(found or scenario_files()), nearest(name, found)
                )
            ],
        )
    return path


def unknown_scenario(name: str) -> Problem:
    """The problem of a scenario name that is not shipped."""
    known = scenario_files()
    return Problem(
        "scenario",
        "no such scenario",
        repr(name),
        f"{listed(known)}; or the path of a YAML file",
        nearest(name, known),
    )


def source_of(name: str, files: dict[str, Path]) -> Source:
    """The file of a scenario and those of its parents, nearest first."""
    chain: list[Path] = []
    waiting = [name]
    while waiting:
        path = files.get(waiting.pop(0))
        if path is None or path in chain:
            continue
        chain.append(path)
        defaults = _read(path).get("defaults", [])
        waiting += [str(each) for each in defaults if isinstance(each, str) and each != "_self_"]
    return Source(name, tuple(chain))


def _read(path: Path) -> dict[str, Any]:
    try:
        return _parsed(path, path.stat().st_mtime_ns)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{_short(path)}:{mark.line + 1}" if mark else _short(path)
        what = getattr(error, "problem", None) or str(error)
        raise ScenarioError(
            path.stem,
            [
                Problem(
                    "the file", "this is not valid YAML", what, "YAML; see the shipped scenarios", None, where
                )
            ],
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(
            path.stem,
            [Problem("the file", "it cannot be read", str(error), "a readable text file", None, str(path))],
        ) from error


@cache
def _parsed(path: Path, _modified: int) -> dict[str, Any]:
    with path.open(encoding="utf-8") as stream:
        content = yaml.load(stream, Loader=_Loader)
    if not isinstance(content, dict):
        raise ScenarioError(
            path.stem,
            [
                Problem(
                    "the file",
                    "not a scenario",
                    type(content).__name__,
                    "a mapping of keys",
                    None,
                    _short(path),
                )
            ],
        )
    return content


def _line_of(path: Path, key: list[str]) -> tuple[int, int]:
    """How many parts of a key stand in a file, and the line of the last of them."""
    with path.open(encoding="utf-8") as stream:
        node: Any = yaml.compose(stream, Loader=_Loader)
    depth, line = 0, 1
    for part in key:
        if isinstance(node, yaml.MappingNode):
            match = [(k, v) for k, v in node.value if k.value == part]
            if not match:
                break
            line, node = match[0][0].start_mark.line + 1, match[0][1]
        elif isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
            node = node.value[int(part)]
            line = node.start_mark.line + 1
        else:
            break
        depth += 1
    return depth, line


def _short(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
