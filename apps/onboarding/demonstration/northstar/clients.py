"""The clients' teams, and what each of them grants."""

from __future__ import annotations

from datetime import datetime

from apps.capture import sources
from apps.leads.models import Source
from apps.onboarding import services as onboarding
from apps.onboarding.demonstration import sign_ins
from apps.onboarding.demonstration.company import ALWAYS, EVERY_HOUR, Company, join, sit
from apps.onboarding.demonstration.northstar import cast
from apps.onboarding.demonstration.northstar.cast import ClientTeam
from apps.rules.models import Mode, Pool, Ranking
from apps.rules.pools import seats
from apps.rules.pools import services as pools
from apps.rules.pools.services import PoolSettings
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Agency, ClientGrant, Membership

_RESPONSE = 2 * 3600


def found(client: ClientTeam, *, now: datetime) -> Company:
    """The team with its people, one pool by turn, and three sources. Nobody can sign in yet."""
    admin, *sales = client.staff
    team = onboarding.found_team(
        name=client.name, slug=onboarding.free_slug(client.name), timezone=client.timezone,
        country=client.country, now=now, hours=EVERY_HOUR,
        owner=sign_ins.person(admin.name, timezone=client.timezone, now=now),
    )  # fmt: skip
    first = Membership.objects.select_related("user").get(team=team)
    first.team = team
    by = Access.of(first)
    members = [Access.of(join(person, by=by, now=now)) for person in sales]
    company = Company(team=team, admin=by, manager=by, salespeople=tuple(members))
    _seat(company, now)
    for name in (cast.WEBSITE, cast.META, cast.SEARCH):
        sources.create(kind=Source.Kind.JSON, name=name, by=by, now=now)
    return company


def _seat(company: Company, now: datetime) -> None:
    """Its salespeople by turn; whoever runs it sells nothing, where there is anybody else."""
    by, pool = company.admin, Pool.objects.get(team=company.team)
    usual = PoolSettings(
        name="Sales", mode=Mode.ASSIGN, ranking=Ranking.TURN, response_seconds=_RESPONSE, **ALWAYS
    )
    pool = pools.edit_pool(pool, usual, by=by, now=now)
    if company.salespeople:
        for seat in pool.seats.all():
            seats.remove_seat(seat, by=by, now=now)
        sit(pool, company.salespeople, by=by, now=now)


def grant(client: ClientTeam, company: Company, agency: Agency, *, now: datetime) -> ClientGrant:
    """As the client's admin answers, but for the mails: nobody of the demo has a mailbox."""
    by = company.admin
    made: ClientGrant = ClientGrant.objects.create(
        team=company.team, agency=agency, allows=list(client.allows), is_masked=client.is_masked,
        granted_at=now, granted_by=by.user, actor=by.user, via=by.via.value, group=client.group,
        tags=list(client.tags),
    )  # fmt: skip
    detail = {"allows": made.allows, "is_masked": made.is_masked}
    audit.record(by=by, action="agency.granted", target=agency, now=now, detail=detail)
    return made


def end(made: ClientGrant, company: Company, *, now: datetime) -> None:
    """The client has had enough."""
    made.ended_at, made.ended_by, made.ended_side = now, company.admin.user, ClientGrant.Side.CLIENT
    made.save(update_fields=["ended_at", "ended_by", "ended_side"])
    detail = {"side": made.ended_side}
    audit.record(by=company.admin, action="agency.ended", target=made.agency, now=now,
                 detail=detail)  # fmt: skip
