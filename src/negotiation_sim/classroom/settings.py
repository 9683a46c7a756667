"""What an instructor settles before a session."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from negotiation_sim.scenario.parameters import Drawing

Line = Annotated[str, Field(min_length=1, max_length=300)]


class Inject(BaseModel):
    """News that reaches the seats at the beginning of a round; the model's numbers do not change by it.

    Attributes:
        round: number of the round, from 1.
        to: key of the only seat that reads it; None for all.
        text: what it says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    round: Annotated[int, Field(ge=1, le=200)]
    to: str | None = None
    text: Annotated[str, Field(min_length=1, max_length=600)]


class Settings(BaseModel):
    """Settings of a session, as the log keeps them.

    Attributes:
        title: what the class calls it.
        scenario: name of the scenario, or the file that it was read from.
        seats: keys of the seats that people take; simulated agents take all others.
        rounds: how many rounds of the calendar people play; the odds look on to the horizon of the scenario.
        seconds: time for a decision.
        seed, world: which world's luck the simulated agents have.
        parameters: private numbers as published, or as this world draws them over their ranges.
        practice: whether one round is played first that does not count.
        public_offers: whether packages on the table are told to all, or only to those who sit in the forum.
        messages: whether two seats may write to each other, of those who sit in the forum of the round.
        objectives: what is to be learnt; asked for in the debrief.
        injects: news, by round.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Annotated[str, Field(min_length=1, max_length=80)]
    scenario: str
    seats: Annotated[tuple[str, ...], Field(min_length=1, max_length=60)]
    rounds: Annotated[int, Field(ge=1, le=200)]
    seconds: Annotated[int, Field(ge=1, le=3600)] = 120
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 1
    world: Annotated[int, Field(ge=0, le=2**31)] = 0
    parameters: Drawing = "values"
    practice: bool = False
    public_offers: bool = True
    messages: bool = True
    objectives: Annotated[tuple[Line, ...], Field(max_length=8)] = ()
    injects: Annotated[tuple[Inject, ...], Field(max_length=40)] = ()
