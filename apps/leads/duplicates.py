"""Is this person already a lead of the team? One lock a contact, one look-up."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.leads.models import OPEN_KINDS, Lead, Source, StatusKind
from apps.teams.fixed import Fixed, prepared
from apps.teams.models import DuplicatePolicy, Team

# More leads than this behind one number are a switchboard; the newest of them will do.
_SEEN = 20
# Whoever writes again so soon means the same enquiry: a double click, a form sent once more.
SAME_ENQUIRY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Match:
    """What the team knows of a person.

    `lead` is the live lead that this is (or, `is_repeat`, the very same submission again),
    `suggestion` another that it may be too, `closed` the newest lead that was closed.
    """

    lead: UUID | None = None
    suggestion: UUID | None = None
    is_barred: bool = False
    is_repeat: bool = False
    heard_at: datetime | None = None
    closed: UUID | None = None
    closed_kind: str = ""


class Treatment(StrEnum):
    """What becomes of a capture of somebody who may be known."""

    NEW = "new"
    ATTACH = "attach"
    LINK = "link"  # a new lead, linked to the one there is
    REOPEN = "reopen"


def treatment(match: Match, policy: str, *, now: datetime) -> tuple[Treatment, UUID | None]:
    """What the team's policy says to do, and with which lead.

    A won lead is never opened again: what comes after it is a new deal, linked to it.
    """
    if match.lead is not None:
        is_another = policy == DuplicatePolicy.LINK and not match.is_repeat and not match.is_barred
        if is_another and match.heard_at is not None and now - match.heard_at > SAME_ENQUIRY:
            return Treatment.LINK, match.lead
        return Treatment.ATTACH, match.lead
    if match.closed is None:
        return Treatment.NEW, None
    if policy == DuplicatePolicy.REOPEN and match.closed_kind != StatusKind.WON:
        return Treatment.REOPEN, match.closed
    return Treatment.LINK, match.closed


@dataclass(frozen=True, slots=True)
class _Known:
    """A lead with one of the keys; of one that was merged, the lead that it is now."""

    id: UUID
    merged_into: UUID | None
    status_kind: str
    do_not_contact: bool
    last_heard_at: datetime | None
    email_key: str
    phone_key: str
    source_id: UUID
    provider_id: str
    received_at: datetime
    stage: str

    @property
    def is_live(self) -> bool:
        return self.status_kind in OPEN_KINDS

    @property
    def heard_at(self) -> datetime:
        return self.last_heard_at or self.received_at


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
    *,
    now: datetime | None = None,
) -> Match:
    """The live lead with this e-mail, else this phone, else this id of the same source.

    An e-mail wins over a phone; the other lead is suggested for a merge. Closed leads (won,
    lost, disqualified) are not live. An id that comes with another person is another lead. A
    lead that was merged is found by all that it was known by, as the lead that it is now. One
    that was kept out is found while it may be the same enquiry, as of `now`.
    """
    known = _known(team, email_key, phone_key, source, provider_id)
    known = [lead for lead in known if _is_here(lead, now)]
    live = [lead for lead in known if lead.is_live]
    by_email = [lead.id for lead in live if email_key and lead.email_key == email_key]
    by_phone = [lead.id for lead in live if phone_key and lead.phone_key == phone_key]
    by_id = [lead.id for lead in known if _is_same(lead, email_key, phone_key, provider_id)]
    found = next(iter([*by_email, *by_phone, *by_id]), None)
    closed = next(
        (lead for lead in known if not lead.is_live and _is_person(lead, email_key, phone_key)),
        None,
    )
    return Match(
        lead=found,
        suggestion=next((lead for lead in by_phone if by_email and lead not in by_email), None),
        is_barred=any(lead.do_not_contact for lead in known),
        is_repeat=found in by_id,
        heard_at=max((lead.heard_at for lead in known if lead.id == found), default=None),
        closed=closed.id if closed else None,
        closed_kind=closed.status_kind if closed else "",
    )


def _is_here(lead: _Known, now: datetime | None) -> bool:
    """Whether the lead counts: one that was kept out only while it may be the same enquiry."""
    if lead.stage != Lead.Stage.AWAY:
        return True
    return now is not None and now - lead.heard_at < SAME_ENQUIRY


def _is_person(lead: _Known, email_key: str, phone_key: str) -> bool:
    pairs = ((lead.email_key, email_key), (lead.phone_key, phone_key))
    return any(stored == given for stored, given in pairs if given)


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
    rows = _query_by(*sorted(keys)).rows(team=team.pk, **keys)
    return _as_they_are_now([_Known(*row) for row in rows])


def _as_they_are_now(known: list[_Known]) -> list[_Known]:
    """Merged ones as the leads that they were merged into; without those that are gone. A second
    statement only if there are any."""
    merged = {lead.merged_into for lead in known if lead.merged_into}
    if not merged:
        return known
    there = Lead.objects.filter(pk__in=merged, deleted_at=None)
    columns = ("id", "status_kind", "do_not_contact", "last_heard_at")
    now = {row["id"]: row for row in there.values(*columns)}
    return [_moved(lead, now) for lead in known if lead.merged_into in {None, *now}]


def _moved(lead: _Known, now: Mapping[UUID, Mapping[str, Any]]) -> _Known:
    return replace(lead, **now[lead.merged_into]) if lead.merged_into else lead


_EXAMPLES = {
    "email_key": "an e-mail", "phone_key": "a phone", "provider_id": "an id",
    "source": UUID(int=2),
}  # fmt: skip


@lru_cache
def _query_by(*keys: str) -> Fixed:
    return Fixed(_with_any, team=UUID(int=1), **{key: _EXAMPLES[key] for key in keys})


def _with_any(*, team: UUID, **keys: Any) -> QuerySet[Lead, Any]:
    is_there = Q(deleted_at__isnull=True) | Q(merged_into__isnull=False) | Q(stage=Lead.Stage.AWAY)
    rows = Lead.objects.filter(is_there, team_id=team, is_test=False, is_spam=False)
    arms = [rows.filter(**{key: keys[key]}) for key in ("email_key", "phone_key") if key in keys]
    if "source" in keys:
        arms.append(rows.filter(source_id=keys["source"], provider_id=keys["provider_id"]))
    return _newest(arms)


def _newest(arms: Sequence[QuerySet[Lead]]) -> QuerySet[Lead, Any]:
    columns = (
        "id", "merged_into_id", "status_kind", "do_not_contact", "last_heard_at", "email_key",
        "phone_key", "source_id", "provider_id", "received_at", "stage",
    )  # fmt: skip
    first, *others = [
        arm.order_by("-received_at", "-id").values_list(*columns)[:_SEEN] for arm in arms
    ]
    if not others:
        return first
    # A lead that is found twice does no harm; sorting them out would cost as much as finding.
    return first.union(*others, all=True).order_by("-received_at", "-id")
