"""Held: leads that wait until somebody in their pool can take them, and the way out."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.assignments.models import Decision, Hold
from apps.assignments.moves import triage
from apps.assignments.moves.triage import WentOn
from apps.assignments.pages import cards, queues, suggesting
from apps.assignments.road import draining
from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

AGAIN, HOPPER = "again", "hopper"


@team_page(Permission.REASSIGN)
@require_safe
def held(request: HttpRequest, access: Access) -> HttpResponse:
    """Every held lead in the order in which they go on."""
    now = clock()
    rows = queues.held(access, now)
    page = {
        "access": access,
        "section": "triage",
        "now": now,
        "rows": rows,
        "has_more": len(rows) == queues.SHOWN,
    }
    if request.headers.get("X-Fragment") == "lists":
        return render(request, "assignments/_held_list.html", page)
    return render(request, "assignments/held.html", page)


@team_page(Permission.REASSIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def release(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """Send a held lead to somebody, on its road again, or into the hopper."""
    holds = queues.waiting(access).select_related("lead__source", "pool", "decision")
    hold = get_object_or_404(holds, lead_id=lead)
    if request.method == "POST":
        return _release(request, access, hold)
    now = clock()
    page = {
        "access": access,
        "section": "triage",
        "now": now,
        "hold": hold,
        "card": cards.lead_card(hold.lead, access, masked=access.masked),
        "why": queues.why_held(hold, access),
        "members": suggesting.suggest(hold.lead, access, now, hold.decision),
        "back": cards.address(access, "held"),
    }
    return render(request, "assignments/held_release.html", page)


def _release(request: HttpRequest, access: Access, hold: Hold) -> HttpResponse:
    to = request.POST.get("to", "")
    try:
        if to == AGAIN:
            _again(request, access, hold)
        elif to == HOPPER:
            triage.into_hopper(
                hold.lead_id, generation=hold.lead.generation, by=access, now=clock()
            )
            messages.success(request, _("In the hopper, for anyone to pick."))
        else:
            _send(request, access, hold, to)
    except Lead.DoesNotExist as error:
        raise Http404 from error
    except WentOn:
        messages.info(request, _("It had just gone on by itself."))
    return redirect("assignments:held", team=access.team.slug)


def _send(request: HttpRequest, access: Access, hold: Hold, to: str) -> None:
    members = Membership.objects.active().filter(team=access.team).exclude(role="viewer")
    member = get_object_or_404(members.select_related("user"), pk=_uuid(to))
    triage.assign(
        hold.lead_id, member=member, generation=hold.lead.generation, by=access, now=clock()
    )
    messages.success(request, _("Sent to %(member)s, who has been told.") % {"member": member})


def _again(request: HttpRequest, access: Access, hold: Hold) -> None:
    placed = draining.send_on(hold.pk, by=access)
    if placed is None:
        messages.info(request, _("Still nobody can take it. It keeps its place."))
        return
    where = placed.owner or Decision.Outcome(placed.outcome).label
    messages.success(request, _("Routed again: %(where)s.") % {"where": where})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
