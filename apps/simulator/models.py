"""Runs of the simulator: what was tried on which leads, how far it is, and what came of it.

Nothing here is read by routing, and a run writes to these tables alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.leads.models import Lead, Source
from apps.teams.permissions import Permission
from apps.teams.scope import Deed, TeamQuerySet, TeamRow

if TYPE_CHECKING:
    from apps.teams.access import Access


class SimulationQuerySet(TeamQuerySet["Simulation"]):
    def visible_to(self, access: Access) -> Self:
        rows = super().visible_to(access)
        return rows if access.can(Permission.SEE_ROUTING) else rows.none()


class Simulation(TeamRow, Deed):
    """One run over past leads or over those of a file."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for a worker")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    # In words, as it was chosen: "Draft", "Version 4", "Pool DACH changed".
    name = models.CharField(max_length=200)
    # The rules and the changed pools exactly as they are tried, so that a run can be repeated
    # after the draft went on: {"after": {"rules": …, "pools": …}, "before": …}.
    trial = models.JSONField(default=dict)
    seed = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    source = models.ForeignKey(Source, on_delete=models.SET_NULL, null=True, related_name="+")
    file_name = models.CharField(max_length=255, blank=True)
    body = models.BinaryField(default=b"")

    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # Moved by the worker while it runs: one that stopped moving is taken over.
    seen_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    leads_total = models.PositiveIntegerField(default=0)
    leads_done = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=500, blank=True)
    # What was assumed and what came of it, as simulator.summary writes it.
    result = models.JSONField(default=dict)

    objects: ClassVar[SimulationQuerySet] = SimulationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="simulator_simulation_team_id"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")),
                name="simulator_simulation_has_length",
            ),
        ]
        indexes = [
            models.Index(fields=["team", "-created_at"], name="simulator_latest"),
            models.Index(
                fields=["seen_at"],
                name="simulator_unfinished",
                condition=Q(state__in=["waiting", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)


class SimulatedLeadQuerySet(TeamQuerySet["SimulatedLead"]):
    def visible_to(self, access: Access) -> Self:
        rows = super().visible_to(access)
        return rows if access.can(Permission.SEE_ROUTING) else rows.none()


class SimulatedLead(TeamRow):
    """Where one lead would have gone; `was_…` is the same by what is live.

    Members and pools are ids without keys: what a run said stays when they go.
    """

    simulation = models.ForeignKey(
        Simulation, on_delete=models.CASCADE, related_name="leads", db_index=False
    )
    number = models.PositiveIntegerField()  # in order of arrival, from 1; of a file, its row
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=12)
    rule = models.PositiveIntegerField(null=True)
    pool_id = models.UUIDField(null=True)
    member_id = models.UUIDField(null=True)
    hops = models.PositiveSmallIntegerField(default=0)
    waited = models.FloatField(null=True)  # seconds from arrival to the owner
    was_outcome = models.CharField(max_length=12)
    was_rule = models.PositiveIntegerField(null=True)
    was_pool_id = models.UUIDField(null=True)
    was_member_id = models.UUIDField(null=True)
    was_hops = models.PositiveSmallIntegerField(default=0)
    was_waited = models.FloatField(null=True)
    moves = models.BooleanField(default=False)
    # Every decision about it, asked for by whoever looks at the lead: {"after": […], "before": …}.
    trace = models.JSONField(null=True)

    objects: ClassVar[SimulatedLeadQuerySet] = SimulatedLeadQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["simulation", "number"], name="simulator_lead_once"),
        ]
        indexes = [
            models.Index(
                fields=["simulation", "number"],
                name="simulator_lead_moves",
                condition=Q(moves=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.outcome}"
