"""Held leads: when somebody in their pool is eligible again they go on, the neediest first."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import F, FloatField, Func, Value
from django.db.models.functions import Coalesce, Now

from apps.assignments.claiming import locked
from apps.assignments.models import Door, Hold
from apps.assignments.placing import HOLD_RETRY, route
from apps.assignments.seating import lock_pool
from apps.leads.models import Lead
from apps.routing import decide
from apps.rules.models import Pool
from apps.teams.access import Access

# An hour of waiting is worth one step of priority, so that nothing starves.
HOUR = 3600.0

log = structlog.get_logger(__name__)


def drain_due(*, limit: int) -> int:
    """Try the pools whose held leads are due for another look; how many leads went on."""
    due = Hold.objects.filter(released_at=None, retry_at__lte=Now())
    pools = Pool.objects.filter(pk__in=due.values("pool")).select_related("team")
    return sum(_drain(pool, limit) for pool in pools)


def _drain(pool: Pool, limit: int) -> int:
    moved = 0
    while moved < limit and _release_next(pool):
        moved += 1
    _look_again_later(pool)
    return moved


def _release_next(pool: Pool) -> bool:
    """Send the neediest held lead on; False if nobody is eligible or nothing is held."""
    try:
        with transaction.atomic():
            hold = _neediest(pool)
            return hold is not None and _release(pool, hold)
    except OperationalError:
        raise
    except Exception:
        log.exception("drain_failed", pool=str(pool.pk))
        return False


def _release(pool: Pool, hold: Hold) -> bool:
    by = Access.system(pool.team)
    now = _database_now()
    if not _somebody_is_eligible(pool, by, now):
        return False
    lead = locked(hold.lead_id, by)
    hold.released_at = now
    hold.save(update_fields=["released_at"])
    if lead.stage == Lead.Stage.HELD and lead.deleted_at is None and lead.is_open:
        route(lead, door=Door.DRAIN, by=by, now=now)
    return True


def _somebody_is_eligible(pool: Pool, by: Access, now: datetime) -> bool:
    # A look without the lock: route() locks the pool after the lead, in the order of locks.
    table = lock_pool(pool.pk, team=by.team, now=now, lock=False)
    return not table.pool.is_active or bool(decide.choose(table.facts, now=now).eligible)


def _neediest(pool: Pool) -> Hold | None:
    waited = Func(Now() - F("since"), template="extract(epoch FROM %(expressions)s)",
                  output_field=FloatField())  # fmt: skip
    need = F("lead__priority") + waited / Value(HOUR)
    return (
        Hold.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(pool=pool, released_at=None)
        .annotate(need=need, score=Coalesce("lead__score", 0))
        .order_by("-need", "-score", "since", "pk")
        .first()
    )


def _look_again_later(pool: Pool) -> None:
    Hold.objects.filter(pool=pool, released_at=None).update(retry_at=Now() + HOLD_RETRY)


def _database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return now
