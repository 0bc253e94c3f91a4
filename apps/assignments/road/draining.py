"""Held leads: when somebody in their pool may take one it goes on, the neediest first.

Every pool that holds leads is looked at every second (docs/decisions/0003): nobody who changes
something that might let a lead go on has to say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import Case, F, FloatField, Func, IntegerField, QuerySet, Value, When
from django.db.models.functions import Floor, Now

from apps.assignments.models import Decision, Door, Hold
from apps.assignments.moves.claiming import locked
from apps.assignments.road.placing import Placement, route
from apps.assignments.seats.seating import Table, lock_pool
from apps.leads.models import Lead
from apps.routing import decide
from apps.rules.facts import lead_facts
from apps.rules.models import Pool
from apps.rules.registry import registry
from apps.teams.access import Access

# An hour of waiting is worth one step of priority, so that nothing starves.
HOUR = 3600.0
# More than so many that fit nobody, and each look takes a part of them.
LOOKED_AT = 1_000
AFTER_A_FAILURE = timedelta(minutes=1)
# Leads that seemed to fit and came back: the facts moved on, the next look knows better.
MOST_SURPRISES = 20
WAITS_AGAIN = frozenset({Decision.Outcome.HELD, Decision.Outcome.KEPT})

log = structlog.get_logger(__name__)


class _StillHeld(Exception):
    """The road leads to the same wait: what was written is taken back."""


def in_order(holds: QuerySet[Hold]) -> QuerySet[Hold, Any]:
    """Held leads as they go on: priority and hours waited, then band, then the longest wait."""
    waited = Func(Now() - F("since"), template="extract(epoch FROM %(expressions)s)",
                  output_field=FloatField())  # fmt: skip
    # Whole hours: within one, the band decides.
    steps = Floor(waited / Value(HOUR))
    bands = [When(lead__band=band, then=Value(place)) for place, band in enumerate("ABCD")]
    return holds.annotate(
        need=F("lead__priority") + steps,
        band_place=Case(*bands, default=Value(len(bands)), output_field=IntegerField()),
    ).order_by("-need", "band_place", "since", "pk")


def drain_due(*, limit: int) -> int:
    """Look at every pool that holds leads; how many of them went on."""
    due = Hold.objects.filter(released_at=None, retry_at__lte=Now())
    pools = Pool.objects.filter(pk__in=due.values("pool")).select_related("team")
    return sum(_drain(pool, limit) for pool in pools)


def send_on(hold_id: UUID, *, by: Access, door: Door = Door.DRAIN) -> Placement | None:
    """Send a held lead on its road again; None, and nothing is written, if it leads back here.

    Its place in the queue is kept wherever it waits next.
    """
    try:
        with transaction.atomic():
            return _send_on(hold_id, by, door)
    except _StillHeld:
        return None


def _send_on(hold_id: UUID, by: Access, door: Door) -> Placement | None:
    held = Hold.objects.select_for_update(no_key=True, skip_locked=True)
    hold = held.filter(pk=hold_id, released_at=None).first()
    if hold is None:
        return None
    lead, now = locked(hold.lead_id, by), _database_now()
    hold.released_at = now
    hold.save(update_fields=["released_at"])
    if lead.stage != Lead.Stage.HELD or lead.deleted_at is not None or not lead.is_open:
        return None
    placement = route(lead, door=door, by=by, now=now)
    if placement.outcome in WAITS_AGAIN:
        again = Hold.objects.filter(lead=lead, released_at=None).exclude(pool_id=hold.pool_id)
        if not again.update(since=hold.since):
            raise _StillHeld
    return placement


@dataclass(frozen=True, slots=True)
class _Look:
    """A pool as it stands at one moment. Without its lock: route() takes that after the lead's."""

    pool: Pool
    table: Table
    now: datetime

    @classmethod
    def at(cls, pool: Pool) -> _Look:
        now = _database_now()
        return cls(pool, lock_pool(pool.pk, team=pool.team, now=now, lock=False), now)

    @property
    def takes_somebody(self) -> bool:
        """Whether anybody is there for any lead; a pool that is switched off passes all on."""
        if not self.table.pool.is_active:
            return True
        return bool(decide.choose(self.table.facts, now=self.now).eligible)

    def takes(self, lead: Lead) -> bool:
        """Whether anybody is there for this lead."""
        pool = self.table.pool
        if not pool.is_active or not (pool.filters or pool.fit):
            return True
        facts = lead_facts(lead, registry(self.pool.team), now=self.now)
        return bool(decide.choose(self.table.facts, now=self.now, lead=facts).eligible)


def _drain(pool: Pool, limit: int) -> int:
    """Send on whom the pool can place; after each it is looked at anew. How many went on."""
    look, moved, surprises = _Look.at(pool), 0, 0
    if not look.takes_somebody:
        return 0
    by = Access.system(pool.team)
    for hold in _waiting(pool):
        if not look.takes(hold.lead):
            continue
        went = _try(hold, by)
        moved, surprises = moved + went, surprises + (not went)
        if moved >= limit or surprises >= MOST_SURPRISES:
            break
        look = _Look.at(pool)
        if not look.takes_somebody:
            break
    return moved


def _waiting(pool: Pool) -> Iterator[Hold]:
    due = Hold.objects.filter(pool=pool, released_at=None, retry_at__lte=Now())
    holds = list(in_order(due).select_related("lead__source")[:LOOKED_AT])
    yield from holds
    if len(holds) == LOOKED_AT:
        _leave_room_for_others(pool, holds)


def _leave_room_for_others(pool: Pool, holds: Sequence[Hold]) -> None:
    """Those that fitted nobody wait until all the others were looked at."""
    looks = 1 + Hold.objects.filter(pool=pool, released_at=None).count() // LOOKED_AT
    looked_at = Hold.objects.filter(pk__in=[hold.pk for hold in holds], released_at=None)
    looked_at.update(retry_at=Now() + timedelta(seconds=looks))


def _try(hold: Hold, by: Access) -> bool:
    try:
        return send_on(hold.pk, by=by) is not None
    except OperationalError:
        raise
    except Exception:
        log.exception("drain_failed", hold=str(hold.pk))
        Hold.objects.filter(pk=hold.pk).update(retry_at=Now() + AFTER_A_FAILURE)
        return False


def _database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return now
