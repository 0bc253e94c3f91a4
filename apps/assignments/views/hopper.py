"""The Hopper: leads that nobody owns, for whoever picks them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now as clock
from django.views.decorators.http import require_safe

from apps.assignments import cards, limits
from apps.assignments.models import HopperEntry
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

SHOWN = 50


@team_page(Permission.SEE_TEAM)
@require_safe
def hopper(request: HttpRequest, access: Access) -> HttpResponse:
    """The oldest first, details masked, limits shown."""
    now = clock()
    waiting = (
        HopperEntry.objects.visible_to(access)
        .waiting()
        .select_related("lead__source", "pool")
        .order_by("entered_at", "id")
    )
    entries = list(waiting[: SHOWN + 1])
    allowed = limits.of(None, access.team, now)
    member = access.membership
    claimed = member.claims_count if member and member.claims_date == allowed.today else 0
    page = {
        "access": access,
        "section": "hopper",
        "now": now,
        "rows": cards.hopper(access, entries[:SHOWN], now),
        "has_more": len(entries) > SHOWN,
        "claims_limit": allowed.per_day,
        "claims_left": max(allowed.per_day - claimed, 0) if allowed.per_day is not None else None,
        "may_pick": access.can(Permission.WORK_LEADS),
    }
    if request.headers.get("X-Fragment") == "lists":
        return render(request, "assignments/_hopper_list.html", page)
    return render(request, "assignments/hopper.html", page)
