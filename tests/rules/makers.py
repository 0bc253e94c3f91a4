"""Small makers for the rules' tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.accounts.models import User
from apps.leads.models import CustomField, InterestGroup, Lead, Source, Status, StatusKind
from apps.rules.models import Destination, Pool, Rule, Seat, Version
from apps.rules.pools import seats
from apps.rules.pools import services as pools
from apps.rules.pools.services import PoolSettings
from apps.rules.registry import routing_moved
from apps.rules.sets import versions
from apps.rules.sets.checking import RuleFields
from apps.teams.access import Access
from apps.teams.models import Membership, Team
from apps.teams.permissions import Role

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)  # a Wednesday


def make_team(slug: str = "acme", **settings: Any) -> Team:
    return Team.objects.create(name=slug.title(), slug=slug, **settings)


def make_member(team: Team, name: str, role: str = Role.SALESPERSON) -> Membership:
    email = f"{name.lower().replace(' ', '.')}@{team.slug}.example.com"
    user = User.objects.create_user(email=email, password=None, name=name)
    return Membership.objects.create(team=team, user=user, role=role)


def manager_of(team: Team) -> Access:
    return Access.of(make_member(team, "Henrike Vos", Role.MANAGER))


def make_pool(by: Access, name: str = "DACH", **settings: Any) -> Pool:
    return pools.create_pool(by.team, PoolSettings(name=name, **settings), by=by, now=NOW)


def make_seat(pool: Pool, name: str, by: Access, **fields: Any) -> Seat:
    member = make_member(by.team, name)
    return seats.add_seat(pool, member, by=by, now=NOW, **fields)


def leaf(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


def fields(pool: Pool | None = None, *, name: str = "DACH", conditions: Any = None) -> RuleFields:
    tree = {"all": [leaf("country", "is", "DE")]} if conditions is None else conditions
    if pool is None:
        return RuleFields(name=name, destination=Destination.MANAGER, conditions=tree)
    return RuleFields(name=name, destination=Destination.POOL, conditions=tree, pool_id=pool.pk)


def add_rule(by: Access, *, now: datetime = NOW, **given: Any) -> Rule:
    return versions.add_rule(versions.main_set(by.team), fields(**given), by=by, now=now)


def publish(by: Access, *, now: datetime = NOW, note: str = "") -> Version:
    return versions.publish(versions.main_set(by.team), by=by, now=now, note=note)


def make_group(team: Team, name: str, **columns: Any) -> InterestGroup:
    return InterestGroup.objects.create(team=team, name=name, **columns)


def make_field(team: Team, key: str, kind: str, **columns: Any) -> CustomField:
    """A field of the team's own, known to everybody at once."""
    label = key.replace("_", " ").capitalize()
    made = CustomField.objects.create(team=team, key=key, label=label, type=kind, **columns)
    moved(team)
    return made


def moved(team: Team) -> None:
    """Tell every process that what it remembers of the team changed."""
    routing_moved(team)


def make_source(team: Team, slug: str = "website") -> Source:
    return Source.objects.create(team=team, kind=Source.Kind.JSON, name=slug.title(), slug=slug)


def make_lead(team: Team, source: Source, *, minutes_ago: int = 0, **values: Any) -> Lead:
    status, _made = Status.objects.get_or_create(team=team, kind=StatusKind.NEW, name="New")
    return Lead.objects.create(
        team=team,
        source=source,
        status=status,
        received_at=NOW - timedelta(minutes=minutes_ago),
        **values,
    )
