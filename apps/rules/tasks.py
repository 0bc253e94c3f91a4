"""What a worker does for scores. What is due stands in the leads' rows."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.rules.scoring import rescoring
from apps.teams.models import Team
from config.celery import nudge

# Below the workers' time limit; the task then asks for its own continuation.
LONGEST_RUN = timedelta(seconds=60)


@shared_task
def rescore_team(team_id: str) -> None:
    """Count the open leads of a team by its table as it is now. May run twice."""
    team = Team.objects.filter(pk=UUID(team_id)).first()
    if team is not None and not rescoring.sweep(team, clock=timezone.now, longest=LONGEST_RUN):
        nudge(rescore_team, team_id)


@shared_task
def rescore_due() -> None:
    """Let each team that may have leads to count do so."""
    for team in rescoring.teams_due(timezone.now()):
        nudge(rescore_team, str(team.pk))
