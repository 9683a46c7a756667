"""What figures ask of their arguments beside columns of tables: a label for each name, colours of headlines."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from negotiation_sim.figures.colours import HEADLINE_COLOURS


def check_given(names: Iterable[object], given: Collection[str], name: str = "labels") -> None:
    """Raise ValueError if `given`, the argument called `name`, has nothing for one of `names`."""
    if lacking := [str(each) for each in dict.fromkeys(names) if each not in given]:
        raise ValueError(f"{name} lacks {', '.join(lacking)}; it has {', '.join(given)}")


def check_coloured(headlines: Iterable[str]) -> None:
    """Raise ValueError if one of `headlines` has no colour."""
    if uncoloured := sorted(set(headlines) - HEADLINE_COLOURS.keys()):
        raise ValueError(f"colours are for {', '.join(HEADLINE_COLOURS)}, not for {', '.join(uncoloured)}")
