"""The mail of Monday: one a person, team and week."""

from __future__ import annotations

from django.db import models

from apps.teams.models import Membership
from apps.teams.posting import Posted


class WeeklyMail(Posted):
    """What a manager or admin reads on Monday of the week that is over."""

    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="weekly_mails"
    )
    week = models.DateField()  # the Monday on which it is sent

    class Meta:
        ordering = ["-week", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["membership", "week"], name="dashboards_weekly_once"),
        ]
        indexes = [
            models.Index(fields=["try_at"], name="dashboards_weekly_due", condition=Posted.WAITING),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} on {self.week}"
