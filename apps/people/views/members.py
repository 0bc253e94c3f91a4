"""Members: who is in the team, who can work now, who was invited."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.people import inviting, roster
from apps.teams import invitations
from apps.teams.access import Access
from apps.teams.invitations import Sent
from apps.teams.permissions import Permission, Role
from apps.teams.policy import team_page


@team_page(Permission.SEE_MEMBERS)
@require_safe
def members(request: HttpRequest, access: Access) -> HttpResponse:
    """Everybody; `?q=`, `?role=`, `?state=`, `?pool=` narrow it down."""
    return page(request, access)


def page(request: HttpRequest, access: Access, *, sent: Sent | None = None) -> HttpResponse:
    """The list; with `sent` also the link of an invitation, which is shown only then."""
    filters = roster.Filters.read(request.GET.dict())
    rows = roster.rows(access, filters, now=timezone.now())
    here = [row for row in rows if row.member.is_active]
    context = {
        "access": access,
        "section": "members",
        "filters": filters,
        "roles": Role.choices,
        "states": roster.STATES.items(),
        "pools": roster.pools(access),
        "rows": sorted(here, key=lambda row: not row.is_missing),
        "former": [row for row in rows if not row.member.is_active],
        "available": sum(row.takes_leads and row.presence.is_available for row in rows),
        "missing": sum(row.is_missing for row in rows),
        "invited": [] if filters.is_any else inviting.rows(access),
        "may_invite": bool(invitations.roles_to_invite(access)),
        "sent": sent,
    }
    return render(request, "people/members.html", context)
