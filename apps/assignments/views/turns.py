"""What was due and what was received: a pool's seats, and a member's own turns."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.assignments.seats import passed_over
from apps.leads.models import Lead
from apps.rules.models import Pool
from apps.rules.pools import ledger, standing
from apps.rules.pools import shares as counted
from apps.teams.access import Access
from apps.teams.models import AuditEntry
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.SEE_ROUTING)
@require_safe
def shares(request: HttpRequest, access: Access, pool: UUID) -> HttpResponse:
    """Each seat's share due against its share received; `?days=`, and a table for spreadsheets."""
    found = get_object_or_404(Pool.objects.visible_to(access), pk=pool)
    days = counted.days_of(request.GET.get("days", ""))
    seats = counted.shares(found, days=days, now=timezone.now())
    skips = passed_over.count(found, since=seats.since)
    words = {share.seat: skips.words(share.seat) for share in seats.seats}
    if request.GET.get("format") == "csv":
        return _csv(counted.as_csv(seats, words.items()), f"{access.team.slug}-shares-{days}.csv")
    context = {
        "access": access,
        "section": "pools",
        "pool": found,
        "shares": seats,
        "spans": counted.SPANS,
        "skips": skips,
        "words": words,
        "adjustments": _adjustments(access, found, seats),
        "may_adjust": access.can(Permission.ADJUST_CREDIT),
    }
    return render(request, "rules/shares.html", context)


@team_page(Permission.WORK_LEADS)
@require_safe
def my_turns(request: HttpRequest, access: Access) -> HttpResponse:
    """A member's own line in every pool where she sits, why she was passed over, and her turns."""
    if access.membership is None:
        raise Http404("Only members have turns.")
    now, days = timezone.now(), counted.days_of(request.GET.get("days", ""))
    mine = counted.mine(access.membership, days=days, now=now)
    turns = ledger.my_turns(access.membership)
    lead_ids = [turn.entry.lead_id for turn in turns if turn.entry.lead_id]
    context = {
        "access": access,
        "section": "me",
        "days": days,
        "spans": counted.SPANS,
        "lines": [(line, _my_skips(line, access)) for line in mine],
        "by_day": [
            (day, list(each))
            for day, each in groupby(turns, key=lambda turn: timezone.localdate(turn.entry.at))
        ],
        "leads": Lead.objects.visible_to(access).select_related("source").in_bulk(lead_ids),
        "seats": standing.credits_of(access.membership),
    }
    return render(request, "assignments/my_turns.html", context)


def _my_skips(line: counted.Mine, access: Access) -> str:
    """Why she was passed over; of her colleagues she learns nothing."""
    since = timezone.now() - timedelta(days=line.days)
    skips = passed_over.count(line.pool, since=since, member=access.member_id)
    return skips.words(line.share.seat)


def _adjustments(access: Access, pool: Pool, seats: counted.Shares) -> list[dict[str, Any]]:
    """Credit moved by hand within the span, with who did it and why."""
    names = {str(share.seat): share.name for share in seats.seats}
    entries = AuditEntry.objects.visible_to(access).filter(
        action="rules.credit_adjusted", target_id=pool.pk, at__gte=seats.since
    )
    return [
        {
            "at": entry.at,
            "by": entry.actor,
            "name": names.get(entry.detail.get("seat", ""), "–"),
            "turns": entry.detail.get("turns"),
            "reason": entry.detail.get("reason"),
        }
        for entry in entries.select_related("actor")[:50]
    ]


def _csv(text: str, name: str) -> HttpResponse:
    return HttpResponse(
        text,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
