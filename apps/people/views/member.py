"""One member: role, switches, pools, hours, time off, skills, territories, capacity, pause."""

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

from apps.accounts import devices
from apps.people import activity
from apps.people.forms import PoolsForm
from apps.rules.models import Seat
from apps.rules.pools import invited
from apps.rules.refusals import Refused
from apps.teams import availability, covers, members, presence
from apps.teams.access import Access
from apps.teams.availability import AvailabilityRefused
from apps.teams.forms import (
    CoverForm,
    PauseForm,
    ProfileForm,
    RoleForm,
    SkillsForm,
    SwitchesForm,
    TerritoriesForm,
    TimeOffForm,
)
from apps.teams.hours_form import HoursForm
from apps.teams.members import MemberRefused
from apps.teams.models import AvailabilityChange, Cover, Membership, TimeOff
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.SEE_MEMBERS)
@require_safe
def member(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    return _page(request, access, _member(access, member))


@team_page(Permission.PAUSE_OTHERS)
@require_POST
def pause(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    row, form = _member(access, member), PauseForm(request.POST)
    if not form.is_valid():
        return _page(request, access, row, pause_form=form)
    now, back = timezone.now(), form.cleaned_data["hand_back"]
    availability.pause(row, until=form.until(now), hand_back=back, by=access, now=now)
    return _back(request, access, row, _("%s gets no new leads for now.") % row.user)


@team_page(Permission.PAUSE_OTHERS)
@require_POST
def resume(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    row = _member(access, member)
    availability.resume(row, by=access, now=timezone.now())
    return _back(request, access, row, _("%s takes new leads again.") % row.user)


@team_page(Permission.PAUSE_OTHERS)
@require_POST
def hours(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    row = _member(access, member)
    form = HoursForm(request.POST, hours=row.hours, team=access.team.hours)
    return _save(
        request, access, row, form, "hours_form",
        lambda: availability.set_hours(
            row, hours=form.cleaned_hours, by=access, now=timezone.now()
        ),
    )  # fmt: skip


@team_page(Permission.PAUSE_OTHERS)
@require_POST
def add_time_off(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    row, form = _member(access, member), TimeOffForm(request.POST)
    return _save(
        request, access, row, form, "time_off_form",
        lambda: availability.add_time_off(row, **form.cleaned_data, by=access, now=timezone.now()),
    )  # fmt: skip


@team_page(Permission.PAUSE_OTHERS)
@require_POST
def remove_time_off(
    request: HttpRequest, access: Access, member: UUID, time_off: UUID
) -> HttpResponse:
    row = _member(access, member)
    span = get_object_or_404(TimeOff.objects.visible_to(access), pk=time_off, membership=row)
    availability.remove_time_off(span, by=access, now=timezone.now())
    return _back(request, access, row, _("The time off was removed."))


@team_page(Permission.PAUSE_OTHERS)
@require_POST
def add_cover(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    row = _member(access, member)
    form = CoverForm(request.POST, member=row)
    return _save(
        request, access, row, form, "cover_form",
        lambda: covers.add_cover(row, **form.cleaned_data, by=access, now=timezone.now()),
    )  # fmt: skip


@team_page(Permission.PAUSE_OTHERS)
@require_POST
def call_off_cover(request: HttpRequest, access: Access, member: UUID, cover: UUID) -> HttpResponse:
    row = _member(access, member)
    rows = Cover.objects.visible_to(access).select_related("membership", "by_member")
    found = get_object_or_404(rows, pk=cover, membership=row)
    covers.call_off(found, by=access, now=timezone.now())
    return _back(request, access, row, _("Called off: %s gets her new leads again.") % row.user)


@team_page(Permission.EDIT_MEMBERS)
@require_POST
def role(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    row, form = _member(access, member), RoleForm(request.POST)
    return _save(
        request, access, row, form, "role_form",
        lambda: members.change_role(row, **form.cleaned_data, by=access, now=timezone.now()),
    )  # fmt: skip


@team_page(Permission.EDIT_MEMBERS)
@require_POST
def switches(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    row, form = _member(access, member), SwitchesForm(request.POST)
    return _save(
        request, access, row, form, "switches_form",
        lambda: members.change_switches(row, **form.cleaned_data, by=access, now=timezone.now()),
    )  # fmt: skip


@team_page(Permission.EDIT_MEMBERS)
@require_POST
def active(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    row, is_active = _member(access, member), request.POST.get("is_active") == "1"
    try:
        members.set_active(row, is_active=is_active, by=access, now=timezone.now())
    except MemberRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("people:member", team=access.team.slug, member=row.pk)
    done = _("%s may come in again.") if is_active else _("%s is out of the team.")
    return _back(request, access, row, done % row.user)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def profile(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    row = _member(access, member)
    form = ProfileForm(request.POST, instance=_member(access, member))
    return _save(
        request, access, row, form, "profile_form", lambda: _save_profile(row, form, access)
    )


@team_page(Permission.EDIT_ROUTING)
@require_POST
def skills(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    row = _member(access, member)
    form = _skills_form(row, request.POST)
    return _save(
        request, access, row, form, "skills_form",
        lambda: members.set_skills(row, levels=form.levels, by=access, now=timezone.now()),
    )  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def pools(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    """Where she sits, and with which weights."""
    row = _member(access, member)
    form = PoolsForm(request.POST, pools=invited.open_pools(access), weights={})
    return _save(
        request, access, row, form, "pools_form",
        lambda: invited.sit(row, form.weights, by=access, now=timezone.now()),
    )  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def territories(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    row = _member(access, member)
    form = TerritoriesForm(request.POST, member=row)
    return _save(
        request, access, row, form, "territories_form",
        lambda: members.set_territories(
            row,
            territories=[each.pk for each in form.cleaned_data["territories"]],
            by=access,
            now=timezone.now(),
        ),
    )  # fmt: skip


def _save_profile(row: Membership, form: ProfileForm, access: Access) -> None:
    now, given = timezone.now(), form.cleaned_data
    members.describe(row, title=given["title"], experience=given["experience"], by=access, now=now)
    if given["capacity"] != row.capacity:
        availability.set_capacity(row, capacity=given["capacity"], by=access, now=now)


def _member(access: Access, pk: UUID) -> Membership:
    rows = Membership.objects.visible_to(access).select_related("user", "team")
    return get_object_or_404(rows, pk=pk)


def _save(
    request: HttpRequest,
    access: Access,
    row: Membership,
    form: forms.BaseForm,
    name: str,
    change: Callable[[], object],
) -> HttpResponse:
    """Do it and go back to the page; or show the page with what is wrong."""
    if not form.is_valid():
        return _page(request, access, row, **{name: form})
    try:
        change()
    except (AvailabilityRefused, MemberRefused, Refused) as refusal:
        form.add_error(None, str(refusal))
        return _page(request, access, row, **{name: form})
    return _back(request, access, row, _("Saved."))


def _back(request: HttpRequest, access: Access, row: Membership, message: str) -> HttpResponse:
    messages.success(request, message)
    return redirect("people:member", team=access.team.slug, member=row.pk)


def _page(
    request: HttpRequest, access: Access, row: Membership, **bound: forms.BaseForm
) -> HttpResponse:
    """The member's page; `bound` puts a form that could not be saved in its place (422)."""
    now = timezone.now()
    shown = presence.with_time_off(Membership.objects.filter(pk=row.pk), now=now).get()
    holidays = presence.holidays_of(access.team)
    history = AvailabilityChange.objects.visible_to(access).filter(membership=row)
    context: dict[str, Any] = {
        "access": access,
        "section": "members",
        "member": shown,
        "presence": presence.presence_of(shown, now=now, holidays=holidays),
        "covers": covers.ahead(now=now).filter(membership=shown),
        "covering": covers.ahead(now=now).filter(by_member=shown),
        "history": history.select_related("actor").order_by("-at", "-id")[:12],
        "skill_list": shown.memberskill_set.select_related("skill").order_by("skill__name"),
        "devices": devices.of(row.user, now=now) if access.can(Permission.EDIT_MEMBERS) else [],
        "last_here": devices.last_seen([row.user_id]).get(row.user_id),
        "seats": _seats(shown, access),
        "month": activity.month_of(shown, now=now)
        if access.can(Permission.SEE_DASHBOARD)
        else None,
        **_forms(shown, access),
        **bound,
    }
    return render(request, "people/member.html", context, status=422 if bound else 200)


def _seats(row: Membership, access: Access) -> list[Seat]:
    if not access.can(Permission.SEE_ROUTING):
        return []
    return invited.seats_by_member([row]).get(row.pk, [])


def _skills_form(row: Membership, data: Any = None) -> SkillsForm:
    has = dict(row.memberskill_set.values_list("skill_id", "level"))
    return SkillsForm(data, team_id=row.team_id, has=has)


def _pools_form(row: Membership, access: Access) -> PoolsForm:
    weights = {seat.pool_id: seat.weight for seat in _seats(row, access)}
    return PoolsForm(pools=invited.open_pools(access), weights=weights)


def _forms(row: Membership, access: Access) -> dict[str, forms.BaseForm]:
    return {
        "pause_form": PauseForm(),
        "hours_form": HoursForm(hours=row.hours, team=row.team.hours),
        "time_off_form": TimeOffForm(),
        "cover_form": CoverForm(member=row),
        "role_form": RoleForm(initial={"role": row.role}),
        "switches_form": SwitchesForm(initial={"switches": row.switches}),
        "profile_form": ProfileForm(instance=row),
        "pools_form": _pools_form(row, access),
        "skills_form": _skills_form(row),
        "territories_form": TerritoriesForm(member=row),
    }
