"""Bots in the seats of a class: they listen as a browser's page does, and decide by a seeded script."""

import asyncio
import json
import random
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager

from class_server import Person, Server
from websockets.asyncio.client import connect


class Ear:
    """The socket of a bot: what was pushed, and when."""

    def __init__(self, person: Person) -> None:
        self.person, self.seqs, self.times = person, list[int](), list[float]()
        self.page = Person(person.server)  # parts of the page are asked for over a connection of its own
        self.page.path, self.page.http.cookies = person.path, person.http.cookies

    async def listen(self) -> None:
        """Note every push, and ask for the parts of the page after it, unless that is under way, as a page does."""
        url = f"{self.person.server.url.replace('http', 'ws', 1)}{self.person.path}live"
        headers = {"Cookie": self.person.cookie()}
        fetching: asyncio.Future[object] | None = None
        async with connect(url, origin=self.person.server.url, additional_headers=headers) as socket:
            async for message in socket:
                told = json.loads(message)
                if "seq" not in told:
                    continue  # a heartbeat
                self.times.append(time.time())
                self.seqs.append(told["seq"])
                if fetching is None or fetching.done():
                    fetching = asyncio.get_running_loop().run_in_executor(None, self.page.get, "parts")

    def delivered(self, seq: int) -> float | None:
        """When the push of an event came; None if it never did. A push delivers all events up to its own."""
        at = bisect_left(self.seqs, seq)
        return self.times[at] if at < len(self.times) else None


@contextmanager
def listening(people: list[Person]) -> Iterator[list[Ear]]:
    """An ear for each, in a thread of their own, until the block ends."""
    ears = [Ear(person) for person in people]

    async def listen() -> None:
        await asyncio.gather(*(ear.listen() for ear in ears))

    loop = asyncio.new_event_loop()
    whole = loop.create_task(listen())
    thread = threading.Thread(target=lambda: loop.run_until_complete(asyncio.wait([whole])))
    thread.start()
    try:
        yield ears
    finally:
        loop.call_soon_threadsafe(whole.cancel)
        thread.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        for ear in ears:
            ear.page.close()


def play(running: Server, session: str, people: list[Person], seed: int, pause: float) -> int:
    """Decide for all seats of a session until it is over, each time after `pause` seconds at most; gives how often."""
    script = random.Random(seed)
    mine = {person.path.split("/")[4]: person for person in people if person.session == session}
    decisions = 0
    while (state := running.state(session)).phase != "ended":
        if state.phase == "reckoning":
            time.sleep(0.1)
            continue
        for seat in state.waiting_for:
            time.sleep(pause * script.random())
            answer = mine[seat].decide(why="By the script.")
            decisions += answer is not None and answer.status_code == 303
    return decisions
