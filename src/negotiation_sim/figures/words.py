"""How names and sentences are fitted into the room that a figure has for them."""

from __future__ import annotations

import re
import textwrap

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def lines(text: str, characters: int, most: int) -> list[str]:
    """Text broken into at most so many lines; of what is too long the middle is left out, for names that begin
    alike differ at their end.
    """
    found = textwrap.wrap(text, characters) or [""]
    if len(found) <= most:
        return found
    end = textwrap.wrap(text[::-1], characters - 2)[0][::-1]
    return [*found[: most - 1], f"{ELLIPSIS} {end}"]


def broken(text: str, characters: int, most: int) -> list[str]:
    """Text in at most so many lines, broken also after dots and hyphens, as names of parameters have them; what
    is too long ends in ….
    """
    pieces = [
        piece[at : at + characters]
        for piece in re.findall(r"[^\s.\-]*[\s.\-]+|[^\s.\-]+", " ".join(text.split()))
        for at in range(0, len(piece), characters)
    ]
    found = [""]
    for piece in pieces:
        if found[-1] and len((found[-1] + piece).rstrip()) > characters:
            found.append("")
        found[-1] += piece
    found = [each.rstrip() for each in found]
    if len(found) > most:
        found = [*found[: most - 1], found[most - 1][: characters - 1].rstrip() + ELLIPSIS]
    return found


def shortened(text: str, characters: int) -> str:
    """Text on one line, cut after so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= characters else line[: characters - 1].rstrip() + ELLIPSIS
