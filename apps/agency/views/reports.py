"""Reports that an agency sends at intervals: ordered, changed, looked at, stopped."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.agency import tasks
from apps.agency.models import ReportPlan, ReportSchedule
from apps.agency.reports import plan_words, plans
from apps.agency.reports.forms import PlanForm
from apps.agency.reports.plans import PlanRefused
from apps.teams.access import Access
from apps.teams.agency_access import AgencyAccess
from apps.teams.permissions import Permission
from apps.teams.policy import agency_page, team_page
from config.celery import nudge

FAILURES = 20
SHOWN = 100


@agency_page()
@require_safe
def reports(request: HttpRequest, agency: AgencyAccess) -> HttpResponse:
    """Everything that was ordered, and what did not go out."""
    return _page(request, agency, PlanForm(by=agency))


@agency_page()
@require_POST
def add(request: HttpRequest, agency: AgencyAccess) -> HttpResponse:
    form = PlanForm(request.POST, by=agency)
    if _saved(form, None, agency):
        messages.success(request, _("Ordered."))
        return redirect("agency:reports", agency=agency.agency.slug)
    return _page(request, agency, form, status=422)


@agency_page()
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest, agency: AgencyAccess, plan: UUID) -> HttpResponse:
    """One of them: change it, look at each client's, have one sent now."""
    found = _plan(agency, plan)
    form = PlanForm.showing(found, by=agency)
    if request.method == "POST":
        form = PlanForm(request.POST, by=agency)
        if _saved(form, found, agency):
            messages.success(request, _("Saved."))
            return redirect("agency:plan", agency=agency.agency.slug, plan=found.pk)
        found = _plan(agency, plan)
    rows = found.schedules.filter(next_at__isnull=False, grant__in=agency.clients())
    context = {
        "agency": agency, "section": "reports", "plan": plan_words.of(found, agency),
        "form": form, "schedules": plan_words.lines(rows, limit=SHOWN),
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "agency/reports/plan.html", context, status=status)


@agency_page()
@require_POST
def remove(request: HttpRequest, agency: AgencyAccess, plan: UUID) -> HttpResponse:
    plans.remove_plan(_plan(agency, plan), by=agency, now=timezone.now())
    messages.success(request, _("Taken out: nothing of it is sent any more."))
    return redirect("agency:reports", agency=agency.agency.slug)


@agency_page()
@require_POST
def send_now(
    request: HttpRequest, agency: AgencyAccess, plan: UUID, schedule: UUID
) -> HttpResponse:
    """The latest report of one client, to whoever presses."""
    found = _plan(agency, plan)
    rows = found.schedules.filter(pk=schedule, grant__in=agency.clients())
    row = rows.select_related("team").first()
    if row is None:
        raise Http404("No such report.")
    mail = plans.ask_now(row, by=agency, now=timezone.now())
    if mail is not None:
        nudge(tasks.send_report, str(mail.pk))
    said = {"team": row.team.name, "email": agency.user.email}
    messages.success(request, _("The report of %(team)s is on its way to %(email)s.") % said)
    return redirect("agency:plan", agency=agency.agency.slug, plan=found.pk)


@team_page(Permission.EDIT_TEAM)
@require_POST
def stop(request: HttpRequest, access: Access, report_schedule: UUID) -> HttpResponse:
    """The client's word on what is sent to its people."""
    stops = request.POST.get("again") != "1"
    try:
        row = plans.stop(report_schedule, stops=stops, by=access, now=timezone.now())
    except ReportSchedule.DoesNotExist as error:
        raise Http404("No such report.") from error
    said = {"agency": row.grant.agency.name}
    messages.success(
        request,
        _("Stopped: %(agency)s sends your people no such report.") % said
        if stops
        else _("%(agency)s sends it again.") % said,
    )
    return redirect("consents:agencies", team=access.team.slug)


def _saved(form: PlanForm, plan: ReportPlan | None, agency: AgencyAccess) -> bool:
    if not form.is_valid():
        return False
    try:
        plans.save_plan(form.values, plan=plan, by=agency, now=timezone.now())
    except PlanRefused as refused:
        form.add_error(None, str(refused))
        return False
    return True


def _plan(agency: AgencyAccess, pk: UUID) -> ReportPlan:
    found = plans.plans_of(agency).filter(pk=pk).first()
    if found is None:
        raise Http404("No such report.")
    return found


def _page(
    request: HttpRequest, agency: AgencyAccess, form: PlanForm, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "agency": agency,
        "section": "reports",
        "plans": [plan_words.of(row, agency) for row in plans.plans_of(agency)],
        "failures": plans.failures(agency)[:FAILURES],
        "form": form,
    }
    return render(request, "agency/reports/reports.html", context, status=status)
