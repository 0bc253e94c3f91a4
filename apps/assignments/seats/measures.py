"""What only some pools ask of those who sit there: loads by status, records, leads placed before.

Each is one statement, and none is run for a pool that does not ask for it.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from threading import Lock
from uuid import UUID

from django.db.models import Count, Max

from apps.assignments.models import Assignment
from apps.routing import performance
from apps.routing.facts import Record
from apps.rules.models import Pool, TrackRecord
from apps.teams.fixed import prepared
from apps.teams.models import Team

# A pool that compares records without saying over how many days.
DAYS = 90
# The longest that a cap looks back, with a day for a month of 31 days and a clock that changes.
CAPS_LOOK_BACK = timedelta(days=32)
MOST_TEAMS = 64

LOADS = (
    "SELECT member_id, count(*) FROM ("
    "SELECT owner_id AS member_id FROM leads_lead WHERE owner_id = ANY(%s) AND stage = 'owned' "
    "AND status_kind IN ('new', 'working', 'qualified') AND deleted_at IS NULL "
    "AND status_kind = ANY(%s) "
    "UNION ALL "
    "SELECT offer.member_id FROM assignments_offer AS offer "
    "JOIN leads_lead AS lead ON lead.id = offer.lead_id "
    "WHERE offer.team_id = %s AND offer.state = 'open' AND offer.member_id = ANY(%s) "
    "AND lead.status_kind = ANY(%s)"
    ") AS counted GROUP BY member_id"
)
PLACED = (
    "SELECT member_id, seat_id, started_at FROM assignments_assignment "
    "WHERE member_id = ANY(%s) AND pool_id = %s AND how = ANY(%s) AND started_at >= %s "
    "UNION ALL "
    "SELECT member_id, NULL, opened_at FROM assignments_offer "
    "WHERE team_id = %s AND state = 'open' AND member_id = ANY(%s) AND pool_id = %s"
)
COUNTED = [Assignment.How.ASSIGNED.value, Assignment.How.ACCEPTED.value]


def loads(members: Collection[UUID], kinds: Sequence[str], team: Team) -> Mapping[UUID, int]:
    """How many leads of these kinds each member has open, those offered to her alone included."""
    wanted, of_kinds = list(members), list(kinds)
    with prepared() as cursor:
        cursor.execute(LOADS, [wanted, of_kinds, team.pk, wanted, of_kinds])
        return dict(cursor.fetchall())


def placed_before(
    seats: Mapping[UUID, UUID], pool: Pool, *, now: datetime
) -> Mapping[UUID, list[datetime]]:
    """When leads were placed on these seats, newest first, as assignments and offers tell it.

    `seats` maps each seat to its member. Only seats whose caps were set within the time that
    caps look back need this: what came after is kept with the seat itself.
    """
    members, at = {member: seat for seat, member in seats.items()}, list(seats.values())
    found: dict[UUID, list[datetime]] = defaultdict(list)
    since = now - CAPS_LOOK_BACK
    with prepared() as cursor:
        cursor.execute(PLACED, [at, pool.pk, COUNTED, since, pool.team_id, at, pool.pk])
        for member_id, seat_id, moment in cursor.fetchall():
            found[seat_id or members[member_id]].append(moment)
    return {seat: sorted(moments, reverse=True) for seat, moments in found.items()}


@dataclass(frozen=True, slots=True)
class Records:
    """What was measured of each member, and of the whole team."""

    of: Mapping[UUID, Record] = field(default_factory=dict)
    team: Record = field(default_factory=Record)


def records(team: Team, days: int) -> Records:
    """The newest records over so many days; one short statement while none was counted anew."""
    rows = TrackRecord.objects.filter(team=team, days=days).order_by()
    stamp = tuple(rows.aggregate(count=Count("pk"), last=Max("counted_at")).values())
    kept = _kept.get((team.pk, days))
    if kept is not None and kept[0] == stamp:
        return kept[1]
    figures = rows.values_list("membership_id", "figures")
    of = {member_id: Record.from_json(found) for member_id, found in figures}
    found = Records(of, reduce(performance.summed, of.values(), Record()))
    with _lock:
        _kept[team.pk, days] = (stamp, found)
        while len(_kept) > MOST_TEAMS:
            _kept.popitem(last=False)
    return found


_kept: OrderedDict[tuple[UUID, int], tuple[tuple[object, ...], Records]] = OrderedDict()
_lock = Lock()
