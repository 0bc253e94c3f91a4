"""Reports of clients that go out by themselves."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.teams.models import ClientGrant
from apps.teams.scope import TeamRow


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
