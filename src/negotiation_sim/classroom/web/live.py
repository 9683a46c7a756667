"""The socket of an open page: it is told when something has happened, and then asks for what it may see."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from starlette.exceptions import HTTPException
from starlette.websockets import WebSocket, WebSocketDisconnect

from negotiation_sim.classroom.room import Listener, Room
from negotiation_sim.classroom.web.security import TOKEN, is_ours, member

SOCKETS = 20
"""Sockets that one token may hold at once."""
HEARTBEAT = 10.0
"""Seconds of silence after which a page is told the time: one that hears nothing for longer has lost the connection."""
TOO_MANY, LEFT = 4429, 4403
"""Why a socket is closed: too many of one token; the token is revoked."""


async def live(websocket: WebSocket) -> None:
    """Tell a page {"seq": number of the last event, "now": server's time} at once and after every event; while nothing
    happens, {"now"} alone.

    Raises:
        HTTPException: 403, 404 before the socket is open; as `member`, or a page of another site.
    """
    room, badge, _ = member(websocket)
    if not is_ours(websocket):
        raise HTTPException(403, "This socket was opened from another site.")
    await websocket.accept()
    if sum(listener.token == badge.number for listener in room.listeners) >= SOCKETS:
        await websocket.close(TOO_MANY)
        return
    listener = room.listen(badge.seat, badge.number)
    telling = asyncio.create_task(_tell(websocket, room, listener))
    try:
        with suppress(WebSocketDisconnect):
            await websocket.receive()  # a page has nothing to say here: whatever comes ends it
    finally:
        room.leave(listener)
        telling.cancel()


async def _tell(websocket: WebSocket, room: Room, listener: Listener) -> None:
    token = websocket.cookies[TOKEN]
    with suppress(WebSocketDisconnect):
        while room.state.register.badge(token):
            await websocket.send_json({"seq": room.state.seq, "now": time.time()})
            while not await _something(listener):
                await websocket.send_json({"now": time.time()})
        await websocket.close(LEFT)


async def _something(listener: Listener) -> bool:
    """Wait until something has happened, or for a heartbeat; several events at once are told as one."""
    try:
        await asyncio.wait_for(listener.queue.get(), HEARTBEAT)
    except TimeoutError:
        return False
    while not listener.queue.empty():
        listener.queue.get_nowait()
    return True
