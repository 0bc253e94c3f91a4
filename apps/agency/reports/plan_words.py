"""What was ordered, in words: which client, when, to whom, what is next and what came last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Max, Q, QuerySet
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agency.models import ReportMail, ReportPlan, ReportSchedule
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import Operator

State = ReportMail.State


@dataclass(frozen=True, slots=True)
class PlanLine:
    plan: ReportPlan
    client: str
    when: str
    to: str
    due: str
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """One client's: when it is due by its own clock, when it was sent, what went wrong."""

    row: ReportSchedule
    due: str
    last_at: datetime | None
    failed: ReportMail | None


def of(plan: ReportPlan, by: AgencyAccess) -> PlanLine:
    rows = plan.schedules.filter(grant__in=by.clients(), next_at__isnull=False)
    first = rows.select_related("team").order_by("next_at").first()
    return PlanLine(
        plan,
        plan.grant.team.name if plan.grant else _("All clients"),
        when(plan),
        _to(plan),
        _due(first) if first and plan.is_active else "",
        rows.aggregate(last_at=_LAST)["last_at"],
    )


def when(plan: ReportPlan) -> str:
    """ "every Monday at 08:00", "on day 1 of each month at 08:00" """
    said = {"hour": f"{plan.hour:02d}:00", "day": plan.day}
    if plan.rhythm == ReportPlan.Rhythm.WEEKLY:
        return _("every %(weekday)s at %(hour)s") % {**said, "weekday": WEEKDAYS[plan.day - 1]}
    return _("on day %(day)d of each month at %(hour)s") % said


def lines(rows: QuerySet[ReportSchedule], *, limit: int) -> Sequence[ScheduleLine]:
    """The clients of a plan by name."""
    listed = rows.select_related("team").annotate(last_at=_LAST).order_by("team__name")[:limit]
    found = ReportMail.objects.filter(schedule__in=[row.pk for row in listed])
    failed = {
        mail.schedule_id: mail
        for mail in found.exclude(failure="").select_related("user").order_by("try_at")
    }
    return [
        ScheduleLine(row, _due(row), getattr(row, "last_at", None), failed.get(row.pk))
        for row in listed
    ]


_LAST = Max("mails__sent_at", filter=Q(mails__state=State.SENT, mails__is_asked=False))


def _due(row: ReportSchedule) -> str:
    assert row.next_at is not None  # both callers ask for those that have one
    local = row.next_at.astimezone(ZoneInfo(row.team.timezone))
    zone = row.team.timezone.replace("_", " ")
    return _("%(at)s (%(zone)s)") % {"at": date_format(local, "D j M, H:i"), "zone": zone}


def _to(plan: ReportPlan) -> str:
    people = Operator.objects.filter(pk__in=plan.operators, is_active=True, user__is_active=True)
    names = [str(one.user) for one in people.select_related("user")]
    parts = [", ".join(names)] if len(names) <= 2 else [_people(len(names))]
    if plan.to_client == ReportPlan.ToClient.ADMINS:
        parts.append(_("admins of the client"))
    elif plan.to_client == ReportPlan.ToClient.MANAGERS:
        parts.append(_("managers and admins of the client"))
    return "; ".join(part for part in parts if part) or _("nobody at the moment")


def _people(number: int) -> str:
    return ngettext("%(n)d person here", "%(n)d people here", number) % {"n": number}
