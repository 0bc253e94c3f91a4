"""Experiments: the list, a new one, and what one shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.experiments import results, words
from apps.experiments.forms import ExperimentForm, SubjectForm, VariantForm, variant_forms
from apps.experiments.results import VariantResult
from apps.rules import experiments as services
from apps.rules.models import Experiment, Pool, RuleSet
from apps.rules.refusals import Refused
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

SHOWN = 100


@team_page(Permission.SEE_ROUTING)
@require_safe
def experiments(request: HttpRequest, access: Access) -> HttpResponse:
    rows = Experiment.objects.visible_to(access).select_related("pool", "rule_set", "actor")
    page = {
        "access": access, "section": "experiments", "experiments": rows[:SHOWN],
        "may_edit": access.can(Permission.EDIT_ROUTING),
    }  # fmt: skip
    return render(request, "experiments/experiments.html", page)


@team_page(Permission.EDIT_ROUTING)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, access: Access) -> HttpResponse:
    """First what to try, then its variants."""
    chooser = SubjectForm(request.GET or None, team=access.team)
    page: dict[str, Any] = {"access": access, "section": "experiments", "chooser": chooser}
    if not chooser.is_valid():
        return render(request, "experiments/new.html", page)
    subject = chooser.chosen()
    form = ExperimentForm(request.POST or None)
    variants = variant_forms(subject, request.POST or None)
    if request.method == "POST" and _are_valid(form, variants):
        made = _prepare(access, form, variants, subject)
        if made is not None:
            return redirect("experiments:experiment", team=access.team.slug, experiment=made.pk)
    page |= {"form": form, "variants": variants, "subject": subject}
    status = 422 if request.method == "POST" else 200
    return render(request, "experiments/new.html", page, status=status)


def _are_valid(form: ExperimentForm, variants: Sequence[VariantForm]) -> bool:
    return all([form.is_valid(), *(each.is_valid() for each in variants)])


def _prepare(
    access: Access,
    form: ExperimentForm,
    variants: Sequence[VariantForm],
    subject: RuleSet | Pool,
) -> Experiment | None:
    listed = [(row, given) for row in variants if (given := row.fields_of_variant())]
    try:
        return services.prepare(
            access.team, subject=subject, variants=[given for _row, given in listed],
            by=access, now=clock(), **form.cleaned_data,
        )  # fmt: skip
    except Refused as refused:
        for problem in refused.problems:
            _show(problem.path, problem.message, form, [row for row, _given in listed])
        return None


def _show(path: str, message: str, form: ExperimentForm, rows: Sequence[VariantForm]) -> None:
    """Beside the field that is wrong; else above the form."""
    if path in form.fields:
        form.add_error(path, message)
    elif path.startswith("variants["):
        number, _dot, name = path.removeprefix("variants[").partition("].")
        row = rows[int(number)]
        row.add_error(name if name in row.fields else None, message)
    else:
        form.add_error(None, message)


@dataclass(frozen=True, slots=True)
class Row:
    """A variant as the page shows it; the bar's numbers are percent of the widest interval."""

    result: VariantResult
    rate: str
    wait: str
    x: float
    width: float
    middle: float


@team_page(Permission.SEE_ROUTING)
@never_cache
@require_safe
def experiment(request: HttpRequest, access: Access, experiment: UUID) -> HttpResponse:
    found = _experiment(access, experiment)
    shown = results.results(found, now=clock())
    headline, text = words.verdict(shown, found)
    page = {
        "access": access, "section": "experiments", "experiment": found, "results": shown,
        "rows": _rows(shown.variants), "headline": headline, "text": text,
        "has_winner": shown.verdict.finding == "winner",
        "may_edit": access.can(Permission.EDIT_ROUTING),
    }  # fmt: skip
    return render(request, "experiments/experiment.html", page)


def _rows(variants: Sequence[VariantResult]) -> list[Row]:
    upper = max((each.rate.high for each in variants if each.rate), default=1.0) or 1.0
    return [_row(each, upper) for each in variants]


def _row(each: VariantResult, upper: float) -> Row:
    rate = each.rate
    x, high, middle = (rate.low, rate.high, rate.value) if rate else (0.0, 0.0, 0.0)
    scale = 100 / upper
    return Row(
        each, words.share(rate), words.wait(each.median),
        round(x * scale, 2), round((high - x) * scale, 2), round(middle * scale, 2),
    )  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def start(request: HttpRequest, access: Access, experiment: UUID) -> HttpResponse:
    found = _experiment(access, experiment)
    return _try(
        request, access, found, _("It runs: new leads are split from now on."),
        lambda: services.start(found, by=access, now=clock()),
    )  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def stop(request: HttpRequest, access: Access, experiment: UUID) -> HttpResponse:
    """Stop it, and keep the variant that was chosen, if one was."""
    found = _experiment(access, experiment)
    keep = _kept(found, request.POST.get("keep", ""))
    said = _("Stopped. All leads get the variant that you kept.") if keep else _("Stopped.")
    return _try(
        request, access, found, said,
        lambda: services.stop(found, keep=keep, by=access, now=clock()),
    )  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def discard(request: HttpRequest, access: Access, experiment: UUID) -> HttpResponse:
    found = _experiment(access, experiment)
    try:
        services.discard(found, by=access, now=clock())
    except Refused as refused:
        messages.error(request, str(refused))
        return _back(access, found)
    return redirect("experiments:experiments", team=access.team.slug)


def _kept(found: Experiment, text: str) -> UUID | None:
    if not text:
        return None
    by_id = {str(pk): pk for pk in found.variants.values_list("pk", flat=True)}
    if text not in by_id:
        raise Http404("No such variant.")
    return by_id[text]


def _try(
    request: HttpRequest, access: Access, found: Experiment, said: str, act: Callable[[], Any]
) -> HttpResponse:
    try:
        act()
    except Refused as refused:
        messages.error(request, " ".join(problem.message for problem in refused.problems))
    else:
        messages.success(request, said)
    return _back(access, found)


def _back(access: Access, found: Experiment) -> HttpResponse:
    return redirect("experiments:experiment", team=access.team.slug, experiment=found.pk)


def _experiment(access: Access, experiment_id: UUID) -> Experiment:
    rows = Experiment.objects.visible_to(access).select_related("team", "pool", "rule_set")
    found: Experiment = get_object_or_404(rows, pk=experiment_id)
    return found
