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

from apps.leads.models import Lead
from apps.rules.builder import board
from apps.rules.facts import lead_facts
from apps.rules.lint.notes import pool_notes
from apps.rules.models import Pool, Rule, Seat, Version
from apps.rules.pools import ladder, seats, setups, standing
from apps.rules.pools import services as pools
from apps.rules.pools import words as pool_words
from apps.rules.pools.form import PoolForm
from apps.rules.pools.matrix import matrix
from apps.rules.pools.needs_form import Offers
from apps.rules.pools.seat_forms import CreditForm, SeatForm, StartForm, read_seats
from apps.rules.pools.settings import PoolSettings
from apps.rules.refusals import Refused
from apps.rules.registry import registry
from apps.teams.access import Access
from apps.teams.hours_form import HoursForm
from apps.teams.models import Membership, Skill
from apps.teams.permissions import Permission, Role
from apps.teams.policy import team_page

LEADS = 12


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
    """A form for a pool that is not there yet; `?setup=` fills it the way teams know by name."""
    setup = setups.of(request.GET.get("setup", ""))
    start = setup.filled() if setup else PoolSettings(name="")
    form, hours = _forms(request, access, None, board.pools_of(access), start=start)
    extra = StartForm(
        request.POST if request.method == "POST" else None,
        members=_members(access),
        opens_to_all=bool(setup and setup.opens_to_all),
    )
    if request.method == "POST" and _are_valid(form, hours) and extra.is_valid():
        try:
            pool = setups.make(
                access.team, form.settings(_weekly(hours)), members=extra.cleaned_data["members"],
                then_open_seconds=extra.then_open_seconds, by=access, now=timezone.now(),
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _made(pool))
            return redirect("rules:pool", team=access.team.slug, pool=pool.pk)
    is_wrong = form.is_bound
    context = {
        "access": access,
        "section": "pools",
        "setups": setups.SETUPS,
        "setup": setup,
        "start": extra,
        "may_edit": True,
        **_form_context(access, form, hours),
    }
    return render(request, "rules/new_pool.html", context, status=422 if is_wrong else 200)


@team_page(Permission.SEE_ROUTING)
@require_safe
def pool(request: HttpRequest, access: Access, pool: UUID) -> HttpResponse:
    """Everything about one pool; `?lead=` says who would get this lead now."""
    return _page(request, access, _pool(access, pool))


@team_page(Permission.EDIT_ROUTING)
@require_POST
def edit(request: HttpRequest, access: Access, pool: UUID) -> HttpResponse:
    found = _pool(access, pool)
    form, hours = _forms(request, access, found, board.pools_of(access))
    if _are_valid(form, hours):
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
    leads = _latest_leads(access)
    lead = next((each for each in leads if str(each.pk) == request.GET.get("lead")), None)
    known = lead_facts(lead, registry(access.team)) if lead else None
    context = {
        "access": access,
        "section": "pools",
        "pool": pool,
        "places": standing.places(pool, team=access.team, now=now, lead=known),
        "leads": leads,
        "lead": lead,
        "ladder": ladder.ladder(pool, by_id),
        "notes": list(pool_notes(by_id[pool.pk], board.house(by_id, []))),
        "seat_form": seat_form or SeatForm(members=_without_seat(access, pool)),
        "used_by": _used_by(access, pool),
        "may_edit": access.can(Permission.EDIT_ROUTING),
        "may_adjust": access.can(Permission.ADJUST_CREDIT),
        **_form_context(access, form, hours),
    }
    return render(request, "rules/pool.html", context, status=status)


def _form_context(access: Access, form: PoolForm, hours: HoursForm) -> dict[str, Any]:
    """What the settings need: the form, the table of rankings, what folded sections say."""
    names = {member.pk: str(member) for member in form.members}
    words = pool_words.in_words(form.start, registry=registry(access.team), names=names)
    return {
        "form": form,
        "hours": hours,
        "matrix": matrix(str(form["handover"].value())),
        "words": words,
        "opened": form.sections_with_errors(),
    }


def _forms(
    request: HttpRequest,
    access: Access,
    pool: Pool | None,
    everything: list[Pool],
    *,
    start: PoolSettings | None = None,
    is_bound: bool = True,
) -> tuple[PoolForm, HoursForm]:
    data = request.POST if is_bound and request.method == "POST" else None
    skills = Skill.objects.visible_to(access).filter(kind=Skill.Kind.SKILL)
    form = PoolForm(
        data,
        start=PoolSettings.of(pool) if pool else start or PoolSettings(name=""),
        pool=pool,
        pools=everything,
        members=list(_members(access)),
        offers=Offers([skill.name for skill in skills], registry(access.team)),
    )
    own = pool.hours if pool and pool.hours is not None else access.team.hours
    return form, HoursForm(data, hours=own, prefix="hours")


def _are_valid(form: PoolForm, hours: HoursForm) -> bool:
    """Weekly hours count only where the pool has its own."""
    if not form.is_valid():
        return False
    if form.cleaned_data["open_hours"] != "own" or hours.is_valid():
        return True
    for problem in hours.problems:
        form.add_error("open_hours", problem)
    return False


def _made(pool: Pool) -> str:
    if pool.seats.exists():
        return _("The pool is there, with its seats. Now let a rule send leads to it.")
    return _("The pool is there. Now give members a seat.")


def _members(access: Access) -> Any:
    members = Membership.objects.visible_to(access).active().exclude(role=Role.VIEWER)
    return members.select_related("user")


def _latest_leads(access: Access) -> list[Lead]:
    """Some leads to try the pool with."""
    leads = Lead.objects.visible_to(access).filter(is_spam=False).select_related("source")
    return list(leads.order_by("-received_at", "-pk")[:LEADS])


def _weekly(hours: HoursForm) -> Mapping[str, Any] | None:
    return hours.cleaned_hours if hours.is_valid() else None


def _pool(access: Access, pool: UUID) -> Pool:
    return get_object_or_404(Pool.objects.visible_to(access), pk=pool)


def _seat(access: Access, pool: UUID, seat: UUID) -> Seat:
    rows = Seat.objects.visible_to(access).select_related("pool")
    return get_object_or_404(rows, pk=seat, pool_id=pool)


def _without_seat(access: Access, pool: Pool) -> Any:
    return _members(access).exclude(seats__pool=pool)


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
