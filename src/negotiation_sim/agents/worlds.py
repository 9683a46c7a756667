"""Keeping some worlds of an object whose arrays all have worlds first."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from negotiation_sim.rules.arrays import Ints

T = TypeVar("T", bound=np.generic)


def take_worlds(holder: object, rows: Ints) -> None:
    """Keep only the worlds at `rows`, in that order (repeats copy a world), in every array of `holder`.

    Tables with few columns lie in memory column by column (see `by_column`) and stay so.
    """
    for name, value in vars(holder).items():
        if isinstance(value, np.ndarray):
            kept = value[rows]
            setattr(holder, name, np.asfortranarray(kept) if value.flags.f_contiguous else kept)


def by_column(columns: Sequence[NDArray[T]]) -> NDArray[T]:
    """(W, n) table of n columns (W,), each contiguous: rules go through few issues or options, over many worlds."""
    table = np.empty((len(columns), len(columns[0])), dtype=columns[0].dtype)
    for at, column in enumerate(columns):
        table[at] = column
    return table.T
