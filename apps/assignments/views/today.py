"""Today: what waits for me, by how fast its clock runs; and taking what is offered."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now as clock
from django.views.decorators.http import require_POST, require_safe

from apps.alerts.models import AlertCounter
from apps.assignments import services
from apps.assignments.models import HopperEntry, Offer
from apps.assignments.pages import cards, day
from apps.assignments.services import Claimed, ClaimRefused, OfferGone
from apps.assignments.work import contacting
from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.SEE_TEAM)
@require_safe
def today(request: HttpRequest, access: Access) -> HttpResponse:
    """My offers, new leads and follow-ups; with `X-Fragment: lists` the lists alone.

    Nothing waits for a visitor from an agency: she comes for the figures.
    """
    if access.is_operator:
        return redirect("dashboards:team", team=access.team.slug)
    # Read first: an alert that comes between is then sent by the socket, not missed.
    last_seq = _last_seq(access)
    now = clock()
    overdue, later = cards.follow_ups(access, now)
    context = {
        "access": access,
        "section": "today",
        "last_seq": last_seq,
        "now": now,
        "offers": cards.offers(access, now),
        "new": cards.new_rows(access),
        "overdue": overdue,
        "later": later,
        "respond_within": access.team.response_seconds,
        "is_first": not Lead.objects.filter(team=access.team).exists(),
    }
    if request.headers.get("X-Fragment") == "lists":
        return render(request, "assignments/_lists.html", context)
    context |= {"day": day.figures(access, now), "turns": day.turns(access)}
    return render(request, "assignments/today.html", context)


@team_page(Permission.WORK_LEADS)
@require_POST
def claim(request: HttpRequest, access: Access, offer: UUID) -> HttpResponse:
    """Claim or accept: the card becomes “It's yours” (200) or says who was faster (409)."""
    now = clock()
    try:
        claimed = services.claim(offer, by=access, now=now)
    except Offer.DoesNotExist as error:
        raise Http404 from error
    except OfferGone as gone:
        return _gone(request, access, offer, gone)
    except ClaimRefused as refused:
        return _refused(request, access, offer, refused)
    return _won(request, access, claimed, card_id=offer)


@team_page(Permission.WORK_LEADS)
@require_POST
def decline(request: HttpRequest, access: Access, offer: UUID) -> HttpResponse:
    """Say no: the card goes away and the lead goes on."""
    try:
        reason = request.POST.get("reason", "")
        services.decline(offer, by=access, now=clock(), reason=reason)
    except Offer.DoesNotExist as error:
        raise Http404 from error
    except OfferGone as gone:
        return _gone(request, access, offer, gone)
    except ClaimRefused as refused:
        return _refused(request, access, offer, refused)
    if request.headers.get("HX-Request"):
        return HttpResponse("")
    messages.info(request, "Declined. The lead has gone on to the next member.")
    return redirect("assignments:today", team=access.team.slug)


@team_page(Permission.WORK_LEADS)
@require_POST
def pick(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """Take a lead out of the hopper."""
    try:
        claimed = services.pick(lead, by=access, now=clock())
    except HopperEntry.DoesNotExist as error:
        raise Http404 from error
    except OfferGone as gone:
        return _gone(request, access, lead, gone)
    except ClaimRefused as refused:
        return _refused(request, access, lead, refused)
    return _won(request, access, claimed, card_id=lead)


def _won(request: HttpRequest, access: Access, claimed: Claimed, card_id: UUID) -> HttpResponse:
    url = cards.address(access, "lead", lead=claimed.lead.pk)
    if not request.headers.get("HX-Request"):
        messages.success(request, "It’s yours. Make the first attempt now.")
        return redirect(url)
    context = {
        "access": access,
        "offer_id": card_id,
        "now": clock(),
        "lead": cards.lead_card(claimed.lead, access, masked=False),
        "contacts": contacting.buttons(claimed.lead, access),
        "respond_by": claimed.assignment.respond_by,
        "started_at": claimed.assignment.started_at,
    }
    return render(request, "assignments/_offer_won.html", context)


def _gone(request: HttpRequest, access: Access, card_id: UUID, gone: OfferGone) -> HttpResponse:
    seconds = None if gone.ms_before is None else gone.ms_before / 1000
    context = {
        "offer_id": card_id, "taken_by": gone.taken_by or "",
        "seconds_before": seconds, "reason": gone.words,
    }  # fmt: skip
    return _too_late(request, access, context, gone.words)


def _refused(
    request: HttpRequest, access: Access, card_id: UUID, refused: ClaimRefused
) -> HttpResponse:
    context = {"offer_id": card_id, "taken_by": "", "reason": refused.message}
    return _too_late(request, access, context, refused.message)


def _too_late(
    request: HttpRequest, access: Access, context: dict[str, object], words: str
) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(request, "assignments/_offer_gone.html", context, status=409)
    messages.warning(request, words)
    return redirect("assignments:today", team=access.team.slug)


def _last_seq(access: Access) -> int:
    if access.actor_id is None:
        return 0
    counter = AlertCounter.objects.filter(user_id=access.actor_id).first()
    return counter.last_seq if counter else 0
