"""What is done to a rule from its menu: moved, copied, switched, undone, removed."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.rules.sets import versions
from apps.rules.views.going import attempt, board_of, found_rule, set_of
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

LARGEST_PLACE = 6  # digits


@team_page(Permission.EDIT_ROUTING)
@require_POST
def move(
    request: HttpRequest, access: Access, rule: UUID, rule_set: UUID | None = None
) -> HttpResponse:
    """To a place (`to`), or one `step` up or down."""
    page = board_of(access, rule_set)
    place = found_rule(page, rule).position
    step = {"up": -1, "down": 1}.get(request.POST.get("step", ""), 0)
    wanted = request.POST.get("to", "")[:LARGEST_PLACE]
    to = int(wanted) if wanted.isascii() and wanted.isdecimal() else place + step
    return attempt(request, access, page.rule_set, lambda: versions.move_rule(
        page.rule_set, rule, to=max(to, 1), by=access, now=page.now
    ), rule)  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def duplicate(
    request: HttpRequest, access: Access, rule: UUID, rule_set: UUID | None = None
) -> HttpResponse:
    chosen = set_of(access, rule_set)
    return attempt(request, access, chosen, lambda: versions.duplicate_rule(
        chosen, rule, by=access, now=timezone.now()
    ), rule)  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def switch(
    request: HttpRequest, access: Access, rule: UUID, rule_set: UUID | None = None
) -> HttpResponse:
    chosen, is_active = set_of(access, rule_set), request.POST.get("on") == "1"
    return attempt(request, access, chosen, lambda: versions.set_active(
        chosen, rule, is_active=is_active, by=access, now=timezone.now()
    ), rule)  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def undo(
    request: HttpRequest, access: Access, rule: UUID, rule_set: UUID | None = None
) -> HttpResponse:
    chosen = set_of(access, rule_set)
    return attempt(request, access, chosen, lambda: versions.undo_rule(
        chosen, rule, by=access, now=timezone.now()
    ), rule)  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def remove(
    request: HttpRequest, access: Access, rule: UUID, rule_set: UUID | None = None
) -> HttpResponse:
    chosen = set_of(access, rule_set)
    return attempt(request, access, chosen, lambda: versions.remove_rule(
        chosen, rule, by=access, now=timezone.now()
    ))  # fmt: skip
