"""Visits of agencies: that somebody of an agency was in a team stands in the team's log."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import AuditEntry, ClientGrant

ENTERED = "agency.entered"
LATELY = timedelta(days=30)
MOST_SHOWN = 20


def note(by: Access, *, now: datetime) -> None:
    """Write down that this operator is here: one line for her, her agency and a day of the team.

    Of two pages opened at the same moment one writes it: the grant's row is their lock.
    """
    if by.grant is None or _is_noted(by, now):
        return
    with transaction.atomic():
        ClientGrant.objects.select_for_update(no_key=True).get(pk=by.grant.pk)
        if not _is_noted(by, now):
            audit.record(by=by, action=ENTERED, target=by.grant.agency, now=now)


def lately(by: Access, *, now: datetime) -> QuerySet[AuditEntry]:
    """Who of which agency was here in the last thirty days, the latest first."""
    rows: QuerySet[AuditEntry] = AuditEntry.objects.visible_to(by).filter(
        action=ENTERED, at__gte=now - LATELY
    )
    return rows.select_related("actor").order_by("-at", "-id")[:MOST_SHOWN]


def _is_noted(by: Access, now: datetime) -> bool:
    zone = ZoneInfo(by.team.timezone)
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = AuditEntry.objects.visible_to(by).filter(at__gte=midnight, action=ENTERED)
    return rows.filter(actor_id=by.actor_id, agency_id=by.agency_id).exists()
