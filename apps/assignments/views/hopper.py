"""The Hopper: leads that nobody owns, for whoever picks them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.assignments.pages import cards, picking
from apps.assignments.seats import limits
from apps.assignments.seats.limits import ClaimRefused
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

SHOWN = 50


@team_page(Permission.SEE_TEAM)
@require_safe
def hopper(request: HttpRequest, access: Access) -> HttpResponse:
    """The oldest first, details masked, limits shown."""
    now = clock()
    entries = picking.for_member(access, now, most=SHOWN + 1)
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
        "next_blocked": cards.why_blocked(access, None, now),
    }
    if request.headers.get("X-Fragment") == "lists":
        return render(request, "assignments/_hopper_list.html", page)
    return render(request, "assignments/hopper.html", page)


@team_page(Permission.WORK_LEADS)
@require_POST
def take_next(request: HttpRequest, access: Access) -> HttpResponse:
    """Take the best lead of the hopper for me."""
    try:
        claimed = picking.pick_best(by=access, now=clock())
    except ClaimRefused as refused:
        messages.warning(request, refused.message)
    except picking.NothingToPick:
        messages.info(request, _("Nothing in the hopper for you just now."))
    else:
        messages.success(request, _("It’s yours. Make the first attempt now."))
        return redirect(cards.address(access, "lead", lead=claimed.lead.pk))
    return redirect("assignments:hopper", team=access.team.slug)
