"""Rewrites the golden files from what the code gives now: `python tests/refresh_golden.py`.

Run it only after a change that is meant to change results, look at the difference, and say so in CHANGELOG.md.
"""

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from negotiation_sim import Scenario, Talks
from negotiation_sim.minutes import minutes
from negotiation_sim.scenario.loading import scenario_files

GOLDEN = Path(__file__).parent / "golden"
FINGERPRINTS = GOLDEN / "fingerprints.json"
TRACES = GOLDEN / "traces"
TRACED = 1
WORLDS = 400
SEED = 20220110


def lines_of(talks: Talks) -> Iterable[str]:
    """The outcome table as text, to 6 digits: another processor may round the last bit of an exponential otherwise."""
    table = talks.outcomes
    yield ",".join(table.columns)
    for row in table.itertuples(index=False):
        yield ",".join(f"{value:.6g}" if isinstance(value, float) else str(value) for value in row)


def fingerprint(scenario: Scenario) -> dict[str, object]:
    """What a scenario comes to in some hundred worlds: counts to read, and a hash of the whole outcome table."""
    talks = Talks(scenario, worlds=WORLDS, seed=SEED).run()
    text = "\n".join(lines_of(talks))
    counts = talks.outcomes["outcome"].value_counts().sort_index()
    return {
        "worlds": WORLDS,
        "seed": SEED,
        "outcomes": {str(name): int(count) for name, count in counts.items()},
        "sha256": sha256(text.encode()).hexdigest(),
    }


def fingerprints() -> dict[str, dict[str, object]]:
    """The fingerprint of every shipped scenario."""
    return {name: fingerprint(Scenario.load(name)) for name in scenario_files()}


def trace(name: str) -> str:
    """The minutes of one world of a shipped scenario."""
    return minutes(Scenario.load(name), seed=1, world=TRACED) + "\n"


def main() -> None:
    """Write every golden file."""
    GOLDEN.mkdir(exist_ok=True)
    FINGERPRINTS.write_text(json.dumps(fingerprints(), indent=2) + "\n", encoding="utf-8")
    print(f"wrote {FINGERPRINTS}")
    TRACES.mkdir(exist_ok=True)
    for stale in TRACES.glob("*.txt"):
        stale.unlink()
    for name in scenario_files():
        (TRACES / f"{name}.txt").write_text(trace(name), encoding="utf-8")
    print(f"wrote {len(scenario_files())} traces to {TRACES}")


if __name__ == "__main__":
    main()
