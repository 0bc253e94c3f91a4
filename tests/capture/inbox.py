"""A team with a webhook, a form and one salesperson who gets every lead."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.db import connections
from django.test import Client

from apps.capture import sources
from apps.capture.models import Capture
from apps.leads.models import Lead, Source
from apps.teams.access import Access
from apps.teams.permissions import Role
from tests.assignments.world import World

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
ROSA: dict[str, Any] = {
    "name": "Rosa Steiner", "email": "rosa@example.com", "phone": "+4930123456",
    "company": "Isarwerk", "country": "AT", "city": "Graz",
}  # fmt: skip


def now() -> datetime:
    return datetime.now(UTC)


class Inbox:
    """Sends captures over HTTP, as strangers do, and counts what became of them."""

    def __init__(self, slug: str = "acme") -> None:
        self.world = World(slug, country="DE")
        self.team = self.world.team
        self.seller = self.world.member("Mia")
        self.manager = self.world.member("Henrike", role=Role.MANAGER)
        self.pool = self.world.pool(self.seller)
        self.world.rules(self.pool)
        self.team.refresh_from_db()
        self.webhook = self.connect()
        self.client = Client(raise_request_exception=True)

    @property
    def access(self) -> Access:
        return Access.system(self.team)

    def connect(self, kind: str = Source.Kind.JSON, **settings: Any) -> sources.NewSource:
        name = settings.pop("name", "Website")
        return sources.create(kind=kind, name=name, by=self.access, now=now(), **settings)

    def path(self, new: sources.NewSource | None = None) -> str:
        return sources.path_of((new or self.webhook).source)

    def post(
        self,
        body: bytes | dict[str, Any],
        content_type: str = JSON,
        *,
        to: str = "",
        key: str | None = None,
        **headers: str,
    ) -> Any:
        raw = json.dumps(body).encode() if isinstance(body, dict) else body
        sent = {**headers, **({"Idempotency-Key": key} if key is not None else {})}
        return self.client.post(
            to or self.path(), data=raw, content_type=content_type, headers=sent
        )

    def signed_in(self, member: Any) -> Client:
        client = Client()
        client.force_login(
            member.user, backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        return client

    @property
    def leads(self) -> int:
        return Lead.objects.filter(team=self.team).count()

    @property
    def captures(self) -> int:
        return Capture.objects.filter(team=self.team).count()

    def only_lead(self) -> Lead:
        return Lead.objects.get(team=self.team)

    def only_capture(self) -> Capture:
        return Capture.objects.get(team=self.team)


def in_own_connection(work: Any, *args: Any, **kwargs: Any) -> Any:
    """Run in this thread and give its database connection back."""
    try:
        return work(*args, **kwargs)
    finally:
        connections.close_all()


def answer(response: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(response.content)
    return found
