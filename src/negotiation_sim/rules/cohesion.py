"""Allied cohesion: what binds the allies together and what drives them apart."""

import numpy as np

from negotiation_sim.rules.arrays import Bools, Floats
from negotiation_sim.rules.standing import moved


def spread(total: Floats, squares: Floats, members: int) -> Floats:
    """Standard deviation of the allies' utilities (W,), from their sum and sum of squares."""
    mean = total / members
    return np.sqrt(np.maximum(squares / members - mean * mean, 0.0))


def cohesion_after(
    cohesion: Floats,
    consultation: Floats,
    threat: Bools,
    rally: Floats,
    rebuffed: Bools,
    rebuff: Floats,
    disagreement: Floats,
    wedge: Floats,
    vagueness: Floats,
    vagueness_loss: Floats,
    unconsulted: Floats,
) -> Floats:
    """Cohesion, 0 to 1, after a round.

    Rises with consultation, external threat and rebuffs; falls with the spread of utilities on wedge issues,
    vagueness and unconsulted bilateral dealing (E044, E045, E062, E063, E079-E081, E089, E090).

    Args:
        cohesion: (W,) before.
        consultation: (W,) gain from consulting this round, quality included; gains are shares of what
            cohesion lacks of 1.
        threat: (W,) True where the challenger stepped up.
        rally: (W,) gained then.
        rebuffed: (W,) True where the challenger refused what the allies' side offered.
        rebuff: (W,) gained then.
        disagreement: (W,) standard deviation of ally utilities on wedge issues of the draft.
        wedge: (W,) lost per unit of it; losses are shares of cohesion.
        vagueness: (W,) of refusals, 0 to 1.
        vagueness_loss: (W,) lost a round at full vagueness.
        unconsulted: (W,) lost to dealing over the allies' heads this round.
    """
    gain = consultation + np.where(threat, rally, 0.0) + np.where(rebuffed, rebuff, 0.0)
    return moved(cohesion, gain, wedge * disagreement + vagueness * vagueness_loss + unconsulted)
