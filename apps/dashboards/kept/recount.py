"""Kept days against a full recount of the tables, difference by difference."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from django.db import connection

from apps.dashboards.kept.columns import CODES, COLUMNS, TURNS, Block
from apps.dashboards.kept.fetching import fetch
from apps.dashboards.kept.rollups import Part, kept
from apps.rules.models import Seat
from apps.teams.models import Team

DAYS_AT_ONCE = 8
_OF_LEADS = tuple(name for name in COLUMNS if name not in {*TURNS, "seat"})

_DAYS = """
SELECT day FROM dashboards_keptday WHERE team_id = %(team)s
UNION
SELECT DISTINCT (received_at AT TIME ZONE %(zone)s)::date FROM leads_lead
WHERE team_id = %(team)s AND deleted_at IS NULL AND NOT is_spam AND NOT is_test
UNION
SELECT DISTINCT (at AT TIME ZONE %(zone)s)::date FROM rules_turnentry
WHERE team_id = %(team)s AND reason IN ('turn', 'give_back')
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
    seats = {str(pk) for pk in Seat.objects.filter(team=team).values_list("pk", flat=True)}
    for start in range(0, len(days), DAYS_AT_ONCE):
        some = days[start : start + DAYS_AT_ONCE]
        known = {block.day: block for block in kept(team, [Part(some)])}
        for told in fetch(team, some):
            for what in _differing(known.get(told.day), told, seats):
                yield Difference(team.slug, told.day, what)


def _days(team: Team) -> list[date]:
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, {"team": team.pk, "zone": team.timezone})
        return [row[0] for row in cursor.fetchall()]


def _differing(block: Block | None, told: Block, seats: Collection[str]) -> Iterator[str]:
    if block is None:
        yield f"not kept, {told.leads} leads in the tables"
        return
    if block.leads != told.leads:
        yield f"{block.leads} leads kept, {told.leads} in the tables"
        return
    for name in _OF_LEADS:
        is_same = block.columns[name] == told.columns[name]
        if name in CODES:
            is_same &= list(block.keys.get(name, ())) == list(told.keys.get(name, ()))
        if not is_same:
            yield name
    if block.active_at != told.active_at:
        yield "active_at"
    if _turns(block, seats) != _turns(told, seats):
        yield "turns"


def _turns(block: Block, seats: Collection[str]) -> dict[str | None, tuple[int, int]]:
    """What each seat gained and took. Of one that is removed the ledger no longer knows it all."""
    rows = zip(
        (block.keys["seat"][code] for code in block.array("seat")),
        block.array("gained").tolist(), block.array("taken").tolist(), strict=True,
    )  # fmt: skip
    return {seat: (gained, taken) for seat, gained, taken in rows if seat in seats}
