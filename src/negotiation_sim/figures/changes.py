"""How changes of shares and values of parameters are printed."""

import math
from numbers import Real


def signed(change: float) -> str:
    """A change of a share in percentage points, one decimal, with its sign; 0 has none."""
    said = f"{100 * change:+.1f}"
    return "0.0" if float(said) == 0 else said.replace("-", "\N{MINUS SIGN}")


def changed(change: float, low: float, high: float) -> str:
    """A change of a share in percentage points with its interval, such as +3.1 (−0.2 to +6.4)."""
    return f"{signed(change)} ({signed(low)} to {signed(high)})"


def value(of: object, span: float = 0.0, characters: int = 18) -> str:
    """A parameter's value: a number with three digits, counted from the first one of `span` (the width of its
    range) if that is given; a label as it is, shortened if long.
    """
    if isinstance(of, Real) and not isinstance(of, bool):
        number = float(of)
        if span > 0:
            number = round(number, 2 - math.floor(math.log10(span))) + 0.0
        said = f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
        return said.replace("-", "\N{MINUS SIGN}")
    said = " ".join(str(of).split())
    return said if len(said) <= characters else said[: characters - 1].rstrip() + "…"
