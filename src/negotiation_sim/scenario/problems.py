"""What is wrong with a scenario, in words: which file, which key, what was found, what is allowed."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails

ROLES = ("challenger", "defender", "protege")
SHOWN = 12  # names listed in full before a message says how many more there are


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """The allowed name that is most like `name`, or None."""
    matches = get_close_matches(str(name), [str(each) for each in allowed], n=1, cutoff=0.5)
    return matches[0] if matches else None


def listed(names: Iterable[str]) -> str:
    """Names in a sentence, cut short when there are many."""
    known = [str(each) for each in names]
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return (", ".join(known[:SHOWN]) + more) or "nothing"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        key: dotted path into the scenario.
        message: what is wrong, in words.
        found: what stands there.
        allowed: what may stand there.
        nearest: the nearest valid name, where one is near.
        where: file and line, where known.
    """

    key: str
    message: str
    found: str
    allowed: str
    nearest: str | None = None
    where: str | None = None

    def __str__(self) -> str:
        lines = [
            f"{self.where + ': ' if self.where else ''}{self.key}: {self.message}",
            f"    found:   {self.found}",
            f"    allowed: {self.allowed}",
        ]
        if self.nearest:
            lines.append(f"    nearest: {self.nearest}")
        return "\n".join(lines)


class ScenarioError(ValueError):
    """A scenario that cannot be used; `problems` says why, each with its key."""

    def __init__(self, scenario: str, problems: list[Problem]) -> None:
        self.scenario = scenario
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"scenario {scenario}: {count}\n" + "\n".join(str(each) for each in problems))


def unknown_name(key: str, kind: str, found: str, allowed: Iterable[str]) -> Problem:
    """The problem of a name that refers to nothing."""
    names = [str(each) for each in allowed]
    return Problem(key, f"no such {kind}", repr(found), listed(names), nearest(found, names))


def from_validation(error: ValidationError) -> list[Problem]:
    """Problems in words from pydantic's errors."""
    return [_in_words(each) for each in error.errors()]


def _in_words(detail: ErrorDetails) -> Problem:
    location = [str(part) for part in detail["loc"]]
    # pydantic puts the tag of a union member (an actor's role, a type's name) into the location
    parts = [
        part
        for at, part in enumerate(location)
        if not (at == 2 and location[0] == "actors" and part in ROLES)
        and part not in ("Scale", "[key]")
        and not part.startswith(("list[", "literal[", "constrained-int", "function-"))
    ]
    key = ".".join(parts) or "the scenario"
    context = dict(detail.get("ctx") or {})
    found = context.get("found", detail.get("input"))
    kind = detail["type"]
    if kind == "unknown_name":
        return unknown_name(key, str(context["kind"]), str(found), context["allowed"])
    if kind == "unknown_key":
        name = str(context["found"])
        return unknown_name(f"{key}.{name}" if parts else name, "key", name, context["allowed"])
    if kind == "missing":
        return Problem(key, "this key is missing", "nothing", f"a value for {parts[-1]}")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        role = str(context.get("tag", "nothing"))
        return Problem(f"{key}.role", "no such role", role, listed(ROLES), nearest(role, ROLES))
    if kind == "literal_error":
        names = [name.strip("' ") for name in str(context["expected"]).replace(" or ", ",").split(",")]
        return Problem(
            key, "not one of the allowed words", repr(found), listed(names), nearest(str(found), names)
        )
    allowed_text = str(context.get("expected") or detail["msg"])
    message = detail["msg"] if "expected" in context else "not what belongs here"
    shown = repr(found)
    return Problem(key, message, shown if len(shown) <= 80 else shown[:77] + "...", allowed_text)
