"""The breakdown of a period's figures by one dimension: a page and its CSV."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.dashboards.figures.breakdowns import DIMENSIONS, Breakdown, breakdown
from apps.dashboards.figures.periods import LABELS
from apps.dashboards.showing import words
from apps.dashboards.showing.asking import Links, choices, question_of
from apps.dashboards.showing.breakdown_tables import order, table
from apps.dashboards.showing.csv_answers import csv_answer
from apps.leads.speed import Clock
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

MOST = 500  # parts on a page; the CSV has all


@team_page(Permission.SEE_DASHBOARD)
@require_safe
def by_dimension(request: HttpRequest, access: Access, dimension: str) -> HttpResponse:
    """What differs between sources, campaigns, forms, pools, rules, groups or owners."""
    found = _found(request, access, dimension)
    sort, parts = order(found.parts, request.GET.get("sort", ""))
    question = found.question
    context: dict[str, Any] = {
        "access": access,
        "section": "dashboard",
        "tab": "breakdown",
        "now": question.now,
        "found": found,
        "parts": parts[:MOST],
        "more": max(0, len(parts) - MOST),
        "columns": _columns(sort),
        "sort": sort,
        "dimensions": DIMENSIONS.values(),
        "periods": choices(LABELS, question.period.key),
        "clocks": choices(Clock.LABELS, question.clock),
        "leads": Links(access, question),
        "span": words.span_of(question.period),
        "has_value": any(part.valued for part in parts),
        "query": request.GET.urlencode(),
    }
    return render(request, "dashboards/breakdown.html", context)


@team_page(Permission.SEE_DASHBOARD)
@require_safe
def by_dimension_csv(request: HttpRequest, access: Access, dimension: str) -> HttpResponse:
    found = _found(request, access, dimension)
    _sort, parts = order(found.parts, request.GET.get("sort", ""))
    name = f"by-{dimension}-{found.question.period.last_day}"
    return csv_answer(table(found, parts), name=name, team=access.team)


def _found(request: HttpRequest, access: Access, dimension: str) -> Breakdown:
    if dimension not in DIMENSIONS:
        raise Http404("No such breakdown.")
    return breakdown(DIMENSIONS[dimension], question_of(request, access), access=access)


def _columns(sort: str) -> list[dict[str, str]]:
    """The heads, each with the order that a click on it gives: numbers fall first."""
    labels = {
        "received": _("Received"), "attempted": _("Attempted"), "median": _("Median speed"),
        "p90": _("P90"), "p95": _("P95"), "within": _("Within target"),
        "untouched": _("Untouched now"), "contact": _("Contact"), "qualified": _("Qualified"),
        "won": _("Won"), "value": _("Value won"),
    }  # fmt: skip
    return [
        {
            "key": key,
            "label": label,
            "next": key if sort == f"-{key}" else f"-{key}",
            "aria": {key: "ascending", f"-{key}": "descending"}.get(sort, ""),
        }
        for key, label in labels.items()
    ]
