"""A report of one client and period: for its agency, and for the client itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.agency.reports import content, parts, pdf
from apps.agency.reports.content import Report
from apps.agency.reports.sentences import sentences
from apps.agency.reports.spans import KINDS, Span, today_in
from apps.dashboards.showing import charts, words
from apps.dashboards.showing.asking import Choice
from apps.teams.access import Access
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import ClientGrant, Team
from apps.teams.permissions import Permission
from apps.teams.policy import agency_page, team_page


@agency_page()
@require_safe
def of_client(request: HttpRequest, agency: AgencyAccess, client_grant: UUID) -> HttpResponse:
    """What an agency may print and hand to its client."""
    grant, now = _grant(agency, client_grant), timezone.now()
    report = _for_agency(request, agency, grant, now)
    page = {
        "agency": agency, "section": "clients", "frame": "agency/base.html", "grant": grant,
        "pdf": reverse("agency:report_pdf", args=[agency.agency.slug, grant.pk]),
        "sees_leads": agency.inside(grant).can(Permission.SEE_OTHERS),
    }  # fmt: skip
    return render(request, "agency/reports/report.html", {**page, **_words(report, now)})


@agency_page()
@never_cache
@require_safe
def of_client_pdf(request: HttpRequest, agency: AgencyAccess, client_grant: UUID) -> HttpResponse:
    grant = _grant(agency, client_grant)
    return _as_pdf(_for_agency(request, agency, grant, timezone.now()))


@team_page(Permission.SEE_DASHBOARD)
@require_safe
def of_team(request: HttpRequest, access: Access) -> HttpResponse:
    """The same report for the team itself, with what every agency delivered to it."""
    now = timezone.now()
    report = _for_team(request, access, now)
    page = {
        "access": access, "section": "dashboard", "frame": "base.html",
        "pdf": reverse("reports:pdf", args=[access.team.slug]),
        "sees_leads": access.can(Permission.SEE_OTHERS),
    }  # fmt: skip
    return render(request, "agency/reports/report.html", {**page, **_words(report, now)})


@team_page(Permission.SEE_DASHBOARD)
@never_cache
@require_safe
def of_team_pdf(request: HttpRequest, access: Access) -> HttpResponse:
    return _as_pdf(_for_team(request, access, timezone.now()))


def _for_agency(
    request: HttpRequest, agency: AgencyAccess, grant: ClientGrant, now: datetime
) -> Report:
    span = Span.read(request.GET, today=_today(grant.team, now))
    return content.report(span, access=agency.inside(grant), now=now, agency=agency.agency)


def _for_team(request: HttpRequest, access: Access, now: datetime) -> Report:
    span = Span.read(request.GET, today=_today(access.team, now))
    agency = access.grant.agency if access.grant else None
    return content.report(span, access=access, now=now, agency=agency)


def _grant(agency: AgencyAccess, pk: UUID) -> ClientGrant:
    grant = agency.clients().filter(pk=pk).first()
    if grant is None:
        raise Http404("No such client.")
    return grant


def _as_pdf(report: Report) -> HttpResponse:
    response = HttpResponse(pdf.pdf(report), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{pdf.file_name(report)}"'
    return response


def _words(report: Report, now: datetime) -> dict[str, Any]:
    """All that the page shows of the report, and its way to others."""
    figures, today = report.figures, _today(report.team, now)
    starts = charts.starts(figures.question)
    return {
        "report": report,
        "team": report.team,
        "sentences": sentences(report),
        "made": pdf.made_words(report),
        "key_figures": parts.figures(report),
        "tables": parts.tables(report),
        "bands": charts.histogram(figures, target=report.target),
        "bands_finding": words.bands_finding(figures, report.team),
        "bands_definition": words.bands_definition(figures.question.clock),
        "volume": charts.volume(figures, starts),
        "volume_finding": words.sources_finding(figures),
        "kinds": [Choice(key, str(label), key == report.span.kind) for key, label in KINDS.items()],
        "earlier": report.span.earlier(),
        "later": report.span.later(today=today),
        "today": today,
        "days": f"from={report.period.first_day}&to={report.period.last_day}",
    }


def _today(team: Team, now: datetime) -> date:
    return today_in(team.timezone, now=now)
