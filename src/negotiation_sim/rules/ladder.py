"""The challenger's ladder: what attack, talking on and each step are worth."""

import numpy as np

from negotiation_sim.rules.arrays import Bools, Floats


def attack_value(
    success: Floats,
    prize: Floats,
    cost: Floats,
    credibility: Floats,
    sanctions: Floats,
    discount: Floats,
    cover: Floats,
    blame: Floats,
) -> Floats:
    """Worth of attack: p*G - c - credibility*S*(1-d) + zeta*blame (model section 3.5; exact limits K1, K14).

    Args:
        success: (W,) chance p that attack wins the prize.
        prize: (W,) G, by type.
        cost: (W,) cost of war, arms to the target included (E093).
        credibility: (W,) believed chance that threatened sanctions are carried out, 0 to 1 (E094).
        sanctions: (W,) cost S of the sanctions if imposed in full.
        discount: (W,) share d of them that the challenger thinks it can shrug off, 0 to 1 (E050, E065).
        cover: (W,) zeta, the worth of being able to blame the other side (E032, E033).
        blame: (W,) how far the other side looks intransigent, 0 to 1.
    """
    return success * prize - cost - credibility * sanctions * (1.0 - discount) + cover * blame


def talk_value(hope: Floats, concession: Floats, forum_worth: Floats, carrying_cost: Floats) -> Floats:
    """Worth of continuing: believed chance of a concession times its worth, plus the forum's own worth
    (status: E046, E048), less the carrying cost of the mobilised force (E018, E019); all (W,).
    """
    return hope * concession + forum_worth - carrying_cost


def carrying_cost(base: Floats, growth: Floats, elapsed: Floats) -> Floats:
    """Cost of keeping the force in place for one more round: kappa_0 + kappa_1 * tau; all (W,)."""
    return base + growth * elapsed


def rung_worth(
    share: Floats,
    war: Bools,
    silent: Bools,
    leverage: Floats,
    cost: Floats,
    advantage: Floats,
    wanted: Floats,
    forum_worth: Floats,
) -> Floats:
    """Worth of standing on each rung rather than at the foot of the ladder, talks going on.

    A war rung yields its share of the advantage of attack over talking on, good or bad. A rung below war
    prepares: it is worth its share of that advantage only if attack is in prospect, and it presses for the
    concession that is hoped for (Schelling 1966). A rung on which talks stop gives up what they are worth.

    Args:
        share: (W, R) share of the way to full war.
        war: (R,) which rungs are war.
        silent: (R,) on which rungs no session is held.
        leverage: (W, R) share of the wanted concession's worth that pressure from the rung adds.
        cost: (W, R) the rung's own cost.
        advantage: (W,) attack value less talk value.
        wanted: (W,) hope times worth of the concession.
        forum_worth: (W,) worth of holding the session in itself.

    Returns:
        (W, R).
    """
    prospect = np.where(war, advantage[:, None], np.maximum(advantage, 0.0)[:, None])
    forgone = np.where(silent & ~war, (wanted + forum_worth)[:, None], 0.0)
    return share * prospect + leverage * wanted[:, None] - cost - forgone


def pointless_value(
    frustration: Floats, cover: Floats, wanted: Floats, early_cost: Floats, progress: float
) -> Floats:
    """Worth of declaring talks pointless: blame put on the other side, the hoped-for concession given up,
    and the cost of not having been seen to try (E029, E032, E033).

    Args:
        frustration: (W,) share of the documented sessions in which the core demands were refused, 0 to 1.
        cover: (W,) zeta; 0 where the blame has been put on the other side already.
        wanted: (W,) hope times worth of the concession.
        early_cost: (W,) cost of leaving before any session was held.
        progress: share of the documented sessions held, 0 to 1.
    """
    return cover * frustration - wanted - early_cost * (1.0 - progress)


def walk_out_value(
    pointless: Floats, freed: Floats, advantage: Floats, forum_worth: Floats, cost: Floats
) -> Floats:
    """Worth of walking out: what declaring talks pointless is worth, a freer hand, and the loss of the forum
    (E025, E026, E028, E048).

    Args:
        pointless: (W,) worth of declaring talks pointless.
        freed: (W,) share of the advantage of attack that a freer hand is worth, 0 to 1.
        advantage: (W,) attack value less talk value.
        forum_worth: (W,) worth of holding the session in itself.
        cost: (W,) cost of the scene itself.
    """
    return pointless + freed * np.maximum(advantage, 0.0) - forum_worth - cost


def attack_chance(advantage: Floats, precision: Floats) -> Floats:
    """Chance, in the eyes of an observer, that an advantage (W,) of attack leads to attack: logit."""
    return 1.0 / (1.0 + np.exp(-precision * advantage))


def answering_worth(benefit: Floats, cost: Floats, danger: Floats) -> Floats:
    """Worth to the defender of standing on each rung of its own ladder.

    Args:
        benefit: (W, R) worth of the rung's deterrence when attack is certain.
        cost: (W, R) the rung's own cost.
        danger: (W,) how near attack looks, 0 to 1.
    """
    return benefit * danger[:, None] - cost
