"""Reports of clients that go out by themselves, and warnings that rest."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.agency.copying.models import CopyRun, CopyTarget
from apps.teams.models import ClientGrant
from apps.teams.scope import TeamRow

__all__ = ["CopyRun", "CopyTarget", "ReportSchedule", "Rest"]


class ReportSchedule(TeamRow):
    """A report of one client (the team of this row) that an agency sends by e-mail.

    It covers the week or month before, in the client's time zone, and stops with the grant.
    """

    class Rhythm(models.TextChoices):
        WEEKLY = "weekly", _("every Monday")
        MONTHLY = "monthly", _("on the first of the month")

    grant = models.ForeignKey(ClientGrant, on_delete=models.CASCADE, related_name="schedules")
    rhythm = models.CharField(_("when"), max_length=8, choices=Rhythm, default=Rhythm.WEEKLY)
    to_agency = ArrayField(models.EmailField(), default=list, blank=True)
    to_client = ArrayField(models.EmailField(), default=list, blank=True)
    is_active = models.BooleanField(_("on"), default=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    next_at = models.DateTimeField(null=True)
    last_sent_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["next_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["grant", "rhythm"], name="agency_report_once"),
        ]
        indexes = [
            models.Index(fields=["next_at"], name="agency_report_due", condition=Q(is_active=True)),
        ]

    def __str__(self) -> str:
        return f"{self.rhythm} report of {self.team_id}"


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
