"""The other teams of a reader, for whoever runs both sides of an agreement."""

from __future__ import annotations

from django import template

from apps.rules import agreements
from apps.teams.access import Access
from apps.teams.models import Team

register = template.Library()


@register.simple_tag
def other_teams(access: Access) -> list[Team]:
    """Teams for which this reader may agree, without the one she is in."""
    if access.user is None:
        return []
    found = [own.team for own in agreements.teams_of(access.user)]
    return [team for team in found if team.pk != access.team.pk]
