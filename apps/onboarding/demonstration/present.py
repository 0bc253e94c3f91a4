"""What is going on in the demo today: reports that wait, a cover ahead, somebody's quiet hours."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.assignments import bad_leads
from apps.leads.models import OPEN_KINDS, Lead
from apps.onboarding.demonstration.company import Company
from apps.teams import covers
from apps.teams.access import Access

_REPORTS = (
    ("wrong_number", "It rings at a bakery; they don’t know the name."),
    ("spam", "Sells backlinks. The company does not exist."),
)


def add(company: Company, *, now: datetime) -> None:
    """Through the services, as the people would."""
    first, second, third, *_others = company.salespeople
    for by, (reason, note) in zip((first, second), _REPORTS, strict=True):
        lead = _latest(by)
        if lead is not None:
            bad_leads.report(lead, reason=reason, note=note, by=by, now=now)
    # Nobody of the demo has a mailbox.
    Alert.objects.filter(team=company.team, email_due=True).update(email_due=False)
    if first.user is None or second.membership is None or third.membership is None:
        return
    covers.add_cover(
        third.membership, by_member=second.membership, by=third, now=now,
        starts_at=now + timedelta(days=5), ends_at=now + timedelta(days=12),
    )  # fmt: skip
    User.objects.filter(pk=first.user.pk).update(quiet_from=time(20), quiet_until=time(7))


def _latest(by: Access) -> Lead | None:
    """The newest lead that this member has open."""
    mine = Lead.objects.live().filter(team=by.team, owner_id=by.member_id)
    mine = mine.filter(status_kind__in=OPEN_KINDS, is_test=False)
    return mine.select_related("source").order_by("-received_at", "pk").first()
