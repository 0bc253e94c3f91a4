"""Merging two leads: find the other, look at both side by side, choose; or keep them apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.assignments import services
from apps.assignments.moves import merged_values, merging
from apps.assignments.moves.merging import MergeRefused, Wishes
from apps.assignments.pages import cards, lead_page
from apps.assignments.views.lead import see_whole, visible_lead
from apps.leads import likeness
from apps.leads.filters import LATEST_FIRST, LeadFilters
from apps.leads.masking import is_masked
from apps.leads.models import Attempt, FollowUp, Lead
from apps.leads.services import StaleLead
from apps.rules.registry import registry
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

FOUND = 10
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Row:
    """One field of both leads, in words."""

    key: str
    label: str
    mine: str
    other: str
    is_conflict: bool
    takes_other: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    card: cards.LeadCard
    lead: Lead
    url: str
    reasons: list[str]


@team_page(Permission.WORK_LEADS)
@require_safe
def choose(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """Which lead shall be merged into this one?"""
    found = _workable(access, lead)
    filters = LeadFilters.read(request.GET)
    page = {
        "access": access, "section": "leads", "now": clock(), "q": filters.q, "lead": found,
        "card": cards.lead_card(found, access, masked=False),
        "suggested": [_candidate(one, found, access) for one in likeness.of_lead(found, access)],
        "found": [_candidate(one, found, access) for one in _search(filters, found, access)],
    }  # fmt: skip
    return render(request, "assignments/merge_with.html", page)


def _search(filters: LeadFilters, lead: Lead, access: Access) -> list[Lead]:
    if not filters.q:
        return []
    rows = LeadFilters(q=filters.q).apply(Lead.objects.visible_to(access), by=access, now=clock())
    others = rows.exclude(pk=lead.pk).select_related("source", "status", "owner__user")
    return list(others.order_by(*LATEST_FIRST)[:FOUND])


def _candidate(one: Lead, lead: Lead, access: Access) -> Candidate:
    return Candidate(
        card=cards.lead_card(one, access, masked=is_masked(one, by=access)),
        lead=one,
        url=cards.address(access, "merge", lead=lead.pk, other=one.pk),
        reasons=likeness.reasons(lead, one),
    )


@team_page(Permission.WORK_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, access: Access, lead: UUID, other: UUID) -> HttpResponse:
    """Both leads side by side; then they are one."""
    mine, gone = _workable(access, lead), _workable(access, other)
    if request.method != "POST":
        return _preview(request, access, mine, gone)
    try:
        wishes = _wishes(request, mine, gone, access)
        kept = merging.merge(mine, gone, wishes=wishes, by=access, now=clock())
    except Lead.DoesNotExist as error:
        raise Http404 from error
    except StaleLead:
        words = _("Somebody changed one of these leads meanwhile. Look at both again.")
        return _preview(request, access, mine, gone, problem=words)
    except MergeRefused as refused:
        return _preview(request, access, mine, gone, problem=str(refused))
    messages.success(request, _("Merged. Whatever comes for either of them comes here now."))
    return redirect(cards.address(access, "lead", lead=kept.pk))


@team_page(Permission.WORK_LEADS)
@require_POST
def keep_apart(request: HttpRequest, access: Access, lead: UUID, other: UUID) -> HttpResponse:
    """They are two people: never suggest it again."""
    mine, gone = _workable(access, lead), visible_lead(access, other)
    if mine.pk != gone.pk:
        likeness.keep_apart(mine, gone, by=access, now=clock())
    messages.success(request, _("Noted: these two are not the same."))
    if request.POST.get("back") == "duplicates":
        return redirect(reverse("leads:duplicates", kwargs={"team": access.team.slug}))
    return redirect(cards.address(access, "lead", lead=lead))


def _workable(access: Access, lead_id: UUID) -> Lead:
    found = visible_lead(access, lead_id)
    see_whole(access)
    if not services.may_edit(found, access):
        raise PermissionDenied("This lead belongs to somebody else.")
    return found


def _wishes(request: HttpRequest, mine: Lead, gone: Lead, access: Access) -> Wishes:
    """What was chosen; anything that is no choice leaves it as it is."""
    different = merged_values.differences(mine, gone, registry(access.team))
    asked = {each.key: request.POST.get(f"field.{each.key}", "") for each in different}
    return Wishes(
        takes=frozenset(key for key, value in asked.items() if value == OTHER),
        other_owner=request.POST.get("owner") == OTHER,
        other_status=request.POST.get("status") == OTHER,
        other_follow_up=request.POST.get("follow_up") == OTHER,
        versions={
            mine.pk: _number(request.POST.get("version")),
            gone.pk: _number(request.POST.get("other_version")),
        },
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else -1


def _preview(
    request: HttpRequest, access: Access, mine: Lead, gone: Lead, *, problem: str = ""
) -> HttpResponse:
    if mine.pk == gone.pk:
        raise Http404
    if problem:
        mine, gone = visible_lead(access, mine.pk), visible_lead(access, gone.pk)
    different = merged_values.differences(mine, gone, registry(access.team))
    rows = [_row(each, mine, gone, access, request) for each in different]
    page = {
        "access": access, "section": "leads", "now": clock(), "problem": problem,
        "sides": [_side(mine, access), _side(gone, access)], "mine": mine, "other": gone,
        "conflicts": [row for row in rows if row.is_conflict],
        "added": [row for row in rows if not row.is_conflict and row.other],
        "has_owners": None not in (mine.owner_id, gone.owner_id) and mine.owner_id != gone.owner_id,
        "may_reassign": access.can(Permission.REASSIGN),
        "goes_to": gone.owner if mine.owner_id is None else None,
        "reasons": likeness.reasons(mine, gone),
        "swap_url": cards.address(access, "merge", lead=gone.pk, other=mine.pk),
        "apart_url": cards.address(access, "keep_apart", lead=mine.pk, other=gone.pk),
        "back_url": cards.address(access, "lead", lead=mine.pk),
    }  # fmt: skip
    return render(request, "assignments/merge.html", page, status=422 if problem else 200)


def _side(lead: Lead, access: Access) -> dict[str, Any]:
    open_ones = FollowUp.objects.filter(lead=lead, done_at=None, cancelled_at=None)
    return {
        "lead": lead,
        "card": cards.lead_card(lead, access, masked=False),
        "headline": lead_page.headline(lead, masked=False),
        "attempts": Attempt.objects.filter(lead=lead).count(),
        "follow_up": open_ones.first(),
    }


def _row(
    each: merged_values.Difference, mine: Lead, gone: Lead, access: Access, request: HttpRequest
) -> Row:
    field = registry(access.team).get(each.key)
    words, others_words = (
        "" if value in merged_values.EMPTY else lead_page.in_words(field, value, lead, access)
        for lead, value in ((mine, each.mine), (gone, each.other))
    )
    takes_other = request.POST.get(f"field.{each.key}") == OTHER
    return Row(each.key, each.label, words, others_words, each.is_conflict, takes_other)
