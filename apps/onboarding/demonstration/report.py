"""What the demo tells whoever made it: everything needed to sign in and to send a lead."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings

from apps.capture import sources
from apps.leads.models import Source
from apps.onboarding.demonstration import cast
from apps.rules.models import Pool
from apps.teams.models import Membership, Team

LEAD = {"name": "Rosa Steiner", "email": "rosa.steiner@example.com", "phone": "+49 30 23125 999"}


def describe(team: Team, *, password: str) -> dict[str, Any]:
    """Ids, addresses, e-mails, roles and the password, ready for JSON. Changes nothing."""
    members = [_member(member) for member in _members(team)]
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
        "sign_in": {role: _first(members, role) for role in dict.fromkeys(_roles(members))},
        "sources": connected,
        "pools": [_pool(pool) for pool in Pool.objects.filter(team=team).order_by("created_at")],
        "curl": _curl(connected["website"]["address"]) if "website" in connected else "",
    }


def _members(team: Team) -> list[Membership]:
    order = {person.email: place for place, person in enumerate(cast.EVERYONE)}
    rows = Membership.objects.filter(team=team, user__email__in=order).select_related("user")
    return sorted(rows, key=lambda member: order[member.user.email])


def _member(member: Membership) -> dict[str, str]:
    return {
        "id": str(member.pk),
        "user": str(member.user_id),
        "email": member.user.email,
        "name": member.user.name,
        "role": member.role,
    }


def _roles(members: list[dict[str, str]]) -> list[str]:
    return [member["role"] for member in members]


def _first(members: list[dict[str, str]], role: str) -> str:
    return next(member["email"] for member in members if member["role"] == role)


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
