"""Comparing versions, publishing a draft, and the versions so far."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.routing.wording import describe
from apps.rules.deeds import deed_words
from apps.rules.models import RuleSet, Version, VersionQuerySet
from apps.rules.refusals import Refused
from apps.rules.sets import versions
from apps.rules.sets.addresses import address
from apps.rules.sets.comparison import Known, compare
from apps.rules.views.going import back, board_of, section_of, set_of, tell
from apps.rules.wording import destination_words
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

HISTORY = 100
LARGEST_NUMBER = 6  # digits


@team_page(Permission.SEE_ROUTING)
@require_safe
def compare_draft(
    request: HttpRequest, access: Access, rule_set: UUID | None = None
) -> HttpResponse:
    """What the draft changes, rule by rule, and what looks wrong about it."""
    page = board_of(access, rule_set)
    if page.draft is None:
        return back(access, page.rule_set)
    context = {
        "access": access,
        "section": section_of(page.rule_set),
        "rule_set": page.rule_set,
        "board": page,
    }
    return render(request, "rules/compare.html", context)


@team_page(Permission.SEE_ROUTING)
@require_safe
def compare_versions(
    request: HttpRequest, access: Access, rule_set: UUID | None = None
) -> HttpResponse:
    """What differs between two versions that were live, `?before=` and `?after=`."""
    chosen = set_of(access, rule_set)
    listed = list(_published(access, chosen)[:HISTORY])
    after = _numbered(listed, request.GET.get("after", "")) or next(iter(listed), None)
    if after is None:
        return redirect(address(access, chosen, "history"))
    older = next((each for each in listed if each.number < after.number), after)
    before = _numbered(listed, request.GET.get("before", "")) or older
    changes = compare(versions.rules_of(after), versions.rules_of(before), known=Known.of(chosen))
    context = {
        "access": access, "section": section_of(chosen), "rule_set": chosen, "versions": listed,
        "before": before, "after": after, "changes": changes,
    }  # fmt: skip
    return render(request, "rules/compare_versions.html", context)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def publish(request: HttpRequest, access: Access, rule_set: UUID | None = None) -> HttpResponse:
    chosen, note = set_of(access, rule_set), request.POST.get("note", "").replace("\x00", "")
    try:
        version = versions.publish(chosen, by=access, now=timezone.now(), note=note)
    except Refused as refused:
        tell(request, refused, with_paths=True)
        return redirect(address(access, chosen, "compare"))
    words = _("Version %(number)d is live: it decides about every lead from now on.")
    if chosen.sends_copies:
        words = _("Version %(number)d is live: copies of new leads are sent by it from now on.")
    messages.success(request, words % {"number": version.number})
    return back(access, chosen)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def discard(request: HttpRequest, access: Access, rule_set: UUID | None = None) -> HttpResponse:
    chosen = set_of(access, rule_set)
    versions.discard(chosen, by=access, now=timezone.now())
    messages.info(request, _("The draft is gone; what is live did not change."))
    return back(access, chosen)


@team_page(Permission.SEE_ROUTING)
@require_safe
def history(request: HttpRequest, access: Access, rule_set: UUID | None = None) -> HttpResponse:
    """Every version that was ever live, latest first."""
    chosen = set_of(access, rule_set)
    listed = _published(access, chosen)[:HISTORY]
    context = {
        "access": access,
        "section": section_of(chosen),
        "rule_set": chosen,
        "versions": listed,
    }
    return render(request, "rules/history.html", context)


@team_page(Permission.SEE_ROUTING)
@require_safe
def version(
    request: HttpRequest, access: Access, number: int, rule_set: UUID | None = None
) -> HttpResponse:
    """One version as it decided."""
    chosen = set_of(access, rule_set)
    found = get_object_or_404(_published(access, chosen), number=number)
    known = Known.of(chosen)
    rules = [
        (
            rule,
            describe(rule.conditions, known.registry),
            destination_words(rule, known.names),
            deed_words(rule, known.names),
        )
        for rule in versions.rules_of(found)
    ]
    context = {
        "access": access, "section": section_of(chosen), "rule_set": chosen,
        "version": found, "rules": rules,
    }  # fmt: skip
    return render(request, "rules/version.html", context)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def roll_back(
    request: HttpRequest, access: Access, number: int, rule_set: UUID | None = None
) -> HttpResponse:
    chosen = set_of(access, rule_set)
    get_object_or_404(_published(access, chosen), number=number)
    try:
        live = versions.roll_back(chosen, to=number, by=access, now=timezone.now())
    except Refused as refused:
        tell(request, refused, with_paths=True)
        return redirect(address(access, chosen, "history"))
    words = _("Version %(number)d is live: the rules of version %(old)d again.")
    messages.success(request, words % {"number": live.number, "old": number})
    return back(access, chosen)


def _published(access: Access, rule_set: RuleSet) -> VersionQuerySet:
    return (
        Version.objects.visible_to(access)
        .filter(rule_set=rule_set, published_at__isnull=False)
        .select_related("published_by", "rule_set")
        .order_by("-number")
    )


def _numbered(listed: list[Version], number: str) -> Version | None:
    is_number = number.isascii() and number.isdecimal() and len(number) <= LARGEST_NUMBER
    wanted = int(number) if is_number else None
    return next((each for each in listed if each.number == wanted), None)
