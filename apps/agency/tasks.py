"""What agencies are told at intervals."""

from __future__ import annotations

from celery import shared_task
from django.db import connection

from apps.agency import warning_finder


@shared_task(name="agency.tasks.find_warnings")
def find_warnings() -> int:
    """Look for clients that became slower or lost a source. May run twice, and at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (now,) = cursor.fetchone()
    return warning_finder.find(now=now)
