"""Attribution: a page over the won leads of a period, and its CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.dashboards.figures.attribution import Won, attribution, won_leads
from apps.dashboards.figures.periods import LABELS
from apps.dashboards.showing import words
from apps.dashboards.showing.asking import Links, choices, question_of
from apps.dashboards.showing.csv_answers import csv_answer
from apps.dashboards.showing.tables import Cell, Table
from apps.leads.masking import is_masked
from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

MOST = 200  # leads on the page; the CSV has all


@team_page(Permission.SEE_DASHBOARD)
@require_safe
def attribution_page(request: HttpRequest, access: Access) -> HttpResponse:
    """Who and what won the leads that came in the period."""
    question = question_of(request, access)
    found = attribution(question, access=access)
    won = list(won_leads(question, access=access, most=MOST))
    context: dict[str, Any] = {
        "access": access,
        "section": "dashboard",
        "tab": "attribution",
        "now": question.now,
        "found": found,
        "won": won,
        "more": max(0, found.leads - len(won)),
        "shown": _shown(won, access),
        "periods": choices(LABELS, question.period.key),
        "leads": Links(access, question),
        "span": words.span_of(question.period),
        "query": request.GET.urlencode(),
    }
    return render(request, "dashboards/attribution.html", context)


@team_page(Permission.SEE_DASHBOARD)
@require_safe
def attribution_csv(request: HttpRequest, access: Access) -> HttpResponse:
    """A row for each won lead. No contact details: the lead is known by its id."""
    question = question_of(request, access)
    found = won_leads(question, access=access)
    columns = [
        _("Lead"), _("Received"), _("Won"), _("Source"), _("Campaign"), _("Form"), _("People"),
        _("Touches"), _("Touches by member"), _("Closed by"), _("Value, minor units"),
    ]  # fmt: skip
    table = Table(columns, [_row(each) for each in found])
    name = f"attribution-{question.period.last_day}"
    return csv_answer(table, name=name, team=access.team)


def _row(each: Won) -> list[Cell]:
    lead = each.lead
    return [
        str(lead.pk), lead.received_at.isoformat(),
        lead.closed_at.isoformat() if lead.closed_at else "",
        each.source, lead.campaign, lead.form, each.people, each.touches,
        ", ".join(f"{hand.member.user.name} {hand.touches}" for hand in each.hands),
        each.closer.user.name if each.closer else "",
        "" if each.value is None else each.value,
    ]  # fmt: skip


def _shown(won: Sequence[Won], access: Access) -> set[Any]:
    """The leads that this actor may look at, names and all."""
    ids = [each.lead.pk for each in won]
    rows = Lead.objects.visible_to(access).filter(pk__in=ids)
    return {lead.pk for lead in rows if not is_masked(lead, by=access)}
