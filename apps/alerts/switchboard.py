"""One subscriber a process, a dictionary of open lines, and one look at all of them every 3 s.

The look ends lines whose session, user, membership or token is gone, and sends those that have
fallen behind to the database: so a page is right within seconds even while Redis is away.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import structlog
from channels.db import DatabaseSyncToAsync
from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone
from redis import RedisError
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from apps.alerts import standing, wire
from apps.alerts.standing import Listener, Standing

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")

LOOK_EVERY = 3.0
REDIS_CONNECT_TIMEOUT = 1.0
RECONNECT_AFTER = 1.0
PROVE_ALIVE_AFTER = 15.0
# A client this far behind is not reading: it is cut off and catches up when it comes back.
MOST_WAITING = 500

# Some team is hers no more, or by another right: her page asks whether it may still be shown.
LOOK_AGAIN = '{"type": "look_again"}'

SIGNED_OUT = 4401
TOO_SLOW = 1013

# Own threads: the ones that Django shares may be busy with a page.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="alerts")


async def in_thread(function: Callable[..., Answer], *arguments: Any, **named: Any) -> Answer:
    """Run what asks the database away from the event loop."""
    call: Any = DatabaseSyncToAsync(function, thread_sensitive=False, executor=_threads)
    answer: Answer = await call(*arguments, **named)
    return answer


class Line:
    """One open socket: what waits to be written to it. Filled here, emptied by its consumer."""

    def __init__(self, listener: Listener, present: Standing) -> None:
        self.listener = listener
        self.teams = present.teams
        self.rights = present.rights
        self.clients = present.clients
        self.stirred: set[str] = set()  # teams in which something changed since it was told
        self.cursor: int | None = None  # nothing is sent before the client says where it stands
        self.newest = 0
        self.frames: deque[tuple[int, str, str]] = deque()
        self.replies: deque[str] = deque()
        self.resume_after: int | None = None
        self.changed = asyncio.Event()
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def is_behind(self) -> bool:
        return self.cursor is not None and self.newest > self.cursor

    def push(self, seq: int, team: str, frame: str) -> None:
        if self.cursor is None:
            return
        if len(self.frames) >= MOST_WAITING:
            self.end(TOO_SLOW)
            return
        self.frames.append((seq, team, frame))
        self.changed.set()

    def reply(self, frame: str) -> None:
        self.replies.append(frame)
        self.changed.set()

    def resume(self, after: int) -> None:
        self.resume_after = after
        self.changed.set()

    def stir(self, teams: set[str]) -> None:
        """Something changed in these teams: of those that she may enter she is told, each once."""
        if heard := teams & (self.teams | self.clients):
            self.stirred |= heard
            self.changed.set()

    def look(self, present: Standing | None) -> None:
        """Take in what the database says about the listener now."""
        if present is None:
            self.end(SIGNED_OUT)
            return
        if self.rights - present.rights:
            self.reply(LOOK_AGAIN)
        self.teams, self.rights = present.teams, present.rights
        self.clients = present.clients
        self.newest = present.last_seq
        if self.is_behind:
            self.changed.set()

    def end(self, code: int) -> None:
        if not self.ended.done():
            self.ended.set_result(code)


class Switchboard:
    """All lines of one event loop. It listens to Redis while there is somebody to tell."""

    def __init__(self) -> None:
        self._lines: dict[str, set[Line]] = {}
        self._watching: set[Line] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._look_now = asyncio.Event()

    @contextmanager
    def joined(self, line: Line) -> Iterator[None]:
        """The line hears its own listener's alerts for the length of a with block."""
        key = line.listener.user_id.hex
        self._lines.setdefault(key, set()).add(line)
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._listen()),
                asyncio.create_task(self._keep_looking()),
            ]
        try:
            yield
        finally:
            self._watching.discard(line)
            self._lines[key].discard(line)
            if not self._lines[key]:
                del self._lines[key]
            if not self._lines:
                self._rest()

    def _rest(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    def watch(self, line: Line) -> None:
        """From now on the line hears that something changed in a team, as boards want to know."""
        self._watching.add(line)

    def deliver(self, message: bytes) -> None:
        stirred = set()
        for user, team, seq, frame in wire.unpack(message):
            stirred.add(team)
            for line in self._lines.get(user, ()):
                line.push(seq, team, frame)
        for line in self._watching:
            line.stir(stirred)

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_until_lost()
            except (RedisError, OSError) as error:
                log.warning("alerts_channel_lost", error=str(error))
            await asyncio.sleep(RECONNECT_AFTER)

    async def _listen_until_lost(self) -> None:
        # Without a read timeout: redis-py's own would end a quiet connection after 5 s.
        client = Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=REDIS_CONNECT_TIMEOUT,
            socket_timeout=None,
            socket_keepalive=True,
        )
        async with client, client.pubsub() as channel:
            await channel.subscribe(wire.channel())
            await self._pass_on(channel)

    async def _pass_on(self, channel: PubSub) -> None:
        is_asked = False
        while True:
            message = await channel.get_message(timeout=PROVE_ALIVE_AFTER)
            if message is None:
                if is_asked:
                    raise ConnectionError("Redis does not answer.")
                await channel.ping()
                is_asked = True
                continue
            is_asked = False
            if message["type"] == "subscribe":
                self._look_now.set()  # what was published before is only in the database
            elif message["type"] == "message":
                self.deliver(message["data"])

    async def _keep_looking(self) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._look_now.wait()
            except TimeoutError:
                pass
            self._look_now.clear()
            await self._look()

    async def _look(self) -> None:
        lines = [line for each in self._lines.values() for line in each]
        listeners = {line.listener for line in lines}
        try:
            found = await in_thread(standing.standings, listeners, now=timezone.now())
        except DatabaseError as error:
            # Not known is not gone: without a database there is nothing to hear either.
            log.warning("listeners_not_checked", error=str(error))
            return
        for line in lines:
            line.look(found.get(line.listener))


_of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Switchboard] = WeakKeyDictionary()


def switchboard() -> Switchboard:
    """The one of the running event loop."""
    return _of_loop.setdefault(asyncio.get_running_loop(), Switchboard())
