"""Designs: which combinations of values are played, a row each.

Sources: Latin hypercube, McKay, Beckman & Conover 1979; Sobol' sequences, scrambled, by scipy.stats.qmc;
Saltelli's scheme for variance-based indices (Saltelli 2002) and Morris's elementary effects (Morris 1991), by
SALib.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import pandas as pd
from scipy.stats import qmc

from negotiation_sim.rules.arrays import Bools, Floats
from negotiation_sim.scenario import Problem, ScenarioError
from negotiation_sim.sweep.experiment import STRUCTURED, Constraint, Design, Experiment
from negotiation_sim.sweep.factors import Swept

LEVELS = {"grid": 5, "one_at_a_time": 2, "morris": 4}
MOST_TRIES = 12  # doublings of a random design before it is said that nothing meets the constraints
COMPARE: dict[str, Callable[[Floats, Floats], Bools]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def points(experiment: Experiment, factors: Sequence[Swept]) -> pd.DataFrame:
    """The design: a row a point, a column a factor, in the order in which the sampler gave them.

    A number is NaN, a label None, where the point leaves the factor as the scenario has it.

    Raises:
        ScenarioError: a constraint that fits nothing, that nothing meets, or that the design cannot have; a
            list that names something that is not swept.
    """
    design = experiment.design
    constraints = _checked(experiment, factors)
    if not factors:
        return pd.DataFrame(index=pd.RangeIndex(1))
    if design.kind == "list":
        table = _listed(experiment, factors)
    elif design.kind == "grid":
        levels = [factor.levels(design.levels or LEVELS["grid"]) for factor in factors]
        table = _table(factors, list(product(*levels)))
    elif design.kind == "one_at_a_time":
        table = _one_at_a_time(factors, design.levels or LEVELS["one_at_a_time"])
    elif design.kind in STRUCTURED:
        table = _at(factors, _structured(design, len(factors), experiment.seed))
    else:
        return _random(experiment, factors, constraints)
    met = _met(table, constraints)
    if not met.any():
        raise ScenarioError(experiment.name, [_nothing_meets(experiment)])
    return table[met].reset_index(drop=True)


def _table(factors: Sequence[Swept], rows: Sequence[Sequence[object]]) -> pd.DataFrame:
    columns = {
        factor.path: pd.Series([row[at] for row in rows], dtype="float64" if factor.numeric else "object")
        for at, factor in enumerate(factors)
    }
    return pd.DataFrame(columns)


def _at(factors: Sequence[Swept], unit: Floats) -> pd.DataFrame:
    """The points (n, d) of the unit cube as values."""
    columns = [factor.at(unit[:, at]) for at, factor in enumerate(factors)]
    return _table(factors, list(zip(*columns, strict=True)))


def _listed(experiment: Experiment, factors: Sequence[Swept]) -> pd.DataFrame:
    rows = []
    paths = [factor.path for factor in factors]
    problems = []
    for at, point in enumerate(experiment.design.points or ()):
        for path in point:
            if path not in paths:
                allowed = ", ".join(paths)
                problems.append(Problem(f"design.points.{at}", "this is not swept", path, allowed))
        row: list[object] = []
        for factor in factors:
            value = point.get(factor.path)
            fits = value is None or (
                isinstance(value, int | float) if factor.numeric else str(value) in factor.values
            )
            if not fits or (isinstance(value, bool) and factor.numeric):
                allowed = "a number" if factor.numeric else ", ".join(map(str, factor.values))
                problems.append(
                    Problem(
                        f"design.points.{at}.{factor.path}", "not what belongs here", repr(value), allowed
                    )
                )
            row.append(value if factor.numeric or value is None else str(value))
        rows.append(row)
    if problems:
        raise ScenarioError(experiment.name, problems)
    return _table(factors, rows)


def _one_at_a_time(factors: Sequence[Swept], levels: int) -> pd.DataFrame:
    """Each factor in turn at each of its levels, all others left as the scenario has them."""
    rows = []
    for at, factor in enumerate(factors):
        for value in factor.levels(levels):
            rows.append([value if other == at else None for other in range(len(factors))])
    return _table(factors, rows)


def _structured(design: Design, dimensions: int, seed: int) -> Floats:
    from SALib.sample import morris, sobol

    problem = {
        "num_vars": dimensions,
        "names": [f"x{at}" for at in range(dimensions)],
        "bounds": [[0.0, 1.0]] * dimensions,
    }
    if design.kind == "saltelli":
        sample = sobol.sample(problem, design.n, calc_second_order=design.second_order, seed=seed)
    else:
        sample = morris.sample(problem, design.n, num_levels=design.levels or LEVELS["morris"], seed=seed)
    return np.asarray(sample, dtype=np.float64)


def _random(
    experiment: Experiment, factors: Sequence[Swept], constraints: Sequence[Constraint]
) -> pd.DataFrame:
    """As many points as asked for that meet the constraints."""
    wanted = experiment.design.n or 0
    number = wanted
    for _ in range(MOST_TRIES if constraints else 1):
        rng = np.random.default_rng(experiment.seed)
        if experiment.design.kind == "sobol":
            unit = qmc.Sobol(len(factors), rng=rng).random(number)
        else:
            unit = qmc.LatinHypercube(len(factors), rng=rng).random(number)
        table = _at(factors, unit)
        table = table[_met(table, constraints)]
        if len(table) >= wanted:
            return table.head(wanted).reset_index(drop=True)
        number *= 2
    raise ScenarioError(experiment.name, [_nothing_meets(experiment, len(table))])


def _checked(experiment: Experiment, factors: Sequence[Swept]) -> Sequence[Constraint]:
    numbers = [factor.path for factor in factors if factor.numeric]
    problems = []
    for at, (left, _, right) in enumerate(experiment.constraints):
        for side in (left, right):
            if isinstance(side, str) and side not in numbers:
                allowed = f"a number, or one of {', '.join(numbers) or 'no swept numbers'}"
                problems.append(
                    Problem(f"constraints.{at}", "no swept number has this path", repr(side), allowed)
                )
    if experiment.constraints and experiment.design.kind in STRUCTURED:
        allowed = "a grid, list, latin_hypercube, sobol or one_at_a_time design"
        problems.append(
            Problem(
                "constraints", "the points of this design belong together", experiment.design.kind, allowed
            )
        )
    if problems:
        raise ScenarioError(experiment.name, problems)
    return experiment.constraints


def _met(table: pd.DataFrame, constraints: Sequence[Constraint]) -> Bools:
    """(n,) which points meet all constraints; a number that is left to the scenario is not tested."""
    met = np.ones(len(table), dtype=bool)
    for left, sign, right in constraints:
        sides = [
            table[side].to_numpy(dtype=float) if isinstance(side, str) else np.full(len(table), float(side))
            for side in (left, right)
        ]
        free = np.isnan(sides[0]) | np.isnan(sides[1])
        met &= COMPARE[sign](sides[0], sides[1]) | free
    return met


def _nothing_meets(experiment: Experiment, found: int = 0) -> Problem:
    said = "; ".join(" ".join(map(str, each)) for each in experiment.constraints)
    points = "no point" if not found else f"only {found} points"
    return Problem(
        "constraints", f"{points} of the design meets them", said, "wider ranges, or fewer constraints"
    )
