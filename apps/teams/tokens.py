"""Keys to the API: shown once, stored as a hash, revocable at any moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from apps.teams import audit
from apps.teams.access import Access, Via
from apps.teams.models import ApiToken, Membership
from apps.teams.permissions import Permission
from apps.teams.secrets import new_token, token_hash

PREFIX = "lr_"
HINT = 8
# `last_used_at` is for people: to the hour is enough and spares a write a request.
USED_AGAIN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token with its secret. The secret is known now and never again."""

    token: ApiToken
    secret: str


@transaction.atomic
def create_token(member: Membership, *, name: str, by: Access, now: datetime) -> NewToken:
    """A key that can do what this member can, no more; her own, or given by the system."""
    if not by.is_system and member.pk != by.member_id:
        by.require(Permission.EDIT_MEMBERS)
    if member.team_id != by.team.pk:
        raise Membership.DoesNotExist
    secret = PREFIX + new_token()
    token = ApiToken.objects.create(
        team_id=member.team_id,
        membership=member,
        name=name,
        token_hash=token_hash(secret),
        hint=secret[:HINT],
        created_at=now,
    )
    audit.record(by=by, action="token.created", target=token, now=now)
    return NewToken(token, secret)


@transaction.atomic
def revoke_token(token: ApiToken, *, by: Access, now: datetime) -> None:
    """The key stops working with the next request; one's own, or anybody's for an admin."""
    if token.membership_id != by.member_id:
        by.require(Permission.EDIT_MEMBERS)
    if token.team_id != by.team.pk:
        raise ApiToken.DoesNotExist
    changed = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now)
    if changed:
        audit.record(by=by, action="token.revoked", target=token, now=now)


def authenticate(secret: str, *, now: datetime) -> Access | None:
    """The right that a key gives, through its member as she is now; None if it gives none."""
    if not secret.startswith(PREFIX):
        return None
    token = (
        ApiToken.objects.select_related("membership__team", "membership__user")
        .filter(
            token_hash=token_hash(secret),
            revoked_at__isnull=True,
            membership__is_active=True,
            membership__user__is_active=True,
            team__is_active=True,
        )
        .first()
    )
    if token is None:
        return None
    if token.last_used_at is None or now - token.last_used_at > USED_AGAIN_AFTER:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return Access.of(token.membership, via=Via.TOKEN, token_id=token.pk)
