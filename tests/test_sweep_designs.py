"""Designs, plans and chunks of a sweep; and that its runs are those of `Talks`."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from helpers import run, shipped
from hypothesis import given, settings
from hypothesis import strategies as st
from SALib.analyze import morris as analyze_morris
from SALib.analyze import sobol as analyze_sobol

from negotiation_sim import Talks
from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.scenario import ScenarioError
from negotiation_sim.scenario.sources import Source
from negotiation_sim.sweep import Experiment
from negotiation_sim.sweep.chunk import play
from negotiation_sim.sweep.designs import points
from negotiation_sim.sweep.dispatch import chunk_of
from negotiation_sim.sweep.experiment import MOST_REPLICATIONS
from negotiation_sim.sweep.factors import swept, variant
from negotiation_sim.sweep.plan import Plan, Span, Wave, complement, first_wave

DAM = "river_dam"
CLOCK, BETA, HOPE = "actors.upland.clock_days", "actors.upland.tactic.beta", "actors.upland.outlook.hope"
OTHER_CLOCK = "actors.lowland.clock_days"
WEIGHTS = ("actors.upland.weights.filling", "actors.upland.weights.flow", "actors.lowland.weights.filling")
KIND = "actors.upland.tactic.kind"
TYPE = "actors.upland.true_type"
TYPES = {"either": None, "builder": "builder", "hegemon": "hegemon"}


def experiment(sweep: dict[str, Any], design: dict[str, Any] | str = "grid", **more: Any) -> Experiment:
    """An experiment on the dam; each factor is a range (a tuple), values (a list or mapping) or its own range."""
    factors = {
        path: {"range": each} if isinstance(each, tuple) else {"values": each} if each else {}
        for path, each in sweep.items()
    }
    plain = {"kind": design} if isinstance(design, str) else design
    return Experiment.model_validate(
        {"name": "test", "question": "Which?", "scenarios": [DAM], "sweep": factors, "design": plain, **more}
    )


def table(sweep: dict[str, Any], design: dict[str, Any] | str = "grid", **more: Any) -> pd.DataFrame:
    """The points of an experiment on the dam, in the sampler's order."""
    asked = experiment(sweep, design, **more)
    return points(asked, swept(asked, [shipped(DAM)]))


# Each kind of design


def test_a_grid_has_every_combination_once_both_ends_included() -> None:
    grid = table({CLOCK: (20, 60), TYPE: TYPES, HOPE: [0.1, 0.7]}, {"kind": "grid", "levels": 3})
    assert list(grid.columns) == [CLOCK, TYPE, HOPE]
    expected = [(c, t, h) for c in (20.0, 40.0, 60.0) for t in TYPES for h in (0.1, 0.7)]
    assert list(grid.itertuples(index=False, name=None)) == expected


def test_the_ends_of_a_range_are_exact() -> None:
    low, high = 0.2, 0.9  # low + (high - low) is another number
    assert low + (high - low) != high
    (factor,) = swept(experiment({HOPE: (low, high)}), [shipped(DAM)])
    assert factor.at(np.array([0.0, 1.0])) == [low, high]
    assert min(factor.at(np.linspace(0, 1, 1001))) == low
    assert max(factor.at(np.linspace(0, 1, 1001))) == high


def test_no_factors_are_one_point() -> None:
    assert len(table({})) == 1


def test_a_list_is_played_as_it_stands() -> None:
    listed = [{CLOCK: 20, TYPE: "hegemon"}, {HOPE: 0.7}, {CLOCK: 300, TYPE: "either"}]
    chosen = table({CLOCK: None, TYPE: TYPES, HOPE: [0.1, 0.7]}, {"kind": "list", "points": listed})
    np.testing.assert_equal(chosen[CLOCK].to_numpy(), [20.0, np.nan, 300.0])
    np.testing.assert_equal(chosen[HOPE].to_numpy(), [np.nan, 0.7, np.nan])
    assert [each if isinstance(each, str) else None for each in chosen[TYPE]] == ["hegemon", None, "either"]


@given(n=st.integers(1, 97), seed=st.integers(0, 2**40), values=st.integers(1, 7))
@settings(max_examples=40, deadline=None)
def test_a_latin_hypercube_has_one_point_in_each_stratum(n: int, seed: int, values: int) -> None:
    hopes = [round(0.1 * each, 1) for each in range(values)]
    sample = table(
        {CLOCK: (20, 60), TYPE: TYPES, HOPE: hopes}, {"kind": "latin_hypercube", "n": n}, seed=seed
    )
    assert len(sample) == n
    stratum = np.floor((sample[CLOCK].to_numpy() - 20.0) / 40.0 * n * (1 - 1e-12)).astype(int)
    assert sorted(stratum) == list(range(n))
    for path, allowed in ((TYPE, list(TYPES)), (HOPE, hopes)):
        times = [int((sample[path] == each).sum()) for each in allowed]
        assert sum(times) == n
        assert max(times) - min(times) <= 1


@pytest.mark.parametrize("n", [2, 16, 64])
def test_sobol_points_are_balanced(n: int) -> None:
    sample = table(
        {CLOCK: (20, 60), HOPE: (0.2, 0.4), TYPE: ["builder", "hegemon"]}, {"kind": "sobol", "n": n}
    )
    assert len(sample) == n
    for path, low, high in ((CLOCK, 20.0, 60.0), (HOPE, 0.2, 0.4)):
        stratum = np.floor((sample[path].to_numpy() - low) / (high - low) * n).astype(int)
        assert sorted(stratum) == list(range(n))  # each factor by itself: one in each stratum
    left = sample[CLOCK] < 40.0
    low = sample[HOPE] < 0.3
    if n >= 4:  # two together: as many in each quarter
        assert {int((left == a).mul(low == b).sum()) for a in (0, 1) for b in (0, 1)} == {n // 4}
    assert (sample[TYPE] == "builder").sum() == n // 2


def test_one_at_a_time_leaves_all_others_as_the_scenario_has_them() -> None:
    sample = table(
        {CLOCK: (20, 60), HOPE: [0.1, 0.2, 0.3], TYPE: TYPES}, {"kind": "one_at_a_time", "levels": 2}
    )
    assert len(sample) == 2 + 3 + 3
    assert (sample.notna().sum(axis=1) == 1).all()
    assert sample[CLOCK].dropna().tolist() == [20.0, 60.0]
    assert sample[HOPE].dropna().tolist() == [0.1, 0.2, 0.3]
    assert sample[TYPE].dropna().tolist() == list(TYPES)


@pytest.mark.parametrize(
    ("design", "number"),
    [
        ({"kind": "latin_hypercube", "n": 37}, 37),
        ({"kind": "sobol", "n": 32}, 32),
        ({"kind": "saltelli", "n": 8}, 8 * (3 + 2)),
        ({"kind": "saltelli", "n": 8, "second_order": True}, 8 * (2 * 3 + 2)),
        ({"kind": "morris", "n": 6}, 6 * (3 + 1)),
        ({"kind": "morris", "n": 6, "levels": 6}, 6 * (3 + 1)),
    ],
    ids=lambda value: " ".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_a_sample_keeps_to_its_ranges_and_to_its_seed(design: dict[str, Any], number: int) -> None:
    sweep = {CLOCK: (20, 60), HOPE: (0.2, 0.4), TYPE: TYPES}
    sample = table(sweep, design, seed=2**40 + 1)
    assert len(sample) == number
    assert sample[CLOCK].between(20, 60).all()
    assert sample[HOPE].between(0.2, 0.4).all()
    assert set(sample[TYPE]) == set(TYPES)
    pd.testing.assert_frame_equal(sample, table(sweep, design, seed=2**40 + 1))
    assert not sample.equals(table(sweep, design, seed=2**40 + 2))


def test_a_swept_number_has_the_scenario_s_own_range() -> None:
    (factor,) = swept(experiment({CLOCK: None}), [shipped(DAM)])
    assert factor.range == shipped(DAM).parameter(CLOCK).range == (20.0, 60.0)
    assert factor.levels(3) == [20.0, 40.0, 60.0]


def test_over_several_scenarios_it_is_the_widest() -> None:
    def with_clock(name: str, low: float, high: float) -> Any:
        clock = {"value": low, "range": [low, high], "assumption": "made up"}
        return variant(shipped(DAM), {CLOCK: clock, "name": name})

    several = [shipped(DAM), with_clock("slow", 30, 90), with_clock("still", 10, 10)]
    (factor,) = swept(experiment({CLOCK: None}), several)
    assert factor.range == (10.0, 90.0)


# Constraints

NUMBERS = {CLOCK: (20, 60), OTHER_CLOCK: (40, 90), HOPE: (0.0, 1.0)}
some_constraints = st.lists(
    st.one_of(
        st.tuples(st.just(CLOCK), st.sampled_from(["<", "<="]), st.just(OTHER_CLOCK)),
        st.tuples(st.just(OTHER_CLOCK), st.sampled_from([">", ">="]), st.integers(30, 60)),
        st.tuples(st.floats(21.0, 50.0), st.sampled_from([">", ">="]), st.just(CLOCK)),
        st.tuples(st.just(HOPE), st.sampled_from(["<", ">="]), st.floats(0.4, 0.6)),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda each: str(each[0]),
)


def holds(left: float, sign: str, right: float) -> bool:
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]


@given(
    constraints=some_constraints,
    design=st.sampled_from(
        [
            {"kind": "grid", "levels": 7},
            {"kind": "latin_hypercube", "n": 50},
            {"kind": "latin_hypercube", "n": 1},
            {"kind": "sobol", "n": 32},
        ]
    ),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=60, deadline=None)
def test_every_point_meets_the_constraints(constraints: list[Any], design: dict[str, Any], seed: int) -> None:
    sample = table(NUMBERS, design, constraints=constraints, seed=seed)
    for point in sample.to_dict("records"):
        for left, sign, right in constraints:
            assert holds(point.get(left, left), sign, point.get(right, right))
    if design["kind"] != "grid":
        assert len(sample) == design["n"]
        pd.testing.assert_frame_equal(sample, table(NUMBERS, design, constraints=constraints, seed=seed))
    else:
        everything = table(NUMBERS, design)
        kept = [
            all(holds(point.get(a, a), sign, point.get(b, b)) for a, sign, b in constraints)
            for point in everything.to_dict("records")
        ]
        pd.testing.assert_frame_equal(sample, everything[kept].reset_index(drop=True))


def test_a_number_left_to_the_scenario_is_not_constrained() -> None:
    sample = table(NUMBERS, "one_at_a_time", constraints=[(CLOCK, "<", 40), (CLOCK, "<", OTHER_CLOCK)])
    assert sample[CLOCK].dropna().tolist() == [20.0]
    assert len(sample) == 1 + 2 + 2


# What SALib's analyzers need: the points in the order of `sample`


def in_sample_order(plan: Plan) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The design of a plan in the sampler's order, and the same problem in SALib's words."""
    paths = [factor.path for factor in plan.factors]
    bounds = [factor.range or (0.0, len(factor.values) - 1.0) for factor in plan.factors]
    problem = {"num_vars": len(paths), "names": paths, "bounds": [list(each) for each in bounds]}
    return plan.design.sort_values("sample").reset_index(drop=True), problem


def test_saltelli_gives_ishigami_s_known_indices() -> None:
    sweep = dict.fromkeys(WEIGHTS, (-np.pi, np.pi)) | {KIND: ["boulware", "salami"]}
    plan = Plan.of(experiment(sweep, {"kind": "saltelli", "n": 2048}))
    assert not plan.design[
        "sample"
    ].is_monotonic_increasing  # structures stand together, so `sample` is needed
    design, problem = in_sample_order(plan)
    assert design["sample"].tolist() == list(range(2048 * 6))
    x1, x2, x3 = (design[path].to_numpy() for path in WEIGHTS)
    shift = 4.0
    result = (
        np.sin(x1) + 7.0 * np.sin(x2) ** 2 + 0.1 * x3**4 * np.sin(x1) + shift * (design[KIND] == "salami")
    )
    found = analyze_sobol.analyze(problem, result.to_numpy(), calc_second_order=False, seed=1)
    own = [0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, 7.0**2 / 8, 0.0, shift**2 / 4]
    both = 0.1**2 * np.pi**8 * (1 / 18 - 1 / 50)  # of x1 and x3 together
    total = sum(own) + both
    np.testing.assert_allclose(found["S1"], np.array(own) / total, atol=0.03)
    np.testing.assert_allclose(
        found["ST"], (np.array(own) + both * np.array([1, 0, 1, 0])) / total, atol=0.03
    )


def test_saltelli_of_second_order_gives_the_interaction() -> None:
    plan = Plan.of(
        experiment(dict.fromkeys(WEIGHTS, (-1, 1)), {"kind": "saltelli", "n": 1024, "second_order": True})
    )
    design, problem = in_sample_order(plan)
    x1, x2, x3 = (design[path].to_numpy() for path in WEIGHTS)
    found = analyze_sobol.analyze(problem, x1 * x2 + x3 / 3**0.5, calc_second_order=True, seed=1)
    np.testing.assert_allclose(found["S2"][0, 1], 0.5, atol=0.03)
    np.testing.assert_allclose(found["S2"][[0, 1], [2, 2]], 0.0, atol=0.03)


def test_morris_gives_the_slopes_of_a_linear_function() -> None:
    sweep = {CLOCK: (20, 60), TYPE: ["builder", "hegemon"], HOPE: (0.2, 0.4)}
    plan = Plan.of(experiment(sweep, {"kind": "morris", "n": 20, "levels": 4}))
    assert not plan.design["sample"].is_monotonic_increasing
    design, problem = in_sample_order(plan)
    inputs = design[list(sweep)].replace({TYPE: {"builder": 0.0, "hegemon": 1.0}}).to_numpy(dtype=float)
    result = 0.5 * inputs[:, 0] - 3.0 * inputs[:, 1] - 10.0 * inputs[:, 2]
    found = analyze_morris.analyze(problem, inputs, result, num_levels=4, seed=1)
    # Per unit of the whole range; a category changes as a whole in one step of 2/3 of its range.
    np.testing.assert_allclose(found["mu"].astype(float), [20.0, -3.0 * 1.5, -2.0])
    np.testing.assert_allclose(found["mu_star"].astype(float), [20.0, 3.0 * 1.5, 2.0])
    np.testing.assert_allclose(found["sigma"].astype(float), 0.0, atol=1e-12)


# Plans


def other_dam(path: Path) -> str:
    """A variant of the dam in a file of its own; gives the file's path."""
    path.write_text(
        "defaults: [river_dam, _self_]\nname: other_dam\nactors: {lowland: {clock_days: {value: 50}}}\n",
        encoding="utf-8",
    )
    return str(path)


def test_categories_and_whole_scenarios_are_crossed(tmp_path: Path) -> None:
    scenarios = [DAM, other_dam(tmp_path / "other.yaml")]
    plan = Plan.of(experiment({TYPE: TYPES, CLOCK: [20, 60]}, scenarios=scenarios))
    types = [each.actors["upland"].true_type for each in plan.structures]  # type: ignore[union-attr]
    clocks = [each.parameter(OTHER_CLOCK).value for each in plan.structures]
    assert types == [None, "builder", "hegemon"] * 2
    assert clocks == [60.0] * 3 + [50.0] * 3
    assert plan.structure.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert plan.design["scenario"].tolist() == [DAM] * 6 + ["other_dam"] * 6
    assert plan.design["sample"].tolist() == [0, 1, 2, 3, 4, 5] * 2
    assert plan.design[TYPE].tolist() == [each for each in TYPES for _ in (0, 1)] * 2
    assert plan.design[CLOCK].tolist() == [20.0, 60.0] * 6


def test_a_structure_left_alone_is_the_scenario_s_own() -> None:
    plan = Plan.of(experiment({CLOCK: (20, 60), TYPE: ["builder", "hegemon"]}, "one_at_a_time"))
    types = [each.actors["upland"].true_type for each in plan.structures]  # type: ignore[union-attr]
    assert types == [None, "builder", "hegemon"]
    assert plan.structure.tolist() == [0, 0, 1, 2]
    np.testing.assert_equal(plan.fixed(np.arange(4))[CLOCK], [20.0, 60.0, np.nan, np.nan])
    assert plan.labels(np.arange(4))[TYPE][2:] == ["builder", "hegemon"]
    assert not any(isinstance(each, str) for each in plan.labels(np.arange(2))[TYPE])


def test_what_stands_at_a_path_is_put_there_and_nothing_else_changes() -> None:
    dam = shipped(DAM)
    sessions = [{"forum": "capital", "date": "2030-03-05"}]
    changed = variant(dam, {"calendar.sessions": sessions, "ending.uncured_rounds": 2})
    assert str(changed.calendar.sessions[0].date) == "2030-03-05"
    assert changed.ending.uncured_rounds == 2
    back = {"calendar.sessions": dam.calendar.model_dump(mode="json")["sessions"], "ending.uncured_rounds": 3}
    assert variant(changed, back) == dam


# Waves and chunks

some_waves = st.lists(st.integers(0, 9), min_size=1, max_size=12).map(
    lambda extra: Wave.of(1, np.arange(len(extra)) * 3, np.array(extra))
)


def bare_plan(structure: Sequence[int], worlds: str = "common") -> Plan:
    """A plan whose points have these structures; nothing else of it is looked at."""
    asked = experiment({}, worlds=worlds)
    return Plan(asked, (), (), pd.DataFrame(index=range(len(structure))), np.array(structure))


@given(wave=some_waves)
def test_point_and_replication_number_the_runs(wave: Wave) -> None:
    point, replication = wave.point_and_replication((0, wave.runs))
    assert (np.diff(point) >= 0).all()
    np.testing.assert_array_equal(np.bincount(point, minlength=len(wave.extra)), wave.extra)
    np.testing.assert_array_equal(wave.starts[point] + replication - wave.before[point], np.arange(wave.runs))
    for start in range(wave.runs):
        part = wave.point_and_replication((start, wave.runs))
        np.testing.assert_array_equal(part, [point[start:], replication[start:]])


some_spans = st.lists(st.integers(0, 60), unique=True, max_size=12).map(
    lambda ends: [(a, b) for a, b in zip(sorted(ends)[::2], sorted(ends)[1::2], strict=False)]
)


def numbers(spans: Sequence[Span]) -> list[int]:
    return [each for span in spans for each in range(*span)]


@given(spans=some_spans, more=st.integers(0, 5))
def test_the_complement_is_all_that_is_not_covered(spans: list[Span], more: int) -> None:
    total = max([stop for _, stop in spans], default=0) + more
    gaps = complement(spans, total)
    assert sorted(numbers(spans) + numbers(gaps)) == list(range(total))
    assert all(start < stop for start, stop in gaps)
    assert complement(gaps, total) == complement(complement(complement(gaps, total), total), total)


@given(wave=some_waves, spans=some_spans, size=st.integers(1, 40), data=st.data())
@settings(max_examples=200)
def test_chunks_cover_what_is_missing_once_and_cross_no_border(
    wave: Wave, spans: list[Span], size: int, data: st.DataObject
) -> None:
    steps = data.draw(st.lists(st.booleans(), min_size=len(wave.extra) - 1, max_size=len(wave.extra) - 1))
    plan = bare_plan(np.cumsum([0, *steps]).tolist())
    done = [(min(a, wave.runs), min(b, wave.runs)) for a, b in spans]
    missing = complement([each for each in done if each[0] < each[1]], wave.runs)
    chunks = list(plan.chunks(wave, missing, size))
    assert numbers(chunks) == numbers(missing)  # each once, in order
    assert all(0 < stop - start <= size for start, stop in chunks)
    for chunk in chunks:
        point, _ = wave.point_and_replication(chunk)
        assert len(set(plan.structure[point])) == 1


def test_chunks_are_as_large_as_they_may_be() -> None:
    plan, wave = bare_plan([0, 0, 1, 1]), Wave.of(0, np.zeros(4, int), np.full(4, 10))
    assert list(plan.chunks(wave, [(0, 40)], 15)) == [(0, 15), (15, 20), (20, 35), (35, 40)]
    assert list(plan.chunks(wave, [(3, 5), (18, 22)], 15)) == [(3, 5), (18, 20), (20, 22)]


def test_common_worlds_are_the_same_at_every_point() -> None:
    plan, wave = bare_plan([0, 0, 0]), Wave.of(0, np.zeros(3, int), np.array([2, 3, 2]))
    assert plan.worlds(*wave.point_and_replication((0, 7))).tolist() == [0, 1, 0, 1, 2, 0, 1]


@given(waves=st.lists(st.lists(st.integers(0, 50), min_size=4, max_size=4), min_size=1, max_size=5))
def test_independent_worlds_are_never_shared(waves: list[list[int]]) -> None:
    plan = bare_plan([0, 0, 1, 1], "independent")
    before, seen = np.zeros(4, dtype=np.int64), []
    for number, extra in enumerate(waves):
        wave = Wave.of(number, before, np.array(extra))
        seen += plan.worlds(*wave.point_and_replication((0, wave.runs))).tolist()
        before = before + extra
    assert len(seen) == len(set(seen)) == sum(map(sum, waves))


def test_independent_worlds_stay_apart_up_to_the_most_replications() -> None:
    plan = bare_plan([0, 0], "independent")
    last, first = plan.worlds(np.array([0, 1]), np.array([MOST_REPLICATIONS - 1, 0]))
    assert last < first
    with pytest.raises(ScenarioError, match="at most 16777216"):
        Experiment.from_config(
            {"name": "x", "question": "Why?", "replications": MOST_REPLICATIONS + 1}, Source("x")
        )


# A sweep's run is the run that Talks gives


def played(plan: Plan, size: int) -> pd.DataFrame:
    """All runs of a plan's first wave, in chunks of a size."""
    wave = first_wave(plan)
    plain = [each.model_dump_json(exclude_unset=True) for each in plan.structures]
    parts = [
        pq.read_table(BytesIO(play(chunk_of(plan, wave, span, plain)).runs)).to_pandas()
        for span in plan.chunks(wave, [(0, wave.runs)], size)
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("worlds", ["common", "independent"])
@pytest.mark.parametrize("parameters", ["ranges", "values"])
def test_a_run_of_a_sweep_is_the_run_that_talks_gives(worlds: str, parameters: str) -> None:
    asked = experiment(
        {CLOCK: (20, 60), "actors.lowland.weights.flow": [0.2, 2.0], TYPE: ["builder", "hegemon"]},
        {"kind": "one_at_a_time", "levels": 3},
        replications=5,
        worlds=worlds,
        parameters=parameters,
        seed=11,
    )
    plan = Plan.of(asked)
    runs = played(plan, 8)
    assert runs["design"].tolist() == [each for each in range(7) for _ in range(5)]
    values = {"builder": "builder", "hegemon": "hegemon"}
    for at in range(0, len(runs), 3):
        row = runs.iloc[at]
        structures = {TYPE: values[row[TYPE]]} if isinstance(row[TYPE], str) else {}
        numbers_ = {
            path: row[path] for path in (CLOCK, "actors.lowland.weights.flow") if row[path] == row[path]
        }
        assert len(structures) + len(numbers_) == 1
        by_hand = run(
            variant(shipped(DAM), structures),
            worlds=[int(row["world"])],
            seed=11,
            parameters=parameters,
            fixed=numbers_,
        ).outcomes
        for column in by_hand.columns:  # bit for bit
            assert runs[column].iloc[at] == by_hand[column].iloc[0], column


def test_the_runs_do_not_depend_on_the_chunks() -> None:
    plan = Plan.of(
        experiment({CLOCK: (20, 60), TYPE: TYPES}, {"kind": "latin_hypercube", "n": 6}, replications=7)
    )
    whole = played(plan, 1000)
    assert len(whole) == 42
    for size in (1, 5, 13):
        pd.testing.assert_frame_equal(played(plan, size), whole, check_exact=True)


def test_a_chunk_s_labels_are_words_even_if_there_are_none() -> None:
    plan = Plan.of(experiment({CLOCK: (20, 60), TYPE: ["builder"]}, "one_at_a_time", replications=2))
    wave = first_wave(plan)
    plain = [each.model_dump_json(exclude_unset=True) for each in plan.structures]
    types = {
        str(pq.read_table(BytesIO(play(chunk_of(plan, wave, span, plain)).runs)).schema.field(TYPE).type)
        for span in plan.chunks(wave, [(0, wave.runs)], 2)
    }
    assert len(types) == 1  # or the parts could not be read as one table


def test_counts_are_those_of_the_runs() -> None:
    plan = Plan.of(experiment({CLOCK: [20, 60]}, replications=30))
    wave = first_wave(plan)
    plain = [each.model_dump_json(exclude_unset=True) for each in plan.structures]
    result = play(chunk_of(plan, wave, (0, 60), plain))
    runs = pq.read_table(BytesIO(result.runs)).to_pandas()
    counted = runs.groupby(["design", "outcome"]).size().unstack(fill_value=0)
    assert result.points.tolist() == [0, 1]
    expected = counted.reindex(columns=list(OUTCOMES), fill_value=0)
    np.testing.assert_array_equal(result.counts, expected.to_numpy())


# Talks itself


def test_a_number_that_is_nan_is_drawn_as_usual() -> None:
    fixed = run(DAM, 6, fixed={HOPE: [np.nan, 0.3, np.nan, 0.65, np.nan, np.nan]}, seed=4)
    drawn, held = run(DAM, 6, seed=4), run(DAM, 6, fixed={HOPE: [0.5, 0.3, 0.5, 0.65, 0.5, 0.5]}, seed=4)
    free = [0, 2, 4, 5]
    pd.testing.assert_frame_equal(fixed.outcomes.iloc[free], drawn.outcomes.iloc[free], check_exact=True)
    pd.testing.assert_frame_equal(fixed.outcomes.iloc[[1, 3]], held.outcomes.iloc[[1, 3]], check_exact=True)


@pytest.mark.parametrize("parameters", ["ranges", "values"])
def test_nan_takes_the_draw_or_the_published_value(parameters: Any) -> None:
    talks = Talks(
        shipped(DAM), worlds=4, seed=4, parameters=parameters, fixed={HOPE: [np.nan, 0.3, np.nan, 0.4]}
    )
    usual = Talks(shipped(DAM), worlds=4, seed=4, parameters=parameters).parameter(HOPE)
    expected = [usual[0], 0.3, usual[2], 0.4]
    np.testing.assert_array_equal(talks.parameter(HOPE), expected)
    assert (usual == 0.5).all() == (parameters == "values")
