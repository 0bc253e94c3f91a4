"""Sending copies of one lead by hand, whatever the rules say."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from apps.deliveries.models import Delivery
from apps.deliveries.plans import planning
from apps.deliveries.plans.choosing import table
from apps.leads.masking import card
from apps.leads.models import Lead
from apps.rules.models import Recipient
from apps.rules.recipients.words import why_words
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

MOST = 50
SHOWN = 200


@team_page(Permission.EDIT_ROUTING)
@require_http_methods(["GET", "HEAD", "POST"])
def send_copies(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """Choose recipients for a lead; those that can't have it say why."""
    rows = Lead.objects.visible_to(access).select_related("source", "team")
    found = get_object_or_404(rows, pk=lead)
    if request.method != "POST":
        return _page(request, access, found)
    chosen = _chosen(request, access)
    if not chosen:
        return _page(request, access, found, problem=_("Choose at least one recipient."))
    with transaction.atomic():
        made = planning.send_by_hand(found, chosen, by=access, now=clock())
    _tell(request, len(made.deliveries), len(chosen))
    return redirect(reverse("assignments:lead", kwargs={"team": access.team.slug, "lead": lead}))


def _chosen(request: HttpRequest, access: Access) -> list[Recipient]:
    ids = []
    for text in request.POST.getlist("recipients")[:MOST]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    return list(Recipient.objects.visible_to(access).filter(pk__in=ids))


def _tell(request: HttpRequest, sent: int, asked: int) -> None:
    if sent:
        text = ngettext("%(n)d copy is on its way.", "%(n)d copies are on their way.", sent)
        messages.success(request, text % {"n": sent})
    if sent < asked:
        left = asked - sent
        text = ngettext(
            "%(n)d recipient has it already, or takes no leads now.",
            "%(n)d recipients have it already, or take no leads now.",
            left,
        )
        messages.warning(request, text % {"n": left})


def _page(request: HttpRequest, access: Access, lead: Lead, *, problem: str = "") -> HttpResponse:
    active = Recipient.objects.visible_to(access).filter(is_active=True).order_by("name", "pk")
    ids = list(active.values_list("pk", flat=True)[:SHOWN])
    looked = table(
        access.team, recipient_ids=ids, pool_ids=[], path=[access.team.pk], now=clock(), locks=False
    )
    copies = Delivery.objects.filter(team=access.team, lead=lead)
    sent = set(copies.values_list("recipient", flat=True))
    considered = [looked.consider(each, sent) for each in looked.recipients.values()]
    offered = sorted(considered, key=lambda each: (each.skip is not None, each.recipient.name))
    context = {
        "access": access,
        "section": "leads",
        "lead": lead,
        "card": card(lead, masked=access.masked),
        "offered": [
            (each.recipient, why_words(each.skip.why) if each.skip else "") for each in offered
        ],
        "problem": problem,
    }
    status = 422 if problem else 200
    return render(request, "deliveries/send_copies.html", context, status=status)
