"""Leads, where they come from and what happened to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.scope import Deed, TeamQuerySet, TeamRow

if TYPE_CHECKING:
    from apps.teams.access import Access


class Source(TeamRow):
    """Where leads come from. Its address holds a token: looked up by hash, shown decrypted."""

    class Kind(models.TextChoices):
        JSON = "json", _("Webhook (JSON or form-encoded)")
        FORM = "form", _("Hosted form")
        IMPORT = "import", _("Import")
        HAND = "hand", _("Typed in")
        API = "api", _("API")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("key"), max_length=60)
    token_hash = models.BinaryField(max_length=32, unique=True, null=True, editable=False)
    token_encrypted = models.TextField(blank=True, editable=False)
    previous_token_hash = models.BinaryField(max_length=32, null=True, editable=False)
    previous_token_until = models.DateTimeField(null=True, editable=False)
    signing_secret_encrypted = models.TextField(blank=True, editable=False)
    # {"field of the lead": "path in the body"}; what is not mapped is guessed by name.
    mapping = models.JSONField(_("mapping"), default=dict, blank=True)
    id_field = models.CharField(_("id field"), max_length=120, blank=True)
    is_active = models.BooleanField(_("on"), default=True)
    is_signed = models.BooleanField(_("signature required"), default=False)
    default_country = models.CharField(_("country"), max_length=2, blank=True)
    campaign = models.CharField(_("campaign"), max_length=200, blank=True)
    allowed_origins = models.JSONField(
        _("origins that may embed the form"), default=list, blank=True
    )
    form_settings = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("source")
        constraints = [
            models.UniqueConstraint(fields=["team", "slug"], name="leads_source_slug_once"),
            models.UniqueConstraint(fields=["team", "id"], name="leads_source_team_id"),
        ]
        indexes = [
            models.Index(
                fields=["previous_token_hash"],
                name="leads_source_rotated",
                condition=Q(previous_token_hash__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StatusKind(models.TextChoices):
    NEW = "new", _("New")
    WORKING = "working", _("Working")
    QUALIFIED = "qualified", _("Qualified")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    DISQUALIFIED = "disqualified", _("Disqualified")


OPEN_KINDS = (StatusKind.NEW, StatusKind.WORKING, StatusKind.QUALIFIED)


class Status(TeamRow):
    """The team's own name for a fixed kind."""

    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(_("kind"), max_length=12, choices=StatusKind)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["position", "id"]
        verbose_name_plural = _("statuses")
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="leads_status_name_once"),
            models.UniqueConstraint(fields=["team", "id"], name="leads_status_team_id"),
        ]

    def __str__(self) -> str:
        return self.name


class CustomField(TeamRow):
    """A typed field of the team's own, stored in `Lead.custom` under `key`."""

    class Type(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        MONEY = "money", _("Money")
        DATE = "date", _("Date")
        CHOICE = "choice", _("Choice")
        SET = "set", _("Several choices")
        YES_NO = "yes_no", _("Yes or no")

    key = models.SlugField(_("key"), max_length=40)
    label = models.CharField(_("label"), max_length=80)
    type = models.CharField(_("type"), max_length=8, choices=Type)
    options = models.JSONField(_("options"), default=list, blank=True)
    is_personal = models.BooleanField(_("personal"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "key"], name="leads_custom_field_key_once"),
        ]

    def __str__(self) -> str:
        return self.label


class LeadQuerySet(TeamQuerySet["Lead"]):
    def visible_to(self, access: Access) -> Self:
        """One's own leads; everyone's and unowned ones with the permission for each."""
        rows = super().visible_to(access).filter(deleted_at__isnull=True)
        if access.can(Permission.SEE_OTHERS):
            return rows
        mine = Q(owner_id=access.member_id)
        if access.can(Permission.SEE_UNASSIGNED):
            mine |= Q(owner__isnull=True)
        return rows.filter(mine)

    def open(self) -> Self:
        return self.filter(status_kind__in=OPEN_KINDS, deleted_at__isnull=True)

    def live(self) -> Self:
        return self.filter(deleted_at__isnull=True)

    def counted(self) -> Self:
        """The cohort of every figure: neither spam nor test, not deleted."""
        return self.filter(deleted_at__isnull=True, is_spam=False, is_test=False)


class Lead(TeamRow):
    """One prospect in one team."""

    class Stage(models.TextChoices):
        """Where the lead stands on its road to a person."""

        NEW = "new", _("being routed")
        HELD = "held", _("held")
        OFFERED = "offered", _("offered")
        OPEN = "open", _("open to claims")
        HOPPER = "hopper", _("in the hopper")
        OWNED = "owned", _("owned")
        MANAGER = "manager", _("with the manager")
        OUT = "out", _("not routed")

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="leads")
    owner = models.ForeignKey(
        Membership,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
    )
    stage = models.CharField(max_length=8, choices=Stage, default=Stage.NEW)
    # Moves with every change of ownership: a timer of an older generation does nothing.
    generation = models.PositiveIntegerField(default=0)
    status = models.ForeignKey(Status, on_delete=models.PROTECT, related_name="+")
    status_kind = models.CharField(max_length=12, choices=StatusKind, default=StatusKind.NEW)

    name = models.CharField(_("name"), max_length=200, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    email_key = models.CharField(max_length=254, blank=True)
    phone = models.CharField(_("phone"), max_length=60, blank=True)
    phone_key = models.CharField(max_length=20, blank=True)
    company = models.CharField(_("company"), max_length=200, blank=True)
    job_title = models.CharField(_("job title"), max_length=200, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    region = models.CharField(_("region"), max_length=120, blank=True)
    city = models.CharField(_("city"), max_length=120, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    language = models.CharField(_("language"), max_length=35, blank=True)
    campaign = models.CharField(_("campaign"), max_length=200, blank=True)
    form = models.CharField(_("form"), max_length=200, blank=True)
    message = models.TextField(_("message"), blank=True)
    facts = models.JSONField(default=dict, blank=True)  # the other standard fields, typed
    custom = models.JSONField(default=dict, blank=True)  # the team's fields, typed by CustomField
    warnings = models.JSONField(default=list, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)

    score = models.SmallIntegerField(null=True, blank=True)
    priority = models.SmallIntegerField(default=0)
    is_test = models.BooleanField(_("test lead"), default=False)
    is_spam = models.BooleanField(_("spam"), default=False)
    do_not_contact = models.BooleanField(_("do not contact"), default=False)
    disqualified_reason = models.CharField(max_length=200, blank=True)
    merge_suggestion = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    received_at = models.DateTimeField(_("received"))
    clock_starts_at = models.DateTimeField(null=True)  # received, or the next opening
    routed_at = models.DateTimeField(null=True)
    offered_at = models.DateTimeField(null=True)
    assigned_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    viewed_at = models.DateTimeField(null=True)
    first_attempt_at = models.DateTimeField(null=True)
    # Received to first attempt within the team's hours as they were then.
    business_response_seconds = models.FloatField(null=True)
    first_contact_at = models.DateTimeField(null=True)
    qualified_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)  # for If-Match: moves with every edit

    objects: ClassVar[LeadQuerySet] = LeadQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-received_at", "-id"]
        verbose_name = _("lead")
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="leads_lead_team_id"),
            models.CheckConstraint(
                condition=Q(stage="owned", owner__isnull=False)
                | (~Q(stage="owned") & (Q(owner__isnull=True) | Q(stage="hopper"))),
                name="leads_lead_owned_has_owner",
            ),
        ]
        indexes = [
            models.Index(fields=["team", "-received_at", "-id"], name="leads_lead_latest"),
            models.Index(
                fields=["team", "email_key"],
                name="leads_lead_email",
                condition=~Q(email_key=""),
            ),
            models.Index(
                fields=["team", "phone_key"],
                name="leads_lead_phone",
                condition=~Q(phone_key=""),
            ),
            models.Index(
                fields=["source", "provider_id"],
                name="leads_lead_provider",
                condition=~Q(provider_id=""),
            ),
            models.Index(fields=["owner", "-received_at"], name="leads_lead_by_owner"),
            models.Index(
                fields=["team", "received_at"],
                name="leads_lead_untouched",
                condition=Q(first_attempt_at__isnull=True, deleted_at__isnull=True)
                & Q(status_kind__in=["new", "working", "qualified"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or str(self.pk)

    @property
    def is_open(self) -> bool:
        return self.status_kind in OPEN_KINDS

    def value(self, key: str) -> Any:
        """A field by its registry key: a column, a fact, or `custom.<key>`; None if missing."""
        if key.startswith("custom."):
            return self.custom.get(key.removeprefix("custom."))
        if key in LEAD_COLUMNS:
            return getattr(self, key) or None
        return self.facts.get(key)


LEAD_COLUMNS = frozenset({
    "name", "email", "phone", "company", "job_title", "country", "region", "city", "postcode",
    "language", "campaign", "form", "message", "score",
})  # fmt: skip


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
        RESTORED = "restored", _("restored")
        DO_NOT_CONTACT = "do_not_contact", _("do not contact")

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
