"""Making and changing pools. Every change is a new revision, kept for good."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.rules.models import Pool, PoolRevision
from apps.rules.pools import checks
from apps.rules.pools.checks import overflow_chain as overflow_chain
from apps.rules.pools.settings import PoolSettings as PoolSettings
from apps.rules.refusals import Refused
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Permission
from apps.teams.scope import deed

# What a revision keeps of each seat, besides who sits there and where.
SEAT_SETTINGS = (
    "weight", "cap_hour", "cap_day", "cap_week", "cap_month", "capacity", "has_head_start",
    "is_active",
)  # fmt: skip


@transaction.atomic
def create_pool(team: Team, settings: PoolSettings, *, by: Access, now: datetime) -> Pool:
    """A new pool without seats. May raise Refused, which says what is wrong."""
    by.require(Permission.EDIT_ROUTING)
    _lock_pools(team)
    _refuse_if_wrong(settings, team, pool=None)
    pool = Pool(team=team, created_at=now, **settings.columns())
    pool.save()
    _keep(pool, "rules.pool_added", by=by, now=now)
    return pool


@transaction.atomic
def edit_pool(pool: Pool, settings: PoolSettings, *, by: Access, now: datetime) -> Pool:
    """Set a pool anew; leads that it placed before are not touched. May raise Refused."""
    by.require(Permission.EDIT_ROUTING)
    _lock_pools(by.team)
    pool = lock(pool)
    before = PoolSettings.of(pool)
    if settings == before:
        return pool
    _refuse_if_wrong(settings, by.team, pool=pool)
    columns, was = settings.columns(), before.columns()
    for name, value in columns.items():
        setattr(pool, name, value)
    pool.save(update_fields=[name.removesuffix("_id") for name in columns])
    changed = [name for name, value in columns.items() if was[name] != value]
    revise(pool, "rules.pool_changed", by=by, now=now, changed=changed)
    return pool


def lock(pool: Pool) -> Pool:
    """The pool's row as it stands, locked against leads and other changes."""
    locked: Pool = Pool.objects.select_for_update(no_key=True).get(pk=pool.pk, team_id=pool.team_id)
    return locked


def revise(pool: Pool, action: str, *, by: Access, now: datetime, **detail: Any) -> PoolRevision:
    """Count a change of a locked pool or its seats, and keep how it stands now."""
    pool.revision += 1
    pool.save(update_fields=["revision"])
    return _keep(pool, action, by=by, now=now, **detail)


def _keep(pool: Pool, action: str, *, by: Access, now: datetime, **detail: Any) -> PoolRevision:
    revision: PoolRevision = PoolRevision.objects.create(
        team_id=pool.team_id,
        pool=pool,
        number=pool.revision,
        at=now,
        settings=_snapshot(pool),
        **deed(by),
    )
    counted = {"revision": pool.revision, **detail}
    audit.record(by=by, action=action, target=pool, now=now, detail=counted)
    return revision


def _snapshot(pool: Pool) -> dict[str, Any]:
    """The pool and its seats, ready for JSON."""
    columns = ("pk", "membership_id", "position", *SEAT_SETTINGS)
    seats = pool.seats.order_by("position", "pk").values(*columns)
    return PoolSettings.of(pool).to_json() | {
        "seats": [
            {"seat": str(seat.pop("pk")), "member": str(seat.pop("membership_id")), **seat}
            for seat in seats
        ]
    }


def _lock_pools(team: Team) -> None:
    """One change of a team's ladders at a time: two halves of a circle must not pass at once."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)


def _refuse_if_wrong(settings: PoolSettings, team: Team, *, pool: Pool | None) -> None:
    problems = checks.problems(settings, team, pool=pool)
    if problems:
        raise Refused(problems)
