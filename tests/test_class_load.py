"""Sixty people at once: each is seated once, every push reaches every page (how fast: `benchmarks/classroom.py`)."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from class_bots import listening, play
from class_server import Instructor, Person, server

SESSIONS, SEATS, TEAM = 5, ("upland", "lowland"), 6


@pytest.mark.slow
def test_sixty_people_join_at_once_and_are_told_of_everything_while_forecasts_run(tmp_path: Path) -> None:
    with server(tmp_path / "class", worlds=1000) as running, Instructor(running) as clara:
        consoles = {clara.create("river_dam", SEATS, rounds=1, seed=at): clara.path for at in range(SESSIONS)}
        codes = []
        for clara.path in consoles.values():
            known = clara.codes()
            codes += [(seat, known[seat]) for seat in SEATS] * TEAM
        people = [Person(running) for _ in codes]
        with ThreadPoolExecutor(len(people)) as pool:
            joins = zip(people, codes, strict=True)
            answers = list(pool.map(lambda each: each[0].join(each[1][1], each[1][0]), joins))
        assert {answer.status_code for answer in answers} == {303}
        for session in consoles:
            badges = running.state(session).register.badges.values()
            assert Counter(badge.seat for badge in badges if badge.seat) == dict.fromkeys(SEATS, TEAM)

        with listening(people) as ears:
            for clara.path in consoles.values():
                clara.post("begin")
            with ThreadPoolExecutor(SESSIONS) as pool:
                list(pool.map(lambda each: play(running, each[1], people, each[0], 0.0), enumerate(consoles)))
            ends = {
                each: running.until(each, lambda now: len(now.odds) > now.complete).seq for each in consoles
            }
            until = time.monotonic() + 20
            while time.monotonic() < until and any(
                ear.delivered(ends[ear.person.session]) is None for ear in ears
            ):
                time.sleep(0.05)
        for ear in ears:
            begun = next(e.seq for e in running.events(ear.person.session) if e.kind == "begun")
            events = range(begun, ends[ear.person.session] + 1)
            assert [seq for seq in events if ear.delivered(seq) is None] == []
            assert ear.seqs == sorted(ear.seqs)
        for person in people:
            person.close()
