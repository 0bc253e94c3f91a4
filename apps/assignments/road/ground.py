"""What a lead's walk stands on: pools under their locks, who has room, which sets are live."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Subquery, UUIDField, Value
from django.db.models.functions import Coalesce

from apps.assignments.road import sticky
from apps.assignments.seats.seat_rows import running_covers
from apps.assignments.seats.seating import Table, lock_pool
from apps.leads.models import Lead
from apps.routing.facts import Preferred, SeatFacts
from apps.rules import experiments
from apps.rules.experiments import Arm, Running
from apps.rules.models import EmptyPolicy, Pool
from apps.rules.sets.compiled import LiveRules, live_set
from apps.teams.fixed import prepared
from apps.teams.models import Membership, Team

PASSING_ON = frozenset({EmptyPolicy.NEXT_RULE, EmptyPolicy.OVERFLOW})
MOST_POOLS = 4096
RESERVE = (
    "UPDATE teams_membership SET open_leads = open_leads + 1 "
    "WHERE id = %s AND (capacity IS NULL OR open_leads < capacity) "
    "AND (%s::int IS NULL OR open_leads < %s::int)"
)
LOCK_BOTH = "SELECT FROM teams_membership WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"


class TeamGround:
    """The ground of one lead within one transaction.

    At most one pool is locked at a time: whichever order rules and overflows visit pools in, two
    leads can't wait for each other. `freeing` is a member whose count this transaction lowers.
    """

    def __init__(
        self, lead: Lead, team: Team, *, now: datetime, freeing: UUID | None, is_fresh: bool
    ) -> None:
        self._lead, self._team, self._now, self._freeing = lead, team, now, freeing
        self._is_fresh = is_fresh
        self._undo: dict[UUID, str] = {}
        self._preferred: dict[tuple[str, ...], list[Preferred]] = {}
        self._direct: dict[UUID, Membership] = {}
        self.arms: dict[UUID, tuple[Running, Arm]] = {}

    def table(self, pool_id: UUID) -> Table:
        arm = self._arm(experiments.of_pool(self._team, pool_id))
        if not self._is_fresh or _passes_on.get(pool_id, True):
            self._undo[pool_id] = transaction.savepoint()
        table = lock_pool(
            pool_id, team=self._team, now=self._now, tried=arm.settings if arm else None
        )
        _remember(table.pool)
        return table

    def leave(self, table: Table) -> None:
        savepoint = self._undo.pop(table.pool.pk, None)
        if savepoint is not None:
            transaction.savepoint_rollback(savepoint)

    def preferred(self, table: Table) -> Sequence[Preferred]:
        kinds = tuple(table.pool.sticky)
        if kinds not in self._preferred:
            self._preferred[kinds] = sticky.preferred(self._lead, kinds) if kinds else []
        return self._preferred[kinds]

    def reserve(self, table: Table, seat: SeatFacts) -> bool:
        most = seat.seat_capacity if table.counts_all else None
        return reserve(seat.taker, freeing=self._freeing, most=most)

    def direct(self, member_id: UUID) -> UUID | None:
        covers = running_covers(self._now).filter(
            membership_id=member_id, membership__is_active=True,
            by_member__is_active=True, by_member__user__is_active=True,
        )  # fmt: skip
        by = Subquery(covers.order_by("starts_at").values("by_member")[:1])
        members = Membership.objects.active().filter(team_id=self._team.pk).select_related("user")
        taker = members.filter(pk=Coalesce(by, Value(member_id, UUIDField()))).first()
        if taker is None:
            return None
        self._direct[taker.pk] = taker
        return taker.pk

    def reserve_direct(self, member_id: UUID) -> bool:
        return reserve(member_id, freeing=self._freeing)

    def rules(self, rule_set_id: UUID) -> LiveRules | None:
        found = live_set(self._team, rule_set_id)
        return self.as_tried(found) if found else None

    def as_tried(self, rules: LiveRules) -> LiveRules:
        """The version of a set that an experiment tries on this lead, if one runs."""
        arm = self._arm(experiments.of_rule_set(self._team, rules.rule_set_id))
        return arm.rules if arm and arm.rules else rules

    def member(self, member_id: UUID, table: Table | None) -> Membership:
        """Whoever the walk found, as a model."""
        if member_id in self._direct:
            return self._direct[member_id]
        assert table is not None  # chosen among those who sit there
        return table.member(member_id)

    def active(self, member_id: UUID) -> Membership | None:
        """A member of the team who is still there."""
        members = Membership.objects.active().select_related("user")
        return members.filter(pk=member_id, team_id=self._team.pk).first()

    def _arm(self, running: Running | None) -> Arm | None:
        if running is None or self._came_before(running):
            return None
        arm = running.arm_of(self._lead.pk)
        if arm:
            self.arms[running.id] = running, arm
        return arm

    def _came_before(self, running: Running) -> bool:
        return running.started_at is not None and self._lead.received_at < running.started_at


def reserve(member_id: UUID, *, freeing: UUID | None = None, most: int | None = None) -> bool:
    """Take one place of the member's capacity; False if she is full, or has `most` open leads.

    With `freeing`, both rows are locked in the order of their ids, so that two leads that
    change places between the same members can't wait for each other.
    """
    if freeing is not None and freeing != member_id:
        with prepared() as cursor:
            cursor.execute(LOCK_BOTH, [[member_id, freeing]])
    with prepared() as cursor:
        cursor.execute(RESERVE, [member_id, most, most])
        return cursor.rowcount == 1


# Whether each pool may pass a lead on, as it was when it was read last. A pool that does not needs
# no savepoint before its lock; one that began to costs no more than a lock that is held longer.
_passes_on: OrderedDict[UUID, bool] = OrderedDict()


def _remember(pool: Pool) -> None:
    _passes_on[pool.pk] = not pool.is_active or pool.empty_policy in PASSING_ON
    if len(_passes_on) > MOST_POOLS:
        _passes_on.popitem(last=False)
