"""Territories: parts of the market, and who sells there."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.teams import expertise
from apps.teams.access import Access
from apps.teams.models import Membership, MemberTerritory, Territory
from apps.teams.permissions import Permission, Role
from apps.teams.policy import team_page
from apps.teams.settings_forms import TerritoryForm
from apps.teams.team_settings import SettingRefused


@team_page(Permission.EDIT_ROUTING)
@require_safe
def territories(request: HttpRequest, access: Access) -> HttpResponse:
    """Every territory with its places and its people; a form for a new one."""
    return _page(request, access, TerritoryForm(members=_members(access)))


@team_page(Permission.EDIT_ROUTING)
@require_POST
def add(request: HttpRequest, access: Access) -> HttpResponse:
    form = TerritoryForm(request.POST, members=_members(access))
    if _is_saved(form, access, None):
        messages.success(request, _("The territory is there."))
        return redirect("teams:territories", team=access.team.slug)
    return _page(request, access, form, status=422)


@team_page(Permission.EDIT_ROUTING)
def territory(request: HttpRequest, access: Access, territory: UUID) -> HttpResponse:
    """One territory, to be set anew."""
    row = _territory(access, territory)
    data = request.POST if request.method == "POST" else None
    form = TerritoryForm(data, members=_members(access), territory=row)
    if data is not None and _is_saved(form, access, row):
        messages.success(request, _("Saved: it counts from the next lead."))
        return redirect("teams:territories", team=access.team.slug)
    context = {"access": access, "section": "settings", "territory": row, "form": form}
    return render(request, "teams/territory.html", context, status=422 if form.errors else 200)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def remove(request: HttpRequest, access: Access, territory: UUID) -> HttpResponse:
    expertise.remove_territory(_territory(access, territory), by=access, now=timezone.now())
    messages.success(request, _("Removed."))
    return redirect("teams:territories", team=access.team.slug)


def _is_saved(form: TerritoryForm, access: Access, row: Territory | None) -> bool:
    if not form.is_valid():
        return False
    members = [member.pk for member in form.cleaned_data["members"]]
    try:
        expertise.save_territory(
            row, name=form.cleaned_data["name"], area=form.area, members=members,
            by=access, now=timezone.now(),
        )  # fmt: skip
    except SettingRefused as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _territory(access: Access, pk: UUID) -> Territory:
    return get_object_or_404(Territory.objects.visible_to(access), pk=pk)


def _members(access: Access) -> Any:
    members = Membership.objects.visible_to(access).active().exclude(role=Role.VIEWER)
    return members.select_related("user")


def _page(
    request: HttpRequest, access: Access, form: TerritoryForm, *, status: int = 200
) -> HttpResponse:
    sellers = MemberTerritory.objects.select_related("membership__user").order_by(
        "membership__user__name"
    )
    rows = Territory.objects.visible_to(access).prefetch_related(
        Prefetch("memberterritory_set", sellers)
    )
    context = {"access": access, "section": "settings", "territories": rows, "form": form}
    return render(request, "teams/territories.html", context, status=status)
