"""The link by which a company answers an agency: read what is asked, choose, say yes or no."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.forms import NewPersonForm
from apps.accounts.models import User
from apps.accounts.people import find_person
from apps.accounts.signing_in import sign_in
from apps.agency import consent, invitations
from apps.agency.forms import GrantForm
from apps.agency.invitations import InvitationRefused
from apps.onboarding import by_mail, clients
from apps.teams.access import Access
from apps.teams.models import ClientGrant, ClientInvitation, Membership
from apps.teams.permissions import Permission
from apps.teams.policy import public_page


@public_page("the token in the address is the key; saying yes needs an admin of the team")
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def client(request: HttpRequest, token: str) -> HttpResponse:
    """What an agency asks, in words; a POST grants exactly what is ticked."""
    found = invitations.find(token, now=timezone.now())
    if found is None:
        return _gone(request)
    form = GrantForm(request.POST) if request.method == "POST" else GrantForm.showing(found)
    page = _Page(request, token, found, form)
    if request.method != "POST":
        return page.show()
    if not form.is_valid():
        return page.show(status=422)
    return page.run_team() if found.team else page.of_own_team()


class _Page:
    """One question with what was ticked, for one reader."""

    def __init__(
        self, request: HttpRequest, token: str, found: ClientInvitation, form: GrantForm
    ) -> None:
        self.request, self.token, self.found, self.form = request, token, found, form
        self.user = request.user if request.user.is_authenticated else None
        self.teams = _teams(self.user) if self.user and not found.team else []
        self.person_form = self._person_form()

    def _person_form(self) -> forms.Form | None:
        """For whoever shall run a team made for her and has no account."""
        if self.user or not self.found.team or find_person(self.found.email):
            return None
        data = self.request.POST if self.request.method == "POST" else None
        return NewPersonForm(data, email=self.found.email)

    def of_own_team(self) -> HttpResponse:
        asked = self.request.POST.get("team")
        by = next((each for each in self.teams if str(each.team.pk) == asked), None)
        if by is None:
            return self.show(error=_("Choose a team."), status=422 if self.user else 403)
        try:
            grant = consent.accept_client(
                self.found, allows=self.form.cleaned_data["allows"],
                is_masked=self.form.is_masked, by=by, now=timezone.now(),
            )  # fmt: skip
        except InvitationRefused as refused:
            return self.show(error=str(refused), status=422)
        return self._done(grant)

    def run_team(self) -> HttpResponse:
        """The first admin comes, and grants."""
        person = self.person_form
        if self.user is None and (person is None or not person.is_valid()):
            return self.show(status=403 if person is None else 422)
        try:
            grant = clients.run_client_team(
                self.found, allows=self.form.cleaned_data["allows"],
                is_masked=self.form.is_masked, user=self.user, now=timezone.now(),
                **(person.cleaned_data if person else {}),
            )  # fmt: skip
        except (InvitationRefused, IntegrityError) as refused:
            words = str(refused) if isinstance(refused, InvitationRefused) else ""
            return self.show(error=words or _("Sign in to answer."), status=422)
        if self.user is None and grant.granted_by is not None:
            sign_in(self.request, grant.granted_by)
        return self._done(grant)

    def _done(self, grant: ClientGrant) -> HttpResponse:
        words = _("%(agency)s may look after this team now. You can change it here at any time.")
        messages.success(self.request, words % {"agency": self.found.agency.name})
        return redirect("consents:agencies", team=grant.team.slug)

    def show(self, *, error: str = "", status: int = 200) -> HttpResponse:
        is_hers = self.user is not None and (
            self.user.email.casefold() == self.found.email.casefold()
        )
        context: dict[str, Any] = {
            "invitation": self.found, "token": self.token, "form": self.form, "error": error,
            "teams": self.teams, "person_form": self.person_form, "is_hers": is_hers,
            "may_join": not find_person(self.found.email), "next": self.request.path,
        }  # fmt: skip
        return render(self.request, "onboarding/client.html", context, status=status)


@public_page("the token in the address is the key: whoever was asked may say no")
@never_cache
@require_POST
def decline(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    found = invitations.find(token, now=now)
    if found is None:
        return _gone(request)
    try:
        invitations.decline(found, now=now)
    except InvitationRefused:
        return _gone(request)
    return render(request, "onboarding/client_declined.html", {"invitation": found})


@public_page("the token came by mail, which proves the address that the account is made for")
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """A team, and an account, for whoever was asked and has none; then she answers."""
    found = invitations.find(token, now=timezone.now())
    if found is None or found.team is not None:
        return _gone(request)
    return by_mail.found(
        request,
        email=found.email,
        then=reverse("welcome:client", kwargs={"token": token}),
        template="onboarding/client_join.html",
        context={"invitation": found, "token": token},
        initial={"team": found.name},
    )


def _teams(user: User) -> list[Access]:
    """The teams for which this user may let an agency in, by name."""
    rows = Membership.objects.active().filter(user=user, team__is_active=True)
    members = rows.select_related("team", "user").order_by("team__name", "team_id")
    return [access for access in map(Access.of, members) if access.can(Permission.EDIT_TEAM)]


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "onboarding/invitation_gone.html", status=404)
