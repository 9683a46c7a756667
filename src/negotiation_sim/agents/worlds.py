"""Keeping some worlds of an object whose arrays all have worlds first."""

import numpy as np

from negotiation_sim.rules.arrays import Ints


def take_worlds(holder: object, rows: Ints) -> None:
    """Keep only the worlds at `rows`, in that order (repeats copy a world), in every array of `holder`."""
    for name, value in vars(holder).items():
        if isinstance(value, np.ndarray):
            setattr(holder, name, value[rows])
