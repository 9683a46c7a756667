"""Games: people in some seats, simulated agents in the others, and the odds from any round."""

from functools import cache

import numpy as np
import pytest
from helpers import shipped

from negotiation_sim import Talks
from negotiation_sim.classroom.forecast import continued, fork, odds
from negotiation_sim.classroom.game import Game, Position
from negotiation_sim.classroom.moves import Choice, Move
from negotiation_sim.rules.outcome import OUTCOMES

SEED, WORLD = 3, 7
NOTHING = (0,) * 7
"""The package of January that moves no issue: nothing is tabled."""


def dam(*seats: str) -> Game:
    return Game(shipped("river_dam"), SEED, WORLD, seats)


@cache
def simulated(name: str = "river_dam") -> Position:
    return Game(shipped(name), SEED, WORLD).play({})


def played_by_people(game: Game, choices: dict[Move, int]) -> tuple[Position, int]:
    """A game in which every seat decides as in `choices`; how often somebody was asked."""
    moves: dict[Move, int] = {}
    for times in range(1000):
        position = game.play(moves)
        if position.ended:
            return position, times
        moves = dict(position.taken)
        for asked in position.asked:
            for actor in asked.decisions:
                move = Move(asked.round, actor, asked.kind, asked.turn)
                moves[move] = choices[move]
    raise AssertionError("the game does not end")


# ---- play and replay ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["river_dam", "january_2022"])
def test_all_seats_simulated_is_the_same_world_as_any_other(name: str) -> None:
    alone = Talks(shipped(name), worlds=[WORLD], seed=SEED).run()
    position = simulated(name)
    assert position.ended and not position.asked
    assert position.talks.outcomes.equals(alone.outcomes)
    assert position.talks.rounds().equals(alone.rounds())


@pytest.mark.parametrize(
    ("name", "days", "seats"),
    [
        ("river_dam", 60, ("upland", "lowland")),
        ("january_2022", 8, ("russia", "us", "ukraine", "nato", "poland")),
    ],
)
def test_people_who_decide_as_agents_would_change_nothing(
    name: str, days: int, seats: tuple[str, ...]
) -> None:
    scenario = shipped(name, f"scenario.calendar.horizon_days={days}")
    expected = Game(scenario, SEED, WORLD).play({})
    position, asked = played_by_people(Game(scenario, SEED, WORLD, seats), dict(expected.taken))
    assert asked > 10
    assert position.taken == expected.taken
    assert position.talks.outcomes.equals(expected.talks.outcomes)


def test_a_replay_takes_every_move_from_the_log_and_computes_none() -> None:
    """Other luck, the same moves: simulated agents would decide otherwise, but are not asked again."""
    moves = dict(simulated().taken)
    other = Game(shipped("river_dam"), SEED + 1, WORLD, parameters="values")
    same = Game(shipped("river_dam"), SEED, WORLD, parameters="values")
    legal = dict(same.play({}).taken)
    replayed = other.play(legal)
    assert dict(replayed.taken) == legal != moves


def test_the_two_sides_signal_at_once_and_neither_waits_for_the_other() -> None:
    game = Game(shipped("january_2022", "scenario.calendar.horizon_days=8"), SEED, WORLD, ("russia", "us"))
    moves: dict[Move, Choice] = {}
    while (position := game.play(moves)).asked[0].kind != "signal":
        moves = dict(position.taken) | {position.asked[0].move: NOTHING}
    assert {each.seat for each in position.asked} == {"russia", "us"}
    one, other = position.asked
    after_one = game.play(dict(position.taken) | one.moves(0))
    assert [each.seat for each in after_one.asked] == [other.seat]
    assert after_one.asked[0].worth.tolist() == other.worth.tolist()
    assert set(one.moves(0)) <= set(after_one.taken)


def test_what_is_asked_is_in_words_and_says_what_it_is_worth() -> None:
    asked = dam("upland").play({}).asked[0]
    assert (asked.seat, asked.kind, asked.round) == ("upland", "offer", 1)
    assert len(asked.options) == len(asked.legal) == len(asked.worth)
    assert asked.legal.any() and not asked.legal.all()


def test_an_illegal_option_is_refused_with_what_is_allowed() -> None:
    asked = dam("upland").play({}).asked[0]
    illegal = int(np.flatnonzero(~asked.legal)[0])
    with pytest.raises(
        ValueError, match=rf"upland cannot take option {illegal} of its offer in round 1; allowed are"
    ):
        asked.moves(illegal)
    with pytest.raises(ValueError, match="cannot take option 999"):
        asked.moves(999)


def test_a_decision_can_be_left_to_the_simulated_agent() -> None:
    game = dam("upland")
    position = game.play({})
    move = next(iter(position.asked[0].moves(int(np.flatnonzero(position.asked[0].legal)[0]))))
    after = game.play(position.taken, left=[move])
    assert after.taken[move] == simulated().taken[move]
    assert after.asked[0] != position.asked[0]


def test_a_delegation_speaks_for_all_allies_that_have_no_seat() -> None:
    scenario = shipped("january_2022")
    game = Game(scenario, SEED, WORLD, ("nato", "poland"))
    position = game.play({})
    while position.asked[0].seat != "nato":
        position = game.play(dict(position.taken) | position.asked[0].moves(0))
    asked = position.asked[0]
    assert len(asked.decisions) == 28
    assert not {"us", "poland"} & set(asked.decisions)
    assert {each.seat for each in position.asked} == {"nato", "poland"}
    assert set(asked.moves(0).values()) == {0}


@pytest.mark.parametrize("seats", [("nobody",), ("upland", "upland")])
def test_seats_must_be_there(seats: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="seats must be different ones of upland, lowland"):
        dam(*seats)


# ---- odds --------------------------------------------------------------------------------------------


def test_a_world_that_goes_on_with_its_own_luck_is_itself() -> None:
    """World 0 of a seed, copied out once as world 0 of the same seed."""
    whole = Talks(shipped("january_2022"), worlds=[0], seed=SEED).run()
    game = Game(shipped("january_2022"), SEED, 0)
    table = continued(game, game.play({}).taken, 4, worlds=1, seed=SEED)
    assert table.equals(whole.outcomes)


def test_copies_share_what_has_been_and_differ_in_luck() -> None:
    game, moves = Game(shipped("january_2022"), SEED, WORLD), simulated("january_2022").taken
    talks = game.until(moves, 5).spread(200, 1).run()
    first = simulated("january_2022").talks.rounds()
    rounds = talks.rounds()
    for column in ("rung", "answer", "cohesion", "credibility", "belief_pretext"):
        by_world = rounds.pivot(index="world", columns="round", values=column)
        expected = first.set_index("round")[column]
        assert (by_world.loc[:, :5] == expected.loc[:5].to_numpy()).all(axis=None)
        assert by_world[17].nunique() > 1
    assert talks.outcomes["type"].nunique() == 1


def test_a_copy_is_the_same_however_many_there_are() -> None:
    game, moves = dam(), simulated().taken
    many = continued(game, moves, 2, worlds=50, seed=9)
    few = continued(game, moves, 2, worlds=20, seed=9)
    assert few.equals(many.head(20))


def test_parameters_of_a_copy_are_those_of_its_world() -> None:
    scenario = shipped("january_2022")
    before = Talks(scenario, worlds=[WORLD], seed=SEED)
    after = Game(scenario, SEED, WORLD).until(simulated("january_2022").taken, 3).spread(5, 77)
    for path in ("accident", "habituation", "actors.russia.attack.cost"):
        assert set(after.parameter(path)) == {before.parameter(path)[0]}


def test_odds_have_joint_intervals() -> None:
    table = odds(dam(), simulated().taken, 1, worlds=300)
    assert table["outcome"].tolist() == list(OUTCOMES)
    assert table["count"].sum() == 300
    assert (table["low"] <= table["share"]).all() and (table["share"] <= table["high"]).all()


def test_odds_need_a_complete_round() -> None:
    game = dam("upland", "lowland")
    with pytest.raises(ValueError, match="round 1 is not complete: upland has not decided"):
        odds(game, {}, 1, worlds=10)


def test_an_ended_world_cannot_be_spread() -> None:
    with pytest.raises(ValueError, match="only one world that has not ended"):
        Talks(shipped("river_dam"), worlds=1, seed=1).run().spread(10, 1)
    with pytest.raises(ValueError, match="only one world that has not ended"):
        Talks(shipped("river_dam"), worlds=2, seed=1).spread(10, 1)


def test_a_fork_leaves_the_game_as_it_was_and_compares_on_the_same_luck() -> None:
    game, moves = (
        Game(shipped("january_2022"), SEED, WORLD, ("russia",)),
        dict(simulated("january_2022").taken),
    )
    before = dict(moves)
    signal = next(
        move for move in moves if move.round == 4 and move.actor == "russia" and move.kind == "signal"
    )
    same = fork(game, moves, {signal: moves[signal]}, 4, worlds=100)
    assert (same["difference"] == 0).all() and (same["gained"] == 0).all()
    walked_out = fork(game, moves, {signal: 4}, 4, worlds=100).set_index("outcome")
    assert walked_out.loc["collapse", "variant"] > walked_out.loc["collapse", "base"]
    assert moves == before
    with pytest.raises(ValueError, match="a fork needs moves of the game"):
        fork(game, moves, {Move(99, "russia", "signal", 0): 0}, 4, worlds=10)


# ---- packages that people write ----------------------------------------------------------------------


def january(*seats: str) -> Game:
    return Game(shipped("january_2022", "scenario.calendar.horizon_days=8"), SEED, WORLD, seats)


def test_a_package_from_the_menu_that_a_person_writes_is_that_package() -> None:
    """The simulated agent's own choice, written level by level, changes nothing in the worlds that follow."""
    simulated_game = january().play({})
    offer, chosen = next(each for each in simulated_game.decided if each[0].kind == "offer")
    levels = tuple(int(level) for level in offer.context["menu"].levels[chosen])
    written = january(offer.actor).play({january(offer.actor).play({}).asked[0].move: levels})
    untouched = january(offer.actor).play({january(offer.actor).play({}).asked[0].move: chosen})
    assert levels != NOTHING
    assert written.taken.keys() == untouched.taken.keys()
    assert [(each.actor, at) for each, at in written.decided[1:]] == [
        (each.actor, at) for each, at in untouched.decided[1:]
    ]


def test_a_package_that_is_on_no_menu_can_be_written_and_is_weighed() -> None:
    position = january("us").play({})
    asked = position.asked[0]
    menu = position.talks.layout.menu(position.session.forum, "us")
    levels = (0, 0, 0, 1, 1, 1, 2)
    assert levels not in {tuple(row) for row in menu.levels.astype(int).tolist()}
    weighed = position.weigh(asked, levels)
    assert weighed.moves and not weighed.hard
    assert set(weighed.needs) == {"russia", "nato"}
    assert not weighed.bindable  # NATO is not in Geneva
    after = january("us").play({**position.taken, asked.move: levels})
    offer, row = next(each for each in after.decided if each[0].actor == "us" and each[0].kind == "offer")
    assert offer.context["menu"].levels[row].astype(int).tolist() == list(levels)
    assert offer.context["worth"][0, row] == weighed.worth


def test_a_draft_that_a_person_writes_for_the_alliance_is_what_the_other_side_answers() -> None:
    """Geneva, where both table nothing, then Brussels, where the United States drafts for NATO."""
    game, draft = january("us", "russia"), (0, 0, 0, 1, 0, 1, 0)
    position = game.play({})
    while not any(asked.kind == "response" for asked in position.asked):
        moves = dict(position.taken)
        for asked in position.asked:
            drafts = asked.kind == "offer" and asked.round == 2 and asked.seat == "us"
            offered = draft if drafts else NOTHING
            choice = offered if asked.kind == "offer" else int(np.flatnonzero(asked.legal)[-1])
            moves[asked.move] = choice if asked.kind != "signal" else 0
        position = game.play(moves)
    tabled = next(iter(position.asked[0].decisions.values())).context["tabled"]
    assert tabled.proposer == "nato"
    assert tabled.levels[0].astype(int).tolist() == list(draft)


def test_a_package_across_a_hard_red_line_cannot_be_tabled() -> None:
    position = january("us").play({})
    bar = (4, 0, 0, 0, 0, 0, 0)
    assert position.weigh(position.asked[0], bar).hard == ("NATO membership",)
    with pytest.raises(ValueError, match="us took option 0 of its offer"):
        january("us").play({**position.taken, position.asked[0].move: bar})


@pytest.mark.parametrize("levels", [(0,) * 6, (9, 0, 0, 0, 0, 0, 0), (-1, 0, 0, 0, 0, 0, 0)])
def test_what_is_no_package_is_refused(levels: tuple[int, ...]) -> None:
    position = january("us").play({})
    with pytest.raises(ValueError, match="a package has a level for each of 7 issues"):
        position.weigh(position.asked[0], levels)


def test_a_person_is_not_asked_what_can_be_answered_in_one_way_only() -> None:
    """In Geneva nothing that needs NATO binds: it can only be refused, and the game goes on at once."""
    position = january("us").play({})
    assert position.asked[0].kind == "offer"  # the response to what Russia tabled came before
    refused = [each for each in position.decided if each[0].actor == "us" and each[0].kind == "response"]
    assert [(answer.legal[0].tolist(), said) for answer, said in refused] == [([True, False], 0)]
