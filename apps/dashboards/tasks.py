"""Figures that are kept, refreshed at intervals; and those that go out on Mondays."""

from __future__ import annotations

from celery import shared_task

from apps.dashboards.kept import refreshing
from apps.dashboards.weekly import letters


@shared_task(name="dashboards.tasks.refresh")
def refresh() -> int:
    """Redo days whose leads changed. May run twice, and beside the process that sends copies."""
    return refreshing.refresh()


@shared_task(name="dashboards.tasks.send_weekly")
def send_weekly() -> int:
    """Tell managers and admins of last week, on Mondays. May run twice, and at once."""
    return letters.run()
