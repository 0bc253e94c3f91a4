"""Leads that may be one person: what is suggested, to merge or to keep apart."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.leads import likeness
from apps.leads.masking import LeadCard, card, is_masked
from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

SHOWN = 50


@dataclass(frozen=True, slots=True)
class PairCard:
    """Two leads as the page shows them; empty addresses where she may only look."""

    sides: tuple[tuple[Lead, LeadCard, str], ...]
    reasons: list[str]
    merge_url: str
    apart_url: str


@team_page(Permission.WORK_LEADS)
@require_safe
def duplicates(request: HttpRequest, access: Access) -> HttpResponse:
    """Pairs that one may see, the newest first; nothing is merged without a look."""
    found = likeness.pairs(access, limit=SHOWN + 1)
    page = {
        "access": access,
        "section": "triage",
        "now": timezone.now(),
        "pairs": [_pair(pair, access) for pair in found[:SHOWN]],
        "has_more": len(found) > SHOWN,
        "shown": SHOWN,
    }
    return render(request, "leads/duplicates.html", page)


def _pair(pair: likeness.Pair, access: Access) -> PairCard:
    both = (pair.older, pair.newer)
    ids = {"lead": pair.older.pk, "other": pair.newer.pk}
    may = all(_may_work(lead, access) for lead in both)
    return PairCard(
        sides=tuple(
            (lead, _card(lead, access), _address("lead", access, lead=lead.pk)) for lead in both
        ),
        reasons=list(pair.reasons),
        merge_url=_address("merge", access, **ids) if may else "",
        apart_url=_address("keep_apart", access, **ids) if may else "",
    )


def _card(lead: Lead, access: Access) -> LeadCard:
    lead.team = access.team  # known, so that its currency costs no query
    return card(lead, masked=is_masked(lead, by=access))


def _may_work(lead: Lead, access: Access) -> bool:
    is_mine = lead.owner_id is not None and lead.owner_id == access.member_id
    return is_mine or access.can(Permission.EDIT_OTHERS)


def _address(name: str, access: Access, **ids: object) -> str:
    return reverse(f"assignments:{name}", kwargs={"team": access.team.slug, **ids})
