"""The days on which the team is closed: whose public holidays it keeps, and its own."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.teams import holidays as service
from apps.teams.access import Access
from apps.teams.models import Holiday
from apps.teams.permissions import Permission
from apps.teams.policy import team_page
from apps.teams.settings_forms import FollowForm, HolidayForm
from apps.teams.team_settings import SettingRefused


@team_page(Permission.EDIT_TEAM)
@require_safe
def holidays(request: HttpRequest, access: Access) -> HttpResponse:
    return _page(request, access)


@team_page(Permission.EDIT_TEAM)
@require_POST
def follow(request: HttpRequest, access: Access) -> HttpResponse:
    form = FollowForm(request.POST, team=access.team)
    return _save(request, access, form, "follow_form", lambda: service.follow(
        **form.cleaned_data, by=access, now=timezone.now()
    ))  # fmt: skip


@team_page(Permission.EDIT_TEAM)
@require_POST
def add(request: HttpRequest, access: Access) -> HttpResponse:
    form = HolidayForm(request.POST)
    return _save(request, access, form, "day_form", lambda: service.add_day(
        on=form.cleaned_data["date"],
        name=form.cleaned_data["name"],
        is_open=form.cleaned_data["is_open"],
        by=access,
        now=timezone.now(),
    ))  # fmt: skip


@team_page(Permission.EDIT_TEAM)
@require_POST
def remove(request: HttpRequest, access: Access, holiday: UUID) -> HttpResponse:
    row = get_object_or_404(Holiday.objects.visible_to(access), pk=holiday)
    service.remove_day(row, by=access, now=timezone.now())
    messages.success(request, _("Removed."))
    return redirect("teams:holidays", team=access.team.slug)


def _save(
    request: HttpRequest, access: Access, form: forms.Form, name: str, act: Callable[[], object]
) -> HttpResponse:
    """Do it and go back to the page; or show the page with what is wrong."""
    if form.is_valid():
        try:
            act()
        except SettingRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("teams:holidays", team=access.team.slug)
    return _page(request, access, **{name: form})


def _page(request: HttpRequest, access: Access, **bound: forms.Form) -> HttpResponse:
    days = service.coming(access.team, today=timezone.localdate())
    context: dict[str, Any] = {
        "access": access,
        "section": "settings",
        "days": days,
        "closed": sum(day.is_closed for day in days),
        "follow_form": FollowForm(team=access.team),
        "day_form": HolidayForm(),
        **bound,
    }
    return render(request, "teams/holidays.html", context, status=422 if bound else 200)
