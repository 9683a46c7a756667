"""What moves within a run beyond the exact limits: injects, audience costs, an undecided challenger, threats, facts."""

import numpy as np
import pytest
from helpers import run, setting, shipped

from negotiation_sim import Scenario, Talks
from negotiation_sim.agents.decisions import Decision
from negotiation_sim.priors import parameter_table
from negotiation_sim.scenario import ScenarioError

INJECT = "+scenario.injects.news={title: news, date: 2022-01-12, effects: {"


def with_news(effects: str) -> Scenario:
    """january_2022 with an inject on the day of the Council: `cohesion: 0.1, reservation.us: 0.2`."""
    parts = [part.split(": ") for part in effects.split(", ")]
    stated = ", ".join(f"{k}: {{value: {v}, range: [{v}, {v}], assumption: a test}}" for k, v in parts)
    return shipped("january_2022", INJECT + stated + "}}")


# ---- injects ------------------------------------------------------------------------------------


def after_round(scenario: Scenario, rounds: int, worlds: int = 64) -> Talks:
    talks = Talks(scenario, worlds=worlds, seed=5)
    for _ in range(rounds):
        talks.step()
    return talks


def test_an_inject_changes_nothing_before_its_date():
    plain, news = (after_round(each, 1) for each in (shipped(), with_news("cohesion: -0.3, blame: 0.3")))
    assert (plain.record.cohesion[0] == news.record.cohesion[0]).all()
    assert (plain.public.blame == news.public.blame).all()


@pytest.mark.parametrize(("effect", "sign"), [(-0.3, -1), (0.3, 1)])
def test_an_inject_moves_cohesion_in_its_round_and_within_bounds(effect, sign):
    plain, news = (after_round(each, 2) for each in (shipped(), with_news(f"cohesion: {effect}")))
    moved = sign * (news.record.cohesion[1] - plain.record.cohesion[1])
    assert (moved > 0).mean() > 0.9
    assert news.record.cohesion[1].max() <= 1.0


def test_an_inject_moves_hope_of_the_challenger_and_of_every_image_of_it():
    plain, news = (after_round(each, 2) for each in (shipped(), with_news("hope: 0.2")))
    for mind in ("mind", *news.challenger.images):
        before, after = (
            talks.challenger.mind if mind == "mind" else talks.challenger.images[mind]
            for talks in (plain, news)
        )
        assert (after.hope > before.hope).all(), mind


def test_an_inject_on_a_cluster_shifts_its_allies_and_nobody_else():
    scenario = shipped(
        "january_2022",
        "+scenario.injects.news={title: news, date: 2022-01-12, effects: {reservation: "
        "{eastern: {value: 0.2, range: [0.2, 0.2], assumption: a test}}}}",
    )
    plain, news = (after_round(each, 2) for each in (shipped(), scenario))
    shifts = {}
    for before, after in zip(plain.agents, news.agents, strict=True):
        if hasattr(before, "reservation"):
            shifts[getattr(before, "cluster", None)] = after.reservation - before.reservation
    assert np.allclose(shifts.pop("eastern"), 0.2)
    assert all((shift == 0.0).all() for shift in shifts.values())


# ---- audience costs -----------------------------------------------------------------------------


def test_audience_cost_is_sensitivity_times_commitment_times_retreat():
    """river_dam: Upland insists on the whole for five rounds, then signs the least that it may still table."""
    share = "{{value: {0}, range: [{0}, {0}], assumption: a test}}"
    audience = f"{{cost: {share.format(0.5)}, growth: {share.format(0.3)}}}"
    scenario = shipped("river_dam", f"+scenario.actors.upland.audience={audience}")
    tabled: list[float] = []

    def upland(decision: Decision) -> np.ndarray:
        if decision.kind != "offer":
            return np.zeros(1, dtype=int)  # refuse, hold
        worth = np.where(decision.legal, decision.context["worth"], np.nan)[0]
        worth[-1] = np.nan  # to table nothing
        option = np.nanargmin(worth) if decision.round == 6 else np.nanargmax(worth)
        tabled.append(worth[option])
        return np.array([option])

    def lowland(decision: Decision) -> np.ndarray:
        if decision.kind == "offer":
            return np.array([-1])  # as simulated; Upland refuses it
        return np.array([int(decision.kind == "response" and decision.round == 6)])

    talks = run(scenario, parameters="values", deciders={"upland": upland, "lowland": lowland})
    assert len(tabled) == 6
    assert tabled[:5] == [tabled[0]] * 5
    assert tabled[5] < tabled[0]
    committed = 1.0 - 0.7**5  # of what is missing, three tenths are added each time
    assert talks.record.audience_paid["challenger"][0] == pytest.approx(
        0.5 * committed * (tabled[0] - tabled[5])
    )
    assert talks.record.audience_paid["defender"][0] == 0.0


# ---- an undecided challenger --------------------------------------------------------------------


def test_an_undecided_challenger_becomes_its_type_after_the_round_set_for_it():
    scenario = shipped(
        "january_2022", *setting("actors.russia.undecided", 1.0), "scenario.actors.russia.decides_after=2"
    )
    talks = Talks(scenario, worlds=64, seed=3)
    challenger = talks.challenger
    assert (challenger.type_mix < 1.0).all()
    mixed = (challenger.type_mix * challenger.type_prize).sum(axis=1)
    assert np.allclose(challenger.mind.prize, mixed)
    talks.step()
    assert (challenger.type_mix < 1.0).all()
    talks.step()
    rows = np.arange(talks.size)
    assert (challenger.type_mix[rows, challenger.becomes] == 1.0).all()
    assert (challenger.mind.prize == challenger.type_prize[rows, challenger.becomes]).all()


def test_a_decided_challenger_is_its_type_from_the_start():
    talks = Talks(shipped("january_2022", *setting("actors.russia.undecided", 0.0)), worlds=64, seed=3)
    challenger = talks.challenger
    rows = np.arange(talks.size)
    assert (challenger.mind.prize == challenger.type_prize[rows, challenger.becomes]).all()


# ---- threats carried out ------------------------------------------------------------------------


def test_credibility_falls_where_war_goes_unanswered_and_only_there():
    """Once war has begun and the threatened measures are not in force, credibility loses its share each round."""
    quiet = [
        *setting("actors.us.vagueness", 0.0),
        *setting("actors.russia.outlook.yielding_loss", 0.0),
        *setting("actors.russia.outlook.default_loss", 0.5),
        *setting("actors.russia.attack.cost", 0.0),
    ]
    talks = run(shipped("january_2022", *quiet), worlds=400, seed=4)
    record, layout = talks.record, talks.layout
    war = layout.war[record.rung]
    unanswered = war[:-1] & ~layout.carries_out[record.answer[1:]]
    gained = record.answer[1:] > np.maximum.accumulate(record.answer, axis=0)[:-1]
    at = np.arange(1, len(record.rung))[:, None]
    played = at < record.ended
    before, after = record.credibility[:-1], record.credibility[1:]
    defaulted = unanswered & played & ~gained
    assert defaulted.sum() > 20
    assert np.allclose(after[defaulted], 0.5 * before[defaulted])
    calm = ~unanswered & played & ~gained
    assert np.allclose(after[calm], before[calm])


# ---- facts --------------------------------------------------------------------------------------


def test_facts_are_read_after_their_round_from_the_trace():
    talks = run("january_2022", worlds=500, seed=6)
    record, table, facts = talks.record, talks.outcomes, talks.scenario.facts
    traces = {
        "settled_issues": record.settled,
        "walked_out": record.walked_out,
        "declared_pointless": record.pointless,
        "cohesion": record.cohesion,
        "rung": record.rung,
        "answer": record.answer,
    }
    seen = {True: 0, False: 0}
    for key, fact in facts.items():
        trace = traces.get(fact.measure)
        if trace is None:
            trace = record.bound[:, :, talks.layout.order[fact.issue]]
        low = -np.inf if fact.at_least is None else fact.at_least
        high = np.inf if fact.at_most is None else fact.at_most
        for world, value in enumerate(trace[fact.after_round - 1]):
            holds = low <= value <= high
            seen[holds] += 1
            assert table[f"fact_{key}"][world] == holds, (key, world)
    assert min(seen.values()) > 100


def test_a_fact_beyond_the_calendar_is_read_at_its_end():
    short = shipped("january_2022", "scenario.calendar.horizon_days=2")
    talks = run(short, worlds=50)
    unity = next(fact for fact in talks.scenario.facts.values() if fact.measure == "cohesion")
    assert (len(talks.layout.rounds), unity.after_round) == (2, 3)
    assert (talks.record.reproduces(unity) == (talks.record.cohesion[1] >= unity.at_least)).all()


# ---- what is kept ---------------------------------------------------------------------------------


def test_an_outcome_has_stood_since_the_round_after_the_last_other_one():
    talks = run("january_2022", 300)
    rounds, outcomes = talks.rounds(), talks.outcomes
    for (_, states), since, final in zip(
        rounds.groupby("world")["outcome"], outcomes["outcome_since"], outcomes["outcome"], strict=True
    ):
        expected = 1 + max((at for at, state in enumerate(states, start=1) if state != final), default=0)
        assert since == expected
    assert outcomes["outcome_since"].nunique() > 3


def test_rounds_of_some_worlds_are_theirs():
    talks = run("january_2022", [3, 900, 17])
    some = talks.rounds(np.array([2, 0]))
    assert some["world"].unique().tolist() == [17, 3]
    alone = run("january_2022", [17]).rounds()
    assert some[some["world"] == 17].reset_index(drop=True).equals(alone)


def test_what_a_world_draws_is_known_without_playing_it():
    scenario = shipped()
    worlds = [4, 0, 731]
    talks = Talks(scenario, worlds=worlds, seed=9)
    table = parameter_table(scenario, 9, worlds)
    assert len(table.columns) == 176
    for path in table:
        assert (table[path] == talks.parameter(path)).all()
        low, high = scenario.parameter(path).range
        assert table[path].between(low, high).all()


def test_an_unknown_parameter_has_no_draws():
    with pytest.raises(ScenarioError, match="clock_days"):
        parameter_table(shipped(), 1, [0], ["actors.russia.clock_day"])
