"""How a share is told with its interval, in words that several figures print."""

from negotiation_sim.figures.numbers import interval, percent


def told(share: float, low: float, high: float) -> str:
    """A share and its interval in per cent, such as 16.5% (14.9 – 18.2)."""
    return f"{percent(share)}% ({interval(low, high)})"


def worlds(n: int) -> str:
    """A number of worlds, such as n = 2,000 worlds."""
    return f"n = {n:,} {'world' if n == 1 else 'worlds'}"


def shortened(text: str, characters: int) -> str:
    """A text on one line, cut after so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= characters else f"{line[: characters - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
