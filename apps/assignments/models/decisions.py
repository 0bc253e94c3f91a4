"""Decisions: why a lead went where it went, and by which door."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.leads.models import Lead
from apps.rules.models import Pool, Rule, Variant, Version
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.scope import Deed, TeamQuerySet, TeamRow

if TYPE_CHECKING:
    from apps.teams.access import Access


class Door(models.TextChoices):
    """By which door a decision came about."""

    WEBHOOK = "webhook", _("webhook")
    FORM = "form", _("form")
    IMPORT = "import", _("import")
    HAND = "hand", _("typed in")
    API = "api", _("API")
    REPLAY = "replay", _("replay")
    EXPIRY = "expiry", _("expired offer")
    TAKE_BACK = "take_back", _("no attempt in time")
    DECLINE = "decline", _("declined offer")
    RELEASE = "release", _("released")
    REASSIGN = "reassign", _("reassigned by hand")
    DRAIN = "drain", _("held lead")
    RESTORE = "restore", _("restored")
    HOPPER = "hopper", _("too long in the hopper")
    CHANGED = "changed", _("the lead changed")
    ACTIVITY = "activity", _("the lead did something")
    SILENT = "silent", _("the lead was silent")
    BULK = "bulk", _("distributed by hand")
    PUT_BACK = "put_back", _("put back")
    HANDED_BACK = "handed", _("handed back")
    TRIAGE = "triage", _("triage")
    COPY = "copy", _("sent by another team")
    RETURNED = "returned", _("nobody took the copy")


class DecisionQuerySet(TeamQuerySet["Decision"]):
    def visible_to(self, access: Access) -> Self:
        """The team's decisions, or those about one's own leads and turns."""
        rows = super().visible_to(access)
        if access.can(Permission.SEE_DECISIONS):
            return rows
        if access.member_id is None:
            return rows.none()
        return rows.filter(Q(lead__owner_id=access.member_id) | Q(chosen_id=access.member_id))


class Decision(TeamRow, Deed):
    """The immutable record of why a lead went where it went. Holds ids and rule facts only."""

    class Outcome(models.TextChoices):
        ASSIGNED = "assigned", _("assigned")
        OFFERED = "offered", _("offered")
        OPEN = "open", _("open to claims")
        HOPPER = "hopper", _("hopper")
        HELD = "held", _("held")
        MANAGER = "manager", _("manager")
        DISQUALIFIED = "disqualified", _("disqualified")
        KEPT = "kept", _("left as it was")

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="decisions", db_index=False
    )
    at = models.DateTimeField()
    door = models.CharField(max_length=10, choices=Door)
    hop = models.PositiveSmallIntegerField(default=0)
    version = models.ForeignKey(
        Version, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    rule = models.ForeignKey(
        Rule, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    pool = models.ForeignKey(
        Pool, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    pool_revision = models.PositiveIntegerField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome)
    chosen = models.ForeignKey(
        Membership,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    deadline = models.DateTimeField(null=True)
    variant = models.ForeignKey(
        Variant, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    trace = models.JSONField()
    milliseconds = models.FloatField(default=0)

    objects: ClassVar[DecisionQuerySet] = DecisionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="assignments_decision_team_id"),
        ]
        indexes = [
            models.Index(fields=["lead", "-at"], name="assignments_decision_of_lead"),
            models.Index(
                fields=["variant", "lead"],
                name="assignments_decision_variant",
                condition=Q(variant__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.outcome}"
