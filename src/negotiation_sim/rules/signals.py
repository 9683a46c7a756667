"""Signals that the challenger and the defender can give, by name and number."""

import numpy as np

SIGNALS = ("hold", "step up", "step down", "declare talks pointless", "walk out")
HOLD, UP, DOWN, POINTLESS, WALK_OUT = range(5)
CHEAP = np.array([False, False, False, True, False])
"""Declaring talks pointless is words only: cheap talk, from which nothing is learned."""
ANSWERS = ("hold", "step up", "step down")
"""The defender's; numbered like the challenger's."""
