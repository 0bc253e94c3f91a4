"""What the demo tells whoever made it: everything needed to sign in and to send a lead."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from apps.capture import sources
from apps.leads.models import Source
from apps.onboarding.demonstration import cast
from apps.onboarding.demonstration.cast import Person
from apps.onboarding.demonstration.northstar import story as northstar
from apps.rules.models import Agreement, Pool
from apps.teams.models import Membership, Team

LEAD = {"name": "Rosa Steiner", "email": "rosa.steiner@example.com", "phone": "+49 30 23125 999"}


def describe(team: Team, *, password: str) -> dict[str, Any]:
    """Ids, addresses, e-mails, roles and the password, ready for JSON. Changes nothing."""
    members = _people(team, cast.EVERYONE)
    connected = {source.slug: _source(source) for source in _connected(team)}
    return {
        "team": {
            "id": str(team.pk),
            "name": team.name,
            "slug": team.slug,
            "address": f"{settings.PUBLIC_URL}/t/{team.slug}/",
        },
        "address": settings.PUBLIC_URL,
        "password": password,
        "members": members,
        "sign_in": _sign_in(members),
        "partners": [_partner(each) for each in _partners(team)],
        "agencies": northstar.describe(),
        "sources": connected,
        "pools": [_pool(pool) for pool in Pool.objects.filter(team=team).order_by("created_at")],
        "curl": _curl(connected["website"]["address"]) if "website" in connected else "",
    }


def _people(team: Team, people: Sequence[Person]) -> list[dict[str, str]]:
    order = {person.email: place for place, person in enumerate(people)}
    rows = Membership.objects.filter(team=team, user__email__in=order).select_related("user")
    return [_member(each) for each in sorted(rows, key=lambda each: order[each.user.email])]


def _partners(team: Team) -> list[Team]:
    """The other teams of the demo: those that take copies of this team's leads."""
    theirs = Membership.objects.filter(user__email=cast.NORDLICHT[0].email).values("team")
    agreed = Agreement.objects.filter(team=team, state=Agreement.State.ACCEPTED, to__in=theirs)
    return [each.to for each in agreed.select_related("to") if each.to]


def _partner(team: Team) -> dict[str, Any]:
    members = _people(team, cast.NORDLICHT)
    address = f"{settings.PUBLIC_URL}/t/{team.slug}/"
    return {
        "name": team.name, "slug": team.slug, "address": address, "members": members,
        "sign_in": _sign_in(members),
    }  # fmt: skip


def _member(member: Membership) -> dict[str, str]:
    return {
        "id": str(member.pk),
        "user": str(member.user_id),
        "email": member.user.email,
        "name": member.user.name,
        "role": member.role,
    }


def _sign_in(members: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The first of each role."""
    found: dict[str, str] = {}
    for each in members:
        found.setdefault(each["role"], each["email"])
    return found


def _connected(team: Team) -> list[Source]:
    rows = Source.objects.filter(team=team, kind__in=sources.ADDRESSED, revoked_at=None)
    return list(rows.order_by("created_at", "pk"))


def _source(source: Source) -> dict[str, str]:
    return {
        "id": str(source.pk),
        "name": source.name,
        "kind": source.kind,
        "address": sources.address_of(source),
    }


def _pool(pool: Pool) -> dict[str, Any]:
    seated = pool.seats.order_by("position").values_list("membership__user__email", flat=True)
    return {
        "id": str(pool.pk),
        "name": pool.name,
        "ranking": pool.ranking,
        "mode": pool.mode,
        "members": list(seated),
    }


def _curl(address: str) -> str:
    return f"curl -H 'Content-Type: application/json' -d '{json.dumps(LEAD)}' {address}"
