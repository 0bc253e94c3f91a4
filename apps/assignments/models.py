"""Decisions, offers and assignments: the only record of who owns a lead, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.leads.models import Lead
from apps.rules.models import Pool, Rule, Seat, Variant, Version
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


class OfferQuerySet(TeamQuerySet["Offer"]):
    def visible_to(self, access: Access) -> Self:
        """Offers that were put to one; all of the team's with the permission to see others'."""
        rows = super().visible_to(access).filter(lead__deleted_at__isnull=True)
        if access.can(Permission.SEE_OTHERS):
            return rows
        return rows.filter(candidates__contains=[access.member_id])

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
        return rows.filter(member_id=access.member_id)

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
