"""Alerts: the row is the truth; websocket, push and e-mail only announce it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.ids import uuid7
from apps.accounts.models import User
from apps.teams.scope import TeamQuerySet, TeamRow

if TYPE_CHECKING:
    from apps.teams.access import Access


class Kind(models.TextChoices):
    ASSIGNED = "lead.assigned", _("A lead is yours")
    OFFERED = "lead.offered", _("A lead is offered to you")
    OPEN = "lead.open", _("A lead is open to claim")
    CLAIMED = "lead.claimed", _("A lead was claimed")
    WITHDRAWN = "lead.withdrawn", _("An offer was withdrawn")
    EXPIRED = "lead.expired", _("An offer expired")
    TAKEN_BACK = "lead.taken_back", _("A lead was taken back")
    REMINDER = "lead.reminder", _("A deadline is near")
    CAME_AGAIN = "lead.came_again", _("A lead came again")
    FOLLOW_UP = "lead.follow_up", _("A follow-up is due")
    HELD = "lead.held", _("A lead is held")
    UNPLACED = "lead.unplaced", _("A lead needs a manager")
    HOPPER = "lead.hopper", _("A lead is in the hopper")
    DELETED = "lead.deleted", _("A lead was deleted")
    ESCALATED = "lead.escalated", _("A lead needs somebody now")
    NOTICE = "lead.notice", _("A rule tells you of a lead")
    REPORTED = "lead.reported", _("A bad lead was reported")
    REPORT_DECIDED = "lead.report_decided", _("Your report was decided")
    COPY = "copy.sent", _("A lead was sent to you")
    COPY_OFFERED = "copy.offered", _("A lead is offered to the team")
    RETURNED = "lead.returned", _("A lead came back")
    DELIVERY_DEAD = "delivery.dead", _("A delivery was given up")
    DISPUTED = "delivery.disputed", _("A recipient returns a lead")
    DISPUTE_DECIDED = "delivery.decided", _("A return was decided")
    RECIPIENT_OFF = "recipient.off", _("A recipient was switched off")
    CAMPAIGN = "recipient.campaign", _("A campaign nears its end")
    AGREEMENT = "agreement.changed", _("A team answered or ended an agreement")
    REQUESTED = "request.made", _("A member asks for something")
    REQUEST_DECIDED = "request.decided", _("Your request was decided")
    NUDGE = "lead.nudge", _("A manager reminds you of a lead")
    GRANT = "grant.changed", _("What an agency may do has changed")
    CLIENT = "client.warning", _("A client needs a look")
    JOINED = "member.joined", _("Somebody joined the team")


# Worth an e-mail; the rest only keeps pages right.
MAILED = (
    Kind.ASSIGNED, Kind.OFFERED, Kind.OPEN, Kind.TAKEN_BACK, Kind.HELD, Kind.UNPLACED,
    Kind.CAME_AGAIN, Kind.FOLLOW_UP, Kind.ESCALATED, Kind.NOTICE, Kind.REPORTED,
    Kind.REPORT_DECIDED, Kind.COPY_OFFERED, Kind.RETURNED, Kind.DELIVERY_DEAD, Kind.DISPUTED,
    Kind.DISPUTE_DECIDED, Kind.RECIPIENT_OFF, Kind.CAMPAIGN, Kind.AGREEMENT,
    Kind.REQUESTED, Kind.REQUEST_DECIDED, Kind.NUDGE, Kind.GRANT, Kind.CLIENT,
)  # fmt: skip
# Told at once, whatever hours somebody wants to be left alone in: a clock runs.
URGENT = (
    Kind.OFFERED, Kind.OPEN, Kind.ASSIGNED, Kind.REMINDER, Kind.ESCALATED, Kind.COPY_OFFERED,
)  # fmt: skip
# Worth a buzz of the phone: what asks for a person's hand. E-mail tells the rest.
PUSHED = (
    *URGENT, Kind.TAKEN_BACK, Kind.CAME_AGAIN, Kind.FOLLOW_UP, Kind.HELD, Kind.UNPLACED,
    Kind.NOTICE, Kind.NUDGE, Kind.REQUESTED, Kind.REQUEST_DECIDED, Kind.RECIPIENT_OFF,
)  # fmt: skip
# Shown in the list and counted in the badge.
# A copy for a member has an e-mail of its own.
LISTED = (*MAILED, Kind.REMINDER, Kind.EXPIRED, Kind.COPY, Kind.JOINED)
# Their `data["reason"]` is a sentence, not a code.
WORDED = (Kind.DELIVERY_DEAD, Kind.RECIPIENT_OFF, Kind.AGREEMENT, Kind.GRANT, Kind.JOINED)


class AlertQuerySet(TeamQuerySet["Alert"]):
    def visible_to(self, access: Access) -> Self:
        return super().visible_to(access).filter(user_id=access.actor_id)

    def listed(self) -> Self:
        return self.filter(kind__in=LISTED)


class Alert(TeamRow):
    """One row for one user. Numbered per user only after the commit (announcer).

    `data` holds ids, deadlines and masked words; never a personal value.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=20, choices=Kind)
    lead_id = models.UUIDField(null=True)
    offer_id = models.UUIDField(null=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    seq = models.PositiveBigIntegerField(null=True)
    read_at = models.DateTimeField(null=True)
    email_due = models.BooleanField(default=False)
    email_after = models.DateTimeField(null=True)  # its person's quiet hours end then
    emailed_at = models.DateTimeField(null=True)

    objects: ClassVar[AlertQuerySet] = AlertQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "seq"], name="alerts_alert_seq_once"),
        ]
        indexes = [
            models.Index(
                fields=["user"],
                name="alerts_alert_unnumbered",
                condition=Q(seq__isnull=True),
            ),
            models.Index(
                fields=["created_at"],
                name="alerts_alert_email_due",
                condition=Q(email_due=True, emailed_at__isnull=True),
            ),
            models.Index(fields=["team", "user", "-created_at"], name="alerts_alert_latest"),
            models.Index(fields=["lead_id"], name="alerts_alert_of_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"

    def frame(self, team_slug: str) -> dict[str, Any]:
        """What the websocket says about it."""
        return {
            "type": "alert",
            "seq": self.seq,
            "id": str(self.pk),
            "kind": self.kind,
            "team": team_slug,
            "lead": str(self.lead_id) if self.lead_id else None,
            "offer": str(self.offer_id) if self.offer_id else None,
            "at": self.created_at.isoformat(),
            "data": self.data,
        }


class AlertCounter(models.Model):
    """The last number given to a user's alerts, and from when on she may be mailed again.

    Its row is the lock of the numbering and of the mailing.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="+")
    last_seq = models.PositiveBigIntegerField(default=0)
    mail_after = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.user_id}: {self.last_seq}"


class PushSubscription(models.Model):
    """A browser that buzzes for somebody (web push), as long as its session is signed in.

    It is behind while `told_seq` is less than her counter's last number.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    endpoint = models.CharField(max_length=500, unique=True)
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=40)
    session_key = models.CharField(max_length=40)
    session_hash = models.CharField(max_length=128)
    words = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    told_seq = models.PositiveBigIntegerField()
    next_try_at = models.DateTimeField(null=True)  # claimed, or its push service failed
    failures = models.PositiveSmallIntegerField(default=0)  # in a row

    def __str__(self) -> str:
        return f"{self.words} of {self.user_id}"


class PushKey(models.Model):
    """The site's own key for web push, the only row."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    private_encrypted = models.TextField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="alerts_pushkey_only_one")]

    def __str__(self) -> str:
        return "The key for web push"


class RelayHeartbeat(models.Model):
    """When each relay process was last alive."""

    name = models.CharField(max_length=120, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.beat_at:%H:%M:%S}"
