"""Where leads come from, and what a team calls and asks of them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from apps.teams.scope import TeamRow


class Source(TeamRow):
    """Where leads come from. Its address holds a token: looked up by hash, shown decrypted."""

    class Kind(models.TextChoices):
        JSON = "json", _("Webhook (JSON or form-encoded)")
        FORM = "form", _("Hosted form")
        IMPORT = "import", _("Import")
        HAND = "hand", _("Typed in")
        API = "api", _("API")
        COPY = "copy", _("Another team")

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
    # The team whose copies come in here.
    sender = models.ForeignKey(
        "teams.Team", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("source")
        constraints = [
            models.UniqueConstraint(fields=["team", "slug"], name="leads_source_slug_once"),
            models.UniqueConstraint(fields=["team", "id"], name="leads_source_team_id"),
            models.UniqueConstraint(fields=["team", "sender"], name="leads_source_sender_once"),
            models.CheckConstraint(
                condition=Q(kind="copy", sender__isnull=False)
                | (~Q(kind="copy") & Q(sender__isnull=True)),
                name="leads_source_sender_given",
            ),
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


class InterestGroup(TeamRow):
    """A named segment of leads: a project, a product line.

    A group that was renamed or merged is still found by its former names.
    """

    name = models.CharField(_("name"), max_length=80)
    colour = models.CharField(_("colour"), max_length=7, default="#6b7280")
    former_names = models.JSONField(default=list, blank=True)
    # Its leads and names are that group's now; rules that set this one mean the other.
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    is_active = models.BooleanField(_("in use"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["position", "name", "id"]
        constraints = [
            models.UniqueConstraint(Lower("name"), "team", name="leads_group_name_once"),
            models.UniqueConstraint(fields=["team", "id"], name="leads_group_team_id"),
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
