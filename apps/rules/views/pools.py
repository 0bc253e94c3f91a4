"""Pools: the list, one pool with all of its settings, and its seats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.rules import board, ladder, pools, seats, standing
from apps.rules.forms import CreditForm, PoolForm, SeatForm, read_seats
from apps.rules.lint import pool_notes
from apps.rules.matrix import matrix
from apps.rules.models import Pool, Rule, Seat, Version
from apps.rules.refusals import Refused
from apps.teams.access import Access
from apps.teams.hours_form import HoursForm
from apps.teams.models import Membership
from apps.teams.permissions import Permission, Role
from apps.teams.policy import team_page


@team_page(Permission.SEE_ROUTING)
@require_safe
def pool_list(request: HttpRequest, access: Access) -> HttpResponse:
    """Every pool with how it hands over, who sits there and where its leads go on to."""
    found = {pool.pk: pool for pool in board.pools_of(access)}
    house = board.house(found, [])
    cards = [
        {
            "pool": pool,
            "ladder": ladder.ladder(pool, found),
            "notes": list(pool_notes(pool, house)),
        }
        for pool in found.values()
    ]
    context = {"access": access, "section": "pools", "cards": cards}
    return render(request, "rules/pools.html", context)


@team_page(Permission.EDIT_ROUTING)
def new_pool(request: HttpRequest, access: Access) -> HttpResponse:
    """A form for a pool that is not there yet."""
    form, hours = _forms(request, access, None, board.pools_of(access))
    if request.method == "POST" and form.is_valid() and _hours_are_valid(form, hours):
        try:
            pool = pools.create_pool(
                access.team, form.settings(_weekly(hours)), by=access, now=timezone.now()
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The pool is there. Now give members a seat."))
            return redirect("rules:pool", team=access.team.slug, pool=pool.pk)
    context = {
        "access": access,
        "section": "pools",
        "form": form,
        "hours": hours,
        "matrix": matrix(str(form["handover"].value())),
        "may_edit": True,
    }
    return render(request, "rules/new_pool.html", context, status=422 if form.errors else 200)


@team_page(Permission.SEE_ROUTING)
@require_safe
def pool(request: HttpRequest, access: Access, pool: UUID) -> HttpResponse:
    """Everything about one pool."""
    return _page(request, access, _pool(access, pool))


@team_page(Permission.EDIT_ROUTING)
@require_POST
def edit(request: HttpRequest, access: Access, pool: UUID) -> HttpResponse:
    found = _pool(access, pool)
    form, hours = _forms(request, access, found, board.pools_of(access))
    if form.is_valid() and _hours_are_valid(form, hours):
        settings = form.settings(_weekly(hours))
        try:
            pools.edit_pool(found, settings, by=access, now=timezone.now())
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Saved: it counts from the next lead."))
            return redirect("rules:pool", team=access.team.slug, pool=found.pk)
    return _page(request, access, found, form=form, hours=hours, status=422)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def add_seat(request: HttpRequest, access: Access, pool: UUID) -> HttpResponse:
    found = _pool(access, pool)
    form = SeatForm(request.POST, members=_without_seat(access, found))
    if not form.is_valid():
        return _page(request, access, found, seat_form=form, status=422)
    given = form.cleaned_data
    return _try(request, access, found, lambda: seats.add_seat(
        found, given["member"], weight=given["weight"], cap_day=given["cap_day"],
        by=access, now=timezone.now(),
    ))  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def save_seats(request: HttpRequest, access: Access, pool: UUID) -> HttpResponse:
    """The whole table; its arrows save it too, and move one seat."""
    found, now = _pool(access, pool), timezone.now()
    rows = list(found.seats.order_by("position", "pk"))
    order = _order(request, rows)

    def save() -> None:
        seats.edit_seats(found, read_seats(request.POST, rows), by=access, now=now)
        seats.order_seats(found, order, by=access, now=now)

    return _try(request, access, found, save)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def remove_seat(request: HttpRequest, access: Access, pool: UUID, seat: UUID) -> HttpResponse:
    found = _seat(access, pool, seat)
    return _try(request, access, found.pool, lambda: seats.remove_seat(
        found, by=access, now=timezone.now()
    ))  # fmt: skip


@team_page(Permission.ADJUST_CREDIT)
@require_POST
def adjust(request: HttpRequest, access: Access, pool: UUID, seat: UUID) -> HttpResponse:
    found = _seat(access, pool, seat)
    form = CreditForm(request.POST)
    if not form.is_valid():
        for field in form.errors:
            messages.error(request, f"{form[field].label}: {form.errors[field][0]}")
        return redirect("rules:pool", team=access.team.slug, pool=found.pool_id)
    given = form.cleaned_data
    return _try(request, access, found.pool, lambda: seats.adjust_credit(
        found, turns=given["turns"], reason=given["reason"], by=access, now=timezone.now()
    ))  # fmt: skip


def _page(
    request: HttpRequest,
    access: Access,
    pool: Pool,
    *,
    form: PoolForm | None = None,
    hours: HoursForm | None = None,
    seat_form: SeatForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    everything = board.pools_of(access)
    by_id = {each.pk: each for each in everything}
    if form is None or hours is None:
        form, hours = _forms(request, access, pool, everything, is_bound=False)
    free = _without_seat(access, pool)
    context = {
        "access": access,
        "section": "pools",
        "pool": pool,
        "form": form,
        "hours": hours,
        "matrix": matrix(str(form["handover"].value())),
        "places": standing.places(pool, team=access.team, now=now),
        "ladder": ladder.ladder(pool, by_id),
        "notes": list(pool_notes(by_id[pool.pk], board.house(by_id, []))),
        "seat_form": seat_form or SeatForm(members=free),
        "credit_form": CreditForm(auto_id="id_%s_credit"),
        "used_by": _used_by(access, pool),
        "may_edit": access.can(Permission.EDIT_ROUTING),
        "may_adjust": access.can(Permission.ADJUST_CREDIT),
    }
    return render(request, "rules/pool.html", context, status=status)


def _forms(
    request: HttpRequest,
    access: Access,
    pool: Pool | None,
    everything: list[Pool],
    *,
    is_bound: bool = True,
) -> tuple[PoolForm, HoursForm]:
    members = Membership.objects.visible_to(access).active().exclude(role=Role.VIEWER)
    members = members.select_related("user")
    data = request.POST if is_bound and request.method == "POST" else None
    form = PoolForm(data, pool=pool, pools=everything, members=members)
    own = pool.hours if pool and pool.hours is not None else access.team.hours
    return form, HoursForm(data, hours=own, prefix="hours")


def _hours_are_valid(form: PoolForm, hours: HoursForm) -> bool:
    """Weekly hours count only where the pool has its own."""
    if form.cleaned_data["open_hours"] != "own" or hours.is_valid():
        return True
    for problem in hours.problems:
        form.add_error("open_hours", problem)
    return False


def _weekly(hours: HoursForm) -> Mapping[str, Any] | None:
    return hours.cleaned_hours if hours.is_valid() else None


def _pool(access: Access, pool: UUID) -> Pool:
    return get_object_or_404(Pool.objects.visible_to(access), pk=pool)


def _seat(access: Access, pool: UUID, seat: UUID) -> Seat:
    rows = Seat.objects.visible_to(access).select_related("pool")
    return get_object_or_404(rows, pk=seat, pool_id=pool)


def _without_seat(access: Access, pool: Pool) -> Any:
    members = Membership.objects.visible_to(access).active().select_related("user")
    return members.exclude(seats__pool=pool).exclude(role=Role.VIEWER)


def _used_by(access: Access, pool: Pool) -> list[Rule]:
    """The live rules that send leads here."""
    live = Rule.objects.visible_to(access).filter(version__state=Version.State.PUBLISHED)
    return list(live.filter(pool=pool, is_active=True))


def _order(request: HttpRequest, rows: list[Seat]) -> list[UUID]:
    """The seats' order after the arrow that was pressed, or as they were dragged."""
    ids = [seat.pk for seat in rows]
    by_text = {str(each): each for each in ids}
    dragged = [by_text[each] for each in request.POST.getlist("seat") if each in by_text]
    ids = dragged if len(dragged) == len(ids) else ids
    verb, _colon, chosen = request.POST.get("do", "").partition(":")
    if chosen in by_text and verb in ("up", "down"):
        place = ids.index(by_text[chosen])
        ids.insert(max(place + (-1 if verb == "up" else 1), 0), ids.pop(place))
    return ids


def _try(request: HttpRequest, access: Access, pool: Pool, act: Any) -> HttpResponse:
    """Do it and go back to the pool's seats; a refusal is said there."""
    try:
        act()
    except Refused as refused:
        for problem in refused.problems:
            messages.error(request, problem.message)
    address = redirect("rules:pool", team=access.team.slug, pool=pool.pk)
    address["Location"] += "#seats"
    return address
