"""How agencies begin, how their people come in, and how clients answer them."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts.forms import NewPersonForm
from apps.accounts.models import User
from apps.accounts.people import find_person
from apps.accounts.signing_in import sign_in
from apps.agency import agencies, people
from apps.agency.agencies import AgencyRefused
from apps.agency.forms import NewClientForm, StartForm
from apps.agency.invitations import InvitationRefused
from apps.agency.people import OperatorRefused
from apps.agency.views.asking import USUAL
from apps.onboarding import clients
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import OperatorInvitation
from apps.teams.policy import agency_page, public_page, signed_in_page


@signed_in_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Start an agency: its maker is its first owner."""
    user = cast(User, request.user)
    form = StartForm(request.POST or None, initial={"timezone": user.timezone})
    if request.method == "POST" and form.is_valid():
        try:
            made = agencies.create_agency(**form.cleaned_data, owner=user, now=timezone.now())
        except AgencyRefused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("agency:invite_client", agency=made.agency.slug)
    return render(request, "onboarding/agency_start.html", {"form": form}, status=_status(request))


@agency_page()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_client(request: HttpRequest, agency: AgencyAccess) -> HttpResponse:
    """Make a team for a client; whoever will run it is asked by mail."""
    initial = {"allows": USUAL, "timezone": agency.agency.timezone}
    form = NewClientForm(request.POST or None, initial=initial)
    context: dict[str, Any] = {"agency": agency, "section": "clients", "form": form}
    if request.method == "POST" and form.is_valid():
        given = {key: value for key, value in form.cleaned_data.items() if key != "details"}
        try:
            context["sent"] = clients.make_client_team(
                **given, is_masked=form.is_masked, by=agency, now=timezone.now()
            )
        except InvitationRefused as refused:
            form.add_error(None, str(refused))
    status = 200 if "sent" in context else _status(request)
    return render(request, "agency/new_client.html", context, status=status)


@public_page("the token in the address is the key; it expires, works once and can be revoked")
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def operator(request: HttpRequest, token: str) -> HttpResponse:
    """Join an agency: by one's account, or by making one for the invited address."""
    found = people.find(token, now=timezone.now())
    if found is None:
        return render(request, "onboarding/invitation_gone.html", status=404)
    user = request.user if request.user.is_authenticated else None
    form = None
    if user is None and not find_person(found.email):
        form = NewPersonForm(request.POST or None, email=found.email)
    is_hers = user is not None and user.email.casefold() == found.email.casefold()
    may = is_hers or (form is not None and form.is_valid())
    if request.method != "POST" or not may:
        return _asked(request, found, form, is_hers=is_hers)
    return _join(request, token, user, form)


def _join(
    request: HttpRequest, token: str, user: User | None, form: NewPersonForm | None
) -> HttpResponse:
    try:
        joined = people.accept(
            token, user=user, now=timezone.now(), **(form.cleaned_data if form else {})
        )
    except OperatorRefused:
        return render(request, "onboarding/invitation_gone.html", status=404)
    if user is None:
        sign_in(request, joined.user)
    words = _("You look after the clients of %(agency)s now.")
    messages.success(request, words % {"agency": joined.agency.name})
    return redirect(f"/agency/{joined.agency.slug}/")


def _asked(
    request: HttpRequest, found: OperatorInvitation, form: NewPersonForm | None, *, is_hers: bool
) -> HttpResponse:
    context = {"invitation": found, "form": form, "is_hers": is_hers, "next": request.path}
    status = 200 if request.method != "POST" else 422 if form is not None else 403
    return render(request, "onboarding/operator.html", context, status=status)


def _status(request: HttpRequest) -> int:
    return 422 if request.method == "POST" else 200
