"""How shares and their changes are put in print, in per cent."""

MINUS = "\N{MINUS SIGN}"


def percent(share: float) -> str:
    """A share in per cent, one decimal; what is rare is never rounded to none, nor what is usual to all."""
    if 0 < share < 0.0005:
        return "<0.1"
    if 0.9995 <= share < 1:
        return ">99.9"
    # Rounded first: a share that was added up may lie a last bit below the same one that was divided out.
    return "0" if share == 0 else "100" if share == 1 else f"{100 * round(share, 12):.1f}"


def interval(low: float, high: float) -> str:
    """An interval of shares in per cent."""
    return f"{percent(low)} \N{EN DASH} {percent(high)}"


def told(share: float, low: float, high: float) -> str:
    """A share and its interval in per cent, such as 16.5% (14.9 – 18.2)."""
    return f"{percent(share)}% ({interval(low, high)})"


def signed(change: float) -> str:
    """A change of a share in percentage points, one decimal, with its sign; 0 has none."""
    said = f"{100 * change:+.1f}"
    return "0.0" if float(said) == 0 else said.replace("-", MINUS)


def changed(change: float, low: float, high: float) -> str:
    """A change of a share in percentage points with its interval, such as +3.1 (−0.2 to +6.4)."""
    return f"{signed(change)} ({signed(low)} to {signed(high)})"
