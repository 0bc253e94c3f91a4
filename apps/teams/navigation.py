"""What the frame of every page needs: who is acting, where else she may go, what time it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from apps.teams.agency_access import AgencyAccess, agencies_of, works_at
from apps.teams.models import Agency, ClientGrant, Membership, Operator

CLIENTS_SHOWN = 8


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `access` (None outside a team), `now`, and where else she may go."""
    memberships: Any = SimpleLazyObject(lambda: _memberships_of(request))
    return {
        "access": getattr(request, "access", None),
        "now": timezone.now(),
        "my_teams": SimpleLazyObject(lambda: [one.team for one in memberships]),
        "my_agencies": SimpleLazyObject(lambda: _agencies_of(request, memberships)),
    }


def _memberships_of(request: HttpRequest) -> list[Any]:
    """Each with `is_operator`: most people work at no agency, and cost no second query."""
    if not request.user.is_authenticated:
        return []
    memberships = (
        Membership.objects.active()
        .filter(user=request.user, team__is_active=True)
        .select_related("team")
        .annotate(is_operator=Exists(Operator.objects.filter(works_at(), user=request.user)))
        .order_by("team__name", "team_id")
    )
    return list(memberships)


@dataclass(frozen=True, slots=True)
class Place:
    """An agency in the switcher, with the first of its clients."""

    agency: Agency
    clients: list[ClientGrant]
    has_more: bool


def _agencies_of(request: HttpRequest, memberships: Sequence[Any]) -> list[Place]:
    if not request.user.is_authenticated:
        return []
    if memberships and not memberships[0].is_operator:
        return []
    places = []
    for operator in agencies_of(request.user):
        at_work = AgencyAccess(operator.agency, request.user, operator)
        clients = list(at_work.clients()[: CLIENTS_SHOWN + 1])
        places.append(Place(operator.agency, clients[:CLIENTS_SHOWN], len(clients) > CLIENTS_SHOWN))
    return places
