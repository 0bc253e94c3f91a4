"""The list of rule sets, and when each of them is asked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.rules.models import RuleSet
from apps.rules.refusals import Refused
from apps.rules.registry import registry
from apps.rules.sets import form as set_form
from apps.rules.sets import services as rule_sets
from apps.rules.sets import shelf, versions
from apps.rules.sets.addresses import address
from apps.rules.sets.form import SetForm
from apps.rules.sets.shelf import assigning
from apps.rules.views.going import back, tell
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.SEE_ROUTING)
@require_safe
def sets(request: HttpRequest, access: Access) -> HttpResponse:
    """Every set of the team: when it is asked, what is live, who calls it."""
    versions.main_set(access.team)
    listed = shelf.cards(access)
    context = {"access": access, "section": "rules", "cards": listed}
    return render(request, "rules/sets.html", context)


@team_page(Permission.SEE_ROUTING)
@require_safe
def distribution(request: HttpRequest, access: Access) -> HttpResponse:
    """To the rules that send copies of leads."""
    return back(access, versions.distribution_set(access.team))


@team_page(Permission.EDIT_ROUTING)
@require_http_methods(["GET", "HEAD", "POST"])
def new_set(request: HttpRequest, access: Access) -> HttpResponse:
    """A new set: a name and when it is asked."""
    form = set_form.read(request.POST) if request.method == "POST" else SetForm()
    if request.method != "POST":
        return _form_page(request, access, form)
    try:
        made = rule_sets.create_rule_set(
            access.team, name=form.name, trigger=form.trigger, settings=form.settings(),
            by=access, now=timezone.now(),
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused.problems)
        return _form_page(request, access, form, status=422)
    messages.success(request, _("Now write its rules. Nothing happens until you publish them."))
    return back(access, made)


@team_page(Permission.EDIT_ROUTING)
@require_http_methods(["GET", "HEAD", "POST"])
def set_settings(request: HttpRequest, access: Access, rule_set: UUID) -> HttpResponse:
    """The set's name and what it waits for."""
    chosen = _set_of(access, rule_set)
    if request.method != "POST":
        return _form_page(request, access, set_form.of(chosen), chosen)
    form = set_form.read(request.POST)
    form.trigger = chosen.trigger
    try:
        rule_sets.change_rule_set(
            chosen, name=form.name, settings=form.settings(), by=access, now=timezone.now()
        )
    except Refused as refused:
        form.refuse(refused.problems)
        return _form_page(request, access, form, chosen, status=422)
    messages.success(request, _("Saved."))
    return redirect("rules:sets", team=access.team.slug)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def switch_set(request: HttpRequest, access: Access, rule_set: UUID) -> HttpResponse:
    chosen, is_active = _set_of(access, rule_set), request.POST.get("on") == "1"
    try:
        rule_sets.switch_rule_set(chosen, is_active=is_active, by=access, now=timezone.now())
    except Refused as refused:
        tell(request, refused)
    return redirect("rules:sets", team=access.team.slug)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def delete_set(request: HttpRequest, access: Access, rule_set: UUID) -> HttpResponse:
    chosen = _set_of(access, rule_set)
    try:
        rule_sets.delete_rule_set(chosen, by=access, now=timezone.now())
    except Refused as refused:
        tell(request, refused)
    else:
        words = _("The rule set “%(name)s” is gone.")
        messages.success(request, words % {"name": chosen.name})
    return redirect("rules:sets", team=access.team.slug)


def _set_of(access: Access, rule_set: UUID) -> RuleSet:
    """A set of the shelf: distribution rules have no settings and stay."""
    return get_object_or_404(assigning(access), pk=rule_set)


def _form_page(
    request: HttpRequest,
    access: Access,
    form: SetForm,
    rule_set: RuleSet | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "access": access,
        "section": "rules",
        "rule_set": rule_set,
        "form": form,
        "triggers": set_form.triggers(form),
        "events": set_form.events(form),
        "changes": set_form.changes(form, registry(access.team)),
        "rules_url": address(access, rule_set, "rules") if rule_set else "",
    }
    return render(request, "rules/set.html", context, status=status)
