"""What was conceded: the level at which each issue is bound at the horizon."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from negotiation_sim.analysis.checks import check_columns
from negotiation_sim.analysis.shares import effective_worlds, goodman_intervals, wilson_intervals

ANY = 0
"""`level` of the row for a whole issue: bound at any level above the status quo."""


def bound_levels(runs: pd.DataFrame, issues: Mapping[str, int], confidence: float = 0.95) -> pd.DataFrame:
    """Share of worlds in which each issue is bound at each level, and at any, when the horizon is reached.

    `runs` has one row a run and an int column `level_<issue>` for every issue, 0 where the status quo stands;
    with a column `world`, runs of the same world count as one for the intervals.
    `issues` maps issue -> its highest level.

    Returns one row an issue and level, in order, with columns `issue`, `level` (1 to the highest; first `ANY` = 0
    for all of them together), `count`, `n` (runs in all), `worlds` (how many
    independent ones: see `analysis.shares`), `share`, `low`, `high`. The interval of `ANY` is
    Wilson's; those of an issue's levels, together with its status quo, are Goodman's joint ones.

    Raises ValueError if `runs` is empty, there is no issue, a column is missing, or a world has no level or one
    outside 0 to the highest.
    """
    check_columns(runs, "runs", [f"level_{issue}" for issue in issues])
    if runs.empty or not issues:
        raise ValueError(f"there must be worlds and issues, but there are {len(runs)} and {len(issues)}")
    parts = []
    n = len(runs)
    worlds = effective_worlds(runs, np.zeros(n, dtype=np.int64), 1)[0]
    for issue, top in issues.items():
        level = runs[f"level_{issue}"]
        if level.isna().any() or not level.between(0, top).all():
            raise ValueError(f"column 'level_{issue}' must lie between 0 and {top} in every world")
        count = np.bincount(level.to_numpy(dtype=np.int64), minlength=top + 1)
        low, high = goodman_intervals(count / n * worlds, confidence)
        count[0] = n - count[0]
        low[0], high[0] = wilson_intervals(count[0] / n * worlds, worlds, confidence)
        parts.append(
            pd.DataFrame(
                {
                    "issue": issue,
                    "level": np.arange(top + 1),
                    "count": count,
                    "n": n,
                    "worlds": worlds,
                    "share": count / n,
                    "low": low,
                    "high": high,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
