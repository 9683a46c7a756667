"""Scenario discovery by PRIM: in which box of the parameters do the cases of interest lie?

PRIM (the patient rule induction method, Friedman and Fisher 1999) starts from the box of all cases and
*peels*: again and again it cuts a thin slice off one side, the one that raises the density most for what it
costs. The user then chooses a box on this trajectory, between *coverage* (share of the cases of interest that
lie in the box) and *density* (share of the cases in the box that are of interest), and may *paste*: push its
edges out again where that does no harm.

Which slice is the best: the one with the largest gain in density for each case removed. Friedman and Fisher's
own criterion is the density that remains, which among slices of unequal size, as words and coarse numbers
give, prefers the large; that is not patient (Kwakkel and Jaxa-Rozen 2016).

Quasi-p-values (Bryant and Lempert 2010) ask of each restriction whether it is needed: with the box as it is
but for that restriction, of density p, how probable are as many cases of interest as the box has among as
many cases as it has, or more? Quasi, because the box was chosen on the same cases: they are too small, and
good for dropping restrictions (`prune`), not for proving them. `score` a box on other cases to see what is left of it.

Written here because no kept library fits: PRIM (Hadka) is under the GPL, which an Apache-licensed
package can't ask of its users; the PRIM of ema-workbench 2.5 (BSD) finds nearly the same box on a planted one,
but fails with pandas 3 on a column of integers, and brings scikit-learn, seaborn and an optimiser along.

Sources
-------
Friedman, J. H., Fisher, N. I. (1999). Bump hunting in high-dimensional data. Statistics and Computing 9 (2),
    123-143.
Bryant, B. P., Lempert, R. J. (2010). Thinking inside the box: a participatory, computer-assisted approach to
    scenario discovery. Technological Forecasting and Social Change 77 (1), 34-49.
Kwakkel, J. H., Jaxa-Rozen, M. (2016). Improving scenario discovery for handling heterogeneous uncertainties
    and multinomial classified outcomes. Environmental Modelling & Software 79, 311-321.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom

from negotiation_sim.analysis.checks import check_columns
from negotiation_sim.analysis.comparison import is_number

Bools = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.integer[Any]]

COARSE = 256
"""Numbers with no more values than this are counted by value, others sorted."""


@dataclass(frozen=True)
class Box:
    """A box: all its restrictions hold at once.

    Attributes:
        numbers: factor -> (lowest, highest), both inside; infinite on a side that is free.
        words: factor -> labels that are inside.
    """

    numbers: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def restricted(self) -> tuple[str, ...]:
        """Factors that are restricted."""
        return (*self.numbers, *self.words)

    def inside(self, table: pd.DataFrame) -> Bools:
        """(n,) which rows lie in the box."""
        held = np.ones(len(table), dtype=bool)
        for factor, (low, high) in self.numbers.items():
            x = table[factor].to_numpy()
            held &= (x >= low) & (x <= high)
        for factor, labels in self.words.items():
            held &= table[factor].astype(str).isin(labels).to_numpy()
        return held


@dataclass(frozen=True)
class Score:
    """What a box is worth.

    Attributes:
        n, count: cases in the box, and how many of them are of interest.
        mass, coverage, density: three shares (NaN if of nothing), see above.
        cases, total: all cases, and how many of them are of interest.
    """

    n: int
    count: int
    mass: float
    coverage: float
    density: float
    cases: int
    total: int


@dataclass(frozen=True)
class Trajectory:
    """What peeling went through.

    Attributes: table: one row a box, from all cases inwards: `step`, `n` (cases in the box), `count` (of
        interest among them), `mass` (share of all cases), `coverage`, `density`, `restricted` (number of
        factors). boxes: the box of each row.
    """

    table: pd.DataFrame
    boxes: tuple[Box, ...]

    def choose(self, density: float = 0.8) -> int:
        """Step of the box with the largest coverage among those at least this dense; of equals the least
        restricted.

        If none is, the step of the densest.
        """
        enough = self.table[self.table["density"] >= density]
        if enough.empty:
            enough = self.table[self.table["density"] == self.table["density"].max()]
        return int(
            enough.sort_values(
                ["coverage", "restricted", "density"], ascending=[False, True, False], kind="stable"
            )["step"].iloc[0]
        )


@dataclass(frozen=True)
class _Cut:
    """A slice that may be removed or added: cases and cases of interest in it, and the box afterwards."""

    n: int
    count: int
    factor: str
    edges: tuple[float, float] | tuple[str, ...]


def peel(
    table: pd.DataFrame,
    interest: npt.ArrayLike,
    factors: Sequence[str] | None = None,
    share: float = 0.05,
    least: float = 0.05,
) -> Trajectory:
    """Peel the box of all cases until it holds only cases of interest, or fewer than a share `least` of all.

    `table` has one row a case (a run, or a design point), `interest` (n,) says which are of interest.
    `factors` are its columns of numbers and words, all by default. Each slice takes about a `share` of the
    cases in the box from one end of a number (all equal values go together), or one label.

    Boxes are nested, and each is smaller than the one before.

    Raises ValueError if a column or value is missing, nothing is of interest, or a share is outside (0, 1).
    """
    names, hit = _checked(table, interest, factors)
    if not names:
        raise ValueError("no factor is named, so there is nothing to peel")
    for name, value in (("share", share), ("least", least)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must lie between 0 and 1, but is {value}")
    sides = [
        _Fine(name, table[name], hit) if _fine(table[name]) else _Coarse(name, table[name], hit)
        for name in names
    ]
    within = np.ones(len(table), dtype=bool)
    box, n, count = Box(), len(table), int(hit.sum())
    boxes, steps = [box], [(n, count)]
    while count < n:
        take = max(int(share * n), 1)
        cuts = [(cut, side) for side in sides for cut in side.cuts(box, within, take)]
        cuts = [(cut, side) for cut, side in cuts if 0 < n - cut.n >= least * len(table)]
        if not cuts:
            break
        best, at = max(
            cuts, key=lambda each: ((count - each[0].count) / (n - each[0].n) - count / n) / each[0].n
        )
        removed = at.removed(best, within)
        within[removed] = False
        for side in sides:
            side.remove(removed, within)
        box, n, count = _restricted(box, best), n - best.n, count - best.count
        boxes.append(box)
        steps.append((n, count))
    return Trajectory(_scored(steps, boxes, len(table), int(hit.sum())), tuple(boxes))


def paste(
    table: pd.DataFrame,
    interest: npt.ArrayLike,
    box: Box,
    share: float = 0.05,
) -> Box:
    """Push the edges of a box out again, as long as that lowers its density nowhere and adds cases of
    interest.

    Arguments as in `peel`; `share` is of the cases in the box. An edge that has come to hold nothing back is
    dropped.
    """
    names, hit = _checked(table, interest, box.restricted)
    while box.restricted:
        broken = _broken(table, box)
        within = ~np.any(broken, axis=0)
        n, count = int(within.sum()), int(hit[within].sum())
        only = broken & (np.sum(broken, axis=0) == 1)  # which cases a single restriction keeps out
        take = max(int(share * n), 1)
        cuts = [
            cut
            for name, out in zip(box.restricted, only, strict=True)
            for cut in _outer(name, table[name], np.flatnonzero(out), hit, box, take)
        ]
        dense = [cut for cut in cuts if cut.count > 0 and (count + cut.count) * n >= count * (n + cut.n)]
        if not dense:
            break
        box = _restricted(box, max(dense, key=lambda cut: ((count + cut.count) / (n + cut.n), cut.count)))
    for name in names:  # an edge beyond the last case restricts nothing
        if name in box.numbers:
            x, (low, high) = table[name].to_numpy(dtype=np.float64), box.numbers[name]
            low, high = (-np.inf if low <= x.min() else low), (np.inf if high >= x.max() else high)
            box = _with(box, name, (low, high))
        elif name in box.words and set(box.words[name]) >= set(table[name].astype(str).unique()):
            box = _with(box, name, ())
    return box


def prune(table: pd.DataFrame, interest: npt.ArrayLike, box: Box, most: float = 0.05) -> Box:
    """Drop one after another the restrictions that are not needed: the one with the largest quasi-p-value, as
    long as that is above `most`.

    Peeling among many parameters restricts some that have nothing to do with it, and a box of which they are part
    fails on other cases. Arguments as in `restrictions`; each edge of a number counts by itself.
    """
    _, hit = _checked(table, interest, box.restricted)
    single = _single(box)
    broken = [~each.alone.inside(table) for each in single]
    while single:
        needed = _needed(broken, hit)
        least = max(range(len(single)), key=lambda at: (needed[at].quasi_p, needed[at].density, at))
        if needed[least].quasi_p <= most:
            break
        del single[least], broken[least]
    kept = Box()
    for name, _, _, labels, alone in single:
        low, high = kept.numbers.get(name, (-np.inf, np.inf))
        own = alone.numbers.get(name, (-np.inf, np.inf))
        kept = _with(kept, name, labels or (max(low, own[0]), min(high, own[1])))
    return kept


def score(table: pd.DataFrame, interest: npt.ArrayLike, box: Box) -> Score:
    """Coverage, density and mass of a box on any cases, such as ones it was not found on."""
    _, hit = _checked(table, interest, box.restricted, nothing=True)
    held = box.inside(table)
    n, count, total = int(held.sum()), int(hit[held].sum()), int(hit.sum())
    return Score(
        n,
        count,
        n / len(table),
        count / total if total else float("nan"),
        count / n if n else float("nan"),
        len(table),
        total,
    )


def restrictions(table: pd.DataFrame, interest: npt.ArrayLike, box: Box) -> pd.DataFrame:
    """What restricts a box, and whether each restriction is needed.

    Returns one row a restriction (each edge of a number by itself, all labels of a word together), the one
    that matters most first: `factor`, `kind` ("at least", "at most" or "one of"), `edge` (number; NaN for
    words), `labels` and `left_out` (tuples of the labels inside and outside; empty for numbers), `from_value`,
    `to_value` (range of the number over all cases; NaN for words), `quasi_p`, `coverage_without`,
    `density_without` (of the box without the restriction).

    Raises ValueError as `peel`.
    """
    _, hit = _checked(table, interest, box.restricted)
    single, total = _single(box), int(hit.sum())
    rows = []
    needed = _needed([~each.alone.inside(table) for each in single], hit)
    for (name, kind, edge, kept, _), without in zip(single, needed, strict=True):
        x = table[name].to_numpy(dtype=np.float64) if name in box.numbers else np.array([np.nan])
        labels = () if name in box.numbers else np.unique(table[name].astype(str)).tolist()
        rows.append(
            {
                "factor": name,
                "kind": kind,
                "edge": edge,
                "labels": kept,
                "left_out": tuple(each for each in labels if each not in kept),
                "from_value": x.min(),
                "to_value": x.max(),
                "quasi_p": without.quasi_p,
                "coverage_without": without.count / total,
                "density_without": without.density,
            }
        )
    columns = ["factor", "kind", "edge", "labels", "left_out", "from_value", "to_value"]
    columns += ["quasi_p", "coverage_without", "density_without"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["quasi_p", "density_without"], kind="stable").reset_index(drop=True)


@dataclass(frozen=True)
class _Without:
    """A box but for one restriction: cases of interest in it, its density, and how far the restriction is needed."""

    count: int
    density: float
    quasi_p: float


def _needed(broken: Sequence[Bools], hit: Bools) -> list[_Without]:
    """What the box is without each of its restrictions, from the cases (n,) that each of them keeps out."""
    times = np.zeros(len(hit), dtype=np.int16)
    for out in broken:
        times += out
    inside = times == 0
    n, count = int(inside.sum()), int(hit[inside].sum())
    once = times == 1
    found = []
    for out in broken:
        only = out & once  # what this restriction alone keeps out
        more, hits = n + int(only.sum()), count + int(hit[only].sum())
        density = hits / more if more else float("nan")
        found.append(_Without(hits, density, float(binom.sf(count - 1, n, density)) if n else 1.0))
    return found


class _Restriction(NamedTuple):
    """One restriction, and the box that has no other."""

    factor: str
    kind: str
    edge: float
    labels: tuple[str, ...]
    alone: Box


def _single(box: Box) -> list[_Restriction]:
    """Each restriction by itself."""
    found = []
    for name, (low, high) in box.numbers.items():
        if np.isfinite(low):
            found.append(_Restriction(name, "at least", low, (), Box({name: (low, np.inf)})))
        if np.isfinite(high):
            found.append(_Restriction(name, "at most", high, (), Box({name: (-np.inf, high)})))
    for name, labels in box.words.items():
        found.append(_Restriction(name, "one of", float("nan"), labels, Box(words={name: labels})))
    return found


class _Coarse:
    """Words, or a number with few values: how many cases in the box have each value, kept up to date."""

    def __init__(self, name: str, column: pd.Series, hit: Bools) -> None:
        self.name = name
        self.number = is_number(column)
        code, values = pd.factorize(column if self.number else column.astype(str), sort=True)
        self.code = code.astype(np.int16 if len(values) <= COARSE else np.int64)
        self.values: Any = values
        self.hit = hit
        self.n = np.bincount(self.code, minlength=len(values))
        self.count = np.bincount(self.code[hit], minlength=len(values))

    def cuts(self, box: Box, within: Bools, take: int) -> list[_Cut]:
        """The slices that may be removed: off both ends of a number, or each label."""
        there = np.flatnonzero(self.n)
        if len(there) < 2:
            return []
        if not self.number:
            labels = {at: tuple(str(self.values[other]) for other in there if other != at) for at in there}
            return [_Cut(int(self.n[at]), int(self.count[at]), self.name, labels[at]) for at in there]
        low, high = box.numbers.get(self.name, (-np.inf, np.inf))
        cuts = []
        for ends in (there, there[::-1]):
            stays = max(int(np.argmax(np.cumsum(self.n[ends]) > take)), 1)
            edge = float(self.values[ends[stays]])
            edges = (edge, high) if ends is there else (low, edge)
            gone = ends[:stays]
            cuts.append(_Cut(int(self.n[gone].sum()), int(self.count[gone].sum()), self.name, edges))
        return cuts

    def removed(self, cut: _Cut, within: Bools) -> IntArray:
        """The rows of a slice."""
        if self.number:
            stays = (self.values >= cut.edges[0]) & (self.values <= cut.edges[1])
        else:
            stays = np.isin(np.asarray(self.values, dtype=object), cut.edges)
        return np.flatnonzero(within & ~np.asarray(stays, dtype=bool)[self.code])

    def remove(self, rows: IntArray, within: Bools) -> None:
        """These rows are no longer in the box."""
        self.n -= np.bincount(self.code[rows], minlength=len(self.n))
        self.count -= np.bincount(self.code[rows[self.hit[rows]]], minlength=len(self.n))


class _Fine:
    """A number with many values: the cases sorted by it."""

    def __init__(self, name: str, column: pd.Series, hit: Bools) -> None:
        self.name = name
        self.x = column.to_numpy(dtype=np.float64)
        self.rows: IntArray = np.argsort(self.x)
        self.values, self.hit = self.x[self.rows], hit[self.rows]  # in that order: neighbours in memory
        self.gone = 0  # rows that are no longer in the box, but still here

    def cuts(self, box: Box, within: Bools, take: int) -> list[_Cut]:
        """The slices that may be removed, off both ends."""
        low, high = box.numbers.get(self.name, (-np.inf, np.inf))
        cuts = []
        for step in (1, -1):
            values, hit = self._front(step, within, take)
            if values[0] == values[: take + 1][-1]:  # everything equal to the first goes, if there is more
                stays = int(np.argmax(values != values[0]))
            else:
                stays = int(np.searchsorted(step * values, step * values[: take + 1][-1]))
            if stays == 0:  # all values are equal
                return []
            edge = float(values[stays])
            edges = (edge, high) if step == 1 else (low, edge)
            cuts.append(_Cut(stays, int(hit[:stays].sum()), self.name, edges))
        return cuts

    def removed(self, cut: _Cut, within: Bools) -> IntArray:
        """The rows of a slice."""
        low, high = cut.edges
        return np.flatnonzero(within & ((self.x < low) | (self.x > high)))

    def remove(self, rows: IntArray, within: Bools) -> None:
        """These rows are no longer in the box; they are dropped only once there are many."""
        self.gone += len(rows)
        if self.gone > 0.3 * len(self.rows):
            kept = within[self.rows]
            self.rows, self.values, self.hit = self.rows[kept], self.values[kept], self.hit[kept]
            self.gone = 0

    def _front(self, step: int, within: Bools, take: int) -> tuple[npt.NDArray[np.float64], Bools]:
        """Values of the cases in the box from the low (`step` 1) or high (-1) end, and which are of interest: more
        than `take`, and beyond those that are equal to the first.
        """
        reach = int(1.5 * take) + 2
        while True:
            kept = within[self.rows[::step][:reach]]
            values, hit = self.values[::step][:reach][kept], self.hit[::step][:reach][kept]
            if reach >= len(self.rows) or (len(values) > take and values[0] != values[-1]):
                return values, hit
            reach *= 2


def _fine(column: pd.Series) -> bool:
    """Whether a column is a number with many values; looks at some first, as that is much faster."""
    return is_number(column) and any(
        len(pd.unique(some)) > COARSE for some in (column.to_numpy()[: 8 * COARSE], column.to_numpy())
    )


def _outer(name: str, column: pd.Series, out: IntArray, hit: Bools, box: Box, take: int) -> list[_Cut]:
    """The slices that may be added beyond a restriction; `out` are the rows that it alone keeps out."""
    if not out.size:
        return []
    if name in box.words:
        word = column.astype(str).to_numpy()[out]
        return [
            _Cut(
                int((word == label).sum()),
                int(hit[out[word == label]].sum()),
                name,
                tuple(sorted((*box.words[name], label))),
            )
            for label in np.unique(word).tolist()
        ]
    low, high = box.numbers[name]
    x = column.to_numpy(dtype=np.float64)[out]
    cuts = []
    for below in (True, False):
        values = x[x < low] if below else x[x > high]
        if not values.size:
            continue
        near = np.sort(values)[::-1] if below else np.sort(values)
        edge = float(near[min(take, near.size) - 1])
        added = out[(x >= edge) & (x < low)] if below else out[(x <= edge) & (x > high)]
        edges = (edge, high) if below else (low, edge)
        cuts.append(_Cut(len(added), int(hit[added].sum()), name, edges))
    return cuts


def _broken(table: pd.DataFrame, box: Box) -> Bools:
    """(r, n) which restrictions each row breaks, in the order of `Box.restricted`."""
    parts = [Box(numbers={name: edges}) for name, edges in box.numbers.items()]
    parts += [Box(words={name: labels}) for name, labels in box.words.items()]
    return np.stack([~part.inside(table) for part in parts])


def _restricted(box: Box, cut: _Cut) -> Box:
    return _with(box, cut.factor, cut.edges)


def _with(box: Box, name: str, edges: tuple[float, float] | tuple[str, ...]) -> Box:
    """The box with other edges or labels for one factor; infinite ones or none free it."""
    numbers, words = dict(box.numbers), dict(box.words)
    if name in words or not edges or isinstance(edges[0], str):
        words.pop(name, None)
        if edges:
            words[name] = tuple(map(str, edges))
    else:
        low, high = (float(each) for each in edges)
        numbers[name] = (low, high)
        if np.isinf(low) and np.isinf(high):
            del numbers[name]
    return Box(numbers, words)


def _scored(steps: Sequence[tuple[int, int]], boxes: Sequence[Box], size: int, total: int) -> pd.DataFrame:
    n, count = np.array(steps, dtype=np.int64).T
    return pd.DataFrame(
        {
            "step": np.arange(len(n)),
            "n": n,
            "count": count,
            "mass": n / size,
            "coverage": count / total,
            "density": count / n,
            "restricted": [len(box.restricted) for box in boxes],
        }
    )


def _checked(
    table: pd.DataFrame, interest: npt.ArrayLike, factors: Sequence[str] | None, nothing: bool = False
) -> tuple[list[str], Bools]:
    """The factors, and which cases are of interest (n,)."""
    names = [str(each) for each in table.columns] if factors is None else list(factors)
    check_columns(table, "the table", names)
    hit = np.asarray(interest)
    if hit.shape != (len(table),) or not np.isin(hit, (0, 1)).all():
        raise ValueError(f"interest must be true or false for each of the {len(table)} cases")
    for each in names:
        if table[each].isna().any():
            raise ValueError(
                f"column {each!r} has no value in {table[each].isna().sum()} of {len(table)} cases"
            )
    if not nothing and not hit.any():
        raise ValueError("no case is of interest, so there is nothing to find")
    return names, hit.astype(bool)
