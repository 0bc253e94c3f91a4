"""What the views of rule sets share: finding a set and a rule, doing, and going back."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.rules.builder import board
from apps.rules.builder.board import Board
from apps.rules.models import Rule, RuleSet
from apps.rules.refusals import Refused
from apps.rules.sets import versions
from apps.rules.sets.addresses import address
from apps.teams.access import Access


def set_of(access: Access, rule_set: UUID | None) -> RuleSet:
    """The set of that id, or the one that assigns new leads."""
    if rule_set is None:
        return versions.main_set(access.team)
    return get_object_or_404(RuleSet.objects.visible_to(access), pk=rule_set)


def section_of(rule_set: RuleSet) -> str:
    """Which entry of the menu its pages are under."""
    return "distribution" if rule_set.sends_copies else "rules"


def board_of(access: Access, rule_set: UUID | None) -> Board:
    """The builder of the set of that id, or of the one for new leads."""
    try:
        return board.load(access, rule_set, now=timezone.now())
    except RuleSet.DoesNotExist:
        raise Http404 from None


def found_rule(page: Board, key: UUID) -> Rule:
    """The rule of this key as the page shows it; Http404 if there is no such rule."""
    found = page.rule(str(key))
    if found is None:
        raise Http404(_("There is no such rule."))
    return found


def back(access: Access, rule_set: RuleSet, key: UUID | None = None) -> HttpResponse:
    """To the rules of the set, at one of them."""
    place = f"#rule-{key}" if key else ""
    return redirect(address(access, rule_set, "rules") + place)


def attempt(
    request: HttpRequest,
    access: Access,
    rule_set: RuleSet,
    act: Callable[[], object],
    key: UUID | None = None,
) -> HttpResponse:
    """Do it and go back to the rules; a refusal is said there."""
    try:
        act()
    except Refused as refused:
        tell(request, refused)
    except Rule.DoesNotExist:
        raise Http404 from None
    return back(access, rule_set, key)


def tell(request: HttpRequest, refused: Refused, *, with_paths: bool = False) -> None:
    """Say every problem on the next page."""
    for problem in refused.problems:
        messages.error(request, str(problem) if with_paths else problem.message)
