"""Agencies, who works there, and what their clients grant them."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from apps.accounts.ids import uuid7
from apps.accounts.models import User, validate_timezone
from apps.teams.models.teams import Team
from apps.teams.permissions import Grant
from apps.teams.scope import Deed, TeamRow


class Agency(models.Model):
    """A company that looks after the teams of its clients, as far as each of them grants."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    timezone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_timezone]
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    # The team whose distribution sends leads to the clients.
    sending_team = models.ForeignKey(
        Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")

    def __str__(self) -> str:
        return self.name


class Operator(models.Model):
    """Somebody who works at an agency."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner: also colleagues and settings")
        OPERATOR = "operator", _("Operator")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="operators")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="operators")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.OPERATOR)
    is_active = models.BooleanField(_("active"), default=True)
    joined_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["user__name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "user"], name="teams_operator_once"),
        ]

    def __str__(self) -> str:
        return str(self.user)


class _Asked(models.Model):
    """An invitation by e-mail; its link holds a token that is stored only as a hash."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail"))
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)  # called back, or declined

    class Meta:
        abstract = True

    def is_open(self, now: datetime) -> bool:
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > now


_OPEN = Q(accepted_at__isnull=True, revoked_at__isnull=True)


class OperatorInvitation(_Asked):
    """Asks somebody to work at an agency."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Operator.Role, default=Operator.Role.OPERATOR)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"), "agency", condition=_OPEN, name="teams_operator_invited_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} → {self.agency}"


class ClientInvitation(_Asked):
    """Asks a company to become a client, and says precisely what the agency wishes to do."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="client_invitations")
    name = models.CharField(_("client"), max_length=120)
    message = models.CharField(_("message"), max_length=500, blank=True)
    # The team that the agency made for the client; empty: the client chooses its own.
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, related_name="+")
    allows = ArrayField(models.CharField(max_length=16, choices=Grant), default=list, blank=True)
    is_masked = models.BooleanField(_("contact details hidden"), default=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.agency} asks {self.email}"


class ClientGrant(TeamRow, Deed):
    """What a client (the team of this row) lets an agency see and do.

    Figures are always granted; the rest is in `allows`. Ended at once by either side; who granted
    what and when is in the team's audit log.
    """

    class Side(models.TextChoices):
        CLIENT = "client", _("the client")
        AGENCY = "agency", _("the agency")

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="grants")
    allows = ArrayField(models.CharField(max_length=16, choices=Grant), default=list, blank=True)
    is_masked = models.BooleanField(_("contact details hidden"), default=True)
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    ended_side = models.CharField(max_length=8, choices=Side, blank=True)
    # How the agency keeps its clients in order; not shown to them.
    group = models.CharField(_("group"), max_length=60, blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    # What the agency was told about this client, by kind: {"slow": ISO, "silent:<source>": ISO}
    warned = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-granted_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="teams_grant_team_id"),
            models.UniqueConstraint(
                fields=["agency", "team"],
                condition=Q(ended_at__isnull=True),
                name="teams_grant_one_live",
            ),
        ]
        indexes = [
            models.Index(fields=["team"], name="teams_grant_of_team"),
        ]

    def __str__(self) -> str:
        return f"{self.team_id} → {self.agency_id}"

    @property
    def is_live(self) -> bool:
        return self.ended_at is None


class AgencyEntry(models.Model):
    """Append-only: what was done in an agency itself, not in a client. Never a personal value."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="entries")
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    action = models.CharField(max_length=60)
    target_label = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["agency", "-at"], name="teams_agency_entry_latest")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"
