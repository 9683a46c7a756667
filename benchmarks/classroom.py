"""How a class server bears sixty people: `python benchmarks/classroom.py [ROUNDS]` (30 rounds, some minutes).

Five sessions of the January case, twelve seats each, on one server with other processes for the model: sixty people
join at once; then bots decide by a seeded script, with a pause of up to a second for each decision. As a browser's
page does, each bot holds a socket, and asks for the parts of its page after a push, never twice at the same time. The
odds in 10,000 worlds are worked out after every round of every session, so that forecasts run all the time.

Latency is from the time that an event carries, before it is brought to the disk, to its push in the bot's hands. A push
tells the number of the last event: it delivers all events up to that one. Limits are those that the class server is
held to: all joins within 5 s, each seated once; every push delivered, 95 of 100 within 500 ms; the server's own process
below 250 MiB of resident memory.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from class_bots import Ear, listening, play
from class_server import Instructor, Person, Server, server

SESSIONS, WORLDS = 5, 10_000
SEATS = (
    "russia",
    "us",
    "ukraine",
    "nato",
    "poland",
    "germany",
    "france",
    "estonia",
    "latvia",
    "turkiye",
    "italy",
    "spain",
)
SCENARIO = (
    "defaults: [january_2022, _self_]\ntitle: The week and three months\ncalendar: {horizon_days: 112}\n"
)
PAUSE = 1.0
"""Seconds that a bot thinks at most."""
JOINS, LATENCY, MEMORY = 5.0, 0.5, 250
"""Limits: seconds, seconds, MiB."""


def main(rounds: int) -> int:
    """Run it, print what was measured, and give 1 if a limit was missed."""
    with tempfile.TemporaryDirectory() as folder:
        scenarios = Path(folder) / "class" / "scenarios"
        scenarios.mkdir(parents=True)
        (scenarios / "long.yaml").write_text(SCENARIO)
        with server(Path(folder) / "class", worlds=WORLDS) as running:
            return measured(running, rounds)


def measured(running: Server, rounds: int) -> int:
    """The whole class, from joining to its last round."""
    clara = Instructor(running)
    sessions, consoles = [], []
    for number in range(SESSIONS):
        sessions.append(
            clara.create("scenarios/long.yaml", SEATS, rounds=rounds, seconds=600, seed=number + 1)
        )
        consoles.append(clara.path)
    codes = []
    for console in consoles:
        clara.path = console
        codes += [(seat, code) for seat, code in clara.codes().items() if seat in SEATS]
    people = [Person(running) for _ in codes]
    began = time.perf_counter()
    with ThreadPoolExecutor(len(people)) as pool:
        answers = list(
            pool.map(lambda each: each[0].join(each[1][1], each[1][0]), zip(people, codes, strict=True))
        )
    joined = time.perf_counter() - began
    seated = [len([b for b in running.state(each).register.badges.values() if b.seat]) for each in sessions]
    said = sorted({answer.status_code for answer in answers})
    print(f"{len(people)} joins at once: {joined:.2f} s; answers {said}; seated {seated}")
    memory = Memory(running.process.pid)
    with listening(people) as ears:
        started = time.time()
        for console in consoles:
            clara.path = console
            clara.post("begin")
        with ThreadPoolExecutor(SESSIONS) as pool:
            steps = list(
                pool.map(lambda each: play(running, each[1], people, each[0], PAUSE), enumerate(sessions))
            )
        seconds = time.time() - started
        time.sleep(2)  # for the last pushes
    return told(running, sessions, ears, memory.stop(), sum(steps), joined, seated, seconds)


class Memory:
    """Resident memory of the server and of its processes, in MiB, the most of samples twice a second."""

    def __init__(self, pid: int) -> None:
        self.server, self.most = psutil.Process(pid), {"server": 0.0}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while not self._done.wait(0.5):
            self.most["server"] = max(self.most["server"], self.server.memory_info().rss / 2**20)
            for child in self.server.children():
                name = f"process {child.pid}"
                self.most[name] = max(self.most.get(name, 0.0), child.memory_info().rss / 2**20)

    def stop(self) -> dict[str, float]:
        """End; gives the most of each process."""
        self._done.set()
        self._thread.join()
        return self.most


def told(
    running: Server,
    sessions: list[str],
    ears: list[Ear],
    memory: dict[str, float],
    decisions: int,
    joined: float,
    seated: list[int],
    seconds: float,
) -> int:
    """Print what was measured; gives 1 if a limit was missed."""
    latencies, missing, odds = [], 0, 0
    for session in sessions:
        events = running.events(session)
        first = next(event.seq for event in events if event.kind == "begun")
        odds += sum(event.kind == "odds" for event in events)
        for ear in ears:
            if ear.person.session != session:
                continue
            for event in events[first - 1 :]:
                came = ear.delivered(event.seq)
                missing += came is None
                if came is not None:
                    latencies.append(came - event.at)
    middle, high, highest = np.percentile(latencies, [50, 95, 100])
    rounds = [running.state(session).complete for session in sessions]
    print(f"{decisions} decisions, rounds {rounds}, {odds} forecasts of {WORLDS:,} worlds in {seconds:.0f} s")
    print(
        f"{len(latencies) + missing:,} pushes, {missing} not delivered; "
        f"latency: median {1e3 * middle:.0f} ms, 95% {1e3 * high:.0f} ms, longest {1e3 * highest:.0f} ms"
    )
    print(
        "resident memory, the most: " + ", ".join(f"{name} {most:.0f} MiB" for name, most in memory.items())
    )
    kept = {
        f"joins within {JOINS:g} s, each seated once": joined <= JOINS and set(seated) == {len(SEATS)},
        "every push delivered": not missing,
        f"95% of pushes within {1e3 * LATENCY:g} ms": high <= LATENCY,
        f"server below {MEMORY} MiB": memory["server"] <= MEMORY,
    }
    for limit, holds in kept.items():
        print(f"  {'kept  ' if holds else 'MISSED'} {limit}")
    return int(not all(kept.values()))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
