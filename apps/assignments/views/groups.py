"""The interest groups of one lead, set from its page."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.assignments.pages import cards
from apps.assignments.views.actions import workable
from apps.leads import groups
from apps.leads.groups import GroupRefused
from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.WORK_LEADS)
@require_POST
def set_groups(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """Put the lead into the groups that are ticked, and into no other."""
    found = workable(access, lead)
    try:
        groups.set_groups(found, _ids(request.POST.getlist("group")), by=access, now=clock())
    except Lead.DoesNotExist as error:
        raise Http404 from error
    except (GroupRefused, ValueError) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Saved."))
    return redirect(cards.address(access, "lead", lead=lead))


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts[: groups.MOST_OF_A_LEAD + 1]]
    except ValueError:
        raise GroupRefused(_("Choose among the groups shown.")) from None
