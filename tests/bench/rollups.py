"""How fast whole pages of figures answer out of kept days (row 10), at many leads a day.

    python -m tests.bench.rollups [--leads 50000] [--days 73] [--members 200] [--clients 500]

Makes a team with so many leads over so many days (1,000,000 over 73 days is as dense as 5,000,000
over a year), with their turns; and as many clients of an agency with as many leads in all. Keeps
their days, then prints, as JSON, the milliseconds of every page as its user gets it (middleware,
permissions, view and template; through Django's test client), the same of the parts that may
grow, of the statement over the tables that says the same as the dashboard, and of the refresh of
one changed day; and how many days differ from a full recount.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.bench import dashboard

ROUNDS = 5
PERIODS = ("today", "7", "28", "quarter")
TEAM_PAGES = {
    **{f"dashboard, {key}": f"dashboard/?period={key}" for key in PERIODS},
    "dashboard, 28, business hours": "dashboard/?period=28&clock=business",
    **{
        f"by {key}, 28": f"dashboard/by/{key}/?period=28"
        for key in ("source", "campaign", "form", "pool", "rule", "group", "member")
    },
    "by member, quarter": "dashboard/by/member/?period=quarter",
    "attribution, 28": "dashboard/attribution/?period=28",
    "road, 28": "dashboard/road/?period=28",
    "costs, this month": "costs/",
}

TEAMS = """
INSERT INTO teams_team (id, name, slug, timezone, country, currency, hours, response_seconds,
  hopper_days, holiday_country, holiday_region, duplicate_policy, enrichment, enrichment_error,
  bands, escalate_to, is_active, created_at, routing_version)
SELECT gen_random_uuid(), 'Client ' || n, %(mark)s || '-client-' || n, 'Europe/Vienna', '', 'EUR',
  '{}', 300, 7, '', '', 'attach', '{}', '', '{}', '{}', true, now(), 0
FROM generate_series(1, %(clients)s) n
"""
SOURCES = """
INSERT INTO leads_source (id, team_id, kind, name, slug, token_encrypted,
  signing_secret_encrypted, mapping, id_field, is_active, is_signed, default_country, campaign,
  allowed_origins, form_settings, created_at)
SELECT gen_random_uuid(), id, 'json', 'Website', 'website', '', '', '{}', '', true, false, '',
  '', '[]', '{}', now()
FROM teams_team WHERE slug LIKE %(mark)s || '-client-%%'
"""
STATUSES = """
INSERT INTO leads_status (id, team_id, name, kind, position, is_active)
SELECT gen_random_uuid(), id, 'New', 'new', 0, true
FROM teams_team WHERE slug LIKE %(mark)s || '-client-%%'
"""
LEADS = """
INSERT INTO leads_lead (id, team_id, source_id, stage, generation, status_id, status_kind, name,
  email, email_key, phone, phone_key, company, job_title, country, region, city, postcode,
  language, campaign, form, message, facts, custom, warnings, company_key, domain, group_ids,
  band, score_lines, provider_id, priority, is_test, is_spam, do_not_contact,
  disqualified_reason, received_at, came_again, enrichment_error, look_ups, first_attempt_at,
  first_contact_at, version)
SELECT gen_random_uuid(), t.id, s.id, 'out', 0, u.id,
  (ARRAY['working', 'won', 'lost'])[1 + n %% 3], '', '', '', '', '', '', '', '', '', '', '', '',
  '', '', '', '{}', '{}', '[]', '', '', '{}', '', '[]', '', 0, false, false, false, '', at, 0, '',
  0, CASE WHEN n %% 40 < 39 THEN at + (exp(random() * 5) * 6)::int * interval '1 s' END,
  CASE WHEN n %% 5 < 3 THEN at + interval '1 h' END, 1
FROM teams_team t JOIN leads_source s ON s.team_id = t.id JOIN leads_status u ON u.team_id = t.id,
  LATERAL (
    SELECT n, now() - n * %(days)s * interval '1 day' / %(each)s - interval '5 min' AS at
    FROM generate_series(1, %(each)s) n
  ) made
WHERE t.slug LIKE %(mark)s || '-client-%%'
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=50_000)
    parser.add_argument("--days", type=int, default=73)
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--clients", type=int, default=500)
    options = parser.parse_args()
    servers = dashboard._start()
    try:
        _without_limits()
        figures = {
            **vars(options),
            **of_a_team(options.leads, options.days, options.members),
            **of_clients(options.leads, options.days, options.clients),
        }
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    finally:
        if servers:
            servers.stop()
    return 0


def _without_limits() -> None:
    """Seeding takes longer than a statement of the product may."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0")


def of_a_team(leads: int, days: int, members: int) -> dict[str, Any]:
    """One large team: what its pages take, and what keeping their figures costs."""
    from django.test import Client

    from apps.dashboards.kept import counting, recount, refreshing
    from apps.leads.models import Lead
    from apps.teams.access import Access

    dashboard.LEADS = dashboard.LEADS.replace("365 days", f"{days} days")
    manager, _owner = dashboard.make_team(leads, members)
    started = time.perf_counter()
    told: dict[str, Any] = {"days rebuilt": refreshing.rebuild(manager.team.pk)}
    told["rebuild, s"] = round(time.perf_counter() - started, 1)
    client = Client()
    client.force_login(manager.user)
    base = f"/t/{manager.team.slug}/"
    for name, path in TEAM_PAGES.items():
        told[name] = _page(client, base + path)
    access, question = Access.of(manager), _question(manager.team, "28")
    told["untouched now"] = _time(lambda: list(counting.untouched(access)))
    told["statement over the tables, 28"] = _time(lambda: _slowly(question, access), rounds=3)
    newest = Lead.objects.filter(team=manager.team).order_by("-received_at").first()
    assert newest is not None

    def redo() -> None:
        Lead.objects.filter(pk=newest.pk).update(campaign=f"Changed {time.monotonic()}")
        refreshing.refresh()

    told["redo one changed day"] = _time(redo)
    told["differences from the recount"] = len(list(recount.differences(manager.team)))
    return told


def of_clients(leads: int, days: int, clients: int) -> dict[str, Any]:
    """Many teams at once, as their agency sees them."""
    from django.db import connection
    from django.test import Client

    from apps.dashboards.kept import refreshing

    mark = f"bench-{time.time():.0f}"
    values: dict[str, Any] = {
        "mark": mark,
        "clients": clients,
        "days": days,
        "each": max(leads // clients, 1),
    }
    with connection.cursor() as cursor:
        for statement in (TEAMS, SOURCES, STATUSES, LEADS):
            cursor.execute(statement, values)
        cursor.execute("ANALYZE")
    started = time.perf_counter()
    while refreshing.refresh(longest=60):
        pass
    told: dict[str, Any] = {"clients rebuilt, s": round(time.perf_counter() - started, 1)}
    client = Client()
    client.force_login(_operator(mark))
    for key in PERIODS:
        told[f"{clients} clients, {key}"] = _page(client, f"/agency/{mark}/?period={key}")
    told[f"{clients} clients, page 5"] = _page(client, f"/agency/{mark}/?page=5")
    return told


def _operator(mark: str) -> Any:
    """Somebody of an agency that all these clients let see their figures."""
    from django.utils import timezone

    from apps.accounts.models import User
    from apps.teams.models import Agency, ClientGrant, Operator, Team

    now = timezone.now()
    agency = Agency.objects.create(name="Bench", slug=mark)
    user = User.objects.create(email=f"{mark}@example.com", name="Operator")
    Operator.objects.create(agency=agency, user=user)
    ClientGrant.objects.bulk_create(
        ClientGrant(team=team, agency=agency, granted_at=now, via="membership")
        for team in Team.objects.filter(slug__startswith=f"{mark}-client-")
    )
    return user


def _page(client: Any, address: str) -> dict[str, float]:
    """Milliseconds of the whole page, and its statements."""
    from django.db import connection

    statements: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        response = client.get(address)
    assert response.status_code == 200, f"{address}: {response.status_code}"
    return {**_time(lambda: client.get(address)), "statements": len(statements)}


def _slowly(question: Any, access: Any) -> None:
    from tests.dashboards import statement

    list(statement.count(question, access=access))


def _question(team: Any, key: str) -> Any:
    from django.utils import timezone

    from apps.dashboards.figures.periods import Period
    from apps.dashboards.figures.questions import Question

    now = timezone.now()
    period = Period.ending(now, key=key, timezone=team.timezone)
    return Question(period=period, clock="clock", source_id=None, now=now)


def _time(call: Callable[[], object], rounds: int = ROUNDS) -> dict[str, float]:
    """Milliseconds: median and fastest."""
    call()
    times = [dashboard._milliseconds(call) for _round in range(rounds)]
    return {"ms": round(statistics.median(times), 1), "fastest": round(min(times), 1)}


if __name__ == "__main__":
    sys.exit(main())
