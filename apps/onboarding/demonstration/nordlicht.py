"""Nordlicht Solar: a second team in the demo, which takes copies of Acme's leads and works them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from apps.capture import sources
from apps.leads.models import Source
from apps.onboarding import services as onboarding
from apps.onboarding.demonstration import cast, sign_ins
from apps.onboarding.demonstration.agenda import Agenda
from apps.onboarding.demonstration.company import (
    ALWAYS,
    EVERY_HOUR,
    TIMEZONE,
    Company,
    is_,
    join,
    sit,
)
from apps.onboarding.demonstration.road import Body
from apps.rules.models import Destination, Mode, Pool, Ranking
from apps.rules.pools import seats
from apps.rules.pools import services as pools
from apps.rules.pools.services import PoolSettings
from apps.rules.sets import versions
from apps.rules.sets.checking import RuleFields
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Role

NAME, ROOFS, LARGE_ROOFS = "Nordlicht Solar", "Roof sales", "Large roofs"
_RESPONSE, _WINDOW = 4 * 3600, 15 * 60
# Leads of its own, numbered beyond those of Acme: contacts differ by number.
_OWN, _FIRST = 26, 800


def found(*, password: str, now: datetime) -> Company:
    """Make the team with its people, pools, rules and a source of its own."""
    owner, *others = cast.NORDLICHT
    team = onboarding.found_team(
        name=NAME, slug=onboarding.free_slug(NAME), timezone=TIMEZONE, country="DE",
        owner=sign_ins.person(owner.name, timezone=TIMEZONE, now=now), now=now, hours=EVERY_HOUR,
    )  # fmt: skip
    first = Membership.objects.select_related("user").get(team=team)
    first.team = team
    by = Access.of(first)
    staff = [Access.of(join(person, by=by, now=now)) for person in others]
    sign_ins.give_password(team, password)
    company = Company(
        team=team,
        admin=by,
        manager=next(access for access in staff if access.role == Role.MANAGER),
        salespeople=tuple(access for access in staff if access.role == Role.SALESPERSON),
    )
    sources.create(kind=Source.Kind.JSON, name="Website", by=by, now=now)
    _publish(company, _pools(company, now), now=now + timedelta(minutes=1))
    return company


def own_leads(agenda: Agenda) -> Iterator[tuple[datetime, Body]]:
    """Who wrote to Nordlicht itself, and when."""
    for number in range(_FIRST, _FIRST + _OWN):
        body = cast.prospect(agenda.chance, "website", number)
        wants = {"product": "Rooftop solar", "campaign": "Solar check", "message": ""}
        when = agenda.arrival(days=28, later_than=timedelta(hours=1))
        yield when, {key: value for key, value in {**body, **wants}.items() if value}


def _pools(company: Company, now: datetime) -> tuple[Pool, Pool]:
    """One for everything, one for large firms; the admin sits in neither."""
    by = company.admin
    roofs = Pool.objects.get(team=company.team)
    usual = PoolSettings(
        name=ROOFS, mode=Mode.ASSIGN, ranking=Ranking.TURN, response_seconds=_RESPONSE, **ALWAYS
    )
    roofs = pools.edit_pool(roofs, usual, by=by, now=now)
    for seat in roofs.seats.all():
        seats.remove_seat(seat, by=by, now=now)
    sit(roofs, company.salespeople, by=by, now=now)
    exclusive = PoolSettings(
        name=LARGE_ROOFS, mode=Mode.OFFER, ranking=Ranking.TURN, window_seconds=_WINDOW,
        response_seconds=_RESPONSE, **ALWAYS,
    )  # fmt: skip
    large = pools.create_pool(company.team, exclusive, by=by, now=now)
    sit(large, company.salespeople[:2], by=by, now=now)
    return roofs, large


def _publish(company: Company, made: Sequence[Pool], *, now: datetime) -> None:
    by, rule_set = company.admin, versions.main_set(company.team)
    roofs, large = made
    firms = _rule("Large firms", large, is_("employees", "gte", 500))
    versions.add_rule(rule_set, firms, by=by, now=now)
    last = versions.rules_of(versions.draft(rule_set))[-1]
    versions.save_rule(rule_set, last.key, _rule(str(last.name), roofs), by=by, now=now)
    versions.publish(rule_set, by=by, now=now, note="Large firms are offered to two")


def _rule(name: str, pool: Pool, *conditions: dict[str, object]) -> RuleFields:
    return RuleFields(
        name=name, destination=Destination.POOL, pool_id=pool.pk,
        conditions={"all": list(conditions)} if conditions else {},
    )  # fmt: skip
