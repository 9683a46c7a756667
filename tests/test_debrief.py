"""Looking back on a session: the debrief, the replay, the road not taken."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from class_sessions import WORLDS, Class, a_class, canary, frozen, frozen_views
from helpers import shipped
from matplotlib.figure import Figure
from picture_checks import assert_explains_itself, assert_same_picture, assert_text_is_whole, printed

from negotiation_sim import Talks
from negotiation_sim.analysis.shares import outcome_shares
from negotiation_sim.classroom import debrief, procedure, reckoning
from negotiation_sim.classroom.account import account
from negotiation_sim.classroom.debrief_figures import beliefs_figure, drawn, landing_figure, odds_figure
from negotiation_sim.classroom.disclosure import OBSERVER
from negotiation_sim.classroom.forecast import continued
from negotiation_sim.classroom.game import Game
from negotiation_sim.classroom.room import BASELINE
from negotiation_sim.classroom.views import FACILITATOR, view
from negotiation_sim.classroom.web.debriefing import scene_at
from negotiation_sim.rules.outcome import OUTCOMES

SEATS = ("russia", "us", "nato")
SOURCE = "January 2022, 3 rounds; seed 1; version 1"
LABELS = {each: each.replace("_", " ") for each in OUTCOMES}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    """A session of three rounds that has ended."""
    with a_class(tmp_path_factory.mktemp("class"), "january_2022", SEATS, 3) as here:
        here.play(silent="nato")
        here.finish()
        yield here


# ---- what is in it -------------------------------------------------------------------------------------


def test_facts_are_read_as_the_record_reads_them(here: Class) -> None:
    state = here.room.state
    talks = reckoning.game_of(here.room.table).play(dict(state.moves)).talks
    facts = here.room.scenario.facts
    rows = debrief.facts(here.room.scene)
    assert {row["key"] for row in rows} == set(facts)
    assert [row["same"] for row in rows] == [
        bool(talks.record.reproduces(facts[row["key"]])[0]) for row in rows
    ]
    assert any(row["same"] for row in rows) and all(row["evidence"] for row in rows)


@pytest.mark.parametrize("world", range(6))
def test_facts_agree_with_the_record_in_other_worlds(world: int) -> None:
    scenario = shipped("january_2022")
    position = Game(scenario, 3, world).play({})
    entries = account(position)
    recorded = position.talks.outcomes.iloc[0]
    for key, fact in scenario.facts.items():
        measured = debrief._measured(scenario, fact, entries, True)
        assert measured is not None
        assert debrief._holds(fact, measured) == recorded[f"fact_{key}"], key


def test_what_was_not_reached_is_neither_same_nor_otherwise(here: Class) -> None:
    first = next(seq for seq in here.seen)
    rows = debrief.facts(scene_at(here.room, here.room.log.events(), first))
    assert {row["same"] for row in rows} == {None}


def test_beliefs_follow_from_the_likelihoods_in_the_log(here: Class) -> None:
    rows = debrief.beliefs(view(here.room.scene, "us"))
    assert [row["round"] for row in rows] == [1, 2, 3]
    for row in rows:
        joint = np.array([each["prior"] * each["likelihood"] for each in row["types"]])
        expected = joint / joint.sum()
        assert np.allclose([each["posterior"] for each in row["types"]], expected, atol=1e-12)
    for before, after in pairwise(rows):
        assert [each["posterior"] for each in before["types"]] == [each["prior"] for each in after["types"]]


def test_a_signal_that_is_words_only_teaches_nothing(here: Class) -> None:
    account = [
        {"round": 1, "what": "signal", "words": "declares talks pointless", "cheap": True}
        | {
            name: {"a": value, "b": value}
            for name, value in (("prior", 0.5), ("chance", 1.0), ("likelihood", 1.0))
        },
        {
            "round": 1,
            "what": "standing",
            "belief": {"a": 0.5, "b": 0.5},
            "belief_labels": {"A": 0.5, "B": 0.5},
        }
        | {"about": "Russia"},
    ]
    (row,) = debrief.beliefs({"account": account})
    assert row["cheap"] and row["shift"] == 0 and not row["dulled"]


def test_what_blocked_a_package_is_told_where_the_briefing_is_open(here: Class) -> None:
    told = debrief.debrief(here.room.scene, FACILITATOR)
    assert told["blocks"]
    first = told["blocks"][0]
    assert first["by"] == "Russia" and any("NATO membership" in each["crossed"] for each in first["refusals"])
    closed = debrief.debrief(here.room.scene, OBSERVER)
    assert {each["crossed"] for block in closed["blocks"] for each in block["refusals"]} == {None}
    assert closed["lines"] == [] and closed["closed"] == ["Russia", "United States", "NATO"]


def test_there_is_a_prompt_for_every_objective_and_some_from_the_game(here: Class) -> None:
    about = [prompt["about"] for prompt in debrief.debrief(here.room.scene, FACILITATOR)["prompts"]]
    assert about.count("Objective") == len(here.room.state.set.objectives) == 1
    assert "A decision that nobody took" in about and "A red line that stood in the way" in about
    assert "A red line that stood in the way" not in [
        prompt["about"] for prompt in debrief.debrief(here.room.scene, OBSERVER)["prompts"]
    ]


def test_the_class_is_put_among_worlds_of_the_same_scenario(here: Class) -> None:
    talks = Talks(here.room.scenario, WORLDS, here.room.state.set.seed).run()
    for number in (1, 3):
        shares = pd.DataFrame(reckoning.landing(here.room.folder / BASELINE, number))
        runs = pd.DataFrame({"outcome": talks.record.outcome(number)})
        pd.testing.assert_frame_equal(shares, outcome_shares(runs, "outcome", OUTCOMES))
    landed = debrief.outcome(here.room.scenario, view(here.room.scene, "us"))
    assert landed is not None and landed["outcome"] == here.room.state.account[-1]["outcome"]


def test_odds_before_the_first_round_and_after_each_are_for_all_once_it_is_over(here: Class) -> None:
    shown = view(here.room.scene, "us")
    assert [after["round"] for after in shown["odds"]] == [0, 1, 2, 3]
    during = scene_at(here.room, here.room.log.events(), list(here.seen)[-1])
    assert "odds" not in view(during, "us") and "odds" in view(during, FACILITATOR)
    swing = shown["odds"][1]["swings"][0]
    assert swing["words"] and swing["seat"] in SEATS and "why" not in swing


# ---- pages -----------------------------------------------------------------------------------------------


def test_pages_show_a_seat_nothing_private_of_another_before_it_is_declassified(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with a_class(tmp_path_factory.mktemp("dam"), "river_dam", ("upland", "lowland"), 1) as dam:
        assert dam.get("upland", "debrief/").status_code == 409
        assert dam.get("upland", "replay/").status_code == 409
        assert dam.get(FACILITATOR, "debrief/").status_code == 200
        dam.play()
        dam.finish()
        pages = ["debrief/", *(f"replay/?event={event.seq}" for event in dam.room.log.events())]

        def all_of(viewer: str) -> str:
            return "".join(dam.get(viewer, page).text for page in pages)

        private = {seat: (canary(seat, "why"), "Red lines of " + name) for seat, name in
                   (("upland", "Upland"), ("lowland", "Lowland"))}  # fmt: skip
        for viewer, other in (("upland", "lowland"), ("lowland", "upland")):
            text = all_of(viewer)
            assert private[viewer][0] in text and private[viewer][1] in text
            assert not any(each in text for each in private[other])
        observed = all_of(OBSERVER)
        assert not any(each in observed for both in private.values() for each in both)
        assert canary("upland", "news") not in all_of("lowland") + observed
        dam.act("facilitator:1", lambda state, _: procedure.declassify(state, "lowland"))
        text = all_of("upland")
        assert all(each in text for each in private["lowland"])


def test_the_debrief_has_its_parts_and_its_figures(here: Class) -> None:
    page = here.get("us", "debrief/")
    assert page.status_code == 200
    for title in ("What this is", "Where the class landed", "How the odds moved", "Bayes, step by step",
                  "Packages that did not pass", "What the documents say", "To talk about"):  # fmt: skip
        assert title in page.text
    assert "E098" in page.text and "style=" not in page.text
    for name in ("landing", "odds", "beliefs"):
        assert f"debrief/{name}.svg" in page.text
        image = here.get("us", f"debrief/{name}.svg")
        assert image.status_code == 200 and image.headers["content-type"].startswith("image/svg+xml")
        assert len(image.content) < 400_000
    assert here.get("us", "debrief/other.svg").status_code == 404


def test_a_seat_has_no_fork(here: Class) -> None:
    assert here.get("us", "fork").status_code == 404
    cookie = {"Cookie": f"token={here.tokens['us']}"}
    assert here.server.get(here.path(FACILITATOR) + "fork", headers=cookie).status_code == 403


# ---- replay ----------------------------------------------------------------------------------------------


def test_a_replay_rebuilds_every_step_byte_for_byte(here: Class) -> None:
    events = here.room.log.events()
    assert len(here.seen) > 9
    for seq, (state, views) in here.seen.items():
        scene = scene_at(here.room, events, seq)
        assert frozen(scene.state) == state
        assert frozen_views(scene) == views


def test_a_replay_goes_step_by_step_and_to_every_round(here: Class) -> None:
    first = here.get("us", "replay/").text
    assert "The session is set up" in first and 'rel="prev"' not in first
    for round_ in (1, 2, 3):
        page = here.get("us", f"replay/?round={round_}").text
        assert f"Round {round_} ·" in page and f"Round {round_ + 1} ·" not in page
        assert re.findall(r'aria-current="step">(\d)<', page) == [str(round_)]
    second = here.get("us", "replay/?round=1&step=2").text
    assert second != here.get("us", "replay/?round=1").text
    for wrong in ("event=0", "event=x", "event=99999", "round=9", "round=1&step=0", "round=1&step=99"):
        assert here.get("us", f"replay/?{wrong}").status_code == 404, wrong


def test_a_replay_shows_no_question_and_no_message_of_others(here: Class) -> None:
    issued = next(event.seq for event in here.room.log.events() if event.kind == "token_issued")
    assert here.get(FACILITATOR, f"replay/?event={issued}").status_code == 404
    opened = next(iter(here.seen))
    assert "points" not in here.get("us", f"replay/?event={opened}").text


# ---- the road not taken ------------------------------------------------------------------------------------


def test_a_fork_compares_two_roads_and_leaves_the_log_as_it_was(here: Class) -> None:
    before = here.room.log.events()
    decided = next(each for each in here.room.state.history if each.kind == "response" and each.round < 3)
    other = "accept" if decided.choice == 0 else "refuse"
    page = here.get(FACILITATOR, f"fork?decision={decided.seq}").text
    assert f"{other.capitalize()}</label>" in page
    answer = here.post(
        FACILITATOR,
        "fork",
        f"fork?decision={decided.seq}",
        decision=str(decided.seq),
        to=str(1 - decided.choice),
    )
    assert answer.status_code == 303
    where = answer.headers["location"].removeprefix(here.path(FACILITATOR))
    here.wait_for(lambda: "http-equiv" not in here.get(FACILITATOR, where).text)
    result = here.get(FACILITATOR, where).text
    assert f"{other}</h2>" in result and "Difference, points" in result and f"{WORLDS} worlds each" in result
    picture = here.get(FACILITATOR, where.replace("fork?", "fork.svg?"))
    assert picture.status_code == 200 and b"<svg" in picture.content
    assert here.room.log.events() == before


def test_what_the_simulated_agent_would_have_done_anyway_changes_nothing(here: Class) -> None:
    state = here.room.state
    decided = next(each for each in state.history if each.kind == "signal" and each.round == 1)
    rows, goes_on = reckoning.road_not_taken(
        here.room.table, state.moves, decided.moves, decided.seat, None, WORLDS
    )
    table = pd.DataFrame(rows)
    assert goes_on and (table["difference"] == 0).all() and (table["n"] == WORLDS).all()


def test_a_fork_of_the_last_round_that_people_play_goes_on_to_the_horizon(here: Class) -> None:
    state = here.room.state
    decided = next(each for each in state.history if each.kind == "response" and each.round == 3)
    rows, goes_on = reckoning.road_not_taken(
        here.room.table, state.moves, decided.moves, decided.seat, 1 - decided.choice, WORLDS
    )
    assert goes_on and {row["n"] for row in rows} == {WORLDS}
    after = {row["outcome"]: row["share"] for row in state.odds[3]["shares"]}
    assert {row["outcome"]: row["base"] for row in rows} == after  # the same worlds as the odds'


def test_a_package_across_a_hard_red_line_is_no_fork(here: Class) -> None:
    state = here.room.state
    decided = next(each for each in state.history if each.kind == "offer" and each.seat == "us")
    bar = tuple(issue.top if key == "membership" else 0 for key, issue in
                here.room.scenario.layout.issues.items())  # fmt: skip
    with pytest.raises(ValueError, match="hard red line of the seat \\(NATO membership\\)"):
        reckoning.road_not_taken(here.room.table, state.moves, decided.moves, "us", bar, WORLDS)


@pytest.mark.parametrize("to", ["", "9", "-1", "x", "0.0", "99.0.0.0.0.0.0", "1" * 400])
def test_what_is_no_other_decision_is_refused(here: Class, to: str) -> None:
    decided = here.room.state.history[0]
    page = f"fork?decision={decided.seq}"
    answer = here.post(FACILITATOR, "fork", page, decision=str(decided.seq), to=to)
    assert answer.status_code == 400
    assert here.get(FACILITATOR, f"{page}&to={to}").status_code == 400
    assert here.post(FACILITATOR, "fork", page, decision="1", to="simulated").status_code == 404


def test_packages_of_later_rounds_do_not_come_into_the_odds_of_earlier_ones(here: Class) -> None:
    """Once the game has gone on, the odds after its first round are still those that they were then."""
    game, moves = reckoning.game_of(here.room.table), dict(here.room.state.moves)
    first = {move: choice for move, choice in moves.items() if move.round == 1}
    pd.testing.assert_frame_equal(continued(game, moves, 1, WORLDS), continued(game, first, 1, WORLDS))


# ---- figures -----------------------------------------------------------------------------------------------


def shares(**counts: int) -> pd.DataFrame:
    runs = pd.DataFrame({"outcome": [name for name, times in counts.items() for _ in range(times)]})
    return outcome_shares(runs, "outcome", OUTCOMES)


def landing(landed: str | None = "collapse") -> Figure:
    table = shares(
        talks_continuing=1200, collapse=420, declared_pointless=250, invasion=100, partial_agreement=30
    )
    return landing_figure(table, landed=landed, after=4, labels=LABELS, source=SOURCE)


def learnt(
    rounds: int, types: tuple[str, ...] = ("security-seeker", "extractor", "pretext-seeker")
) -> pd.DataFrame:
    chances = np.random.default_rng(1).dirichlet(np.ones(len(types)), rounds + 1)
    return pd.DataFrame(
        [
            {"round": at, "type": type_, "belief": chance}
            for at, row in enumerate(chances)
            for type_, chance in zip(types, row, strict=True)
        ]
    )


def test_the_landing_figure_looks_as_it_did(tmp_path: Path) -> None:
    figure = landing()
    assert_text_is_whole(figure)
    assert_explains_itself(figure, SOURCE)
    assert_same_picture(figure, "class_landing", tmp_path)


def test_bars_of_the_landing_figure_are_the_shares_and_the_class_is_marked() -> None:
    figure = landing()
    widths = sorted(
        bar.get_width() for bar in figure.axes[0].patches if bar.get_height() == pytest.approx(0.66)
    )
    assert widths == pytest.approx([0, 0, 0, 1.5, 5, 12.5, 21, 60])
    bold = {text.get_text() for text in figure.axes[0].texts if text.get_weight() == "bold"}
    assert "collapse" in bold and "invasion" not in bold
    unmarked = landing(None)
    assert "Marked" in " ".join(printed(figure)) and "Marked" not in " ".join(printed(unmarked))


@pytest.mark.parametrize("rounds", [1, 6, 30])
def test_the_beliefs_figure_is_whole_however_long_the_game(rounds: int) -> None:
    signals = dict.fromkeys(range(1, rounds + 1), "declares talks pointless")
    figure = beliefs_figure(learnt(rounds), signals=signals, about="Russia", source=SOURCE)
    assert_text_is_whole(figure)
    assert_explains_itself(figure, SOURCE)


def test_the_beliefs_figure_looks_as_it_did(tmp_path: Path) -> None:
    signals = {1: "steps up", 2: "declares talks pointless", 3: "stays on its step", 4: "walks out"}
    table = learnt(4)
    figure = beliefs_figure(table, signals=signals, about="Russia", source=SOURCE)
    lines = figure.axes[0].get_lines()
    for line, (_, rows) in zip(lines, table.groupby("type", sort=False), strict=True):
        assert np.allclose(line.get_ydata(), 100 * rows["belief"])
    assert_same_picture(figure, "class_beliefs", tmp_path)


def test_types_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 4 types"):
        beliefs_figure(learnt(2, tuple("abcde")), signals={}, about="Russia", source=SOURCE)


def test_names_with_markup_are_printed_as_they_are() -> None:
    table = learnt(2, ("<script>", "a & b $x$"))
    figure = beliefs_figure(table, signals={1: "<b>"}, about="Russia", source=SOURCE)
    assert any(text.startswith("<script>") for text in printed(figure))
    rows = table.to_dict("records")
    svg = drawn("beliefs", rows, signals={1: "<b>"}, about="Russia", source=SOURCE)
    assert b"<script" not in svg and svg == drawn(
        "beliefs", rows, signals={1: "<b>"}, about="Russia", source=SOURCE
    )


def test_the_odds_figure_has_a_bar_for_every_round() -> None:
    table = pd.concat(
        [shares(invasion=10 * at, collapse=40, talks_continuing=50).assign(group=at) for at in range(4)]
    )
    figure = odds_figure(table, labels=LABELS, source=SOURCE)
    assert_text_is_whole(figure)
    assert_explains_itself(figure, SOURCE)
    assert len(drawn("odds", table.to_dict("records"), labels=LABELS, source=SOURCE)) < 400_000
