"""The audit log: who did what, when, by which right."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.teams import audit
from apps.teams.access import Access
from apps.teams.audit_log import (
    APPLICATION,
    MOST_EXPORTED,
    AuditFilters,
    entries,
    lines,
    page,
    people,
)
from apps.teams.audit_words import FAMILIES
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.SEE_AUDIT)
@require_safe
def audit_log(request: HttpRequest, access: Access) -> HttpResponse:
    """The latest first; `?q=`, `?person=`, `?family=`, `?target=`, `?from=`, `?until=`."""
    filters = AuditFilters.read(request.GET.dict())
    shown, older = page(entries(access, filters), request.GET.get("before", ""))
    context = {
        "access": access,
        "section": "settings",
        "lines": shown,
        "filters": filters,
        "is_filtered": bool(filters.asked()),
        "families": FAMILIES.items(),
        "people": people(access),
        "application": APPLICATION,
        "older": older,
        "asked": _without_page(request),
    }
    return render(request, "teams/audit.html", context)


def _without_page(request: HttpRequest) -> str:
    asked = request.GET.copy()
    asked.pop("before", None)
    return asked.urlencode()


@team_page(Permission.SEE_AUDIT)
@require_POST
def export(request: HttpRequest, access: Access) -> HttpResponse:
    """What the filters in the address let through, as CSV. That it was taken is in the log too."""
    filters, now = AuditFilters.read(request.GET.dict()), timezone.now()
    audit.record(by=access, action="audit.exported", target=None, now=now, detail=filters.asked())
    rows = entries(access, filters)[:MOST_EXPORTED]
    return HttpResponse(
        "".join(lines(rows)),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{access.team.slug}-audit.csv"',
        },
    )
