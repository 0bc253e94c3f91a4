"""Distributing many leads by hand: choose where, watch them go, see where they went."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.assignments import tasks
from apps.assignments.models import BulkRun, Decision, Door
from apps.assignments.moves import bulk
from apps.assignments.moves.bulk import BulkRefused, Goal
from apps.leads.chips import Chip, chips
from apps.leads.filters import LeadFilters
from apps.leads.models import Source, StatusKind
from apps.rules.models import Destination, Pool, RuleSet
from apps.teams.access import Access
from apps.teams.models import Membership, Team
from apps.teams.permissions import Permission, Role
from apps.teams.policy import team_page
from config.celery import nudge

SHOWN = 50
Choices = list[tuple[str, str]]


class GoalForm(forms.Form):
    """Where the leads go: one list of everything that can take them."""

    goal = forms.ChoiceField(label=gettext_lazy("Send them to"))
    replaces_owner = forms.BooleanField(
        label=gettext_lazy("Also leads that have an owner"),
        help_text=gettext_lazy("Off: leads stay with whoever owns them."),
        required=False,
    )

    def __init__(self, data: Any = None, *, team: Team) -> None:
        super().__init__(data)
        self.fields["goal"].choices = list(_goals(team))  # type: ignore[attr-defined]

    def chosen(self) -> Goal:
        to, _colon, id = self.cleaned_data["goal"].partition(":")
        replaces = self.cleaned_data["replaces_owner"]
        return Goal(to, UUID(id) if id else None, replaces_owner=replaces)


def _goals(team: Team) -> Any:
    sets = RuleSet.objects.filter(
        team=team, kind=RuleSet.Kind.ASSIGNMENT, is_active=True, versions__state="published"
    )
    pools = Pool.objects.filter(team=team, is_active=True)
    members = Membership.objects.active().filter(team=team).exclude(role=Role.VIEWER)
    yield "", _("Choose …")
    yield _("Rule sets"), [(f"{Destination.RULE_SET}:{each.pk}", each.name) for each in sets]
    yield _("Pools"), [(f"{Destination.POOL}:{each.pk}", each.name) for each in pools]
    named = members.select_related("user")
    yield _("Members"), [(f"{Destination.MEMBER}:{each.pk}", str(each)) for each in named]
    yield _("Hopper"), [(Destination.HOPPER.value, _("The hopper"))]


@team_page(Permission.REASSIGN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def distribute(request: HttpRequest, access: Access) -> HttpResponse:
    """The leads that a filter is about, and where to send them."""
    now = clock()
    filters = LeadFilters.read(request.GET)
    form = GoalForm(request.POST or None, team=access.team)
    if request.method == "POST" and form.is_valid():
        try:
            run = bulk.start(filters, form.chosen(), asked=request.GET.dict(), by=access, now=now)
        except BulkRefused as refused:
            form.add_error(None, str(refused))
        else:
            nudge(tasks.distribute, str(run.pk))
            return redirect("assignments:distribution", team=access.team.slug, bulk_run=run.pk)
    fitting = bulk.fitting(filters, by=access, now=now)
    count = fitting[: bulk.MOST + 1].count()
    page = {
        "access": access, "section": "leads", "form": form, "count": count, "most": bulk.MOST,
        "is_too_many": count > bulk.MOST, "owned": _owned(fitting, count),
        "chips": _chips(filters, request.GET, access), "query": request.GET.urlencode(),
        "asked": _asked(filters, access),
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "assignments/distribute.html", page, status=status)


def _owned(fitting: Any, count: int) -> int:
    return fitting.filter(owner__isnull=False).count() if 0 < count <= bulk.MOST else 0


def _asked(filters: LeadFilters, access: Access) -> list[str]:
    """What the controls above the list ask for, in words; the rest is in the chips."""
    words = [f"“{filters.q}”"] if filters.q else []
    if filters.status:
        kinds = {"open": _("open"), "closed": _("closed"), **dict(StatusKind.choices)}
        words.append(_("status %(name)s") % {"name": kinds[filters.status]})
    if filters.owner:
        words.append(_("owner %(name)s") % {"name": _owner(filters.owner, access)})
    if filters.source:
        source = Source.objects.visible_to(access).filter(pk=filters.source).first()
        words.append(_("source %(name)s") % {"name": source or "?"})
    return words + ([_("untouched")] if filters.is_untouched else [])


def _owner(owner: str, access: Access) -> str:
    if owner in ("me", "none"):
        return _("me") if owner == "me" else _("nobody")
    members = Membership.objects.visible_to(access).select_related("user")
    return str(members.filter(pk=owner).first() or "?")


def _chips(filters: LeadFilters, asked: QueryDict, access: Access) -> list[Chip]:
    members = Membership.objects.visible_to(access).select_related("user")
    return chips(filters, asked, list(members))


@team_page(Permission.REASSIGN)
@require_safe
def distributions(request: HttpRequest, access: Access) -> HttpResponse:
    """What was distributed by hand so far."""
    runs = list(_runs(access)[:SHOWN])
    names = _names(access, runs)
    page = {
        "access": access, "section": "triage", "now": clock(),
        "runs": [(run, names[run.pk]) for run in runs],
    }  # fmt: skip
    return render(request, "assignments/distributions.html", page)


@team_page(Permission.REASSIGN)
@never_cache
@require_safe
def distribution(request: HttpRequest, access: Access, bulk_run: UUID) -> HttpResponse:
    """One run: its progress, then where its leads went."""
    return render(request, "assignments/distribution.html", _page(_run(access, bulk_run), access))


@team_page(Permission.REASSIGN)
@never_cache
@require_safe
def progress(request: HttpRequest, access: Access, bulk_run: UUID) -> HttpResponse:
    """The fragment that the page asks for while it runs; then the whole page again."""
    run = _run(access, bulk_run)
    response = render(request, "assignments/_distribution.html", _page(run, access))
    if run.finished_at is not None:
        response["HX-Refresh"] = "true"
    return response


@team_page(Permission.REASSIGN)
@require_POST
def cancel(request: HttpRequest, access: Access, bulk_run: UUID) -> HttpResponse:
    run = _run(access, bulk_run)
    bulk.cancel(run, by=access, now=clock())
    messages.info(request, _("Stopped. What went stays where it is."))
    return redirect("assignments:distribution", team=access.team.slug, bulk_run=run.pk)


def _runs(access: Access) -> Any:
    return BulkRun.objects.visible_to(access).select_related("actor")


def _run(access: Access, run_id: UUID) -> BulkRun:
    run: BulkRun = get_object_or_404(_runs(access), pk=run_id)
    return run


def _page(run: BulkRun, access: Access) -> dict[str, Any]:
    return {
        "access": access, "section": "leads", "run": run, "now": clock(),
        "goal": _names(access, [run])[run.pk], "total": len(run.lead_ids),
        "stayed": run.done - run.moved - run.failed, "went": _went(run),
    }  # fmt: skip


def _went(run: BulkRun) -> list[tuple[str, str, int]]:
    """Outcomes and members of the decisions of this run, the most frequent first."""
    decisions = Decision.objects.filter(
        team_id=run.team_id, lead_id__in=run.lead_ids[: run.done], door=Door.BULK,
        at__gte=run.created_at,
    )  # fmt: skip
    if run.finished_at:
        decisions = decisions.filter(at__lte=run.finished_at)
    counted = (
        decisions.order_by()
        .values_list("outcome", "chosen__user__name")
        .annotate(n=Count("pk"))
        .order_by("-n")
    )
    return [(str(Decision.Outcome(outcome).label), name or "", n) for outcome, name, n in counted]


def _names(access: Access, runs: list[BulkRun]) -> dict[UUID, str]:
    """Each run's destination in words."""
    goals = {run.pk: Goal.from_json(run.destination) for run in runs}
    ids = [goal.id for goal in goals.values() if goal.id]
    pools = Pool.objects.filter(team=access.team, pk__in=ids).values_list("pk", "name")
    sets = RuleSet.objects.filter(team=access.team, pk__in=ids).values_list("pk", "name")
    members = Membership.objects.filter(team=access.team, pk__in=ids)
    named = dict([*pools, *sets, *members.values_list("pk", "user__name")])
    return {
        pk: named.get(goal.id, _("something removed")) if goal.id else _("the hopper")
        for pk, goal in goals.items()
    }
