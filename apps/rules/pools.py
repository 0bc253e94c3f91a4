"""Making and changing pools. Every change is a new revision, kept for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.routing.calendar import Schedule
from apps.rules.models import (
    RANKINGS_OF_MODE,
    EmptyPolicy,
    Mode,
    Overflow,
    Pool,
    PoolRevision,
    Ranking,
    Rule,
    Version,
)
from apps.rules.refusals import Problem, Refused
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Membership, Team
from apps.teams.permissions import Permission
from apps.teams.scope import deed

LONGEST = 366 * 24 * 3600


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How a pool is set. `hours` of None are the team's; a response of 0 never takes back."""

    name: str
    ranking: str = Ranking.TURN
    mode: str = Mode.ASSIGN
    window_seconds: int = 90
    response_seconds: int | None = None
    business_time: bool = True
    respects_hours: bool = True
    hours: Mapping[str, Any] | None = None
    is_always_open: bool = False
    max_hops: int = 3
    overflow: str = Overflow.MANAGER
    overflow_pool_id: UUID | None = None
    overflow_member_id: UUID | None = None
    empty_policy: str = EmptyPolicy.HOLD
    claims_per_day: int | None = None
    max_unworked: int | None = None
    is_active: bool = True

    @classmethod
    def of(cls, pool: Pool) -> PoolSettings:
        return cls(**{field.name: getattr(pool, field.name) for field in fields(cls)})


@transaction.atomic
def create_pool(team: Team, settings: PoolSettings, *, by: Access, now: datetime) -> Pool:
    """A new pool without seats. May raise Refused, which says what is wrong."""
    by.require(Permission.EDIT_ROUTING)
    _lock_pools(team)
    _refuse_if_wrong(settings, team, pool=None)
    pool = Pool(team=team, created_at=now, **asdict(settings))
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
    for name, value in asdict(settings).items():
        setattr(pool, name, value)
    pool.save(update_fields=[field.name.removesuffix("_id") for field in fields(settings)])
    changed = [name for name, value in asdict(before).items() if getattr(settings, name) != value]
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


def overflow_chain(pool_id: UUID, overflows: Mapping[UUID, UUID | None]) -> list[UUID]:
    """The pools that a lead walks from this one; the last comes twice if it is a circle."""
    chain = [pool_id]
    following = overflows.get(pool_id)
    while following is not None:
        chain.append(following)
        if chain.index(following) < len(chain) - 1:
            break
        following = overflows.get(following)
    return chain


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
    settings = {key: _to_json(value) for key, value in asdict(PoolSettings.of(pool)).items()}
    seats = pool.seats.order_by("position", "pk").values(
        "pk", "membership_id", "position", "weight", "cap_day", "is_active"
    )
    return settings | {
        "seats": [
            {
                "seat": str(seat["pk"]),
                "member": str(seat["membership_id"]),
                "position": seat["position"],
                "weight": seat["weight"],
                "cap_day": seat["cap_day"],
                "is_active": seat["is_active"],
            }
            for seat in seats
        ]
    }


def _to_json(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _lock_pools(team: Team) -> None:
    """One change of a team's ladders at a time: two halves of a circle must not pass at once."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)


def _refuse_if_wrong(settings: PoolSettings, team: Team, *, pool: Pool | None) -> None:
    problems = [
        *_name_problems(settings, team, pool),
        *_choice_problems(settings),
        *_number_problems(settings),
        *_hours_problems(settings),
        *_overflow_problems(settings, team, pool),
        *(_use_problems(pool) if pool and not settings.is_active else ()),
    ]
    if problems:
        raise Refused(problems)


def _name_problems(settings: PoolSettings, team: Team, pool: Pool | None) -> list[Problem]:
    if not settings.name.strip():
        return [Problem("name", _("Give the pool a name."))]
    others = Pool.objects.filter(team=team, name=settings.name)
    if (others.exclude(pk=pool.pk) if pool else others).exists():
        return [Problem("name", _("There is a pool of this name already."))]
    return []


def _choice_problems(settings: PoolSettings) -> list[Problem]:
    if settings.mode not in Mode.values:
        return [Problem("handover", _("Choose how leads are handed over."))]
    if settings.ranking not in RANKINGS_OF_MODE[Mode(settings.mode)]:
        return [Problem("handover", _("This ranking does not go with this way of handing over."))]
    if settings.empty_policy not in EmptyPolicy.values:
        return [Problem("empty_policy", _("Choose what happens when nobody is eligible."))]
    return []


def _number_problems(settings: PoolSettings) -> list[Problem]:
    least = {"window_seconds": 1, "max_hops": 1, "claims_per_day": 1, "max_unworked": 1}
    given = {name: getattr(settings, name) for name in (*least, "response_seconds")}
    return [
        Problem(name, _("Use a number from %(least)d.") % {"least": least.get(name, 0)})
        for name, value in given.items()
        if value is not None and not least.get(name, 0) <= value <= LONGEST
    ]


def _hours_problems(settings: PoolSettings) -> list[Problem]:
    if settings.hours is None:
        return []
    try:
        Schedule.from_json(settings.hours)
    except ValueError as error:
        return [Problem("hours", str(error))]
    return []


def _overflow_problems(settings: PoolSettings, team: Team, pool: Pool | None) -> list[Problem]:
    match settings.overflow:
        case Overflow.POOL:
            return _chain_problems(settings.overflow_pool_id, team, pool)
        case Overflow.MEMBER:
            members = Membership.objects.active().filter(team=team)
            member_id = settings.overflow_member_id
            if member_id is None or not members.filter(pk=member_id).exists():
                return [Problem("overflow", _("Choose an active member of this team."))]
        case Overflow.MANAGER | Overflow.HOPPER:
            return []
        case _:
            return [Problem("overflow", _("Choose where leads go that nobody took."))]
    return []


def _chain_problems(overflow: UUID | None, team: Team, pool: Pool | None) -> list[Problem]:
    pools = {each.pk: each for each in Pool.objects.filter(team=team)}
    if overflow not in pools or not pools[overflow].is_active:
        return [Problem("overflow", _("Choose an active pool of this team."))]
    if pool is None:
        return []
    overflows = {pk: each.overflow_pool_id for pk, each in pools.items()} | {pool.pk: overflow}
    chain = overflow_chain(pool.pk, overflows)
    if len(set(chain)) == len(chain):
        return []
    names = " → ".join(pools[pk].name for pk in chain)
    message = _("Leads would go round in a circle: %(chain)s.") % {"chain": names}
    return [Problem("overflow", message)]


def _use_problems(pool: Pool) -> list[Problem]:
    """A pool that leads are sent to can't be switched off."""
    live = Rule.objects.filter(pool=pool, version__state=Version.State.PUBLISHED, is_active=True)
    from_rules = [_("rule %(number)d") % {"number": rule.position} for rule in live]
    feeders = Pool.objects.filter(overflow_pool=pool, is_active=True).values_list("name", flat=True)
    used = [*from_rules, *feeders]
    if not used:
        return []
    message = _("Leads still come here from %(places)s: change that first.")
    return [Problem("is_active", message % {"places": ", ".join(used)})]
