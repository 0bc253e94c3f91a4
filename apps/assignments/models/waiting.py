"""Leads that wait: held for a pool, or in the hopper."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.leads.models import Lead
from apps.rules.models import Pool
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.scope import TeamQuerySet, TeamRow

if TYPE_CHECKING:
    from apps.teams.access import Access
from apps.assignments.models.decisions import Decision


class Hold(TeamRow):
    """A lead that waits until somebody in the pool is eligible."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="holds")
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="holds")
    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()
    retry_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["since", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(released_at__isnull=True),
                name="assignments_hold_one",
            ),
        ]
        indexes = [
            models.Index(
                fields=["retry_at"],
                name="assignments_hold_retry",
                condition=Q(released_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} since {self.since:%Y-%m-%d %H:%M}"


class HopperQuerySet(TeamQuerySet["HopperEntry"]):
    def visible_to(self, access: Access) -> Self:
        """The team's, or those of pools in which one has a seat."""
        rows = super().visible_to(access).filter(lead__deleted_at__isnull=True)
        if access.can(Permission.SEE_UNASSIGNED):
            return rows
        if access.member_id is None:
            return rows.none()
        seated = Q(pool__seats__membership_id=access.member_id, pool__seats__is_active=True)
        return rows.filter(Q(pool__isnull=True) | seated).distinct()

    def waiting(self) -> Self:
        return self.filter(left_at__isnull=True)


class HopperEntry(TeamRow):
    """A lead that members may pick from; unowned, or with a caretaker."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="hopper_entries")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, null=True, related_name="+")
    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="+")
    generation = models.PositiveIntegerField()
    response_seconds = models.PositiveIntegerField(null=True)
    entered_at = models.DateTimeField()
    expires_at = models.DateTimeField()  # then a manager decides
    left_at = models.DateTimeField(null=True)
    gave_up = models.BooleanField(default=False)  # left because nobody picked it in time
    picked_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")

    objects: ClassVar[HopperQuerySet] = HopperQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-entered_at", "-id"]
        verbose_name_plural = _("hopper")
        constraints = [
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(left_at__isnull=True),
                name="assignments_hopper_one",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                name="assignments_hopper_due",
                condition=Q(left_at__isnull=True),
            ),
            models.Index(
                fields=["team", "-entered_at"],
                name="assignments_hopper_waiting",
                condition=Q(left_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} since {self.entered_at:%Y-%m-%d %H:%M}"
