"""`negsim trace`: one world as minutes of the talks."""

from negotiation_sim.commands.options import Options, Seed, World
from negotiation_sim.minutes import minutes
from negotiation_sim.scenario import Scenario
from negotiation_sim.scenario.parameters import Drawing


class VerbOptions(Options):
    """Options of `negsim trace`."""

    seed: Seed
    world: World
    parameters: Drawing


def command(scenario: Scenario, options: VerbOptions) -> None:
    """Print the minutes."""
    print(minutes(scenario, seed=options.seed, world=options.world, parameters=options.parameters))
