"""What is written about a lead besides its ownership: notes, follow-ups, edits, attempts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.leads import companies, events
from apps.leads.models import Activity, Attempt, FollowUp, Lead, Outcome
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.scope import deed

EDITABLE = frozenset({
    "name", "email", "phone", "company", "job_title", "country", "region", "city", "postcode",
    "language", "campaign", "form", "message", "facts", "custom", "email_key", "phone_key",
    "do_not_contact", "priority", "score",
})  # fmt: skip
# Columns that follow from others and are nobody's to read.
KEYS = frozenset({"email_key", "phone_key", "company_key", "domain"})
CONTACT = frozenset({Outcome.TALKED, Outcome.REPLIED})


class StaleLead(Exception):
    """Somebody changed the lead meanwhile; read it again and repeat the change."""


def activity(
    lead: Lead,
    kind: Activity.Kind,
    *,
    by: Access,
    now: datetime,
    member: Membership | None = None,
    data: dict[str, Any] | None = None,
) -> Activity:
    """An unsaved line for the lead's timeline."""
    return Activity(
        team_id=lead.team_id,
        lead=lead,
        kind=kind,
        at=now,
        member=member or by.membership,
        data=data or {},
        **deed(by),
    )


def add_note(lead: Lead, *, text: str, by: Access, now: datetime) -> Activity:
    """A note on the timeline; it is never an attempt. ValueError if it is empty."""
    text = text.replace("\x00", "").strip()
    if not text:
        raise ValueError("Write the note first: it is empty.")
    note = activity(lead, Activity.Kind.NOTE, by=by, now=now, data={"text": text[:4000]})
    note.save()
    return note


@transaction.atomic
def set_follow_up(
    lead: Lead,
    *,
    due_at: datetime,
    by: Access,
    now: datetime,
    member: Membership | None = None,
    channel: str = "",
    note: str = "",
) -> FollowUp:
    """Plan the next step; it takes the place of the open one, if any."""
    _locked(lead)
    lead.follow_ups.filter(done_at=None, cancelled_at=None).update(cancelled_at=now)
    doer = member or by.membership or lead.owner
    if doer is None:
        raise ValueError("Nobody owns this lead: claim or assign it before planning a follow-up.")
    follow_up = FollowUp.objects.create(
        team_id=lead.team_id,
        lead=lead,
        member=doer,
        due_at=due_at,
        channel=channel,
        note=note.replace("\x00", "")[:500],
        created_at=now,
        **deed(by),
    )
    data = {"due_at": due_at.isoformat(), "channel": channel, "note": follow_up.note}
    activity(lead, Activity.Kind.FOLLOW_UP, by=by, now=now, data=data).save()
    return follow_up


@transaction.atomic
def finish_follow_up(follow_up: FollowUp, *, by: Access, now: datetime) -> bool:
    """Tick it off, once; False if it was done or cancelled before."""
    changed = FollowUp.objects.filter(pk=follow_up.pk, done_at=None, cancelled_at=None).update(
        done_at=now
    )
    if changed:
        data = {"in_time": now <= follow_up.due_at}
        activity(follow_up.lead, Activity.Kind.FOLLOW_UP_DONE, by=by, now=now, data=data).save()
    return bool(changed)


def cancel_follow_up(follow_up: FollowUp, *, by: Access, now: datetime) -> bool:
    """Drop it; False if it was done or cancelled before."""
    still_open = FollowUp.objects.filter(pk=follow_up.pk, done_at=None, cancelled_at=None)
    return bool(still_open.update(cancelled_at=now))


@transaction.atomic
def edit(
    lead: Lead, *, changes: dict[str, Any], by: Access, now: datetime, version: int | None = None
) -> Lead:
    """Change facts of a lead. Raises StaleLead if `version` is no longer the current one."""
    unknown = changes.keys() - EDITABLE
    if unknown:
        raise ValueError(f"These fields can't be edited: {', '.join(sorted(unknown))}.")
    locked = _locked(lead)
    if version is not None and locked.version != version:
        raise StaleLead(f"Version {version} was given, {locked.version} is current.")
    wanted = {**changes, **companies.company_keys(changes)}
    changed = {key: value for key, value in wanted.items() if getattr(locked, key) != value}
    if not changed:
        return locked
    before = {key: getattr(locked, key) for key in changed}
    for key, value in changed.items():
        setattr(locked, key, value)
    locked.version += 1
    locked.save(update_fields=[*changed, "version"])
    events.changed(locked, _keys(before, changed), by=by, now=now)
    # The fields that changed, not their values: the timeline must survive an erasure.
    data = {"fields": sorted(changed.keys() - KEYS)}
    activity(locked, Activity.Kind.EDITED, by=by, now=now, data=data).save()
    return locked


def _keys(before: dict[str, Any], changed: dict[str, Any]) -> set[str]:
    """The registry keys that changed; of facts and own fields each by itself."""
    keys = changed.keys() - KEYS - {"facts", "custom"}
    for column, prefix in (("facts", ""), ("custom", "custom.")):
        old, new = before.get(column) or {}, changed.get(column) or {}
        keys |= {prefix + key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    return keys


@transaction.atomic
def report(lead: Lead, event: str, *, by: Access, now: datetime) -> None:
    """Another system tells what the lead did (events.EVENTS): on its timeline, and to the rules.

    ValueError for an unknown event.
    """
    events.heard(lead, event, by=by, now=now)
    replied = event == events.REPLIED
    kind = Activity.Kind.CONTACT if replied else Activity.Kind.HEARD
    activity(lead, kind, by=by, now=now, data={"event": event}).save()
    if replied:
        Lead.objects.filter(pk=lead.pk, first_contact_at=None).update(first_contact_at=now)


def mark_viewed(lead: Lead, *, by: Access, now: datetime) -> None:
    """Remember the first time that the owner opened the lead."""
    if lead.viewed_at is None and lead.owner_id is not None and lead.owner_id == by.member_id:
        Lead.objects.filter(pk=lead.pk, viewed_at=None).update(viewed_at=now)


def count_attempt(lead: Lead, attempt: Attempt, *, business_seconds: float) -> None:
    """Move the lead's moments for an attempt that counts; the earliest one stays.

    `business_seconds` lie between receipt and attempt within the team's hours of today: kept,
    because hours change.
    """
    moments: dict[str, Any] = {}
    if lead.first_attempt_at is None or attempt.at < lead.first_attempt_at:
        moments["first_attempt_at"] = attempt.at
        moments["business_response_seconds"] = business_seconds
    if attempt.outcome in CONTACT and lead.first_contact_at is None:
        moments["first_contact_at"] = attempt.at
    if not moments:
        return
    for key, value in moments.items():
        setattr(lead, key, value)
    Lead.objects.filter(pk=lead.pk).update(**moments, version=F("version") + 1)


def _locked(lead: Lead) -> Lead:
    leads = Lead.objects.select_for_update(of=("self",), no_key=True).select_related("source")
    return leads.get(pk=lead.pk)
