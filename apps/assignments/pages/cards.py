"""What Today, the Lead page and the Hopper show, made from rows in few queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.assignments.models import Assignment, HopperEntry, Offer
from apps.assignments.seats import head_start, limits
from apps.leads import groups, masking
from apps.leads.groups import Chip
from apps.leads.models import FollowUp, Lead
from apps.rules.models import Ranking
from apps.teams.access import Access
from apps.teams.models import Membership

STILL_FRESH = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class LeadCard:
    """A lead on a page, masked where it must be, with its address."""

    id: UUID
    name: str
    company: str
    origin: str
    facts: tuple[str, ...]
    url: str
    is_masked: bool
    phone: str = ""
    band: str = ""
    groups: Sequence[Chip] = ()
    is_copy: bool = False


@dataclass(frozen=True, slots=True)
class OfferCard:
    id: UUID
    lead: LeadCard
    received_at: datetime
    opened_at: datetime
    expires_at: datetime
    is_exclusive: bool
    others: int
    why: str
    next_name: str
    blocked: str
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewRow:
    lead: LeadCard
    clock_start_at: datetime
    respond_by: datetime | None
    received_at: datetime
    attempt_url: str


@dataclass(frozen=True, slots=True)
class FollowUpRow:
    id: UUID
    lead: LeadCard
    due_at: datetime
    note: str
    channel: str
    is_late: bool
    done_url: str


@dataclass(frozen=True, slots=True)
class HopperRow:
    lead: LeadCard
    entered_at: datetime
    received_at: datetime
    expires_at: datetime
    pool: str
    blocked: str
    pick_url: str


def lead_card(lead: Lead, access: Access, *, masked: bool, keys: Iterable[str] = ()) -> LeadCard:
    """The card of a lead; needs its source loaded."""
    lead.team = access.team  # known, so that its currency costs no query
    card = masking.card(lead, masked=masked, keys=keys)
    return LeadCard(
        id=lead.pk,
        name=card.label,
        company=card.company,
        origin=card.origin,
        facts=tuple(part for part in (card.where, *card.facts) if part),
        url=address(access, "lead", lead=lead.pk),
        is_masked=masked,
        phone=card.phone,
        band=card.band,
        groups=groups.known(access.team).of(lead),
        is_copy=card.is_copy,
    )


def address(access: Access, name: str, **parts: Any) -> str:
    return reverse(f"assignments:{name}", kwargs={"team": access.team.slug, **parts})


def offers(access: Access, now: datetime) -> list[OfferCard]:
    """Open offers put to this member, the soonest to expire first."""
    rows = list(
        Offer.objects.put_to(access)
        .filter(expires_at__gt=now, lead__deleted_at=None)
        .select_related("lead__source", "pool", "decision")
        .order_by("expires_at", "id")
    )
    names = _names(_next_after(offer) for offer in rows)
    opens = head_start.opening(rows, access.member_id, now)
    return [_offer_card(offer, access, names, opens.get(offer.pk), now) for offer in rows]


def _offer_card(
    offer: Offer, access: Access, names: dict[str, str], opens_at: datetime | None, now: datetime
) -> OfferCard:
    keys = offer.decision.trace.get("facts", {})
    masked = access.masked or not offer.is_exclusive
    card = lead_card(offer.lead, access, masked=masked, keys=keys)
    by_turn = offer.is_exclusive and offer.pool.ranking == Ranking.TURN
    return OfferCard(
        id=offer.pk,
        lead=card,
        received_at=offer.lead.received_at,
        opened_at=offer.opened_at,
        expires_at=offer.expires_at,
        is_exclusive=offer.is_exclusive,
        others=len(offer.candidates),
        why=_("your turn") if by_turn else "",
        next_name=names.get(_next_after(offer) or "", ""),
        blocked="" if offer.is_exclusive else why_blocked(access, offer.pool, now),
        opens_at=opens_at,
    )


def _next_after(offer: Offer) -> str | None:
    """Who was second in line when the offer was made."""
    if not offer.is_exclusive:
        return None
    steps = offer.decision.trace.get("steps") or [{}]
    line = [one["member"] for one in steps[-1].get("candidates", []) if not one.get("skip")]
    return line[1] if len(line) > 1 else None


def _names(member_ids: Iterable[str | None]) -> dict[str, str]:
    wanted = {one for one in member_ids if one}
    if not wanted:
        return {}
    members = Membership.objects.filter(pk__in=wanted).select_related("user")
    return {str(member.pk): member.user.get_short_name() for member in members}


def why_blocked(access: Access, pool: Any, now: datetime) -> str:
    """Why this member may not take an open lead now, in a sentence; "" if she may."""
    member = access.membership
    if member is None:
        return _("Only members of the team can take leads.")
    if member.is_paused and (member.paused_until is None or member.paused_until > now):
        return _("You are paused. Switch yourself on to claim.")
    allowed = limits.of(pool, access.team, now)
    claimed = member.claims_count if member.claims_date == allowed.today else 0
    if allowed.per_day is not None and claimed >= allowed.per_day:
        return _("You have claimed %(n)d of %(n)d leads today.") % {"n": allowed.per_day}
    if member.capacity is not None and member.open_leads >= member.capacity:
        return _("You have %(n)d open leads, as many as you take.") % {"n": member.open_leads}
    return ""


def new_rows(access: Access) -> list[NewRow]:
    """The member's leads without an attempt, the nearest deadline first."""
    rows = (
        Assignment.objects.live()
        .filter(team=access.team, member_id=access.member_id, responded_at=None, stopped_at=None)
        .filter(lead__deleted_at=None, lead__first_attempt_at=None)
        .select_related("lead__source", "decision")
        .order_by("respond_by", "started_at")[:100]
    )
    return [_new_row(row, access) for row in rows]


def _new_row(row: Assignment, access: Access) -> NewRow:
    keys = row.decision.trace.get("facts", {})
    return NewRow(
        lead=lead_card(row.lead, access, masked=access.masked, keys=keys),
        clock_start_at=clock_start(row),
        respond_by=row.respond_by,
        received_at=row.lead.received_at,
        attempt_url=address(access, "attempt", lead=row.lead_id),
    )


def clock_start(row: Assignment) -> datetime:
    """Since when the lead waits for this owner: its arrival, or when she got it much later."""
    received = row.lead.clock_starts_at or row.lead.received_at
    return received if row.started_at - received < STILL_FRESH else row.started_at


def follow_ups(access: Access, now: datetime) -> tuple[list[FollowUpRow], list[FollowUpRow]]:
    """Open follow-ups of this member: those that are late, and those later today."""
    zone = ZoneInfo(access.user.timezone if access.user else access.team.timezone)
    tonight = (now.astimezone(zone) + timedelta(days=1)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    rows = (
        FollowUp.objects.filter(
            team=access.team, member_id=access.member_id, done_at=None, cancelled_at=None,
            due_at__lt=tonight, lead__deleted_at=None,
        )
        .select_related("lead__source")
        .order_by("due_at", "id")[:200]
    )  # fmt: skip
    cards = [_follow_up_row(row, access, now) for row in rows]
    return [card for card in cards if card.is_late], [card for card in cards if not card.is_late]


def _follow_up_row(row: FollowUp, access: Access, now: datetime) -> FollowUpRow:
    return FollowUpRow(
        id=row.pk,
        lead=lead_card(row.lead, access, masked=access.masked),
        due_at=row.due_at,
        note=row.note,
        channel=row.channel,
        is_late=row.due_at < now,
        done_url=address(access, "follow_up_done", follow_up=row.pk),
    )


def hopper(access: Access, entries: Sequence[HopperEntry], now: datetime) -> list[HopperRow]:
    """The cards of these hopper entries, masked until they are picked."""
    return [
        HopperRow(
            lead=lead_card(entry.lead, access, masked=True),
            entered_at=entry.entered_at,
            received_at=entry.lead.received_at,
            expires_at=entry.expires_at,
            pool=entry.pool.name if entry.pool else "",
            blocked=why_blocked(access, entry.pool, now),
            pick_url=address(access, "pick", lead=entry.lead_id),
        )
        for entry in entries
    ]
