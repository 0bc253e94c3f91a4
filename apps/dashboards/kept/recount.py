"""Kept days against a full recount of the tables, difference by difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db import connection

from apps.dashboards.kept.columns import CODES, COLUMNS, Block, fetch
from apps.dashboards.kept.rollups import Part, kept
from apps.teams.models import Team

DAYS_AT_ONCE = 8

_DAYS = """
SELECT day FROM dashboards_keptday WHERE team_id = %(team)s
UNION
SELECT DISTINCT (received_at AT TIME ZONE %(zone)s)::date FROM leads_lead
WHERE team_id = %(team)s AND deleted_at IS NULL AND NOT is_spam AND NOT is_test
ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A kept day that does not say what the tables say."""

    team: str
    day: date
    what: str

    def __str__(self) -> str:
        return f"{self.team} {self.day}: {self.what}"


def differences(team: Team) -> Iterator[Difference]:
    """What is wrong or missing in the kept days of a team: every lead, every column.

    Days whose leads are changing meanwhile differ until they are redone.
    """
    days = _days(team)
    for start in range(0, len(days), DAYS_AT_ONCE):
        some = days[start : start + DAYS_AT_ONCE]
        known = {block.day: block for block in kept(team, [Part(some)])}
        for told in fetch(team.pk, some, zone=team.timezone):
            for what in _differing(known.get(told.day), told):
                yield Difference(team.slug, told.day, what)


def _days(team: Team) -> list[date]:
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, {"team": team.pk, "zone": team.timezone})
        return [row[0] for row in cursor.fetchall()]


def _differing(block: Block | None, told: Block) -> Iterator[str]:
    if block is None:
        yield f"not kept, {told.leads} leads in the tables"
        return
    if block.leads != told.leads:
        yield f"{block.leads} leads kept, {told.leads} in the tables"
        return
    for name in COLUMNS:
        is_same = block.columns[name] == told.columns[name]
        if name in CODES:
            is_same &= list(block.keys.get(name, ())) == list(told.keys.get(name, ()))
        if not is_same:
            yield name
    if block.active_at != told.active_at:
        yield "active_at"
