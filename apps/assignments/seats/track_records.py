"""Track records: what members made of their leads over the days that their team's pools ask for.

Counted anew every few minutes by a task, in one statement a team; routing reads what is kept.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.assignments.seats.measures import DAYS
from apps.leads.models import LEAD_COLUMNS
from apps.routing.fields import CUSTOM_PREFIX
from apps.routing.values import fold
from apps.rules.models import Pool, Ranking, TrackRecord
from apps.teams.models import Team

# Columns of a lead that are no fields which somebody may fill in, but may be compared by.
COLUMNS = LEAD_COLUMNS | {"band", "status_kind"}

COUNTED = """
WITH span AS (SELECT unnest(%s::int[]) AS days),
owned AS (
    SELECT lead.owner_id AS member, lead.received_at,
        lead.status_kind IN ('won', 'lost') AS closed, lead.status_kind = 'won' AS won,
        {values} AS said
    FROM leads_lead AS lead JOIN leads_source AS source ON source.id = lead.source_id
    WHERE lead.team_id = %s AND lead.owner_id IS NOT NULL AND lead.deleted_at IS NULL
        AND NOT lead.is_spam AND NOT lead.is_test
        AND lead.received_at >= %s - make_interval(days => %s) AND lead.received_at <= %s
),
had AS (
    SELECT member, days, count(*) AS leads, count(*) FILTER (WHERE closed) AS closed,
        count(*) FILTER (WHERE won) AS won
    FROM owned JOIN span ON received_at >= %s - make_interval(days => days)
    GROUP BY member, days
),
answered AS (
    SELECT member_id AS member, days, count(*) AS responses,
        sum(extract(epoch FROM responded_at - started_at)) AS seconds
    FROM assignments_assignment JOIN span ON started_at >= %s - make_interval(days => days)
    WHERE team_id = %s AND responded_at IS NOT NULL AND started_at <= %s
    GROUP BY member_id, days
),
alike AS (
    SELECT member, days, jsonb_agg(jsonb_build_array(key, value, closed, won)) AS by
    FROM (
        SELECT member, days, key, value, count(*) AS closed, count(*) FILTER (WHERE won) AS won
        FROM owned JOIN span ON received_at >= %s - make_interval(days => days),
            jsonb_each_text(said)
        WHERE closed AND value <> ''
        GROUP BY member, days, key, value
    ) AS counted
    GROUP BY member, days
)
SELECT coalesce(had.member, answered.member), coalesce(had.days, answered.days),
    coalesce(leads, 0), coalesce(closed, 0), coalesce(won, 0),
    coalesce(responses, 0), coalesce(seconds, 0)::float8, by
FROM had FULL JOIN answered ON answered.member = had.member AND answered.days = had.days
    LEFT JOIN alike ON alike.member = had.member AND alike.days = had.days
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Over which days a team's pools compare its members, and by which fields of leads."""

    days: tuple[int, ...] = ()
    fields: tuple[str, ...] = ()

    @classmethod
    def of(cls, pools: Iterable[Pool]) -> Asked:
        days: set[int] = set()
        fields: set[str] = set()
        for pool in pools:
            alike = {item["field"] for item in pool.fit if item.get("kind") == "similar"}
            if alike or Ranking.PERFORMANCE in (pool.ranking, *pool.prefer):
                days.add(int(pool.performance.get("days") or DAYS))
                fields |= alike
        return cls(tuple(sorted(days)), tuple(sorted(fields)))


def count_all(*, now: datetime) -> int:
    """Count every team whose pools ask for it; how many records there are now."""
    asking = Pool.objects.filter(is_active=True).values("team")
    kept = TrackRecord.objects.values("team")
    teams = Team.objects.filter(pk__in=asking.union(kept)).order_by("pk")
    return sum(count_team(team, now=now) for team in teams)


@transaction.atomic
def count_team(team: Team, *, now: datetime) -> int:
    """Count a team's members anew; records that nobody asks for any more go."""
    asked = Asked.of(Pool.objects.filter(team=team, is_active=True))
    records = TrackRecord.objects.filter(team=team)
    if not asked.days:
        records.delete()
        return 0
    found = figures(team, asked, now=now)
    kept = records.values_list("pk", "membership", "days")
    gone = [pk for pk, member, days in kept if (member, days) not in found]
    records.filter(pk__in=gone).delete()
    TrackRecord.objects.bulk_create(
        (
            TrackRecord(team=team, membership_id=member, days=days, counted_at=now, figures=counted)
            for (member, days), counted in found.items()
        ),
        update_conflicts=True,
        unique_fields=["membership", "days"],
        update_fields=["counted_at", "figures"],
    )
    return len(found)


def figures(team: Team, asked: Asked, *, now: datetime) -> dict[tuple[UUID, int], dict[str, Any]]:
    """The figures of each member and span, as TrackRecord keeps them.

    Leads are the member's own that were received within the span; closed ones are won or lost.
    A response is her first attempt at a lead that was given to her within the span.
    """
    values, names = _values(asked.fields)
    spans = list(asked.days)
    arguments: list[Any] = [
        spans, *names, team.pk, now, max(spans), now, now, now, team.pk, now, now,
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(COUNTED.format(values=values), arguments)
        return {(member, days): _figures(*row) for member, days, *row in cursor.fetchall()}


def _figures(
    leads: int, closed: int, won: int, responses: int, seconds: float, alike: str | None
) -> dict[str, Any]:
    return {
        "leads": leads, "closed": closed, "won": won, "responses": responses,
        "response_seconds": round(seconds, 3), "by": _folded(json.loads(alike or "[]")),
    }  # fmt: skip


def _folded(alike: Sequence[Sequence[Any]]) -> Mapping[str, Mapping[str, list[int]]]:
    """Values that differ in nothing but case and blanks are one."""
    by: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for field, value, closed, won in alike:
        counted = by[field].setdefault(fold(value), [0, 0])
        counted[0] += closed
        counted[1] += won
    return dict(by)


def _values(fields: Sequence[str]) -> tuple[str, list[str]]:
    """What a lead says in these fields as a JSON object, and the names it takes as parameters."""
    parts, names = [], []
    for field in fields:
        names.append(field)
        if field in COLUMNS:
            parts.append(f"%s::text, lead.{field}::text")
        elif field == "source":
            parts.append("%s::text, source.slug")
        else:
            column = "custom" if field.startswith(CUSTOM_PREFIX) else "facts"
            parts.append(f"%s::text, lead.{column} ->> %s::text")
            names.append(field.removeprefix(CUSTOM_PREFIX))
    return f"jsonb_strip_nulls(jsonb_build_object({', '.join(parts)}))", names
