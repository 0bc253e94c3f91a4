"""What a worker does for captures: try again, and import files."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.capture import imports, services
from config.celery import nudge

# Below the workers' time limit; the task then asks for its own continuation.
LONGEST_RUN = timedelta(seconds=60)


@shared_task
def retry_failed() -> None:
    """Try captures whose time has come, and wake imports that nobody is at."""
    services.retry_due(now=timezone.now())
    for run_id in imports.unfinished():
        nudge(run_import, str(run_id))


@shared_task
def run_import(run_id: str) -> None:
    """Go on with an import; a second worker at the same one steps back."""
    imports.work(UUID(run_id), clock=timezone.now, longest=LONGEST_RUN)
