"""What the frame of every page needs: who is acting, where else she may go, what time it is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from apps.teams.models import Membership, Team


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `access` (None outside a team), `now`, `my_teams` (asked when shown)."""
    return {
        "access": getattr(request, "access", None),
        "now": timezone.now(),
        "my_teams": SimpleLazyObject(lambda: _teams_of(request)),
    }


def _teams_of(request: HttpRequest) -> list[Team]:
    if not request.user.is_authenticated:
        return []
    memberships = (
        Membership.objects.active()
        .filter(user=request.user, team__is_active=True)
        .select_related("team")
        .order_by("team__name", "team_id")
    )
    return [membership.team for membership in memberships]
