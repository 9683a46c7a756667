"""Parameters in plain words."""

from collections import Counter

import pytest
from helpers import shipped

from negotiation_sim.scenario.loading import scenario_files
from negotiation_sim.scenario.wording import WORDS, basis, in_words


@pytest.mark.parametrize("name", scenario_files())
def test_every_parameter_has_words_of_its_own(name: str) -> None:
    scenario = shipped(name)
    words = {path: in_words(scenario, path) for path in scenario._all_parameters}
    assert [path for path, said in words.items() if said == path] == []
    assert [said for said, times in Counter(words.values()).items() if times > 1] == []


def test_no_words_are_left_over() -> None:
    """Each entry is in use: taken out, some shipped scenario's parameter has no words."""
    texts = " ".join(
        in_words(shipped(name), path) for name in scenario_files() for path in shipped(name)._all_parameters
    ).lower()
    unused = [said for said in WORDS.values() if said.split("{")[0].strip().lower() not in texts]
    assert unused == []


@pytest.mark.parametrize(
    ("path", "words", "rests_on"),
    [
        ("actors.russia.clock_days", "Russia: own clock (days)", "E014, E015, E016, E017"),
        ("actors.russia.types.pretext.prize", "Russia as pretext-seeker: prize of attack", "assumption"),
        ("actors.us.weights.ru_forces", "United States: weight of Russian forces near Ukraine", "E060"),
        (
            "alliance.clusters.eastern.members.poland.red_lines.posture.high",
            "Poland: red line on allied forces in the east, highest level",
            "E086, E087",
        ),
        (
            "ladders.defender.arms.attack_cost",
            "Arms and training for Ukraine: cost it adds to attack",
            "E093",
        ),
        ("accident", "Chance of sliding up a rung by accident", "assumption"),
        ("alliance.quota", "NATO: how many allies must not object", "structure"),
        (
            "actors.russia.true_type",
            "Russia: true type",
            "E003, E035, E036, E037, E038, E042, E034, E039, E040",
        ),
        ("actors.russia.tactic", "Russia: tactic", "structure"),
        ("actors.russia.types.pretext.tactic.kind", "Russia as pretext-seeker: kind of tactic", "structure"),
        ("calendar.horizon_days", "Days to the horizon", "structure"),
        ("issues.membership.core", "NATO membership: core issue or not", "structure"),
        ("issues.nothing.core", "issues.nothing.core", "structure"),
        ("actors.nobody.clock_days", "actors.nobody.clock_days", "structure"),
    ],
)
def test_a_parameter_says_whose_it_is_and_what_it_rests_on(path: str, words: str, rests_on: str) -> None:
    scenario = shipped()
    assert in_words(scenario, path) == words
    assert basis(scenario, path) == rests_on


def test_an_effect_of_an_inject_names_whom_it_moves() -> None:
    scenario = shipped("berlin_inject")
    path = next(each for each in scenario.parameters if each.endswith("reservation.framework"))
    assert in_words(scenario, path).endswith(": change of the reservation value of framework nations")
