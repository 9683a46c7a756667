"""A live session: what is acknowledged is on the disk, a restart goes on where it was, everybody is told."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from class_sessions import InThread
from helpers import shipped

from negotiation_sim import Talks
from negotiation_sim.classroom import procedure, reckoning, room
from negotiation_sim.classroom import session as s
from negotiation_sim.classroom.backroom import Backroom
from negotiation_sim.classroom.log import EventLog, canonical
from negotiation_sim.classroom.procedure import Refused
from negotiation_sim.classroom.room import Room
from negotiation_sim.classroom.session import SessionState
from negotiation_sim.classroom.settings import Settings
from negotiation_sim.classroom.views import FACILITATOR, view

SEATS = ("upland", "lowland")
CLARA = "facilitator:9"


@pytest.fixture(autouse=True)
def few_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "WORLDS", 50)


def plan(**changed: Any) -> Settings:
    known = {"title": "The dam", "scenario": "river_dam", "seats": SEATS, "rounds": 4, "seconds": 60}
    return Settings(**(known | changed))


def in_session(folder: Path, test: Callable[[Room], Coroutine[Any, Any, None]], **changed: Any) -> None:
    """Run a test in a session that has been created and opened."""

    async def whole() -> None:
        settings = plan(**changed)
        live = Room.create(folder / "dam", settings, shipped(settings.scenario), InThread())
        await live.open()
        try:
            await test(live)
        finally:
            await live.close()

    asyncio.run(whole())


async def begin(live: Room) -> None:
    await live.act(CLARA, lambda state, _: procedure.begin(state))
    await settled(live)


async def settled(live: Room, patience: float = 20.0) -> None:
    """Wait until the model has played on."""
    until = time.monotonic() + patience
    while live.state.phase == "reckoning":
        assert time.monotonic() < until, live.fault
        await asyncio.sleep(0.005)


async def decide(live: Room, seat: str) -> s.Event:
    """A seat does what the simulated agent would do."""
    state = live.state
    assert state.step is not None
    choice = reckoning.suggest(live.table, dict(state.moves), seat)
    return await live.decide(seat, f"seat:{seat}:1", state.step.number, choice, "")


async def play_on(live: Room, steps: int = 1000) -> None:
    for _ in range(steps):
        await settled(live)
        if live.state.phase == "ended":
            return
        for seat in live.state.waiting_for:
            await decide(live, seat)
    await settled(live)


# ---- play --------------------------------------------------------------------------------------------


def test_all_seats_simulated_is_the_same_world_as_any_other(tmp_path: Path) -> None:
    """A class in which nobody ever decides ends as the model at one world does, bit for bit."""

    async def nobody(live: Room) -> None:
        await begin(live)
        while live.state.phase != "ended":
            number = live.state.steps
            await live.act(CLARA, lambda state, _, number=number: procedure.advance(state, number))
            await settled(live)
        alone = Talks(live.scenario, [3], seed=5, parameters="values").run()
        standings = [entry for entry in live.state.account if entry["what"] == "standing"]
        trace = alone.rounds()
        assert [each["rung"] for each in standings] == trace["rung"].tolist()[: len(standings)]
        assert [each["outcome"] for each in standings] == trace["outcome"].tolist()[: len(standings)]
        assert standings[-1]["outcome"] == alone.outcomes["outcome"][0]
        assert standings[-1]["cohesion"] == alone.outcomes["cohesion"][0]
        assert live.state.left and not live.state.history

    in_session(tmp_path, nobody, seed=5, world=3)


def test_people_who_decide_as_agents_would_give_the_same_world(tmp_path: Path) -> None:
    async def everybody(live: Room) -> None:
        await begin(live)
        await play_on(live)
        alone = Talks(live.scenario, [0], seed=1, parameters="values").run()
        assert live.state.account[-1]["outcome"] == alone.outcomes["outcome"][0]
        assert live.state.history and not live.state.left
        assert len([each for each in live.state.account if each["what"] == "standing"]) == live.state.complete

    in_session(tmp_path, everybody)


def test_a_session_ends_with_its_last_round(tmp_path: Path) -> None:
    async def short(live: Room) -> None:
        await begin(live)
        await play_on(live)
        assert live.state.complete <= 2
        assert all(move.round <= 2 for move in live.state.moves)

    in_session(tmp_path, short, rounds=2)


def test_practice_is_played_in_another_world_and_then_the_game_begins(tmp_path: Path) -> None:
    async def played(live: Room) -> None:
        await begin(live)
        assert live.state.practice and reckoning.game_of(live.table).world == 1
        while live.state.phase == "open":
            for seat in live.state.waiting_for:
                await decide(live, seat)
            await settled(live)
        assert live.state.phase == "lobby" and live.state.complete == 1 and not live.state.odds
        await begin(live)
        assert not live.state.practice and reckoning.game_of(live.table).world == 0
        await play_on(live)
        assert live.state.complete == 2

    in_session(tmp_path, played, practice=True, rounds=2)


def test_the_time_of_a_step_runs_out_by_itself_and_the_simulation_decides(tmp_path: Path) -> None:
    async def slow(live: Room) -> None:
        await begin(live)
        first = live.state.step
        assert first is not None and time.time() < first.deadline <= time.time() + 1
        until = time.monotonic() + 10
        while live.state.steps == 1 and time.monotonic() < until:
            await asyncio.sleep(0.05)
        closed = next(event for event in live.log.events() if event.kind == s.CLOSED)
        assert closed.by == "clock" and 0 <= closed.at - first.deadline < 0.5
        assert live.state.left

    in_session(tmp_path, slow, seconds=1)


def test_twenty_identical_submits_are_one_event_and_nineteen_clear_answers(tmp_path: Path) -> None:
    async def hasty(live: Room) -> None:
        await begin(live)
        seat = live.state.waiting_for[0]
        answers = await asyncio.gather(*(decide(live, seat) for _ in range(20)), return_exceptions=True)
        refused = [each for each in answers if isinstance(each, Refused)]
        assert len(refused) == 19
        assert all("decided already" in str(each) or "Too late" in str(each) for each in refused)
        kinds = [event.kind for event in live.log.events()]
        assert kinds.count(s.DECIDED) == 1

    in_session(tmp_path, hasty)


def test_a_package_across_a_hard_red_line_is_refused_with_the_line(tmp_path: Path) -> None:
    async def bold(live: Room) -> None:
        await begin(live)
        assert live.state.step is not None
        assert live.state.step.asked == ("us",)
        with pytest.raises(Refused, match=r"hard red line of yours \(NATO membership"):
            await live.decide("us", "seat:us:1", 1, (4, 0, 0, 0, 0, 0, 0), "")
        with pytest.raises(Refused, match="A package has a level for each"):
            await live.decide("us", "seat:us:1", 1, (1, 2), "")
        with pytest.raises(Refused, match="another kind"):
            await live.decide("us", "seat:us:1", 1, 0, "")
        assert not live.state.decided
        await live.decide("us", "seat:us:1", 1, (0, 0, 0, 1, 1, 1, 2), "a start")
        await settled(live)
        offer = next(e for e in live.state.account if e["what"] == "offer" and e["by"] == "us")
        assert offer["levels"] == [0, 0, 0, 1, 1, 1, 2]

    in_session(tmp_path, bold, scenario="january_2022", seats=("us",), rounds=3)


def test_the_odds_are_worked_out_after_every_round_and_undone_with_it(tmp_path: Path) -> None:
    async def whole(live: Room) -> None:
        await begin(live)
        await play_on(live)
        until = time.monotonic() + 20
        while len(live.state.odds) <= live.state.complete and time.monotonic() < until:
            await asyncio.sleep(0.02)
        assert sorted(live.state.odds) == list(range(live.state.complete + 1))  # 0 is before the first
        assert live.state.odds[1]["worlds"] == 50
        assert sum(row["share"] for row in live.state.odds[1]["shares"]) == pytest.approx(1)
        assert {row["decision"].split(":")[0] for row in live.state.odds[1]["swings"]} <= set(SEATS)
        await live.act(CLARA, lambda state, _: procedure.rewind(state, 2))
        assert sorted(live.state.odds) == [0, 1]

    in_session(tmp_path, whole)


# ---- who may act, and who is told --------------------------------------------------------------------


def test_a_form_that_is_sent_twice_gives_one_person_the_later_token(tmp_path: Path) -> None:
    async def twice(live: Room) -> None:
        first, _ = await live.admit("seat", "upland", "Ann", "server", "same form")
        second, number = await live.admit("seat", "upland", "Ann", "server", "same form")
        assert live.state.register.badge(first) is None
        badge = live.state.register.badge(second)
        assert badge is not None and (badge.number, badge.seat) == (number, "upland")
        await live.revoke(number, CLARA)
        assert live.state.register.badge(second) is None
        with pytest.raises(Refused):
            await live.revoke(number, CLARA)

    in_session(tmp_path, twice)


def test_every_seat_has_a_code_and_a_new_one_makes_the_old_useless(tmp_path: Path) -> None:
    async def renew(live: Room) -> None:
        codes = {seat: code for code, seat in live.state.register.codes.items()}
        assert set(codes) == {*SEATS, "observer"}
        new = await live.renew_code("upland", CLARA)
        assert live.state.register.seat(codes["upland"]) is None
        assert live.state.register.seat(new) == "upland"
        assert live.state.register.seat(codes["lowland"]) == "lowland"

    in_session(tmp_path, renew)


def test_all_pages_are_told_of_events_and_only_facilitators_of_who_is_here(tmp_path: Path) -> None:
    async def listening(live: Room) -> None:
        seat, host = live.listen("upland", 1), live.listen(None, 2)
        while not host.queue.empty():
            host.queue.get_nowait()
        other = live.listen("lowland", 3)
        assert seat.queue.empty() and not host.queue.empty()
        live.leave(other)
        await begin(live)
        told = [seat.queue.get_nowait() for _ in range(seat.queue.qsize())]
        assert told == [event.seq for event in live.log.events()][-len(told) :] and len(told) == 2
        assert view(live.scene, FACILITATOR)["seats"][0]["pages"] == 1

    in_session(tmp_path, listening)


# ---- restarts ----------------------------------------------------------------------------------------


def test_a_session_that_is_opened_again_asks_the_same_and_goes_on(tmp_path: Path) -> None:
    async def restarted(live: Room) -> None:
        await begin(live)
        for steps in range(3):
            for seat in live.state.waiting_for[:1]:
                await decide(live, seat)
            await settled(live)
            while live.busy:  # the odds are events, too
                await asyncio.sleep(0.005)
            again = Room(live.folder, InThread())
            await again.open()
            assert again.state == live.state, steps
            assert again.questions == live.questions
            assert canonical(view(again.scene, "upland")) == canonical(view(live.scene, "upland"))
            await again.close()

    in_session(tmp_path, restarted)


def test_a_step_whose_time_ran_out_while_the_server_was_away_is_paused_not_lost(tmp_path: Path) -> None:
    async def away(live: Room) -> None:
        await begin(live)
        await live.close()
        await asyncio.sleep(1.2)
        again = Room(live.folder, InThread())
        await again.open()
        assert (again.state.phase, again.state.pause_reason) == ("paused", room.RESTARTED)
        assert not again.state.left
        await again.close()

    in_session(tmp_path, away, seconds=1)


def test_another_scenario_than_the_session_was_created_with_is_refused(tmp_path: Path) -> None:
    async def changed(live: Room) -> None:
        path = live.folder / room.SCENARIO
        path.write_text(path.read_text().replace("River", "Rivers", 1) + "\n")
        with pytest.raises(ValueError, match="not the scenario"):
            Room(live.folder, InThread())

    in_session(tmp_path, changed)


PLAYER = """
    import asyncio, sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from class_sessions import InThread
    from test_room import begin, decide, settled
    from negotiation_sim.classroom import room
    from negotiation_sim.classroom.room import Room
    room.WORLDS = 20

    async def play(folder):
        live = Room(folder, InThread())
        await live.open()
        if live.state.phase == "lobby":
            await begin(live)
        print("ready", flush=True)
        await settled(live)
        while live.state.phase != "ended":
            for seat in live.state.waiting_for:
                event = await decide(live, seat)
                print("acknowledged", event.seq, flush=True)
            await settled(live)
        print("ended", flush=True)

    asyncio.run(play(Path(sys.argv[1])))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9 is of POSIX")
def test_killed_at_any_instant_nothing_acknowledged_is_lost_and_it_goes_on(tmp_path: Path) -> None:
    """`kill -9` after the k-th acknowledged decision, again and again, until the game is over."""
    settings = plan(rounds=4)
    folder = tmp_path / "dam"
    asyncio.run(_created(folder, settings))
    program = textwrap.dedent(PLAYER).format(tests=str(Path(__file__).parent))
    acknowledged: list[int] = []
    for killed_after in (1, 2, None):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True
        ) as process:
            seen = list(_until(process, killed_after))
        acknowledged += seen
        with EventLog(folder / room.LOG) as log:
            log.verify()
            events = log.events()
        kept = [event.seq for event in events if event.kind == s.DECIDED]
        assert set(acknowledged) <= set(kept)
        assert len(kept) <= len(acknowledged) + 1  # at most the one that was written and not yet told
        acknowledged = kept
    assert SessionState.of(events).phase == "ended"
    steps = [event.data["number"] for event in events if event.kind == s.OPENED]
    assert steps == list(range(1, len(steps) + 1))


async def _created(folder: Path, settings: Settings) -> None:
    await Room.create(folder, settings, shipped(settings.scenario), InThread()).close()


def _until(process: subprocess.Popen[str], killed_after: int | None) -> Iterator[int]:
    """Numbers of acknowledged events, until so many have been; then the process is killed."""
    assert process.stdout is not None
    seen = 0
    for line in process.stdout:
        word, *number = line.split()
        if word == "acknowledged":
            seen += 1
            yield int(number[0])
        if killed_after is not None and word != "ended" and seen >= killed_after:
            process.send_signal(signal.SIGKILL)
            break


# ---- the processes -----------------------------------------------------------------------------------


def test_a_process_that_dies_is_replaced_and_asked_again() -> None:
    async def killed() -> None:
        backroom = Backroom()
        try:
            assert await backroom.play("log.canonical", [1]) == "[1]"
            for process in psutil.Process().children():
                if "spawn_main" in " ".join(process.cmdline()):  # not the one that tracks resources
                    process.kill()
                    process.wait()
            assert await backroom.play("log.canonical", [2]) == "[2]"
            assert await backroom.work("log.canonical", [3]) == "[3]"
        finally:
            backroom.close()

    asyncio.run(killed())
