"""All sessions of a folder, open at once, and the way into them by code."""

from __future__ import annotations

import logging
import os
import secrets
import time
from pathlib import Path

from negotiation_sim.classroom.backroom import Backroom
from negotiation_sim.classroom.identity import Throttle
from negotiation_sim.classroom.room import LOG, Room
from negotiation_sim.classroom.settings import Settings
from negotiation_sim.scenario import Scenario

logger = logging.getLogger(__name__)


class Lobby:
    """The sessions of a folder.

    Args:
        folder: holds a folder for each session, and the server's secret; made if it is not there.
        key: the instructor's.

    Attributes:
        folder, key: as above.
        secret: what forms are signed with; the same after a restart.
        rooms: id of a session -> its room.
        broken: id of a session that cannot be opened -> why.
        backroom: where the model plays on.
        throttle: wrong join codes, and wrong keys, of late.

    Raises:
        OSError: the folder cannot be made or read.
    """

    def __init__(self, folder: Path, key: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.key = folder, key
        self.secret = kept(folder / "server.secret").encode()
        self.rooms: dict[str, Room] = {}
        self.broken: dict[str, str] = {}
        self.backroom = Backroom()
        self.throttle = Throttle()

    async def open(self) -> None:
        """Open all sessions; one that cannot be opened does not keep the others from it."""
        for path in sorted(self.folder.glob(f"*/{LOG}")):
            try:
                room = Room(path.parent, self.backroom)
                await room.open()
            except (OSError, ValueError) as error:
                self.broken[path.parent.name] = str(error)
                logger.error("session %s cannot be opened", path.parent.name, exc_info=error)
            else:
                self.rooms[room.id] = room

    async def close(self) -> None:
        """Close all sessions, and end what the model is at."""
        for room in self.rooms.values():
            await room.close()
        self.backroom.close()

    async def create(self, settings: Settings, scenario: Scenario) -> Room:
        """A new session.

        Raises:
            Refused: the settings do not fit the scenario.
            OSError: the folder cannot be made.
        """
        id_ = f"{time.strftime('%Y-%m-%d')}-{secrets.token_hex(3)}"
        room = Room.create(self.folder / id_, settings, scenario, self.backroom)
        await room.open()
        self.rooms[id_] = room
        return room

    def by_code(self, code: str) -> tuple[Room, str] | None:
        """Room and seat that a join code is good for; None for a wrong code."""
        for room in self.rooms.values():
            seat = room.state.register.seat(code)
            if seat is not None:
                return room, seat
        return None

    def wait(self, origin: str) -> float:
        """Seconds until a code, or a key, from this address will be looked at."""
        return self.throttle.wait(origin, time.monotonic())

    def wrong(self, origin: str) -> None:
        """A code, or a key, from this address was wrong."""
        self.throttle = self.throttle.after_wrong(origin, time.monotonic())


def kept(path: Path) -> str:
    """A secret of 256 random bits that is kept in a file of its owner's; made if it is not there.

    Raises:
        OSError: the file cannot be made or read.
    """
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii").strip()
