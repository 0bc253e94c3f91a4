"""`/d/<token>/account/`: whoever got a copy by e-mail takes these leads into a team of theirs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.deliveries import consent, links, public_copies
from apps.deliveries.models import Delivery
from apps.deliveries.public_copies import Shown
from apps.deliveries.views.public import of_token
from apps.rules import agreements
from apps.rules.agreements import AgreementRefused
from apps.rules.models import Recipient
from apps.teams.access import Access
from apps.teams.policy import public_page


@public_page("the signed token in the address; taking it needs a sign-in and a team's sources")
@require_http_methods(["GET", "HEAD", "POST"])
@of_token
def adopt(request: HttpRequest, delivery: Delivery) -> HttpResponse:
    """Choose the team; from then on the leads arrive there, this one first."""
    if public_copies.shown(delivery, now=timezone.now()) is not Shown.COPY:
        return redirect(links.path_of(delivery))
    if not request.user.is_authenticated:
        return _page(request, delivery)
    teams = agreements.teams_of(request.user)
    if request.method != "POST":
        return _page(request, delivery, teams=teams)
    by = next((each for each in teams if str(each.team.pk) == request.POST.get("team")), None)
    if by is None:
        return _page(request, delivery, teams=teams, error=_("Choose a team."), status=422)
    return _take(request, delivery, by, teams)


def _take(
    request: HttpRequest, delivery: Delivery, by: Access, teams: list[Access]
) -> HttpResponse:  # fmt: skip
    try:
        consent.adopt(delivery, by.team, by, timezone.now())
    except AgreementRefused as refused:
        return _page(request, delivery, teams=teams, error=str(refused), status=422)
    words = _("Leads of %(sender)s arrive here from now on; this one is on its way.")
    messages.success(request, words % {"sender": delivery.team.name})
    return redirect(f"/t/{by.team.slug}/")


def _page(
    request: HttpRequest, delivery: Delivery, *, status: int = 200, **context: Any
) -> HttpResponse:
    context |= {
        "delivery": delivery,
        "team": delivery.team,
        "path": links.path_of(delivery),
        "is_adopted": delivery.recipient.kind == Recipient.Kind.TEAM,
        "may_adopt": delivery.recipient.kind == Recipient.Kind.EMAIL,
        "token": links.token_of(delivery),
    }
    response = render(request, "deliveries/public_adopt.html", context, status=status)
    response["Referrer-Policy"] = "same-origin"  # without an origin its form would be refused
    return response
