"""Triage: what waits for a manager, one lead at a time, each decided with one key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.assignments.models import Decision
from apps.assignments.moves import triage
from apps.assignments.moves.triage import Waiting, WentOn
from apps.assignments.pages import cards, lead_page, reasons, suggesting, timeline
from apps.assignments.work import qualifying
from apps.leads.models import Activity, Lead
from apps.teams.access import Access
from apps.teams.agency_access import agency_name
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@dataclass(frozen=True, slots=True)
class Row:
    """A lead in the list beside the chosen one."""

    lead: cards.LeadCard
    waiting: Waiting
    url: str


@team_page(Permission.REASSIGN)
@never_cache
@require_safe
def page(request: HttpRequest, access: Access) -> HttpResponse:
    """The queue and the lead of `?lead=`, or the first; alone what a script asks for."""
    now = clock()
    waiting = triage.queue(access, now)
    if request.headers.get("X-Fragment") == "lists":
        return render(request, "assignments/_triage_list.html", _list(access, waiting, now))
    chosen = _chosen(access, request.GET.get("lead", ""), waiting)
    if request.headers.get("HX-Request"):
        return _panel(request, access, chosen, waiting, now)
    context = _list(access, waiting, now) | _about(access, chosen, waiting, now)
    return render(request, "assignments/triage.html", context)


@team_page(Permission.REASSIGN)
@require_POST
def assign(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    members = Membership.objects.active().filter(team=access.team).exclude(role="viewer")
    member_id = _uuid(request.POST.get("member", ""))
    member = get_object_or_404(members.select_related("user"), pk=member_id)

    def deed(generation: int | None, now: datetime) -> str:
        triage.assign(lead, member=member, generation=generation, by=access, now=now)
        return _("→ %(name)s") % {"name": member}

    return _do(request, access, lead, deed)


@team_page(Permission.REASSIGN)
@require_POST
def into_hopper(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    def deed(generation: int | None, now: datetime) -> str:
        triage.into_hopper(lead, generation=generation, by=access, now=now)
        return _("→ hopper")

    return _do(request, access, lead, deed)


@team_page(Permission.REASSIGN)
@require_POST
def route_again(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    def deed(generation: int | None, now: datetime) -> str:
        placed = triage.route_again(lead, generation=generation, by=access, now=now)
        if placed.owner is not None:
            return _("→ %(name)s, by the rules") % {"name": placed.owner}
        return _("routed again: %(where)s") % {"where": Decision.Outcome(placed.outcome).label}

    return _do(request, access, lead, deed)


@team_page(Permission.REASSIGN)
@require_POST
def qualify(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    def deed(generation: int | None, now: datetime) -> str:
        triage.qualify(lead, generation=generation, by=access, now=now)
        return _("qualified; now give it to somebody")

    return _do(request, access, lead, deed)


@team_page(Permission.REASSIGN)
@require_POST
def disqualify(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    def deed(generation: int | None, now: datetime) -> str:
        why, text = request.POST.get("why", ""), request.POST.get("text", "")
        closed = triage.disqualify(
            lead, generation=generation, why=why, text=text, by=access, now=now
        )
        return _("disqualified: %(why)s") % {"why": closed.disqualified_reason}

    return _do(request, access, lead, deed)


def _do(
    request: HttpRequest, access: Access, lead_id: UUID, deed: Callable[[int | None, datetime], str]
) -> HttpResponse:
    """Do it and go on with the next lead; one that stays waiting is shown again."""
    now, generation = clock(), request.POST.get("generation", "")
    number = int(generation) if generation.isdecimal() and len(generation) < 10 else None
    try:
        said = deed(number, now)
    except Lead.DoesNotExist as error:
        raise Http404 from error
    except WentOn:
        return _too_late(request, access, lead_id, now)
    except qualifying.Unreasoned as error:
        return _unreasoned(request, access, lead_id, str(error), now)
    lead = _lead(access, lead_id)
    waiting = triage.queue(access, now)
    stays = next((each for each in waiting if each.lead.pk == lead_id), None)
    after = stays or triage.following(waiting, lead, access.team)
    done = {"name": cards.lead_card(lead, access, masked=access.masked).name, "said": said}
    if not request.headers.get("HX-Request"):
        messages.success(request, f"{done['name']} {said}")
        return redirect(_address(access, after.lead.pk if after else None))
    chosen = _lead(access, after.lead.pk) if after else None
    return _panel(request, access, chosen, waiting, now, done=done)


def _too_late(request: HttpRequest, access: Access, lead_id: UUID, now: datetime) -> HttpResponse:
    lead = _lead(access, lead_id)
    if not request.headers.get("HX-Request"):
        messages.warning(request, _("Somebody was quicker: %(words)s") % {
            "words": " ".join(_became(lead, access)),
        })  # fmt: skip
        return redirect(_address(access, None))
    return _panel(request, access, lead, triage.queue(access, now), now, status=409)


def _unreasoned(
    request: HttpRequest, access: Access, lead_id: UUID, error: str, now: datetime
) -> HttpResponse:
    lead, waiting = _lead(access, lead_id), triage.queue(access, now)
    typed = {
        "error": error,
        "why": request.POST.get("why", ""),
        "text": request.POST.get("text", "").replace("\x00", "")[:400],
    }
    if request.headers.get("HX-Request"):
        return _panel(request, access, lead, waiting, now, status=422, refused=typed)
    context = _list(access, waiting, now) | _about(access, lead, waiting, now, refused=typed)
    return render(request, "assignments/triage.html", context, status=422)


def _panel(
    request: HttpRequest,
    access: Access,
    lead: Lead | None,
    waiting: list[Waiting],
    now: datetime,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The chosen lead alone, with what was done to the one before."""
    context = _about(access, lead, waiting, now, **more) | {"access": access, "now": now}
    response = render(request, "assignments/_triage_panel.html", context, status=status)
    response["HX-Replace-Url"] = _address(access, lead.pk if lead else None)
    return response


def _list(access: Access, waiting: list[Waiting], now: datetime) -> dict[str, Any]:
    return {
        "access": access,
        "section": "triage",
        "now": now,
        "rows": [_row(each, access) for each in waiting],
        "has_more": len(waiting) == triage.SHOWN,
        "page_url": _address(access, None),
    }


def _row(each: Waiting, access: Access) -> Row:
    card = cards.lead_card(each.lead, access, masked=access.masked)
    return Row(card, each, _address(access, each.lead.pk))


def _about(
    access: Access, lead: Lead | None, waiting: list[Waiting], now: datetime, **more: Any
) -> dict[str, Any]:
    """Everything about the chosen lead, and where it stands in the queue."""
    context: dict[str, Any] = {"chosen": lead, "count": len(waiting), **more}
    if lead is None:
        return context
    decision = Decision.objects.visible_to(access).filter(lead=lead).first()
    suggestions = suggesting.suggest(lead, access, now, decision)
    place = next((n for n, each in enumerate(waiting) if each.lead.pk == lead.pk), None)
    used = set(decision.trace.get("facts", {})) if decision else set()
    names = suggesting.names(suggestions)
    return context | {
        "card": cards.lead_card(lead, access, masked=access.masked, keys=used),
        "headline": lead_page.headline(lead, masked=access.masked),
        "facts": lead_page.facts(lead, access, used, masked=access.masked),
        "waiting": waiting[place] if place is not None else None,
        "number": None if place is None else place + 1,
        "became": [] if place is not None else _became(lead, access),
        "suggestions": suggestions,
        "why": reasons.in_words(decision, access, names=names) if decision else None,
        "whys": qualifying.Why.choices,
        "twin": _twin(lead, access),
        **_neighbours(access, lead, waiting, place),
    }


def _neighbours(
    access: Access, lead: Lead, waiting: list[Waiting], place: int | None
) -> dict[str, str]:
    after = triage.following(waiting, lead, access.team)
    before = waiting[place - 1] if place else None
    return {
        "next_url": _address(access, after.lead.pk) if after else "",
        "prev_url": _address(access, before.lead.pk) if before else "",
    }


def _twin(lead: Lead, access: Access) -> dict[str, Any] | None:
    """The lead that this one may be the same person as."""
    other = lead.merge_suggestion
    if other is None or other.deleted_at is not None:
        return None
    card = cards.lead_card(other, access, masked=access.masked)
    return {
        "name": card.name or card.company,
        "received_at": other.received_at,
        "owner": str(other.owner.user) if other.owner else "",
        "url": cards.address(access, "lead", lead=other.pk),
    }


def _became(lead: Lead, access: Access) -> list[str]:
    """What happened to the lead last, in words: who did it, and when is on its page."""
    rows = Activity.objects.visible_to(access).filter(lead=lead)
    named = rows.select_related("member__user", "actor").annotate(agency_name=agency_name())
    newest = named.first()
    return (
        [f"{part.rstrip('.')}." for part in timeline.words(newest, access) if part]
        if newest
        else []
    )


def _chosen(access: Access, asked: str, waiting: list[Waiting]) -> Lead | None:
    """The lead that was asked for, waiting or not; else the first that waits."""
    wanted = _uuid(asked) or (waiting[0].lead.pk if waiting else None)
    if wanted is None:
        return None
    found = _leads(access).filter(pk=wanted).first()
    return found or (_lead(access, waiting[0].lead.pk) if waiting else None)


def _leads(access: Access) -> Any:
    return Lead.objects.visible_to(access).select_related(*triage.OF_LEAD)


def _lead(access: Access, lead_id: UUID) -> Lead:
    found: Lead = get_object_or_404(_leads(access), pk=lead_id)
    return found


def _address(access: Access, lead_id: UUID | None) -> str:
    base = reverse("assignments:triage", kwargs={"team": access.team.slug})
    return f"{base}?lead={lead_id}" if lead_id else base


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
