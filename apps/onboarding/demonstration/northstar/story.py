"""Northstar from its first day until now: clients, leads, costs, warnings, what is still open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings

from apps.agency import agencies
from apps.agency.warnings import SILENT, SLOW, TOLD
from apps.dashboards.costs import keeping
from apps.dashboards.costs.keeping import NewCost
from apps.leads.models import Source
from apps.onboarding.demonstration import past, sign_ins
from apps.onboarding.demonstration.company import Company
from apps.onboarding.demonstration.northstar import cast, clients, leads, sending
from apps.onboarding.demonstration.northstar.cast import ClientTeam
from apps.teams import visits
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import Agency, ClientGrant, ClientInvitation, Operator
from apps.teams.secrets import new_token, token_hash

_BEGAN, _ENDED, _ASKED = timedelta(days=60), timedelta(days=12), timedelta(days=2)
_MONTHS = 3
# Shares of a month's budget by source; the website costs nothing.
_SPENT = {cast.META: 0.6, cast.SEARCH: 0.4}


def make(*, password: str, now: datetime) -> None:
    """All of it, through the services where there are any, in the caller's transaction."""
    began = now - _BEGAN
    sender = sending.found(now=began)
    by = _found_agency(sender, now=began)
    made = {client.name: clients.found(client, now=began) for client in cast.CLIENTS}
    grants = {
        client.name: clients.grant(client, made[client.name], by.agency, now=began)
        for client in cast.CLIENTS
    }
    receiving = [client for client in cast.CLIENTS if client.sent]
    sending.agree(sender, made, receiving, now=began + timedelta(hours=1))
    sending.play(sender, receiving, now=now)
    for seed, client in enumerate(cast.CLIENTS, 50):
        company = made[client.name]
        leads.play(client, company, sending.sent_to(sender, client), seed=seed, now=now)
        _spend(client, company, now=now)
        past.put_off(company.team)
    _warn(grants, now=now)
    _was_client(by, now=now)
    _ask(by, now=now)
    _visit(by, list(grants.values()), now=now)
    for company in (sender, *made.values()):
        sign_ins.give_password(company.team, password)


def _found_agency(sender: Company, *, now: datetime) -> AgencyAccess:
    owner = sender.admin.user
    assert owner is not None  # somebody founded it
    by = agencies.create_agency(
        name=cast.NAME, timezone=cast.TIMEZONE, currency="EUR", owner=owner, now=now
    )
    agency = agencies.change_agency({"sending_team": sender.team}, by=by, now=now)
    other = sign_ins.person(cast.OPERATOR.name, timezone=cast.TIMEZONE, now=now)
    Operator.objects.create(agency=agency, user=other, joined_at=now)
    return AgencyAccess(agency, owner, by.operator)


def _spend(client: ClientTeam, company: Company, *, now: datetime) -> None:
    """What its ads cost, by source and month; of this month, what is over."""
    rows = {source.name: source for source in Source.objects.filter(team=company.team)}
    for first, last, part in _months(now.date()):
        for name, share in _SPENT.items():
            amount = round(client.budget * share * part) * 100
            cost = NewCost(first, last, amount, source=rows[name])
            keeping.keep(cost, by=company.admin, now=now)


def _months(today: date) -> list[tuple[date, date, float]]:
    """The last months, each with its first and last day and how much of it is over."""
    found, first = [], today.replace(day=1)
    for _number in range(_MONTHS):
        after = (first + timedelta(days=32)).replace(day=1)
        last = min(today, after - timedelta(days=1))
        found.append((first, last, last.day / (after - timedelta(days=1)).day))
        first = (first - timedelta(days=1)).replace(day=1)
    return found


def _warn(grants: Mapping[str, ClientGrant], *, now: datetime) -> None:
    """What `warning_finder` will find and has told by now: one mail a day, and none from a demo."""
    since = (now - timedelta(hours=9)).isoformat()
    for client in cast.CLIENTS:
        grant, warned = grants[client.name], {}
        if client.grows_slow:
            warned[SLOW] = since
        if client.silent:
            source = Source.objects.get(team=grant.team, name=client.silent)
            warned[f"{SILENT}{source.pk}"] = since
        if warned:
            grant.warned = {**warned, TOLD: now.isoformat()}
            grant.save(update_fields=["warned"])


def _was_client(by: AgencyAccess, *, now: datetime) -> None:
    """Somebody who ended it a while ago."""
    company = clients.found(cast.FORMER, now=now - _BEGAN)
    grant = clients.grant(cast.FORMER, company, by.agency, now=now - _BEGAN)
    clients.end(grant, company, now=now - _ENDED)


def _ask(by: AgencyAccess, *, now: datetime) -> None:
    """As `invitations.invite_client`, but for its mail."""
    ClientInvitation.objects.create(
        agency=by.agency, name=cast.ASKED, email=cast.ASKED_AT, allows=list(cast.ACT),
        is_masked=False, message="Shall we look after your enquiries, too?",
        token_hash=token_hash(new_token()), created_at=now - _ASKED, created_by=by.user,
        expires_at=now - _ASKED + timedelta(days=14),
    )  # fmt: skip
    agencies.record(by=by, action="client.invited", target=cast.ASKED, now=now - _ASKED)


def _visit(by: AgencyAccess, grants: list[ClientGrant], *, now: datetime) -> None:
    """She was in most of her clients lately; it stands in their logs."""
    for days, grant in enumerate(grants[:5], 1):
        visits.note(by.inside(grant), now=now - timedelta(days=days))


def describe() -> list[dict[str, Any]]:
    """What the demo says of it: its address and its sign-ins. Changes nothing."""
    rows = Agency.objects.filter(operators__user__email=cast.OWNER.email)
    return [
        {
            "name": agency.name,
            "slug": agency.slug,
            "address": f"{settings.PUBLIC_URL}/agency/{agency.slug}/",
            "sign_in": cast.logins(cast.PEOPLE),
        }
        for agency in rows
    ]
