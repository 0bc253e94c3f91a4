"""Team settings: name, clock, limits, opening hours."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.teams import team_settings
from apps.teams.access import Access
from apps.teams.availability import AvailabilityRefused
from apps.teams.forms import TeamForm
from apps.teams.hours_form import HoursForm
from apps.teams.models import Team
from apps.teams.permissions import Permission
from apps.teams.policy import team_page
from apps.teams.team_settings import SettingRefused


@team_page(Permission.EDIT_TEAM)
@require_safe
def settings(request: HttpRequest, access: Access) -> HttpResponse:
    return _page(request, access)


@team_page(Permission.EDIT_TEAM)
@require_POST
def general(request: HttpRequest, access: Access) -> HttpResponse:
    form = TeamForm(request.POST, instance=Team.objects.get(pk=access.team.pk))
    return _save(
        request, access, form, "team_form",
        lambda: team_settings.change_team(
            values=form.cleaned_data, by=access, now=timezone.now()
        ),
    )  # fmt: skip


@team_page(Permission.EDIT_TEAM)
@require_POST
def hours(request: HttpRequest, access: Access) -> HttpResponse:
    form = HoursForm(request.POST, hours=access.team.hours)
    return _save(
        request, access, form, "hours_form",
        lambda: team_settings.set_team_hours(
            hours=form.cleaned_hours or {}, by=access, now=timezone.now()
        ),
    )  # fmt: skip


def _save(
    request: HttpRequest,
    access: Access,
    form: forms.BaseForm,
    name: str,
    change: Callable[[], object],
) -> HttpResponse:
    """Do it and go back to the page; or show the page with what is wrong."""
    if not form.is_valid():
        return _page(request, access, **{name: form})
    try:
        change()
    except (AvailabilityRefused, SettingRefused) as refusal:
        form.add_error(None, str(refusal))
        return _page(request, access, **{name: form})
    return _back(request, access, _("Saved."))


def _back(request: HttpRequest, access: Access, message: str) -> HttpResponse:
    messages.success(request, message)
    return redirect("teams:settings", team=access.team.slug)


def _page(request: HttpRequest, access: Access, **bound: forms.BaseForm) -> HttpResponse:
    context: dict[str, Any] = {
        "access": access,
        "section": "settings",
        "team": access.team,
        "team_form": TeamForm(instance=access.team),
        "hours_form": HoursForm(hours=access.team.hours),
        **bound,
    }
    return render(request, "teams/settings.html", context, status=422 if bound else 200)
