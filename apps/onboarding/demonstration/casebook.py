"""What owners did with their leads, gathered in memory and written at once.

It writes what the services of `assignments` and `leads` would have written one by one, which
takes them twenty statements an attempt: too slow for a past of many hundreds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from apps.assignments.models import Assignment
from apps.leads.models import Activity, Attempt, FollowUp, Lead, Status, StatusKind
from apps.leads.services import CONTACT, activity
from apps.rules import hours
from apps.teams.access import Access
from apps.teams.models import Membership, Team
from apps.teams.scope import deed

_BATCH = 200
_OF_LEAD = (
    "status", "status_kind", "custom", "viewed_at", "first_attempt_at", "first_contact_at",
    "business_response_seconds", "qualified_at", "closed_at", "version",
)  # fmt: skip


@dataclass(slots=True)
class Case:
    """One owner's work on one lead."""

    book: Casebook
    lead: Lead
    assignment: Assignment
    by: Access
    follow_up: FollowUp | None = None

    def attempt(self, channel: str, *, outcome: str, at: datetime, told_at: datetime) -> None:
        """She tried to reach the lead at `at`, and said at `told_at` how it went."""
        lead = self.lead
        lead.viewed_at = lead.viewed_at or at
        made = Attempt(
            **self._row(at), member=self.by.membership, channel=channel, outcome=outcome,
            confirmed_at=told_at,
        )  # fmt: skip
        self.book.attempts.append(made)
        data = {"attempt": str(made.pk), "channel": channel}
        self.note_down(Activity.Kind.ATTEMPT, at, **data)
        self.note_down(Activity.Kind.OUTCOME, told_at, **data, outcome=outcome)
        if lead.first_attempt_at is None:
            lead.first_attempt_at = self.assignment.responded_at = at
            lead.business_response_seconds = hours.seconds_between(
                lead.received_at, at, team=self.by.team
            )
        if outcome in CONTACT:
            lead.first_contact_at = lead.first_contact_at or at
        if lead.status_kind == StatusKind.NEW:
            self.change_status(StatusKind.WORKING, told_at)

    def plan(self, due_at: datetime, *, now: datetime, step: tuple[str, str]) -> None:
        """The next step: by which channel, and what for."""
        channel, note = step
        planned = FollowUp(
            lead=self.lead, team_id=self.lead.team_id, member=self.by.membership, due_at=due_at,
            channel=channel, note=note, created_at=now, **deed(self.by),
        )  # fmt: skip
        self.follow_up = planned
        self.book.follow_ups.append(planned)
        self.note_down(
            Activity.Kind.FOLLOW_UP, now, due_at=due_at.isoformat(), channel=channel, note=note
        )

    def finish_follow_up(self, at: datetime) -> None:
        if self.follow_up is not None:
            self.follow_up.done_at = at
            in_time = at <= self.follow_up.due_at
            self.note_down(Activity.Kind.FOLLOW_UP_DONE, at, in_time=in_time)
            self.follow_up = None

    def win(self, at: datetime, *, order: Mapping[str, Any]) -> None:
        self.lead.custom = {**self.lead.custom, **order}
        self.lead.version += 1
        self.note_down(Activity.Kind.EDITED, at, fields=["custom"])
        self.change_status(StatusKind.WON, at)

    def change_status(self, kind: StatusKind, at: datetime) -> None:
        """Move on; closing frees the owner's place."""
        lead, before = self.lead, self.lead.status_kind
        lead.status = self.book.statuses[kind]
        lead.status_kind = kind
        lead.version += 1
        self.note_down(
            Activity.Kind.STATUS, at, to=lead.status.name, kind=kind.value, from_kind=before
        )
        if kind == StatusKind.QUALIFIED:
            lead.qualified_at = at
        if not lead.is_open:
            lead.closed_at = self.assignment.stopped_at = at
            self.book.closed[self.assignment.member_id] += 1

    def note_down(self, kind: Activity.Kind, at: datetime, /, **data: Any) -> None:
        self.book.activities.append(activity(self.lead, kind, by=self.by, now=at, data=data))

    def _row(self, at: datetime) -> dict[str, Any]:
        return {"lead": self.lead, "team_id": self.lead.team_id, "at": at, **deed(self.by)}


@dataclass(slots=True)
class Casebook:
    """Everybody's cases. Nothing is in the database before `write`."""

    team: Team
    statuses: Mapping[str, Status]
    cases: list[Case] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    follow_ups: list[FollowUp] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    closed: Counter[UUID] = field(default_factory=Counter)

    @classmethod
    def of(cls, team: Team) -> Casebook:
        return cls(team, {row.kind: row for row in Status.objects.filter(team=team)})

    def open(self, lead: Lead, assignment: Assignment, by: Access) -> Case:
        """The case of a lead with its live assignment."""
        case = Case(self, lead, assignment, by)
        self.cases.append(case)
        return case

    def write(self) -> None:
        """Write all of it, and give back the places of leads that were closed."""
        Attempt.objects.bulk_create(self.attempts, batch_size=_BATCH)
        FollowUp.objects.bulk_create(self.follow_ups, batch_size=_BATCH)
        Activity.objects.bulk_create(self.activities, batch_size=_BATCH)
        Lead.objects.bulk_update([case.lead for case in self.cases], _OF_LEAD, batch_size=_BATCH)
        Assignment.objects.bulk_update(
            [case.assignment for case in self.cases], ["responded_at", "stopped_at"],
            batch_size=_BATCH,
        )  # fmt: skip
        for member_id, closed in self.closed.items():
            mine = Membership.objects.filter(pk=member_id)
            mine.update(open_leads=F("open_leads") - closed)
