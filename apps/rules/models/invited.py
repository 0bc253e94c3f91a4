"""Where somebody who is invited will sit."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.rules.models.pools import Pool
from apps.teams.models import Invitation
from apps.teams.scope import TeamRow


class InvitedSeat(TeamRow):
    """A seat that comes with an invitation: hers in this pool once she accepts it."""

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="seats")
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="+")
    weight = models.PositiveIntegerField(_("weight"), default=1, validators=[MinValueValidator(1)])

    class Meta:
        ordering = ["pool__name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["invitation", "pool"], name="rules_invited_once_a_pool"
            ),
            models.CheckConstraint(
                condition=models.Q(weight__gte=1), name="rules_invited_weight_from_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invitation_id}: {self.pool} × {self.weight}"
