"""Taking a lead: claim, accept, decline, pick. One conditional UPDATE decides every race."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from apps.alerts.models import Kind
from apps.assignments.models import Assignment, Door, HopperEntry, Offer
from apps.assignments.placing import Placement, Writing, new_assignment, own, route
from apps.assignments.telling import tell
from apps.leads.models import Activity, Lead
from apps.leads.services import activity
from apps.rules.models import Pool, Seat
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission


class OfferGone(Exception):
    """Too late: somebody took it, or it expired or was withdrawn (409)."""

    def __init__(
        self, state: str, *, taken_by: str | None, at: datetime | None, ms_before: int | None
    ) -> None:
        self.state, self.taken_by, self.at, self.ms_before = state, taken_by, at, ms_before
        super().__init__(self.words)

    @property
    def words(self) -> str:
        if self.taken_by is not None:
            before = f", {_span(self.ms_before)} before you" if self.ms_before is not None else ""
            return f"Taken by {self.taken_by}{before}."
        reason = {"expired": "The time to take it is over.", "declined": "You declined it."}
        return reason.get(self.state, "It is no longer offered.")


class ClaimRefused(Exception):
    """The member may not take it now (403); `message` says why and what to do."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason, self.message = reason, message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Claimed:
    """It is theirs: the lead with its owner, and the assignment."""

    lead: Lead
    assignment: Assignment


@transaction.atomic
def claim(offer_id: UUID, *, by: Access, now: datetime) -> Claimed:
    """Take an offered lead, open to all or to this member alone.

    The winner may ask again and gets the same answer. Raises Offer.DoesNotExist if it was never
    put to this member, OfferGone if it is too late, ClaimRefused if a limit stands in the way.
    """
    member = _member(by)
    offer = _offer_put_to(member, offer_id, by)
    if offer.state != Offer.State.OPEN or not _take_offer(offer, member):
        return _already_mine_or_gone(offer, member, now)
    if not offer.is_exclusive:
        _count_claim(member, pool=offer.pool, by=by, now=now)
    return _become_owner(offer, member, by=by, now=now)


@transaction.atomic
def decline(offer_id: UUID, *, by: Access, now: datetime, reason: str = "") -> Placement | None:
    """Say no to an exclusive offer; the lead goes on at once, at no cost to the member.

    Saying it twice is harmless (None). Raises OfferGone if it is no longer open.
    """
    member = _member(by)
    offer = _offer_put_to(member, offer_id, by)
    if not offer.is_exclusive:
        raise ClaimRefused("open", "An open lead needs no answer: leave it to the others.")
    changed = Offer.objects.filter(
        pk=offer.pk, state=Offer.State.OPEN, expires_at__gt=Now()
    ).update(state=Offer.State.DECLINED, closed_at=Now())
    if not changed:
        offer.refresh_from_db(fields=["state", "closed_at", "taken_by"])
        if offer.state == Offer.State.DECLINED:
            return None
        raise _gone(offer, now)
    lead = locked(offer.lead_id, by)
    data = {"reason": reason.replace("\x00", "")[:200]}
    activity(lead, Activity.Kind.DECLINED, by=by, now=now, data=data).save()
    uncount_day(offer)
    return route(lead, door=Door.DECLINE, by=by, now=now, freeing=member.pk)


@transaction.atomic
def pick(lead_id: UUID, *, by: Access, now: datetime) -> Claimed:
    """Take a lead out of the hopper. Raises as `claim`; HopperEntry.DoesNotExist for 404."""
    member = _member(by)
    entry = (
        HopperEntry.objects.visible_to(by)
        .select_related("pool", "decision")
        .filter(lead_id=lead_id)
        .order_by("-entered_at")
        .first()
    )
    if entry is None:
        raise HopperEntry.DoesNotExist
    left = HopperEntry.objects.filter(pk=entry.pk, left_at=None)
    if not left.update(left_at=Now(), picked_by=member):
        return _picked_before(entry, member, now)
    _count_claim(member, pool=entry.pool, by=by, now=now)
    return _own(
        entry, member, how=Assignment.How.PICKED, kind=Activity.Kind.CLAIMED, by=by, now=now,
        others=(), data={"from": "hopper"},
    )  # fmt: skip


def locked(lead_id: UUID, by: Access) -> Lead:
    """The lead's row under lock, with its source; Lead.DoesNotExist outside the team."""
    leads = Lead.objects.select_for_update(of=("self",), no_key=True).select_related("source")
    return leads.get(pk=lead_id, team_id=by.team.pk)


def uncount_day(offer: Offer) -> None:
    """An offer that came to nothing does not count against the seat's cap of its day."""
    Seat.objects.filter(
        pool_id=offer.pool_id, membership_id=offer.member_id, day_count__gt=0
    ).filter(day=offer.opened_at.astimezone(ZoneInfo(offer.team.timezone)).date()).update(
        day_count=F("day_count") - 1
    )


def _member(by: Access) -> Membership:
    if by.membership is None:
        raise ClaimRefused("not_a_member", "Only a member of the team can take a lead.")
    by.require(Permission.WORK_LEADS)
    return by.membership


def _offer_put_to(member: Membership, offer_id: UUID, by: Access) -> Offer:
    offer = Offer.objects.select_related("pool", "taken_by__user", "team").get(
        pk=offer_id, team_id=by.team.pk, candidates__contains=[member.pk], lead__deleted_at=None
    )
    offer.team = by.team
    return offer


def _take_offer(offer: Offer, member: Membership) -> bool:
    """The one UPDATE that decides the race, by the database's clock."""
    sql = (
        "UPDATE assignments_offer SET state = 'accepted', taken_by_id = %s, "
        "closed_at = clock_timestamp() "
        "WHERE id = %s AND state = 'open' AND expires_at > clock_timestamp()"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [member.pk, offer.pk])
        return cursor.rowcount == 1


def _count_claim(member: Membership, *, pool: Pool | None, by: Access, now: datetime) -> None:
    """Count a claim against the member's limits; ClaimRefused rolls the whole claim back.

    The conditional UPDATE locks her row, so her claims are counted one after another.
    """
    team = by.team
    today = now.astimezone(ZoneInfo(team.timezone)).date()
    if member.is_paused and (member.paused_until is None or member.paused_until > now):
        raise ClaimRefused("paused", "You are paused. Switch yourself on before you claim.")
    per_day = _limit(pool and pool.claims_per_day, team.claims_per_day)
    sql = (
        "UPDATE teams_membership SET open_leads = open_leads + 1, claims_date = %s, "
        "claims_count = CASE WHEN claims_date = %s THEN claims_count + 1 ELSE 1 END "
        "WHERE id = %s AND is_active AND (capacity IS NULL OR open_leads < capacity) "
        "AND (%s::int IS NULL OR claims_date IS DISTINCT FROM %s OR claims_count < %s::int)"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [today, today, member.pk, per_day, today, per_day])
        if cursor.rowcount == 0:
            _say_which_limit(member, per_day)
    _check_unworked(member, _limit(pool and pool.max_unworked, team.max_unworked))


def _limit(first: int | None, second: int | None) -> int | None:
    return first if first is not None else second


def _say_which_limit(member: Membership, per_day: int | None) -> NoReturn:
    member.refresh_from_db(fields=["open_leads", "capacity", "claims_count", "is_active"])
    if not member.is_active:
        raise ClaimRefused("inactive", "Your membership is switched off.")
    if member.capacity is not None and member.open_leads >= member.capacity:
        raise ClaimRefused(
            "capacity",
            f"You have {member.open_leads} open leads of at most {member.capacity}. "
            "Close one before you claim another.",
        )
    raise ClaimRefused("limit", f"You have claimed {per_day} of {per_day} leads today.")


def _check_unworked(member: Membership, most: int | None) -> None:
    if most is None:
        return
    unworked = Assignment.objects.live().filter(member=member, responded_at=None, stopped_at=None)
    count = unworked.count()
    if count >= most:
        raise ClaimRefused(
            "unworked",
            f"You have {count} unworked leads of at most {most}. "
            "Work one before you claim another.",
        )


def _become_owner(offer: Offer, member: Membership, *, by: Access, now: datetime) -> Claimed:
    exclusive = offer.is_exclusive
    others = [one for one in offer.candidates if one != member.pk]
    return _own(
        offer,
        member,
        how=Assignment.How.ACCEPTED if exclusive else Assignment.How.CLAIMED,
        kind=Activity.Kind.ACCEPTED if exclusive else Activity.Kind.CLAIMED,
        by=by,
        now=now,
        others=() if exclusive else others,
        data={"seconds": round((now - offer.opened_at).total_seconds(), 1)},
    )


def _own(
    taken: Offer | HopperEntry,
    member: Membership,
    *,
    how: Assignment.How,
    kind: Activity.Kind,
    by: Access,
    now: datetime,
    others: Any,
    data: dict[str, Any],
) -> Claimed:
    lead = locked(taken.lead_id, by)
    lead.generation += 1
    offer = taken if isinstance(taken, Offer) else None
    writing = Writing()
    assignment = new_assignment(
        lead, member, decision=taken.decision, how=how, by=by, now=now, pool=taken.pool,
        seconds=taken.response_seconds, offer=offer,
    )  # fmt: skip
    own(writing, assignment, member, now)
    if lead.claimed_at is None:
        writing.lead["claimed_at"] = now
    writing.rows.append(activity(lead, kind, by=by, now=now, member=member, data=data))
    told = [member, *_others(others)]
    writing.alerts += tell(
        told, Kind.CLAIMED, lead, offer_id=offer.pk if offer else None,
        by=str(member.user), member=str(member.pk), at=now,
    )  # fmt: skip
    writing.send(lead, by.team, now)
    lead.owner = member
    return Claimed(lead, assignment)


def _others(member_ids: Any) -> Iterator[Membership]:
    # Their user ids are all that an alert needs.
    if member_ids:
        yield from Membership.objects.filter(pk__in=member_ids, is_active=True)


def _already_mine_or_gone(offer: Offer, member: Membership, now: datetime) -> Claimed:
    offer = Offer.objects.select_related("taken_by__user").get(pk=offer.pk)
    if offer.taken_by_id == member.pk:
        mine = Assignment.objects.live().filter(offer=offer, member=member).first()
        if mine is not None:
            lead = Lead.objects.select_related("source", "owner__user").get(pk=offer.lead_id)
            return Claimed(lead, mine)
    raise _gone(offer, now)


def _picked_before(entry: HopperEntry, member: Membership, now: datetime) -> Claimed:
    entry = HopperEntry.objects.select_related("picked_by__user").get(pk=entry.pk)
    live = Assignment.objects.live().filter(lead_id=entry.lead_id, member=member).first()
    if entry.picked_by_id == member.pk and live is not None:
        lead = Lead.objects.select_related("source", "owner__user").get(pk=entry.lead_id)
        return Claimed(lead, live)
    picker = str(entry.picked_by) if entry.picked_by else None
    state = "accepted" if picker else "withdrawn"
    raise OfferGone(state, taken_by=picker, at=entry.left_at, ms_before=_ms(entry.left_at, now))


def _gone(offer: Offer, now: datetime) -> OfferGone:
    state = offer.state if offer.state != Offer.State.OPEN else Offer.State.EXPIRED
    taker = str(offer.taken_by.user) if offer.taken_by else None
    at = offer.closed_at or offer.expires_at
    return OfferGone(state, taken_by=taker, at=at, ms_before=_ms(offer.closed_at, now))


def _ms(at: datetime | None, now: datetime) -> int | None:
    """How long before the loser's tap it was taken; a tap that was under way counts as 1 ms."""
    return None if at is None else max(round((now - at).total_seconds() * 1000), 1)


def _span(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "just"
    if milliseconds < 100:
        return f"{milliseconds} ms"
    seconds = milliseconds / 1000
    return f"{seconds:.1f} s" if seconds < 60 else f"{round(seconds / 60)} min"
