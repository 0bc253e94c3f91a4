"""The live board: the page, and what it asks for again whenever something changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from apps.dashboards.live.board import board
from apps.leads.speed import target_in_words
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.SEE_DASHBOARD)
@require_safe
@never_cache
@vary_on_headers("X-Fragment")
def live_board(request: HttpRequest, access: Access) -> HttpResponse:
    """Whole, or alone what moves for a page that is open."""
    now = timezone.now()
    context: dict[str, Any] = {
        "access": access,
        "section": "dashboard",
        "tab": "board",
        "now": now,
        "board": board(access, now=now),
        "target": target_in_words(timedelta(seconds=access.team.response_seconds)),
        "here": request.path,
        "sees_leads": access.can(Permission.SEE_OTHERS),
    }
    is_fragment = request.headers.get("X-Fragment") == "board"
    template = "dashboards/_live_board.html" if is_fragment else "dashboards/live_board.html"
    return render(request, template, context)
