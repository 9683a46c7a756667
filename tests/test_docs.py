"""The documentation: links resolve, commands and keys exist, Python examples run, every scenario key is described."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
import yaml
from helpers import shipped
from pydantic import BaseModel

from negotiation_sim import Scenario
from negotiation_sim.cli import VERBS
from negotiation_sim.scenario.loading import scenario_files
from negotiation_sim.scenario.parameters import Parameter
from negotiation_sim.scenario.schema import ScenarioFields
from negotiation_sim.sweep.experiment import Experiment, ExperimentFields, experiment_files
from negotiation_sim.sweep.plan import Plan

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*sorted(ROOT.glob("*.md")), *DOCS]
KINDS = {
    "index",
    "tutorial",
    "how-to",
    "reference",
    "model",
    "sweeps",
    "reports",
    "classroom",
    "evidence",
    "assumptions",
    "decisions",
}

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def names(paths: list[Path]) -> list[str]:
    """Test ids."""
    return [path.name for path in paths]


def blocks(page: Path, *languages: str) -> list[str]:
    """Contents of a page's fenced blocks in some languages."""
    return [
        code for language, code in FENCE.findall(page.read_text(encoding="utf-8")) if language in languages
    ]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as Git hosts make them."""
    found = {re.sub(r"[^\w\- ]", "", heading).strip().lower() for heading in HEADING.findall(prose(page))}
    return {heading.replace(" ", "-") for heading in found}


def test_every_kind_of_documentation_is_there_and_on_the_map():
    assert {page.stem for page in DOCS} >= KINDS
    index = prose(ROOT / "docs" / "index.md")
    assert {f"{kind}.md" for kind in KINDS - {"index"}} <= set(LINK.findall(index))


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_links_resolve(page):
    broken = []
    for link in LINK.findall(prose(page)):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


# Commands

OPTIONS = {
    verb: set(yaml.safe_load((ROOT / "conf" / f"{verb}.yaml").read_text(encoding="utf-8")))
    - {"defaults", "hydra"}
    for verb in VERBS
}
FLAG = re.compile(r"--(help|version|multirun|cfg|config-dir|dry-run)\b")


def command_lines() -> Iterator[tuple[str, list[str]]]:
    """(page, words after `negsim`) of every command in a fenced console or bash block."""
    for page in PAGES:
        for code in blocks(page, "console", "bash"):
            lines = code.replace("\\\n", " ").splitlines()
            typed = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
            for line in typed or lines:  # a block with prompts shows output as well
                words = shlex.split(line, comments=True)
                if words and words[0].endswith("negsim"):
                    yield page.name, words[1:]


def names_a_file(value: str, page: str) -> bool:
    """Whether a scenario is one of the reader's own, which the page shows or explains how to make."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8") if page != "README.md" else ""
    return f"name: {value.removesuffix('.yaml')}" in text or f"cp scenarios/river_dam.yaml {value}" in text


def test_commands_in_the_documentation_exist():
    seen = 0
    for page, words in command_lines():
        seen += 1
        if not words or words == ["--version"]:
            continue
        verb, *rest = words
        assert verb in VERBS, f"{page}: negsim {verb}"
        scenario = "january_2022"
        for word in rest:
            if word.startswith("-"):
                assert FLAG.match(word), f"{page}: {word}"
                continue
            if word == "job" or (verb, word) == ("class", "demo"):  # --cfg job
                continue
            if verb in ("export", "report") and "=" not in word:  # the folder
                continue
            key, equals, value = word.partition("=")
            assert equals, f"{page}: {word} is not name=value"
            if key == "scenario":
                for each in value.split(","):
                    assert each in scenario_files() or names_a_file(each, page), f"{page}: scenario={each}"
                    scenario = each if each in scenario_files() else scenario
            elif key == "experiment":
                text = (ROOT / "docs" / page).read_text(encoding="utf-8") if page != "README.md" else ""
                assert value in experiment_files() or f"name: {value}" in text, f"{page}: experiment={value}"
            elif key.startswith("+scenario."):
                shipped(scenario, word, *[other for other in rest if other.startswith("scenario.")])
            elif key.startswith("scenario."):
                shipped(scenario, *[other for other in rest if other.startswith("scenario.")])
            else:
                assert key in OPTIONS[verb], f"{page}: negsim {verb} has no option {key}"
    assert seen > 20


def test_verbs_and_options_are_in_the_reference():
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert all(f"`{verb}`" in text for verb in VERBS)
    assert all(f"`{option}`" in text for options in OPTIONS.values() for option in options)
    assert all(f"`{name}`" in text for name in scenario_files())
    sweeps = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in sweeps for name in experiment_files())


# Python examples


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_python_examples_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {"__name__": "example"}  # later blocks of a page may build on earlier ones
    for code in blocks(page, "python"):
        exec(compile(code, page.name, "exec"), space)


def test_variants_in_the_documentation_load(tmp_path):
    loaded = 0
    for page in DOCS:
        for code in blocks(page, "yaml"):
            if "defaults:" in code:
                path = tmp_path / f"{yaml.safe_load(code)['name']}.yaml"
                path.write_text(code, encoding="utf-8")
                Scenario.load(str(path))
                loaded += 1
    assert loaded >= 2


def test_experiments_in_the_documentation_can_be_planned(tmp_path):
    planned = 0
    for code in [*blocks(ROOT / "docs" / "sweeps.md", "yaml"), *blocks(ROOT / "docs" / "reports.md", "yaml")]:
        path = tmp_path / f"{yaml.safe_load(code)['name']}" / "sweep.yaml"
        path.parent.mkdir()
        path.write_text(code, encoding="utf-8")
        assert len(Plan.of(Experiment.load(str(path.parent))).design) > 1
        planned += 1
    assert planned >= 2


# The reference of scenario files


def models(kind: Any) -> Iterator[type[BaseModel]]:
    """The models that a type annotation is made of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    elif get_origin(kind) in (Annotated, Union, UnionType, dict, list, tuple):
        for part in get_args(kind):
            yield from models(part)


def schema_models() -> dict[str, type[BaseModel]]:
    """Every model that a scenario's or an experiment's file is made of, and the shared base of the roles."""
    found: dict[str, type[BaseModel]] = {}
    waiting: list[type[BaseModel]] = [ScenarioFields, ExperimentFields]
    while waiting:
        model = waiting.pop()
        if model.__name__ in found:
            continue
        found[model.__name__] = model
        waiting += [base for base in model.__bases__ if base.__name__ == "Principal"]
        for field in model.model_fields.values():
            waiting += models(field.annotation)
    return found


def documented_keys() -> dict[str, set[str]]:
    """Section of the reference -> keys in the first column of its table."""
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    sections = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    return {
        section.split("\n", 1)[0].strip(): {
            key
            for cell in re.findall(r"^\| (`[^|]+) \|", section, flags=re.MULTILINE)
            for key in re.findall(r"`(\w+)`", cell)
        }
        for section in sections
    }


SCHEMA = schema_models()


@pytest.mark.parametrize("name", sorted(SCHEMA))
def test_the_reference_has_exactly_the_keys_of_the_schema(name):
    model = SCHEMA[name]
    inherited = {key for base in model.__bases__ for key in getattr(base, "model_fields", {})}
    assert documented_keys().get(name) == set(model.model_fields) - inherited


def test_the_schema_walk_reaches_the_numbers():
    assert Parameter.__name__ in SCHEMA
    assert len(SCHEMA) > 30
