"""An agent-based simulation of crisis bargaining: stalemate, concession or escalation?

`Scenario` and `Talks` are loaded when first used: the command line's help must not wait for them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from negotiation_sim.scenario import Scenario, ScenarioError
    from negotiation_sim.talks import Talks

__version__ = "0.1.0"
__all__ = ["Scenario", "ScenarioError", "Talks", "__version__"]

_HOMES = {"Scenario": "scenario", "ScenarioError": "scenario", "Talks": "talks"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"negotiation_sim.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
