"""Options that verbs share."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from negotiation_sim.scenario.parameters import Strict, not_a_switch

Seed = Annotated[int, Field(ge=0, lt=2**63)]
World = Annotated[int, Field(ge=0, lt=2**50)]
Parameters = Literal["ranges", "values"]


class Options(Strict):
    """Options of a verb; unknown ones are errors."""

    model_config = ConfigDict(coerce_numbers_to_str=True)  # out=2022 is a folder like any other

    @field_validator("*", mode="before")
    @classmethod
    def _no_switch_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        kind = cls.model_fields[str(info.field_name)].annotation
        return not_a_switch(value) if kind is int else value
