"""Members: who is in the team, who can work now, who was invited."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import devices
from apps.teams import invitations, presence
from apps.teams.access import Access
from apps.teams.forms import InviteForm
from apps.teams.models import Invitation, Membership
from apps.teams.permissions import Permission, Role
from apps.teams.policy import team_page


@team_page(Permission.SEE_MEMBERS)
@require_safe
def members(request: HttpRequest, access: Access) -> HttpResponse:
    return _page(request, access)


@team_page(Permission.INVITE_SALESPEOPLE)
@require_POST
def invite(request: HttpRequest, access: Access) -> HttpResponse:
    form = _invite_form(access, request.POST)
    if not form.is_valid():
        return _page(request, access, form=form, status=422)
    try:
        sent = invitations.invite(**form.cleaned_data, by=access, now=timezone.now())
    except invitations.InvitationRefused as refusal:
        form.add_error("email", str(refusal))
        return _page(request, access, form=form, status=422)
    return _sent(request, access, sent)


@team_page(Permission.INVITE_SALESPEOPLE)
@require_POST
def resend(request: HttpRequest, access: Access, invitation: UUID) -> HttpResponse:
    row = get_object_or_404(Invitation.objects.visible_to(access), pk=invitation)
    try:
        sent = invitations.resend(row, by=access, now=timezone.now())
    except invitations.InvitationRefused as refusal:
        return _back(request, access, str(refusal), is_good=False)
    return _sent(request, access, sent)


@team_page(Permission.INVITE_SALESPEOPLE)
@require_POST
def revoke(request: HttpRequest, access: Access, invitation: UUID) -> HttpResponse:
    row = get_object_or_404(Invitation.objects.visible_to(access), pk=invitation)
    try:
        invitations.revoke(row, by=access, now=timezone.now())
    except invitations.InvitationRefused as refusal:
        return _back(request, access, str(refusal), is_good=False)
    return _back(request, access, _("The invitation of %s was taken back.") % row.email)


def _invite_form(access: Access, data: Any = None) -> InviteForm:
    may_switch = access.can(Permission.EDIT_MEMBERS)
    return InviteForm(data, roles=invitations.roles_to_invite(access), may_switch=may_switch)


def _page(
    request: HttpRequest,
    access: Access,
    *,
    form: InviteForm | None = None,
    sent: invitations.Sent | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    everyone = presence.with_time_off(Membership.objects.visible_to(access), now=now)
    holidays = presence.holidays_of(access.team)
    rows = [
        (member, presence.presence_of(member, now=now, holidays=holidays)) for member in everyone
    ]
    seen = devices.last_seen([member.user_id for member, _state in rows])
    roles = invitations.roles_to_invite(access)
    context = {
        "access": access,
        "section": "members",
        "seen": seen,
        "rows": sorted((row for row in rows if row[0].is_active), key=_who_is_missing_first),
        "former": [row for row in rows if not row[0].is_active],
        "available": sum(1 for row in rows if _takes_leads(row[0]) and row[1].is_available),
        "missing": [row for row in rows if _who_is_missing_first(row) == 0],
        "form": form or _invite_form(access),
        "waiting": invitations.waiting(access),
        "invitable": [role.value for role in roles],
        "sent": sent,
    }
    return render(request, "teams/members.html", context, status=status)


def _takes_leads(member: Membership) -> bool:
    return member.is_active and member.role == Role.SALESPERSON


def _who_is_missing_first(row: tuple[Membership, presence.Presence]) -> int:
    """Those who should take leads and do not come first; the order is else kept."""
    member, state = row
    return 0 if _takes_leads(member) and not state.is_available else 1


@never_cache
def _sent(request: HttpRequest, access: Access, sent: invitations.Sent) -> HttpResponse:
    """The list once more with the link, which is shown only now: in case the mail gets lost."""
    return _page(request, access, sent=sent)


def _back(
    request: HttpRequest, access: Access, message: str, *, is_good: bool = True
) -> HttpResponseRedirect:
    messages.add_message(request, messages.SUCCESS if is_good else messages.ERROR, message)
    return redirect("teams:members", team=access.team.slug)
