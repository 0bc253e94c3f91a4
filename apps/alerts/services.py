"""Raising alerts, reading them back in order, and marking them read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Subquery

from apps.alerts import announcer
from apps.alerts.models import MAILED, Alert, AlertCounter
from apps.teams.access import Access
from apps.teams.models import Team

PAGE_MAY_TAKE = timedelta(seconds=5)
MOST_TOLD_AGAIN = 100


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert to raise. `data` holds ids, deadlines and masked words, never a personal value."""

    user_id: UUID
    kind: str
    lead_id: UUID | None = None
    offer_id: UUID | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Missed:
    """What a listener has not seen: alerts in order, and the newest number there is."""

    alerts: list[Alert]
    last_seq: int


def raise_alerts(alerts: Sequence[NewAlert], *, team: Team, now: datetime) -> None:
    """Write the alerts in the caller's transaction: one INSERT, announced once it commits."""
    if not alerts:
        return
    Alert.objects.bulk_create(unsaved(alerts, team=team, now=now))
    announce_on_commit()


def unsaved(alerts: Sequence[NewAlert], *, team: Team, now: datetime) -> list[Alert]:
    """The rows, for a caller who writes them with others; it must call `announce_on_commit`."""
    return [
        Alert(
            team=team,
            user_id=new.user_id,
            kind=new.kind,
            lead_id=new.lead_id,
            offer_id=new.offer_id,
            data=new.data,
            created_at=now,
            email_due=new.kind in MAILED,
        )
        for new in alerts
    ]


def announce_on_commit() -> None:
    """Wake the announcer once the alerts of this transaction are there to be read."""
    transaction.on_commit(announcer.wake, robust=True)


def after(user_id: UUID, seq: int, limit: int) -> Missed:
    """The user's alerts numbered above `seq`, oldest first, at most `limit`.

    Numbers have no gaps and commit in order, so nothing below an answer turns up later.
    """
    last = AlertCounter.objects.filter(pk=user_id).values_list("last_seq", flat=True).first() or 0
    if seq >= last:
        return Missed([], last)
    rows = Alert.objects.filter(user_id=user_id, seq__gt=seq).select_related("team")
    return Missed(list(rows.order_by("seq")[:limit]), last)


def shown_up_to(user_id: UUID, *, now: datetime) -> int:
    """The number up to which a page made at `now` surely shows everything.

    A page reads its lists before it reads this: an alert that committed in between is on neither.
    So what was raised in the last seconds is told again; a page knows what it already shows.
    """
    just_raised = Alert.objects.filter(
        user_id=OuterRef("pk"),
        seq__gt=OuterRef("last_seq") - MOST_TOLD_AGAIN,
        created_at__gte=now - PAGE_MAY_TAKE,
    )
    counters = AlertCounter.objects.filter(pk=user_id).annotate(
        first_new=Subquery(just_raised.order_by("seq").values("seq")[:1])
    )
    last, first_new = counters.values_list("last_seq", "first_new").first() or (0, None)
    return last if first_new is None else first_new - 1


def mark_read(alert: Alert, *, by: Access, now: datetime) -> None:
    """The first look at an alert of one's own. Later ones change nothing."""
    _unread(by).filter(pk=alert.pk).update(read_at=now)


def mark_all_read(*, by: Access, now: datetime) -> int:
    """Everything raised in this team up to `now` has been seen; how many were new."""
    return _unread(by).filter(created_at__lte=now).update(read_at=now)


def mark_lead_read(lead_id: UUID, *, by: Access, now: datetime) -> int:
    """Who opens a lead has seen what was said about it."""
    return _unread(by).filter(lead_id=lead_id).update(read_at=now)


def _unread(by: Access) -> Any:
    return Alert.objects.visible_to(by).filter(read_at__isnull=True)
