"""Which lead a copy from another team became."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Subquery, UUIDField
from django.db.models.functions import Cast

from apps.capture.models import Capture
from apps.deliveries import arrivals
from apps.leads.models import Lead, Source


def link(lead: Lead | None, source: Source, capture_id: UUID | None) -> None:
    """Tie the lead to the copy's arrival, if it came as one; no statement for other sources.

    The key of a copy's capture is the id of its delivery.
    """
    if lead is None or capture_id is None or source.kind != Source.Kind.COPY:
        return
    key = Capture.objects.filter(pk=capture_id, key__isnull=False).order_by().values("key")
    arrivals.link(lead, delivery_id=Cast(Subquery(key), UUIDField()))
