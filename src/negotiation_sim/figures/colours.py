"""Colours that stand for headlines, in figures and on pages."""

from types import MappingProxyType

HEADLINE_COLOURS = MappingProxyType(
    {"escalation": "#D55E00", "concession": "#00578A", "stalemate": "#AFAFAF"}
)
"""Headline -> colour, after Okabe and Ito (2008): their vermilion, their blue made darker, and a light grey.

Made darker and lighter so that lightness alone (L* 54, 35, 71) tells them apart in greyscale."""
