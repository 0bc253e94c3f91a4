"""The company of the files as a team: people, offices, pools, rules and one source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.capture import sources
from apps.leads.models import CustomField, Source
from apps.onboarding import services as onboarding
from apps.onboarding.demonstration import sign_ins
from apps.onboarding.demonstration.maven.files import Agent, Books
from apps.rules.models import Destination, Mode, Pool, Ranking
from apps.rules.pools import seats
from apps.rules.pools import services as pools
from apps.rules.pools.services import PoolSettings
from apps.rules.registry import routing_moved
from apps.rules.sets import versions
from apps.rules.sets.checking import RuleFields
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Membership, MemberTerritory, Team, Territory
from apps.teams.permissions import Role

SLUG, TIMEZONE, ADMIN = "maven", "America/New_York", "Avery Maven"
SENIORS, NEWCOMERS = "Seniors", "Newcomers"
_SENIOR_WEIGHT = 2
_EXPERIENCE = 40  # closed deals a step of experience, from 0 to 10


@transaction.atomic
def build(books: Books, *, password: str, now: datetime) -> Team:
    """Make the team unless it is there."""
    known = Team.objects.filter(slug=SLUG).first()
    if known is not None:
        return known
    admin = sign_ins.person(ADMIN, timezone=TIMEZONE, now=now)
    # Nobody works these leads here: the stages come from the file. So nothing is taken back.
    team = onboarding.found_team(
        name="Maven", slug=SLUG, timezone=TIMEZONE, country="US", currency="USD", owner=admin,
        now=now,
    )  # fmt: skip
    first = Membership.objects.select_related("user").get(team=team)
    first.team = team
    by = Access.of(first)
    offices = _offices(books, team)
    members = _people(books, offices, by=by, now=now)
    sign_ins.give_password(team, password)
    CustomField.objects.create(team=team, key="deal_value", label="Deal value", type="money")
    routing_moved(team)
    made = _pools(books, members, by=by, now=now)
    sources.create(kind=Source.Kind.JSON, name="Pipeline", by=by, now=now)
    _publish(team, made, by=by, now=now)
    return team


def _offices(books: Books, team: Team) -> dict[str, Territory]:
    """The regional offices; the files do not say which places they serve."""
    return {office: Territory.objects.create(team=team, name=office) for office in books.offices}


def _people(
    books: Books, offices: dict[str, Territory], *, by: Access, now: datetime
) -> dict[str, Membership]:
    """Agents and managers by name, each in her office."""
    described: list[tuple[str, str, dict[str, Any]]] = [
        (manager, office, {"role": Role.MANAGER, "title": f"Manager, {office}"})
        for manager, office in books.managers.items()
    ]
    described += [(agent.name, agent.office, _settings(agent)) for agent in books.agents]
    members = {}
    for name, office, settings in described:
        user = sign_ins.person(name, timezone=TIMEZONE, now=now)
        member: Membership = Membership.objects.create(
            team=by.team, user=user, joined_at=now, **settings
        )
        MemberTerritory.objects.create(team=by.team, membership=member, territory=offices[office])
        audit.record(by=by, action="member.joined", target=member, now=now)
        members[name] = member
    return members


def _settings(agent: Agent) -> dict[str, Any]:
    rank = "Senior sales agent" if agent.is_senior else "Sales agent"
    return {
        "role": Role.SALESPERSON,
        "title": f"{rank}, {agent.office}",
        "experience": min(agent.closed // _EXPERIENCE, 10),
    }


def _pools(
    books: Books, members: dict[str, Membership], *, by: Access, now: datetime
) -> dict[str, Pool]:
    """A pool an office, in which seniors get twice as much, and two by seniority."""
    founded = Pool.objects.get(team=by.team)
    first, *others = books.offices
    for seat in founded.seats.all():
        seats.remove_seat(seat, by=by, now=now)
    made = {first: pools.edit_pool(founded, _pool(first), by=by, now=now)}
    for name in (*others, SENIORS, NEWCOMERS):
        made[name] = pools.create_pool(by.team, _pool(name), by=by, now=now)
    for office in books.offices:
        colleagues = [agent for agent in books.agents if agent.office == office]
        _seat(made[office], colleagues, members, by=by, now=now, senior=_SENIOR_WEIGHT)
    _seat(made[SENIORS], [one for one in books.agents if one.is_senior], members, by=by, now=now)
    newcomers = [one for one in books.agents if one.is_newcomer]
    _seat(made[NEWCOMERS], newcomers, members, by=by, now=now)
    return made


def _pool(name: str) -> PoolSettings:
    return PoolSettings(
        name=name, mode=Mode.ASSIGN, ranking=Ranking.TURN, response_seconds=0,
        is_always_open=True, respects_hours=False, business_time=False,
    )  # fmt: skip


def _seat(
    pool: Pool,
    agents: Iterable[Agent],
    members: dict[str, Membership],
    *,
    by: Access,
    now: datetime,
    senior: int = 1,
) -> None:
    for agent in agents:
        weight = senior if agent.is_senior else 1
        seats.add_seat(pool, members[agent.name], by=by, now=now, weight=weight)


def _publish(team: Team, made: dict[str, Pool], *, by: Access, now: datetime) -> None:
    rule_set = versions.main_set(team)
    for name, conditions, pool in rules():
        versions.add_rule(rule_set, _fields(name, conditions, made[pool]), by=by, now=now)
    last = versions.rules_of(versions.draft(rule_set))[-1]
    rest = _fields(str(last.name), {}, made["Central"])
    versions.save_rule(rule_set, last.key, rest, by=by, now=now)
    versions.publish(rule_set, by=by, now=now, note="Sector, size, office location, product")


def rules() -> Sequence[tuple[str, dict[str, Any], str]]:
    """Name, conditions and pool, in order; the last rule sends the rest to Central."""
    huge = {"any": [_is("employees", "gte", 10_000), _is("revenue", "gte", 5_000_000_000)]}
    abroad = [{"field": "country", "op": "is_known"}, {"not": _is("country", "is", "US")}]
    unknown = {"field": "company", "op": "is_empty"}
    return (
        ("GTK 500", {"all": [_is("product", "is", "GTK 500")]}, SENIORS),
        ("Largest companies", huge, SENIORS),
        ("Offices abroad", {"all": abroad}, "West"),
        ("Small companies", {"all": [_is("employees", "lt", 500)]}, NEWCOMERS),
        ("Medical and technology",
         {"all": [_is("industry", "is_one_of", ["medical", "technology"])]}, "East"),
        ("Software and telecommunications",
         {"all": [_is("industry", "is_one_of", ["software", "telecommunications"])]}, "West"),
        ("Unknown company, MG", {"all": [unknown, _is("product", "starts_with", "MG")]}, NEWCOMERS),
        ("Unknown company", {"all": [unknown]}, "East"),
        ("GTX Pro and Plus Pro",
         {"all": [_is("product", "is_one_of", ["GTX Pro", "GTX Plus Pro"])]}, "West"),
    )  # fmt: skip


def _is(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def _fields(name: str, conditions: dict[str, Any], pool: Pool) -> RuleFields:
    return RuleFields(
        name=name, destination=Destination.POOL, conditions=conditions, pool_id=pool.pk
    )
