"""Run an experiment again: its sweep, its figure, and the numbers that its finding states.

    python experiments/run.py allied_unity          # one; without a name, all
    python experiments/run.py missiles --out DIR    # the sweep goes to DIR/missiles (default: sweeps/missiles)

A sweep that is there already is not played again. Exit code 1 if a finding no longer says what the sweep gives.
"""

import argparse
import runpy
import sys
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from negotiation_sim.figures.style import save
from negotiation_sim.sweep import Experiment, Results, sweep

HERE = Path(__file__).parent


def shipped() -> list[str]:
    """Names of the experiments beside this file."""
    return sorted(path.parent.name for path in HERE.glob("*/sweep.yaml"))


def drawn(experiment: Experiment, results: Results) -> tuple[Figure, dict[str, str]]:
    """The figure of an experiment, and its numbers: what each is, and how the finding states it."""
    figure: tuple[Figure, dict[str, str]] = runpy.run_path(str(HERE / experiment.name / "figure.py"))["draw"](
        experiment.question, results
    )
    return figure


def keep(figure: Figure, path: Path) -> None:
    """Write a figure with 256 colours, which is all that it needs and a third of the size."""
    save(figure, path)
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(256)
    small.save(path, optimize=True, dpi=(200, 200))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(shipped())}")
    parser.add_argument("--out", type=Path, default=Path("sweeps"), help="folder of the sweeps' folders")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(shipped()))
    if unknown:
        parser.error(f"no such experiment: {', '.join(unknown)}; there are {', '.join(shipped())}")
    stale = False
    for name in options.names or shipped():
        experiment = Experiment.load(str(HERE / name))
        results = sweep(experiment, options.out / name)
        figure, numbers = drawn(experiment, results)
        keep(figure, HERE / name / "figure.png")
        print(f"{name}: {experiment.question} {len(results):,} runs; figure.png drawn.")
        for what, said in numbers.items():
            missing = said not in (experiment.finding or "")
            stale |= missing
            print(f"  {what}: {said}{'   <- the finding says something else' if missing else ''}")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
