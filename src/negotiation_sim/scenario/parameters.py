"""A parameter: a value, a range and where they come from. Nothing in a scenario is a bare number.

Beside it what all parts of a scenario are made of: strictness, names, finding ids.
"""

from datetime import date
from types import UnionType
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic_core import PydanticCustomError

from negotiation_sim.evidence import findings


class Strict(BaseModel):
    """Base of every part of a scenario: immutable, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:
        for key in data if isinstance(data, dict) else ():
            if key not in cls.model_fields:
                raise PydanticCustomError(
                    "unknown_key", "no such key", {"found": key, "allowed": list(cls.model_fields)}
                )
        return data


def _never(kinds: type | UnionType, allowed: str) -> BeforeValidator:
    """Refuses what pydantic would take for something else."""

    def check(data: Any) -> Any:
        if isinstance(data, kinds):
            raise PydanticCustomError(
                "wrong_kind", "not what belongs here", {"found": data, "expected": allowed}
            )
        return data

    return BeforeValidator(check)


def known_findings(ids: tuple[str, ...]) -> tuple[str, ...]:
    """Check that every id is one of the findings table; raises with the unknown id otherwise."""
    known = {finding.id for finding in findings()}
    for each in ids:
        if each not in known:
            raise PydanticCustomError(
                "unknown_name",
                "no such finding",
                {"found": each, "allowed": sorted(known), "kind": "finding id"},
            )
    return ids


Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
"""A name that other parts of a scenario refer to."""
Number = Annotated[float, _never(bool, "a number"), Field(allow_inf_nan=False)]
"""A finite number; YAML's yes and no are none."""
Whole = Annotated[int, _never(bool, "a whole number")]
"""A whole number; YAML's yes and no are none."""
Count = Annotated[int, Field(ge=1), _never(bool, "a whole number")]
"""How many: 1 upwards."""
Level = Annotated[int, Field(ge=0), _never(bool, "a whole number")]
"""A level of an issue, 0 the status quo."""
Day = Annotated[date, _never(bool | int | float, "a date such as 2022-01-10")]
"""A date; a number is none."""
Drawing = Literal["ranges", "values"]
"""What worlds play parameters with: draws over their ranges, or all at their values."""
EvidenceIds = Annotated[tuple[str, ...], AfterValidator(known_findings)]


class Parameter(Strict):
    """A number nobody knows exactly.

    Attributes:
        value: the published central value; what others believe of an actor.
        range: lowest and highest plausible value; worlds draw from it uniformly.
        evidence: ids of the findings that fix its direction or order of magnitude.
        assumption: why it is what it is, where no finding says; required if `evidence` is empty.
    """

    value: Number
    range: tuple[Number, Number]
    evidence: EvidenceIds = ()
    assumption: str | None = Field(default=None, min_length=3)

    @model_validator(mode="before")
    @classmethod
    def _not_bare(cls, data: Any) -> Any:
        if not isinstance(data, dict | Parameter):
            number = data if isinstance(data, int | float) and not isinstance(data, bool) else "number"
            raise PydanticCustomError(
                "bare_number",
                "a parameter needs value, range and evidence or assumption",
                {
                    "found": data,
                    "expected": f"{{value: {number}, range: [low, high], assumption: why}}"
                    " (or evidence: [finding ids])",
                },
            )
        return data

    @model_validator(mode="after")
    def _consistent(self) -> "Parameter":
        low, high = self.range
        if low > high:
            raise PydanticCustomError(
                "bad_range",
                "the range runs backwards",
                {"found": list(self.range), "expected": "[lowest, highest]"},
            )
        if not low <= self.value <= high:
            raise PydanticCustomError(
                "value_outside_range",
                "the value lies outside its own range",
                {"found": self.value, "expected": f"a value from {low:g} to {high:g}"},
            )
        if not self.evidence and self.assumption is None:
            raise PydanticCustomError(
                "no_source",
                "a parameter must say where it comes from",
                {
                    "found": "neither",
                    "expected": "evidence: [finding ids], or assumption: why it is so",
                },
            )
        return self


def _within(lowest: float, highest: float, *, open_low: bool = False) -> AfterValidator:
    def check(parameter: Parameter) -> Parameter:
        low, high = parameter.range
        if low < lowest or high > highest or (open_low and low <= lowest):
            words = f"above {lowest:g}" if open_low else f"at least {lowest:g}"
            if highest != float("inf"):
                words += f" and at most {highest:g}"
            raise PydanticCustomError(
                "out_of_bounds",
                "the range leaves what the model allows",
                {"found": list(parameter.range), "expected": f"a range {words}"},
            )
        return parameter

    return AfterValidator(check)


Share = Annotated[Parameter, _within(0.0, 1.0)]
"""A parameter that is a share, chance or degree: 0 to 1."""
NonNegative = Annotated[Parameter, _within(0.0, float("inf"))]
"""A parameter that is a cost, worth or precision: 0 upwards."""
Positive = Annotated[Parameter, _within(0.0, float("inf"), open_low=True)]
"""A parameter that divides something: above 0."""


def off(value: float = 0.0) -> Parameter:
    """The parameter of a mechanism that the scenario leaves out."""
    return Parameter(value=value, range=(value, value), assumption="left out of the scenario: not at work")
