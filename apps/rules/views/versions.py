"""Comparing a draft with what is live, publishing it, and the versions so far."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.routing.wording import describe
from apps.rules import board, versions
from apps.rules.models import RuleSet, Version, VersionQuerySet
from apps.rules.refusals import Refused
from apps.rules.registry import registry
from apps.rules.wording import destination_words
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

HISTORY = 100


@team_page(Permission.SEE_ROUTING)
@require_safe
def compare(request: HttpRequest, access: Access) -> HttpResponse:
    """What the draft changes, rule by rule, and what looks wrong about it."""
    page = board.load(access, now=timezone.now())
    if page.draft is None:
        return redirect("rules:rules", team=access.team.slug)
    context = {"access": access, "section": "rules", "board": page}
    return render(request, "rules/compare.html", context)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def publish(request: HttpRequest, access: Access) -> HttpResponse:
    note = request.POST.get("note", "").replace("\x00", "")
    try:
        version = versions.publish(
            versions.main_set(access.team), by=access, now=timezone.now(), note=note
        )
    except Refused as refused:
        _tell(request, refused)
        return redirect("rules:compare", team=access.team.slug)
    words = _("Version %(number)d is live: it decides about every lead from now on.")
    messages.success(request, words % {"number": version.number})
    return redirect("rules:rules", team=access.team.slug)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def discard(request: HttpRequest, access: Access) -> HttpResponse:
    versions.discard(versions.main_set(access.team), by=access, now=timezone.now())
    messages.info(request, _("The draft is gone; what is live did not change."))
    return redirect("rules:rules", team=access.team.slug)


@team_page(Permission.SEE_ROUTING)
@require_safe
def history(request: HttpRequest, access: Access) -> HttpResponse:
    """Every version that was ever live, latest first."""
    context = {"access": access, "section": "rules", "versions": _published(access)[:HISTORY]}
    return render(request, "rules/history.html", context)


@team_page(Permission.SEE_ROUTING)
@require_safe
def version(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """One version as it decided."""
    found = get_object_or_404(_published(access), number=number)
    fields = registry(access.team)
    rules = [
        (rule, describe(rule.conditions, fields), destination_words(rule))
        for rule in versions.rules_of(found)
    ]
    context = {"access": access, "section": "rules", "version": found, "rules": rules}
    return render(request, "rules/version.html", context)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def roll_back(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    get_object_or_404(_published(access), number=number)
    try:
        live = versions.roll_back(
            versions.main_set(access.team), to=number, by=access, now=timezone.now()
        )
    except Refused as refused:
        _tell(request, refused)
        return redirect("rules:history", team=access.team.slug)
    words = _("Version %(number)d is live: the rules of version %(old)d again.")
    messages.success(request, words % {"number": live.number, "old": number})
    return redirect("rules:rules", team=access.team.slug)


def _published(access: Access) -> VersionQuerySet:
    return (
        Version.objects.visible_to(access)
        .filter(rule_set__trigger=RuleSet.Trigger.NEW, published_at__isnull=False)
        .select_related("published_by")
        .order_by("-number")
    )


def _tell(request: HttpRequest, refused: Refused) -> None:
    for problem in refused.problems:
        messages.error(request, str(problem))
