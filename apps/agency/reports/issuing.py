"""What is due becomes a mail to each who gets it; the mails then go out one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.agency.models import ReportMail, ReportPlan, ReportSchedule
from apps.agency.reports import letters, plans
from apps.agency.reports.spans import Span
from apps.teams import posting
from apps.teams.agency_access import live_grants, works_at
from apps.teams.models import Membership, Operator
from apps.teams.permissions import Role

Side = ReportMail.Side
_ROLES = {
    ReportPlan.ToClient.ADMINS: (Role.ADMIN,),
    ReportPlan.ToClient.MANAGERS: (Role.ADMIN, Role.MANAGER),
}


def run() -> int:
    """Write down and send what is due; how many mails went out. May run twice, and at once."""
    now = _clock()
    for plan in ReportPlan.objects.filter(is_active=True, agency__is_active=True):
        plans.keep_up(plan, now=now)
    while _issue_next():
        pass
    return posting.post_due(ReportMail, write)


def post(mail_id: UUID) -> int:
    """Send one, if it still waits."""
    return posting.post_due(ReportMail, write, only=mail_id)


@transaction.atomic
def _issue_next() -> bool:
    """Take one that is due, write its mails, and say when it is due again; False if none is."""
    rows = ReportSchedule.objects.select_for_update(skip_locked=True, of=("self",))
    row = rows.filter(next_at__lte=Now()).select_related("plan", "team", "grant").first()
    if row is None:
        return False
    now = _clock()
    if _is_live(row):
        _write_down(row, now)
        row.next_at = plans.next_due(row.plan, row.team.timezone, now)
    else:
        row.next_at = None
    row.save(update_fields=["next_at"])
    return True


def _is_live(row: ReportSchedule) -> bool:
    return row.plan.is_active and live_grants().filter(pk=row.grant_id).exists()


def _write_down(row: ReportSchedule, now: datetime) -> None:
    """One mail a person: whoever is on both sides gets the agency's."""
    span = plans.span_at(row.plan, now, row.team.timezone)
    people: dict[UUID, str] = {}
    for user_id, side in _recipients(row):
        people.setdefault(user_id, side)
    ReportMail.objects.bulk_create(
        [
            ReportMail(team=row.team, schedule=row, user_id=user_id, side=side, kind=span.kind,
                       first_day=span.first, try_at=now)
            for user_id, side in people.items()
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def _recipients(row: ReportSchedule) -> Iterator[tuple[UUID, str]]:
    """Who gets it now: people who still work there, and who want it."""
    wants = Q(user__wants_reports=True, user__is_active=True)
    plan = row.plan
    operators = Operator.objects.filter(works_at() & wants, agency=plan.agency_id)
    for user_id in operators.filter(pk__in=plan.operators).values_list("user_id", flat=True):
        yield user_id, Side.AGENCY
    roles = _ROLES.get(ReportPlan.ToClient(plan.to_client), ())
    if row.stopped_at is None and roles:
        members = Membership.objects.active().filter(wants, team=row.team_id, role__in=roles)
        for user_id in members.values_list("user_id", flat=True):
            yield user_id, Side.CLIENT


def write(mail: ReportMail) -> EmailMessage | None:
    """The mail as it is now; None if its reader may not have it any more."""
    rows = ReportSchedule.objects.select_related("plan", "team", "grant__agency", "grant__team")
    row = rows.get(pk=mail.schedule_id)
    user = User.objects.get(pk=mail.user_id)
    if not live_grants().filter(pk=row.grant_id).exists() or not _may_have(mail, row, user):
        return None
    span = Span.around(mail.first_day, mail.kind)
    return letters.report_letter(row.grant, span, user=user, side=mail.side, now=_clock())


def _may_have(mail: ReportMail, row: ReportSchedule, user: User) -> bool:
    if mail.is_asked:
        works = Operator.objects.filter(works_at(), agency=row.plan.agency_id, user=user)
        return works.exists()
    return row.plan.is_active and (user.pk, mail.side) in set(_recipients(row))


def _clock() -> datetime:
    """The database's: what is due is decided by it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    moment: datetime = now
    return moment
