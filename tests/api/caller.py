"""A program that calls the API with a member's key."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.test import Client

from apps.teams import tokens
from apps.teams.access import Access
from apps.teams.models import Membership
from tests.assignments.world import NOW

ROOT = "/api/v1"


class Caller:
    """`caller.post("/offers/…/claim/")` with a key of this member; JSON both ways."""

    def __init__(self, member: Membership) -> None:
        by = Access.system(member.team)
        made = tokens.create_token(member, name="Tests", by=by, now=NOW)
        self.token, self.secret = made.token, made.secret
        self._client = Client(headers={"authorization": f"Bearer {made.secret}"})

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self._client.get(ROOT + path, query)  # type: ignore[return-value]

    def post(self, path: str, body: object = None, **headers: str) -> HttpResponse:
        return self._send("POST", path, body, headers)

    def patch(self, path: str, body: object, **headers: str) -> HttpResponse:
        return self._send("PATCH", path, body, headers)

    def delete(self, path: str) -> HttpResponse:
        return self._client.delete(ROOT + path)  # type: ignore[return-value]

    def raw(self, path: str, body: bytes) -> HttpResponse:
        return self._client.post(ROOT + path, body, content_type="application/json")  # type: ignore[return-value]

    def _send(self, method: str, path: str, body: object, headers: dict[str, str]) -> HttpResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        text = b"" if body is None else json.dumps(body, default=_plain)
        return self._client.generic(  # type: ignore[return-value]
            method, ROOT + path, text, content_type="application/json", headers=named
        )


def _plain(value: object) -> str:
    assert isinstance(value, UUID)
    return str(value)


def body(response: Any) -> Any:
    return json.loads(response.content)
