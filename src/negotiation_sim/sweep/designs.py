"""Designs: which combinations of values are played, a row each.

Sources: Latin hypercube, McKay, Beckman & Conover 1979; Sobol' sequences, scrambled, by scipy.stats.qmc;
Saltelli's scheme for variance-based indices (Saltelli 2002) and Morris's elementary effects (Morris 1991), by
SALib.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from itertools import product
from math import prod

import numpy as np
import pandas as pd
from scipy.stats import qmc

from negotiation_sim.rules.arrays import Bools, Floats
from negotiation_sim.scenario import Problem
from negotiation_sim.scenario.problems import nearest
from negotiation_sim.sweep.experiment import STRUCTURED, Constraint, Design, Experiment, Factor
from negotiation_sim.sweep.factors import Swept, Value, finite

LEVELS = {"grid": 5, "one_at_a_time": 2, "morris": 4}
MOST_POINTS = 1_000_000
MOST_TRIED = 2**22  # points of a random design before it is said that too few meet the constraints
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
    _check_size(experiment, factors)
    if design.kind == "list":
        table = _listed(experiment, factors)
    elif design.kind == "grid":
        table = _table(factors, list(product(*_levels(factors, design))))
    elif design.kind == "one_at_a_time":
        table = _one_at_a_time(factors, design.levels or LEVELS["one_at_a_time"])
    elif design.kind in STRUCTURED:
        table = _at(factors, _structured(design, len(factors), experiment.seed))
    else:
        return _random(experiment, factors, constraints)
    met = _met(table, constraints)
    if not met.any():
        raise experiment.error([_nothing_meets(experiment)])
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
                key, near = f"design.points.{at}", nearest(path, paths)
                problems.append(Problem(key, "this is not swept", path, ", ".join(paths), near))
        row: list[object] = []
        for factor in factors:
            value = point.get(factor.path)
            if value is not None and not factor.numeric:
                value = str(value)
            allowed = _refused(value, factor, experiment.sweep[factor.path])
            if allowed is not None:
                key, near = f"design.points.{at}.{factor.path}", nearest(str(value), map(str, factor.values))
                problems.append(Problem(key, "not what belongs here", repr(value), allowed, near))
            row.append(value)
        rows.append(row)
    if problems:
        raise experiment.error(problems)
    return _table(factors, rows)


def _refused(value: object, factor: Swept, asked: Factor) -> str | None:
    """What is allowed instead of a value that stands in a list; None if the value is."""
    if value is None:
        return None
    if asked.values is not None:
        fits = value in factor.values and (finite(value) or not factor.numeric)
        return None if fits else ", ".join(str(each) for each in factor.values)
    if not finite(value):
        return "a number"
    if asked.range is not None and not asked.range[0] <= float(str(value)) <= asked.range[1]:
        return f"a number from {asked.range[0]:g} to {asked.range[1]:g}"
    return None


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
    number, found = wanted, 0
    while number <= max(wanted, MOST_TRIED):
        rng = np.random.default_rng(experiment.seed)
        if experiment.design.kind == "sobol":
            unit = qmc.Sobol(len(factors), rng=rng).random(number)
        else:
            unit = _shared_out(qmc.LatinHypercube(len(factors), rng=rng).random(number), factors)
        table = _at(factors, unit)
        table = table[_met(table, constraints)]
        found = len(table)
        if found >= wanted:
            return table.head(wanted).reset_index(drop=True)
        number *= 2
    raise experiment.error([_nothing_meets(experiment, found)])


def _shared_out(unit: Floats, factors: Sequence[Swept]) -> Floats:
    """A Latin hypercube (n, d) that gives each of a factor's values as many points as the next, but for one."""
    shared = unit.copy()
    for at, factor in enumerate(factors):
        if factor.range is None:
            stratum = unit[:, at].argsort().argsort()
            chosen = stratum * len(factor.values) // len(unit)
            shared[:, at] = (chosen + 0.5) / len(factor.values)
    return shared


def _check_size(experiment: Experiment, factors: Sequence[Swept]) -> None:
    """Refuse a design that no memory holds, before it is made."""
    design, dimensions = experiment.design, len(factors)
    number = {
        "grid": prod(len(each) for each in _levels(factors, design)),
        "saltelli": (design.n or 0) * (2 + dimensions * (2 if design.second_order else 1)),
        "morris": (design.n or 0) * (dimensions + 1),
    }.get(design.kind, design.n or 0)
    if number > MOST_POINTS:
        problem = Problem("design", "too many points", f"{number:,}", f"at most {MOST_POINTS:,}")
        raise experiment.error([problem])


def _levels(factors: Sequence[Swept], design: Design) -> list[list[Value]]:
    return [factor.levels(design.levels or LEVELS["grid"]) for factor in factors]


def _checked(experiment: Experiment, factors: Sequence[Swept]) -> Sequence[Constraint]:
    numbers = [factor.path for factor in factors if factor.numeric]
    problems = []
    if not factors and experiment.design != Design(kind="grid"):
        kind, allowed = (
            experiment.design.kind,
            "factors in sweep; or no design, to play the scenarios as they are",
        )
        problems.append(Problem("design", "nothing is swept", kind, allowed))
    for at, (left, _, right) in enumerate(experiment.constraints):
        for side in (left, right):
            if isinstance(side, str) and side not in numbers:
                allowed = f"a number, or one of {', '.join(numbers) or 'no swept numbers'}"
                problems.append(
                    Problem(
                        f"constraints.{at}",
                        "no swept number has this path",
                        repr(side),
                        allowed,
                        nearest(side, numbers),
                    )
                )
    if experiment.constraints and experiment.design.kind in STRUCTURED:
        allowed = "a grid, list, latin_hypercube, sobol or one_at_a_time design"
        problems.append(
            Problem(
                "constraints", "the points of this design belong together", experiment.design.kind, allowed
            )
        )
    if problems:
        raise experiment.error(problems)
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
