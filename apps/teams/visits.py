"""Visits of agencies: that somebody was in a team, and what she saw, stands in the team's log."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Model, QuerySet

from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import AuditEntry, ClientGrant

ENTERED = "agency.entered"
REVEALED = "lead.revealed"
LISTED = "leads.revealed"
LATELY = timedelta(days=30)
MOST_SHOWN = 20


def note(by: Access, *, now: datetime) -> None:
    """Write down that this operator is here: one line for her, her agency and a day of the team."""
    if by.grant is not None:
        _once_a_day(by, ENTERED, by.grant.agency, now)


def note_reveal(lead: Model | None, *, by: Access, now: datetime) -> None:
    """Write down that an operator saw the contact details of a lead, or (None) of a list of them.

    Nothing for members, whose rights the team gave itself, and where details are hidden.
    """
    if by.grant is not None and not by.masked:
        _once_a_day(by, REVEALED if lead else LISTED, lead, now)


def _once_a_day(by: Access, action: str, target: Model | None, now: datetime) -> None:
    """Of two pages opened at the same moment one writes it: the grant's row is their lock."""
    if by.grant is None or _is_noted(by, action, target, now):
        return
    with transaction.atomic():
        ClientGrant.objects.select_for_update(no_key=True).get(pk=by.grant.pk)
        if not _is_noted(by, action, target, now):
            audit.record(by=by, action=action, target=target, now=now)


def lately(by: Access, *, now: datetime) -> QuerySet[AuditEntry]:
    """Who of which agency was here in the last thirty days, the latest first."""
    rows: QuerySet[AuditEntry] = AuditEntry.objects.visible_to(by).filter(
        action=ENTERED, at__gte=now - LATELY
    )
    return rows.select_related("actor").order_by("-at", "-id")[:MOST_SHOWN]


def _is_noted(by: Access, action: str, target: Model | None, now: datetime) -> bool:
    zone = ZoneInfo(by.team.timezone)
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = AuditEntry.objects.visible_to(by).filter(at__gte=midnight, action=action)
    mine = rows.filter(actor_id=by.actor_id, agency_id=by.agency_id)
    return mine.filter(target_id=target.pk if target else None).exists()
