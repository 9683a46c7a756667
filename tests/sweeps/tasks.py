"""What workers are given to do where they must die or never end; here, for they import this file alone to do it."""

import os
import time
from collections.abc import Callable
from multiprocessing import connection
from pathlib import Path

from negotiation_sim.files import write_whole
from negotiation_sim.sweep.chunk import Chunk, Played, play


def die_while_answering(chunk: Chunk) -> Played:
    """Answer, but die in the middle of it: the driver has half a message then."""
    send = connection.Connection._send

    def half(self: connection.Connection, data: bytes, write: Callable[[int, bytes], int] = os.write) -> None:
        send(self, data[: len(data) // 2], write)
        os._exit(1)

    connection.Connection._send = half
    return play(chunk)


def kills(chunk: Chunk) -> Played:
    """Die of world 2 of design point 1."""
    if ((chunk.design == 1) & (chunk.worlds == 2)).any():
        os._exit(1)
    return play(chunk)


def never_ends(chunk: Chunk) -> Played:
    """Say which process this is, then keep it busy."""
    write_whole(Path(chunk.label), lambda path: path.write_text(str(os.getpid())))
    time.sleep(1e6)
    raise AssertionError
