"""Two ways to the websocket: a page of ours (Origin and session), or a program with a token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from apps.alerts.consumers import Receive, Scope, Send

Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class TokenDoor:
    """Lets those with an `Authorization: Bearer` header past the check of the Origin.

    A browser never sends that header by itself, so no foreign page can use it; and beside it a
    session counts for nothing.
    """

    def __init__(self, pages: Application, programs: Application) -> None:
        self._pages = pages
        self._programs = programs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        secret = _bearer(scope)
        if secret is None:
            await self._pages(scope, receive, send)
        else:
            await self._programs({**scope, "token": secret}, receive, send)


def _bearer(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"authorization":
            kind, _, secret = value.decode("latin-1").partition(" ")
            return str(secret).strip() if kind.lower() == "bearer" else None
    return None
