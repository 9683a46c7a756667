"""Typed, validated scenarios: what they hold, how they are loaded, and what is said of a bad one."""

from negotiation_sim.scenario.problems import Problem, ScenarioError
from negotiation_sim.scenario.scenario import Scenario

__all__ = ["Problem", "Scenario", "ScenarioError"]
