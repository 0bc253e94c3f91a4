"""The simulator's pages: ask for a run, see what came of it, look into one lead, test one lead."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.leads.models import Source
from apps.rules.models import Pool, RuleSet, Version, VersionQuerySet
from apps.rules.refusals import Refused
from apps.simulator import pages, services, tasks, uploads
from apps.simulator.forms import LIVE, PoolChangeForm, RunForm
from apps.simulator.models import SimulatedLead, SimulatedLeadQuerySet, Simulation
from apps.simulator.names import OUTCOMES, Names
from apps.simulator.pages import Filters
from apps.simulator.report import Report
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page
from config.celery import nudge

RUNS = 30
VERSIONS = 30


@team_page(Permission.SEE_ROUTING)
@require_http_methods(["GET", "HEAD", "POST"])
def simulator(request: HttpRequest, access: Access) -> HttpResponse:
    """The runs so far, and the form for the next; `?version=` and `?pool=` fill it."""
    may_run = access.can(Permission.EDIT_ROUTING)
    pool = _pool(request, access)
    form, change = _forms(request, access, pool)
    if request.method == "POST" and may_run:
        simulation = _asked(form, change, access)
        if simulation is not None:
            nudge(tasks.run_simulation, str(simulation.pk))
            return redirect("simulator:run", team=access.team.slug, simulation=simulation.pk)
    runs = Simulation.objects.visible_to(access).select_related("source", "actor")
    context = {
        "access": access,
        "section": "simulator",
        "form": form,
        "change": change,
        "pool": pool,
        "pools": Pool.objects.visible_to(access),
        "may_run": may_run,
        "runs": runs.defer("body", "trial")[:RUNS],
    }
    status = 200 if request.method != "POST" else 422 if may_run else 403
    return render(request, "simulator/simulator.html", context, status=status)


def _forms(
    request: HttpRequest, access: Access, pool: Pool | None
) -> tuple[RunForm, PoolChangeForm | None]:
    data = request.POST if request.method == "POST" else None
    asked = request.GET.get("version", LIVE)
    found = versions_of(access)
    if asked == "draft":
        draft = next((each for each in found if each.state == Version.State.DRAFT), None)
        asked = str(draft.pk) if draft else LIVE
    form = RunForm(
        data, request.FILES or None, versions=found, timezone=access.team.timezone,
        sources=Source.objects.visible_to(access), now=timezone.now(),
        initial={"version": asked, "range": "30"},
    )  # fmt: skip
    if pool is None:
        return form, None
    return form, PoolChangeForm(data, pool=pool, pools=Pool.objects.visible_to(access))


def versions_of(access: Access) -> list[Version]:
    """Drafts first, then what was live, newest first, of all sets that decide or are called.

    What only sends copies decides about no owner: there is nothing to simulate.
    """
    found: VersionQuerySet = Version.objects.visible_to(access)
    assigning = found.filter(rule_set__kind=RuleSet.Kind.ASSIGNMENT)
    deciding = assigning.filter(rule_set__trigger__in=services.TRIED).select_related("rule_set")
    drafts = list(deciding.filter(state=Version.State.DRAFT))
    drafts.sort(key=lambda each: each.rule_set.trigger != RuleSet.Trigger.NEW)
    was_live = deciding.filter(published_at__isnull=False).order_by("-published_at")
    return [*drafts, *was_live[:VERSIONS]]


def version_of(access: Access, pk: UUID | None) -> Version | None:
    """A version by id; None for what is live."""
    if pk is None:
        return None
    return Version.objects.visible_to(access).select_related("rule_set").filter(pk=pk).first()


def _pool(request: HttpRequest, access: Access) -> Pool | None:
    asked = request.POST.get("change_pool") or request.GET.get("pool", "")
    try:
        return Pool.objects.visible_to(access).filter(pk=UUID(asked)).first()
    except ValueError:
        return None


def _asked(form: RunForm, change: PoolChangeForm | None, access: Access) -> Simulation | None:
    """The run that was asked for; None if the forms say what is wrong."""
    if not all(each.is_valid() for each in (form, change) if each is not None):
        return None
    starts_at, ends_at = form.span()
    version = version_of(access, form.version_id)
    changes = change.changes() if change else {}
    try:
        return services.ask_for(
            version=version,
            pools={change.pool.pk: changes} if change and changes else {},
            starts_at=starts_at, ends_at=ends_at, source=form.cleaned_data["source"],
            file=form.upload(), seed=form.cleaned_data["seed"], by=access, now=timezone.now(),
        )  # fmt: skip
    except Refused as refused:
        for problem in refused.problems:
            form.add_error(problem.path if problem.path in form.fields else None, problem.message)
    return None


@team_page(Permission.SEE_ROUTING)
@never_cache
@require_safe
def run(request: HttpRequest, access: Access, simulation: UUID) -> HttpResponse:
    """How far it is, then who would have got what."""
    found = _simulation(access, simulation)
    return render(request, "simulator/run.html", _run_context(access, found))


@team_page(Permission.SEE_ROUTING)
@never_cache
@require_safe
def progress(request: HttpRequest, access: Access, simulation: UUID) -> HttpResponse:
    """The fragment that the page asks for while it runs; then the whole page again."""
    found = _simulation(access, simulation)
    response = render(request, "simulator/_progress.html", {"access": access, "run": found})
    if not found.is_under_way:
        response["HX-Refresh"] = "true"
    return response


@team_page(Permission.EDIT_ROUTING)
@require_POST
def cancel(request: HttpRequest, access: Access, simulation: UUID) -> HttpResponse:
    found = _simulation(access, simulation)
    if not services.cancel(found, by=access, now=timezone.now()):
        messages.info(request, _("It was over already."))
    return redirect("simulator:run", team=access.team.slug, simulation=found.pk)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def again(request: HttpRequest, access: Access, simulation: UUID) -> HttpResponse:
    """The same once more, over the same time, with the same seed."""
    found = _simulation(access, simulation)
    copy = services.repeat(found, by=access, now=timezone.now())
    if copy is None:
        messages.error(request, _("Its file is kept no more: start a new one."))
        return redirect("simulator:run", team=access.team.slug, simulation=found.pk)
    nudge(tasks.run_simulation, str(copy.pk))
    return redirect("simulator:run", team=access.team.slug, simulation=copy.pk)


@team_page(Permission.SEE_ROUTING)
@require_safe
def leads(request: HttpRequest, access: Access, simulation: UUID) -> HttpResponse:
    """Where each lead would have gone; at first those that go elsewhere than now."""
    found = _simulation(access, simulation)
    has_before = bool(found.result.get("before"))
    filters = Filters.of(request.GET.dict(), has_before=has_before)
    names = Names.of(access)
    shown, following = pages.lines(filters.rows(_rows(access, found)), names)
    context = {
        "access": access, "section": "simulator", "run": found, "lines": shown,
        "filters": filters, "has_before": has_before, "following": following,
        "members": sorted(names.members.items(), key=lambda each: each[1]),
        "outcomes": OUTCOMES.items(),
    }  # fmt: skip
    return render(request, "simulator/leads.html", context)


@team_page(Permission.SEE_ROUTING)
@never_cache
@require_safe
def lead(request: HttpRequest, access: Access, simulation: UUID, number: int) -> HttpResponse:
    """One lead's decisions in words, on both sides."""
    found = _simulation(access, simulation)
    row = get_object_or_404(_rows(access, found), number=number)
    names = Names.of(access)
    trace = row.trace or {}
    if row.trace is None and found.state == Simulation.State.DONE:
        nudge(tasks.explain_lead, str(row.pk))
    context = {
        "access": access, "section": "simulator", "run": found, "row": row,
        "lead": pages.lead_of(row, access),
        "cells": uploads.row_of(found, row.number) if found.body and not access.masked else {},
        "line": pages.Line(
            row, names.end(row.outcome, row.member_id, row.pool_id),
            names.end(row.was_outcome, row.was_member_id, row.was_pool_id),
        ),
        "is_waiting": row.trace is None,
        "is_other": trace.get("is_other", False),
        "after": [pages.told(each, access, names) for each in trace.get("after") or ()],
        "before": [pages.told(each, access, names) for each in trace.get("before") or ()],
        "has_before": bool(found.result.get("before")),
    }  # fmt: skip
    template = (
        "simulator/_lead.html" if request.headers.get("HX-Request") else "simulator/lead.html"
    )
    return render(request, template, context)


def _simulation(access: Access, pk: UUID) -> Simulation:
    rows = Simulation.objects.visible_to(access).select_related("source", "actor")
    found: Simulation = get_object_or_404(rows, pk=pk)
    return found


def _rows(access: Access, simulation: Simulation) -> SimulatedLeadQuerySet:
    rows: SimulatedLeadQuerySet = SimulatedLead.objects.visible_to(access)
    return rows.filter(simulation=simulation)


def _run_context(access: Access, found: Simulation) -> dict[str, Any]:
    is_done = found.state == Simulation.State.DONE and bool(found.result)
    return {
        "access": access,
        "section": "simulator",
        "run": found,
        "may_run": access.can(Permission.EDIT_ROUTING),
        "report": Report(found, access) if is_done else None,
    }
