"""Clients that do not give up: they repeat what they do not know the outcome of."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Coroutine, Iterable
from threading import Thread
from typing import Any

import websockets
from websockets.exceptions import WebSocketException

from tests.chaos.history import History
from tests.sender import UNKNOWN, Line

PAUSE = 0.1


class Background:
    """A coroutine in a thread of its own; processes are started and killed in the main thread,
    because the kernel ends a child with the thread that made it."""

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            asyncio.run(work)
        except BaseException as error:
            self._error = error

    @property
    def is_working(self) -> bool:
        return self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "The clients did not finish in time."
        if self._error is not None:
            raise self._error


class Sender:
    """Sends each capture until it is answered 2xx, always with its own key."""

    def __init__(self, history: History, port: int, path: str, *, at_once: int = 8) -> None:
        self._history = history
        self._port = port
        self._path = path
        self._at_once = at_once
        self.during = "healthy"

    async def send(self, leads: Iterable[dict[str, Any]]) -> None:
        waiting = iter(leads)
        await asyncio.gather(*(self._one_line(waiting) for _ in range(self._at_once)))

    async def _one_line(self, waiting: Any) -> None:
        line = Line(self._port, timeout=15)
        for lead in waiting:
            await self._until_answered(line, lead)
        await line.close()

    async def _until_answered(self, line: Line, lead: dict[str, Any]) -> None:
        key, body = lead["email"], json.dumps(lead).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        self._history.note("sent", key=key)
        while True:
            during = self.during
            try:
                reply = await line.post(self._path, body, headers)
            except UNKNOWN as error:
                self._history.note("unknown", key=key, error=type(error).__name__)
                await asyncio.sleep(PAUSE)
                continue
            if reply.status < 300:
                answer = reply.json()
                self._history.note(
                    "captured", key=key, lead=answer["lead"], status=reply.status,
                    offer=answer["offer"], seconds=round(reply.seconds, 4), during=during,
                )  # fmt: skip
                return
            self._history.note(
                "refused", key=key, status=reply.status,
                retry_after=reply.headers.get("retry-after"),
            )  # fmt: skip
            await asyncio.sleep(PAUSE)


class Listener:
    """A page's websocket: resumes from its last number whenever the connection breaks."""

    def __init__(self, history: History, port: int, token: str) -> None:
        self._history = history
        self._address = f"ws://127.0.0.1:{port}/ws/alerts/"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._stopping = False
        self.heard: set[str] = set()
        self.seq = 0

    def stop(self) -> None:
        self._stopping = True

    async def listen(self) -> None:
        while not self._stopping:
            try:
                await self._listen()
            except (OSError, WebSocketException):
                await asyncio.sleep(PAUSE)

    async def _listen(self) -> None:
        async with websockets.connect(self._address, additional_headers=self._headers) as socket:
            await socket.send(json.dumps({"type": "resume", "after": self.seq}))
            while not self._stopping:
                frame = await self._next(socket.recv())
                if frame is not None and frame["type"] == "alert":
                    self._hear(frame)

    async def _next(self, received: Awaitable[Any]) -> dict[str, Any] | None:
        try:
            async with asyncio.timeout(0.3):
                frame: dict[str, Any] = json.loads(await received)
                return frame
        except TimeoutError:
            return None

    def _hear(self, frame: dict[str, Any]) -> None:
        self.seq = max(self.seq, frame["seq"])
        self.heard.add(frame["id"])
        self._history.note("heard", id=frame["id"], seq=frame["seq"], time=time.time())
