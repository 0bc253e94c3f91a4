"""Costs: what was spent, what a lead cost by it, and the forms to add more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.dashboards.costs import keeping
from apps.dashboards.costs.forms import CostFileForm, CostForm
from apps.dashboards.costs.keeping import CostRefused, FileReport
from apps.dashboards.costs.spending import spending
from apps.dashboards.models import Cost
from apps.deliveries.billing.periods import BillingPeriod
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

PAGE = 50


@team_page(Permission.SEE_DASHBOARD)
@require_safe
def cost_page(request: HttpRequest, access: Access) -> HttpResponse:
    """What leads cost in a month, or any days; and every cost that was entered."""
    return _page(request, access)


@team_page(Permission.EDIT_SOURCES)
@require_POST
def add(request: HttpRequest, access: Access) -> HttpResponse:
    form = CostForm(request.POST, by=access)
    new = form.new()
    if new is not None:
        try:
            _made, is_new = keeping.keep(new, by=access, now=timezone.now())
        except CostRefused as refused:
            form.refuse(refused)
        else:
            said = _("Added.") if is_new else _("The amount for these days was replaced.")
            messages.success(request, said)
            return redirect("dashboards:costs", team=access.team.slug)
    return _page(request, access, form=form, status=422)


@team_page(Permission.EDIT_SOURCES)
@require_POST
def add_file(request: HttpRequest, access: Access) -> HttpResponse:
    """Every row that can be kept is; the others are shown with what is wrong."""
    form = CostFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, access, file_form=form, status=422)
    try:
        report = keeping.keep_file(form.cleaned_data["file"].read(), by=access, now=timezone.now())
    except CostRefused as refused:
        form.add_error("file", str(refused))
        return _page(request, access, file_form=form, status=422)
    if report.kept:
        text = ngettext("%(n)d row was kept.", "%(n)d rows were kept.", report.kept)
        messages.success(request, text % {"n": report.kept})
    if report.problems:
        return _page(request, access, report=report, status=422)
    return redirect("dashboards:costs", team=access.team.slug)


@team_page(Permission.EDIT_SOURCES)
@require_POST
def remove(request: HttpRequest, access: Access, cost: UUID) -> HttpResponse:
    found = get_object_or_404(Cost.objects.visible_to(access), pk=cost)
    keeping.remove(found, by=access, now=timezone.now())
    messages.success(request, _("Removed."))
    return redirect("dashboards:costs", team=access.team.slug)


def _page(
    request: HttpRequest,
    access: Access,
    *,
    form: CostForm | None = None,
    file_form: CostFileForm | None = None,
    report: FileReport | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    period = BillingPeriod.read(request.GET, now=now, timezone=access.team.timezone)
    rows = Paginator(keeping.of_team(access), PAGE)
    may_edit = access.can(Permission.EDIT_SOURCES)
    days = {"starts_on": period.first_day, "ends_on": period.last_day}
    context: dict[str, Any] = {
        "access": access,
        "section": "dashboard",
        "period": period,
        "spending": spending(access, first_day=period.first_day, last_day=period.last_day),
        "page": rows.get_page(request.GET.get("page")),
        "days": f"from={period.first_day:%Y-%m-%d}&to={period.last_day:%Y-%m-%d}",
        "may_edit": may_edit,
        "form": (form or CostForm(by=access, initial=days)) if may_edit else None,
        "file_form": (file_form or CostFileForm()) if may_edit else None,
        "report": report,
    }
    return render(request, "dashboards/costs.html", context, status=status)
