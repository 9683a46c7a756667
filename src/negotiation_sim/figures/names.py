"""Factors in plain words, with what their numbers rest on: documents or an assumption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ASSUMPTION = "assumption"


@dataclass(frozen=True)
class Named:
    """What a factor is called, and what its number rests on.

    Attributes:
        words: name in plain words, with the unit if it has one.
        basis: ids of findings, comma-separated ("E014, E015"), or `ASSUMPTION`; empty if it isn't known.
    """

    words: str
    basis: str

    @property
    def documented(self) -> bool:
        """Whether it rests on documents."""
        return self.basis not in ("", ASSUMPTION)


def named(factor: str, names: Mapping[str, Named]) -> Named:
    """The factor in plain words; as it is, resting on nothing known, if `names` lacks it."""
    return names.get(factor, Named(factor, ""))
