"""The one door for leads: is it known, may it be worked, keep it, send it on its road."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.alerts import services as alerts
from apps.alerts.models import Kind
from apps.alerts.services import NewAlert
from apps.assignments import services as assignments
from apps.assignments import together
from apps.assignments.models import Door
from apps.capture.drafts import ANSWERED_AS, Intake, LeadDraft
from apps.capture.models import Capture
from apps.leads import duplicates
from apps.leads.masking import headline
from apps.leads.models import Activity, Lead, Source, Status, StatusKind
from apps.leads.services import activity
from apps.routing import calendar
from apps.rules import scoring
from apps.rules.calendars import team_schedule
from apps.teams.access import Access

Outcome = Capture.Outcome
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def intake(
    draft: LeadDraft,
    *,
    source: Source,
    door: Door,
    by: Access,
    now: datetime,
    capture_id: UUID | None = None,
) -> Intake:
    """Make a lead of the draft, or attach it to the live lead that it is; then route.

    Runs inside the caller's transaction. `source` needs its team loaded.
    """
    if not draft.has_contact:
        reason = _("There is no e-mail and no phone number that anybody could use.")
        return Intake(Outcome.QUARANTINED, reason=reason)
    if draft.is_test:
        lead = _save(draft, source, by, now, stage=Lead.Stage.OUT, is_test=True)
        return Intake(Outcome.TEST, lead)
    duplicates.lock_contact(source.team, draft.email.key, draft.phone.key)
    match = duplicates.find(
        source.team, draft.email.key, draft.phone.key, source, draft.provider_id
    )
    if match.lead is not None:
        attached = _attach(
            draft,
            match.lead,
            match.suggestion,
            source=source,
            by=by,
            now=now,
            capture_id=capture_id,
        )
        if attached is not None:
            return attached
    if match.is_barred:
        return _turn_away(draft, source, by, now)
    lead = _save(draft, source, by, now)
    placed = assignments.route(lead, door=door, by=by, now=now)
    outcome = ANSWERED_AS.get(placed.outcome, placed.outcome)
    return Intake(outcome, lead, placed.owner, placed.offer_id, placed.decision_id)


def _save(draft: LeadDraft, source: Source, by: Access, now: datetime, **more: Any) -> Lead:
    """Write the lead and the first line of its timeline, in one statement."""
    received_at = _received_at(draft, now)
    lead = Lead(
        team=source.team,
        source=source,
        name=draft.name,
        email=draft.email.shown,
        email_key=draft.email.key,
        phone=draft.phone.shown,
        phone_key=draft.phone.key,
        facts=dict(draft.facts),
        custom=dict(draft.custom),
        warnings=list(draft.warnings),
        provider_id=draft.provider_id,
        received_at=received_at,
        clock_starts_at=calendar.next_opening(team_schedule(source.team), received_at),
        **({"status_id": _status_id(source), **draft.columns} | more),
    )
    for name, value in scoring.score_lead(lead, source.team, now).items():
        setattr(lead, name, value)
    data = {"source": source.name, "campaign": lead.campaign}
    first = activity(lead, Activity.Kind.RECEIVED, by=by, now=now, data=data)
    together.write([lead, first])
    return lead


def _received_at(draft: LeadDraft, now: datetime) -> datetime:
    """When it really came, if that is told and can be true."""
    told = draft.received_at
    return told if told and _EARLIEST <= told <= now else now


def _status_id(source: Source) -> UUID:
    """The team's first status for new leads: read with the source on the hot path."""
    known: UUID | None = getattr(source, "new_status_id", None)
    return known or _first_status(source, StatusKind.NEW).pk


def _first_status(source: Source, kind: StatusKind) -> Status:
    status = Status.objects.filter(team=source.team, kind=kind, is_active=True).first()
    if status is None:
        raise LookupError(
            f"{source.team} has no status of the kind “{kind}”: add one in the admin."
        )
    return status


def _turn_away(draft: LeadDraft, source: Source, by: Access, now: datetime) -> Intake:
    """Keep a lead of somebody who asked not to be contacted, closed and unrouted."""
    reason = _("This person asked not to be contacted.")
    status = _first_status(source, StatusKind.DISQUALIFIED)
    lead = _save(
        draft, source, by, now,
        stage=Lead.Stage.OUT, status_id=status.pk, status_kind=status.kind, closed_at=now,
        do_not_contact=True, disqualified_reason=reason,
    )  # fmt: skip
    data = {"reason": reason}
    activity(lead, Activity.Kind.DISQUALIFIED, by=by, now=now, data=data).save(force_insert=True)
    return Intake(Outcome.DISQUALIFIED, lead, reason=reason)


def _attach(
    draft: LeadDraft,
    lead_id: UUID,
    suggestion: UUID | None,
    *,
    source: Source,
    by: Access,
    now: datetime,
    capture_id: UUID | None,
) -> Intake | None:
    """Add what is new to the lead and tell its owner; None if it was deleted meanwhile."""
    lead = (
        # Rows that point to a lead are checked at the commit: a full lock could wait for them.
        Lead.objects.select_for_update(of=("self",), no_key=True)
        .select_related("source", "owner__user")
        .filter(pk=lead_id, deleted_at__isnull=True)
        .first()
    )
    if lead is None:
        return None
    filled = _fill(lead, draft)
    if suggestion and lead.merge_suggestion_id is None:
        filled["merge_suggestion_id"] = suggestion
    if filled:
        Lead.objects.filter(pk=lead.pk).update(**filled, version=lead.version + 1)
    data = {
        "source": source.name,
        "campaign": draft.columns.get("campaign", ""),
        "filled": sorted(filled.keys() - {"email_key", "phone_key", "merge_suggestion_id"}),
        "capture": str(capture_id) if capture_id else None,
    }
    activity(lead, Activity.Kind.ATTACHED, by=by, now=now, data=data).save(force_insert=True)
    _tell_owner(lead, by, now)
    return Intake(Outcome.DUPLICATE, lead, lead.owner)


def _fill(lead: Lead, draft: LeadDraft) -> dict[str, Any]:
    """Only what the lead does not know yet: nothing that somebody wrote is overwritten."""
    contact = {"name": draft.name, **draft.columns}
    filled = {key: value for key, value in contact.items() if value and not getattr(lead, key)}
    if draft.email.key and not lead.email_key:
        filled |= {"email": draft.email.shown, "email_key": draft.email.key}
    if draft.phone.key and not lead.phone_key:
        filled |= {"phone": draft.phone.shown, "phone_key": draft.phone.key}
    pairs: tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...] = (
        ("facts", lead.facts, draft.facts),
        ("custom", lead.custom, draft.custom),
    )
    for key, known, given in pairs:
        if given.keys() - known.keys():
            filled[key] = {**given, **known}
    return filled


def _tell_owner(lead: Lead, by: Access, now: datetime) -> None:
    if lead.owner is None:
        return
    told = NewAlert(
        lead.owner.user_id, Kind.CAME_AGAIN, lead_id=lead.pk, data={"title": headline(lead)}
    )
    alerts.raise_alerts([told], team=by.team, now=now)
