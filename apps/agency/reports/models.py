"""Reports that go out by themselves: what was ordered, when each client's is due, and the mails."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.ids import uuid7
from apps.accounts.models import User
from apps.teams.models import Agency, ClientGrant
from apps.teams.posting import Posted
from apps.teams.scope import TeamRow

LATEST_DAY = 28  # every month has it


class ReportPlan(models.Model):
    """What an agency ordered: a report of one client or of each, to whom, and how often.

    It covers the whole week or month before the day on which it is sent, in the client's zone.
    """

    class Rhythm(models.TextChoices):
        WEEKLY = "weekly", _("every week")
        MONTHLY = "monthly", _("every month")

    class ToClient(models.TextChoices):
        NOBODY = "nobody", _("Nobody")
        ADMINS = "admins", _("Its admins")
        MANAGERS = "managers", _("Its managers and admins")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="report_plans")
    # Without one, every client has its report, also those who come later.
    grant = models.ForeignKey(ClientGrant, on_delete=models.CASCADE, null=True, related_name="+")
    rhythm = models.CharField(_("how often"), max_length=8, choices=Rhythm, default=Rhythm.MONTHLY)
    # Monday is 1; of a month 1 to 28.
    day = models.PositiveSmallIntegerField(
        _("day"), default=1, validators=[MinValueValidator(1), MaxValueValidator(LATEST_DAY)]
    )
    hour = models.PositiveSmallIntegerField(
        _("hour"), default=8, validators=[MaxValueValidator(23)]
    )
    operators = ArrayField(models.UUIDField(), default=list, blank=True)
    to_client = models.CharField(
        _("at the client"), max_length=8, choices=ToClient, default=ToClient.NOBODY
    )
    is_active = models.BooleanField(_("on"), default=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"{self.rhythm} report of {self.agency}"


class ReportSchedule(TeamRow):
    """When the report of one client (the team of this row) is due by a plan, by the client's clock.

    The client may stop what is sent to its own people; the agency's then still is.
    """

    plan = models.ForeignKey(ReportPlan, on_delete=models.CASCADE, related_name="schedules")
    grant = models.ForeignKey(ClientGrant, on_delete=models.CASCADE, related_name="schedules")
    next_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["next_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "grant"], name="agency_report_once_a_plan"),
            models.UniqueConstraint(fields=["team", "id"], name="agency_report_team_id"),
        ]
        indexes = [models.Index(fields=["next_at"], name="agency_report_next")]

    def __str__(self) -> str:
        return f"report of {self.team_id}"


class ReportMail(Posted):
    """One report to one person: of a period once, unless somebody asked to see it now."""

    class Side(models.TextChoices):
        AGENCY = "agency", _("agency")
        CLIENT = "client", _("client")

    schedule = models.ForeignKey(ReportSchedule, on_delete=models.CASCADE, related_name="mails")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    side = models.CharField(max_length=8, choices=Side)
    kind = models.CharField(max_length=8)  # of the span: week, month
    first_day = models.DateField()
    is_asked = models.BooleanField(default=False)  # somebody pressed “send me one now”

    class Meta:
        ordering = ["-try_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "user", "kind", "first_day"],
                condition=Q(is_asked=False),
                name="agency_report_mail_once",
            ),
        ]
        indexes = [
            models.Index(fields=["try_at"], name="agency_mail_due", condition=Posted.WAITING),
            models.Index(fields=["schedule", "-try_at"], name="agency_mail_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} from {self.first_day} to {self.user_id}"
