"""Acme as it stands on its first day: people, pools, rules, sources. Made through the services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.capture import sources
from apps.leads.models import CustomField, Source
from apps.onboarding import services as onboarding
from apps.onboarding.demonstration import cast, expertise, sign_ins
from apps.onboarding.demonstration.cast import Person
from apps.rules.models import Destination, EmptyPolicy, Mode, Overflow, Pool, Ranking
from apps.rules.pools import seats
from apps.rules.pools import services as pools
from apps.rules.pools.services import PoolSettings
from apps.rules.registry import routing_moved
from apps.rules.scoring import lines, starter
from apps.rules.sets import versions
from apps.rules.sets.checking import RuleFields
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Membership, Team
from apps.teams.permissions import Role

SLUG, TIMEZONE = "acme", "Europe/Berlin"
FLOOR, OPEN_HOUSE, SENIORS = "Sales floor", "Open house", "Enterprise"
OPEN_FLOOR, PARTNERS, FRENCH, NURTURE = "Open floor", "Partners", "French desk", "Nurture"
# Open day and night, so that a lead finds somebody whenever the demo is tried.
ALWAYS: Mapping[str, Any] = {
    "is_always_open": True, "respects_hours": False, "business_time": False,
}  # fmt: skip
EVERY_HOUR = {str(day): [["00:00", "24:00"]] for day in range(7)}
_MINUTE, _HOUR = 60, 3600


def settings_of_pools() -> list[tuple[PoolSettings, slice]]:
    """Every pool but the sales floor, with which salespeople sit there; overflows come first."""
    return [
        (_pool(NURTURE, Mode.HOPPER), slice(None)),
        (_pool(OPEN_FLOOR, Mode.CLAIM, window_seconds=4 * _HOUR, response_seconds=_HOUR,
               overflow=Overflow.HOPPER), slice(None)),
        (_pool(OPEN_HOUSE, Mode.CLAIM, window_seconds=5 * _MINUTE, overflow=Overflow.HOPPER),
         slice(None)),
        (_pool(SENIORS, Mode.OFFER, window_seconds=15 * _MINUTE, response_seconds=30 * _MINUTE,
               sticky=("company", "named"), empty_policy=EmptyPolicy.OVERFLOW,
               overflow=Overflow.POOL), slice(0, 4)),
        (_pool(PARTNERS, Mode.ASSIGN, ranking=Ranking.LOAD, response_seconds=4 * _HOUR),
         slice(4, 9)),
        (_pool(FRENCH, Mode.ASSIGN, ranking=Ranking.FIXED, response_seconds=_HOUR,
               filters={"match": "all", "items": [{"kind": "language"}]}), slice(5, 9, 3)),
    ]  # fmt: skip


def _pool(name: str, mode: Mode, **settings: Any) -> PoolSettings:
    pulled = mode in (Mode.CLAIM, Mode.HOPPER)
    ranking = settings.pop("ranking", Ranking.NONE if pulled else Ranking.TURN)
    return PoolSettings(name=name, mode=mode, ranking=ranking, **ALWAYS, **settings)


@dataclass(frozen=True, slots=True)
class Company:
    """The team with those who act for it; every Access holds the same `team`."""

    team: Team
    admin: Access
    manager: Access
    salespeople: tuple[Access, ...]


def found(*, password: str, now: datetime) -> Company:
    """Make the team of the demo; it must not be there yet."""
    owner, *others = cast.EVERYONE
    admin_user = sign_ins.person(owner.name, timezone=TIMEZONE, now=now)
    admin_user.is_staff = admin_user.is_superuser = True
    admin_user.save(update_fields=["is_staff", "is_superuser"])
    team = onboarding.found_team(
        name="Acme", slug=SLUG, timezone=TIMEZONE, country="DE", owner=admin_user, now=now,
        hours=EVERY_HOUR,
    )  # fmt: skip
    first = Membership.objects.select_related("user").get(team=team)
    first.team = team
    by = Access.of(first)
    members = [join(person, by=by, now=now) for person in others]
    sign_ins.give_password(team, password)
    staff = [Access.of(member) for member in members]
    company = Company(
        team=team,
        admin=by,
        manager=next(access for access in staff if access.role == Role.MANAGER),
        salespeople=tuple(access for access in staff if access.role == Role.SALESPERSON),
    )
    _add_fields(team)
    expertise.add(by=by, now=now)
    made = _make_pools(company, now=now)
    _connect(by, now=now)
    lines.start_with(team, starter.usual(), by=by, now=now)
    _publish(team, made, by=by, now=now + timedelta(minutes=1))
    return company


def join(person: Person, *, by: Access, now: datetime) -> Membership:
    """Make a person a member; she can sign in once she has a password."""
    member: Membership = Membership.objects.create(
        team=by.team,
        user=sign_ins.person(person.name, timezone=TIMEZONE, now=now),
        role=person.role,
        title=person.title,
        experience=person.experience,
        joined_at=now,
    )
    audit.record(by=by, action="member.joined", target=member, now=now)
    return member


def _add_fields(team: Team) -> None:
    CustomField.objects.bulk_create(
        [
            CustomField(team=team, key="charge_points", label="Charge points", type="number"),
            CustomField(
                team=team, key="order_value", label="Order value", type="money", position=1
            ),
        ]
    )
    routing_moved(team)


def _make_pools(company: Company, *, now: datetime) -> dict[str, Pool]:
    by = company.admin
    made = {FLOOR: _make_floor(company, now=now)}
    for settings, chosen in settings_of_pools():
        if settings.overflow == Overflow.POOL:
            settings = _overflowing(settings, into=made[OPEN_FLOOR])
        made[settings.name] = pools.create_pool(company.team, settings, by=by, now=now)
        sit(made[settings.name], company.salespeople[chosen], by=by, now=now)
    return made


def _overflowing(settings: PoolSettings, *, into: Pool) -> PoolSettings:
    values = {name: getattr(settings, name) for name in PoolSettings.__dataclass_fields__}
    return PoolSettings(**{**values, "overflow_pool_id": into.pk})


def _make_floor(company: Company, *, now: datetime) -> Pool:
    """The pool that the team was founded with, for its salespeople alone."""
    by = company.admin
    pool = Pool.objects.get(team=company.team)
    pool = pools.edit_pool(pool, _pool(FLOOR, Mode.ASSIGN, response_seconds=0), by=by, now=now)
    for seat in pool.seats.all():
        seats.remove_seat(seat, by=by, now=now)
    sit(pool, company.salespeople, by=by, now=now)
    return pool


def sit(pool: Pool, people: Iterable[Access], *, by: Access, now: datetime) -> None:
    """Seat them in this order, with equal weights and no caps."""
    for access in people:
        assert access.membership is not None  # a colleague
        seats.add_seat(pool, access.membership, by=by, now=now)


def set_response_target(company: Company, *, now: datetime) -> None:
    """From now on the sales floor's leads come back when nobody acts within the team's time."""
    pool = Pool.objects.get(team=company.team, name=FLOOR)
    pools.edit_pool(pool, _pool(FLOOR, Mode.ASSIGN), by=company.manager, now=now)


def _connect(by: Access, *, now: datetime) -> None:
    for name, kind in (
        ("Website", Source.Kind.JSON),
        ("Openhouse", Source.Kind.JSON),
        ("Meta lead ads", Source.Kind.JSON),
        ("Partner portal", Source.Kind.JSON),
        ("Trade fair form", Source.Kind.FORM),
    ):
        sources.create(kind=kind, name=name, by=by, now=now)


def _publish(team: Team, made: dict[str, Pool], *, by: Access, now: datetime) -> None:
    rule_set = versions.main_set(team)
    for name, conditions, target in _rules():
        versions.add_rule(rule_set, _fields(name, conditions, target, made), by=by, now=now)
    last = versions.rules_of(versions.draft(rule_set))[-1]
    rest = _fields(str(last.name), {}, OPEN_FLOOR, made)
    versions.save_rule(rule_set, last.key, rest, by=by, now=now)
    versions.publish(rule_set, by=by, now=now, note="Pools for enterprise, partners and France")


def add_small_firms(company: Company, *, now: datetime) -> None:
    """A later version of the rules: small firms may wait in the hopper."""
    by, team = company.manager, company.team
    hopper = {NURTURE: Pool.objects.get(team=team, name=NURTURE)}
    conditions = {"all": [is_("employees", "lt", 20), {"not": is_("timeline", "is", "Now")}]}
    fields = _fields("Small firms, no hurry", conditions, NURTURE, hopper)
    rule_set = versions.main_set(team)
    versions.add_rule(rule_set, fields, by=by, now=now)
    versions.publish(rule_set, by=by, now=now, note="Small firms go to the hopper first")


def _rules() -> list[tuple[str, dict[str, Any], str]]:
    """Name, conditions and pool; no pool disqualifies."""
    dach = is_("country", "is_one_of", ["DE", "AT", "CH"])
    large = [is_("budget", "gte", 50_000), is_("custom.charge_points", "gte", 40)]
    depot = {"all": [is_("product", "is", "Depot charging"), {"any": large}]}
    return [
        ("Website", {"all": [is_("source", "is", "website")]}, FLOOR),
        ("Open house", {"all": [is_("source", "is", "openhouse")]}, OPEN_HOUSE),
        ("Outside our market", {"all": [is_("country", "is_one_of", ["US", "CA", "AU"])]}, ""),
        ("Enterprise, DACH", {"all": [dach, is_("employees", "gte", 500)]}, SENIORS),
        ("Large depots", depot, SENIORS),
        ("Partners", {"all": [is_("source", "is", "partner-portal")]}, PARTNERS),
        ("France", {"any": [is_("country", "is", "FR"), is_("language", "is", "fr")]}, FRENCH),
    ]


def is_(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def _fields(name: str, conditions: dict[str, Any], pool: str, made: dict[str, Pool]) -> RuleFields:
    if not pool:
        return RuleFields(
            name=name, destination=Destination.DISQUALIFY, conditions=conditions,
            reason="We do not deliver there yet.",
        )  # fmt: skip
    return RuleFields(
        name=name, destination=Destination.POOL, conditions=conditions, pool_id=made[pool].pk
    )
