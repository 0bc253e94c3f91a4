"""What an agency orders: reports of one client or of each, at intervals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.agency import agencies
from apps.agency.models import ReportMail, ReportPlan, ReportSchedule
from apps.agency.reports.spans import Span, today_in
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.agency_access import AgencyAccess, live_grants
from apps.teams.models import ClientGrant
from apps.teams.permissions import Permission

MOST_PLANS = 50  # of one agency
ASKED_AGAIN_AFTER = timedelta(minutes=1)
FAILURES_SHOWN = timedelta(days=30)
BROKEN_OFF_AFTER = timedelta(minutes=15)  # who sends for so long is dead
Rhythm = ReportPlan.Rhythm


class PlanRefused(ValueError):
    """The plan can't be kept so; the message says what to do."""


def plans_of(by: AgencyAccess) -> QuerySet[ReportPlan]:
    """What the agency ordered; of a client that is none any more nothing is left."""
    rows: QuerySet[ReportPlan] = ReportPlan.objects.filter(agency=by.agency)
    gone = rows.filter(grant__isnull=False).exclude(grant__in=by.clients())
    return rows.exclude(pk__in=gone.values("pk")).select_related("grant__team")


@transaction.atomic
def save_plan(
    values: dict[str, Any], *, plan: ReportPlan | None, by: AgencyAccess, now: datetime
) -> ReportPlan:
    """Order a report, or change what was ordered; due times are counted anew."""
    if plan is None and plans_of(by).count() >= MOST_PLANS:
        raise PlanRefused(_("There are many already. Take one out first."))
    _check(values, by)
    row = plan or ReportPlan(agency=by.agency, created_at=now, created_by=by.user)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    row.schedules.update(next_at=None)
    keep_up(row, now=now)
    _record(row, "reports.changed" if plan else "reports.planned", by, now)
    return row


def _check(values: dict[str, Any], by: AgencyAccess) -> None:
    grant = values.get("grant")
    if grant is not None and not by.clients().filter(pk=grant.pk).exists():
        raise PlanRefused(_("Choose one of your clients."))
    if not values["operators"] and values["to_client"] == ReportPlan.ToClient.NOBODY:
        raise PlanRefused(_("Choose who gets it: somebody here, or people at the client."))
    if values["rhythm"] == Rhythm.WEEKLY and values["day"] > len("MTWTFSS"):
        raise PlanRefused(_("Choose a day of the week."))


@transaction.atomic
def remove_plan(plan: ReportPlan, *, by: AgencyAccess, now: datetime) -> None:
    """Nothing of it is sent from now on."""
    _record(plan, "reports.removed", by, now)
    plan.delete()


def keep_up(plan: ReportPlan, *, now: datetime) -> None:
    """A due time for each client of the plan that has none: new clients, and changed plans."""
    grants = live_grants().filter(agency=plan.agency_id)
    if plan.grant_id is not None:
        grants = grants.filter(pk=plan.grant_id)
        plan.schedules.exclude(grant=plan.grant_id).update(next_at=None)
    known = plan.schedules.filter(next_at__isnull=False).values("grant")
    for grant in grants.exclude(pk__in=known).select_related("team"):
        ReportSchedule.objects.update_or_create(
            plan=plan,
            grant=grant,
            defaults={"team": grant.team, "next_at": next_due(plan, grant.team.timezone, now)},
        )


def next_due(plan: ReportPlan, timezone: str, after: datetime) -> datetime:
    """The first moment after `after` at which it is the day and hour of the plan there."""
    zone = ZoneInfo(timezone)
    day = _next_day(plan, after.astimezone(zone).date() - timedelta(days=1))
    while (moment := _moment(day, plan.hour, zone)) <= after:
        day = _next_day(plan, day)
    return moment


def _next_day(plan: ReportPlan, after: date) -> date:
    day = after + timedelta(days=1)
    if plan.rhythm == Rhythm.WEEKLY:
        return day + timedelta(days=(plan.day - day.isoweekday()) % 7)
    while day.day != plan.day:
        day += timedelta(days=1)
    return day


def _moment(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """That hour there; one that clocks leap over is the same time after they have leapt."""
    return datetime.combine(day, time(hour), zone).astimezone(UTC)


def span_at(plan: ReportPlan, moment: datetime, timezone: str) -> Span:
    """The whole week or month before the day on which it is sent."""
    kind = "week" if plan.rhythm == Rhythm.WEEKLY else "month"
    return Span.last_whole(kind, today=today_in(timezone, now=moment))


@transaction.atomic
def ask_now(schedule: ReportSchedule, *, by: AgencyAccess, now: datetime) -> ReportMail | None:
    """The latest report to whoever asks; None where she asked a moment ago."""
    locked = ReportSchedule.objects.select_for_update().select_related("plan", "team")
    row = locked.get(pk=schedule.pk)
    asked = row.mails.filter(user=by.user, is_asked=True)
    if asked.filter(try_at__gt=now - ASKED_AGAIN_AFTER).exists():
        return None
    span = span_at(row.plan, now, row.team.timezone)
    return ReportMail.objects.create(
        team=row.team, schedule=row, user=by.user, side=ReportMail.Side.AGENCY, kind=span.kind,
        first_day=span.first, is_asked=True, try_at=now,
    )  # fmt: skip


def to_client(by: Access) -> Sequence[ReportSchedule]:
    """The reports that agencies send to this team's people, whether or not it stopped them."""
    rows = ReportSchedule.objects.visible_to(by).filter(
        grant__in=live_grants(), plan__is_active=True, next_at__isnull=False
    )
    told = rows.exclude(plan__to_client=ReportPlan.ToClient.NOBODY)
    return list(told.select_related("plan", "grant__agency").order_by("grant__agency__name", "pk"))


@transaction.atomic
def stop(schedule_id: UUID, *, stops: bool, by: Access, now: datetime) -> ReportSchedule:
    """The client wants its people to get no report, or to get it again.

    ReportSchedule.DoesNotExist: there is none, or it is another team's.
    """
    by.require(Permission.EDIT_TEAM)
    rows = ReportSchedule.objects.visible_to(by).filter(grant__in=live_grants())
    row = rows.select_for_update(of=("self",)).select_related("grant__agency").get(pk=schedule_id)
    row.stopped_at, row.stopped_by = (now, by.user) if stops else (None, None)
    row.save(update_fields=["stopped_at", "stopped_by"])
    action = "reports.stopped" if stops else "reports.resumed"
    audit.record(by=by, action=action, target=row.grant.agency, now=now)
    return row


def failures(by: AgencyAccess) -> QuerySet[ReportMail]:
    """What did not go out in the last weeks, or may not have, the latest first."""
    rows: QuerySet[ReportMail] = ReportMail.objects.filter(
        schedule__plan__agency=by.agency, schedule__grant__in=by.clients(),
        try_at__gt=Now() - FAILURES_SHOWN,
    )  # fmt: skip
    broken = Q(state=ReportMail.State.SENDING, try_at__lt=Now() - BROKEN_OFF_AFTER)
    return rows.filter(~Q(failure="") | broken).select_related("user", "team").order_by("-try_at")


def _record(plan: ReportPlan, action: str, by: AgencyAccess, now: datetime) -> None:
    grant: ClientGrant | None = plan.grant
    agencies.record(by=by, action=action, target=grant.team.name if grant else "", now=now)
