"""The figures of many teams at once, against what the dashboard of each says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from pytest_django import DjangoAssertNumQueries

from apps.dashboards.figures import metrics
from apps.dashboards.figures.clients import clients
from apps.dashboards.figures.periods import Period
from apps.dashboards.figures.questions import Question
from apps.dashboards.kept import refreshing
from apps.dashboards.models import TouchedSpan
from apps.leads.speed import Clock
from apps.teams.models import Team
from tests.assignments.world import World

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 31, 10, 30, tzinfo=UTC)  # summer time began two days ago in Vienna
ZONES = ("UTC", "Europe/Vienna", "Asia/Kathmandu", "Pacific/Chatham")


def filled(slug: str, zone: str) -> World:
    """Leads around every edge of the period and of the one before."""
    world = World(slug, response_seconds=300)
    Team.objects.filter(pk=world.team.pk).update(timezone=zone)
    world.team.refresh_from_db()
    for hours in range(0, 60 * 24, 5):
        received = NOW - timedelta(hours=hours, minutes=hours % 7)
        wait = (hours * 7919) % 900
        world.lead(
            received_at=received,
            first_attempt_at=received + timedelta(seconds=wait) if hours % 4 else None,
            first_contact_at=received + timedelta(seconds=wait) if hours % 3 == 1 else None,
            status_kind=("new", "working", "won", "lost")[hours % 4],
        )
    return world


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("key", ["today", "7", "28"])
def test_a_client_s_figures_are_those_of_its_own_dashboard(key: str, is_kept: bool) -> None:
    worlds = [filled(f"team-{n}", zone) for n, zone in enumerate(ZONES)]
    if is_kept:
        refreshing.refresh(longest=60)
    period = Period.ending(NOW, key=key, timezone="America/Los_Angeles")

    counted = clients([world.team.pk for world in worlds], period=period, now=NOW)

    for world in worlds:
        manager = world.member("Manager", role="manager")
        own = Period.ending(NOW, key=key, timezone=world.team.timezone)
        question = Question(period=own, clock=Clock.REAL, source_id=None, now=NOW)
        figures = metrics.figures(question, access=world.access(manager))
        row = counted[world.team.pk]
        assert row.now == figures.now
        assert row.before == figures.before
        assert row.untouched == figures.untouched
        assert sum(day.received for day in row.days) == figures.now.received
        assert row.last_received == NOW


def test_a_change_is_seen_at_once_or_seconds_later() -> None:
    world = filled("late", "Asia/Kathmandu")
    refreshing.refresh(longest=60)
    period = Period.ending(NOW, key="7", timezone="UTC")
    before = clients([world.team.pk], period=period, now=NOW)[world.team.pk].now.received

    world.lead(received_at=NOW)
    TouchedSpan.objects.update(touched_at=F("touched_at") - timedelta(seconds=5))
    after = clients([world.team.pk], period=period, now=NOW)[world.team.pk]

    assert after.now.received == before + 1
    assert after.days[-1].received > 0


def test_it_takes_few_statements_however_many_clients(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    worlds = [filled(f"team-{n}", "UTC") for n in range(3)]
    refreshing.refresh(longest=60)
    period = Period.ending(NOW, key="28", timezone="UTC")

    with django_assert_max_num_queries(5):
        clients([world.team.pk for world in worlds], period=period, now=NOW)


def test_a_client_without_leads_has_a_row_of_nothing() -> None:
    world = World("empty")
    period = Period.ending(NOW, key="7", timezone="UTC")

    row = clients([world.team.pk], period=period, now=NOW)[world.team.pk]

    assert (row.now.received, row.last_received, len(row.days)) == (0, None, 7)
