"""What a member did lately: how her month went, in a few figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from apps.assignments.models import Assignment
from apps.leads.models import Attempt, Outcome, StatusKind
from apps.teams.models import Membership

DAYS = 30


@dataclass(frozen=True, slots=True)
class Month:
    """The last thirty days. Leads are those that were given to her then, each counted once."""

    leads: int
    answered: int
    contacted: int
    won: int
    attempts: int


def month_of(member: Membership, *, now: datetime) -> Month:
    """Two queries; a lead that she had twice counts once, test leads and spam never."""
    since = now - timedelta(days=DAYS)
    had = Assignment.objects.filter(
        member=member, started_at__gte=since, lead__deleted_at=None, lead__is_test=False,
        lead__is_spam=False,
    )  # fmt: skip
    counted = had.aggregate(
        leads=Count("lead", distinct=True),
        answered=Count("lead", distinct=True, filter=Q(responded_at__isnull=False)),
        contacted=Count("lead", distinct=True, filter=Q(lead__first_contact_at__isnull=False)),
        won=Count("lead", distinct=True, filter=Q(lead__status_kind=StatusKind.WON)),
    )
    made = Attempt.objects.filter(member=member, at__gte=since, confirmed_at__isnull=False)
    return Month(**counted, attempts=made.exclude(outcome=Outcome.MISDIAL).count())
