"""Which recipients get a lead: under the locks of what is counted, and by the pure core."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from apps.deliveries.models import ARRIVED, Delivery, Dispute
from apps.routing import decide
from apps.routing.decide import Choice
from apps.routing.facts import LeadFacts, Mode, PoolFacts, Ranking, Record
from apps.rules.models import Recipient, RecipientPool, RecipientSeat
from apps.rules.recipients.facts import Barrier, barrier, is_open, is_stale, seat_facts
from apps.teams.models import Team

Way = RecipientPool.Way
BY_TURN = frozenset({Way.TURN, Way.PERFORMANCE})
DAYS = 90
MOST_DEPTH = 5  # teams that a lead may have gone through


@dataclass(frozen=True, slots=True)
class Considered:
    """One recipient as it was looked at for a lead."""

    recipient: Recipient
    skip: Barrier | None = None

    def to_trace(self) -> dict[str, Any]:
        until = self.skip.until.isoformat() if self.skip and self.skip.until else None
        return {
            "id": str(self.recipient.pk),
            "name": self.recipient.name,
            "skip": self.skip.why if self.skip else None,
            "skip_until": until,
        }


@dataclass(frozen=True, slots=True)
class Picked:
    """Who gets copies (or offers) by one rule, out of whom, and by which turn."""

    considered: Sequence[Considered]
    recipients: Sequence[Recipient]
    pool: RecipientPool | None = None
    choice: Choice | None = None

    @property
    def is_offer(self) -> bool:
        return self.pool is not None and self.pool.way == Way.FIRST


@dataclass
class Table:
    """The recipients and pools that one lead's rules name, locked as far as they are counted."""

    team: Team
    now: datetime
    recipients: Mapping[UUID, Recipient]
    pools: Mapping[UUID, RecipientPool]
    seats: Mapping[UUID, Sequence[RecipientSeat]]  # by pool, in their order
    path: Sequence[UUID]  # the teams that the lead went through, this one last
    records: Mapping[UUID, Record]

    def direct(self, ids: Sequence[UUID], taken: Collection[UUID]) -> Picked:
        """Every one of these that may have the lead gets a copy."""
        named = [self.recipients[each] for each in ids if each in self.recipients]
        considered = [self.consider(each, taken) for each in named]
        return Picked(considered, [each.recipient for each in considered if not each.skip])

    def of_pool(self, pool_id: UUID, lead: LeadFacts, taken: Collection[UUID]) -> Picked:
        """Those whom the pool's way chooses."""
        pool = self.pools.get(pool_id)
        if pool is None or not pool.is_active:
            return Picked([], [], pool)
        seats = [seat for seat in self.seats.get(pool_id, ()) if seat.is_active]
        considered = [self.consider(self.recipients[s.recipient_id], taken) for s in seats]
        open_to = [each.recipient for each in considered if not each.skip]
        if pool.way not in BY_TURN or not open_to:
            return Picked(considered, open_to, pool)
        choice = self.by_turn(pool, self._awake(open_to), lead)
        chosen = [self.recipients[choice.winner.member]] if choice.winner else []
        return Picked(considered, chosen, pool, choice)

    def by_turn(
        self, pool: RecipientPool, recipients: Sequence[Recipient], lead: LeadFacts
    ) -> Choice:
        """The turn among these, who all may have the lead."""
        may = {each.pk for each in recipients}
        seats = [
            seat_facts(seat, self.records.get(seat.recipient_id))
            for seat in self.seats.get(pool.pk, ())
            if seat.recipient_id in may
        ]
        by_performance = pool.way == Way.PERFORMANCE
        facts = PoolFacts(
            pool=pool.pk,
            name=pool.name,
            revision=0,
            ranking=Ranking.PERFORMANCE if by_performance else Ranking.TURN,
            mode=Mode.ASSIGN,
            turn_no=pool.turn_no,
            seats=tuple(seats),
            performance={**pool.performance, "measure": "win_rate"} if by_performance else None,
        )
        return decide.choose(facts, now=self.now, lead=lead)

    def consider(self, recipient: Recipient, taken: Collection[UUID]) -> Considered:
        """Whether it may have this lead; one that has it already may not."""
        if recipient.pk in taken:
            return Considered(recipient, Barrier("has_it"))
        return Considered(
            recipient,
            self._loop(recipient) or barrier(recipient, self.team, now=self.now),
        )

    def _loop(self, recipient: Recipient) -> Barrier | None:
        """A team never gets a lead that it had, and no lead goes on for ever."""
        agreement = recipient.agreement
        if agreement is None:
            return None
        if agreement.to_id in self.path:
            return Barrier("had_it")
        return Barrier("too_far") if len(self.path) > MOST_DEPTH else None

    def _awake(self, recipients: Sequence[Recipient]) -> Sequence[Recipient]:
        """Those that are open now; all of them if none is: a copy then waits for the opening."""
        awake = [each for each in recipients if is_open(each, self.team, now=self.now)]
        return awake or recipients


def table(
    team: Team, *, recipient_ids: Iterable[UUID], pool_ids: Iterable[UUID], path: Sequence[UUID],
    now: datetime, locks: bool = True,
) -> Table:  # fmt: skip
    """Read what rules name: pools that go by turn and recipients that are counted under locks.

    Locked in one order everywhere: pools by id, then recipients by id. One statement for the
    recipients; two more for pools, two more where something is counted or measured.
    """
    pools = _pools(team, sorted(set(pool_ids)), locks=locks)
    seats = _seats(team, pools)
    wanted = {*recipient_ids, *(seat.recipient_id for row in seats.values() for seat in row)}
    recipients = _recipients(team, sorted(wanted), now=now, locks=locks)
    records = _records(team, pools, seats, now=now)
    return Table(team, now, recipients, pools, seats, path, records)


def _pools(team: Team, ids: Sequence[UUID], *, locks: bool) -> Mapping[UUID, RecipientPool]:
    if not ids:
        return {}
    rows = RecipientPool.objects.filter(team=team, pk__in=ids)
    found = {pool.pk: pool for pool in rows}
    by_turn = [pool.pk for pool in found.values() if pool.way in BY_TURN]
    if locks and by_turn:
        again = rows.filter(pk__in=by_turn).order_by("pk").select_for_update(no_key=True)
        found |= {pool.pk: pool for pool in again}
    return found


def _seats(
    team: Team, pools: Mapping[UUID, RecipientPool]
) -> Mapping[UUID, Sequence[RecipientSeat]]:
    if not pools:
        return {}
    by_pool: dict[UUID, list[RecipientSeat]] = {}
    rows = RecipientSeat.objects.filter(team=team, pool__in=pools)
    for seat in rows.order_by("position", "id"):
        by_pool.setdefault(seat.pool_id, []).append(seat)
    return by_pool


def _recipients(
    team: Team, ids: Sequence[UUID], *, now: datetime, locks: bool
) -> Mapping[UUID, Recipient]:
    if not ids:
        return {}
    rows = Recipient.objects.filter(team=team, pk__in=ids).select_related("agreement", "membership")
    found = {each.pk: each for each in rows}
    counted = [each.pk for each in found.values() if each.is_counted]
    if locks and counted:
        again = rows.filter(pk__in=counted).order_by("pk")
        found |= {each.pk: each for each in again.select_for_update(no_key=True, of=("self",))}
    for each in found.values():
        if is_stale(each, now):
            _count_again(each)
    return found


def _count_again(recipient: Recipient) -> None:
    """Its caps were set lately: what they count is read from the deliveries themselves."""
    sent = Delivery.objects.filter(team=recipient.team_id, recipient=recipient.pk)
    counted = sent.exclude(state__in=[Delivery.State.OFFERED, Delivery.State.WITHDRAWN])
    counted = counted.exclude(dispute__gave_back=True)
    newest = counted.order_by("-queued_at", "-id").values_list("accepted_at", "queued_at")
    moments = [accepted or queued for accepted, queued in newest[: recipient.greatest_cap]]
    recipient.placed_at = sorted(moments, reverse=True)


def _records(
    team: Team,
    pools: Mapping[UUID, RecipientPool],
    seats: Mapping[UUID, Sequence[RecipientSeat]],
    *,
    now: datetime,
) -> Mapping[UUID, Record]:
    """What was kept of the leads delivered lately, where a pool goes by it."""
    measured = [pool for pool in pools.values() if pool.way == Way.PERFORMANCE]
    if not measured:
        return {}
    days = max(int(pool.performance.get("days", DAYS)) for pool in measured)
    ids = {seat.recipient_id for pool in measured for seat in seats.get(pool.pk, ())}
    sent = Delivery.objects.filter(
        team=team, recipient__in=ids, state__in=ARRIVED, queued_at__gte=now - timedelta(days=days)
    )
    returned = Q(dispute__state=Dispute.State.ACCEPTED)
    counted = sent.order_by().values_list("recipient").annotate(
        leads=Count("pk"), returned=Count("pk", filter=returned)
    )  # fmt: skip
    return {
        recipient: Record(leads=leads, closed=leads, won=leads - back)
        for recipient, leads, back in counted
    }
