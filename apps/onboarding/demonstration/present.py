"""What is going on in the demo today: reports that wait, a cover ahead, somebody's quiet hours."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal

from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.assignments.moves import approvals
from apps.assignments.work import bad_leads
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
    _ask(company, now)
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


def _ask(company: Company, now: datetime) -> None:
    """Two requests wait for a manager: another owner for a lead, and turns."""
    _first, _second, third, fourth, *_others = company.salespeople
    lead = _latest(third)
    if lead is not None and fourth.membership is not None:
        approvals.ask_for_owner(
            lead, to_member=fourth.membership, reason="They speak Spanish only.", by=third, now=now
        )
    pool = approvals.own_pools(fourth).first()
    if pool is not None:
        approvals.ask_for_credit(
            pool, turns=Decimal(2), reason="Two leads were wrong numbers.", by=fourth, now=now
        )
