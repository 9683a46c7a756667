"""What a seat is told: its own numbers, what is public, and nothing private of another seat."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from helpers import shipped

from negotiation_sim import Scenario
from negotiation_sim.classroom.briefing import Briefing
from negotiation_sim.classroom.briefing_page import render
from negotiation_sim.classroom.briefing_writer import briefing
from negotiation_sim.classroom.disclosure import PUBLIC, own_paths, seats
from negotiation_sim.classroom.words import POINTS
from negotiation_sim.scenario.loading import scenario_files
from negotiation_sim.scenario.parameters import Parameter

JANUARY = ("russia", "us", "ukraine", "nato", "poland", "germany", "observer")
MEMBERS = "alliance.clusters.eastern.members"


def below(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether a path stands at or below one of the patterns."""
    return any(re.match(rf"{p.replace('.', '[.]').replace('*', '[^.]+')}([.]|$)", path) for p in patterns)


def leaves(node: Any) -> Iterator[Any]:
    """All text and numbers in a briefing."""
    if is_dataclass(node):
        for field in fields(node):
            yield from leaves(getattr(node, field.name))
    elif isinstance(node, tuple):
        for each in node:
            yield from leaves(each)
    else:
        yield node


def numbers(told: Briefing) -> set[float]:
    """All numbers in a briefing, also those in its text, without their signs."""
    found: set[float] = set()
    for leaf in leaves(told):
        if isinstance(leaf, str):
            found |= {float(each) for each in re.findall(r"\d+(?:[.]\d+)?", leaf)}
        elif isinstance(leaf, int | float) and not isinstance(leaf, bool):
            found.add(abs(float(leaf)))
    return found


def canaries(paths: list[str]) -> dict[str, float]:
    """A number of its own for each path, as no honest one is, and that shows through whatever it is rounded to."""
    return {path: 70_000.37 + number for path, number in zip(paths, count(), strict=False)}


def with_values(scenario: Scenario, canary: dict[str, float], marked: bool) -> Scenario:
    """The scenario with other published values; their reasons and other words of the owners marked too."""

    def changed(node: Any, path: str) -> Any:
        if isinstance(node, Parameter) and path in canary:
            return node.model_copy(
                update={
                    "value": canary[path],
                    "range": (canary[path], canary[path]),
                    "assumption": f"CANARY of {path}" if marked else node.assumption,
                }
            )
        if isinstance(node, dict):
            return {key: changed(each, f"{path}.{key}") for key, each in node.items()}
        if hasattr(node, "model_fields_set"):
            kept = {
                name: changed(getattr(node, name), f"{path}.{name}".lstrip("."))
                for name in node.model_fields_set
            }
            return node.model_copy(update=kept)
        return node

    parts = {name: changed(getattr(scenario, name), name) for name in scenario.model_fields_set}
    return Scenario.model_construct(**parts)


def private(scenario: Scenario, seat: str) -> list[str]:
    """Every parameter that is neither public nor the seat's own, those of single allies among them."""
    allies = [
        f"{MEMBERS}.{key}.{number}"
        for key in ("estonia", "poland", "romania")
        for number in ("reservation", "weights.posture", "weights.membership", "red_lines.posture.high")
        if scenario.alliance
    ]
    every = [*scenario._all_parameters, *allies]
    return [path for path in dict.fromkeys(every) if not below(path, (*PUBLIC, *own_paths(scenario, seat)))]


@pytest.mark.parametrize("name", scenario_files())
def test_every_seat_of_every_shipped_scenario_can_be_briefed_and_printed(name: str) -> None:
    scenario = shipped(name)
    for seat in (each for each in seats(scenario) if each in JANUARY or each in scenario.actors):
        told = briefing(scenario, seat)
        assert all(isinstance(leaf, str | int | float | bool | None) for leaf in leaves(told))
        words = " ".join(leaf for leaf in leaves(told) if isinstance(leaf, str))
        assert not re.search(r"\bnan\b|\binf\b|None|[<>]", words)
        assert told.name in render(told)


@pytest.mark.parametrize("seat", JANUARY)
def test_no_draw_of_another_seat_is_told(seat: str) -> None:
    scenario = shipped()
    hidden = canaries(private(scenario, seat))
    assert len(hidden) > 80
    told = briefing(scenario, seat, draws=hidden, type_="extractor")
    shown = numbers(told)
    leaked = [
        path for path, value in hidden.items() if shown & {value, value * POINTS, value * 10, value / POINTS}
    ]
    assert leaked == []
    assert told == briefing(scenario, seat, type_="extractor")  # nor anything computed from them


@pytest.mark.parametrize("seat", JANUARY)
def test_no_published_value_of_another_seat_is_told_nor_its_reasons(seat: str) -> None:
    """Where a game keeps to published values, these are private: others' weights may show only as words."""
    scenario = shipped()
    hidden = canaries(private(scenario, seat))
    told = briefing(with_values(scenario, hidden, marked=True), seat, type_="extractor")
    shown = numbers(told)
    assert [p for p, v in hidden.items() if shown & {v, v * POINTS, v * 10, v / POINTS}] == []
    assert not any("CANARY" in leaf for leaf in leaves(told) if isinstance(leaf, str))


@pytest.mark.parametrize("seat", JANUARY)
def test_what_is_not_believed_in_common_changes_nothing(seat: str) -> None:
    """Of another seat only its published weights, prizes and tactics count; all else may be anything."""
    scenario = shipped()
    believed = re.compile(r"[.]weights[.]|[.]prize$")
    hidden = canaries([path for path in private(scenario, seat) if not believed.search(path)])
    assert briefing(with_values(scenario, hidden, marked=False), seat) == briefing(scenario, seat)


@pytest.mark.parametrize("seat", ["russia", "us", "ukraine", "nato", "poland"])
def test_the_canaries_would_be_seen(seat: str) -> None:
    """The test of leaks can fail: what a seat owns does show, and is told to be the world's."""
    scenario = shipped()
    issue = {"nato": "alliance.clusters.eastern", "poland": f"{MEMBERS}.poland"}.get(seat, f"actors.{seat}")
    mine = {f"{issue}.weights.channels": -7.123}
    told = briefing(scenario, seat, draws=mine)
    assert 712.3 in {round(each, 6) for each in numbers(told)}


def test_the_true_type_is_told_to_the_challenger_alone() -> None:
    scenario, base = shipped("pretext_russia"), shipped()
    assert briefing(scenario, "russia").type_label == "pretext-seeker"
    assert briefing(base, "russia", type_="extractor").type_label == "extractor"
    assert briefing(base, "russia").type_label is None
    for seat in ("us", "ukraine", "nato", "poland", "observer"):
        told, before = briefing(scenario, seat), briefing(base, seat)
        assert told.type_label is None
        # The variant counts one assumption more; that does not say which type it is.
        assert replace(told, assumed=before.assumed) == before


def test_events_to_come_are_told_to_nobody() -> None:
    scenario = shipped("berlin_inject")
    for seat in JANUARY:
        page = render(briefing(scenario, seat))
        assert "Berlin" not in page and "Scholz" not in page


def test_stakes_are_those_of_the_rules() -> None:
    told = briefing(shipped(), "russia", type_="security")
    membership, *_, forces = told.stakes
    assert [each.points for each in membership.levels] == pytest.approx([0.0, 5.4, 16.2, 28.8, 36.0])
    # -20 x 0.65 for a partial return, and 5 points for the level beyond the soft line at 1
    assert forces.levels[2].points == pytest.approx(-18.0)
    assert [each.beyond_soft for each in forces.levels] == [False, False, True, True]
    assert membership.consent == ("United States", "NATO", "Ukraine", "Russia")


def test_an_undecided_challenger_has_the_average_of_its_types() -> None:
    told = briefing(shipped(), "russia")
    shares = (0.33, 0.34, 0.33)
    expected = sum(s * w for s, w in zip(shares, (36.0, 40.0, 40.0), strict=True))
    assert told.stakes[0].levels[-1].points == pytest.approx(expected)
    least = sum(s * w for s, w in zip(shares, (16.0, 30.0, 60.0), strict=True))
    assert any(f"+{least:.0f}" in line for line in told.goal)


def test_own_numbers_are_the_worlds() -> None:
    scenario = shipped()
    draws = {
        "actors.us.weights.ru_forces": 0.6,
        "actors.us.red_lines.posture.high": 2.1,
        "actors.us.clock_days": 20.0,
    }
    told = briefing(scenario, "us", draws)
    assert told.stakes[-1].levels[-1].points == pytest.approx(60.0)
    posture = next(line for line in told.red_lines if line.title == "allied forces in the east")
    assert "level 2" in posture.says and posture.price is None
    due = scenario.calendar.start + timedelta(days=20)
    assert told.clock is not None and f"{due.day} {due:%B %Y}" in told.clock
    assert [each.title for each in told.stakes] == list(told.issues)


def test_an_ally_has_its_own_numbers_over_its_clusters() -> None:
    scenario = shipped()
    poland, estonia = (briefing(scenario, seat) for seat in ("poland", "estonia"))
    assert poland.stakes[1].levels[-1].points == -100.0
    assert estonia.stakes[1].levels[-1].points == -80.0
    drawn = briefing(scenario, "poland", {f"{MEMBERS}.poland.red_lines.posture.high": 0.4})
    assert any(
        "level 0" in line.says for line in drawn.red_lines if line.title == "allied forces in the east"
    )
    assert poland.offers == () and poland.generated == ()
    assert any("breaks silence" in line for line in poland.consent)


def test_the_delegation_stands_where_the_most_reluctant_cluster_stands() -> None:
    told = briefing(shipped(), "nato")
    assert told.stakes[0].levels[-1].points == -100.0
    posture = next(line for line in told.red_lines if line.title == "allied forces in the east")
    assert "eastern flank" in posture.says and "level 1" in posture.says


def test_red_lines_say_why_with_finding_and_document() -> None:
    told = briefing(shipped(), "us")
    membership = told.red_lines[0]
    assert [each.id for each in membership.basis.findings] == ["E051", "E069"]
    assert membership.basis.findings[0].document in {each.title for each in told.documents}
    page = render(told)
    assert "E051: Ambassador Smith" in page and "Hard" in page and "Soft" in page


def test_ukraine_is_told_that_all_its_numbers_are_assumptions() -> None:
    told = briefing(shipped(), "ukraine")
    assert told.voice is not None and told.voice.assumption is not None
    assert "no voice" in told.voice.assumption and "assumptions" in told.voice.assumption
    assert [each.id for each in told.voice.findings] == ["E092"]
    assert all(stake.basis.findings == () for stake in told.stakes)
    assert briefing(shipped(), "us").voice is None


def test_offers_say_where_they_can_be_bound() -> None:
    offers = {each.title: each for each in briefing(shipped(), "russia").offers}
    assert offers["the December draft treaties"].bound_in == ("Vienna",)
    assert offers["a freeze on intermediate-range missiles"].bound_in == ("Geneva", "Brussels", "Vienna")
    assert offers["a freeze on intermediate-range missiles"].levels.count(None) == 6
    alone = {each.title: each for each in briefing(shipped("bilateral_only"), "russia").offers}
    assert alone["the December draft treaties"].bound_in == ()


def test_an_observer_is_told_what_is_public_and_no_number_of_its_own() -> None:
    told = briefing(shipped(), "observer")
    assert (told.stakes, told.red_lines, told.offers, told.secrets, told.assumptions) == ((), (), (), (), ())
    assert [each.label for each in told.types] == ["security-seeker", "extractor", "pretext-seeker"]
    assert len(told.venues) == 3 and len(told.beliefs) == 4


def test_the_duty_of_care_is_told_to_all_and_the_real_crisis_is_called_real() -> None:
    for scenario, real in ((shipped(), True), (shipped("river_dam"), False)):
        for seat in (*scenario.actors, "observer"):
            told = briefing(scenario, seat)
            words = " ".join(told.caution)
            assert "no forecast" in words and "step out" in words
            assert ("real one" in words) is real
            assert (told.documents != ()) is real
            assert told.assumed == sum(not each.evidence for each in scenario.parameters.values())


def test_words_of_a_scenario_are_escaped_and_the_page_asks_for_nothing() -> None:
    scenario = shipped("river_dam", "scenario.actors.upland.name='<script>alert(1)</script>'")
    page = render(briefing(scenario, "upland"))
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert not re.search(r"(?:src|href)\s*=|url\(|@import|https?:", page)


def test_what_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"no such seat: 'france2'.*russia"):
        briefing(shipped(), "france2")
    with pytest.raises(ValueError, match="no such type of the challenger: 'bluff'"):
        briefing(shipped(), "russia", type_="bluff")
