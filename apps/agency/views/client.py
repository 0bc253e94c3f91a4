"""One client in depth, and up to six side by side."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.agency import (
    client_list,
    comparison,
    grant_words,
    outcomes,
    resting,
    sorting_out,
    warnings,
)
from apps.agency.client_forms import SortForm
from apps.agency.warnings import Warned
from apps.dashboards.figures import metrics
from apps.dashboards.figures.clients import ClientFigures
from apps.dashboards.figures.periods import LABELS, Period
from apps.dashboards.figures.questions import Question
from apps.dashboards.showing import words
from apps.leads.speed import Clock
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import ClientGrant
from apps.teams.permissions import Permission
from apps.teams.policy import agency_page


@agency_page()
@require_safe
def client(request: HttpRequest, agency: AgencyAccess, client_grant: UUID) -> HttpResponse:
    """Its figures against the period before, what it grants, and what became of our leads."""
    grant = _grant(agency, client_grant)
    form = SortForm(initial={"group": grant.group, "tags": ", ".join(grant.tags)})
    return _page(request, agency, grant, form)


@agency_page()
@require_POST
def sort(request: HttpRequest, agency: AgencyAccess, client_grant: UUID) -> HttpResponse:
    """Its group and tags."""
    grant, form = _grant(agency, client_grant), SortForm(request.POST)
    if not form.is_valid():
        return _page(request, agency, grant, form, status=422)
    try:
        sorting_out.sort_client(grant.pk, **form.cleaned_data, by=agency, now=timezone.now())
    except ClientGrant.DoesNotExist as error:  # ended in this moment
        raise Http404("No such client.") from error
    messages.success(request, _("Saved."))
    return redirect("agency:client", agency=agency.agency.slug, client_grant=grant.pk)


@agency_page()
@require_safe
def compare(request: HttpRequest, agency: AgencyAccess) -> HttpResponse:
    """The chosen clients, a column each; what is no client of the agency is left out."""
    now = timezone.now()
    period = _period(request.GET, agency, now)
    grants = comparison.chosen(request.GET.getlist("client"), by=agency)
    rows = client_list.of_grants(grants, period=period, now=now, by=agency)
    context = {
        "agency": agency, "section": "clients", "now": now, "period": period,
        "periods": LABELS.items(), "rows": rows, "lines": comparison.lines(rows),
        "most": comparison.MOST,
    }  # fmt: skip
    return render(request, "agency/compare.html", context)


def _grant(agency: AgencyAccess, pk: UUID) -> ClientGrant:
    grant = agency.clients().filter(pk=pk).first()
    if grant is None:
        raise Http404("No such client.")
    return grant


def _standing(grant: ClientGrant, now: datetime) -> list[Warned]:
    return warnings.standing([grant], now=now).get(grant.pk, [])


def _period(asked: QueryDict, agency: AgencyAccess, now: Any) -> Period:
    return Period.ending(now, key=asked.get("period", ""), timezone=agency.agency.timezone)


def _page(
    request: HttpRequest,
    agency: AgencyAccess,
    grant: ClientGrant,
    form: SortForm,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    period = _period(request.GET, agency, now)
    (row,) = client_list.of_grants([grant], period=period, now=now, by=agency)
    context: dict[str, Any] = {
        "agency": agency,
        "section": "clients",
        "now": now,
        "period": period,
        "periods": LABELS.items(),
        "row": row,
        "resting": [one for one in _standing(grant, now) if one.rests_until],
        "rest_days": resting.DAYS,
        "changes": _changes(row.figures),
        "form": form,
        "granted": grant_words.all_of(grant.allows),
        "details": grant_words.details(grant.allows, is_masked=grant.is_masked),
        "sees_members": row.access.can(Permission.SEE_MEMBERS),
        **_parts(row, period, now),
    }
    sender = agency.agency.sending_team_id
    if sender is not None:
        context["outcomes"] = outcomes.by_campaign(grant.team_id, sender=sender, period=period)
        context["outcome"] = outcomes.total(context["outcomes"])
    return render(request, "agency/client.html", context, status=status)


def _parts(row: client_list.ClientRow, period: Period, now: Any) -> dict[str, Any]:
    """By source and campaign, and by member where the client lets members be seen."""
    own = Period.ending(now, key=period.key, timezone=row.team.timezone)
    question = Question(period=own, clock=Clock.REAL, source_id=None, now=now)
    figures = metrics.figures(question, access=row.access)
    members = figures.members if row.access.can(Permission.SEE_MEMBERS) else ()
    return {
        "sources": figures.sources,
        "campaigns": comparison.campaigns(row.team, own),
        "members": members,
    }


def _changes(figures: ClientFigures) -> dict[str, tuple[str, bool | None]]:
    """Each key figure against the period before, in words, and whether that is good."""
    now, before = figures.now, figures.before
    return {
        "received": words.count_change(now.received, before.received),
        "median": words.speed_change(now, before),
        "within": words.points_change(now.within_target, before.within_target),
        "contact": words.points_change(now.contact_rate, before.contact_rate),
        "won": words.points_change(now.won_rate, before.won_rate),
    }
