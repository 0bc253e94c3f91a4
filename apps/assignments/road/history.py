"""What a lead has been through: who was asked in which pool, and which pools are spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, Q, QuerySet, Value, When

from apps.assignments.models import Assignment, Decision, Door, HopperEntry, Offer
from apps.leads.models import Lead
from apps.rules.models import Mode, OnExpiry, Pool
from apps.teams.fixed import Fixed, Row

State = Offer.State
LOST = (Assignment.Ended.TIMEOUT, Assignment.Ended.RELEASED)
DIRECT = (Assignment.How.OVERFLOW, Assignment.How.DIRECT)
# By these doors a lead sets out; by the others it goes on.
BEGINNINGS = frozenset({
    Door.WEBHOOK, Door.FORM, Door.IMPORT, Door.HAND, Door.API, Door.REPLAY, Door.RESTORE,
    Door.CHANGED, Door.ACTIVITY, Door.SILENT, Door.BULK, Door.PUT_BACK, Door.TRIAGE, Door.COPY,
    Door.RETURNED,
})  # fmt: skip
EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Visit:
    """One pool's part in a lead's journey so far."""

    tried: frozenset[UUID] = frozenset()
    declined: frozenset[UUID] = frozenset()
    hops: int = 0  # members asked one by one, or rounds of open claims
    is_over: bool = False  # an open claim ran out, or the hopper gave it up
    is_late: bool = False  # somebody had it and made no attempt: its overflow is next

    def is_spent(self, pool: Pool) -> bool:
        """Whether the pool has done what it may for this lead, so that its overflow is next."""
        return self.is_over or self.is_late or self.hops >= pool.max_hops


@dataclass(frozen=True, slots=True)
class Journey:
    """A lead's visits by pool. Empty for a lead that was just captured."""

    visits: Mapping[UUID, Visit] = field(default_factory=dict)
    hop: int = 0
    lost_direct: frozenset[UUID] = frozenset()  # members who were sent it and did not respond
    left_hopper: bool = False  # it waited in the team's hopper as long as it may
    # What it was sent by, if not by the rules for new leads: see planning.Way.
    road: Mapping[str, Any] = field(default_factory=dict)

    def at(self, pool_id: UUID) -> Visit:
        return self.visits.get(pool_id, Visit())


def journey(lead: Lead) -> Journey:
    """Read what became of the lead's offers, assignments and hopper stays on this road.

    A road begins when the lead comes, or is sent somewhere: what was before does not bind.
    """
    since, road = next(iter(_beginnings.rows(lead=lead.pk)), (EVER, None))
    offers = _offers.rows(lead=lead.pk, since=since)
    lost = _lost.rows(lead=lead.pk, since=since)
    given_up = {pool_id for (pool_id,) in _given_up.rows(lead=lead.pk, since=since)}
    pools = {row[0] for row in offers} | {row[0] for row in lost} | given_up
    return Journey(
        visits={
            pool_id: _visit(pool_id, offers, lost, pool_id in given_up)
            for pool_id in pools
            if pool_id is not None
        },
        hop=sum(1 for offer in offers if offer[2] != State.ACCEPTED) + len(lost),
        lost_direct=frozenset(member for _, how, member, _ in lost if how in DIRECT),
        left_hopper=None in given_up,
        road=road or {},
    )


def _read_beginnings(*, lead: UUID) -> QuerySet[Decision, Any]:
    began = Decision.objects.filter(lead_id=lead, door__in=[door.value for door in BEGINNINGS])
    moved = began.exclude(outcome=Decision.Outcome.KEPT).order_by("-at", "-pk")
    return moved.values_list("at", "trace__road")[:1]


def _read_offers(*, lead: UUID, since: datetime) -> QuerySet[Offer, Any]:
    ended = Offer.objects.filter(lead_id=lead, opened_at__gte=since)
    ended = ended.exclude(state__in=(State.OPEN, State.WITHDRAWN))
    return ended.order_by().values_list("pool_id", "pool__mode", "state", "member_id")


def _read_lost(*, lead: UUID, since: datetime) -> QuerySet[Assignment, Any]:
    # Handed back off duty: her pool may give it to her again, a rule does not send it twice.
    off_duty = Q(end_reason=Assignment.Ended.HANDED_BACK, how__in=DIRECT)
    ended = Q(end_reason__in=LOST) | off_duty
    lost = Assignment.objects.filter(ended, lead_id=lead, started_at__gte=since)
    is_late = Q(end_reason=Assignment.Ended.TIMEOUT, pool__on_expiry=OnExpiry.OVERFLOW)
    goes_over = Case(When(is_late, then=Value(True)), default=Value(False))
    return lost.order_by().values_list("pool_id", "how", "member_id", goes_over)


def _read_given_up(*, lead: UUID, since: datetime) -> QuerySet[HopperEntry, Any]:
    waits = HopperEntry.objects.filter(lead_id=lead, left_at__isnull=False, picked_by=None)
    waits = waits.filter(gave_up=True, entered_at__gte=since)
    return waits.order_by().values_list("pool_id")


_beginnings = Fixed(_read_beginnings, lead=UUID(int=1))
_offers = Fixed(_read_offers, lead=UUID(int=1), since=EVER)
_lost = Fixed(_read_lost, lead=UUID(int=1), since=EVER)
_given_up = Fixed(_read_given_up, lead=UUID(int=1), since=EVER)


def _visit(pool_id: UUID, offers: Sequence[Row], lost: Sequence[Row], gave_up: bool) -> Visit:
    mine = [offer for offer in offers if offer[0] == pool_id]
    theirs = [(member, late) for pool, how, member, late in lost
              if pool == pool_id and how not in DIRECT]  # fmt: skip
    had = {member for member, _ in theirs}
    expired = {member for _, _, state, member in mine if member and state == State.EXPIRED}
    declined = {member for _, _, state, member in mine if member and state == State.DECLINED}
    ran_out = any(mode == Mode.CLAIM and state == State.EXPIRED for _, mode, state, _ in mine)
    return Visit(
        tried=frozenset(expired | had),
        declined=frozenset(declined),
        hops=len(expired | declined | had),
        is_over=ran_out or gave_up,
        is_late=any(late for _, late in theirs),
    )
