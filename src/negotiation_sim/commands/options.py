"""Options that verbs share."""

from typing import Annotated

from pydantic import ConfigDict, Field

from negotiation_sim.scenario.parameters import Strict, Whole

Seed = Annotated[Whole, Field(ge=0, lt=2**63)]
World = Annotated[Whole, Field(ge=0, lt=2**50)]


class Options(Strict):
    """Options of a verb; unknown ones are errors."""

    model_config = ConfigDict(coerce_numbers_to_str=True)  # out=2022 is a folder like any other
