"""What a set of packages leaves room for: zone of agreement, Pareto frontier, bargaining solutions, who blocks what.

A *bargaining problem* is a table of utilities, one row a package and one column a party, and the disagreement
point: what each party has if nothing is agreed. A party's *gain* is its utility less its disagreement utility.

What the names mean here, since programs differ: "Kalai" stands for the egalitarian (proportional) solution in
NegMAS, and in GENIUS for a point called Kalai-Smorodinsky that is really the frontier's most equal one, whatever
the disagreement point. Nothing is called plain "Kalai" here.

==================  ==========================================================  =============  ================
solution            what is maximised over rational packages                    units matter?  source
==================  ==========================================================  =============  ================
nash                product of the gains                                        no             Nash 1950
kalai_smorodinsky   smallest gain, each as a share of that party's ideal gain   no             Kalai & S. 1975
egalitarian         smallest gain, each in that party's unit                    yes            Kalai 1977
utilitarian         sum of the gains, each in that party's unit                 yes            Harsanyi 1955
==================  ==========================================================  =============  ================

A party's *ideal gain* is the most it gains in any rational package. If two packages tie in the smallest gain, the
second smallest decides, and so on (leximin: Imai 1983); otherwise the two maximin solutions could be inefficient.
Where utility has no natural unit, as in most scenarios, the egalitarian and utilitarian points say as much about
the chosen `units` as about the parties.

Packages are taken as they stand, without lotteries over them.

Sources
-------
Nash, J. F. (1950). The bargaining problem. Econometrica 18, 155-162.
Harsanyi, J. C. (1955). Cardinal welfare, individualistic ethics, and interpersonal comparisons of utility. Journal
    of Political Economy 63, 309-321.
Kalai, E., & Smorodinsky, M. (1975). Other solutions to Nash's bargaining problem. Econometrica 43, 513-518.
Kalai, E. (1977). Proportional solutions to bargaining situations: interpersonal utility comparisons. Econometrica
    45, 1623-1630.
Imai, H. (1983). Individual monotonicity and lexicographic maxmin solution. Econometrica 51, 389-401.
Luenberger, D. G. (1992). Benefit functions and duality. Journal of Mathematical Economics 21, 461-481.
Chambers, R. G., Chung, Y., & Färe, R. (1998). Profit, directional distance functions, and Nerlovian efficiency.
    Journal of Optimization Theory and Applications 98, 351-364.
Caragiannis, I., et al. (2019). The unreasonable fairness of maximum Nash welfare. ACM Transactions on Economics
    and Computation 7 (3), 12.
Fearon, J. D. (1995). Rationalist explanations for war. International Organization 49, 379-414.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq, minimize_scalar

SOLUTIONS = ("nash", "kalai_smorodinsky", "egalitarian", "utilitarian")

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Point = Mapping[str, float] | pd.Series | Sequence[float] | FloatArray
"""A number a party: by name, or in the order of the columns."""

_STEP = 2.0**-40  # utilities nearer than this share of a party's largest one are taken as equal
_DIGITS = 10  # of what is compared between packages: shares of ideal gains, logarithms
# Zone of agreement and frontier


def agreement_zone(utilities: pd.DataFrame, disagreement: Point) -> pd.DataFrame:
    """Which packages each party could sign, and which of all packages are Pareto efficient.

    `utilities` has one row a package and one column a party. Packages that a red line forbids don't belong in
    it: drop them before, see `blocking`.

    Returns one row a package, in the same order, with four columns of bool:

    - `rational`: individually rational, no party is worse off than in disagreement;
    - `strictly_rational`: every party is better off than in disagreement;
    - `efficient` (strict sense): no other package is at least as good for all and better for somebody;
    - `weakly_efficient`: no other package is better for *everybody*. Every efficient package is weakly efficient.

    Efficiency is judged among all rows, rational or not. The zone of agreement is the rational rows; its frontier
    is the rational and efficient ones, because whatever dominates a rational package is rational too.

    Raises ValueError if a utility is missing or infinite, or names of packages or parties occur twice.
    """
    gains = _gains(utilities, disagreement)
    efficient = _efficient(gains)
    weakly = np.ones(len(gains), dtype=bool)
    for best in np.unique(gains[efficient], axis=0):
        weakly &= ~(best > gains).all(axis=1)
    return pd.DataFrame(
        {
            "rational": (gains >= 0).all(axis=1),
            "strictly_rational": (gains > 0).all(axis=1),
            "efficient": efficient,
            "weakly_efficient": weakly,
        },
        index=utilities.index,
    )


def ideal_point(utilities: pd.DataFrame, disagreement: Point) -> pd.Series:
    """The most that each party gets in any rational package (utility by party); disagreement if there is none.

    Also called utopia point. For three and more parties some authors leave out "rational": not here.
    """
    gains = _gains(utilities, disagreement)
    rational = (gains >= 0).all(axis=1)
    floor = _point(disagreement, utilities.columns, "disagreement")
    best = utilities.to_numpy(dtype=np.float64)[rational].max(axis=0, initial=-np.inf)
    return pd.Series(np.maximum(best, floor), index=utilities.columns, name="ideal")


# Who blocks what


def blocking(
    utilities: pd.DataFrame,
    disagreement: Point,
    refused: pd.DataFrame | None = None,
    consent: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Who blocks which package, and why.

    A party blocks a package that needs its consent if the package is worth less to it than disagreement, or
    crosses one of its red lines. `refused` (crosses a red line) and `consent` (is needed) are tables of bool like
    `utilities`; without them nobody has a red line, and everybody's consent is needed.

    Returns one row for every package and party that blocks it, in the order of `utilities`: `package`, `party`,
    `shortfall` (disagreement less utility, in the party's unit, 0 if it would gain), `red_line` (bool).
    """
    crossed, needed = _vetoes(utilities, refused, consent)
    gains = _gains(utilities, disagreement)
    row, column = np.nonzero(needed & (crossed | (gains < 0)))
    return pd.DataFrame(
        {
            "package": utilities.index[row],
            "party": utilities.columns[column],
            "shortfall": np.maximum(-gains[row, column], 0.0),
            "red_line": crossed[row, column],
        }
    )


def blocking_counts(
    utilities: pd.DataFrame,
    disagreement: Point,
    refused: pd.DataFrame | None = None,
    consent: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """How many packages each party blocks, and how many of them nobody else blocks; see `blocking`.

    Returns one row a party: `blocks`, `alone` and `n` (packages in all).
    """
    crossed, needed = _vetoes(utilities, refused, consent)
    blocks = needed & (crossed | (_gains(utilities, disagreement) < 0))
    alone = blocks & (blocks.sum(axis=1, keepdims=True) == 1)
    return pd.DataFrame(
        {"blocks": blocks.sum(axis=0), "alone": alone.sum(axis=0), "n": len(utilities)},
        index=utilities.columns.rename("party"),
    )


# Solutions


def solutions(utilities: pd.DataFrame, disagreement: Point, units: Point | None = None) -> pd.DataFrame:
    """The packages that the Nash, Kalai-Smorodinsky, egalitarian and utilitarian solutions choose; no lotteries.

    Defined in the head of this module. `units` says how much utility counts for one unit of each party in the two
    solutions that compare parties (default 1 each); gains are divided by it.

    On a finite set a solution can be several packages: all that tie are given. Nash's product is 0 everywhere if no
    package is a gain for all; then the most parties that can gain at once count, and the product over these
    (Caragiannis et al. 2019), separately for each such set of parties.

    Returns the utilities of the chosen packages, one column a party, indexed by `solution` and `package`; empty if
    no package is rational. Every chosen package is rational and efficient.
    """
    gains = _gains(utilities, disagreement)
    unit = _units(units, utilities.columns)
    rows = np.flatnonzero((gains >= 0).all(axis=1))
    rows = rows[_efficient(gains[rows])]
    found: dict[str, npt.NDArray[np.int_]] = dict.fromkeys(SOLUTIONS, rows)
    if rows.size:
        rational = gains[rows]
        ideal = rational.max(axis=0)
        can_gain = ideal > 0
        total = (rational / unit).sum(axis=1, keepdims=True)
        found = {
            "nash": rows[_nash(rational)],
            "kalai_smorodinsky": rows[_leximin(rational[:, can_gain] / ideal[can_gain])],
            "egalitarian": rows[_leximin(rational / unit)],
            "utilitarian": rows[_leximin(total)],
        }
    return pd.concat(
        [utilities.iloc[found[name]] for name in SOLUTIONS], keys=SOLUTIONS, names=["solution", "package"]
    )


# Distance from the frontier


def frontier_distance(outcomes: pd.DataFrame, utilities: pd.DataFrame, disagreement: Point) -> pd.DataFrame:
    """How much each outcome leaves on the table, as shares of what each party could hope to gain.

    `outcomes` has one row an outcome (a world, say) and the same columns as `utilities`, the packages that could
    have been agreed. Gains are measured in *ranges*: a party's ideal less its disagreement utility.

    Returns one row an outcome:

    - `common_gain`: the largest share of its own range that **every** party could have gained at once by another
      package. It is the directional distance function (Luenberger 1992; Chambers, Chung & Färe 1998) in the
      direction from disagreement to the ideal point. 0: the outcome is weakly efficient (among
      those parties that have a range). For disagreement itself
      it is what the Kalai-Smorodinsky package gives the one who gains least. Units don't matter; unlike with the
      Euclidean distance to the nearest frontier point, no party has to lose to get there.
    - `total_gain`: the largest sum of such shares, over parties, that could have been gained with nobody losing.
      0: the outcome is efficient (strict sense).

    Both are at least 0: what was reached, war for instance, need not be one of the packages, but can be kept. A
    party whose range is 0 (no rational package is a gain for it) must not lose, and counts no further. Both are NaN
    if that holds for all parties, or if the outcome has a missing utility.

    Raises ValueError if a column is missing.
    """
    missing = [str(party) for party in utilities.columns if party not in outcomes.columns]
    if missing:
        raise ValueError(f"outcomes lacks the utilities of {', '.join(missing)}")
    gains = _gains(utilities, disagreement)
    floor = _point(disagreement, utilities.columns, "disagreement")
    reached = _rounded(
        outcomes[utilities.columns].to_numpy(dtype=np.float64) - floor, _steps(utilities, floor)
    )
    rational = gains[(gains >= 0).all(axis=1)]
    scale = rational.max(axis=0, initial=0.0)
    counts = scale > 0
    frontier = np.unique(gains[_efficient(gains)], axis=0)
    rows = pd.DataFrame(reached)
    inverse = rows.groupby(list(rows), sort=False, dropna=False).ngroup().to_numpy()
    distinct = reached[np.unique(inverse, return_index=True)[1]]
    found = np.full((len(distinct), 2), np.nan)
    if counts.any():
        for row, start in enumerate(distinct):
            if not np.isfinite(start).all():
                continue
            better = frontier[(frontier[:, ~counts] >= start[~counts]).all(axis=1)] - start
            shares = better[:, counts] / scale[counts]
            harmless = (shares >= 0).all(axis=1)
            found[row, 0] = shares.min(axis=1).max(initial=0.0)
            found[row, 1] = shares[harmless].sum(axis=1).max(initial=0.0)
    return pd.DataFrame(found[inverse], columns=["common_gain", "total_gain"], index=outcomes.index)


# A frontier given as a function


def war_payoffs(chance: float, costs: Sequence[float]) -> tuple[float, float]:
    """Disagreement point of two who would fight over a pie of 1: (p - c_1, 1 - p - c_2).

    p is the first party's `chance` of winning all of it, c_1 and c_2 are the `costs` of fighting (Fearon 1995).
    The pie itself is the frontier y = 1 - x.
    """
    first, second = costs
    return chance - first, 1 - chance - second


def bargaining_range(
    frontier: Callable[[float], float], interval: tuple[float, float], disagreement: Sequence[float]
) -> tuple[float, float]:
    """The first party's lowest and highest utility on a two-party frontier that both prefer to disagreement.

    Arguments as in `frontier_solutions`. Both NaN if there is no such point. With `war_payoffs` and a pie this is
    Fearon's (1995) bargaining range, p - c_1 to p + c_2.
    """
    x_0, y_0 = disagreement
    low, high = max(interval[0], x_0), interval[1]
    if low > high or frontier(low) < y_0:
        return float("nan"), float("nan")
    if frontier(high) < y_0:
        high = brentq(lambda x: frontier(x) - y_0, low, high, xtol=1e-14)
    return low, high


def frontier_solutions(
    frontier: Callable[[float], float],
    interval: tuple[float, float],
    disagreement: Sequence[float],
    units: Sequence[float] = (1.0, 1.0),
) -> pd.DataFrame:
    """The four solutions on a continuous two-party frontier y = `frontier`(x) for x in `interval`.

    `frontier` must not increase. What can be agreed is every point on or below it; **no lotteries**, so the set
    need not be convex (if it isn't, Nash's product is searched on a grid of 2,000 cells, and one of its largest
    values is given). Where the maximin ray leaves the frontier at an end, the end is the point, as leximin has it.
    Where the sum of gains is largest on a whole stretch, as for a pie, the utilitarian point is its middle.

    Returns the utilities `x` and `y`, one row a solution; empty if no point is rational.

    Raises ValueError if `frontier` increases between two points of the grid.
    """
    low, high = bargaining_range(frontier, interval, disagreement)
    table = pd.DataFrame(columns=["x", "y"], dtype=np.float64).rename_axis("solution")
    if np.isnan(low):
        return table
    x_0, y_0 = disagreement
    grid = np.linspace(low, high, 2001)
    values = np.array([frontier(x) for x in grid])
    if (np.diff(values) > 1e-12 * max(1.0, np.abs(values).max())).any():
        raise ValueError("the frontier increases: give the best y for each x, which can't rise with x")

    def most(worth: Callable[[float, float], float]) -> float:
        """X of the frontier point of highest worth."""
        worths = np.array([worth(x, y) for x, y in zip(grid, values, strict=True)])
        tied = np.flatnonzero(worths >= worths.max() - 1e-12 * max(1.0, np.abs(worths).max()))
        peak = int(tied[len(tied) // 2])
        if len(tied) > 3:
            return float(grid[peak])
        around = grid[max(peak - 1, 0)], grid[min(peak + 1, len(grid) - 1)]
        if around[0] == around[1]:
            return float(low)
        inside = minimize_scalar(
            lambda x: -worth(x, frontier(x)), bounds=around, method="bounded", options={"xatol": 1e-12}
        ).x
        return float(max((grid[peak], inside), key=lambda x: worth(x, frontier(x))))

    def equal(x_unit: float, y_unit: float) -> float:
        """X where both gain as many of their units; the nearer end if one gains more all along."""

        def lead(x: float) -> float:
            return (x - x_0) * y_unit - (frontier(x) - y_0) * x_unit

        if lead(low) >= 0:
            return low
        if lead(high) <= 0:
            return high
        return float(brentq(lead, low, high, xtol=1e-14))

    x_unit, y_unit = units
    points = {
        "nash": most(lambda x, y: (x - x_0) * (y - y_0)),
        "kalai_smorodinsky": equal(high - x_0, values[0] - y_0),
        "egalitarian": equal(x_unit, y_unit),
        "utilitarian": most(lambda x, y: (x - x_0) / x_unit + (y - y_0) / y_unit),
    }
    for name, x in points.items():
        table.loc[name] = [x, frontier(x)]
    return table


# Inside


def _nash(gains: FloatArray) -> BoolArray:
    """Rows of rational gains that maximise the product over the most parties that can gain at once."""
    gainers = gains > 0
    most = gainers.sum(axis=1) == gainers.sum(axis=1).max()
    chosen = np.zeros(len(gains), dtype=bool)
    product = np.round(np.log(np.where(gainers, gains, 1.0)).sum(axis=1), _DIGITS)
    for group in np.unique(gainers[most], axis=0):
        rows = np.flatnonzero((gainers == group).all(axis=1))
        chosen[rows[product[rows] == product[rows].max()]] = True
    return chosen


def _leximin(values: FloatArray) -> BoolArray:
    """Rows whose smallest value is largest; among them, the second smallest; and so on."""
    largest = np.abs(values).max(initial=0.0)
    ordered = np.round(np.sort(values, axis=1) / (largest or 1.0), _DIGITS)
    chosen = np.ones(len(values), dtype=bool)
    for column in ordered.T:
        chosen &= column == column[chosen].max()
    return chosen


def _efficient(gains: FloatArray) -> BoolArray:
    """Rows that no other row dominates: at least as good in all columns and better in one."""
    # Whatever dominates a row comes before it in this order, so the first row left over is always efficient.
    order = np.lexsort((*gains.T, gains.sum(axis=1)))[::-1]
    efficient = np.zeros(len(gains), dtype=bool)
    while order.size:
        best = gains[order[0]]
        same = (gains[order] == best).all(axis=1)
        efficient[order[same]] = True
        order = order[(gains[order] > best).any(axis=1)]
    return efficient


def _gains(utilities: pd.DataFrame, disagreement: Point) -> FloatArray:
    """Utility less disagreement, (packages, parties), rounded so that what is equal on paper is equal here."""
    for axis, what in ((utilities.index, "package"), (utilities.columns, "party")):
        twice = axis[axis.duplicated()]
        if len(twice):
            raise ValueError(f"utilities has {what} {twice[0]!r} more than once")
    if not len(utilities.columns):
        raise ValueError("utilities has no party: give one column a party")
    values = utilities.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise ValueError(
            f"the utility of package {utilities.index[row]!r} for {utilities.columns[column]!r} must be a finite "
            f"number, but is {values[row, column]}; drop packages that can't be agreed"
        )
    floor = _point(disagreement, utilities.columns, "disagreement")
    return _rounded(values - floor, _steps(utilities, floor))


def _steps(utilities: pd.DataFrame, floor: FloatArray) -> FloatArray:
    """What counts as rounding in each party's utilities: a power of two, so that rounding to it is exact."""
    values = utilities.to_numpy(dtype=np.float64)
    largest = np.maximum(np.abs(values).max(axis=0, initial=0.0), np.abs(floor))
    return np.exp2(np.ceil(np.log2(np.where(largest > 0, largest, 1.0)))) * _STEP


def _rounded(values: FloatArray, steps: FloatArray) -> FloatArray:
    return np.round(values / steps) * steps


def _point(point: Point, parties: pd.Index, what: str) -> FloatArray:
    """The numbers of a point in the order of `parties`."""
    if isinstance(point, (Mapping, pd.Series)):
        missing = [str(party) for party in parties if party not in point]
        if missing or len(point) != len(parties):
            raise ValueError(
                f"{what} must have one number for each of {', '.join(map(str, parties))}, but has "
                f"{', '.join(map(str, point.keys())) or 'none'}"
            )
        point = [point[party] for party in parties]
    values = np.asarray(point, dtype=np.float64)
    if values.shape != (len(parties),) or not np.isfinite(values).all():
        raise ValueError(f"{what} must be one finite number a party ({len(parties)}), but is {point!r}")
    return values


def _units(units: Point | None, parties: pd.Index) -> FloatArray:
    values = np.ones(len(parties)) if units is None else _point(units, parties, "units")
    if (values <= 0).any():
        raise ValueError(f"units must be positive, but are {values.tolist()}")
    return values


def _vetoes(
    utilities: pd.DataFrame, refused: pd.DataFrame | None, consent: pd.DataFrame | None
) -> tuple[BoolArray, BoolArray]:
    """Tables of bool in the order of `utilities`: who refuses a package, and whose consent it needs."""
    found = []
    for table, name, default in ((refused, "refused", False), (consent, "consent", True)):
        if table is None:
            found.append(np.full(utilities.shape, default))
            continue
        aligned = table.reindex(index=utilities.index, columns=utilities.columns)
        if aligned.isna().to_numpy().any():
            raise ValueError(f"{name} must have true or false for every package and party of utilities")
        found.append(aligned.to_numpy(dtype=bool))
    return found[0], found[1]
