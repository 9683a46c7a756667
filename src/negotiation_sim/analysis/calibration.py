"""Calibration against documented facts: rejection ABC, which here conditions exactly.

Approximate Bayesian computation (Tavaré et al. 1997, Pritchard et al. 1999; review: Beaumont 2019) draws
parameters from the prior, plays the model, and accepts the draws whose data come within a tolerance of what was
observed. Here the data are facts that hold in a world or don't (columns `fact_<key>` of runs), so the
tolerance is zero and nothing is approximated: worlds that reproduce the facts are a sample of the posterior,
independent and of equal weight. The prior is the uniform draw of every parameter over its range, together
with the luck of decisions.

No library of ABC is used: pyABC, sbi and their like save runs of an expensive simulator, and choose
distances and tolerances. Here worlds are cheap, tens of per cent are accepted, and a boolean column is all
that rejection needs.

What conditioning can and can't say:

- Facts are *fitted* (conditioned on) or *held out* (checked). Held out is not unseen: who wrote the scenario
  knew them all. So a held-out fact that is reproduced often is no proof of the model; one that is reproduced
  rarely, or more rarely given the others, speaks against it.
- A few yes-or-no facts hold little information: where most worlds reproduce them, the posterior is near the
  prior. A parameter that the facts don't move is *not identified*: they can't tell its value, and all that is
  concluded from it rests on its range.
- Marginal posteriors are shown. Parameters that only matter together may be tied to each other though none
  moves alone; `discovery.peel` on the draws finds such regions, with `reproduces` as what is of interest.

The worlds that reproduce the facts are part of all worlds. The change of a share from all worlds to these is
D = (1 - a) (p - q), with a the share of worlds that reproduce them, p the share among these and q among the
rest, all three estimated from different counts. Its interval is built by the method of variance estimates
recovery (Zou and Donner 2008) from the Wilson intervals of a, p and q; with a known it is Newcombe's (1998)
interval of p - q, times 1 - a.

Sources
-------
Tavaré, S., Balding, D. J., Griffiths, R. C., Donnelly, P. (1997). Inferring coalescence times from DNA
    sequence data. Genetics 145 (2), 505-518.
Pritchard, J. K., Seielstad, M. T., Perez-Lezaun, A., Feldman, M. W. (1999). Population growth of human Y
    chromosomes: a study of Y chromosome microsatellites. Molecular Biology and Evolution 16 (12), 1791-1798.
Beaumont, M. A. (2019). Approximate Bayesian computation. Annual Review of Statistics and Its Application 6,
    379-403.
Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions: comparison of
    eleven methods. Statistics in Medicine 17 (8), 873-890.
Zou, G. Y., Donner, A. (2008). Construction of confidence limits about effect measures: a general approach.
    Statistics in Medicine 27 (10), 1693-1702.
Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics
    6 (2), 65-70.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import ks_2samp, kstwo, norm

from negotiation_sim.analysis.checks import check_confidence
from negotiation_sim.analysis.shares import ALL_FACTS, fact_shares, outcome_shares, wilson_intervals

Bools = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

FITTED, HELD_OUT = "fitted", "held_out"
"""Roles of a fact."""

QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
BINS = 8
"""Bins of a parameter's range in `Posterior.density`."""
GRID = 500 * BINS  # points of a range at which the two distribution functions are compared
EXACT = 1000
"""Up to so many worlds p-values are exact; beyond, Smirnov's approximation errs by a tenth of them or so."""


class Posterior(NamedTuple):
    """What `posterior` returns.

    Attributes:
        parameters: one row a parameter, the one that moved farthest first.
        density: `BINS` rows a parameter, in the same order.
    """

    parameters: pd.DataFrame
    density: pd.DataFrame


def split_by_round(after_round: Mapping[str, int]) -> list[str]:
    """Which facts to fit so that the choice isn't ours: all but those that are read after the last session.

    `after_round` maps a fact's key -> the round after which it is read. Returns keys in the same order; none
    if all facts are read after the same round.
    """
    last = max(after_round.values(), default=0)
    return [key for key, at in after_round.items() if at < last]


def reproduces(runs: pd.DataFrame, keys: Sequence[str]) -> Bools:
    """(n,) whether each world reproduces all of these facts at once.

    `runs` has one row a world and a boolean column `fact_<key>` for each key.

    Raises ValueError if there is no world or no key, or a column is missing or not boolean.
    """
    fact_shares(runs, {key: key for key in keys})  # refuses what is no table of facts
    return np.asarray(runs[[f"fact_{key}" for key in keys]].to_numpy(dtype=bool).all(axis=1))


def predictive(
    runs: pd.DataFrame, facts: Mapping[str, str], fitted: Sequence[str], confidence: float = 0.95
) -> pd.DataFrame:
    """How often each fact is reproduced, in all worlds and in those that reproduce the `fitted` facts.

    `runs` has one row a world and a boolean column `fact_<key>` for each key of `facts`, which maps key ->
    text; `fitted` are some of the keys.

    Returns one row a fact, in the order of `facts`, and where several are held out one with key "all" for
    their conjunction:

    - `key`, `text`, `role` ("fitted" or "held_out");
    - `share`, `low`, `high`: in all `n` worlds (the prior);
    - `given`, `given_low`, `given_high`: in the `accepted` worlds that reproduce every fitted fact. It is 1 by
      construction for a fitted fact, which has no interval (NaN). If no world is accepted it is NaN, with an
      interval of [0, 1];
    - `difference`, `difference_low`, `difference_high`: `given` - `share`, NaN for a fitted fact;
    - `lift`: `given` / `share`, NaN for a fitted fact and where `share` is 0.

    Shares have Wilson intervals, differences the one of `conditional_difference`, each by itself.

    Raises ValueError as `fact_shares`, if nothing is fitted, or a fitted fact is not among `facts`.
    """
    table = fact_shares(runs, facts, confidence)  # its last row is of all facts, which is not asked here
    unknown = [key for key in fitted if key not in facts]
    if unknown or not fitted:
        raise ValueError(
            f"fitted must be some of the facts ({', '.join(facts)}), "
            f"but {', '.join(unknown) + ' is none of them' if unknown else 'is empty'}"
        )
    held_out = [key for key in facts if key not in fitted]
    held = runs[[f"fact_{key}" for key in facts]].to_numpy(dtype=bool)
    if len(held_out) > 1:
        together = reproduces(runs, held_out)
        held = np.column_stack([held, together])
        whole = fact_shares(
            pd.DataFrame({f"fact_{HELD_OUT}": together}), {HELD_OUT: "all held-out facts at once"}, confidence
        )
        table = pd.concat([table.iloc[:-1], whole.iloc[:1].assign(key=ALL_FACTS)], ignore_index=True)
    else:
        table = table.iloc[:-1]
    accepted = reproduces(runs, fitted)
    hits = np.array([column[accepted].sum() for column in held.T])
    table = table.assign(role=[FITTED if key in fitted else HELD_OUT for key in table["key"]])
    table = _given(table, hits, np.full(len(table), accepted.sum()), confidence)
    constructed = table["role"] == FITTED
    blank = ["given_low", "given_high", "difference", "difference_low", "difference_high", "lift"]
    table.loc[constructed, blank] = np.nan
    return table


def leave_one_out(runs: pd.DataFrame, facts: Mapping[str, str], confidence: float = 0.95) -> pd.DataFrame:
    """How often each fact is reproduced in the worlds that reproduce all the others.

    Arguments and columns as in `predictive`; `role` is "held_out" in every row, and `accepted` counts the
    worlds that reproduce all other facts.

    Raises ValueError as `fact_shares`, or if there are fewer than two facts.
    """
    if len(facts) < 2:
        raise ValueError(
            f"leaving one out needs at least two facts, but there are {len(facts)}: {', '.join(facts)}"
        )
    table = fact_shares(runs, facts, confidence).iloc[:-1].assign(role=HELD_OUT)
    missed = ~runs[[f"fact_{key}" for key in facts]].to_numpy(dtype=bool)
    misses = missed.sum(axis=1)
    hits = int((misses == 0).sum())
    others = np.array([(misses == column).sum() for column in missed.T])
    return _given(table, np.full(len(facts), hits), others, confidence)


def shares_given(
    runs: pd.DataFrame,
    accepted: npt.ArrayLike,
    column: str = "outcome",
    categories: Mapping[str, str] | Sequence[str] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Shares of each category of `column` in all worlds and in the accepted ones, such as those that
    `reproduces` marks.

    `runs`, `column` and `categories` as in `outcome_shares`; `accepted` has a truth value a row. Among worlds
    that match some facts, how many end in what: a statement about the model with its ranges, no forecast.

    Returns one row a category: `column`, `headline` (only if `categories` is a mapping), and, as in
    `predictive`, `share`, `low`, `high`, `n`, `given`, `given_low`, `given_high`, `accepted`, `difference`,
    `difference_low`, `difference_high`. Within each of the three, all intervals hold together (Goodman;
    differences by Bonferroni).

    Raises ValueError as `outcome_shares`, or if `accepted` isn't a truth value a row.
    """
    table = outcome_shares(runs, column, categories, confidence)
    mask = _mask(accepted, len(runs))
    names = list(table[column])
    table["accepted"] = int(mask.sum())
    if mask.any():
        inside = outcome_shares(runs[mask], column, names, confidence)
        hits = inside["count"].to_numpy()
        table["given"], table["given_low"], table["given_high"] = (
            inside["share"],
            inside["low"],
            inside["high"],
        )
    else:
        hits = np.zeros(len(names), dtype=np.int64)
        table["given"], table["given_low"], table["given_high"] = np.nan, 0.0, 1.0
    return _differences(table, hits, 1 - (1 - confidence) / len(names)).drop(columns="count")


def conditional_difference(
    hits: npt.ArrayLike,
    accepted: npt.ArrayLike,
    count: npt.ArrayLike,
    n: npt.ArrayLike,
    confidence: float = 0.95,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """How a share changes from all `n` worlds to those `accepted`: `hits` / `accepted` - `count` / `n`.

    Something holds in `count` of `n` worlds, and in `hits` of the `accepted` among them; the four broadcast.
    The interval is the one of the module's docstring. If no world is accepted, the difference is NaN with an
    interval of [-1, 1]. If all are, it is 0, and the interval is what a rejected share as large as the
    accepted count allows could make of it, whatever held there.

    Returns the difference and its lower and upper bounds, in [-1, 1].

    Raises ValueError unless 0 <= `hits` <= `accepted`, 0 <= `count` - `hits` <= `n` - `accepted`, `n` >= 1 and
    0 < `confidence` < 1.
    """
    check_confidence(confidence)
    h, m, c, total = (
        np.atleast_1d(np.asarray(each, dtype=np.float64))
        for each in np.broadcast_arrays(hits, accepted, count, n)
    )
    others, rest = c - h, total - m
    if (h < 0).any() or (h > m).any() or (others < 0).any() or (others > rest).any() or (total < 1).any():
        raise ValueError(
            "hits must be at most accepted, and count - hits at most n - accepted, all counts >= 0, n >= 1"
        )
    p, p_low, p_high = _wilson(h, m, confidence)
    q, q_low, q_high = _wilson(others, rest, confidence)
    a, a_low, a_high = _wilson(m, total, confidence)
    change = p - q
    below = np.hypot(p - p_low, q_high - q)
    above = np.hypot(p_high - p, q - q_low)
    # The more worlds are accepted, the nearer the difference is to 0, on either side.
    less, more = (1 - a_high, 1 - a_low)
    inward, outward = np.abs(change) * (1 - a - less), np.abs(change) * (more - (1 - a))
    low = (1 - a) * change - np.hypot((1 - a) * below, np.where(change > 0, inward, outward))
    high = (1 - a) * change + np.hypot((1 - a) * above, np.where(change > 0, outward, inward))
    difference = (1 - a) * change
    none, whole = m == 0, rest == 0
    difference = np.where(none, np.nan, np.where(whole, 0.0, difference))
    low = np.where(none, -1.0, np.where(whole, more * (p_low - 1), low))
    high = np.where(none, 1.0, np.where(whole, more * p_high, high))
    return difference, np.maximum(low, -1.0), np.minimum(high, 1.0)


def posterior(
    draws: pd.DataFrame,
    ranges: Mapping[str, tuple[float, float]],
    accepted: npt.ArrayLike,
    confidence: float = 0.95,
) -> Posterior:
    """What the facts say about each parameter: its distribution in the accepted worlds against the prior.

    `draws` has one row a world and one column a parameter, drawn uniformly and independently over its range
    in `ranges` (low < high); `accepted` has a truth value a row.

    Returns two tables. `parameters`, the one that moved farthest first:

    - `parameter`, `from_value`, `to_value` (its range), `prior_mean`, `posterior_mean`;
    - `shift`: posterior mean - prior mean, in standard deviations of the prior;
    - `q05`, `q25`, `q50`, `q75`, `q95`: quantiles of the posterior;
    - `contraction`: 1 - posterior variance / prior variance: 0 nothing learnt, 1 known exactly, below 0 if the
      ends of the range are favoured; `contraction_low`, `contraction_high`: normal interval, each by itself;
    - `distance`: largest distance of the distribution functions of accepted and of all worlds (Kolmogorov and
      Smirnov), over `GRID` points of the range, in [0, 1 - share accepted];
    - `p_value`: of the two-sample Kolmogorov-Smirnov test of accepted against rejected worlds, which are
      independent samples, as accepted and all are not; exact up to `EXACT` worlds. Against the rejected the
      test is also sharper than against the uniform distribution, as what the draws are by luck cancels;
    - `p_adjusted`: by Holm (1979) over all parameters: with `moved` (`p_adjusted` < 1 - `confidence`), the
      chance that even one of those called moved is not is at most 1 - `confidence`, whatever the dependence.
      Not by a false discovery rate: each is read by itself, and one wrong name among ten would be too many;
    - `moved`: whether the facts move the parameter by more than chance. Moved is not identified: with many worlds
      the slightest move shows, so look at `contraction`. What isn't moved may move
      with more worlds, but by little;
    - `accepted`: the effective number of worlds (their weights are equal), of `n`.

    `density`, `BINS` bins of equal width a parameter: `parameter`, `from_value`, `to_value`, `ratio` (share of
    accepted worlds in the bin / share of all worlds in it, that is posterior density / prior density; NaN in a
    bin without worlds), `low`, `high` (between which all `BINS` ratios of a parameter would lie with probability
    `confidence` if the facts told nothing of it: normal approximation to the hypergeometric, Bonferroni).

    If no world is accepted, what describes the posterior is NaN and nothing is moved; if all are, the
    posterior is the prior.

    Raises ValueError if there is no world or parameter, a range is missing or empty, a draw lies outside its
    range or is NaN, or `accepted` isn't a truth value a row.
    """
    check_confidence(confidence)
    if draws.empty:
        raise ValueError(f"draws must have worlds and parameters, but its shape is {draws.shape}")
    mask = _mask(accepted, len(draws))
    names = [str(each) for each in draws.columns]
    low, high = _ranges(names, ranges)
    rows = np.flatnonzero(mask)  # picks many times faster than the mask
    n, inside = len(draws), len(rows)
    every, ours = np.empty((2, len(names), GRID), dtype=np.int64)
    shapes = np.full((len(names), 3 + len(QUANTILES)), np.nan)
    exact = np.full(len(names), np.nan)
    for at, name in enumerate(names):
        x = draws[draws.columns[at]].to_numpy(dtype=np.float64)
        if not (x.min() >= low[at] and x.max() <= high[at]):  # also if NaN
            raise ValueError(
                f"{name!r} is drawn from {x.min():g} to {x.max():g}, but its range is "
                f"{low[at]:g} to {high[at]:g}"
            )
        cell = ((x - low[at]) * (GRID / (high[at] - low[at]))).astype(np.int64)
        np.minimum(cell, GRID - 1, out=cell)
        every[at] = np.bincount(cell, minlength=GRID)
        ours[at] = np.bincount(cell[rows], minlength=GRID)
        if inside:
            shapes[at] = _shape(x[rows])
        if 0 < inside < n <= EXACT:
            exact[at] = ks_2samp(x[mask], x[~mask], method="exact").pvalue
    apart, p_value = _kolmogorov_smirnov(every, ours)
    p_value = np.where(np.isnan(exact), p_value, exact)
    parameters = _parameters(names, low, high, shapes, apart, p_value, confidence).assign(
        accepted=inside, n=n
    )
    order = np.argsort(-np.nan_to_num(apart), kind="stable")
    edges = low[:, None] + (high - low)[:, None] * np.arange(BINS + 1) / BINS
    in_bins, ours_in_bins = (
        counts.reshape(len(names), BINS, -1).sum(axis=2)[order] for counts in (every, ours)
    )
    return Posterior(
        parameters.iloc[order].reset_index(drop=True),
        _density(np.array(names, dtype=object)[order], edges[order], in_bins, ours_in_bins, confidence),
    )


def _parameters(
    names: Sequence[str],
    low: FloatArray,
    high: FloatArray,
    shapes: FloatArray,
    apart: FloatArray,
    p_value: FloatArray,
    confidence: float,
) -> pd.DataFrame:
    """The table of parameters; `shapes` are rows of `_shape`."""
    mean, variance, error = shapes[:, :3].T
    prior, middle = (high - low) ** 2 / 12, (low + high) / 2
    contraction = 1 - variance / prior
    margin = norm.ppf(0.5 + confidence / 2) * error / prior
    adjusted = _holm(p_value)
    return pd.DataFrame(
        {
            "parameter": names,
            "from_value": low,
            "to_value": high,
            "prior_mean": middle,
            "posterior_mean": mean,
            "shift": (mean - middle) / np.sqrt(prior),
            **dict(zip(QUANTILES, shapes[:, 3:].T, strict=True)),
            "contraction": contraction,
            "contraction_low": contraction - margin,
            "contraction_high": contraction + margin,
            "distance": apart,
            "p_value": p_value,
            "p_adjusted": adjusted,
            "moved": adjusted < 1 - confidence,
        }
    )


def _density(
    names: npt.NDArray[np.object_], edges: FloatArray, every: IntArray, ours: IntArray, confidence: float
) -> pd.DataFrame:
    """The table of bins from their edges (P, `BINS` + 1) and counts (P, `BINS`)."""
    n, inside = every[0].sum(), ours[0].sum()
    expected = every * (inside / n)
    spread = np.sqrt(expected * (1 - inside / n) * (n - every) / max(n - 1, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = ours / expected
        margin = norm.isf((1 - confidence) / (2 * BINS)) * spread / expected
    return pd.DataFrame(
        {
            "parameter": np.repeat(names, BINS),
            "from_value": edges[:, :-1].ravel(),
            "to_value": edges[:, 1:].ravel(),
            "ratio": ratio.ravel(),
            "low": np.maximum(1 - margin, 0.0).ravel(),
            "high": (1 + margin).ravel(),
        }
    )


def _holm(p_value: FloatArray) -> FloatArray:
    """p-values adjusted by Holm (1979); statsmodels' collects all garbage at every call, 70 ms."""
    order = np.argsort(p_value, kind="stable")
    stepped = np.maximum.accumulate(p_value[order] * np.arange(len(p_value), 0, -1))
    adjusted = np.empty_like(p_value)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _kolmogorov_smirnov(every: IntArray, ours: IntArray) -> tuple[FloatArray, FloatArray]:
    """(P,) distance of the accepted (`ours`) from all (`every`), and p-values against the rejected."""
    n, inside = int(every[0].sum()), int(ours[0].sum())
    if inside in (0, n):
        nothing = 0.0 if inside else np.nan
        return np.full(len(every), nothing), np.full(len(every), 1.0 + nothing)
    steps = np.cumsum(ours, axis=1) / inside - np.cumsum(every - ours, axis=1) / (n - inside)
    apart = np.abs(steps).max(axis=1)
    size = max(round(inside * (n - inside) / n), 1)  # of one sample that is as precise as the two
    return apart * (1 - inside / n), np.asarray(kstwo.sf(apart, size), dtype=np.float64)


def _shape(x: FloatArray) -> FloatArray:
    """Mean, variance, standard error of the variance, quantiles."""
    mean = x.mean()
    squares = (x - mean) ** 2
    variance = squares.mean()
    error = np.sqrt(max(np.mean(squares**2) - variance**2, 0.0) / len(x))
    if len(x) == 1:  # one world says nothing of the spread
        variance = error = np.nan
    x = np.sort(x)
    place = np.array(list(QUANTILES.values())) * (len(x) - 1)  # as np.quantile, but three times as fast
    before = place.astype(np.int64)
    after = np.minimum(before + 1, len(x) - 1)
    return np.array([mean, variance, error, *(x[before] + (place - before) * (x[after] - x[before]))])


def _given(table: pd.DataFrame, hits: IntArray, accepted: IntArray, confidence: float) -> pd.DataFrame:
    """The table of `fact_shares` with what holds in the worlds that reproduce other facts."""
    given = _wilson(hits, accepted, confidence)
    table = table.assign(
        accepted=accepted, **dict(zip(("given", "given_low", "given_high"), given, strict=True))
    )
    table = _differences(table, hits, confidence)
    table["lift"] = table["given"] / table["share"].where(table["share"] > 0)
    columns = ["key", "text", "role", "share", "low", "high", "n", "given", "given_low", "given_high"]
    return table[[*columns, "accepted", "difference", "difference_low", "difference_high", "lift"]]


def _differences(table: pd.DataFrame, hits: IntArray, confidence: float) -> pd.DataFrame:
    found = conditional_difference(hits, table["accepted"], table["count"], table["n"], confidence)
    columns = ("difference", "difference_low", "difference_high")
    return table.assign(**dict(zip(columns, found, strict=True)))


def _wilson(
    count: npt.ArrayLike, n: npt.ArrayLike, confidence: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shares with Wilson bounds, as `shares.share` but of arrays; NaN with [0, 1] where n is 0."""
    count, n = np.asarray(count, dtype=np.float64), np.asarray(n, dtype=np.float64)
    low, high = wilson_intervals(count, n, confidence)
    return np.where(n == 0, np.nan, count / np.maximum(n, 1)), low, high


def _ranges(names: Sequence[str], ranges: Mapping[str, tuple[float, float]]) -> tuple[FloatArray, FloatArray]:
    """(P,) low and high ends."""
    missing = [name for name in names if name not in ranges]
    if missing:
        raise ValueError(f"ranges lacks {', '.join(missing)}; it has {', '.join(ranges) or 'none'}")
    low, high = np.array([ranges[name] for name in names], dtype=np.float64).T
    for name, start, end in zip(names, low, high, strict=True):
        if not start < end:
            raise ValueError(f"the range of {name!r} must run from low to high, but is [{start:g}, {end:g}]")
    return low, high


def _mask(accepted: npt.ArrayLike, n: int) -> Bools:
    mask = np.asarray(accepted)
    if mask.shape != (n,) or mask.dtype != np.bool_:
        raise ValueError(
            f"accepted must be true or false for each of the {n} worlds, but is {mask.dtype} of shape {mask.shape}"
        )
    return mask
