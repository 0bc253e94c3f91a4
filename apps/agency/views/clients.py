"""The clients of an agency: who follows up, and who lets leads rot."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from apps.agency import client_list
from apps.agency.client_list import ListQuestion
from apps.dashboards.figures.periods import LABELS
from apps.teams.agency_access import AgencyAccess
from apps.teams.policy import agency_page

ROWS = 50
NOTICES = 3
SORTS = {
    "untouched": _("Untouched"), "warnings": _("Needs you"), "leads": _("Leads"),
    "median": _("Median"), "within": _("Within target"), "contacted": _("Contacted"),
    "won": _("Won"), "p90": _("P90"), "last": _("Last activity"), "name": _("Name"),
}  # fmt: skip


@agency_page()
@require_safe
def clients(request: HttpRequest, agency: AgencyAccess) -> HttpResponse:
    """A row a client, the one with most untouched leads first."""
    now = timezone.now()
    question = ListQuestion.read(request.GET, timezone=agency.agency.timezone, now=now)
    rows = client_list.rows(question, by=agency)
    groups, tags = client_list.groups_and_tags(agency)
    warned = [row for row in rows if row.warnings]
    context: dict[str, Any] = {
        "agency": agency,
        "section": "clients",
        "now": now,
        "question": question,
        "periods": LABELS.items(),
        "page": Paginator(rows, ROWS).get_page(request.GET.get("page")),
        "total": client_list.total(rows),
        "count": len(rows),
        "warned": warned[:NOTICES],
        "more_warned": len(warned) - NOTICES,
        "groups": groups,
        "tags": tags,
        "sorts": SORTS.items(),
        "costs": any(row.spent for row in rows),
        "sends": agency.agency.sending_team_id is not None,
    }
    if not question.is_any:
        context["agency_warned"] = len(warned)  # the frame need not count them again
    return render(request, "agency/clients.html", context)
