"""The array types that the rules take and give, and the one sum that they use along rows."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def running_sums(table: Floats) -> Floats:
    """Running sums along the last axis, which is moved to the front: (..., n) gives (n, ...).

    Column by column: always in the same order, however many worlds there are, and several times faster than
    a cumulative sum along short rows.
    """
    columns = np.moveaxis(table, -1, 0)
    sums = np.empty(columns.shape)
    sums[0] = columns[0]
    for at in range(1, len(columns)):
        np.add(sums[at - 1], columns[at], out=sums[at])
    return sums


def row_sums(table: Floats) -> Floats:
    """(...) sums of a table (..., n) along its last axis, in a fixed order."""
    return np.asarray(running_sums(table)[-1])
