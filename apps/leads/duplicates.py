"""Is this person already a lead of the team? One lock a contact, one look-up."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.leads.models import OPEN_KINDS, Lead, Source
from apps.teams.fixed import Fixed, prepared
from apps.teams.models import Team

# More leads than this behind one number are a switchboard; the newest of them will do.
_SEEN = 20


@dataclass(frozen=True, slots=True)
class Match:
    """The live lead that this is, another that it may be too, and whether contact is barred."""

    lead: UUID | None = None
    suggestion: UUID | None = None
    is_barred: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    id: UUID
    status_kind: str
    do_not_contact: bool
    email_key: str
    phone_key: str
    source_id: UUID
    provider_id: str

    @property
    def is_live(self) -> bool:
        return self.status_kind in OPEN_KINDS


def lock_contact(team: Team, email_key: str, phone_key: str) -> None:
    """Hold everybody else who brings the same person until this transaction ends.

    Keys are locked in one order, so that two captures never wait for each other.
    """
    keys = sorted({_lock_key(team, key) for key in (email_key, phone_key) if key})
    if not keys:
        return
    with prepared() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key", [keys])


def _lock_key(team: Team, contact: str) -> int:
    digest = hashlib.blake2b(f"{team.pk}|{contact}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def find(
    team: Team,
    email_key: str,
    phone_key: str,
    source: Source | None = None,
    provider_id: str = "",
) -> Match:
    """The live lead with this e-mail, else this phone, else this id of the same source.

    An e-mail wins over a phone; the other lead is suggested for a merge. Closed leads (won,
    lost, disqualified) are not live: the person is a new lead again. An id that comes with
    another person is another lead.
    """
    known = _known(team, email_key, phone_key, source, provider_id)
    live = [lead for lead in known if lead.is_live]
    by_email = [lead.id for lead in live if email_key and lead.email_key == email_key]
    by_phone = [lead.id for lead in live if phone_key and lead.phone_key == phone_key]
    by_id = [lead.id for lead in known if _is_same(lead, email_key, phone_key, provider_id)]
    found = next(iter([*by_email, *by_phone, *by_id]), None)
    suggestion = next((lead for lead in by_phone if by_email and lead not in by_email), None)
    is_barred = any(lead.do_not_contact for lead in known)
    return Match(lead=found, suggestion=suggestion, is_barred=is_barred)


def _is_same(lead: _Known, email_key: str, phone_key: str, provider_id: str) -> bool:
    """Whether a lead with this provider's id is the same submission: nothing contradicts it."""
    if not provider_id or lead.provider_id != provider_id:
        return False
    pairs = ((lead.email_key, email_key), (lead.phone_key, phone_key))
    told = [stored == given for stored, given in pairs if stored and given]
    return not told or any(told)


def _known(
    team: Team, email_key: str, phone_key: str, source: Source | None, provider_id: str
) -> list[_Known]:
    """Leads of the team with one of these keys, newest first, by one index scan a key."""
    keys: dict[str, Any] = {}
    if email_key:
        keys["email_key"] = email_key
    if phone_key:
        keys["phone_key"] = phone_key
    if provider_id and source is not None:
        keys |= {"provider_id": provider_id, "source": source.pk}
    if not keys:
        return []
    return [_Known(*row[:-1]) for row in _query_by(*sorted(keys)).rows(team=team.pk, **keys)]


_EXAMPLES = {
    "email_key": "an e-mail", "phone_key": "a phone", "provider_id": "an id",
    "source": UUID(int=2),
}  # fmt: skip


@lru_cache
def _query_by(*keys: str) -> Fixed:
    return Fixed(_with_any, team=UUID(int=1), **{key: _EXAMPLES[key] for key in keys})


def _with_any(*, team: UUID, **keys: Any) -> QuerySet[Lead, Any]:
    rows = Lead.objects.filter(team_id=team, deleted_at__isnull=True, is_test=False, is_spam=False)
    arms = [rows.filter(**{key: keys[key]}) for key in ("email_key", "phone_key") if key in keys]
    if "source" in keys:
        arms.append(rows.filter(source_id=keys["source"], provider_id=keys["provider_id"]))
    return _newest(arms)


def _newest(arms: Sequence[QuerySet[Lead]]) -> QuerySet[Lead, Any]:
    columns = (
        "id", "status_kind", "do_not_contact", "email_key", "phone_key", "source_id",
        "provider_id", "received_at",
    )  # fmt: skip
    first, *others = [
        arm.order_by("-received_at", "-id").values_list(*columns)[:_SEEN] for arm in arms
    ]
    if not others:
        return first
    return first.union(*others).order_by("-received_at", "-id")
