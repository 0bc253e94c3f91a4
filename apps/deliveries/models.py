"""Copies of leads on their way to recipients, and the proof that they arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Least
from django.utils.translation import gettext_lazy as _

from apps.leads.models import Lead
from apps.rules.models import (
    Recipient,
    RecipientPool,
    RecipientTurn,
    Rule,
    Version,
)
from apps.teams.models import Team
from apps.teams.permissions import Permission
from apps.teams.scope import Deed, Row, TeamQuerySet, TeamRow

if TYPE_CHECKING:
    from apps.teams.access import Access


class ManagersQuerySet(TeamQuerySet[Row]):
    """What only those see who see how leads are routed."""

    def visible_to(self, access: Access) -> Self:
        rows = super().visible_to(access)
        return rows if access.can(Permission.SEE_ROUTING) else rows.none()


class Distribution(TeamRow, Deed):
    """Append-only: what the distribution rules made of a lead, or who sent it by hand, and why.

    `trace` is {"rules": as in Decision, "ruled_out": n, "facts": {…}, "steps": [one a rule that
    sent: {"rule": id, "name", "n", "stops", "keeps_out", "pool": Choice.to_trace() or null,
    "recipients": [{"id", "name", "skip": null or why, "skip_until"}]}]}: ids and rule facts,
    never a personal value.
    """

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="distributions", db_index=False
    )
    at = models.DateTimeField()
    version = models.ForeignKey(
        Version, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    trace = models.JSONField(default=dict)
    keeps_out = models.BooleanField(default=False)  # the lead stays out of the sender's team
    # Kept out, but every copy died or was refused: it entered the sender's rules then.
    returned_at = models.DateTimeField(null=True)

    objects: ClassVar[ManagersQuerySet[Distribution]] = ManagersQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="deliveries_distribution_team_id"),
        ]
        indexes = [
            models.Index(fields=["lead", "-at"], name="deliveries_of_lead"),
            # Leads that may have to come back.
            models.Index(
                fields=["at"],
                name="deliveries_kept_out",
                condition=Q(keeps_out=True, returned_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} at {self.at:%Y-%m-%d %H:%M:%S}"


class Delivery(TeamRow):
    """One copy of a lead for one recipient, and how far it came.

    The id is what the recipient tells repetitions by. What is due stands in `next_attempt_at`;
    whoever works at it holds it until `locked_until`.
    """

    class State(models.TextChoices):
        OFFERED = "offered", _("offered")  # to several: the first to accept gets it
        QUEUED = "queued", _("queued")
        FAILED = "failed", _("failed, will be tried again")
        SENT = "sent", _("sent")  # handed over; whether it arrived is not known
        DELIVERED = "delivered", _("delivered")
        OPENED = "opened", _("opened")
        DEAD = "dead", _("given up")
        REFUSED = "refused", _("refused")  # by the recipient's team: `reason` says why
        WITHDRAWN = "withdrawn", _("withdrawn")  # the offer went to another, or was called back

    distribution = models.ForeignKey(
        Distribution, on_delete=models.CASCADE, related_name="deliveries"
    )
    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    recipient = models.ForeignKey(
        Recipient, on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    rule = models.ForeignKey(
        Rule, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    pool = models.ForeignKey(
        RecipientPool, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    turn = models.ForeignKey(
        RecipientTurn, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=8, choices=Recipient.Kind)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    # The copy, exactly as it goes out: what the recipient may get, under its names.
    payload = models.JSONField(default=dict)
    # The teams that the lead went through, this one last.
    path = ArrayField(models.UUIDField(), default=list)
    root_id = models.UUIDField()  # the lead that it was in the first of them
    campaign = models.CharField(max_length=120, blank=True)
    price_minor = models.PositiveBigIntegerField(default=0)
    currency = models.CharField(max_length=3, default="EUR")
    queued_at = models.DateTimeField()
    offered_until = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)
    attempts_made = models.PositiveSmallIntegerField(default=0)
    first_attempt_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # dead, refused or withdrawn since then
    reason = models.CharField(max_length=300, blank=True)
    replayed_at = models.DateTimeField(null=True)

    objects: ClassVar[ManagersQuerySet[Delivery]] = ManagersQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-queued_at", "-id"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="deliveries_delivery_team_id"),
            # Two rules may name the same recipient: it gets one copy.
            models.UniqueConstraint(fields=["lead", "recipient"], name="deliveries_copy_once"),
        ]
        indexes = [
            models.Index(fields=["team", "-queued_at", "-id"], name="deliveries_latest"),
            models.Index(
                fields=["team", "recipient", "-queued_at", "-id"], name="deliveries_of_recipient"
            ),
            models.Index(fields=["team", "state", "-queued_at", "-id"], name="deliveries_by_state"),
            models.Index(
                fields=["next_attempt_at"],
                name="deliveries_due",
                condition=Q(
                    state__in=["offered", "queued", "failed"], next_attempt_at__isnull=False
                ),
            ),
            models.Index(
                fields=["recipient", "next_attempt_at"],
                name="deliveries_due_of_recipient",
                condition=Q(
                    state__in=["offered", "queued", "failed"], next_attempt_at__isnull=False
                ),
            ),
            # Statements: what arrived when.
            models.Index(
                F("team"),
                Least("delivered_at", "sent_at"),
                name="deliveries_arrived",
                condition=Q(state__in=["sent", "delivered", "opened"]),
            ),
            models.Index(
                fields=["offered_until"],
                name="deliveries_offered",
                condition=Q(state="offered"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} → {self.recipient_id}: {self.state}"


ARRIVED = (Delivery.State.SENT, Delivery.State.DELIVERED, Delivery.State.OPENED)
WAITING = (Delivery.State.QUEUED, Delivery.State.FAILED, Delivery.State.OFFERED)
ENDED = (Delivery.State.DEAD, Delivery.State.REFUSED, Delivery.State.WITHDRAWN)


class DeliveryAttempt(TeamRow):
    """Append-only: one try to hand a copy over, and what came back."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status_code = models.PositiveSmallIntegerField(null=True)
    is_success = models.BooleanField()
    error = models.CharField(max_length=300, blank=True)
    answer = models.CharField(max_length=1000, blank=True)  # the beginning of what it said

    class Meta:
        ordering = ["number", "id"]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="deliveries_attempt_once"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} #{self.number}"


class Dispute(TeamRow):
    """A recipient returns a lead; the sender decides. One a delivery."""

    class Reason(models.TextChoices):
        WRONG_NUMBER = "wrong_number", _("wrong number or address")
        DUPLICATE = "duplicate", _("we had it already")
        OUT_OF_AREA = "out_of_area", _("out of our area")
        SPAM = "spam", _("spam or a joke")
        OTHER = "other", _("something else")

    class State(models.TextChoices):
        OPEN = "open", _("waits for the sender")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="dispute")
    recipient = models.ForeignKey(
        Recipient, on_delete=models.PROTECT, related_name="disputes", db_index=False
    )
    reason = models.CharField(max_length=16, choices=Reason)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    # Who says so: somebody of the recipient's team, or whoever had the link.
    by_user = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    by_name = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    answer = models.CharField(max_length=500, blank=True)
    gave_back = models.BooleanField(default=False)  # a turn, or a place of its caps and quota

    objects: ClassVar[ManagersQuerySet[Dispute]] = ManagersQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="deliveries_dispute_team_id"),
        ]
        indexes = [
            models.Index(fields=["team", "state", "-at"], name="deliveries_dispute_by_state"),
            models.Index(fields=["recipient", "-at"], name="deliveries_dispute_of_recip"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.reason}"


class Arrival(TeamRow):
    """A copy that came from another team; a row of the team that got it.

    `delivery_id` is the sender's row: known by id alone, for rows join no two teams.
    """

    sender = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    delivery_id = models.UUIDField(unique=True)
    root_id = models.UUIDField()
    path = ArrayField(models.UUIDField(), default=list)  # of teams, the sender last
    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, null=True, related_name="arrivals", db_index=False
    )
    arrived_at = models.DateTimeField()

    class Meta:
        ordering = ["-arrived_at", "-id"]
        constraints = [
            # A team never gets a lead that it had.
            models.UniqueConstraint(fields=["team", "root_id"], name="deliveries_arrival_once"),
        ]
        indexes = [
            models.Index(fields=["lead"], name="deliveries_arrival_of_lead"),
            models.Index(
                fields=["team", "sender", "-arrived_at"], name="deliveries_arrival_latest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} at {self.arrived_at:%Y-%m-%d %H:%M:%S}"
