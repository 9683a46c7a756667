"""The command line: `negsim VERB [Hydra overrides]`."""

import argparse
import sys
from difflib import get_close_matches

from negotiation_sim import __version__

VERBS = {
    "run": "simulate many worlds of a scenario; leave a table, a summary and a picture",
    "sweep": "ask one question over a whole design of parameters; resumable",
    "report": "tell what a run or a sweep has found: figures and one HTML page",
    "export": "write a sweep's results as one CSV or NetCDF file",
    "trace": "read one world round by round, as minutes of the talks",
    "check": "validate a scenario; show red lines, packages and who blocks them",
    "evidence": "list findings, what they inform, and where documents conflict",
    "class": "play a scenario in class: pages for students and instructor in any browser",
}

EPILOG = """\
Everything after the verb is a Hydra override: name=value, in any order.

  negsim run scenario=january_2022 worlds=2000 seed=1 out=results
  negsim run scenario.actors.russia.clock_days.value=20 parameters=values
  negsim run --multirun scenario=january_2022,allies_split out=compare
  negsim sweep experiment=allied_unity out=unity
  negsim report results
  negsim export sweeps/allied_unity format=netcdf
  negsim trace scenario=january_2022 seed=1 world=17
  negsim check scenario=my_crisis.yaml
  negsim evidence actor=Russia issue=membership
  negsim class demo

negsim VERB --help shows a verb's own options and Hydra's flags.
Exit codes: 0 done, 1 failed while running, 2 bad input.
"""


def main() -> None:
    """Run the verb named on the command line; exits with 0, 1 or 2."""
    verbs = "\n".join(f"  {verb:10} {what}" for verb, what in VERBS.items())
    parser = argparse.ArgumentParser(
        prog="negsim",
        usage="negsim VERB [name=value ...]",
        description=f"An agent-based simulation of crisis bargaining.\n\nverbs:\n{verbs}",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"negsim {__version__}")
    parser.add_argument("verb", nargs="?", help=argparse.SUPPRESS)
    verb = parser.parse_args(sys.argv[1:2]).verb
    if verb is None:
        parser.print_help()
        return
    if verb not in VERBS:
        near = get_close_matches(verb, VERBS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        parser.exit(2, f"negsim: no such verb: {verb}{hint}\n  allowed: {', '.join(VERBS)}\n")
    from negotiation_sim.commands.launch import launch

    sys.exit(launch(verb, sys.argv[2:]))


if __name__ == "__main__":
    main()
