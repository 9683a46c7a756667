"""What drives the outcome: Sobol' indices, Morris screening, PAWN, tornado, partial dependence.

Each takes a table of a sweep's design points or runs and gives a tidy table, the most important factor first.
Design tables are `Results.design` or `Results.counts()`: a row a point, a column a factor, and `sample`, the
point's place in the sampler's own order, on which `sobol` and `morris` rest. Take one scenario at a time.

What an interval covers differs, and is said with each function. A share that is estimated from few worlds a
point adds noise to every index; common random numbers cancel most of it.

Sources
-------
Sobol', I. M. (2001). Global sensitivity indices for nonlinear mathematical models and their Monte Carlo
    estimates. Mathematics and Computers in Simulation 55 (1-3), 271-280.
Saltelli, A., Annoni, P., Azzini, I., Campolongo, F., Ratto, M., Tarantola, S. (2010). Variance based
    sensitivity analysis of model output. Computer Physics Communications 181 (2), 259-270.
Morris, M. D. (1991). Factorial sampling plans for preliminary computational experiments. Technometrics 33
    (2), 161-174.
Campolongo, F., Cariboni, J., Saltelli, A. (2007). An effective screening design for sensitivity analysis of
    large models. Environmental Modelling & Software 22 (10), 1509-1518.
Pianosi, F., Wagener, T. (2018). Distribution-based sensitivity analysis from a generic input-output sample.
    Environmental Modelling & Software 108, 197-207.
Friedman, J. H. (2001). Greedy function approximation: a gradient boosting machine. Annals of Statistics 29
    (5), 1189-1232 (partial dependence).
Korn, E. L., Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data. Survey Methodology 24 (2), 193-201.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from negotiation_sim.analysis.checks import check_table
from negotiation_sim.analysis.comparison import changed_factors, common_worlds, is_number, paired_interval
from negotiation_sim.analysis.incidence import effective_wilson

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ANY = "any"
"""Outcome of the rows of `pawn` that hold the largest value over all outcomes."""


def sobol(
    table: pd.DataFrame,
    factors: Sequence[str],
    result: str,
    confidence: float = 0.95,
    resamples: int = 200,
    seed: int = 1,
) -> pd.DataFrame:
    """Sobol' indices: the share of the variance of `result` over the points that each factor accounts for.

    `table` is a saltelli design in any order, with `sample`, the `factors` in the order in which they were
    swept, and `result`, a number a point such as the share of escalation. Estimators of Saltelli et al.
    (2010), by SALib.

    Returns one row a factor, the largest `total` first: `factor`, `first` (by itself), `first_low`,
    `first_high`, `total` (with all its interactions), `total_low`, `total_high`, `n` (points). Intervals are
    normal with the bootstrap's standard error over base samples; as the samples fill the space evenly they are
    rather too wide than too narrow. Indices near 0 may come out below it. All are NaN if the result is the
    same at every point: there is no variance to share.

    Raises ValueError if a column or value is missing or the points are not a whole saltelli design.
    """
    from SALib.analyze import sobol as salib

    ordered = _in_order(table, factors, result)
    second_order = _saltelli(ordered, factors)
    y = ordered[result].to_numpy(dtype=np.float64)
    d = len(factors)
    step = 2 * d + 2 if second_order else d + 2
    problem = {"num_vars": d, "names": list(factors), "bounds": [[0.0, 1.0]] * d}
    if np.ptp(np.concatenate([y[::step], y[step - 1 :: step]])) == 0:
        nothing = np.full(d, np.nan)
        found = {"S1": nothing, "S1_conf": nothing, "ST": nothing, "ST_conf": nothing}
    else:
        if second_order:  # the rows for second-order indices are not needed, and cost most of the time
            kept = np.arange(len(y)).reshape(-1, step)
            y = y[kept[:, [*range(d + 1), step - 1]].ravel()]
        found = salib.analyze(
            problem,
            y,
            calc_second_order=False,
            num_resamples=resamples,
            conf_level=confidence,
            seed=seed + 1,  # SALib takes 0 for "no seed" and would draw from NumPy's global state
        )
    return _sorted(
        pd.DataFrame(
            {
                "factor": list(factors),
                "first": found["S1"],
                "first_low": found["S1"] - found["S1_conf"],
                "first_high": found["S1"] + found["S1_conf"],
                "total": found["ST"],
                "total_low": found["ST"] - found["ST_conf"],
                "total_high": found["ST"] + found["ST_conf"],
                "n": len(ordered),
            }
        ),
        "total",
    )


def morris(
    table: pd.DataFrame,
    factors: Sequence[str],
    result: str,
    levels: int = 4,
    confidence: float = 0.95,
    resamples: int = 200,
    seed: int = 1,
) -> pd.DataFrame:
    """Morris's screening: how much `result` changes if one factor goes from one end of its range to the
    other.

    `table` is a morris design in any order, with `sample`, the `factors` in the order in which they were
    swept, and `result`, a number a point. `levels` must be the design's. Elementary effects are per whole
    range, by SALib.

    Returns one row a factor, the largest `mu_star` first: `factor`, `mu` (mean effect), `mu_star` (mean
    absolute effect), `mu_star_low`, `mu_star_high` (normal, with the bootstrap's standard error over
    trajectories), `sigma` (standard deviation of the effect: large if it hangs on the other factors or
    bends), `n` (points). The labels of a factor of words count in alphabetical order, which gives its `mu` a sign.

    Raises ValueError if a column or value is missing, or the points are not whole trajectories in each of
    which each factor changes once.
    """
    from SALib.analyze import morris as salib

    ordered = _in_order(table, factors, result)
    if levels < 2:
        raise ValueError(f"levels must be at least 2, but is {levels}")
    x = _codes(ordered, factors)
    d = len(factors)
    _trajectories(x, factors, levels)
    found = salib.analyze(
        {"num_vars": d, "names": list(factors), "groups": None, "bounds": [[0.0, 1.0]] * d},
        x,  # SALib looks only at which value rose or fell
        ordered[result].to_numpy(dtype=np.float64),
        num_resamples=resamples,
        conf_level=confidence,
        num_levels=levels,
        seed=seed,
    )
    star, half = (np.asarray(found[each], dtype=np.float64) for each in ("mu_star", "mu_star_conf"))
    return _sorted(
        pd.DataFrame(
            {
                "factor": list(factors),
                "mu": np.asarray(found["mu"], dtype=np.float64),
                "mu_star": star,
                "mu_star_low": np.maximum(star - half, 0.0),
                "mu_star_high": star + half,
                "sigma": np.asarray(found["sigma"], dtype=np.float64),
                "n": len(ordered),
            }
        ),
        "mu_star",
    )


def pawn(
    table: pd.DataFrame,
    factors: Sequence[str],
    outcomes: Sequence[str],
    slices: int = 10,
    shuffles: int = 100,
    confidence: float = 0.95,
    seed: int = 1,
) -> pd.DataFrame:
    """PAWN for categorical outcomes (Pianosi and Wagener 2018): how far fixing a factor moves the shares.

    `table` is of any design that varies the factors together: a row a point, the `factors`, and a column of
    counts for each of `outcomes` (as `Results.counts()` gives), or a row a run with 0 and 1. The range of a
    factor is cut into `slices` with equally many points; words, and numbers with no more than `slices` values,
    into their values. PAWN compares the distribution within a slice with that over all points by the
    Kolmogorov-Smirnov distance. For the indicator of one outcome that distance is the difference of its two
    shares, whatever the order of the outcomes.

    Returns one row a factor and outcome, and one a factor with outcome "any" (the largest over the outcomes),
    factors with the largest "any" first: `factor`, `outcome`, `median` and `maximum` (of the distance over
    the slices, in [0, 1]; 0: no influence), `median_by_chance` and `maximum_by_chance` (what a factor without
    influence would stay below with probability `confidence`, from `shuffles` of the points: finite samples
    never give 0), `n` (worlds counted).

    Not by SALib's `pawn.analyze`: its slices leave out the largest value of a factor, so that one with two
    values is only ever fixed at the lower, and it takes no words and no counts. The tests compare the two
    where both can speak.

    Raises ValueError if a column or value is missing, counts are negative or all zero, or a factor has one
    value.
    """
    check_table(table, "the table", [*factors, *outcomes])
    counts = table[list(outcomes)].to_numpy(dtype=np.float64)
    if not np.isfinite(counts).all() or (counts < 0).any() or counts.sum() == 0:
        raise ValueError(f"columns {', '.join(outcomes)} must hold counts >= 0, not all of them 0")
    rng = np.random.default_rng(seed)
    chance: dict[tuple[int, ...], tuple[FloatArray, ...]] = {}
    shuffle = _shuffled_runs if _single_runs(counts) else _shuffled_points
    found = []
    for factor in factors:
        code, number = _sliced(table[factor], factor, slices)
        median, maximum = _distances(_tallied(code, number, counts))
        sizes = tuple(sorted(np.bincount(code, minlength=number).tolist()))
        if sizes not in chance:  # what chance gives depends on the sizes of the slices only
            shuffled = _distances(shuffle(code, sizes, counts, shuffles, rng))
            chance[sizes] = tuple(np.quantile(each, confidence, axis=0) for each in shuffled)
        found.append(np.stack([median, maximum, *chance[sizes]]))
    order = np.argsort([-each[0, -1] for each in found], kind="stable")
    columns = ["median", "maximum", "median_by_chance", "maximum_by_chance"]
    table = pd.DataFrame(np.concatenate([found[at].T for at in order]), columns=columns)
    table.insert(0, "factor", np.repeat(np.array(factors, dtype=object)[order], len(outcomes) + 1))
    table.insert(1, "outcome", [*outcomes, ANY] * len(found))
    return table.assign(n=int(counts.sum()))


def tornado(
    runs: pd.DataFrame,
    design: pd.DataFrame,
    outcome: str,
    column: str = "headline",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How the share of `outcome` changes as each factor alone goes from the low to the high end of its range.

    `runs` has one row a run of a one_at_a_time sweep on common random numbers: `design`, `world`, `column`;
    `design` has one row a point (row number = `design`). For a factor of words it is the two labels that
    differ most, with the interval widened for the number of pairs that were tried (Bonferroni).

    Returns one row a factor, the largest change first: `factor`, `from_value`, `to_value`, `share_from`,
    `share_to`, `difference`, `error` (its standard error over pairs of equal worlds), `low`, `high` (Tango's
    score interval, see `comparison.paired_interval`), `n` (worlds that both ends have).

    Raises ValueError if something is missing, the design is no one_at_a_time design, a factor has a single
    level, or its ends share no world.
    """
    check_table(runs, "runs", ["design", "world", column])
    changed = np.array(changed_factors(design))
    point, world = runs["design"].to_numpy(), runs["world"].to_numpy()
    if point.min() < 0 or point.max() >= len(design):
        raise ValueError(
            f"runs has design points up to {point.max()}, but the design only {len(design)} rows"
        )
    hit = (runs[column] == outcome).to_numpy(dtype=bool)
    order = np.argsort(point, kind="stable")
    world, hit = world[order], hit[order]
    starts = np.searchsorted(point[order], np.arange(len(design) + 1))
    rows = []
    for factor in dict.fromkeys(changed.tolist()):
        points = np.flatnonzero(changed == factor)
        values = design[factor].to_numpy()[points]
        if is_number(design[factor]):
            points = points[[values.argmin(), values.argmax()]] if len(points) > 1 else points
        pairs = list(combinations(points.tolist(), 2))
        if not pairs:
            raise ValueError(f"factor {factor!r} has a single level: there is nothing to compare")
        compared = [_compared(world, hit, starts, factor, *pair) for pair in pairs]
        at = int(np.argmax([abs(gained - lost) / n for gained, lost, _, _, n in compared]))
        gained, lost, first, second, n = compared[at]
        low, high = paired_interval(gained, lost, n, 1 - (1 - confidence) / len(pairs))
        rows.append(
            {
                "factor": factor,
                "from_value": design[factor].iloc[pairs[at][0]],
                "to_value": design[factor].iloc[pairs[at][1]],
                "share_from": first / n,
                "share_to": second / n,
                "difference": (gained - lost) / n,
                "error": np.sqrt(gained + lost - (gained - lost) ** 2 / n) / n,
                "low": float(low),
                "high": float(high),
                "n": n,
            }
        )
    table = pd.DataFrame(rows)
    return table.iloc[np.argsort(-table["difference"].abs().to_numpy(), kind="stable")].reset_index(drop=True)


def partial_dependence(
    runs: pd.DataFrame,
    factors: Sequence[str],
    outcomes: Sequence[str],
    column: str = "headline",
    bins: int = 10,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Share of each of `outcomes` along each factor, over whatever values the others have in the design.

    `runs` has one row a run, with the `factors` and `column`; runs that leave a factor to the scenario are left
    out for it. Words, and numbers with no more than `bins` values, get a row a value; else bins with equally
    many runs. As long as the design varies the factors independently, this average is Friedman's (2001)
    partial dependence.

    Returns one row a factor, outcome and bin, in order: `factor`, `outcome`, `value` (mean of a number, or the
    label), `from_value`, `to_value` (lowest and highest in the bin), `count`, `n` (runs), `share`, `low`,
    `high`. Intervals are Wilson's, each by itself. Runs of the same world at several points of a bin share their
    luck: with a column `world`, such runs count as one cluster, and the interval is that of the effective
    number of runs (Korn and Graubard 1998), never more than `n`.

    Raises ValueError if a column is missing or no run has a value of a factor.
    """
    check_table(runs, "runs", [*factors, column])
    hits = {outcome: (runs[column] == outcome).to_numpy(dtype=bool) for outcome in outcomes}
    world = np.empty(0, dtype=np.int64)
    if "world" in runs.columns:
        world, worlds = pd.factorize(runs["world"])
        world = world if len(worlds) < len(runs) else world[:0]  # no world twice: nothing to cluster
    parts = []
    for factor in factors:
        given = runs[factor].notna().to_numpy()
        if not given.any():
            raise ValueError(f"no run has a value of {factor!r}")
        x = runs[factor] if given.all() else runs[factor][given]
        code, number = _sliced(x, factor, bins, single=True)
        values = _values(x, code, number)
        luck = _Clusters.of(code, world[given]) if world.size else None
        n = np.bincount(code, minlength=number)
        for outcome, everywhere in hits.items():
            hit = everywhere[given]
            count = np.bincount(code[hit], minlength=number)
            share = count / n
            error, clusters = np.sqrt(share * (1 - share) / n), n
            if luck is not None:
                error, clusters = np.maximum(error, luck.error(hit, share)), luck.number
            low, high = effective_wilson(share, error, clusters, confidence)
            found = {"count": count, "n": n, "share": share, "low": low, "high": high}
            parts.append(pd.DataFrame({"factor": factor, "outcome": outcome, **values, **found}))
    return pd.concat(parts, ignore_index=True)


def _values(x: pd.Series, code: IntArray, number: int) -> dict[str, npt.NDArray[Any]]:
    """Middle, lowest and highest value of each bin; of words the label, three times."""
    if not is_number(x):
        first = np.empty(number, dtype=np.int64)
        first[code[::-1]] = np.arange(len(code))[::-1]
        label = x.to_numpy(dtype=object)[first]
        return {"value": label, "from_value": label, "to_value": label}
    values = x.to_numpy(dtype=np.float64)
    lowest, highest = np.full(number, np.inf), np.full(number, -np.inf)
    np.minimum.at(lowest, code, values)
    np.maximum.at(highest, code, values)
    mean = np.bincount(code, weights=values, minlength=number) / np.bincount(code, minlength=number)
    return {
        "value": np.where(lowest == highest, lowest, mean),
        "from_value": lowest,
        "to_value": highest,
    }


class _Clusters(NamedTuple):
    """Runs of the same world in the same bin.

    Attributes:
        of_run: (n,) cluster of each run.
        size: (C,) runs in each cluster.
        bin: (C,) bin of each cluster.
        number: (B,) clusters in each bin.
    """

    of_run: IntArray
    size: IntArray
    bin: IntArray
    number: IntArray

    @classmethod
    def of(cls, code: IntArray, world: IntArray) -> "_Clusters":
        """From the bin and the world of each run."""
        worlds = world.max() + 1
        of_run, found = pd.factorize(code * worlds + world)
        return cls(of_run, np.bincount(of_run), found // worlds, np.bincount(found // worlds))

    def error(self, hit: npt.NDArray[np.bool_], share: FloatArray) -> FloatArray:
        """(B,) standard error of each bin's share, from how much clusters differ."""
        residual = np.bincount(self.of_run[hit], minlength=len(self.size)) - share[self.bin] * self.size
        squares = np.bincount(self.bin, weights=residual**2, minlength=len(share))
        n = np.bincount(self.bin, weights=self.size, minlength=len(share))
        return np.sqrt(squares * self.number / np.maximum(self.number - 1, 1)) / n


def _compared(
    world: IntArray, hit: npt.NDArray[np.bool_], starts: IntArray, factor: str, first: int, second: int
) -> tuple[int, int, int, int, int]:
    """Worlds with the outcome at the second point only, at the first only, at the first, at the second;
    pairs.
    """
    spans = [slice(starts[each], starts[each + 1]) for each in (first, second)]
    names = [f"point {each} of {factor!r}" for each in (first, second)]
    here, there = common_worlds(world[spans[0]], world[spans[1]], *names)
    before, after = hit[spans[0]][here], hit[spans[1]][there]
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    return gained, lost, int(before.sum()), int(after.sum()), len(before)


def _tallied(code: IntArray, number: int, counts: FloatArray) -> FloatArray:
    """(S, K) count of each outcome in each slice."""
    return np.stack(
        [np.bincount(code, weights=counts[:, k], minlength=number) for k in range(counts.shape[1])], 1
    )


def _distances(inside: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Median and maximum over the slices of the distance of each outcome's share, (..., K + 1), the last for
    any; `inside` (..., S, K) has the counts.
    """
    total = inside.sum(axis=-1, keepdims=True)
    shares = np.divide(inside, total, out=np.full_like(inside, np.nan), where=total > 0)
    distance = np.abs(shares - inside.sum(axis=-2, keepdims=True) / total.sum(axis=-2, keepdims=True))
    distance = np.concatenate([distance, distance.max(axis=-1, keepdims=True)], axis=-1)
    return np.nanmedian(distance, axis=-2), np.nanmax(distance, axis=-2)


def _single_runs(counts: FloatArray) -> bool:
    """Whether each row is one run: of one outcome or of none."""
    return bool(((counts == 0) | (counts == 1)).all() and (counts.sum(axis=1) <= 1).all())


def _shuffled_points(
    code: IntArray, sizes: tuple[int, ...], counts: FloatArray, shuffles: int, rng: np.random.Generator
) -> FloatArray:
    """(shuffles, S, K) counts of each outcome in each slice if points were dealt to slices at random."""
    return np.stack([_tallied(rng.permutation(code), len(sizes), counts) for _ in range(shuffles)])


def _shuffled_runs(
    code: IntArray, sizes: tuple[int, ...], counts: FloatArray, shuffles: int, rng: np.random.Generator
) -> FloatArray:
    """As `_shuffled_points` for rows of one run each: equal rows need not be told apart, so that the counts
    are drawn straight from their distribution, the multivariate hypergeometric one.
    """
    k = counts.shape[1]
    undealt = np.tile(counts.sum(axis=0).astype(np.int64), (shuffles, 1))
    inside = np.empty((shuffles, len(sizes), k))
    rest = np.full(shuffles, len(counts))  # rows of any kind, also of no outcome
    for at, size in enumerate(sizes):
        others, wanted = rest.copy(), np.full(shuffles, size)
        for each in range(k):
            others -= undealt[:, each]
            got = rng.hypergeometric(undealt[:, each], others, wanted)
            inside[:, at, each] = got
            wanted -= got
        undealt -= inside[:, at].astype(np.int64)
        rest -= size
    return inside


def _sliced(column: pd.Series, factor: str, slices: int, single: bool = False) -> tuple[IntArray, int]:
    """(n,) slice of each row, from 0, and how many there are; none is empty."""
    if slices < 1:
        raise ValueError(f"there must be at least one slice, but {slices} are asked for")
    missing = int(column.isna().sum())
    if missing:
        raise ValueError(f"column {factor!r} has no value in {missing} of {len(column)} rows")
    some = pd.unique(column.iloc[: 8 * slices])  # mostly enough to see that there are many
    distinct = some if len(some) > slices else column.unique()
    if len(distinct) == 1 and not single:
        raise ValueError(f"factor {factor!r} has one value, {distinct[0]!r}: it was not varied")
    if not is_number(column) or len(distinct) <= slices:
        code, values = pd.factorize(column, sort=True)
        return code.astype(np.int64), len(values)
    x = column.to_numpy(dtype=np.float64)
    edges = np.unique(np.quantile(x, np.linspace(0, 1, slices + 1)[1:-1]))
    code = np.searchsorted(edges, x, side="right")
    filled = np.bincount(code, minlength=len(edges) + 1) > 0
    return (np.cumsum(filled) - 1)[code], int(filled.sum())


def _in_order(table: pd.DataFrame, factors: Sequence[str], result: str) -> pd.DataFrame:
    """The design in the sampler's order, nothing missing."""
    if not factors:
        raise ValueError("no factor is named")
    check_table(table, "the table", ["sample", *factors, result])
    for column in (*factors, result):
        if table[column].isna().any():
            raise ValueError(f"column {column!r} has no value at {table[column].isna().sum()} points")
    ordered = table.sort_values("sample", kind="stable").reset_index(drop=True)
    if not np.array_equal(ordered["sample"].to_numpy(), np.arange(len(ordered))):
        raise ValueError(
            f"column 'sample' must be 0 to {len(ordered) - 1}, each once: "
            "points are missing, or there are several scenarios: take one at a time"
        )
    return ordered


def _codes(table: pd.DataFrame, factors: Sequence[str]) -> FloatArray:
    """(n, d) numbers as they are, words by their place in the alphabet."""
    columns = [
        table[each].to_numpy(dtype=np.float64)
        if is_number(table[each])
        else pd.factorize(table[each], sort=True)[0].astype(np.float64)
        for each in factors
    ]
    return np.stack(columns, axis=1)


def _saltelli(table: pd.DataFrame, factors: Sequence[str]) -> bool:
    """Whether a saltelli design is one for second-order indices; ValueError if it is no saltelli design."""
    x = _codes(table, factors)
    d = len(factors)
    for second_order in (False, True):
        step = 2 * d + 2 if second_order else d + 2
        if len(x) % step or len(x) < 2 * step:
            continue
        block = x.reshape(-1, step, d)
        first, last = block[:, :1], block[:, -1:]
        own = np.eye(d, dtype=bool)
        expected = [first, np.where(own, last, first), last]
        if second_order:
            expected.insert(2, np.where(own, first, last))
        if np.array_equal(block, np.concatenate(expected, axis=1)):
            return second_order
    raise ValueError(
        f"the {len(x)} points are no saltelli design of the {d} factors in this order: its blocks of "
        f"{d + 2} points ({2 * d + 2} for second order) go from one base point to another a factor at a time"
    )


def _trajectories(x: FloatArray, factors: Sequence[str], levels: int) -> None:
    """ValueError if the points are no morris design."""
    d = len(factors)
    for at, factor in enumerate(factors):
        distinct = len(np.unique(x[:, at]))
        if distinct == 1:
            raise ValueError(f"factor {factor!r} has one value: it was not varied")
        if distinct > levels:
            raise ValueError(
                f"factor {factor!r} has {distinct} values, more than the {levels} levels of the design"
            )
    whole = len(x) % (d + 1) == 0 and len(x) >= 2 * (d + 1)
    moved = np.diff(x.reshape(-1, d + 1, d), axis=1) != 0 if whole else np.zeros((1, 1, d), dtype=bool)
    if not whole or (moved.sum(axis=2) != 1).any() or (moved.sum(axis=1) != 1).any():
        raise ValueError(
            f"the {len(x)} points are no morris design of {d} factors: it is made of trajectories of "
            f"{d + 1} points, at least two, along which each factor changes once, one at each step"
        )


def _sorted(table: pd.DataFrame, column: str) -> pd.DataFrame:
    return table.sort_values(column, ascending=False, kind="stable", na_position="last").reset_index(
        drop=True
    )
