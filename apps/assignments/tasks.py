"""What Celery runs for ownership. Everything that is due stands in the database."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.assignments import services
from apps.assignments.moves import bulk
from apps.assignments.road import silence
from apps.assignments.seats import track_records
from config.celery import nudge

# Below the workers' time limit; the next tick goes on with what is left.
LONGEST_RUN = timedelta(seconds=45)


@shared_task(name="assignments.tasks.expire_due")
def expire_due() -> dict[str, int]:
    """Act on deadlines that have passed. May run twice, and beside the relay."""
    return services.expire_due()


@shared_task(name="assignments.tasks.find_silent")
def find_silent() -> int:
    """Write an event for leads that have been silent as long as a rule set asks for."""
    return silence.find_silent()


@shared_task(name="assignments.tasks.distribute")
def distribute(run_id: str) -> None:
    """Go on with a distribution by hand; a second worker at the same one steps aside."""
    bulk.work(UUID(run_id), clock=timezone.now, longest=LONGEST_RUN)


@shared_task(name="assignments.tasks.resume_distributions")
def resume_distributions() -> None:
    """Wake distributions that nobody is at."""
    for run_id in bulk.unfinished():
        nudge(distribute, str(run_id))


@shared_task(name="assignments.tasks.count_track_records")
def count_track_records() -> int:
    """Measure members anew where pools ask for it. May run twice: the later one stands."""
    return track_records.count_all(now=timezone.now())
