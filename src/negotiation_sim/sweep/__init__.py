"""Sweeps: one question asked over a whole design of parameters, resumable, the same bits on any number of machines."""

from negotiation_sim.sweep.experiment import Experiment
from negotiation_sim.sweep.results import Results
from negotiation_sim.sweep.runner import sweep

__all__ = ["Experiment", "Results", "sweep"]
