"""What is wrong with a scenario, in words: which file, which key, what was found, what is allowed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Self

from pydantic import ValidationError
from pydantic_core import ErrorDetails

ROLES = ("challenger", "defender", "protege")
ALLOWED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "date_from_datetime_parsing": "a date such as 2022-01-10",
    "date_parsing": "a date such as 2022-01-10",
    "date_type": "a date such as 2022-01-10",
    "dict_type": "a mapping of keys",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "list_type": "a list",
    "model_attributes_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "string_pattern_mismatch": "lower-case letters, digits and underscores, a letter first",
    "string_too_short": "text of at least {min_length} characters",
    "string_type": "text",
    "too_long": "at most {max_length} entries",
    "too_short": "at least {min_length} entries",
    "tuple_type": "a list",
}
"""What is allowed, in words, where pydantic finds an error of a kind."""
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


def one_line(error: BaseException) -> str:
    """What an error says, on one line."""
    return " ".join(str(error).split())


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
    """A scenario, or options of a verb, that cannot be used; `problems` says why, each with its key."""

    def __init__(self, scenario: str, problems: list[Problem]) -> None:
        self.scenario = scenario
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{scenario}: {count}\n" + "\n".join(str(each) for each in problems))

    def __reduce__(self) -> tuple[type[Self], tuple[str, list[Problem]]]:
        """Made anew on the other side: an exception made of its message alone would kill a pool of processes."""
        return type(self), (self.scenario, self.problems)


def unknown_name(key: str, kind: str, found: str, allowed: Iterable[str]) -> Problem:
    """The problem of a name that refers to nothing."""
    names = [str(each) for each in allowed]
    return Problem(key, f"no such {kind}", repr(found), listed(names), nearest(found, names))


def from_validation(error: ValidationError) -> list[Problem]:
    """Problems in words from pydantic's errors."""
    plain: list[Problem] = []
    choices: dict[str, Problem] = {}  # what each kind of value that could stand at a key has against it
    for detail in error.errors():
        parts = _key_parts(detail)
        problem = _in_words(detail, ".".join(parts))
        if not any(_is_kind(str(part)) for part in detail["loc"]):
            plain.append(problem)
        elif problem.key in choices:
            other = choices[problem.key]
            choices[problem.key] = replace(
                other,
                allowed=f"{other.allowed}, or {problem.allowed}",
                nearest=other.nearest or problem.nearest,
            )
        else:
            choices[problem.key] = problem
    # What was meant is the kind of value in which the mistake lies deepest.
    deepest = [each for key, each in choices.items() if not any(k.startswith(f"{key}.") for k in choices)]
    return plain + deepest


def _key_parts(detail: ErrorDetails) -> list[str]:
    """The location without what pydantic adds: an actor's role, a kind of value, that a key is meant."""
    location = [str(part) for part in detail["loc"]]
    return [
        part
        for at, part in enumerate(location)
        if not (at == 2 and location[0] == "actors" and part in ROLES)
        and not _is_kind(part)
        and part != "[key]"
    ]


def _is_kind(part: str) -> bool:
    """Whether pydantic put it there for one of several kinds of value; no key can look like this."""
    kinds = ("list[", "dict[", "literal[", "constrained-int", "function-before[", "function-after[")
    return part == "Scale" or part.startswith(kinds)


def _in_words(detail: ErrorDetails, path: str) -> Problem:
    key = path or "the scenario"
    context = dict(detail.get("ctx") or {})
    found = context.get("found", detail.get("input"))
    kind = detail["type"]
    if kind == "unknown_name":
        return unknown_name(key, str(context["kind"]), str(found), context["allowed"])
    if kind == "unknown_key":
        name = str(context["found"])
        return unknown_name(f"{path}.{name}" if path else name, "key", name, context["allowed"])
    if kind == "missing":
        return Problem(key, "this key is missing", "nothing", f"a value for {key.rsplit('.')[-1]}")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        role = str(context.get("tag", "nothing"))
        return Problem(f"{key}.role", "no such role", role, listed(ROLES), nearest(role, ROLES))
    shown = repr(found)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    if kind == "literal_error":
        names = [name.strip("' ") for name in str(context["expected"]).replace(" or ", ",").split(",")]
        return Problem(key, "not one of the allowed words", shown, listed(names), nearest(str(found), names))
    if "expected" in context:
        key = ".".join(each for each in (path, context.get("key")) if each) or key
        return Problem(key, detail["msg"], shown, str(context["expected"]))
    allowed = ALLOWED.get(kind)
    return Problem(
        key, "not what belongs here", shown, allowed.format_map(context) if allowed else detail["msg"]
    )
