"""Test one lead: type it or pick one, and see the whole decision as it would fall now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.deliveries.plans import planning
from apps.leads.models import Lead, Source
from apps.rules.facts import lead_facts
from apps.rules.registry import registry
from apps.rules.sets import compiled
from apps.simulator import dry_run, pages
from apps.simulator.dry_run import Tested
from apps.simulator.forms import LIVE, LeadTestForm, shown
from apps.simulator.names import OUTCOMES, Names
from apps.simulator.views import version_of, versions_of
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

LATEST = 30


@team_page(Permission.SEE_ROUTING)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def test_lead(request: HttpRequest, access: Access) -> HttpResponse:
    """The form, and beside it the decision; asked again by the page as fields change.

    `?lead=` fills the form with a lead that is there. Nothing of it is kept anywhere.
    """
    form = _form(request, access)
    context: dict[str, Any] = {"access": access, "section": "simulator", "form": form}
    if form.is_bound and form.is_valid():
        context |= _tested(form, access)
    if request.headers.get("HX-Request"):
        return render(request, "simulator/_tested.html", context)
    context["latest"] = _leads(access).order_by("-received_at", "-pk")[:LATEST]
    context["picked"] = request.GET.get("lead", "")
    status = 422 if request.method == "POST" and form.errors else 200
    return render(request, "simulator/test_lead.html", context, status=status)


def _form(request: HttpRequest, access: Access) -> LeadTestForm:
    data: Any = request.POST if request.method == "POST" else None
    picked = _picked(request, access)
    if data is None and picked is not None:
        values = shown(lead_facts(picked, registry(access.team)).values)
        data = {**values, "version": request.GET.get("version", LIVE)}
    return LeadTestForm(
        data,
        registry=registry(access.team),
        versions=versions_of(access),
        sources=Source.objects.visible_to(access),
        initial={"version": request.GET.get("version", LIVE)},
    )


def _leads(access: Access) -> Any:
    return Lead.objects.visible_to(access).counted().select_related("source")


def _picked(request: HttpRequest, access: Access) -> Lead | None:
    """The lead that fills the form; not for those who may not see whom it is about."""
    try:
        pk = UUID(request.GET.get("lead", ""))
    except ValueError:
        return None
    found: Lead | None = None if access.masked else _leads(access).filter(pk=pk).first()
    return found


def _tested(form: LeadTestForm, access: Access) -> dict[str, Any]:
    now = form.cleaned_data.get("at") or timezone.now()
    version = version_of(access, form.version_id)
    typed = dry_run.typed(access.team, form.answers(), source=form.cleaned_data["source"], now=now)
    tested = dry_run.test(access.team, version, typed.arrival, now=now)
    steps = planning.preview(tested.facts, access.team, now=now)
    return _context(tested, access) | {
        "warnings": typed.warnings,
        "at": now,
        "copies": steps,
        "sends_copies": compiled.distribution(access.team) is not None,
        "keeps_out": any(step.keeps_out and step.chosen for step in steps),
    }


def _context(tested: Tested, access: Access) -> dict[str, Any]:
    names = Names.of(access)
    return {
        "end": names.end(tested.outcome, tested.member, tested.pool),
        "outcome": OUTCOMES.get(tested.outcome, tested.outcome),
        "told": pages.told(tested.trace, access, names),
        "rules": pages.rule_lines(tested.rules, tested.trace, access),
    }
