"""The link of a question between teams: read what is agreed, sign in or make an account, answer."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import User
from apps.accounts.people import find_person
from apps.deliveries import consent
from apps.onboarding import by_mail
from apps.rules import agreements
from apps.rules.agreements import AgreementRefused
from apps.rules.models import Agreement
from apps.teams.access import Access
from apps.teams.policy import public_page


@public_page("the token in the address is the key; accepting needs a sign-in and a team's sources")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def agreement(request: HttpRequest, token: str) -> HttpResponse:
    """What is asked, in full; a POST accepts for the team that was chosen."""
    now = timezone.now()
    found = agreements.find(token, now=now)
    if found is None:
        return _gone(request)
    if not request.user.is_authenticated:
        return _page(request, token, found)
    teams = _teams(request, found)
    if request.method != "POST":
        return _page(request, token, found, teams=teams)
    by = next((each for each in teams if str(each.team.pk) == request.POST.get("team")), None)
    if by is None:
        return _page(request, token, found, teams=teams, error=_("Choose a team."), status=422)
    try:
        consent.accept(found, team=by.team, by=by, now=now)
    except AgreementRefused as refused:
        return _page(request, token, found, teams=teams, error=str(refused), status=422)
    words = _("Leads of %(team)s come in here from now on.")
    messages.success(request, words % {"team": found.team.name})
    return redirect("capture:senders", team=by.team.slug)


@public_page("the token in the address is the key: whoever was asked may say no")
@never_cache
@require_POST
def decline(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    found = agreements.find(token, now=now)
    if found is None:
        return _gone(request)
    try:
        consent.decline(found, by=None, now=now)
    except AgreementRefused:
        return _gone(request)
    return render(request, "onboarding/agreement_declined.html", {"agreement": found})


@public_page("the token came by mail, which proves the address that the account is made for")
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """An account and a team for whoever was asked and has none; then she answers."""
    found = agreements.find(token, now=timezone.now())
    if found is None:
        return _gone(request)
    return by_mail.found(
        request,
        email=found.email,
        then=reverse("welcome:agreement", kwargs={"token": token}),
        template="onboarding/agreement_join.html",
        context={"agreement": found, "token": token},
    )


def _teams(request: HttpRequest, found: Agreement) -> list[Access]:
    """Where this reader may take the leads; the sender's own team is none of them."""
    own = agreements.teams_of(cast(User, request.user))
    return [each for each in own if each.team.pk != found.team_id]


def _page(
    request: HttpRequest, token: str, found: Agreement, *, status: int = 200, **context: Any
) -> HttpResponse:
    context |= {
        "agreement": found,
        "token": token,
        "next": request.path,
        "may_join": bool(found.email) and not find_person(found.email),
    }
    return render(request, "onboarding/agreement.html", context, status=status)


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "onboarding/agreement_gone.html", status=404)
