"""Invitations, keys to the API, and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.teams.models.members import Membership
from apps.teams.permissions import Role
from apps.teams.scope import Deed, TeamRow

if TYPE_CHECKING:
    pass


class Invitation(TeamRow, Deed):
    """An invitation by e-mail. The link holds a token that is stored only as a hash."""

    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=12, choices=Role, default=Role.SALESPERSON)
    # What she is from her first moment on, beside the role.
    switches = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    title = models.CharField(_("job title"), max_length=120, blank=True)
    hours = models.JSONField(_("working hours"), null=True, blank=True)  # empty: the team's
    # [{"skill": id, "name": as it was called then, "level": 1 to 5}]; pools: see rules.
    skills = models.JSONField(_("skills"), default=list, blank=True)
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                "team",
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="teams_invitation_one_open",
            ),
            models.UniqueConstraint(fields=["team", "id"], name="teams_invitation_team_id"),
        ]

    def __str__(self) -> str:
        return f"{self.email} → {self.team}"

    def is_open(self, now: datetime) -> bool:
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > now


class ApiToken(TeamRow):
    """A member's key to the API: shown once, stored as a hash."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80)
    token_hash = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=8)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


class AuditEntry(TeamRow, Deed):
    """Append-only: who did what to which thing. Never a personal value of a lead."""

    at = models.DateTimeField()
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=60)
    target_id = models.UUIDField(null=True)
    target_label = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    token_id = models.UUIDField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = _("audit log")
        indexes = [models.Index(fields=["team", "-at"], name="teams_audit_latest")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"
