"""Offers and assignments: to whom a lead is offered, and whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.leads.models import Lead
from apps.rules.models import Pool, Seat
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.scope import Deed, TeamQuerySet, TeamRow

if TYPE_CHECKING:
    from apps.teams.access import Access
from apps.assignments.models.decisions import Decision


class OfferQuerySet(TeamQuerySet["Offer"]):
    def visible_to(self, access: Access) -> Self:
        """Offers that were put to one; all of the team's with the permission to see others'."""
        rows = super().visible_to(access).filter(lead__deleted_at__isnull=True)
        if access.can(Permission.SEE_OTHERS):
            return rows
        return (
            rows.filter(candidates__contains=[access.member_id])
            if access.member_id
            else rows.none()
        )

    def put_to(self, access: Access) -> Self:
        """Open offers that this member may take."""
        return self.filter(
            team=access.team,
            state=Offer.State.OPEN,
            candidates__contains=[access.member_id],
        )


class Offer(TeamRow):
    """A lead offered to one member (`member` set) or open to many, until `expires_at`."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        EXPIRED = "expired", _("expired")
        WITHDRAWN = "withdrawn", _("withdrawn")

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="offers", db_index=False)
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="offers")
    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="offers")
    member = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="offers"
    )
    candidates = ArrayField(models.UUIDField())
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    generation = models.PositiveIntegerField()
    response_seconds = models.PositiveIntegerField(null=True)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    warn_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    taken_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="taken_offers"
    )

    objects: ClassVar[OfferQuerySet] = OfferQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(state="open"),
                name="assignments_offer_one_open",
            ),
            models.UniqueConstraint(
                fields=["lead", "generation"],
                condition=Q(state="accepted"),
                name="assignments_offer_one_accepted",
            ),
            models.CheckConstraint(
                condition=Q(state="accepted", taken_by__isnull=False)
                | (~Q(state="accepted") & Q(taken_by__isnull=True)),
                name="assignments_offer_accepted_by_someone",
            ),
            models.UniqueConstraint(fields=["team", "id"], name="assignments_offer_team_id"),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                name="assignments_offer_due",
                condition=Q(state="open"),
            ),
            models.Index(
                fields=["warn_at"],
                name="assignments_offer_warn",
                condition=Q(state="open", warn_at__isnull=False),
            ),
            models.Index(
                fields=["team"],
                name="assignments_offer_open",
                condition=Q(state="open"),
            ),
            models.Index(fields=["lead", "-opened_at"], name="assignments_offer_of_lead"),
            GinIndex(fields=["candidates"], name="assignments_offer_candidates"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} {self.state}"

    @property
    def is_exclusive(self) -> bool:
        return self.member_id is not None


class AssignmentQuerySet(TeamQuerySet["Assignment"]):
    def visible_to(self, access: Access) -> Self:
        rows = super().visible_to(access).filter(lead__deleted_at__isnull=True)
        if access.can(Permission.SEE_OTHERS):
            return rows
        return rows.filter(member_id=access.member_id) if access.member_id else rows.none()

    def live(self) -> Self:
        return self.filter(ended_at__isnull=True)


class Assignment(TeamRow, Deed):
    """A period of ownership of a lead by a member; at most one is live."""

    class How(models.TextChoices):
        ASSIGNED = "assigned", _("assigned")
        ACCEPTED = "accepted", _("accepted")
        CLAIMED = "claimed", _("claimed")
        PICKED = "picked", _("picked from the hopper")
        BY_HAND = "by_hand", _("assigned by hand")
        OVERFLOW = "overflow", _("overflow")
        DIRECT = "direct", _("sent by a rule")

    class Ended(models.TextChoices):
        TIMEOUT = "timeout", _("no attempt in time")
        RELEASED = "released", _("released")
        REASSIGNED = "reassigned", _("reassigned")
        DELETED = "deleted", _("lead deleted")
        RULE = "rule", _("moved by a rule")
        HANDED_BACK = "handed", _("handed back off duty")
        MERGED = "merged", _("merged into another lead")

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="assignments")
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="assignments")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, null=True, related_name="assignments")
    seat = models.ForeignKey(
        Seat, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="assignments")
    offer = models.ForeignKey(
        Offer, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    how = models.CharField(max_length=10, choices=How)
    generation = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    respond_by = models.DateTimeField(null=True)  # null: never taken back
    warn_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)  # the deadline passed, and it stayed all the same
    held_until = models.DateTimeField(null=True)  # an unconfirmed attempt stops the take-back
    responded_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)  # the lead was closed: no take-back any more
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=10, choices=Ended, blank=True)

    objects: ClassVar[AssignmentQuerySet] = AssignmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(ended_at__isnull=True),
                name="assignments_assignment_one_live",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end_reason="")
                | (Q(ended_at__isnull=False) & ~Q(end_reason="")),
                name="assignments_assignment_end_has_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["respond_by"],
                name="assignments_response_due",
                condition=Q(
                    ended_at__isnull=True,
                    responded_at__isnull=True,
                    stopped_at__isnull=True,
                    overdue_at__isnull=True,
                    respond_by__isnull=False,
                ),
            ),
            # What members hold without an attempt: looked at every second for who went off duty.
            models.Index(
                fields=["member", "pool"],
                name="assignments_untouched",
                condition=Q(
                    ended_at__isnull=True, responded_at__isnull=True, stopped_at__isnull=True
                ),
            ),
            models.Index(
                fields=["warn_at"],
                name="assignments_assignment_warn",
                condition=Q(
                    ended_at__isnull=True,
                    responded_at__isnull=True,
                    warn_at__isnull=False,
                ),
            ),
            models.Index(fields=["member", "-started_at"], name="assignments_of_member"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} → {self.member_id}"
