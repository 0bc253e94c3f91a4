"""Connecting, finding, rotating and revoking sources. Their addresses hold the secret."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.leads.models import Source, Status, StatusKind
from apps.leads.sources import free_slug
from apps.teams import audit, secrets
from apps.teams.access import Access
from apps.teams.fixed import Fixed, Row, columns, instance, through
from apps.teams.models import Team
from apps.teams.permissions import Permission

OVERLAP = timedelta(days=7)
# Kinds that have an address of their own.
ADDRESSED = (Source.Kind.JSON, Source.Kind.FORM)


@dataclass(frozen=True, slots=True)
class NewSource:
    """A source with what is shown once (`secret`) and its address."""

    source: Source
    address: str
    secret: str


def create(
    *, kind: str, name: str, by: Access, now: datetime, is_signed: bool = False, **settings_: Any
) -> NewSource:
    """Connect a source of a kind with an address; ValueError if a field is not usable."""
    by.require(Permission.EDIT_SOURCES)
    name = " ".join(name.replace("\x00", "").split())[:120]
    if not name:
        raise ValueError(_("Give the source a name."))
    token, secret = secrets.new_token(), f"whsec_{secrets.new_token()}"
    with transaction.atomic():
        source = Source.objects.create(
            team=by.team,
            kind=Source.Kind(kind),
            name=name,
            slug=free_slug(by.team, name),
            token_hash=secrets.token_hash(token),
            token_encrypted=secrets.encrypt(token),
            signing_secret_encrypted=_sealed([(secret, None)]),
            is_signed=is_signed,
            created_at=now,
            **settings_,
        )
        audit.record(by=by, action="source.created", target=source, now=now, detail={"kind": kind})
    return NewSource(source, address_of(source), secret)


def builtin(team: Team, kind: Source.Kind, *, now: datetime) -> Source:
    """The team's own source for leads that are typed in, imported or sent by the API."""
    source, _made = Source.objects.get_or_create(
        team=team,
        slug=kind.value,
        defaults={"kind": kind, "name": str(kind.label), "created_at": now},
    )
    source.team = team
    return source


def for_token(token: str, *, now: datetime) -> Source | None:
    """The source of an address, with its team and first status, in one statement.

    None for unknown and revoked tokens; a rotated one works during the overlap.
    """
    digest = secrets.token_hash(token)
    found = _by_token.rows(digest=digest) or _by_previous_token.rows(digest=digest, now=now)
    return _source(found[0]) if found else None


SOURCE, TEAM = columns(Source), columns(Team)


def _source(row: Row) -> Source:
    source = instance(Source, SOURCE, row[: len(SOURCE)])
    source.team = instance(Team, TEAM, row[len(SOURCE) : -1])
    source.new_status_id = row[-1]  # type: ignore[attr-defined]
    return source


def of_sender(team: UUID, sender: UUID) -> Source | None:
    """Where copies of that sender come in, with its team and first status, in one statement."""
    found = _by_sender.rows(team=team, sender=sender)
    return _source(found[0]) if found else None


def _with_token(**of: Any) -> QuerySet[Source, Any]:
    return _loaded(revoked_at__isnull=True, team__is_active=True, **of)


def _loaded(**of: Any) -> QuerySet[Source, Any]:
    new = Status.objects.filter(team=OuterRef("team"), kind=StatusKind.NEW, is_active=True)
    new_status = Subquery(new.order_by("position", "id").values("pk")[:1])
    return (
        Source.objects.filter(**of)
        .annotate(new_status_id=new_status)
        .order_by("pk")
        .values_list(*SOURCE, *through("team", TEAM), "new_status_id")[:1]
    )


def _with_new_token(*, digest: bytes) -> QuerySet[Source, Any]:
    return _with_token(token_hash=digest)


def _with_previous_token(*, digest: bytes, now: datetime) -> QuerySet[Source, Any]:
    return _with_token(previous_token_hash=digest, previous_token_until__gt=now)


def _with_sender(*, team: UUID, sender: UUID) -> QuerySet[Source, Any]:
    return _loaded(team_id=team, sender_id=sender)


_by_sender = Fixed(_with_sender, team=UUID(int=1), sender=UUID(int=2))
_by_token = Fixed(_with_new_token, digest=b"a token's hash")
_by_previous_token = Fixed(
    _with_previous_token, digest=b"a token's hash", now=datetime(1999, 1, 1, tzinfo=UTC)
)


def token_of(source: Source) -> str:
    """The token in its address; empty if it has none or its key is gone."""
    return secrets.decrypt(source.token_encrypted) or "" if source.token_encrypted else ""


def path_of(source: Source) -> str:
    """The path that leads come to: the hosted form's page or the webhook."""
    token = token_of(source)
    if not token or source.kind not in ADDRESSED:
        return ""
    route = "capture_public:form" if source.kind == Source.Kind.FORM else "capture_public:receive"
    return reverse(route, kwargs={"token": token})


def address_of(source: Source) -> str:
    path = path_of(source)
    return f"{settings.PUBLIC_URL}{path}" if path else ""


def rotate(source: Source, *, by: Access, now: datetime) -> NewSource:
    """A new address and secret; the old ones work for another seven days."""
    by.require(Permission.EDIT_SOURCES)
    token, secret = secrets.new_token(), f"whsec_{secrets.new_token()}"
    until = now + OVERLAP
    with transaction.atomic():
        locked = Source.objects.select_for_update().get(pk=source.pk)
        kept = [(old, until) for old in signing_secrets(locked, now=now)[:1]]
        locked.previous_token_hash, locked.previous_token_until = locked.token_hash, until
        locked.token_hash = secrets.token_hash(token)
        locked.token_encrypted = secrets.encrypt(token)
        locked.signing_secret_encrypted = _sealed([(secret, None), *kept])
        locked.save()
        audit.record(by=by, action="source.rotated", target=locked, now=now)
    return NewSource(locked, address_of(locked), secret)


def revoke(source: Source, *, by: Access, now: datetime) -> None:
    """Close the address at once and for good."""
    by.require(Permission.EDIT_SOURCES)
    with transaction.atomic():
        Source.objects.filter(pk=source.pk, revoked_at__isnull=True).update(
            revoked_at=now, is_active=False
        )
        audit.record(by=by, action="source.revoked", target=source, now=now)


def change(source: Source, *, by: Access, now: datetime, **changes: Any) -> None:
    """Save settings of a source; the log says which, not what they hold."""
    by.require(Permission.EDIT_SOURCES)
    with transaction.atomic():
        Source.objects.filter(pk=source.pk).update(**changes)
        for key, value in changes.items():
            setattr(source, key, value)
        audit.record(
            by=by, action="source.changed", target=source, now=now,
            detail={"fields": sorted(changes)},
        )  # fmt: skip


def signing_secrets(source: Source, *, now: datetime) -> list[str]:
    """The secrets that may sign at the moment, the current one first."""
    sealed = secrets.decrypt(source.signing_secret_encrypted or "")
    if not sealed:
        return []
    rows = json.loads(sealed)
    return [
        secret for secret, until in rows if until is None or datetime.fromisoformat(until) > now
    ]


def _sealed(rows: list[tuple[str, datetime | None]]) -> str:
    told = [(secret, until.isoformat() if until else None) for secret, until in rows]
    return secrets.encrypt(json.dumps(told))


def connected(by: Access) -> QuerySet[Source]:
    """The sources that a team sees, those in use first."""
    rows: QuerySet[Source] = Source.objects.visible_to(by)
    return rows.order_by(F("revoked_at").asc(nulls_first=True), "name", "id")
