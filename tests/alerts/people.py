"""People with alerts, in few words."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.alerts.models import Kind
from apps.alerts.services import NewAlert, raise_alerts
from apps.teams.access import Access
from apps.teams.models import Membership, Team
from apps.teams.permissions import Role

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
_numbers = count(1)


def new_team(slug: str = "acme") -> Team:
    return Team.objects.create(name=slug.title(), slug=slug)


def new_member(
    team: Team, name: str = "Sam", role: str = Role.SALESPERSON, **user: Any
) -> Membership:
    email = f"{name.lower()}.{next(_numbers)}@example.com"
    person = User.objects.create_user(email, "a long password", name=name, **user)
    return Membership.objects.create(team=team, user=person, role=role)


def access_of(member: Membership) -> Access:
    return Access.of(Membership.objects.select_related("team", "user").get(pk=member.pk))


def tell(member: Membership, *titles: str, kind: str = Kind.ASSIGNED, **data: Any) -> None:
    """Raise an alert for each title, in a transaction of its own."""
    for title in titles:
        with transaction.atomic():
            new = NewAlert(member.user_id, kind, data={"title": title, **data})
            raise_alerts([new], team=member.team, now=NOW)
