"""What leads cost, and Monday’s mails. Figures are counted, and kept in tables to be rebuilt."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.dashboards.weekly.models import WeeklyMail
from apps.leads.models import Source
from apps.teams.scope import Deed, TeamRow

__all__ = ["Cost", "KeptDay", "TouchedSpan", "WeeklyMail"]


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

    @property
    def label(self) -> str:
        """What it was spent on. Needs `source` loaded."""
        return self.campaign or (self.source.name if self.source else "")


class KeptDay(TeamRow):
    """The leads of one local day of a team in columns, for figures over many days.

    A lead is one place in each column, in the order received; `keys` lists what the codes of
    a column stand for. Written by `refreshing` alone, from `columns`; can be rebuilt at any time.
    """

    day = models.DateField()
    timezone = models.CharField(max_length=64)  # whose midnight began the day
    leads = models.PositiveIntegerField()
    active_at = models.DateTimeField(null=True)  # the last thing that happened to one of them
    # {"source": [id, …], "campaign": [text, …], …}
    keys = models.JSONField(default=dict)
    received = models.BinaryField()  # microseconds since 1970
    wait = models.BinaryField()  # seconds to the first attempt, infinite without one
    business_wait = models.BinaryField()
    routing = models.BinaryField()  # seconds from received to assigned, or NaN
    claim = models.BinaryField()  # seconds from offered to claimed, or NaN
    hour = models.BinaryField()
    state = models.BinaryField()  # the kind of status, and what it was at some time
    source = models.BinaryField()
    owner = models.BinaryField()
    campaign = models.BinaryField()
    form = models.BinaryField()
    pool = models.BinaryField()
    rule = models.BinaryField()  # its key, which is the same through all versions
    # A lead may be of many interest groups, and many may have had it: pairs of places and codes.
    group_lead = models.BinaryField()
    group = models.BinaryField()
    served_lead = models.BinaryField()
    member = models.BinaryField()
    took = models.BinaryField()  # seconds from assignment to the member's attempt, or infinite
    respond_by = models.BinaryField()  # microseconds since 1970, or 0
    started = models.BinaryField()
    ended = models.BinaryField()  # 0: not ended, 1: by a timeout, 2: otherwise
    # Of the won ones: minor units (-1: unknown), everybody who had it or tried, their touches.
    won_lead = models.BinaryField()
    worth = models.BinaryField()
    people = models.BinaryField()
    touches = models.BinaryField()
    closer = models.BinaryField()  # the member who set it won, or the owner
    # The turns of the day, whichever leads they were about: a row for each seat.
    seat = models.BinaryField()
    gained = models.BinaryField()  # nano-turns, less what it paid
    taken = models.BinaryField()

    class Meta:
        ordering = ["team", "day"]
        constraints = [
            models.UniqueConstraint(fields=["team", "day"], name="dashboards_kept_day_once"),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.leads}"


class TouchedSpan(models.Model):
    """Something of a team changed between two moments: their days are to be redone.

    Leads that were received then, or turns that were taken then.

    Written by triggers, in the transaction of the change; taken away with the redone day. Not a
    row of a team: no key is checked, for it is written on the hot path. Without moments it means
    all days of the team.
    """

    id = models.BigAutoField(primary_key=True)
    of_team = models.UUIDField()
    received_from = models.DateTimeField(null=True)
    received_to = models.DateTimeField(null=True)
    touched_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["of_team"], name="dashboards_touched_team")]

    def __str__(self) -> str:
        return f"{self.of_team} {self.received_from} – {self.received_to}"
