"""/ws/alerts/: a user's own alerts, live and caught up.

To it:   {"type": "resume", "after": n}    first, on a gap, every 20 s
         {"type": "watch"}                  say when something changes in a team that she may enter
From it: {"type": "alert", "seq", "id", "kind", "team", "lead", "offer", "at", "data"}
         {"type": "caught_up", "seq": n, "now": iso}    there is nothing more up to n
         {"type": "stirred", "team": id}    something changed there: a board asks anew
         {"type": "look_again"}     what she may enter has shrunk or changed: ask for the page anew
         {"type": "error", "error": words}
Closes:  4401 not or no longer signed in, 1008 flood, 1009 frame too big, 1013 come back later.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, ClassVar

import structlog
from django.db import Error as DatabaseError
from django.utils import timezone

from apps.alerts import services, standing
from apps.alerts.standing import Listener
from apps.alerts.switchboard import SIGNED_OUT, TOO_SLOW, Line, in_thread, switchboard
from apps.teams.policy import Policy

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

FLOOD = 1008
TOO_BIG = 1009
LARGEST_FRAME = 64 * 1024
BURST = 40
FRAMES_A_SECOND = 10.0
PAGE = 200
BIGGEST_NUMBER = 2**63 - 1
CLOSE_WITHIN = 2.0


class Allowance:
    """How many frames a client may still send: a burst, then a steady rate."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = float(BURST)
        self._at = clock()

    def spend(self) -> bool:
        now = self._clock()
        self._left = min(BURST, self._left + (now - self._at) * FRAMES_A_SECOND)
        self._at = now
        self._left -= 1
        return self._left >= 0


class AlertConsumer:
    """Sends a listener her own alerts: whose they are is never the client's to say."""

    # Read by the isolation test: what a client may ask for, and what each asks of her.
    actions: ClassVar[Mapping[str, Policy]] = {
        "resume": Policy("signed_in"),
        "watch": Policy("signed_in"),
    }

    @classmethod
    def as_asgi(cls) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            await cls(receive, send).serve(scope)

        return application

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def serve(self, scope: Scope) -> None:
        """One connection from its first message to its last."""
        await self._receive()
        try:
            line = await self._admit(scope)
        except DatabaseError as error:
            log.warning("listener_not_admitted", error=str(error))
            await self._send({"type": "websocket.accept"})
            await self._close(TOO_SLOW)
            return
        # Accepted first: a browser is told the code only of a connection that was open.
        await self._send({"type": "websocket.accept"})
        if line is None:
            await self._close(SIGNED_OUT)
            return
        with switchboard().joined(line):
            code = await self._talk(line)
        if code is not None:
            await self._close(code)

    async def _admit(self, scope: Scope) -> Line | None:
        listener = await _listener(scope)
        if listener is None:
            return None
        found = await in_thread(standing.standings, [listener], now=timezone.now())
        present = found.get(listener)
        return Line(listener, present) if present else None

    async def _talk(self, line: Line) -> int | None:
        """Read and write until one side ends; the code to close with, None if it is closed."""
        reader = asyncio.create_task(self._read(line))
        writer = asyncio.create_task(self._write(line))
        try:
            either: set[asyncio.Future[Any]] = {reader, writer, line.ended}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reader.cancel()
            writer.cancel()
            results = await asyncio.gather(reader, writer, return_exceptions=True)
        if line.ended.done():
            return line.ended.result()
        for result in results:
            if isinstance(result, DatabaseError):
                return TOO_SLOW
            if isinstance(result, Exception):
                raise result
        return None

    async def _close(self, code: int) -> None:
        try:
            async with asyncio.timeout(CLOSE_WITHIN):
                await self._send({"type": "websocket.close", "code": code})
        except (TimeoutError, OSError):
            pass  # it does not read, or it is gone

    # --- What the client says ---

    async def _read(self, line: Line) -> None:
        allowance = Allowance()
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if len(text or message.get("bytes") or "") > LARGEST_FRAME:
                line.end(TOO_BIG)
            elif not allowance.spend():
                line.end(FLOOD)
            else:
                self._hear(line, text)

    def _hear(self, line: Line, text: str | None) -> None:
        try:
            frame = json.loads(text or "")
        except (ValueError, RecursionError):
            line.reply(_error("That is not JSON."))
            return
        action = frame.get("type") if isinstance(frame, dict) else None
        if not isinstance(action, str) or action not in self.actions:
            line.reply(_error(f"Unknown action. There is: {', '.join(self.actions)}."))
            return
        if action == "watch":
            switchboard().watch(line)
            return
        after = frame.get("after")
        if type(after) is not int or not 0 <= after <= BIGGEST_NUMBER:
            line.reply(_error("“after” must be the number of the last alert, or 0."))
            return
        line.resume(after)

    # --- What the client is told ---

    async def _write(self, line: Line) -> None:
        try:
            while True:
                await line.changed.wait()
                line.changed.clear()
                await self._tell(line)
        except OSError:
            return  # the client is gone

    async def _tell(self, line: Line) -> None:
        while line.replies:
            await self._text(line.replies.popleft())
        if line.resume_after is not None:
            line.cursor, line.resume_after = line.resume_after, None
            await self._catch_up(line)
            await self._text(_caught_up(line.cursor))
        while line.frames and line.cursor is not None:
            seq, team, frame = line.frames.popleft()
            if seq == line.cursor + 1:
                line.cursor = seq
                if team in line.teams:
                    await self._text(frame)
            elif seq > line.cursor:
                await self._catch_up(line)
        if line.is_behind:
            await self._catch_up(line)
        while line.stirred:
            await self._text(json.dumps({"type": "stirred", "team": line.stirred.pop()}))

    async def _catch_up(self, line: Line) -> None:
        """Send what is numbered above the cursor, from the database."""
        user_id = line.listener.user_id
        missed = await in_thread(services.after, user_id, line.cursor, PAGE)
        while missed.alerts:
            for alert in missed.alerts:
                line.cursor = alert.seq
                if alert.team_id.hex in line.teams:
                    await self._text(json.dumps(alert.frame(alert.team.slug), ensure_ascii=False))
            missed = await in_thread(services.after, user_id, line.cursor, PAGE)
        # Numbers of deleted rows never come; and a client may stand above all numbers, when the
        # database was restored to an earlier day.
        line.cursor = missed.last_seq

    async def _text(self, frame: str) -> None:
        await self._send({"type": "websocket.send", "text": frame})


async def _listener(scope: Scope) -> Listener | None:
    secret = scope.get("token")
    if secret is not None:
        return await in_thread(standing.by_token, secret, now=timezone.now())
    user = scope["user"]
    if not user.is_authenticated:
        return None
    return standing.by_session(user, scope["session"].session_key or "")


def _error(words: str) -> str:
    return json.dumps({"type": "error", "error": words}, ensure_ascii=False)


def _caught_up(seq: int) -> str:
    return json.dumps({"type": "caught_up", "seq": seq, "now": timezone.now().isoformat()})
