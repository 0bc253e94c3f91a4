"""Other systems that take copies, as a real HTTP server: each address has its own manners."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import time
from typing import Any

import uvicorn
from standardwebhooks import Webhook, WebhookVerificationError

from ops import embedded

Send = Callable[[dict[str, Any]], Any]
MOST = 15.0


@dataclass(frozen=True, slots=True)
class Taken:
    """One request: what it said, whether its signature holds, when it came."""

    id: str
    is_genuine: bool
    body: dict[str, Any]
    headers: Mapping[str, str]
    at: float


@dataclass
class Address:
    """How one address answers: the statuses in turn, the last of them for ever."""

    statuses: list[int] = field(default_factory=lambda: [200])
    headers: dict[str, str] = field(default_factory=dict)
    says: bytes = b"thank you"
    hangs: float = 0.0  # seconds before it answers
    drips: bool = False  # a byte a second, for ever
    secret: str = ""
    taken: list[Taken] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.taken]

    def next_status(self) -> int:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


class Receiver:
    """Answers at `url_of(name)` as `self[name]` says."""

    def __init__(self) -> None:
        self.port = embedded.free_port()
        self._addresses: dict[str, Address] = defaultdict(Address)
        self.is_ending = False

    def __getitem__(self, name: str) -> Address:
        return self._addresses[name]

    def url_of(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        address = self[scope["path"].strip("/")]
        text, is_more = b"", True
        while is_more:
            part = await receive()
            text, is_more = text + part.get("body", b""), part.get("more_body", False)
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        address.taken.append(_taken(text, headers, address.secret))
        await self._wait(address.hangs)
        await self._answer(address, send)

    async def _answer(self, address: Address, send: Send) -> None:
        named = [(name.encode(), value.encode()) for name, value in address.headers.items()]
        status = address.next_status()
        await send({"type": "http.response.start", "status": status, "headers": named})
        while address.drips and not self.is_ending:
            await send({"type": "http.response.body", "body": b".", "more_body": True})
            await self._wait(1.0)
        await send({"type": "http.response.body", "body": address.says})

    async def _wait(self, seconds: float) -> None:
        until = time() + seconds
        while time() < until and not self.is_ending:
            await asyncio.sleep(min(0.05, seconds))


def _taken(text: bytes, headers: Mapping[str, str], secret: str) -> Taken:
    try:
        Webhook(secret).verify(text, dict(headers))
        is_genuine = True
    except (WebhookVerificationError, ValueError, RuntimeError):
        is_genuine = False
    return Taken(headers.get("webhook-id", ""), is_genuine, json.loads(text), headers, time())


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens until the end of the block."""
    receiver = Receiver()
    config = uvicorn.Config(
        receiver, host="127.0.0.1", port=receiver.port, log_level="error", lifespan="off",
        access_log=False, backlog=2048,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    embedded.wait_until(lambda: server.started, seconds=10, what="The receiver")
    try:
        yield receiver
    finally:
        receiver.is_ending = server.should_exit = True
        thread.join(10)
