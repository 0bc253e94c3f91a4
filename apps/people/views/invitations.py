"""Inviting people, and what they will start with."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.people import inviting
from apps.people.forms import InvitationSheet
from apps.people.views import members
from apps.rules.refusals import Refused
from apps.teams import invitations
from apps.teams.access import Access
from apps.teams.availability import AvailabilityRefused
from apps.teams.invitations import InvitationRefused
from apps.teams.models import Invitation
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

_REFUSALS = (InvitationRefused, AvailabilityRefused, Refused)


@team_page(Permission.INVITE_SALESPEOPLE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, access: Access) -> HttpResponse:
    """A form with everything; then the list once more, with the link in case the mail gets lost."""
    sheet = InvitationSheet(access, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not sheet.is_valid():
        return _page(request, access, sheet)
    try:
        sent = inviting.invite(
            email=sheet.who.cleaned_data["email"], role=sheet.who.cleaned_data["role"],
            start=sheet.start, weights=sheet.weights, by=access, now=timezone.now(),
        )  # fmt: skip
    except _REFUSALS as refusal:
        sheet.who.add_error("email", str(refusal))
        return _page(request, access, sheet)
    return members.page(request, access, sent=sent)


@team_page(Permission.INVITE_SALESPEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, access: Access, invitation: UUID) -> HttpResponse:
    """What somebody who has not come yet will start with, to be changed."""
    row = get_object_or_404(invitations.waiting(access), pk=invitation)
    if row.role not in invitations.roles_to_invite(access):
        return _back(access)
    data = request.POST if request.method == "POST" else None
    sheet = InvitationSheet(access, data, invitation=row)
    if data is None or not sheet.is_valid():
        return _page(request, access, sheet)
    try:
        inviting.change(
            row, role=sheet.who.cleaned_data["role"], start=sheet.start, weights=sheet.weights,
            by=access, now=timezone.now(),
        )  # fmt: skip
    except _REFUSALS as refusal:
        sheet.who.add_error(None, str(refusal))
        return _page(request, access, sheet)
    messages.success(request, _("Saved. The link that %s has stays good.") % row.email)
    return _back(access)


@team_page(Permission.INVITE_SALESPEOPLE)
@never_cache
@require_POST
def resend(request: HttpRequest, access: Access, invitation: UUID) -> HttpResponse:
    row = get_object_or_404(Invitation.objects.visible_to(access), pk=invitation)
    try:
        sent = invitations.resend(row, by=access, now=timezone.now())
    except InvitationRefused as refusal:
        messages.error(request, str(refusal))
        return _back(access)
    return members.page(request, access, sent=sent)


@team_page(Permission.INVITE_SALESPEOPLE)
@require_POST
def revoke(request: HttpRequest, access: Access, invitation: UUID) -> HttpResponse:
    row = get_object_or_404(Invitation.objects.visible_to(access), pk=invitation)
    try:
        invitations.revoke(row, by=access, now=timezone.now())
    except InvitationRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The invitation of %s was taken back.") % row.email)
    return _back(access)


def _back(access: Access) -> HttpResponseRedirect:
    return redirect("people:members", team=access.team.slug)


def _page(request: HttpRequest, access: Access, sheet: InvitationSheet) -> HttpResponse:
    context = {"access": access, "section": "members", "sheet": sheet}
    status = 422 if request.method == "POST" else 200
    return render(request, "people/invitation.html", context, status=status)
