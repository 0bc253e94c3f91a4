"""Where one is signed in, and ending it; an admin ends all sessions of a member."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from apps.accounts import devices
from apps.teams import sessions
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

OTHERS = "others"
BIGGEST_ID = 2**63 - 1


@team_page(Permission.SEE_TEAM)
@require_POST
def end_mine(request: HttpRequest, access: Access) -> HttpResponse:
    """End one session of one's own, or with `session=others` all but this one."""
    assert access.user is not None  # a page has a person
    wanted = request.POST.get("session", "")
    if wanted == OTHERS:
        devices.end_all(access.user, but=request.session.session_key or "")
        messages.success(request, _("Every other device is signed out."))
    elif _is_id(wanted) and devices.end(access.user, int(wanted)):
        messages.success(request, _("That device is signed out."))
    else:
        messages.info(request, _("That device was signed out already."))
    return redirect("teams:me", team=access.team.slug)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= BIGGEST_ID


@team_page(Permission.EDIT_MEMBERS)
@require_POST
def end_all(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    """Sign a member out everywhere."""
    rows = Membership.objects.visible_to(access).select_related("user", "team")
    row = get_object_or_404(rows, pk=member)
    ended = sessions.end_all_of(row, by=access, now=timezone.now())
    words = ngettext("%(n)d session was ended.", "%(n)d sessions were ended.", ended)
    messages.success(request, words % {"n": ended})
    return redirect("people:member", team=access.team.slug, member=row.pk)
