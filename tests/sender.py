"""HTTP over many kept-open connections, cheap enough to measure a server with."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

Answer = TypeVar("Answer")
UNKNOWN = (OSError, EOFError, TimeoutError)
"""What a connection raises when nobody can say whether the request was done."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, and after how many seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    def json(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.body)
        return answer


class Line:
    """One connection to 127.0.0.1, kept open between requests and opened again when it broke."""

    def __init__(self, port: int, *, timeout: float = 60) -> None:
        self._port = port
        self._timeout = timeout
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> None:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)

    async def close(self) -> None:
        if self._streams is not None:
            writer, self._streams = self._streams[1], None
            writer.close()
            with suppress(*UNKNOWN):
                await writer.wait_closed()

    async def post(
        self, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send it and read the answer; one of UNKNOWN if the connection broke on the way."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._ask("POST", path, body, headers or {})
        except UNKNOWN:
            await self.close()
            raise

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._ask("GET", path, b"", headers or {})
        except UNKNOWN:
            await self.close()
            raise

    async def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        await self.open()
        assert self._streams is not None
        reader, writer = self._streams
        started = time.perf_counter()
        writer.write(self._request(method, path, body, headers) + body)
        head = await reader.readuntil(b"\r\n\r\n")
        status, answered = _head(head)
        content = await _content(reader, answered)
        seconds = time.perf_counter() - started
        if answered.get("connection", "").lower() == "close":
            await self.close()
        return Reply(status, answered, content, seconds)

    def _request(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        sent = {"Host": f"127.0.0.1:{self._port}", "Content-Length": str(len(body)), **headers}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in sent.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split(" ")[1]), {name.lower(): text.strip() for name, _, text in pairs}


async def _content(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding") == "chunked":
        parts = []
        while size := int((await reader.readline()).strip(), 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return b"".join(parts)
    return await reader.readexactly(int(headers.get("content-length", 0)))


async def at_once(
    lines: Sequence[Line], ask: Callable[[int, Line], Awaitable[Answer]]
) -> list[Answer]:
    """Every line asks at the same moment; the answers in the order of the lines."""
    await asyncio.gather(*(line.open() for line in lines))
    return list(await asyncio.gather(*(ask(number, line) for number, line in enumerate(lines))))
