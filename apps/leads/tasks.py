"""What a worker does for leads after they are kept."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from apps.leads import enrichment


@shared_task
def look_up_due() -> dict[str, int]:
    """Look for likely duplicates and for facts of companies. May run twice."""
    return enrichment.look_up_due(clock=timezone.now)
