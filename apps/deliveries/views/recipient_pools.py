"""Pools of recipients: the list, one with its seats, and the ledger of its turns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.deliveries.recipients import pool_words
from apps.deliveries.recipients.pool_form import RecipientPoolForm, SeatForm, StartForm, read_seats
from apps.deliveries.recipients.pool_words import BY_TURN
from apps.leads.models import Lead
from apps.rules import usage
from apps.rules.ledgers import Cursor
from apps.rules.models import Recipient, RecipientPool, RecipientSeat
from apps.rules.recipients import ledger as recipient_ledger
from apps.rules.recipients import pools as recipient_pools
from apps.rules.refusals import Refused
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.SEE_ROUTING)
@require_safe
def pool_list(request: HttpRequest, access: Access) -> HttpResponse:
    """Every pool with who gets a lead there and who sits in it."""
    now = timezone.now()
    pools = list(RecipientPool.objects.visible_to(access))
    seats: dict[UUID, list[RecipientSeat]] = defaultdict(list)
    for seat in pool_words.seats_of(pools):
        seats[seat.pool_id].append(seat)
    context = {
        "access": access,
        "section": "distribution",
        "may_edit": access.can(Permission.EDIT_ROUTING),
        "cards": [
            {
                "pool": pool,
                "how": pool_words.how(pool),
                "seats": pool_words.seated(seats[pool.pk], access, now=now),
                "by_turn": pool.way in BY_TURN,
            }
            for pool in pools
        ],
    }
    return render(request, "deliveries/recipient_pools.html", context)


@team_page(Permission.EDIT_ROUTING)
@require_http_methods(["GET", "HEAD", "POST"])
def new_pool(request: HttpRequest, access: Access) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = RecipientPoolForm(data, pool=None)
    start = StartForm(data, recipients=_recipients(access))
    if form.is_valid() and start.is_valid():
        try:
            pool = _make(access, form, start)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The pool is there. Now let a rule send leads to it."))
            return _to_pool(access, pool)
    context = {"access": access, "section": "distribution", "form": form, "start": start}
    status = 422 if form.is_bound else 200
    return render(request, "deliveries/recipient_pool_new.html", context, status=status)


@team_page(Permission.SEE_ROUTING)
@require_safe
def pool_page(request: HttpRequest, access: Access, recipient_pool: UUID) -> HttpResponse:
    """Seats and settings of one pool."""
    return _page(request, access, _pool(access, recipient_pool))


@team_page(Permission.EDIT_ROUTING)
@require_POST
def edit_pool(request: HttpRequest, access: Access, recipient_pool: UUID) -> HttpResponse:
    pool = _pool(access, recipient_pool)
    form = RecipientPoolForm(request.POST, pool=pool)
    if form.is_valid():
        try:
            recipient_pools.change(pool, form.settings, by=access, now=timezone.now())
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Saved: it counts from the next lead."))
            return _to_pool(access, pool)
    return _page(request, access, pool, form=form)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def add_seat(request: HttpRequest, access: Access, recipient_pool: UUID) -> HttpResponse:
    pool = _pool(access, recipient_pool)
    form = SeatForm(request.POST, recipients=_without_seat(access, pool))
    if not form.is_valid():
        return _page(request, access, pool, seat_form=form)
    return _try(request, access, pool, lambda: recipient_pools.set_seats(
        pool, [form.place], by=access, now=timezone.now()
    ))  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def save_seats(request: HttpRequest, access: Access, recipient_pool: UUID) -> HttpResponse:
    """The whole table; its arrows save it too, and move one seat."""
    pool = _pool(access, recipient_pool)
    places = read_seats(request.POST, pool.seats.order_by("position", "pk"))
    return _try(request, access, pool, lambda: recipient_pools.set_seats(
        pool, places, by=access, now=timezone.now()
    ))  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def remove_seat(
    request: HttpRequest, access: Access, recipient_pool: UUID, recipient_seat: UUID
) -> HttpResponse:
    rows = RecipientSeat.objects.visible_to(access).select_related("pool")
    seat = get_object_or_404(rows, pk=recipient_seat, pool_id=recipient_pool)
    return _try(request, access, seat.pool, lambda: recipient_pools.remove_seat(
        seat, by=access, now=timezone.now()
    ))  # fmt: skip


@team_page(Permission.SEE_ROUTING)
@require_safe
def ledger(request: HttpRequest, access: Access, recipient_pool: UUID) -> HttpResponse:
    """Every turn with the credits after it, latest first; `?before=` goes on below."""
    pool = _pool(access, recipient_pool)
    page = recipient_ledger.page(pool, before=_cursor(request))
    lead_ids = [line.entry.lead_id for line in page.lines if line.entry.lead_id]
    # A lead that was kept out is nobody's here: it is shown by its initials.
    kept_out = Lead.objects.filter(team=access.team, stage=Lead.Stage.AWAY)
    context = {
        "access": access,
        "section": "distribution",
        "pool": pool,
        "page": page,
        "leads": Lead.objects.visible_to(access).in_bulk(lead_ids),
        "kept_out": kept_out.in_bulk(lead_ids),
        "older": f"?before={page.older[0]},{page.older[1]}" if page.older else None,
    }
    return render(request, "deliveries/recipient_pool_ledger.html", context)


def _page(
    request: HttpRequest,
    access: Access,
    pool: RecipientPool,
    *,
    form: RecipientPoolForm | None = None,
    seat_form: SeatForm | None = None,
) -> HttpResponse:
    """The page of one pool; 422 if one of its forms was refused."""
    now = timezone.now()
    seats = pool_words.seats_of([pool])
    context: dict[str, Any] = {
        "access": access,
        "section": "distribution",
        "pool": pool,
        "how": pool_words.how(pool),
        "seats": pool_words.seated(seats, access, now=now),
        "by_turn": pool.way != RecipientPool.Way.ALL,
        "used_by": usage.rules_of_recipient_pool(pool),
        "form": form or RecipientPoolForm(pool=pool),
        "seat_form": seat_form or SeatForm(recipients=_without_seat(access, pool)),
        "may_edit": access.can(Permission.EDIT_ROUTING),
    }
    status = 422 if form or seat_form else 200
    return render(request, "deliveries/recipient_pool.html", context, status=status)


@transaction.atomic
def _make(access: Access, form: RecipientPoolForm, start: StartForm) -> RecipientPool:
    now = timezone.now()
    pool = recipient_pools.create(access.team, form.settings, by=access, now=now)
    return recipient_pools.set_seats(pool, start.places, by=access, now=now)


def _try(
    request: HttpRequest, access: Access, pool: RecipientPool, act: Callable[[], object]
) -> HttpResponse:
    """Do it and go back to the pool's seats; a refusal is said there."""
    try:
        act()
    except Refused as refused:
        for problem in refused.problems:
            messages.error(request, problem.message)
    address = _to_pool(access, pool)
    address["Location"] += "#seats"
    return address


def _to_pool(access: Access, pool: RecipientPool) -> HttpResponse:
    return redirect("deliveries:recipient_pool", team=access.team.slug, recipient_pool=pool.pk)


def _pool(access: Access, pool: UUID) -> RecipientPool:
    return get_object_or_404(RecipientPool.objects.visible_to(access), pk=pool)


def _recipients(access: Access) -> Any:
    return Recipient.objects.visible_to(access).filter(is_active=True)


def _without_seat(access: Access, pool: RecipientPool) -> Any:
    return _recipients(access).exclude(seats__pool=pool)


def _cursor(request: HttpRequest) -> Cursor | None:
    """Where the page begins; an address that was tampered with begins at the top."""
    turn_no, _comma, turn = request.GET.get("before", "").partition(",")
    try:
        return (int(turn_no), UUID(turn)) if len(turn_no) < 18 else None
    except ValueError:
        return None
