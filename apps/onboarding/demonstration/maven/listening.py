"""Listening to everybody's alerts on websockets, and noting when each arrived."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect

_CONNECT_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Heard:
    """An alert about a lead: when it was raised and when its frame was here (since 1970)."""

    lead: str
    kind: str
    raised_at: float
    heard_at: float


class Listeners:
    """One socket for each token, open inside the `with` block."""

    def __init__(self, address: str, tokens: Sequence[str]) -> None:
        self._address = f"{address.replace('http', 'ws', 1)}/ws/alerts/"
        self._tokens = tokens
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._sockets: list[ClientConnection] = []
        self._readers: list[asyncio.Task[None]] = []
        self.heard: list[Heard] = []

    def __enter__(self) -> Self:
        self._thread.start()
        self._in_loop(self._open())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._in_loop(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def wait_for(self, leads: set[str], *, seconds: float) -> set[str]:
        """Wait until each of these was heard of; those that were not in time."""
        until = time.monotonic() + seconds
        while True:
            missing = leads - {heard.lead for heard in list(self.heard)}
            if not missing or time.monotonic() > until:
                return missing
            time.sleep(0.1)

    def _in_loop(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_CONNECT_WITHIN)

    async def _open(self) -> None:
        for token in self._tokens:
            headers = {"Authorization": f"Bearer {token}"}
            socket = await connect(self._address, additional_headers=headers, max_queue=None)
            await socket.send(json.dumps({"type": "resume", "after": 0}))
            while json.loads(await socket.recv())["type"] != "caught_up":
                pass  # alerts of an earlier run
            self._sockets.append(socket)
            self._readers.append(asyncio.create_task(self._read(socket)))

    async def _read(self, socket: ClientConnection) -> None:
        async for text in socket:
            heard_at = time.time()
            frame = json.loads(text)
            if frame["type"] == "alert" and frame["lead"]:
                raised_at = datetime.fromisoformat(frame["at"]).timestamp()
                self.heard.append(Heard(frame["lead"], frame["kind"], raised_at, heard_at))

    async def _close(self) -> None:
        for socket in self._sockets:
            await socket.close()
        await asyncio.gather(*self._readers, return_exceptions=True)


def percentile(values: Sequence[float], part: float) -> float | None:
    """Nearest rank; None of nothing."""
    if not values:
        return None
    ranked = sorted(values)
    place = max(-(-len(ranked) * part // 1), 1)
    return ranked[int(place) - 1]
