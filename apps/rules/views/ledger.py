"""The turns ledger of a pool, and its revisions."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps.leads.models import Lead
from apps.rules.ledgers import Cursor
from apps.rules.models import Pool, PoolRevision
from apps.rules.pools import ledger
from apps.rules.pools.revisions import changes_of
from apps.rules.registry import registry
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

REVISIONS = 50


@team_page(Permission.SEE_ROUTING)
@require_safe
def pool_ledger(request: HttpRequest, access: Access, pool: UUID) -> HttpResponse:
    """Every turn with the credits after it, latest first; `?before=` goes on below."""
    found = get_object_or_404(Pool.objects.visible_to(access), pk=pool)
    page = ledger.page(found, before=_cursor(request))
    lead_ids = [line.entry.lead_id for line in page.lines if line.entry.lead_id]
    leads = Lead.objects.visible_to(access).select_related("source").in_bulk(lead_ids)
    context = {
        "access": access,
        "section": "pools",
        "pool": found,
        "page": page,
        "leads": leads,
        "older": f"?before={page.older[0]},{page.older[1]}" if page.older else None,
        "is_first": "before" not in request.GET,
    }
    return render(request, "rules/ledger.html", context)


@team_page(Permission.SEE_ROUTING)
@require_safe
def revisions(request: HttpRequest, access: Access, pool: UUID) -> HttpResponse:
    """How the pool was set at any time, and who set it."""
    found = get_object_or_404(Pool.objects.visible_to(access), pk=pool)
    rows = list(
        PoolRevision.objects.visible_to(access)
        .filter(pool=found)
        .select_related("actor")[: REVISIONS + 1]
    )
    context = {
        "access": access,
        "section": "pools",
        "pool": found,
        "revisions": changes_of(rows, Membership.objects.visible_to(access), registry(access.team))[
            :REVISIONS
        ],
    }
    return render(request, "rules/revisions.html", context)


def _cursor(request: HttpRequest) -> Cursor | None:
    """Where the page begins; an address that was tampered with begins at the top."""
    turn_no, _comma, entry = request.GET.get("before", "").partition(",")
    try:
        return (int(turn_no), UUID(entry)) if len(turn_no) < 18 else None
    except ValueError:
        return None
