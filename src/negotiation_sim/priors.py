"""What each world draws for every parameter: known from seed and world alone, without playing it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from negotiation_sim.draws import Draws
from negotiation_sim.rules.arrays import Floats
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.parameters import Parameter


def drawn(draws: Draws, path: str, spec: Parameter) -> Floats:
    """(W,) a parameter in every world, uniform over its range."""
    low, high = spec.range
    return low + (high - low) * draws.uniform("parameter", path)


def uncertain(scenario: Scenario) -> list[str]:
    """Paths of the parameters that the scenario states and that differ between worlds."""
    return [path for path, spec in scenario.parameters.items() if spec.range[0] < spec.range[1]]


def parameter_table(
    scenario: Scenario, seed: int, worlds: Iterable[int], paths: Sequence[str] | None = None
) -> pd.DataFrame:
    """One row a world in the order of `worlds`, one column a parameter: what `Talks` with `ranges` plays it with.

    Args:
        scenario: the scenario.
        seed, worlds: as in `Talks`.
        paths: parameters wanted; all that are uncertain if left out.

    Raises:
        ScenarioError: no such parameter.
    """
    draws = Draws(seed, worlds)
    wanted = uncertain(scenario) if paths is None else paths
    return pd.DataFrame({path: drawn(draws, path, scenario.parameter(path)) for path in wanted})
