"""What Celery runs for ownership. Everything that is due stands in the database."""

from celery import shared_task

from apps.assignments import services


@shared_task(name="assignments.tasks.expire_due")
def expire_due() -> dict[str, int]:
    """Act on deadlines that have passed. May run twice, and beside the relay."""
    return services.expire_due()
