"""What people ask for: a bad lead to be judged, another owner, turns, many leads to be sent."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.leads.models import Lead
from apps.rules.models import Pool
from apps.teams.models import Membership
from apps.teams.scope import Deed, TeamRow


class BadLeadReport(TeamRow, Deed):
    """A member says that a lead is worth nothing; a manager decides whether her turn comes back."""

    class Reason(models.TextChoices):
        SPAM = "spam", _("spam")
        WRONG_NUMBER = "wrong_number", _("wrong number")
        DUPLICATE = "duplicate", _("duplicate")
        OUT_OF_AREA = "out_of_area", _("not our market")

    class State(models.TextChoices):
        OPEN = "open", _("waiting")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="reports")
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="reports")
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    note = models.CharField(_("note"), max_length=500, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    gave_back = models.BooleanField(default=False)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["lead"], condition=Q(state="open"), name="assignments_report_one_open"
            ),
        ]
        indexes = [
            models.Index(
                fields=["team", "at"],
                name="assignments_report_waiting",
                condition=Q(state="open"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} {self.reason}"


class ApprovalRequest(TeamRow, Deed):
    """A member asks for what only a manager may do: another owner for a lead, or turn credit."""

    class Kind(models.TextChoices):
        REASSIGN = "reassign", _("another owner")
        CREDIT = "credit", _("turns in a pool")

    class State(models.TextChoices):
        OPEN = "open", _("waiting")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("taken back")

    kind = models.CharField(max_length=8, choices=Kind)
    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="requests")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, null=True, related_name="requests")
    # Whom she would like to have the lead; empty: whoever the rules find.
    to_member = models.ForeignKey(Membership, on_delete=models.CASCADE, null=True, related_name="+")
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, null=True, related_name="+")
    turns = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    reason = models.CharField(_("reason"), max_length=500)
    at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    answer = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="assignments_request_team_id"),
            models.CheckConstraint(
                condition=Q(kind="reassign", lead__isnull=False, pool__isnull=True)
                | Q(kind="credit", pool__isnull=False, turns__isnull=False, lead__isnull=True),
                name="assignments_request_names_it",
            ),
            models.UniqueConstraint(
                fields=["member", "lead"],
                condition=Q(state="open", lead__isnull=False),
                name="assignments_request_of_lead_once",
            ),
            models.UniqueConstraint(
                fields=["member", "pool"],
                condition=Q(state="open", pool__isnull=False),
                name="assignments_request_of_pool_once",
            ),
        ]
        indexes = [
            models.Index(fields=["team", "state", "-at"], name="assignments_request_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.member_id}"


class BulkRun(TeamRow, Deed):
    """Existing leads sent somewhere by hand, a few at a time, each with its own decision."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    # {"to": a Destination, "pool", "member", "rule_set", "caretaker": ids, "replaces_owner": bool}
    destination = models.JSONField()
    filters = models.JSONField(default=dict)
    lead_ids = ArrayField(models.UUIDField())
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)  # the first so many of `lead_ids` are through
    moved = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(
                fields=["created_at"],
                name="assignments_bulk_waiting",
                condition=Q(state__in=["waiting", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{len(self.lead_ids)} leads"
