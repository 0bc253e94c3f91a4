"""The front door: straight into one's team, or a choice of them."""

from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from apps.accounts.models import User
from apps.accounts.people import is_first_start
from apps.teams.agency_access import agencies_of
from apps.teams.models import Membership
from apps.teams.policy import public_page, signed_in_page


@public_page("sends each caller on: to the set-up, to the sign-in or to her own teams")
@require_safe
def front_door(request: HttpRequest) -> HttpResponseBase:
    if not request.user.is_authenticated and is_first_start():
        return redirect("welcome:setup")
    return _teams(request)


@signed_in_page
def _teams(request: HttpRequest) -> HttpResponse:
    """One team or agency: its first page. Several: the list. None: how to get into one."""
    user = cast(User, request.user)
    memberships = list(
        Membership.objects.active()
        .filter(user=user, team__is_active=True)
        .select_related("team")
        .order_by("team__name", "team_id")
    )
    places = agencies_of(user)
    if len(memberships) == 1 and not places:
        return redirect(f"/t/{memberships[0].team.slug}/")
    if len(places) == 1 and not memberships:
        return redirect(f"/agency/{places[0].agency.slug}/")
    context = {"memberships": memberships, "places": places}
    return render(request, "teams/switcher.html", context)
