"""How web answers HTTP: each request in one of a few threads that keep their connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import IO, Any

from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import connections
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Message], Awaitable[None]]
# Downloads wait for slow readers: in threads of their own they hold up nobody else.
DOWNLOADS_AT_ONCE = 4
# The largest file that a form takes (10 MB), with its form around it. Django itself would first
# write a body of any size to the disk and only then look at it.
LARGEST_BODY = 12 * 1024 * 1024


class BodyTooLarge(Exception):
    """More was sent than any view takes (413)."""


class OneThreadHandler(ASGIHandler):
    """Django's handler, with signals, middleware, view and clean-up in one go in one thread.

    Left alone, Django makes a thread for each request, changes between it and the event loop
    four times, and opens a database connection in it (or asks a pool, which asks the server).
    Here `WEB_THREADS` threads stay, and each keeps its connection from request to request.
    """

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(settings.WEB_THREADS, thread_name_prefix="web")
        self._downloads = ThreadPoolExecutor(DOWNLOADS_AT_ONCE, thread_name_prefix="download")

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        except BodyTooLarge:
            for message in _TOO_LARGE:
                await send(message)
            return
        loop = asyncio.get_running_loop()
        answer = partial(copy_context().run, self._answer, scope, body)
        response, messages = await loop.run_in_executor(self._threads, answer)
        if response is not None:
            say = partial(_say, loop, send)
            download = partial(copy_context().run, self._download, response, messages[0], say)
            await loop.run_in_executor(self._downloads, download)
            return
        for message in messages:
            await send(message)

    async def read_body(self, receive: Receive) -> IO[bytes]:
        """The whole body, in memory or a file. BodyTooLarge as soon as it is."""
        size = 0

        async def counted() -> Mapping[str, Any]:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            # As if the sender had gone: Django lets go of what it has so far.
            return {"type": "http.disconnect"} if size > LARGEST_BODY else message

        try:
            body: IO[bytes] = await super().read_body(counted)
        except RequestAborted:
            if size > LARGEST_BODY:
                raise BodyTooLarge from None
            raise
        return body

    def _answer(self, scope: Any, body: IO[bytes]) -> tuple[HttpResponseBase | None, list[Message]]:
        """What to send. With a response it is only the start, and the rest is still to be read."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        response: Any = refusal if request is None else self.get_response(request)
        response._handler_class = self.__class__
        if response.streaming:
            return response, [_start(response)]
        try:
            return None, [_start(response), _part(response.content, is_last=True)]
        finally:
            response.close()
            body.close()

    def _download(self, response: Any, start: Message, say: Callable[[Message], None]) -> None:
        try:
            say(start)
            for part in response:
                say(_part(part))
            say(_part(b"", is_last=True))
        finally:
            response.close()
            connections.close_all()


def _say(loop: asyncio.AbstractEventLoop, send: Send, message: Message) -> None:
    """Send from a thread, and wait until the reader has room for more."""

    async def sending() -> None:
        await send(message)

    asyncio.run_coroutine_threadsafe(sending(), loop).result()


def _start(response: Any) -> Message:
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    cookies = (cookie.output(header="").strip() for cookie in response.cookies.values())
    headers += [(b"Set-Cookie", cookie.encode("ascii")) for cookie in cookies]
    return {"type": "http.response.start", "status": response.status_code, "headers": headers}


def _part(content: bytes, *, is_last: bool = False) -> Message:
    return {"type": "http.response.body", "body": bytes(content), "more_body": not is_last}


_TOO_LARGE = (
    {
        "type": "http.response.start",
        "status": 413,
        "headers": [(b"Content-Type", b"text/plain"), (b"Connection", b"close")],
    },
    _part(b"This is larger than anything that is taken here.\n", is_last=True),
)
