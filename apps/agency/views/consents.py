"""Agencies, in a team's settings: who asks, what each may do, who was here; change or end it."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import User
from apps.agency import consent, grant_words, invitations
from apps.agency.forms import GrantForm
from apps.agency.invitations import InvitationRefused
from apps.agency.reports import plan_words, plans
from apps.teams import visits
from apps.teams.access import Access
from apps.teams.agency_access import agency_name
from apps.teams.models import ClientGrant, ClientInvitation
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

ENDED_SHOWN = 20


@team_page(Permission.EDIT_TEAM)
@require_safe
def agencies(request: HttpRequest, access: Access) -> HttpResponse:
    return _page(request, access)


@team_page(Permission.EDIT_TEAM)
@require_POST
def change(request: HttpRequest, access: Access, client_grant: UUID) -> HttpResponse:
    """Exactly what is ticked, from the agency's next request on."""
    found = _grant(access, client_grant)
    form = GrantForm(request.POST, auto_id=f"id_{found.pk}_%s")
    if not form.is_valid():
        return _page(request, access, bound={found.pk: form}, status=422)
    try:
        consent.change_grant(
            found.pk, allows=form.cleaned_data["allows"], is_masked=form.is_masked, by=access,
            now=timezone.now(),
        )  # fmt: skip
    except ClientGrant.DoesNotExist as error:
        raise Http404 from error
    words = _("Saved. It holds for %(agency)s from now on.") % {"agency": found.agency.name}
    return _back(request, access, words)


@team_page(Permission.EDIT_TEAM)
@require_POST
def end(request: HttpRequest, access: Access, client_grant: UUID) -> HttpResponse:
    found = _grant(access, client_grant)
    try:
        consent.end_grant(found.pk, by=access, now=timezone.now())
    except ClientGrant.DoesNotExist as error:
        raise Http404 from error
    words = _("Ended. %(agency)s can not come in any more.") % {"agency": found.agency.name}
    return _back(request, access, words)


@team_page(Permission.EDIT_TEAM)
@require_POST
def accept(request: HttpRequest, access: Access, client_invitation: UUID) -> HttpResponse:
    """Say yes to exactly what is ticked, which may be less than was asked."""
    asked = _asked(request, client_invitation)
    form = GrantForm(request.POST, auto_id=f"id_{asked.pk}_%s")
    if not form.is_valid():
        return _page(request, access, bound={asked.pk: form}, status=422)
    try:
        consent.accept_client(
            asked, allows=form.cleaned_data["allows"], is_masked=form.is_masked, by=access,
            now=timezone.now(),
        )  # fmt: skip
    except InvitationRefused as refused:
        messages.error(request, str(refused))
        return redirect("consents:agencies", team=access.team.slug)
    return _back(request, access, _("%s may look after this team now.") % asked.agency.name)


@team_page(Permission.EDIT_TEAM)
@require_POST
def decline(request: HttpRequest, access: Access, client_invitation: UUID) -> HttpResponse:
    asked = _asked(request, client_invitation)
    try:
        invitations.decline(asked, by=access, now=timezone.now())
    except InvitationRefused as refused:
        messages.info(request, str(refused))
        return redirect("consents:agencies", team=access.team.slug)
    return _back(request, access, _("Declined. %s was told.") % asked.agency.name)


def _grant(access: Access, grant_id: UUID) -> ClientGrant:
    found: ClientGrant = get_object_or_404(consent.grants_of(access), pk=grant_id)
    return found


def _asked(request: HttpRequest, invitation_id: UUID) -> ClientInvitation:
    """A question that was put to this very person."""
    rows = invitations.asked_of(cast(User, request.user), now=timezone.now())
    return get_object_or_404(rows, pk=invitation_id)


def _page(
    request: HttpRequest,
    access: Access,
    *,
    bound: dict[UUID, GrantForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    now, typed = timezone.now(), bound or {}
    asked = invitations.asked_of(cast(User, request.user), now=now)
    context: dict[str, Any] = {
        "access": access,
        "section": "settings",
        "asked": [(row, _form(row, typed)) for row in asked],
        "grants": [
            (row, grant_words.lines(row.allows, is_masked=row.is_masked), _form(row, typed))
            for row in consent.grants_of(access)
        ],
        "open": set(typed),
        "reports": [(row, plan_words.when(row.plan)) for row in plans.to_client(access)],
        "visits": visits.lately(access, now=now).annotate(agency_name=agency_name()),
        "ended": consent.ended_of(access)[:ENDED_SHOWN],
    }
    return render(request, "agency/consents.html", context, status=status)


def _form(row: ClientGrant | ClientInvitation, typed: dict[UUID, GrantForm]) -> GrantForm:
    return typed.get(row.pk) or GrantForm.showing(row, auto_id=f"id_{row.pk}_%s")


def _back(request: HttpRequest, access: Access, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("consents:agencies", team=access.team.slug)
