"""Sweeps: one question asked over a whole design of parameters, resumable, the same bits on any number of machines.

`Experiment`, `Results` and `sweep` are loaded when first used: a worker, which needs none of them, starts sooner.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from negotiation_sim.sweep.experiment import Experiment
    from negotiation_sim.sweep.results import Results
    from negotiation_sim.sweep.runner import sweep

__all__ = ["Experiment", "Results", "sweep"]

_HOMES = {"Experiment": "experiment", "Results": "results", "sweep": "runner"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"negotiation_sim.sweep.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
