"""Sockets of signed-in people, as a browser opens them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from asgiref.testing import ApplicationCommunicator
from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings
from django.test import Client
from django.urls import path

from apps.alerts.consumers import AlertConsumer
from apps.alerts.doors import TokenDoor
from apps.teams.models import Membership

HOME = "http://testserver"
Door = Callable[..., Awaitable["Socket"]]


def application() -> TokenDoor:
    """The websocket part of config.asgi, which cannot be imported without collected files."""
    consumer: Any = AlertConsumer.as_asgi()
    sockets = URLRouter([path("ws/alerts/", consumer)])
    pages = AllowedHostsOriginValidator(AuthMiddlewareStack(sockets))
    return TokenDoor(pages=pages, programs=sockets)


def session_of(member: Membership) -> str:
    client = Client()
    client.force_login(member.user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


class Socket:
    """One connection, and what it says."""

    def __init__(self, headers: dict[str, str]) -> None:
        scope = {
            "type": "websocket",
            "path": "/ws/alerts/",
            "query_string": b"",
            "subprotocols": [],
            "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
        }
        self._wire = ApplicationCommunicator(application(), scope)

    async def open(self) -> bool:
        """Whether the server accepts."""
        await self._wire.send_input({"type": "websocket.connect"})
        answer = await self._wire.receive_output(timeout=5)
        return bool(answer["type"] == "websocket.accept")

    async def leave(self) -> None:
        """Go away, and see that the server took it without an error."""
        await self._wire.send_input({"type": "websocket.disconnect", "code": 1001})
        await self._wire.wait(timeout=5)

    async def resume(self, after: int = 0) -> list[dict[str, Any]]:
        """What was missed; the last frame is caught_up."""
        await self.say(json.dumps({"type": "resume", "after": after}))
        frames = [await self.hear()]
        while frames[-1]["type"] == "alert":
            frames.append(await self.hear())
        return frames

    async def say(self, text: str) -> None:
        await self._wire.send_input({"type": "websocket.receive", "text": text})

    async def say_bytes(self, content: bytes) -> None:
        await self._wire.send_input({"type": "websocket.receive", "bytes": content})

    async def hear(self, timeout: float = 5) -> dict[str, Any]:
        message = await self._wire.receive_output(timeout)
        assert message["type"] == "websocket.send", message
        frame: dict[str, Any] = json.loads(message["text"])
        return frame

    async def hears_nothing(self) -> bool:
        return bool(await self._wire.receive_nothing(timeout=0.2))

    async def closed_with(self, timeout: float = 5) -> int:
        """The code it is closed with; what is said before is passed over."""
        message = await self._wire.receive_output(timeout)
        while message["type"] == "websocket.send":
            message = await self._wire.receive_output(timeout)
        code: int = message["code"]
        return code


@asynccontextmanager
async def opener() -> AsyncIterator[Door]:
    """Opens sockets: of a member with her session, or with the headers given."""
    opened: list[Socket] = []

    async def connect(member: Membership | None = None, **headers: str) -> Socket:
        sent = {"Origin": HOME, **headers}
        if member is not None:
            session = await in_database(session_of, member)
            sent["Cookie"] = f"{settings.SESSION_COOKIE_NAME}={session}"
        socket = Socket({name: text for name, text in sent.items() if text})
        assert await socket.open(), "The server refused the connection."
        opened.append(socket)
        return socket

    yield connect
    for socket in opened:
        await socket.leave()


async def in_database(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Run what asks the database in a thread that gives its connection back."""
    return await database_sync_to_async(function)(*arguments, **named)
