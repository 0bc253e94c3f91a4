"""The seats that come with an invitation, and those of one member in all pools at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.rules.models import InvitedSeat, Pool, Seat
from apps.rules.pools import seats
from apps.rules.pools.seats import HEAVIEST, SeatFields
from apps.rules.refusals import Refused
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Invitation, Membership
from apps.teams.permissions import Permission


def open_pools(by: Access) -> QuerySet[Pool]:
    """The pools that this person may seat people in; none for who edits no pools."""
    pools: QuerySet[Pool] = Pool.objects.visible_to(by).filter(is_active=True)
    return pools.order_by("name", "pk") if by.can(Permission.EDIT_ROUTING) else pools.none()


def seats_of(invitations: Iterable[Invitation]) -> dict[UUID, list[InvitedSeat]]:
    """What these invitations carry, by invitation; one query."""
    rows = InvitedSeat.objects.filter(invitation__in=[each.pk for each in invitations])
    found: dict[UUID, list[InvitedSeat]] = defaultdict(list)
    for row in rows.select_related("pool"):
        found[row.invitation_id].append(row)
    return dict(found)


def seats_by_member(members: Iterable[Membership]) -> dict[UUID, list[Seat]]:
    """Where these members sit, by member, pools by name; switched off ones are left out."""
    rows = Seat.objects.filter(membership__in=[each.pk for each in members], pool__is_active=True)
    found: dict[UUID, list[Seat]] = defaultdict(list)
    for row in rows.select_related("pool").order_by("pool__name", "pk"):
        found[row.membership_id].append(row)
    return dict(found)


@transaction.atomic
def choose(
    invitation: Invitation, weights: Mapping[UUID, int], *, by: Access, now: datetime
) -> None:
    """Let whoever accepts it sit in exactly these pools, by weight. May raise Refused.

    Pools of other teams and those that are switched off do not exist.
    """
    by.require(Permission.EDIT_ROUTING)
    _refuse_wrong(weights)
    rows = InvitedSeat.objects.filter(invitation=invitation)
    wanted = {pool.pk: weights[pool.pk] for pool in open_pools(by).filter(pk__in=weights)}
    if dict(rows.values_list("pool_id", "weight")) == wanted:
        return
    rows.delete()
    InvitedSeat.objects.bulk_create(
        InvitedSeat(team_id=invitation.team_id, invitation=invitation, pool_id=pk, weight=weight)
        for pk, weight in wanted.items()
    )
    detail = {"pools": {str(pk): weight for pk, weight in wanted.items()}}
    audit.record(by=by, action="invitation.pools", target=invitation, now=now, detail=detail)


def seat(member: Membership, invitation: Invitation, *, now: datetime) -> list[str]:
    """Give who accepted her seats, in the caller's transaction; pools that are gone, in words."""
    if not member.is_active:  # a former member whom a link does not let in
        return []
    chosen = list(InvitedSeat.objects.filter(invitation=invitation).select_related("pool"))
    sits_in = set(Seat.objects.filter(membership=member).values_list("pool_id", flat=True))
    by = Access.system(member.team)
    for each in sorted(chosen, key=lambda each: each.pool_id):
        if each.pool.is_active and each.pool_id not in sits_in:
            seats.add_seat(each.pool, member, by=by, now=now, weight=each.weight)
    return [missing_pool(each.pool) for each in chosen if not each.pool.is_active]


def missing_pool(pool: Pool) -> str:
    return _("the pool “%(name)s”, which is switched off") % {"name": pool.name}


@transaction.atomic
def sit(member: Membership, weights: Mapping[UUID, int], *, by: Access, now: datetime) -> None:
    """Seat a member in exactly these of the team's active pools, by weight. May raise Refused.

    Seats that stay keep their limits and credit; what a seat that goes was owed is shared out.
    """
    by.require(Permission.EDIT_ROUTING)
    _refuse_wrong(weights)
    for pool in open_pools(by).order_by("pk"):
        row = Seat.objects.filter(pool=pool, membership=member).first()
        weight = weights.get(pool.pk, 0)
        if row is None and weight:
            seats.add_seat(pool, member, by=by, now=now, weight=weight)
        elif row is not None and not weight:
            seats.remove_seat(row, by=by, now=now)
        elif row is not None and weight != row.weight:
            fields = replace(SeatFields.of(row), weight=weight)
            seats.edit_seats(pool, {row.pk: fields}, by=by, now=now)


def _refuse_wrong(weights: Mapping[UUID, int]) -> None:
    if any(not 1 <= weight <= HEAVIEST for weight in weights.values()):
        raise Refused.at("", _("Use a whole number from 1 to %(most)d.") % {"most": HEAVIEST})
