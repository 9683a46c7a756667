"""Arguments are checked before they are used, and what is wrong with them is said in one way."""

from collections.abc import Iterable

import pandas as pd


def check_columns(table: pd.DataFrame, name: str, columns: Iterable[str]) -> None:
    """Raise ValueError, saying what there is instead, if `table`, called `name`, lacks one of `columns`."""
    missing = [each for each in columns if each not in table.columns]
    if missing:
        there = ", ".join(map(str, table.columns)) or "none"
        raise ValueError(f"{name} lacks column {', '.join(map(repr, missing))}; its columns are: {there}")


def check_table(table: pd.DataFrame, name: str, columns: Iterable[str]) -> None:
    """As `check_columns`, and if it has no rows."""
    check_columns(table, name, columns)
    if table.empty:
        raise ValueError(f"{name} has no rows")


def check_confidence(confidence: float) -> None:
    """Raise ValueError unless 0 < `confidence` < 1."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, but is {confidence}")
