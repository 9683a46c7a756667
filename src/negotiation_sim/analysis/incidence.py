"""When it ends, and how: cumulative incidence of each ending by date, with what is still going on at the
horizon.

Endings compete: a world that collapses can no longer reach an agreement. One minus Kaplan and Meier's
estimate, which takes other endings for censoring, would overstate each of them. The estimator of Aalen and
Johansen (1978) does not:

    F_k(t) = sum over t_j <= t of S(t_j-1) d_kj / n_j,    S(t) = product over t_j <= t of (1 - d_j / n_j)

with n_j worlds at risk before round t_j, d_kj of them ending in it as k, d_j in any way. Worlds that are
censored in a round were at risk in it. Its variance is the delta method's (Marubini and Valsecchi 1995); while
nothing is censored the estimate is a plain share p of n worlds and the variance is p (1 - p) / n.

Intervals are Wilson's with the effective number of worlds p (1 - p) / variance (Dorey and Korn 1987), so they
stay in [0, 1] and are those of `shares.share` while nothing is censored. Each holds by itself, at its date.

By hand from counts a round, because statsmodels' CumIncidenceRight (0.15) gives no standard error for counts
and NaN once every world has ended; the tests compare the two where both can speak.

Sources
-------
Aalen, O. O., Johansen, S. (1978). An empirical transition matrix for non-homogeneous Markov chains based on
    censored observations. Scandinavian Journal of Statistics 5 (3), 141-150.
Marubini, E., Valsecchi, M. G. (1995). Analysing Survival Data from Clinical Trials and Observational Studies.
    Wiley.
Dorey, F. J., Korn, E. L. (1987). Effective sample sizes for confidence intervals for survival probabilities.
    Statistics in Medicine 6 (6), 679-687.
"""

import itertools
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from negotiation_sim.analysis.checks import check_confidence, check_table
from negotiation_sim.analysis.shares import wilson_intervals

FloatArray = npt.NDArray[np.float64]


def cumulative_incidence(
    runs: pd.DataFrame,
    days: Mapping[int, object],
    column: str = "outcome",
    censored: Collection[str] = ("talks_continuing",),
    endings: Sequence[str] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Share of worlds that have ended in each way by each date.

    `runs` has one row a world, with `end_round` (int, the round in which it ended or was last seen) and
    `column`, how it ended. Outcomes in `censored` are no endings: the world was still going on after its
    `end_round`. `days` maps every round of the calendar to its day, a number or a date. `endings` names all
    endings that could occur, in the order wanted; without it, those seen in alphabetical order.

    Returns one row a round and ending, by round: `round`, `day`, `outcome`, `at_risk` (worlds not ended
    before the round), `events` (ending so in it), `incidence` (share ended so by then), `error` (its standard
    error), `low`, `high`. What the incidences of a round lack to 1 is the share still going on.

    Raises ValueError if `runs` is empty or lacks a column or a value, a round has no day, rounds and days run
    in different orders, or an outcome is neither an ending nor censored.
    """
    check_confidence(confidence)
    rounds, names, events, leaving = _counted(runs, days, column, censored, endings)
    at_risk = leaving.sum() - np.concatenate([[0], np.cumsum(leaving)[:-1]])  # before each round
    incidence, error = aalen_johansen(at_risk, events)
    seen = (leaving.sum() - np.cumsum(leaving - events.sum(axis=1)))[:, None]  # worlds not censored by then
    low, high = effective_wilson(incidence, error, np.maximum(seen, 1), confidence)
    k = len(names)
    return pd.DataFrame(
        {
            "round": np.repeat(rounds, k),
            "day": pd.Series([days[each] for each in rounds]).repeat(k).to_numpy(),
            "outcome": np.tile(np.array(names, dtype=object), len(rounds)),
            "at_risk": np.repeat(at_risk, k),
            "events": events.ravel(),
            "incidence": incidence.ravel(),
            "error": error.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
        }
    )


def aalen_johansen(
    at_risk: npt.NDArray[np.int64], events: npt.NDArray[np.int64]
) -> tuple[FloatArray, FloatArray]:
    """Cumulative incidence and its standard error, (T, K) each.

    Args:
        at_risk: (T,) worlds at risk before each time.
        events: (T, K) of them, how many end in each way.
    """
    n = np.maximum(at_risk, 1).astype(np.float64)  # nobody left: nothing happens
    ended = events.sum(axis=1)
    before = np.concatenate([[1.0], np.cumprod(1 - ended / n)[:-1]])
    step = before[:, None] * events / n[:, None]
    incidence = np.cumsum(step, axis=0)
    # Sums over earlier times t_j of terms in F(t) - F(t_j), multiplied out. Where everyone left ends, that is
    # zero from then on, so the term that would divide by zero counts for nothing.
    all_ended = ended == at_risk
    hazard = np.where(all_ended, 0.0, ended / (n * np.where(all_ended, 1.0, n - ended)))[:, None]
    own = (before**2)[:, None] * (n[:, None] - events) * events / (n**3)[:, None]
    cross = before[:, None] * events / (n**2)[:, None]

    def summed(terms: FloatArray) -> FloatArray:
        return np.cumsum(terms, axis=0)

    variance = (
        incidence**2 * summed(np.broadcast_to(hazard, incidence.shape))
        - 2 * incidence * summed(incidence * hazard)
        + summed(incidence**2 * hazard)
        + summed(own)
        - 2 * (incidence * summed(cross) - summed(incidence * cross))
    )
    return incidence, np.sqrt(np.maximum(variance, 0.0))


def effective_wilson(
    share: FloatArray, error: FloatArray, n: npt.ArrayLike, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Wilson's interval for a share with a standard error, as if of share (1 - share) / error^2 independent
    worlds.

    `n` is the number of worlds to go by where the share is 0 or 1, and so has no error.
    """
    p = np.clip(share, 0.0, 1.0)
    known = (error > 1e-12) & (p > 0) & (p < 1)
    size = np.where(known, p * (1 - p) / np.where(known, error, 1.0) ** 2, n)
    low, high = wilson_intervals(p * size, size, confidence)
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


def _counted(
    runs: pd.DataFrame,
    days: Mapping[int, object],
    column: str,
    censored: Collection[str],
    endings: Sequence[str] | None,
) -> tuple[list[int], list[str], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rounds (T), endings (K), how many end so in each round (T, K), how many leave in any way (T,)."""
    check_table(runs, "runs", ["end_round", column])
    for each in ("end_round", column):
        if runs[each].isna().any():
            raise ValueError(
                f"column {each!r} has no value in {runs[each].isna().sum()} of {len(runs)} worlds"
            )
    rounds = sorted(days)
    dates = [days[each] for each in rounds]
    if any(not earlier <= later for earlier, later in itertools.pairwise(dates)):  # type: ignore[operator]
        raise ValueError("days must not fall from one round to the next")
    at, values = pd.factorize(runs["end_round"])
    unknown = sorted({int(each) for each in values} - set(rounds))
    if unknown:
        raise ValueError(f"worlds end in rounds that have no day: {', '.join(map(str, unknown))}")
    code, outcomes = pd.factorize(runs[column], sort=True)
    seen = [str(each) for each in outcomes]
    names = [each for each in seen if each not in censored] if endings is None else list(endings)
    strange = [each for each in seen if each not in names and each not in censored]
    if strange:
        raise ValueError(f"outcomes that are neither endings nor censored: {', '.join(strange)}")
    if both := [each for each in names if each in censored]:
        raise ValueError(f"outcomes that are both endings and censored: {', '.join(both)}")
    counts = np.bincount(at * len(seen) + code, minlength=len(values) * len(seen))
    table = np.zeros((len(rounds), len(seen)), dtype=np.int64)
    table[[rounds.index(int(each)) for each in values]] = counts.reshape(len(values), len(seen))
    events = np.zeros((len(rounds), len(names)), dtype=np.int64)
    for place, name in enumerate(names):
        if name in seen:
            events[:, place] = table[:, seen.index(name)]
    return rounds, names, events, table.sum(axis=1)
