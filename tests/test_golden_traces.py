"""Golden minutes of one world of every shipped scenario: readable, and a build that fails for a scenario without."""

import pytest
from refresh_golden import TRACES, trace

from negotiation_sim.scenario.loading import scenario_files


@pytest.mark.parametrize("name", sorted(scenario_files()))
def test_minutes_are_the_golden_ones(name: str) -> None:
    path = TRACES / f"{name}.txt"
    assert path.is_file(), f"no golden trace for {name}: run `make golden`, read it, and commit it"
    assert trace(name) == path.read_text(encoding="utf-8"), (
        f"the minutes of {name} have changed: if that is meant, run `make golden`, look at the difference and flag it "
        "under Numbers in CHANGELOG.md"
    )


def test_no_golden_trace_without_a_scenario() -> None:
    assert {path.stem for path in TRACES.glob("*.txt")} == set(scenario_files())


def test_minutes_say_what_minutes_must() -> None:
    text = trace("january_2022")
    for needed in (
        "10 January 2022, Geneva",
        "12 January 2022, Brussels",
        "13 January 2022, Vienna",
        "Russia tables the December draft treaties",
        "NATO membership: legal bar to Ukraine and Georgia",
        "refuses: red line on NATO membership",
        "it holds out for",
        "keep silence, 30 needed",
        "Belief about Russia: security-seeker",
        "llied cohesion",
        "credibility of threats",
        "It ends after round",
        "Outcome: ",
    ):
        assert needed in text, needed
