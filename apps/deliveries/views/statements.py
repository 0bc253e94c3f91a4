"""Statements: the page that prints, and the file with a line for every lead."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.timezone import now as clock
from django.views.decorators.http import require_safe

from apps.deliveries.billing import statements
from apps.deliveries.billing.periods import BillingPeriod
from apps.deliveries.views.deliveries import csv_file
from apps.rules.models import Recipient
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.SEE_ROUTING)
@require_safe
def statement_list(request: HttpRequest, access: Access) -> HttpResponse:
    """What each recipient got in a month (or any days), what came back and what it costs."""
    now = clock()
    period = BillingPeriod.read(request.GET, now=now, timezone=access.team.timezone)
    chosen = _chosen(request, access)
    context = {
        "access": access,
        "section": "distribution",
        "now": now,
        "period": period,
        "is_over": period.is_over(now),
        "statement": statements.of(access, period, recipient=chosen.pk if chosen else None),
        "chosen": chosen,
        "recipients": list(Recipient.objects.visible_to(access).only("name")),
        "days": f"from={period.first_day:%Y-%m-%d}&to={period.last_day:%Y-%m-%d}",
    }
    return render(request, "deliveries/statements.html", context)


@team_page(Permission.EXPORT)
@require_safe
def export(request: HttpRequest, access: Access) -> StreamingHttpResponse:
    """A line for each lead that arrived and for each credit; written into the audit log."""
    access.require(Permission.SEE_ROUTING)
    now = clock()
    period = BillingPeriod.read(request.GET, now=now, timezone=access.team.timezone)
    chosen = _chosen(request, access)
    detail = {"from": f"{period.first_day}", "to": f"{period.last_day}"}
    audit.record(by=access, action="statement.exported", target=chosen, now=now, detail=detail)
    name = f"{access.team.slug}-statement-{period.first_day}-{period.last_day}.csv"
    lines = statements.file(access, period, recipient=chosen.pk if chosen else None)
    return csv_file(lines, name)


def _chosen(request: HttpRequest, access: Access) -> Recipient | None:
    """The one that the statement is of; all for an id that is none of this team."""
    try:
        pk = UUID(request.GET.get("recipient", ""))
    except ValueError:
        return None
    found: Recipient | None = Recipient.objects.visible_to(access).filter(pk=pk).first()
    return found
