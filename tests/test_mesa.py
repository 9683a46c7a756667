"""The model as an ordinary Mesa model, and people or programs in an agent's place."""

import mesa
import numpy as np
import pytest
from helpers import limit, run

from negotiation_sim import Talks
from negotiation_sim.agents.decisions import Decision
from negotiation_sim.rules.signals import SIGNALS


def test_batch_run_gives_the_rounds_and_the_agents():
    """Mesa counts what is collected from 0 for the model and from 1 for its agents.

    So Step s shows the model after round s + 1 beside its agents after round s, and not the agents at the end.
    """
    rows = mesa.batch_run(
        Talks,
        {"scenario": ["january_2022"], "worlds": [1], "seed": [1, 2]},
        number_processes=1,
        data_collection_period=1,
        display_progress=False,
    )
    models = [
        row for row in rows if row.get("key") in (None, "russia")
    ]  # one of the agents' rows of each step
    for seed in (1, 2):
        alone = run("january_2022", worlds=1, seed=seed)
        seen = [row for row in models if row["seed"] == seed]
        played = len(alone.datacollector.get_model_vars_dataframe())
        assert 1 <= played <= len(alone.layout.rounds)
        assert [row["round"] for row in seen] == list(range(1, played + 1))
        assert [row["rung"] for row in seen] == alone.record.rung[:played, 0].tolist()
        assert [row["cohesion"] for row in seen] == alone.record.cohesion[:played, 0].tolist()
    assert {"RunId", "scenario", "worlds", "seed", "rung", "answer", "cohesion", "belief_pretext"} <= set(
        rows[0]
    )
    assert {row["RunId"] for row in rows} == {0, 1}
    agents = 3 + 29 + 1  # principals, the other allies, the alliance
    assert len(rows) == 2 + agents * (len(models) - 2)


@pytest.fixture(scope="module")
def one_world() -> Talks:
    """One world of the shipped scenario, played."""
    return run("january_2022", worlds=1, seed=3)


def test_model_frame_is_the_record(one_world):
    frame = one_world.datacollector.get_model_vars_dataframe()
    record, layout = one_world.record, one_world.layout
    played = int(record.ended[0])
    assert len(frame) == played
    assert frame["round"].tolist() == list(range(1, played + 1))
    assert frame["forum"].tolist() == [each.forum for each in layout.rounds[:played]]
    for name in ("rung", "answer", "pointless", "walked_out", "cohesion", "credibility"):
        assert frame[name].tolist() == getattr(record, name)[:played, 0].tolist(), name
    for at, type_ in enumerate(layout.types):
        assert frame[f"belief_{type_}"].tolist() == record.belief[:played, 0, at].tolist()


def test_agent_frame_has_a_row_an_agent_and_round(one_world):
    frame = one_world.datacollector.get_agent_vars_dataframe()
    played = int(one_world.record.ended[0])
    principals, allies = len(one_world.principals), 29
    assert len(one_world.alliance.members) == allies + 1
    assert len(frame) == played * (principals + allies + 1)
    last = frame.xs(frame.index.get_level_values("Step").max(), level="Step")
    assert sorted(last["key"]) == sorted(agent.key for agent in one_world.agents)
    held = last.set_index("key")["reservation"]
    assert held["russia"] == one_world.challenger.reservation[0]
    assert held["poland"] == next(a for a in one_world.agents if a.key == "poland").reservation[0]


def test_many_worlds_collect_no_frames():
    assert run(limit("k17"), worlds=3).datacollector is None


def test_outcomes_need_all_rounds_played():
    talks = Talks("january_2022", worlds=2)
    talks.step()
    with pytest.raises(RuntimeError, match="call run"):
        _ = talks.outcomes


def test_models_are_not_kept_alive_by_mesa():
    before = len(mesa.Agent._ids)
    for seed in range(5):
        Talks(limit("k17"), worlds=1, seed=seed)
    assert len(mesa.Agent._ids) == before


def test_agents_are_numbered_and_all_in_the_agent_set(one_world):
    ids = [agent.unique_id for agent in one_world.agents]
    assert len(set(ids)) == len(ids)
    assert {agent.key for agent in one_world.agents} >= {
        "russia",
        "us",
        "ukraine",
        "nato",
        "poland",
        "germany",
    }


# Deciders


def test_a_decider_takes_every_decision_of_its_actor():
    asked = []

    def steps_up(decision: Decision) -> np.ndarray:
        asked.append((decision.kind, decision.round))
        if decision.kind != "signal":
            return np.full(len(decision.asked), -1)
        return np.where(decision.legal[:, 1], 1, 0)

    talks = run("january_2022", worlds=5, seed=1, fixed={"accident": 0.0}, deciders={"russia": steps_up})
    assert talks.record.rung[:6].T.tolist() == [[1, 2, 3, 4, 5, 6]] * 5
    assert set(talks.outcomes["outcome"]) == {"invasion"}
    assert {kind for kind, _ in asked} >= {"offer", "signal"}
    assert SIGNALS[1] == "step up"


def test_leaving_every_decision_to_the_simulated_agent_changes_nothing():
    def abstains(decision: Decision) -> np.ndarray:
        return np.full(len(decision.asked), -1)

    plain = run("january_2022", worlds=20, seed=1)
    watched = run(
        "january_2022", worlds=20, seed=1, deciders={"russia": abstains, "us": abstains, "poland": abstains}
    )
    assert plain.outcomes.equals(watched.outcomes)
    assert plain.record.belief.tobytes() == watched.record.belief.tobytes()


def test_a_decider_that_does_as_the_log_says_replays_the_world():
    first = run("january_2022", worlds=[17], seed=1, keep_decisions=True)
    took = {(d.round, d.kind, d.turn): chosen for d, chosen in first.desk.log if d.actor == "russia"}
    again = run(
        "january_2022",
        worlds=[17],
        seed=1,
        deciders={"russia": lambda d: took[d.round, d.kind, d.turn]},
    )
    assert again.outcomes.equals(first.outcomes)


@pytest.mark.parametrize("option", [2, 3, 4, 5, 99, -2])
def test_an_illegal_option_is_refused_and_the_legal_ones_named(option):
    """On the lowest rung, before anything was refused, Russia can hold or step up."""
    talks = Talks(
        limit("k14"),
        worlds=3,
        deciders={"challenger": lambda d: np.full(3, option if d.kind == "signal" else -1)},
    )
    with pytest.raises(ValueError, match=r"challenger took option .* legal are: 0 hold, 1 step up$"):
        talks.run()


def test_probabilities_shown_to_a_decider_are_those_of_the_simulated_agent():
    """Over many worlds, options are taken as often as the kept probabilities say."""
    talks = run(limit("k15"), worlds=20_000, seed=2, keep_decisions=True)
    ((decision, chosen),) = [
        each for each in talks.desk.log if each[0].actor == "challenger" and each[0].kind == "signal"
    ]
    stepped = decision.probabilities[:, 1]
    spread = np.sqrt((stepped * (1 - stepped)).sum())
    assert abs((chosen == 1).sum() - stepped.sum()) < 4 * spread
