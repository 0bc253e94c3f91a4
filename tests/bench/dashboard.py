"""How fast the manager's pages answer with many leads in the team.

    python -m tests.bench.dashboard [--leads 100000] [--keep]

Makes a team with leads over one year, members by turn, attempts and assignments, then asks for
the pages through Django's test client and prints, as JSON, their milliseconds, those of a bare
statement in the same rounds (the machine may be busy: the ratio counts), and their statements.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

PAGES = {
    "dashboard, 28 days": "dashboard/",
    "dashboard, 28 days, business hours": "dashboard/?clock=business",
    "dashboard, quarter": "dashboard/?period=quarter",
    "dashboard, today": "dashboard/?period=today",
    "leads": "leads/",
    "leads, one owner": "leads/?owner={owner}",
    "leads, search": "leads/?q=person+99",
    "leads, search without a match": "leads/?q=nobody+has+this+name",
    "leads, untouched": "leads/?untouched=1",
    "leads, band": "leads/?band=60-",
}
ROUNDS = 9

BARE = """
SELECT percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (
  ORDER BY coalesce(date_part('epoch', first_attempt_at - received_at), 'Infinity'))
FROM leads_lead WHERE team_id = %s AND received_at > now() - interval '28 days'
"""

LEADS = """
INSERT INTO leads_lead (id, team_id, source_id, owner_id, stage, generation, status_id,
  status_kind, name, email, email_key, phone, phone_key, company, job_title, country, region,
  city, postcode, language, campaign, form, message, facts, custom, warnings, provider_id,
  priority, is_test, is_spam, do_not_contact, disqualified_reason, received_at, clock_starts_at,
  routed_at, assigned_at, offered_at, claimed_at, first_attempt_at, first_contact_at, closed_at,
  version,
  company_key, domain, group_ids, band, score_lines, came_again, enrichment_error, look_ups)
SELECT gen_random_uuid(), %(team)s, (%(sources)s::uuid[])[1 + n %% %(source_count)s],
  (%(members)s::uuid[])[1 + n %% %(member_count)s], 'owned', 1,
  (%(statuses)s::uuid[])[1 + kind], (ARRAY['new', 'working', 'won', 'lost'])[1 + kind],
  'Person ' || n, 'person' || n || '@example.com', 'person' || n || '@example.com',
  '+4366412' || lpad(n::text, 6, '0'), '+4366412' || lpad(n::text, 6, '0'),
  'Company ' || n %% 5000, '', 'AT', '', (ARRAY['Graz', 'Wien', 'Linz'])[1 + n %% 3], '', '',
  '', '', '', '{{}}', '{{}}', '[]', '', 0, false, false, false, '', at, at, at,
  at + interval '2 s', at, at + interval '20 s',
  CASE WHEN waited IS NOT NULL THEN at + waited END,
  CASE WHEN waited IS NOT NULL AND n %% 5 < 3 THEN at + waited END,
  CASE WHEN kind = 2 THEN at + n %% 80 * interval '1 day' END, 1,
  '', '', '{{}}', '', '[]', 0, '', 0
FROM (
  SELECT n, %(now)s::timestamptz - (%(leads)s - n) * interval '365 days' / %(leads)s AS at,
    CASE WHEN n %% 40 < 39 THEN (exp(random() * 5) * 6)::int * interval '1 s' END AS waited,
    CASE WHEN n %% 40 = 39 THEN 0 WHEN n %% 7 < 3 THEN 1 WHEN n %% 7 < 5 THEN 2 ELSE 3 END AS kind
  FROM generate_series(1, %(leads)s) n
) made
"""

DECISIONS = """
INSERT INTO assignments_decision
  (id, team_id, via, lead_id, at, door, hop, outcome, chosen_id, trace, milliseconds)
SELECT gen_random_uuid(), team_id, 'system', id, assigned_at, 'webhook', 0, 'assigned',
  owner_id, '{}', 1
FROM leads_lead WHERE team_id = %(team)s
"""

ASSIGNMENTS = """
INSERT INTO assignments_assignment
  (id, team_id, via, lead_id, member_id, pool_id, decision_id, how, generation, started_at,
   respond_by, responded_at, end_reason)
SELECT gen_random_uuid(), l.team_id, 'system', l.id, l.owner_id, s.pool_id, d.id, 'assigned', 1,
  l.assigned_at, l.assigned_at + interval '5 min', l.first_attempt_at, ''
FROM leads_lead l JOIN assignments_decision d ON d.lead_id = l.id
  JOIN rules_seat s ON s.membership_id = l.owner_id
WHERE l.team_id = %(team)s
"""

# As many as a quarter and the one before it need.
TURNS = """
WITH seats AS MATERIALIZED (
  SELECT s.id, s.pool_id, s.membership_id, (
    SELECT jsonb_object_agg(o.id, 1000000000 / o.seats - CASE WHEN o.id = s.id
      THEN 1000000000 ELSE 0 END)
    FROM (
      SELECT id, count(*) OVER () AS seats FROM rules_seat WHERE pool_id = s.pool_id
    ) o
  ) AS deltas
  FROM rules_seat s WHERE s.team_id = %(team)s
)
INSERT INTO rules_turnentry (id, team_id, pool_id, turn_no, at, lead_id, winner_id, reason, deltas)
SELECT gen_random_uuid(), l.team_id, s.pool_id, row_number() OVER (ORDER BY l.received_at),
  l.assigned_at, l.id, s.id, 'turn', s.deltas
FROM leads_lead l JOIN seats s ON s.membership_id = l.owner_id
WHERE l.team_id = %(team)s AND l.received_at > now() - interval '184 days'
"""
SEATS = 10  # of a pool


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--keep", action="store_true", help="leave the team in the database")
    options = parser.parse_args()
    servers = _start()
    try:
        sys.stdout.write(json.dumps(measure(options.leads, keep=options.keep), indent=2) + "\n")
    finally:
        if servers:
            servers.stop()
    return 0


def _start() -> Any:
    """Throw-away servers unless DATABASE_URL and REDIS_URL are given; then Django."""
    from tests import servers

    started = servers.prepare(None)
    import django

    django.setup()
    if started:
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
    return started


def measure(leads: int, *, keep: bool = False) -> dict[str, Any]:
    """Milliseconds (median and slowest of nine) and statements of every page."""
    from django.test import Client

    manager, owner = make_team(leads)
    client = Client()
    client.force_login(manager.user)
    base = f"/t/{manager.team.slug}/"
    pages = {
        name: _time(client, base + path.format(owner=owner), manager.team)
        for name, path in PAGES.items()
    }
    if not keep:
        remove_team(manager.team)
    return {"leads": leads, "rounds": ROUNDS, "pages": pages}


def _time(client: Any, address: str, team: Any) -> dict[str, float]:
    from django.db import connection

    statements: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        response = client.get(address)
    assert response.status_code == 200, f"{address}: {response.status_code}"
    times, bare = [], []
    for _round in range(ROUNDS):
        times.append(_milliseconds(lambda: client.get(address)))
        bare.append(_milliseconds(lambda: _bare(team)))
    return {
        "median_ms": round(statistics.median(times), 1),
        "slowest_ms": round(max(times), 1),
        "bare_ms": round(statistics.median(bare), 1),
        "ratio": round(statistics.median(times) / statistics.median(bare), 1),
        "statements": len(statements),
    }


def _milliseconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


def _bare(team: Any) -> None:
    """What a page of figures can't go below: two percentiles of 28 days, in one statement."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(BARE, [team.pk])
        cursor.fetchall()


def make_team(leads: int, members: int = 12) -> tuple[Any, Any]:
    """A team with leads over a year: its manager's membership, and one owner's id."""
    from django.db import connection
    from django.utils import timezone

    from apps.leads.models import Source, Status
    from apps.rules.models import Pool, Seat
    from apps.teams.models import Membership, Team

    now = timezone.now() - timedelta(minutes=5)
    mark = f"bench-{now:%H%M%S%f}"
    team = Team.objects.create(name="Bench", slug=mark, timezone="Europe/Vienna")
    sources = [
        Source.objects.create(team=team, kind="json", name=f"Source {n}", slug=f"source-{n}")
        for n in range(5)
    ]
    statuses = [
        Status.objects.create(team=team, name=kind.title(), kind=kind)
        for kind in ("new", "working", "won", "lost")
    ]
    people = [_member(team, f"{mark}-{n}@example.com", f"Member {n:02}") for n in range(members)]
    manager = _member(team, f"{mark}-manager@example.com", "Manager", role="manager")
    pools = [Pool.objects.create(team=team, name=f"Pool {n}") for n in range(-(-members // SEATS))]
    for n, person in enumerate(people):
        pool, position = pools[n // SEATS], n % SEATS
        Seat.objects.create(team=team, pool=pool, membership=person, position=position)
    values: dict[str, Any] = {
        "team": team.pk, "leads": leads, "now": now,
        "sources": [source.pk for source in sources], "source_count": len(sources),
        "members": [person.pk for person in people], "member_count": members,
        "statuses": [status.pk for status in statuses],
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in (LEADS, DECISIONS, ASSIGNMENTS, TURNS):
            cursor.execute(statement.replace("{{}}", "{}"), values)
        cursor.execute("VACUUM ANALYZE")
    assert isinstance(manager, Membership)
    return manager, people[0].pk


def _member(team: Any, email: str, name: str, role: str = "salesperson") -> Any:
    from apps.accounts.models import User
    from apps.teams.models import Membership

    user = User.objects.create(email=email, name=name)
    return Membership.objects.create(team=team, user=user, role=role)


def remove_team(team: Any) -> None:
    from django.db import connection

    tables = (
        "assignments_assignment", "assignments_decision", "rules_turnentry", "rules_seat",
        "rules_pool", "leads_lead", "leads_source", "leads_status", "teams_membership",
    )  # fmt: skip
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {table} WHERE team_id = %s", [team.pk])
    team.delete()


if __name__ == "__main__":
    sys.exit(main())
