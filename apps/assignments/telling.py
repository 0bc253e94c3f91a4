"""Whom to tell what about a lead: the alerts that every change of ownership raises."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.alerts.models import Kind
from apps.alerts.services import NewAlert
from apps.leads.masking import headline
from apps.leads.models import Lead
from apps.teams.models import Membership, Team
from apps.teams.permissions import Role


def users(members: Iterable[Membership]) -> list[UUID]:
    """Whom to tell when these members are meant."""
    return [member.user_id for member in members]


def tell(
    people: Iterable[UUID],
    kind: Kind,
    lead: Lead,
    *,
    offer_id: Any = None,
    **data: Any,
) -> list[NewAlert]:
    """One alert for each user, once; `data` holds ids, times and masked words only."""
    said = {"title": headline(lead), **{key: _plain(value) for key, value in data.items()}}
    return [NewAlert(user, kind.value, lead.pk, offer_id, said) for user in dict.fromkeys(people)]


def managers(team: Team) -> list[Membership]:
    """Who is told when a lead needs a decision: managers, and admins where there are none."""
    runs = list(Membership.objects.active().filter(team=team, role__in=(Role.MANAGER, Role.ADMIN)))
    return [one for one in runs if one.role == Role.MANAGER] or runs


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
