"""Me: my availability, hours and time off, how I am told, my keys."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import devices
from apps.accounts.forms import NotificationsForm
from apps.teams import availability, covers, presence, tokens
from apps.teams.access import Access
from apps.teams.availability import AvailabilityRefused
from apps.teams.forms import CoverForm, PauseForm, TimeOffForm, TokenForm
from apps.teams.hours_form import HoursForm
from apps.teams.models import ApiToken, Cover, Membership, TimeOff, member_id_of
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.SEE_TEAM)
@require_safe
def me(request: HttpRequest, access: Access) -> HttpResponse:
    return _page(request, access)


@team_page(Permission.PAUSE_OWN)
@require_POST
def pause(request: HttpRequest, access: Access) -> HttpResponse:
    form = PauseForm(request.POST)
    if not form.is_valid():
        return _page(request, access, bound={"pause_form": form})
    now, back = timezone.now(), form.cleaned_data["hand_back"]
    availability.pause(_own(access), until=form.until(now), hand_back=back, by=access, now=now)
    return _back(request, access, _("You get no new leads for now."))


@team_page(Permission.PAUSE_OWN)
@require_POST
def resume(request: HttpRequest, access: Access) -> HttpResponse:
    availability.resume(_own(access), by=access, now=timezone.now())
    return _back(request, access, _("You take new leads again."))


@team_page(Permission.PAUSE_OWN)
@require_POST
def hours(request: HttpRequest, access: Access) -> HttpResponse:
    row = _own(access)
    form = HoursForm(request.POST, hours=row.hours, team=access.team.hours)
    return _save(
        request, access, form, "hours_form",
        lambda: availability.set_hours(
            row, hours=form.cleaned_hours, by=access, now=timezone.now()
        ),
    )  # fmt: skip


@team_page(Permission.PAUSE_OWN)
@require_POST
def add_time_off(request: HttpRequest, access: Access) -> HttpResponse:
    form = TimeOffForm(request.POST)
    return _save(
        request, access, form, "time_off_form",
        lambda: availability.add_time_off(
            _own(access), **form.cleaned_data, by=access, now=timezone.now()
        ),
    )  # fmt: skip


@team_page(Permission.PAUSE_OWN)
@require_POST
def remove_time_off(request: HttpRequest, access: Access, time_off: UUID) -> HttpResponse:
    mine = TimeOff.objects.visible_to(access).filter(membership_id=member_id_of(access))
    span = get_object_or_404(mine.select_related("membership"), pk=time_off)
    availability.remove_time_off(span, by=access, now=timezone.now())
    return _back(request, access, _("The time off was removed."))


@team_page(Permission.PAUSE_OWN)
@require_POST
def add_cover(request: HttpRequest, access: Access) -> HttpResponse:
    row = _own(access)
    form = CoverForm(request.POST, member=row)
    return _save(
        request, access, form, "cover_form",
        lambda: covers.add_cover(row, **form.cleaned_data, by=access, now=timezone.now()),
    )  # fmt: skip


@team_page(Permission.PAUSE_OWN)
@require_POST
def call_off_cover(request: HttpRequest, access: Access, cover: UUID) -> HttpResponse:
    mine = Cover.objects.visible_to(access).filter(membership_id=member_id_of(access))
    found = get_object_or_404(mine.select_related("membership", "by_member"), pk=cover)
    covers.call_off(found, by=access, now=timezone.now())
    return _back(request, access, _("Called off: your new leads are yours again."))


@team_page(Permission.SEE_TEAM)
@require_POST
def notifications(request: HttpRequest, access: Access) -> HttpResponse:
    form = NotificationsForm(request.POST, instance=request.user)
    return _save(request, access, form, "notifications_form", form.save)


@team_page(Permission.SEE_TEAM)
@require_POST
@never_cache
def add_token(request: HttpRequest, access: Access) -> HttpResponse:
    """The page once more, with the key: it is shown now and never again."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, access, bound={"token_form": form})
    made = tokens.create_token(
        _own(access), name=form.cleaned_data["name"], by=access, now=timezone.now()
    )
    return _page(request, access, new_token=made)


@team_page(Permission.SEE_TEAM)
@require_POST
def revoke_token(request: HttpRequest, access: Access, token: UUID) -> HttpResponse:
    mine = ApiToken.objects.visible_to(access).filter(membership_id=member_id_of(access))
    tokens.revoke_token(get_object_or_404(mine, pk=token), by=access, now=timezone.now())
    return _back(request, access, _("The key no longer works."))


def _own(access: Access) -> Membership:
    return Membership.objects.select_related("user", "team").get(pk=member_id_of(access))


def _save(
    request: HttpRequest,
    access: Access,
    form: forms.BaseForm,
    name: str,
    change: Callable[[], object],
) -> HttpResponse:
    """Do it and go back to the page; or show the page with what is wrong."""
    if not form.is_valid():
        return _page(request, access, bound={name: form})
    try:
        change()
    except AvailabilityRefused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, access, bound={name: form})
    return _back(request, access, _("Saved."))


def _back(request: HttpRequest, access: Access, message: str) -> HttpResponse:
    messages.success(request, message)
    return redirect("teams:me", team=access.team.slug)


def _page(
    request: HttpRequest,
    access: Access,
    *,
    new_token: tokens.NewToken | None = None,
    bound: Mapping[str, forms.BaseForm] | None = None,
) -> HttpResponse:
    """My page; `bound` puts a form that could not be saved in its place (422)."""
    now = timezone.now()
    mine = Membership.objects.filter(pk=member_id_of(access))
    member = presence.with_time_off(mine, now=now).get()
    holidays = presence.holidays_of(access.team)
    session_key = request.session.session_key or ""
    keys = ApiToken.objects.visible_to(access).filter(membership=member, revoked_at__isnull=True)
    context: dict[str, Any] = {
        "access": access,
        "section": "me",
        "member": member,
        "presence": presence.presence_of(member, now=now, holidays=holidays),
        "covers": covers.ahead(now=now).filter(membership=member),
        "covering": covers.ahead(now=now).filter(by_member=member),
        "keys": keys,
        "new_token": new_token,
        "my_turns": _address_of_my_turns(access),
        "devices": devices.of(member.user, current=session_key, now=now),
        **_forms(member),
        **(bound or {}),
    }
    return render(request, "teams/me.html", context, status=422 if bound else 200)


def _forms(member: Membership) -> dict[str, forms.BaseForm]:
    return {
        "pause_form": PauseForm(),
        "hours_form": HoursForm(hours=member.hours, team=member.team.hours),
        "time_off_form": TimeOffForm(),
        "cover_form": CoverForm(member=member),
        "notifications_form": NotificationsForm(instance=member.user),
        "token_form": TokenForm(),
    }


def _address_of_my_turns(access: Access) -> str | None:
    """The ledger belongs to the rules, which this app does not know: only its address's name."""
    try:
        return reverse("assignments:my_turns", kwargs={"team": access.team.slug})
    except NoReverseMatch:
        return None
