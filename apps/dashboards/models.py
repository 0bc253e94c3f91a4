"""What leads cost. Figures themselves are counted, and kept in tables that can be rebuilt."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.leads.models import Source
from apps.teams.scope import Deed, TeamRow


class Cost(TeamRow, Deed):
    """Money spent on a source or a campaign over some days, spread evenly over them."""

    source = models.ForeignKey(
        Source, on_delete=models.CASCADE, null=True, blank=True, related_name="costs"
    )
    campaign = models.CharField(_("campaign"), max_length=200, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    amount_minor = models.PositiveBigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-ends_on", "-id"]
        verbose_name = _("cost")
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="dashboards_cost_team_id"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="dashboards_cost_has_days"
            ),
            models.CheckConstraint(
                condition=Q(source__isnull=False) | ~Q(campaign=""),
                name="dashboards_cost_of_something",
            ),
            # The same row of a file again is no second cost.
            models.UniqueConstraint(
                fields=["team", "source", "campaign", "starts_on", "ends_on"],
                nulls_distinct=False,
                name="dashboards_cost_once",
            ),
        ]
        indexes = [models.Index(fields=["team", "ends_on"], name="dashboards_cost_by_day")]

    def __str__(self) -> str:
        return f"{self.campaign or self.source_id} {self.starts_on} – {self.ends_on}"
