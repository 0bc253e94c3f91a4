"""What a worker does for the simulator."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.simulator import running
from config.celery import nudge

LONGEST = 15 * 60


@shared_task(soft_time_limit=LONGEST, time_limit=LONGEST + 30)
def run_simulation(simulation_id: str) -> None:
    """Run one simulation; a second worker at the same one steps back."""
    running.run(UUID(simulation_id), clock=timezone.now)


@shared_task(soft_time_limit=LONGEST, time_limit=LONGEST + 30)
def explain_lead(row_id: str) -> None:
    """Find one lead's decisions of a large run again, for whoever looks at it."""
    running.explain_row(UUID(row_id), clock=timezone.now)


@shared_task
def tend() -> None:
    """Wake the runs that nobody is at."""
    for simulation_id in running.unfinished(now=timezone.now()):
        nudge(run_simulation, str(simulation_id))
