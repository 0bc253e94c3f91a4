"""Senders: the teams whose leads come in here, and those that ask whether theirs may."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.deliveries import arrivals, consent
from apps.deliveries.arrivals import Figures
from apps.deliveries.returns import sending_back
from apps.deliveries.returns.disputes import DisputeRefused
from apps.leads.models import Lead, Source
from apps.rules import agreements
from apps.rules.agreements import AgreementRefused
from apps.rules.models import Agreement
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

State = Agreement.State
MOST_ENDED = 50


@team_page(Permission.EDIT_SOURCES)
@require_safe
def senders_page(request: HttpRequest, access: Access) -> HttpResponse:
    """Each sender with what came of late, the questions that wait, and what ended."""
    now = timezone.now()
    received = Agreement.objects.received_by(access).select_related("team", "ended_by")
    brought = arrivals.figures(access, now=now)
    sources = _sources(access)
    live = received.filter(state=State.ACCEPTED).select_related("decided_by")
    context = {
        "access": access,
        "section": "sources",
        "tab": "senders",
        "rows": [
            (row, sources.get(row.team_id), brought.get(row.team_id, Figures()))
            for row in live.order_by("team__name", "id")
        ],
        "questions": agreements.asked_of(access, now=now),
        "ended": _ended(received, {row.team_id for row in live})[:MOST_ENDED],
    }
    return render(request, "capture/senders.html", context)


@team_page(Permission.EDIT_SOURCES)
@require_http_methods(["GET", "HEAD", "POST"])
def end_sender(request: HttpRequest, access: Access, sender: UUID) -> HttpResponse:
    """Take no more leads of a sender: asked once more, for nobody can undo it alone."""
    rows = Agreement.objects.received_by(access).select_related("team")
    found = get_object_or_404(rows, pk=sender)
    if request.method == "POST":
        consent.end(found, side=Agreement.Side.RECIPIENT, by=access, now=timezone.now())
        words = _("%(team)s sends you no more leads. What came so far stays.")
        messages.success(request, words % {"team": found.team.name})
        return redirect("capture:senders", team=access.team.slug)
    context = {"access": access, "section": "sources", "agreement": found}
    return render(request, "capture/senders_end.html", context)


@team_page(Permission.EDIT_SOURCES)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, access: Access, question: UUID) -> HttpResponse:
    """A team asks: what exactly is agreed, and yes or no."""
    now = timezone.now()
    found = get_object_or_404(agreements.asked_of(access, now=now), pk=question)
    if request.method != "POST":
        context = {"access": access, "section": "sources", "agreement": found}
        return render(request, "capture/senders_question.html", context)
    try:
        if request.POST.get("answer") == "no":
            consent.decline(found, by=access, now=now)
            messages.success(request, _("Declined. They were told, and send you nothing."))
        else:
            consent.accept(found, team=access.team, by=access, now=now)
            words = _("Leads of %(team)s come in here from now on.")
            messages.success(request, words % {"team": found.team.name})
    except AgreementRefused as refused:
        messages.error(request, str(refused))
    return redirect("capture:senders", team=access.team.slug)


@team_page(Permission.ADJUST_CREDIT)
@require_POST
def return_lead(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """Give a lead back to the team that sent it."""
    found = get_object_or_404(Lead.objects.visible_to(access), pk=lead)
    given = {key: request.POST.get(key, "") for key in ("arrival", "reason", "note")}
    try:
        sending_back.send_back(
            found, _id(given["arrival"]), reason=given["reason"], note=given["note"], by=access,
            now=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("Returned. The sender decides, and you are told."))
    except DisputeRefused as refused:
        messages.error(request, str(refused))
    return redirect("assignments:lead", team=access.team.slug, lead=found.pk)


def _sources(access: Access) -> dict[UUID | None, Source]:
    rows = Source.objects.visible_to(access).filter(kind=Source.Kind.COPY)
    return {source.sender_id: source for source in rows}


def _ended(received: Any, live: set[UUID]) -> Any:
    """The last agreement of each sender that sends no more."""
    rows = received.filter(state=State.ENDED, decided_at__isnull=False).exclude(team__in=live)
    latest = rows.order_by("team_id", "-ended_at").distinct("team_id").values("pk")
    return received.filter(pk__in=latest).order_by("-ended_at", "-id")


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
