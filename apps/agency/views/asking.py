"""Asking companies to become clients, and leaving one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.agency import consent, invitations
from apps.agency.forms import ClientForm
from apps.agency.invitations import InvitationRefused
from apps.agency.people import Sent
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import ClientGrant, ClientInvitation
from apps.teams.permissions import Grant
from apps.teams.policy import agency_page

# What most clients want looked after; the client decides.
USUAL = (Grant.SEE_LEADS.value,)


@agency_page()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, agency: AgencyAccess) -> HttpResponse:
    """Ask a company that has a team; those that have not answered are listed."""
    form = ClientForm(request.POST or None, initial={"allows": USUAL})
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return page(request, agency, form=form, status=status)
    given = form.cleaned_data
    try:
        sent = invitations.invite_client(
            name=given["name"], email=given["email"], message=given["message"],
            allows=given["allows"], is_masked=form.is_masked, by=agency, now=timezone.now(),
        )  # fmt: skip
    except InvitationRefused as refused:
        form.add_error(None, str(refused))
        return page(request, agency, form=form, status=422)
    return page(request, agency, form=ClientForm(initial={"allows": USUAL}), sent=sent)


@agency_page()
@never_cache
@require_POST
def resend(request: HttpRequest, agency: AgencyAccess, invitation: UUID) -> HttpResponse:
    try:
        sent = invitations.resend(invitation, by=agency, now=timezone.now())
    except ClientInvitation.DoesNotExist as error:
        raise Http404 from error
    return page(request, agency, form=ClientForm(initial={"allows": USUAL}), sent=sent)


@agency_page()
@require_POST
def revoke(request: HttpRequest, agency: AgencyAccess, invitation: UUID) -> HttpResponse:
    try:
        invitations.revoke(invitation, by=agency, now=timezone.now())
    except ClientInvitation.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("The invitation was taken back."))
    return redirect("agency:invite_client", agency=agency.agency.slug)


@agency_page(owner=True)
@require_POST
def leave(request: HttpRequest, agency: AgencyAccess, team: str) -> HttpResponse:
    """The agency ends its work for a client, at once."""
    try:
        consent.leave_client(team, by=agency, now=timezone.now())
    except ClientGrant.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("Ended. The client was told."))
    return redirect(f"/agency/{agency.agency.slug}/")


def page(
    request: HttpRequest,
    agency: AgencyAccess,
    *,
    form: ClientForm,
    sent: Sent | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "agency": agency,
        "section": "clients",
        "form": form,
        "sent": sent,
        "waiting": invitations.waiting(agency),
    }
    return render(request, "agency/invite.html", context, status=status)
