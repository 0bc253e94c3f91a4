"""How people come in: the first set-up of a site, and invitations."""

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts.forms import NewPersonForm
from apps.accounts.models import User
from apps.accounts.people import find_person, is_first_start
from apps.accounts.signing_in import sign_in
from apps.onboarding import joining
from apps.onboarding import services as onboarding
from apps.onboarding.forms import FoundForm
from apps.onboarding.services import SetUpDone
from apps.teams import invitations
from apps.teams.invitations import InvitationRefused
from apps.teams.models import Invitation, Membership
from apps.teams.policy import public_page


@public_page("exists only until the first person does; afterwards it is a 404")
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """Make the first admin and her team, and go on to connecting a source."""
    if not is_first_start():
        raise Http404("This site is set up already.")
    form = FoundForm(request.POST or None)
    if not form.is_valid():
        return render(request, "onboarding/setup.html", {"form": form}, status=_status(request))
    try:
        owner, team = onboarding.found_site(**form.cleaned_data, now=timezone.now())
    except SetUpDone as done:
        raise Http404("This site is set up already.") from done
    sign_in(request, owner)
    return redirect("guide:source", team=team.slug)


@public_page("the token in the address is the key; it expires, works once and can be revoked")
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Join a team: by one's account, or by making one for the invited address."""
    found = invitations.find(token, now=timezone.now())
    if found is None:
        return render(request, "onboarding/invitation_gone.html", status=404)
    if request.user.is_authenticated:
        return _join_as_user(request, token, found)
    if find_person(found.email):
        context = {"invitation": found, "next": request.path}
        return render(request, "onboarding/invitation_sign_in.html", context)
    return _join_as_new(request, token, found)


def _join_as_user(request: HttpRequest, token: str, found: Invitation) -> HttpResponse:
    user = cast(User, request.user)
    is_hers = user.email.casefold() == found.email.casefold()
    context = {"invitation": found, "is_hers": is_hers, "next": request.path}
    if request.method != "POST" or not is_hers:
        status = 403 if request.method == "POST" else 200
        return render(request, "onboarding/invitation_accept.html", context, status=status)
    try:
        member = joining.join(token, user=user, now=timezone.now())
    except InvitationRefused:
        return render(request, "onboarding/invitation_gone.html", status=404)
    return _to_team(member)


def _join_as_new(request: HttpRequest, token: str, found: Invitation) -> HttpResponse:
    form = NewPersonForm(request.POST or None, email=found.email)
    if not form.is_valid():
        context = {"invitation": found, "form": form}
        return render(request, "onboarding/invitation_new.html", context, status=_status(request))
    try:
        member = joining.join(token, **form.cleaned_data, now=timezone.now())
    except InvitationRefused:
        return render(request, "onboarding/invitation_gone.html", status=404)
    sign_in(request, member.user)
    return _to_team(member)


def _to_team(member: Membership) -> HttpResponse:
    return redirect(f"/t/{member.team.slug}/")


def _status(request: HttpRequest) -> int:
    return 422 if request.method == "POST" else 200
