"""Judging a lead from its page: disqualify it with a reason, put it back on its road."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.assignments.models import Decision
from apps.assignments.pages import cards
from apps.assignments.views.actions import workable
from apps.assignments.views.lead import visible_lead
from apps.assignments.work import qualifying
from apps.leads.models import Lead, Status, StatusKind
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.WORK_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def disqualify(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """Ask for the reason, then close the lead with it. `status` may be one of the team's own."""
    found, now = workable(access, lead), clock()
    given = request.POST if request.method == "POST" else request.GET
    status = _status(access, given.get("status", ""))
    if request.method != "POST":
        return _asked(request, access, found, status)
    why, text = request.POST.get("why", ""), request.POST.get("text", "")
    try:
        qualifying.disqualify(found, why=why, text=text, by=access, now=now, status=status)
    except qualifying.Unreasoned as error:
        typed = {"error": str(error), "why": why, "text": text.replace("\x00", "")[:400]}
        return _asked(request, access, found, status, refused=typed, code=422)
    except Lead.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("Disqualified. It is kept, and can be put back."))
    return redirect(cards.address(access, "lead", lead=lead))


@team_page(Permission.REASSIGN)
@require_POST
def put_back(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """Open a disqualified lead again; the rules say where it goes."""
    found = visible_lead(access, lead)
    try:
        placed = qualifying.put_back(found, by=access, now=clock())
    except qualifying.NotDisqualified as error:
        messages.warning(request, str(error))
    except Lead.DoesNotExist as error:
        raise Http404 from error
    else:
        words = _("Put back, and routed: %(where)s.")
        to = placed.owner or Decision.Outcome(placed.outcome).label
        messages.success(request, words % {"where": to})
    return redirect(cards.address(access, "lead", lead=lead))


def _status(access: Access, asked: str) -> Status | None:
    """The team's own status for disqualified leads that was asked for; None leaves it to us."""
    try:
        chosen = UUID(asked)
    except ValueError:
        return None
    rows = Status.objects.visible_to(access).filter(kind=StatusKind.DISQUALIFIED, is_active=True)
    found: Status | None = rows.filter(pk=chosen).first()
    return found


def _asked(
    request: HttpRequest,
    access: Access,
    found: Lead,
    status: Status | None,
    refused: dict[str, Any] | None = None,
    code: int = 200,
) -> HttpResponse:
    page = {
        "access": access,
        "section": "leads",
        "now": clock(),
        "card": cards.lead_card(found, access, masked=access.masked),
        "whys": qualifying.Why.choices,
        "chosen_status": status,
        "refused": refused,
    }
    return render(request, "assignments/disqualify.html", page, status=code)
