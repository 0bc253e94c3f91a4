"""Figures read while leads change: none is ever older than five seconds.

STALE_SECONDS=120 STALE_WRITES=200 python -m pytest tests/concurrency -k five_seconds -s
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.dashboards.figures import metrics
from apps.dashboards.figures.attribution import attribution
from apps.dashboards.figures.breakdowns import DIMENSIONS, breakdown
from apps.dashboards.figures.clients import clients
from apps.dashboards.figures.periods import Period
from apps.dashboards.figures.questions import Question
from apps.dashboards.kept import recount, refreshing, rollups
from apps.leads.models import Lead, Source, Status
from apps.leads.speed import Clock
from apps.teams.access import Access
from apps.teams.models import Team
from tests.assignments.world import World
from tests.concurrency.crew import Crew
from tests.concurrency.sizes import STALE_SECONDS, STALE_WRITES
from tests.factories import SourceFactory

pytestmark = pytest.mark.django_db(transaction=True)
OLDEST = 5.0
ALL = "all sources"
WRITERS, READERS = 2, 2
Times = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page said of a source, and the database's time just before it was asked."""

    page: str
    source: str
    figure: str
    count: int
    asked_at: float

    def lag(self, changes: Sequence[float]) -> float:
        """How old the oldest change is that it does not know; 0 if it knows all."""
        missing = [at for at in changes[self.count :] if at < self.asked_at]
        return self.asked_at - missing[0] if missing else 0.0


def test_no_figure_is_older_than_five_seconds_while_leads_change() -> None:
    world = World("stale", response_seconds=300)
    sources = [SourceFactory(team=world.team, name=f"Writer {n}") for n in range(WRITERS)]
    ids = [str(source.pk) for source in sources]

    results = Crew(WRITERS + READERS + 1, _part, world.team.pk, ids).start().results()

    changes: dict[str, Times] = dict(zip(ids, results[:WRITERS], strict=True))
    writes = sum(len(times) for each in changes.values() for times in each.values())
    changes[ALL] = {"received": sorted(at for each in changes.values() for at in each["received"])}
    seen = [each for found in results[WRITERS:-1] for each in found]
    redone = results[-1]
    lags = {each: each.lag(changes[each.source][each.figure]) for each in seen}
    worst = max(lags, key=lambda each: lags[each])
    sys.stdout.write(
        f"{writes} writes, {redone} days redone, {len(seen)} figures read, "
        f"the oldest {lags[worst]:.2f} s: {worst.figure} of {worst.page}\n"
    )
    assert writes > STALE_SECONDS * 10
    assert redone > 3
    assert {each.page for each in seen} == {"dashboard", "breakdown", "attribution", "clients"}
    # Days are shown as they were kept, so something must have been behind at all.
    assert 0 < lags[worst] <= OLDEST, worst
    refreshing.refresh()
    assert not list(recount.differences(world.team))


def _part(number: int, stop: Any, team_id: UUID, sources: list[str]) -> Any:
    """Writers first, then readers; the last keeps the days until it dies halfway."""
    until = time.monotonic() + STALE_SECONDS
    if number < WRITERS:
        return _write(stop, until, Source.objects.get(pk=sources[number]))
    if number < WRITERS + READERS:
        rollups.MANY = 0  # as on days of many leads: what is kept is shown while it may be
        return list(_read(until, Team.objects.get(pk=team_id), sources))
    redone = 0
    while time.monotonic() < until - STALE_SECONDS / 2:
        redone += refreshing.refresh(longest=0.5)
        stop.wait(0.05)
    return redone


def _write(stop: Any, until: float, source: Source) -> Times:
    """A lead comes, is attempted, is won: when each was committed at the earliest."""
    new, won = (Status.objects.get(team=source.team_id, kind=kind) for kind in ("new", "won"))
    times: Times = {"received": [], "attempted": [], "won": []}
    while time.monotonic() < until:
        now = timezone.now()
        lead = Lead(team_id=source.team_id, source=source, status=new, received_at=now)
        for figure, changed in (
            ("received", {}),
            ("attempted", {"first_attempt_at": now}),
            ("won", {"status": won, "status_kind": "won", "closed_at": now}),
        ):
            with transaction.atomic():
                for name, value in changed.items():
                    setattr(lead, name, value)
                lead.save()
                times[figure].append(_database_time())
            stop.wait(WRITERS / STALE_WRITES)
    return times


def _read(until: float, team: Team, sources: Sequence[str]) -> Iterator[Seen]:
    access = Access.system(team)
    while time.monotonic() < until:
        now = timezone.now()
        period = Period.ending(now, key="7", timezone=team.timezone)
        question = Question(period=period, clock=Clock.REAL, source_id=None, now=now)
        asked = _database_time()
        for row in metrics.figures(question, access=access).sources:
            if str(row.source.pk) in sources:
                yield from _seen("dashboard", str(row.source.pk), row.group, asked)
        asked = _database_time()
        for part in breakdown(DIMENSIONS["source"], question, access=access).parts:
            if part.key in sources:
                yield from _seen("breakdown", part.key, part.now, asked)
        asked = _database_time()
        for each in attribution(question, access=access).by_source:
            yield Seen("attribution", sources[int(each.name[-1])], "won", each.won, asked)
        yield from _of_client(team, period)


def _of_client(team: Team, period: Period) -> Iterator[Seen]:
    """The client's figures are of all sources together."""
    asked = _database_time()
    found = clients([team.pk], period=period, now=period.end)[team.pk].now
    yield Seen("clients", ALL, "received", found.received, asked)


def _seen(page: str, source: str, group: metrics.Group, asked: float) -> Iterator[Seen]:
    for figure in ("received", "attempted", "won"):
        yield Seen(page, source, figure, getattr(group, figure), asked)


def _database_time() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT date_part('epoch', clock_timestamp())")
        return float(cursor.fetchone()[0])
