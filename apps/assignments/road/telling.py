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
from apps.rules.models import Pool
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


def contacts(team: Team, pool: Pool | None) -> list[Membership]:
    """Whom the pool, or else the team, names to be told at once. No query where nobody is."""
    named = (pool.escalate_to if pool else []) or team.escalate_to
    if not named:
        return []
    return list(Membership.objects.active().filter(team=team, pk__in=named))


def call_managers(
    kind: Kind, lead: Lead, *, team: Team, pool: Pool | None, **data: Any
) -> list[NewAlert]:
    """A lead needs a decision: managers are told, and escalation contacts urgently."""
    urgent = users(contacts(team, pool))
    others = [user for user in users(managers(team)) if user not in urgent]
    return tell(urgent, Kind.ESCALATED, lead, **data) + tell(others, kind, lead, **data)


def escalate(lead: Lead, *, team: Team, pool: Pool | None, **data: Any) -> list[NewAlert]:
    """A deadline passed and the lead goes on by itself: only escalation contacts are told."""
    return tell(users(contacts(team, pool)), Kind.ESCALATED, lead, **data)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
