"""Finds which clients became slower or lost a source, and tells their agency once a day.

Slower: the median speed to lead of the last seven days is at least half as long again as that of
the 28 days before, with ten leads in each; a lead without an attempt counts as infinitely slow.
Silent: a source that is on brought two leads a day in a week and then none for two days, or any
lead in a week and then none for seven days.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from apps.agency import mails
from apps.agency.warnings import SILENT, SLOW, TOLD, needing
from apps.teams.agency_access import live_grants
from apps.teams.models import ClientGrant

AT_ONCE = 100
TELL_EVERY = timedelta(days=1)

_SLOW = """
WITH waits AS (
  SELECT team_id, received_at >= %(now)s - interval '7 days' AS is_now,
    coalesce(date_part('epoch', first_attempt_at - received_at), 'Infinity') AS wait
  FROM leads_lead
  WHERE team_id = ANY(%(teams)s) AND received_at <= %(now)s
    AND received_at >= %(now)s - interval '35 days'
    AND deleted_at IS NULL AND NOT is_spam AND NOT is_test
), medians AS (
  SELECT team_id, is_now, count(*) AS leads,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY wait) AS median
  FROM waits GROUP BY team_id, is_now
)
SELECT n.team_id FROM medians n JOIN medians b USING (team_id)
WHERE n.is_now AND NOT b.is_now AND n.leads >= 10 AND b.leads >= 10
  AND b.median < 'Infinity' AND n.median > 0 AND n.median >= 1.5 * b.median
"""

_SILENT = """
SELECT s.team_id, s.id
FROM leads_source s
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE l.received_at >= %(now)s - interval '2 days') AS two_days,
    count(*) FILTER (WHERE l.received_at >= %(now)s - interval '7 days') AS week,
    count(*) FILTER (WHERE l.received_at < %(now)s - interval '2 days'
      AND l.received_at >= %(now)s - interval '9 days') AS before_two_days,
    count(*) FILTER (WHERE l.received_at < %(now)s - interval '7 days') AS before_week
  FROM leads_lead l
  WHERE l.team_id = s.team_id AND l.source_id = s.id AND l.received_at <= %(now)s
    AND l.received_at >= %(now)s - interval '14 days' AND NOT l.is_spam AND NOT l.is_test
) c
WHERE s.team_id = ANY(%(teams)s) AND s.is_active
  AND ((c.two_days = 0 AND c.before_two_days >= 14) OR (c.week = 0 AND c.before_week >= 1))
"""


def find(*, now: datetime) -> int:
    """Look at every client of every agency; how many letters were written about.

    Runs twice at once without harm: each grant is locked while it is judged.
    """
    told = 0
    last: UUID | None = None
    while batch := _next(last):
        last = batch[-1][0]
        teams = {team for _grant, team in batch}
        stands = _standing(teams, now)
        told += sum(_judge(pk, stands.get(team, set()), now) for pk, team in batch)
    return told


def _next(last: UUID | None) -> list[tuple[UUID, UUID]]:
    rows = live_grants().order_by("pk").values_list("pk", "team_id")
    return list((rows.filter(pk__gt=last) if last else rows)[:AT_ONCE])


def _standing(teams: Collection[UUID], now: datetime) -> Mapping[UUID, set[str]]:
    """What is true of each team at this moment, by the keys of `warned`."""
    found: dict[UUID, set[str]] = {}
    values: dict[str, Any] = {"teams": list(teams), "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_SLOW, values)
        for (team_id,) in cursor.fetchall():
            found.setdefault(team_id, set()).add(SLOW)
        cursor.execute(_SILENT, values)
        for team_id, source_id in cursor.fetchall():
            found.setdefault(team_id, set()).add(f"{SILENT}{source_id}")
    return found


@transaction.atomic
def _judge(pk: UUID, stands: set[str], now: datetime) -> bool:
    """Keep what stands about one client, and tell what is new unless told within a day."""
    rows = live_grants().select_for_update(of=("self",), no_key=True, skip_locked=True)
    grant = rows.select_related("team", "agency").filter(pk=pk).first()
    if grant is None:
        return False
    told = grant.warned.get(TOLD)
    kept = {key: grant.warned.get(key) or now.isoformat() for key in sorted(stands)}
    tells = _is_new(kept, told, now)
    if tells:
        told = now.isoformat()
    warned = {**kept, TOLD: told} if told else kept
    if warned != grant.warned:
        grant.warned = warned
        grant.save(update_fields=["warned"])
    if tells:
        _tell(grant, now)
    return tells


def _is_new(kept: Mapping[str, str], told: str | None, now: datetime) -> bool:
    last = parse_datetime(told) if told else None
    if last is None:
        return bool(kept)
    since = [parse_datetime(when) for when in kept.values()]
    return now - last >= TELL_EVERY and any(when > last for when in since if when)


def _tell(grant: ClientGrant, now: datetime) -> None:
    """By mail to everybody who works at the agency: figures and names of sources, no lead."""
    letter = mails.Letter(
        subject=_("%(client)s needs a look") % {"client": grant.team.name},
        lines=_lines(grant, now),
        action=_("Look at the client"),
        path=f"/agency/{grant.agency.slug}/clients/{grant.pk}/",
        small=_("At most one such mail a day and client."),
    )
    mails.send(letter, to=mails.operators_of(grant.agency))


def _lines(grant: ClientGrant, now: datetime) -> Sequence[str]:
    lines = []
    for warning in needing([grant], now=now).get(grant.pk, ()):
        if warning.source is None:
            lines.append(
                _(
                    "It became slower: half of the leads of the last seven days waited at least "
                    "half as long again as in the four weeks before."
                )
            )
        else:
            words = {"source": warning.source.name}
            lines.append(
                _("%(source)s is silent: it brought leads the week before, and none since.") % words
            )
    return lines
