"""Taking a lead: claim, accept, decline, pick. One conditional UPDATE decides every race."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from apps.alerts.models import Kind
from apps.assignments.models import Assignment, Door, HopperEntry, Offer
from apps.assignments.road.placing import Placement, route
from apps.assignments.road.telling import tell
from apps.assignments.road.together import Fragment
from apps.assignments.road.writing import Writing, new_assignment, own
from apps.assignments.seats import head_start, limits, suiting
from apps.assignments.seats.limits import ClaimRefused
from apps.leads.models import Activity, Lead
from apps.leads.services import activity
from apps.teams.access import Access
from apps.teams.fixed import prepared
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
    told = _take(offer, member, by=by, now=now) if offer.state == Offer.State.OPEN else None
    if told is None:
        return _already_mine_or_gone(offer, member, now)
    return _become_owner(offer, member, told, by=by, now=now)


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
    declined = activity(lead, Activity.Kind.DECLINED, by=by, now=now, data=data)
    return route(
        lead, door=Door.DECLINE, by=by, now=now, freeing=member.pk,
        writing=Writing(rows=[declined], nothing_came_of=offer),
    )  # fmt: skip


@transaction.atomic
def pick(lead_id: UUID, *, by: Access, now: datetime) -> Claimed:
    """Take a lead out of the hopper. Raises as `claim`; HopperEntry.DoesNotExist for 404."""
    member = _member(by)
    entry = (
        HopperEntry.objects.visible_to(by)
        .select_related("pool", "lead__source")
        .filter(lead_id=lead_id)
        .order_by("-entered_at")
        .first()
    )
    if entry is None or suiting.is_kept_from(entry, by, now):
        raise HopperEntry.DoesNotExist
    left = HopperEntry.objects.filter(pk=entry.pk, left_at=None)
    if not left.update(left_at=Now(), picked_by=member):
        return _picked_before(entry, member, now)
    limits.count(member, entry.pool, by=by, now=now)
    return _own(
        entry,
        locked(lead_id, by),
        member,
        how=Assignment.How.PICKED,
        kind=Activity.Kind.CLAIMED,
        by=by,
        now=now,
        told=[member.user_id],
        data={"from": "hopper"},
    )


def locked(lead_id: UUID, by: Access) -> Lead:
    """The lead's row under lock, with its source; Lead.DoesNotExist outside the team."""
    leads = Lead.objects.select_for_update(of=("self",), no_key=True).select_related("source")
    return leads.get(pk=lead_id, team_id=by.team.pk)


def _member(by: Access) -> Membership:
    if by.membership is None:
        raise ClaimRefused("not_a_member", "Only a member of the team can take a lead.")
    by.require(Permission.WORK_LEADS)
    return by.membership


def _offer_put_to(member: Membership, offer_id: UUID, by: Access) -> Offer:
    offer = Offer.objects.select_related("pool", "lead__source", "taken_by__user").get(
        pk=offer_id, team_id=by.team.pk, candidates__contains=[member.pk], lead__deleted_at=None
    )
    offer.team = by.team
    return offer


TAKE = (
    "UPDATE assignments_offer SET state = 'accepted', taken_by_id = %s, "
    "closed_at = clock_timestamp() "
    "WHERE id = %s AND state = 'open' AND expires_at > clock_timestamp()"
)


def _take(offer: Offer, member: Membership, *, by: Access, now: datetime) -> list[UUID] | None:
    """The one UPDATE that decides the race, by the database's clock.

    Whom to tell (users who had it on their screens), or None if the race was lost. The same
    statement counts an open claim against the member's limits; a limit that stands in the way
    raises ClaimRefused, which rolls the taking back.
    """
    if offer.is_exclusive:  # its place was reserved when it was offered
        with prepared() as cursor:
            cursor.execute(TAKE, [member.pk, offer.pk])
            return [member.user_id] if cursor.rowcount == 1 else None
    limits.refuse_paused(member, now)
    head_start.refuse_early(offer, member)
    allowed = limits.of(offer.pool, by.team, now)
    with prepared() as cursor:
        cursor.execute(*taking_open(offer, member, allowed))
        taken, counted, people = cursor.fetchone()
    if taken and not counted:
        raise allowed.refusal(member)
    if not taken:
        return None
    allowed.check_unworked(member)
    return list(people)


def taking_open(offer: Offer, member: Membership, allowed: limits.Limits) -> Fragment:
    """Take an open offer and count it, in one statement: (taken, counted, whom to tell)."""
    count, values = allowed.counting(member)
    sql = (
        f"WITH taken AS ({TAKE} RETURNING id), counted AS ({count} "
        "AND EXISTS (SELECT FROM taken) RETURNING id) "
        "SELECT (SELECT count(*) FROM taken), (SELECT count(*) FROM counted), "
        "ARRAY(SELECT user_id FROM teams_membership WHERE id = ANY(%s) AND is_active)"
    )
    return sql, [member.pk, offer.pk, *values, offer.candidates]


def _become_owner(
    offer: Offer, member: Membership, told: list[UUID], *, by: Access, now: datetime
) -> Claimed:
    """The offer is won. Whoever changes a lead's owner takes its open offer first, so that the
    lead that was read with the offer is still as it was."""
    exclusive = offer.is_exclusive
    lead = offer.lead
    lead.team = by.team
    return _own(
        offer,
        lead,
        member,
        how=Assignment.How.ACCEPTED if exclusive else Assignment.How.CLAIMED,
        kind=Activity.Kind.ACCEPTED if exclusive else Activity.Kind.CLAIMED,
        by=by,
        now=now,
        told=told,
        data={"seconds": round((now - offer.opened_at).total_seconds(), 1)},
    )


def _own(
    taken: Offer | HopperEntry,
    lead: Lead,
    member: Membership,
    *,
    how: Assignment.How,
    kind: Activity.Kind,
    by: Access,
    now: datetime,
    told: list[UUID],
    data: dict[str, Any],
) -> Claimed:
    lead.generation += 1
    offer = taken if isinstance(taken, Offer) else None
    writing = Writing()
    assignment = new_assignment(
        lead, member, decision_id=taken.decision_id, how=how, by=by, now=now, pool=taken.pool,
        seconds=taken.response_seconds, offer=offer,
    )  # fmt: skip
    own(writing, assignment, member, now)
    if lead.claimed_at is None:
        writing.lead["claimed_at"] = now
    writing.rows.append(activity(lead, kind, by=by, now=now, member=member, data=data))
    writing.alerts += tell(
        told, Kind.CLAIMED, lead, offer_id=offer.pk if offer else None,
        by=str(member.user), member=str(member.pk), at=now,
    )  # fmt: skip
    writing.send(lead, by.team, now)
    lead.owner = member
    return Claimed(lead, assignment)


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
