"""What agencies are told at intervals, and what is copied to their clients."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.db import connection
from django.utils import timezone

from apps.agency import warning_finder
from apps.agency.copying import runs
from apps.agency.reports import issuing
from config.celery import nudge

LONGEST = 15 * 60


@shared_task(name="agency.tasks.find_warnings")
def find_warnings() -> int:
    """Look for clients that became slower or lost a source. May run twice, and at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (now,) = cursor.fetchone()
    return warning_finder.find(now=now)


@shared_task(soft_time_limit=LONGEST, time_limit=LONGEST + 30)
def copy_rules(run_id: str) -> None:
    """Copy rules and pools to the clients of one run. May run twice, and at once."""
    runs.work(UUID(run_id), clock=timezone.now)


@shared_task
def tend_copies() -> None:
    """Wake the runs that nobody is at, and throw old ones away."""
    now = timezone.now()
    runs.forget(now=now)
    for run_id in runs.unfinished(now=now):
        nudge(copy_rules, str(run_id))


@shared_task
def send_reports() -> int:
    """Write down and send the reports that are due. May run twice, and at once."""
    return issuing.run()


@shared_task
def send_report(mail_id: str) -> int:
    """Send one report that somebody waits for. May run twice, and at once."""
    return issuing.post(UUID(mail_id))
