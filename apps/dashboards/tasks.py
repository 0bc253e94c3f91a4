"""Figures that are kept, refreshed at intervals."""

from __future__ import annotations

from celery import shared_task

from apps.dashboards.kept import refreshing


@shared_task(name="dashboards.tasks.refresh")
def refresh() -> int:
    """Redo days whose leads changed. May run twice, and beside the process that sends copies."""
    return refreshing.refresh()
