"""Reports of clients that go out by themselves, and warnings that rest."""

from __future__ import annotations

from django.db import models

from apps.agency.copying.models import CopyRun, CopyTarget
from apps.agency.reports.models import ReportMail, ReportPlan, ReportSchedule
from apps.teams.models import ClientGrant
from apps.teams.scope import TeamRow

__all__ = ["CopyRun", "CopyTarget", "ReportMail", "ReportPlan", "ReportSchedule", "Rest"]


class Rest(TeamRow):
    """A warning about a client (the team of this row) that the agency knows of and rests for days.

    It rests what stood when it was put to rest; what begins anew is shown again.
    """

    grant = models.ForeignKey(ClientGrant, on_delete=models.CASCADE, related_name="rests")
    warning = models.CharField(max_length=60)  # "slow" or "silent:<source>"
    at = models.DateTimeField()
    until = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["until", "id"]
        constraints = [
            models.UniqueConstraint(fields=["grant", "warning"], name="agency_rest_once"),
        ]

    def __str__(self) -> str:
        return f"{self.warning} rests until {self.until:%Y-%m-%d}"
