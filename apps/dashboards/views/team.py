"""The team dashboard: figures with their definitions, live, each leading to its leads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from apps.dashboards.figures import metrics
from apps.dashboards.figures.metrics import Figures, MemberRow
from apps.dashboards.figures.periods import LABELS
from apps.dashboards.live.waiting import WaitingLead, waiting_leads
from apps.dashboards.showing import charts, speed_chart, tables, words
from apps.dashboards.showing.asking import Links, choices, question_of
from apps.dashboards.showing.csv_answers import csv_answer
from apps.leads.speed import Clock, target_in_words
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

WAITS = 5  # leads in the list of those that wait
MEMBERS = 50  # rows of the table; the breakdown by owner has all
CHARTS = ("bands", "speed", "arrivals", "volume")


@team_page(Permission.SEE_DASHBOARD)
@require_safe
@vary_on_headers("HX-Request")
def team(request: HttpRequest, access: Access) -> HttpResponse:
    """The page, or only its figures for a page that asks again."""
    question = question_of(request, access)
    figures = metrics.figures(question, access=access)
    template = (
        "dashboards/_figures.html" if request.headers.get("HX-Request") else "dashboards/team.html"
    )
    return render(request, template, _context(request, access, figures))


@team_page(Permission.SEE_DASHBOARD)
@require_safe
def download(request: HttpRequest, access: Access, figure: str) -> HttpResponse:
    """One chart or table as CSV, over the same question."""
    if figure not in tables.TABLES:
        raise Http404("No such figure.")
    question = question_of(request, access)
    table = tables.TABLES[figure](metrics.figures(question, access=access))
    return csv_answer(table, name=f"{figure}-{question.period.last_day}", team=access.team)


def _context(request: HttpRequest, access: Access, figures: Figures) -> dict[str, Any]:
    question, team = figures.question, access.team
    target = timedelta(seconds=team.response_seconds)
    starts = charts.starts(question)
    lines = speed_chart.speed(figures, starts, target=target)
    as_tables = {name for name in request.GET.getlist("table") if name in CHARTS}
    return {
        "access": access,
        "section": "dashboard",
        "tab": "overview",
        "now": question.now,
        "figures": figures,
        "target": target_in_words(target),
        "span": words.span(figures),
        "periods": choices(LABELS, question.period.key),
        "clocks": choices(Clock.LABELS, question.clock),
        "source": next(
            (row.source for row in figures.sources if row.source.pk == question.source_id), None
        ),
        "leads": Links(access, question),
        "changes": _changes(figures),
        "bands": charts.histogram(figures, target=target),
        "bands_finding": words.bands_finding(figures, team),
        "bands_definition": words.bands_definition(question.clock),
        "speed": lines,
        "speed_finding": words.speed_finding(figures),
        "speed_definition": words.speed_definition(question.slot, lines.unit),
        "volume": charts.volume(figures, starts),
        "volume_finding": words.sources_finding(figures),
        "arrivals": charts.arrivals(figures, team),
        "arrivals_finding": words.arrivals_finding(figures, team),
        "members": _worst(figures.members),
        "members_finding": words.members_finding(figures.members),
        "tables": {name: tables.TABLES[name](figures) for name in as_tables},
        "scales": _scales(figures),
        "waits": _waits(figures, access),
        "here": request.get_full_path(),
        "query": request.GET.urlencode(),
    }  # fmt: skip


def _changes(figures: Figures) -> dict[str, tuple[str, bool | None]]:
    """Each key figure against the period before, in words, and whether that is good."""
    now, before = figures.now, figures.before
    return {
        "median": words.speed_change(now, before),
        "within": words.points_change(now.within_target, before.within_target),
        "contact": words.points_change(now.contact_rate, before.contact_rate),
        "won": words.count_change(now.won, before.won),
    }


def _waits(figures: Figures, access: Access) -> Sequence[WaitingLead]:
    """The worst of those behind `Untouched now`. Asks nothing while there are none."""
    if not figures.untouched.leads:
        return ()
    question = figures.question
    return waiting_leads(access, now=question.now, most=WAITS, source_id=question.source_id)


def _worst(members: Sequence[MemberRow]) -> Sequence[MemberRow]:
    """In their order, those who leave most leads untouched; all of them if they are few."""
    if len(members) <= MEMBERS:
        return members
    ranked = sorted(
        range(len(members)), key=lambda place: (-members[place].untouched.leads, -place)
    )
    return [members[place] for place in sorted(ranked[:MEMBERS])]


def _scales(figures: Figures) -> dict[str, float]:
    """The longest bar of the members' meters."""
    rows = figures.members
    received = max((max(row.received, row.turns, row.due or 0) for row in rows), default=0)
    reached = [row.median.seconds for row in rows if row.median.is_reached]
    return {"received": received or 1, "speed": max((s for s in reached if s), default=1)}
