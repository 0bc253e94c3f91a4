"""The points table: what a lead is worth, line by line."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.teams.scope import TeamRow


class ScoreLine(TeamRow):
    """Points for a lead that meets the conditions. Points of the lines add up to the score."""

    position = models.PositiveIntegerField(default=0)
    name = models.CharField(_("name"), max_length=120)
    conditions = models.JSONField(default=dict, blank=True)
    points = models.SmallIntegerField(_("points"))
    # Half of the points are left after this many days since the lead was received.
    half_life_days = models.PositiveSmallIntegerField(
        _("halved every (days)"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    is_active = models.BooleanField(_("on"), default=True)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"{self.name} {self.points:+d}"
