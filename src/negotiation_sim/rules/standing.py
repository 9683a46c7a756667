"""How public standing moves after a round: hope of concessions, credibility of threats, and blame."""

import numpy as np

from negotiation_sim.rules.arrays import Bools, Floats


def moved(standing: Floats, gain: Floats, loss: Floats) -> Floats:
    """A standing between 0 and 1 after gaining a share of what it lacks of 1 and losing a share of itself.

    Args:
        standing: (W,) before, 0 to 1.
        gain: (W,) share of the way to 1.
        loss: (W,) share of the way to 0.
    """
    return np.clip(standing + gain * (1.0 - standing) - loss * standing, 0.0, 1.0)


def hope_after(
    hope: Floats, refused: Bools, vagueness: Floats, lesson: Floats, given: Bools, encouragement: Floats
) -> Floats:
    """The challenger's believed chance of a concession after a round.

    A clear refusal of its core demands lowers it, a vague one less (E080); ground given raises it (E038).

    Args:
        hope: (W,) in [0, 1].
        refused: (W,) True where its core demands were refused this round.
        vagueness: (W,) of the refusal, 0 (plain) to 1.
        lesson: (W,) share of hope that a plain refusal destroys, 0 to 1.
        given: (W,) True where the other side gave ground on a core issue.
        encouragement: (W,) share of the remaining doubt that this removes, 0 to 1.
    """
    after = np.where(refused, hope * (1.0 - lesson * (1.0 - vagueness)), hope)
    return np.where(given, after + encouragement * (1.0 - after), after)


def believed_credibility(credibility: Floats, unity: Floats, cohesion: Floats) -> Floats:
    """Credibility of threats in the challenger's eyes, given how united those who threaten look.

    Hoping to divide the allies (E045) makes sense only if their threats rest on their unity.

    Args:
        credibility: (W,) believed chance, 0 to 1, that united allies carry their threats out.
        unity: (W,) share of it that rests on cohesion, 0 to 1.
        cohesion: (W,) 0 to 1.
    """
    return credibility * (1.0 - unity * (1.0 - cohesion))


def credibility_after(
    credibility: Floats,
    gained: Floats,
    unanswered: Bools,
    default_loss: Floats,
    given: Bools,
    yielding_loss: Floats,
    refused: Bools,
    vagueness: Floats,
    vagueness_loss: Floats,
) -> Floats:
    """Believed chance, 0 to 1, that threats are carried out, after a round.

    Specified threats raise it; threats not carried out, ground given and vagueness lower it (E038, E080, E094).

    Args:
        credibility: (W,) before.
        gained: (W,) share of what it lacks of 1 that the defender's new rung adds.
        unanswered: (W,) True where war went unanswered by the threatened measures.
        default_loss: (W,) share lost then.
        given: (W,) True where ground was given on a core issue.
        yielding_loss: (W,) share lost then.
        refused: (W,) True where core demands were refused this round.
        vagueness: (W,) of refusals, 0 to 1.
        vagueness_loss: (W,) share lost at a refusal of full vagueness.
    """
    loss = (
        np.where(unanswered, default_loss, 0.0)
        + np.where(given, yielding_loss, 0.0)
        + np.where(refused, vagueness * vagueness_loss, 0.0)
    )
    return moved(credibility, gained, loss)


def blame_after(
    blame: Floats, refused: Bools, rise: Floats, rebuffed: Bools, fall: Floats, provocation: Floats
) -> Floats:
    """How far the defender's side looks intransigent, 0 to 1 (E033, E066, E085).

    Args:
        blame: (W,) before.
        refused: (W,) True where it refused the challenger's core demands this round.
        rise: (W,) share of what it lacks of 1 that is gained then.
        rebuffed: (W,) True where the challenger refused what the defender's side offered.
        fall: (W,) share lost then.
        provocation: (W,) share of what it lacks of 1 that the defender's new rung adds.
    """
    return moved(blame, np.where(refused, rise, 0.0) + provocation, np.where(rebuffed, fall, 0.0))
