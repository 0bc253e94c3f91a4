"""What happened to a lead and what is to be done: timeline, attempts, follow-ups."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.leads.models.leads import Lead
from apps.teams.models import Membership
from apps.teams.scope import Deed, TeamRow


class Channel(models.TextChoices):
    CALL = "call", _("Call")
    WHATSAPP = "whatsapp", _("WhatsApp")
    SMS = "sms", _("SMS")
    EMAIL = "email", _("E-mail")


class Outcome(models.TextChoices):
    TALKED = "talked", _("We talked")
    NO_ANSWER = "no_answer", _("No answer")
    VOICEMAIL = "voicemail", _("Voicemail")
    WRONG_NUMBER = "wrong_number", _("Wrong number")
    SENT = "sent", _("Sent")
    REPLIED = "replied", _("They replied")
    MISDIAL = "misdial", _("It was a misdial")


class Activity(TeamRow, Deed):
    """Append-only: one line of a lead's timeline."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("received")
        ATTACHED = "attached", _("came again")
        ROUTED = "routed", _("routed")
        OFFERED = "offered", _("offered")
        OPENED = "opened", _("opened to claims")
        ASSIGNED = "assigned", _("assigned")
        CLAIMED = "claimed", _("claimed")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        EXPIRED = "expired", _("expired")
        TAKEN_BACK = "taken_back", _("taken back")
        RELEASED = "released", _("released")
        REASSIGNED = "reassigned", _("reassigned")
        HOPPER = "hopper", _("put into the hopper")
        HELD = "held", _("held")
        MANAGER = "manager", _("with the manager")
        DISQUALIFIED = "disqualified", _("disqualified")
        ATTEMPT = "attempt", _("attempt")
        OUTCOME = "outcome", _("outcome")
        CONTACT = "contact", _("contact")
        STATUS = "status", _("status")
        NOTE = "note", _("note")
        FOLLOW_UP = "follow_up", _("follow-up")
        FOLLOW_UP_DONE = "follow_up_done", _("follow-up done")
        EDITED = "edited", _("edited")
        DELETED = "deleted", _("deleted")
        MERGED = "merged", _("merged")
        SCORED = "scored", _("scored")
        ENRICHED = "enriched", _("facts added")
        GROUPED = "grouped", _("interest groups")
        REPORTED = "reported", _("reported as a bad lead")
        REPORT_DECIDED = "report_decided", _("report decided")
        PUT_BACK = "put_back", _("put back")
        HANDED_BACK = "handed_back", _("handed back")
        RULE = "rule", _("changed by a rule")
        HEARD = "heard", _("did something")
        RESTORED = "restored", _("restored")
        DO_NOT_CONTACT = "do_not_contact", _("do not contact")
        COPIED = "copied", _("sent to recipients")
        CAME_BACK = "came_back", _("came back")
        DISPUTED = "disputed", _("returned to its sender")
        REMINDED = "reminded", _("its owner was reminded")

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="activities", db_index=False
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=16, choices=Kind)
    member = models.ForeignKey(
        Membership,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = _("activities")
        indexes = [models.Index(fields=["lead", "-at"], name="leads_activity_of_lead")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind}"


class Attempt(TeamRow, Deed):
    """A human outbound call, message or e-mail; it counts from the tap once confirmed."""

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="attempts", db_index=False
    )
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="attempts")
    channel = models.CharField(max_length=8, choices=Channel)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    script_id = models.UUIDField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["lead", "at"], name="leads_attempt_of_lead"),
            models.Index(
                fields=["member", "-at"],
                name="leads_attempt_unconfirmed",
                condition=Q(confirmed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.at:%Y-%m-%d %H:%M}"

    @property
    def counts(self) -> bool:
        return self.confirmed_at is not None and self.outcome != Outcome.MISDIAL


class FollowUp(TeamRow, Deed):
    """What a member wants to do next with a lead, and by when."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="follow_ups")
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="follow_ups")
    due_at = models.DateTimeField()
    channel = models.CharField(max_length=8, choices=Channel, blank=True)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(done_at__isnull=True, cancelled_at__isnull=True),
                name="leads_follow_up_one_open",
            ),
        ]
        indexes = [
            models.Index(
                fields=["member", "due_at"],
                name="leads_follow_up_open",
                condition=Q(done_at__isnull=True, cancelled_at__isnull=True),
            ),
            models.Index(
                fields=["due_at"],
                name="leads_follow_up_due",
                condition=Q(
                    done_at__isnull=True,
                    cancelled_at__isnull=True,
                    reminded_at__isnull=True,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.due_at:%Y-%m-%d %H:%M}"


class LeadEvent(TeamRow):
    """Something that rules may ask for happened to a lead; written with it, handled once.

    The row is the outbox: whoever changes a lead writes it in the same transaction, and
    assignments asks the rule sets of that trigger about it.
    """

    class Kind(models.TextChoices):
        CHANGED = "changed", _("changed")
        ACTIVITY = "activity", _("did something")
        SILENT = "silent", _("was silent")

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=8, choices=Kind)
    # CHANGED: {"fields": [keys], "score": [before, after]}; ACTIVITY: {"event": name};
    # SILENT: {"rule_set": id, "days": n}
    data = models.JSONField(default=dict)
    at = models.DateTimeField()
    # Silence is told once for each set and each time of hearing from the lead.
    once = models.CharField(max_length=120, blank=True)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "once"], condition=~Q(once=""), name="leads_event_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["at"], name="leads_event_waiting", condition=Q(handled_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} {self.kind}"


class KnownApart(TeamRow, Deed):
    """Somebody looked at two leads and said that they are not the same: never suggested again.

    `first` has the lower id, so that a pair has one row.
    """

    first = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="leads_apart_once"),
            models.CheckConstraint(
                condition=Q(first_id__lt=models.F("second_id")), name="leads_apart_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} is not {self.second_id}"
