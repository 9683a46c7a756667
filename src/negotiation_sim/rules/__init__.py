"""The rules of the model: pure functions over arrays whose first axis is worlds.

No Mesa, no input or output and no randomness in here: uniform draws come in as arguments. ``W`` stands for
the number of worlds, ``P`` for packages on a menu, ``K`` for issues, ``T`` for the challenger's types.
Sums run along contiguous rows or in a fixed order, so that a world's result does not depend on how many
other worlds share its arrays.
"""
