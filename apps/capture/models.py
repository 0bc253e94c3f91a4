"""The inbox: every submission exactly as received, and imports."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.leads.models import Lead, Source
from apps.teams.models import Membership
from apps.teams.scope import Deed, TeamRow


class Capture(TeamRow):
    """One inbound submission. The body never changes; the state says what became of it."""

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        DONE = "done", _("done")
        QUARANTINED = "quarantined", _("quarantined")
        FAILED = "failed", _("failed, will be retried")

    class Outcome(models.TextChoices):
        ASSIGNED = "assigned", _("assigned")
        OFFERED = "offered", _("offered")
        OPEN = "open", _("open to claims")
        HOPPER = "hopper", _("in the hopper")
        HELD = "held", _("held")
        DUPLICATE = "duplicate", _("duplicate")
        DISQUALIFIED = "disqualified", _("disqualified")
        QUARANTINED = "quarantined", _("quarantined")
        TEST = "test", _("test")
        DISTRIBUTED = "distributed", _("sent to recipients only")

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="captures")
    received_at = models.DateTimeField()
    body = models.BinaryField()
    content_type = models.CharField(max_length=200, blank=True)
    body_hash = models.BinaryField(max_length=32)
    key = models.CharField(max_length=255, null=True, blank=True)
    door = models.CharField(max_length=10)
    is_test = models.BooleanField(default=False)  # sent as a test (?test=1)
    state = models.CharField(max_length=12, choices=State, default=State.RECEIVED)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    lead = models.ForeignKey(
        Lead, on_delete=models.SET_NULL, null=True, blank=True, related_name="captures"
    )
    answer = models.JSONField(null=True)
    status_code = models.PositiveSmallIntegerField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    replayed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "key"],
                condition=Q(key__isnull=False),
                name="capture_capture_key_once",
            ),
        ]
        indexes = [
            models.Index(fields=["team", "-received_at", "-id"], name="capture_capture_latest"),
            models.Index(
                fields=["team", "-received_at"],
                name="capture_quarantined",
                condition=Q(state__in=["quarantined", "failed"]),
            ),
            models.Index(
                fields=["next_try_at"],
                name="capture_to_retry",
                condition=Q(state__in=["failed", "received"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.received_at:%Y-%m-%d %H:%M:%S} {self.state}"


class Import(TeamRow, Deed):
    """One uploaded file: its columns, its mapping and its report."""

    class State(models.TextChoices):
        MAPPING = "mapping", _("to be mapped")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="imports")
    membership = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True)
    file_name = models.CharField(max_length=255)
    file_hash = models.BinaryField(max_length=32)
    body = models.BinaryField()
    encoding = models.CharField(max_length=40, blank=True)
    delimiter = models.CharField(max_length=1, blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.MAPPING)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict, blank=True)
    failure = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="capture_import_team_id"),
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportRow(TeamRow):
    """What became of one row that needs a look: refused, or taken with a warning."""

    class Outcome(models.TextChoices):
        REFUSED = "refused", _("refused")
        WARNED = "warned", _("taken, with a warning")

    run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    reason = models.CharField(max_length=500)
    cells = models.JSONField()

    class Meta:
        ordering = ["number", "id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="capture_import_row_once"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.reason}"
