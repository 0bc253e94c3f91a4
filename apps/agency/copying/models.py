"""Runs that copy rules and pools to clients: what is copied, to whom, and what came of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.ids import uuid7
from apps.accounts.models import User
from apps.teams.models import Agency, ClientGrant, Team


class CopyRun(models.Model):
    """What somebody of an agency copies, as it was when she looked at the preview."""

    class State(models.TextChoices):
        PREVIEW = "preview", _("preview")
        WORKING = "working", _("copying")
        DONE = "done", _("done")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="copy_runs")
    started_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    source = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    # The rules and pools with the names of what they point to, as in `copying.content`.
    content = models.JSONField()
    publishes = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.PREVIEW)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["agency", "started_by", "-created_at"], name="agency_copy_latest"),
            models.Index(
                fields=["created_at"], name="agency_copy_working", condition=Q(state="working")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_preview(self) -> bool:
        return self.state == self.State.PREVIEW

    @property
    def is_working(self) -> bool:
        return self.state == self.State.WORKING


class CopyTarget(models.Model):
    """One client of a run: what would happen there, what was chosen, what happened."""

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        WAITING = "waiting", _("waiting")
        DONE = "done", _("copied")
        REFUSED = "refused", _("not copied")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    run = models.ForeignKey(CopyRun, on_delete=models.CASCADE, related_name="targets")
    grant = models.ForeignKey(ClientGrant, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    plan = models.JSONField(default=list)  # of `copying.planning`
    # Of the client's rules and of the plan: another one means that they changed since.
    fingerprint = models.CharField(max_length=64)
    choices = models.JSONField(default=dict, blank=True)  # {"<key of an item>": "skip", …}
    result = models.JSONField(default=dict, blank=True)  # of `copying.applying`
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "grant"], name="agency_copy_once_a_client"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} → {self.grant_id}"
