"""The one door for leads: is it known, may it be worked, keep it, send it on its road."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.assignments import services as assignments
from apps.assignments.models import Door
from apps.assignments.road import together
from apps.capture import arriving, attaching
from apps.capture.attaching import Coming
from apps.capture.drafts import ANSWERED_AS, Intake, LeadDraft
from apps.capture.models import Capture
from apps.deliveries.plans import planning
from apps.leads import duplicates
from apps.leads.companies import company_keys
from apps.leads.duplicates import Match, Treatment
from apps.leads.models import Activity, Lead, Source, Status, StatusKind
from apps.leads.services import activity
from apps.routing import calendar
from apps.rules.calendars import team_schedule
from apps.rules.scoring import points
from apps.teams.access import Access

Outcome = Capture.Outcome
_TRIES = 3  # a lead that was found may be deleted or merged before it is under lock
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
    """Make a lead of the draft, or attach it to the lead that it is; then route.

    The order: known already (the team's policy says what then), interest groups, score, copies
    to recipients, road.
    Runs inside the caller's transaction. `source` needs its team loaded.
    """
    if not draft.has_contact:
        reason = _("There is no e-mail and no phone number that anybody could use.")
        return Intake(Outcome.QUARANTINED, reason=reason)
    if draft.is_test:
        lead = _save(draft, source, by, now, stage=Lead.Stage.OUT, is_test=True)
        return Intake(Outcome.TEST, lead)
    duplicates.lock_contact(source.team, draft.email.key, draft.phone.key)
    coming = Coming(draft, source, door, by, now, capture_id)
    for _try in range(_TRIES):
        match = duplicates.find(
            source.team, draft.email.key, draft.phone.key, source, draft.provider_id, now=now
        )
        if match.is_barred and match.lead is None:
            return _turn_away(draft, source, by, now)
        made = _treated(coming, match)
        if made is not None:
            return made
    raise LookupError(_("The lead that this belongs to is being changed. Replay it."))


def _treated(coming: Coming, match: Match) -> Intake | None:
    """What the team's policy makes of it; None if the lead there was is gone meanwhile."""
    policy = coming.source.team.duplicate_policy
    treatment, known_id = duplicates.treatment(match, policy, now=coming.now)
    if known_id is None:
        return _new(coming, None)
    is_reopened = treatment is Treatment.REOPEN and assignments.reopen(
        known_id, door=coming.door, by=coming.by, now=coming.now
    )
    known = attaching.locked(known_id)
    if known is None:
        return None
    if treatment is Treatment.LINK:
        return _new(coming, known)
    return attaching.attach(coming, known, suggestion=match.suggestion, is_reopened=is_reopened)


def _new(coming: Coming, known: Lead | None) -> Intake:
    """A new lead: its copies to recipients, then on its own road; linked to an older one."""
    draft, source, by, now = coming.draft, coming.source, coming.by, coming.now
    linked = {} if known is None else attaching.link(known)
    lead = _save(draft, source, by, now, look_up_at=now, **linked)
    if known is not None:
        attaching.tell_of_link(coming, known, lead)
    arriving.link(lead, source, coming.capture_id)  # its own copies carry the path on
    copies = planning.plan(lead, by=by, now=now)
    if copies is not None and copies.keeps_out:
        return Intake(Outcome.DISTRIBUTED, lead)
    placed = assignments.route(lead, door=coming.door, by=by, now=now)
    outcome = ANSWERED_AS.get(placed.outcome, placed.outcome)
    return Intake(outcome, lead, placed.owner, placed.offer_id, placed.decision_id)


def _save(draft: LeadDraft, source: Source, by: Access, now: datetime, **more: Any) -> Lead:
    """Write the lead and the first line of its timeline, in one statement."""
    received_at = _received_at(draft, now)
    group_ids, facts = attaching.groups_of(draft, source.team)
    lead = Lead(
        team=source.team,
        source=source,
        name=draft.name,
        email=draft.email.shown,
        email_key=draft.email.key,
        phone=draft.phone.shown,
        phone_key=draft.phone.key,
        facts=facts,
        group_ids=group_ids,
        custom=dict(draft.custom),
        warnings=list(draft.warnings),
        provider_id=draft.provider_id,
        received_at=received_at,
        last_heard_at=received_at,
        clock_starts_at=calendar.next_opening(team_schedule(source.team), received_at),
        **({"status_id": _status_id(source), **draft.columns} | more),
    )
    keys = company_keys({"company": lead.company, "email_key": lead.email_key})
    lead.company_key, lead.domain = keys["company_key"], keys["domain"]
    for name, value in points.score_lead(lead, source.team, now).items():
        setattr(lead, name, value)
    data = {"source": source.name, "campaign": lead.campaign, **attaching.mark_of(source)}
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
