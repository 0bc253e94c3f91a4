"""The one scoped way to fetch rows of a team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.db import models

from apps.accounts.ids import uuid7

if TYPE_CHECKING:
    from apps.teams.access import Access

Row = TypeVar("Row", bound=models.Model, covariant=True)


class TeamQuerySet(models.QuerySet[Row]):
    """Rows of one team. Subclasses narrow `visible_to` by what the actor may see."""

    def visible_to(self, access: Access) -> Self:
        return self.filter(team=access.team)


class TeamRow(models.Model):
    """A row that belongs to exactly one team."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Every list has an index of its own that begins with the team.
    team = models.ForeignKey(
        "teams.Team", on_delete=models.CASCADE, related_name="+", db_index=False
    )

    objects: ClassVar[Any] = TeamQuerySet.as_manager()

    class Meta:
        abstract = True


class Deed(models.Model):
    """Who did it and by which right: on every row that proves something."""

    actor = models.ForeignKey(
        "accounts.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    via = models.CharField(max_length=12)
    agency_id = models.UUIDField(null=True, blank=True)

    class Meta:
        abstract = True


def deed(by: Access) -> dict[str, Any]:
    """The columns of `Deed` for this actor."""
    return {"actor_id": by.actor_id, "via": by.via.value, "agency_id": by.agency_id}
