"""Reports of bad leads: said by a salesperson, decided by a manager with one tap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.assignments.models import BadLeadReport
from apps.assignments.pages import cards, queues
from apps.assignments.pages.forms import ReportForm
from apps.assignments.views.actions import workable
from apps.assignments.work import bad_leads
from apps.assignments.work.bad_leads import ReportRefused
from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.WORK_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """Say what is wrong with a lead of one's own; the Lead page has the same form in a dialog."""
    found = workable(access, lead)
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            bad_leads.report(found, **form.cleaned_data, by=access, now=clock())
        except Lead.DoesNotExist as error:
            raise Http404 from error
        except ReportRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Reported. A manager decides; the clock waits."))
            return redirect(cards.address(access, "lead", lead=lead))
    page = {
        "access": access,
        "section": "leads",
        "now": clock(),
        "form": form,
        "card": cards.lead_card(found, access, masked=access.masked),
        "report_url": cards.address(access, "report", lead=lead),
    }
    status = 422 if form.is_bound else 200
    return render(request, "assignments/report.html", page, status=status)


@team_page(Permission.ADJUST_CREDIT)
@require_safe
def reports(request: HttpRequest, access: Access) -> HttpResponse:
    """What waits for a decision, and what was decided lately."""
    waiting, decided = queues.reports(access)
    page = {
        "access": access,
        "section": "triage",
        "now": clock(),
        "rows": waiting,
        "decided": decided,
    }
    if request.headers.get("X-Fragment") == "lists":
        return render(request, "assignments/_report_list.html", page)
    return render(request, "assignments/reports.html", page)


@team_page(Permission.ADJUST_CREDIT)
@require_POST
def accept(request: HttpRequest, access: Access, report: UUID) -> HttpResponse:
    decided = _decide(request, access, report, bad_leads.accept)
    if decided is not None:
        said = _("Accepted: the lead is closed.")
        if decided.gave_back:
            said = _("Accepted: the lead is closed, and the turn was given back.")
        messages.success(request, said)
    return redirect("assignments:reports", team=access.team.slug)


@team_page(Permission.ADJUST_CREDIT)
@require_POST
def refuse(request: HttpRequest, access: Access, report: UUID) -> HttpResponse:
    if _decide(request, access, report, bad_leads.refuse) is not None:
        messages.success(request, _("Refused: the lead stays, and its clock runs on."))
    return redirect("assignments:reports", team=access.team.slug)


def _decide(
    request: HttpRequest,
    access: Access,
    report_id: UUID,
    decide: Callable[..., BadLeadReport],
) -> BadLeadReport | None:
    """The report once decided; None, and a message, if somebody was quicker."""
    rows = BadLeadReport.objects.visible_to(access).filter(lead__deleted_at=None)
    found = get_object_or_404(rows, pk=report_id)
    now: datetime = clock()
    try:
        return decide(found, by=access, now=now)
    except Lead.DoesNotExist as error:
        raise Http404 from error
    except ReportRefused as refused:
        messages.info(request, str(refused))
        return None
