"""Where every decision of every agent is taken: one operation, whoever decides.

A simulated agent's option comes from logit choice and its pre-drawn uniform. A *decider*, a person at a
browser or another program, can be put in an agent's place for some or all kinds of decision; what it chose
is checked and scored by the same probabilities.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from negotiation_sim.draws import Draws
from negotiation_sim.rules.arrays import Bools, Floats, Ints
from negotiation_sim.rules.choice import choice_probabilities, choice_weights, pick

Kind = Literal["offer", "response", "silence", "signal"]
"""An ally's part in consensus is `silence`, kept or broken; a principal answers with a `response`."""


@dataclass(frozen=True)
class Decision:
    """One decision in every world.

    Attributes:
        round: number of the round, from 1.
        actor, kind: who decides what; `turn` tells decisions of one kind in a round apart.
        options: (n) names of the options.
        values, legal: (W, n) what each option is worth to the actor, and whether it may take it.
        asked: (W,) worlds in which the decision arises at all.
        probabilities: (W, n) chance of each option under the rules.
        context: what else the actor was shown, for transcripts (arrays are (W, ...)).
    """

    round: int
    actor: str
    kind: Kind
    turn: int
    options: tuple[str, ...]
    values: Floats
    legal: Bools
    asked: Bools
    probabilities: Floats
    context: Mapping[str, Any]


Decider = Callable[[Decision], Ints]
"""Takes a decision: gives (W,) an option's index in every world, or -1 to leave it to the simulated agent."""


class DecisionDesk:
    """Takes every decision of a model.

    Args:
        draws: the worlds' uniform numbers.
        deciders: actor -> who decides in its place.
        keep: keep all decisions, with what was chosen, in `log`; meant for few worlds.
    """

    def __init__(self, draws: Draws, deciders: Mapping[str, Decider], keep: bool) -> None:
        self.draws = draws
        self.deciders = dict(deciders)
        self.log: list[tuple[Decision, Ints]] | None = [] if keep else None

    def choose(
        self,
        *,
        round_: int,
        actor: str,
        kind: Kind,
        turn: int,
        options: tuple[str, ...],
        values: Floats,
        legal: Bools,
        precision: Floats,
        asked: Bools,
        context: Mapping[str, Any],
    ) -> Ints:
        """Option taken in every world, (W,); meaningless where not `asked`.

        Raises:
            ValueError: a decider took an option that does not exist or is not legal.
        """
        chosen = pick(
            choice_weights(values, legal, precision), self.draws.uniform(f"{kind}.{turn}", actor, round_)
        )
        if self.log is None and actor not in self.deciders:
            return chosen
        probabilities = choice_probabilities(values, legal, precision)
        decision = Decision(round_, actor, kind, turn, options, values, legal, asked, probabilities, context)
        if actor in self.deciders:
            chosen = self._decided(decision, chosen)
        if self.log is not None:
            self.log.append((decision, chosen))
        return chosen

    def release(self) -> None:
        """Leave everything from now on to the simulated agents, and keep nothing."""
        self.deciders.clear()
        self.log = None

    def _decided(self, decision: Decision, simulated: Ints) -> Ints:
        taken = np.asarray(self.deciders[decision.actor](decision))
        chosen = np.where(taken == -1, simulated, taken)
        in_range = (chosen >= 0) & (chosen < len(decision.options))
        legal = in_range & decision.legal[np.arange(len(chosen)), np.where(in_range, chosen, 0)]
        if not (legal | ~decision.asked).all():
            world = int(np.flatnonzero(~legal & decision.asked)[0])
            allowed = [
                f"{at} {decision.options[at]}".rstrip() for at in np.flatnonzero(decision.legal[world])
            ]
            raise ValueError(
                f"{decision.actor} took option {int(chosen[world])} of its {decision.kind} in round "
                f"{decision.round}, row {world}; legal are: {', '.join(allowed)}"
            )
        return chosen
