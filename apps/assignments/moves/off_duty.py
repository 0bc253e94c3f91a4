"""Going off duty: leads that a member has not touched go on, where her pool or she asks for it.

A pool may take them back whenever she leaves: she pauses, her time off begins, her hours end. A
pause may hand back all that she has. Only what she had while she was on duty goes: what is given
to her afterwards stays. So nothing needs to be remembered, and two looks at once do no harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import structlog
from django.db import OperationalError, connection, transaction

from apps.alerts.models import Kind
from apps.assignments.models import Assignment, Door
from apps.assignments.moves.claiming import locked
from apps.assignments.road.placing import route
from apps.assignments.road.telling import tell
from apps.assignments.road.writing import Writing
from apps.leads.models import Activity
from apps.leads.services import activity
from apps.routing.calendar import Schedule, is_open, next_common_opening
from apps.rules import calendars
from apps.rules.models import Pool
from apps.teams.access import Access
from apps.teams.models import Membership

log = structlog.get_logger(__name__)

UNTOUCHED = (
    "a.ended_at IS NULL AND a.responded_at IS NULL AND a.stopped_at IS NULL "
    "AND (a.held_until IS NULL OR a.held_until <= statement_timestamp())"
)
PAUSED = (
    "SELECT a.id FROM teams_membership m "
    "JOIN assignments_assignment a ON a.member_id = m.id "
    "LEFT JOIN rules_pool p ON p.id = a.pool_id "
    "WHERE m.is_paused AND (m.paused_until IS NULL OR m.paused_until > statement_timestamp()) "
    f"AND {UNTOUCHED} AND EXISTS (SELECT FROM teams_availabilitychange c "
    "WHERE c.membership_id = m.id AND c.kind = 'paused' AND c.at > a.started_at "
    "AND (p.takes_back_on_leave OR c.after @> '{\"hand_back\": true}')) LIMIT %s"
)
AWAY = (
    "SELECT a.id FROM rules_pool p JOIN teams_membership m ON m.team_id = p.team_id "
    "JOIN assignments_assignment a ON a.member_id = m.id AND a.pool_id = p.id "
    "JOIN teams_timeoff t ON t.membership_id = m.id AND t.starts_at > a.started_at "
    "AND t.starts_at <= statement_timestamp() AND t.ends_at > statement_timestamp() "
    f"WHERE p.takes_back_on_leave AND {UNTOUCHED} LIMIT %s"
)
HOLDERS = (
    "SELECT DISTINCT a.member_id, a.pool_id "
    "FROM rules_pool p JOIN teams_membership m ON m.team_id = p.team_id "
    "JOIN assignments_assignment a ON a.member_id = m.id AND a.pool_id = p.id "
    f"WHERE p.takes_back_on_leave AND p.respects_hours AND {UNTOUCHED}"
)
OF_HOLDER = (
    "SELECT a.id, a.started_at FROM assignments_assignment a "
    f"WHERE a.member_id = %s AND a.pool_id = %s AND {UNTOUCHED} ORDER BY a.started_at"
)
WIN = (
    "UPDATE assignments_assignment SET ended_at = clock_timestamp(), end_reason = 'handed' "
    "WHERE id = (SELECT a.id FROM assignments_assignment a "
    f"WHERE a.id = %s AND {UNTOUCHED} FOR UPDATE SKIP LOCKED) RETURNING clock_timestamp()"
)


def hand_back_due(*, limit: int) -> int:
    """Send on the untouched leads of members who went off duty; how many went."""
    done = 0
    for assignment_id in [*_left_by_word(limit), *_left_by_hours()][:limit]:
        done += _try(assignment_id)
    return done


def _left_by_word(limit: int) -> list[UUID]:
    """Leads of members who paused, or whose time off began, after they got them."""
    with connection.cursor() as cursor:
        cursor.execute(PAUSED, [limit])
        paused = [row for (row,) in cursor.fetchall()]
        cursor.execute(AWAY, [limit])
        return list(dict.fromkeys([*paused, *(row for (row,) in cursor.fetchall())]))


def _left_by_hours() -> Iterator[UUID]:
    """Leads of members whose working hours, or their pool's, ended after they got them."""
    with connection.cursor() as cursor:
        cursor.execute(HOLDERS)
        holders = cursor.fetchall()
        if not holders:
            return
        cursor.execute("SELECT statement_timestamp()")
        (now,) = cursor.fetchone()
    pools = Pool.objects.select_related("team").in_bulk({pool for _, pool in holders})
    members = Membership.objects.select_related("user", "team")
    people = members.in_bulk({member for member, _ in holders})
    for member, pool in holders:
        yield from _ended(people[member], pools[pool], now)


def _ended(member: Membership, pool: Pool, now: datetime) -> Iterator[UUID]:
    hours = [calendars.pool_schedule(pool, pool.team), calendars.member_schedule(member, pool.team)]
    if all(is_open(each, now) for each in hours):
        return
    with connection.cursor() as cursor:
        cursor.execute(OF_HOLDER, [member.pk, pool.pk])
        for assignment_id, started_at in cursor.fetchall():
            if _was_on_duty(hours, since=started_at, until=now):
                yield assignment_id


def _was_on_duty(hours: list[Schedule | None], *, since: datetime, until: datetime) -> bool:
    opening = next_common_opening(hours, since)
    return opening is not None and opening < until


def _try(assignment_id: UUID) -> bool:
    try:
        with transaction.atomic():
            return _hand_back(assignment_id)
    except OperationalError:
        raise
    except Exception:
        log.exception("hand_back_failed", assignment=str(assignment_id))
        return False


def _hand_back(assignment_id: UUID) -> bool:
    """Win the assignment and send its lead on; False if it was touched or taken meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(WIN, [assignment_id])
        won = cursor.fetchone()
    if won is None:
        return False
    (now,) = won
    row = Assignment.objects.select_related("team", "member__user").get(pk=assignment_id)
    by = Access.system(row.team)
    lead = locked(row.lead_id, by)
    back = activity(lead, Activity.Kind.HANDED_BACK, by=by, now=now, member=row.member)
    if lead.generation != row.generation or lead.deleted_at is not None or not lead.is_open:
        back.save()
        return True
    writing = Writing(rows=[back])
    writing.alerts += tell([row.member.user_id], Kind.TAKEN_BACK, lead, reason="off_duty")
    route(lead, door=Door.HANDED_BACK, by=by, now=now, freeing=row.member_id, writing=writing)
    return True
