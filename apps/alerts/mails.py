"""Alerts by e-mail: one mail for all that is due to a person, at most one a minute.

A person is claimed by moving her `mail_after` ahead, so two workers never mail her at once. A
mail that fails, or a worker that dies, leaves the claim: she is tried again when it is over.
At least once: dying between sending and writing it down sends twice.

Within somebody's quiet hours only what is urgent is mailed; the rest is due when they end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.accounts.models import User
from apps.accounts.quiet import quiet_until
from apps.alerts.links import address_of
from apps.alerts.models import URGENT, WORDED, Alert, AlertCounter, Kind
from apps.teams.models import Membership

log = structlog.get_logger(__name__)

PEOPLE_AT_ONCE = 100
BETWEEN_MAILS = timedelta(minutes=1)
# Longer than a task may run, so that a claim never ends while its mail is being sent.
TRY_AGAIN_AFTER = timedelta(minutes=6)
# After a long outage yesterday's news would only drown today's.
STALE_AFTER = timedelta(hours=12)
MOST_IN_ONE = 20


def send_due(*, now: datetime) -> int:
    """Mail everyone who has something due and may be mailed; the number of mails sent."""
    _stale(now).update(email_due=False)
    people = _claim_people(now)
    if not people:
        return 0
    rows = _due(now).filter(user_id__in=people)
    alerts = rows.select_related("user", "team").order_by("user_id", "created_at", "id")
    belongs = _memberships(people)
    with get_connection() as mailer:
        return sum(
            _settle(user, list(theirs), belongs, mailer, now)
            for user, theirs in groupby(alerts, key=lambda alert: alert.user)
        )


def _due(now: datetime) -> QuerySet[Alert]:
    may = Q(email_after__isnull=True) | Q(email_after__lte=now)
    return Alert.objects.filter(may, email_due=True, emailed_at__isnull=True)


def _stale(now: datetime) -> QuerySet[Alert]:
    """Due for so long that it is no news, counted from the end of quiet hours."""
    old = Q(email_after__isnull=True, created_at__lt=now - STALE_AFTER)
    return _due(now).filter(old | Q(email_after__lt=now - STALE_AFTER))


def _claim_people(now: datetime) -> list[Any]:
    """People with due alerts whom nobody else is mailing, ours until TRY_AGAIN_AFTER."""
    may = Q(mail_after__isnull=True) | Q(mail_after__lte=now)
    waiting = AlertCounter.objects.filter(may, pk__in=_due(now).values("user_id"))
    with transaction.atomic():
        people = list(
            waiting.order_by("pk")
            .select_for_update(skip_locked=True)
            .values_list("pk", flat=True)[:PEOPLE_AT_ONCE]
        )
        AlertCounter.objects.filter(pk__in=people).update(mail_after=now + TRY_AGAIN_AFTER)
    return people


def _memberships(people: Iterable[Any]) -> set[tuple[Any, Any]]:
    members = Membership.objects.active().filter(user_id__in=people, team__is_active=True)
    return set(members.values_list("user_id", "team_id"))


def _settle(
    user: User, alerts: list[Alert], belongs: set[tuple[Any, Any]], mailer: Any, now: datetime
) -> bool:
    """Mail the alerts that are still worth it and strike all of them off; whether it mailed.

    What may wait until the quiet hours end is left for then.
    """
    alerts = _not_quiet(user, alerts, now)
    worth = [
        alert
        for alert in alerts
        if user.wants_email_alerts
        and (user.pk, alert.team_id) in belongs
        and alert.read_at is None
        and not _is_over(alert, now)
    ]
    if worth and not _send(user, worth, mailer):
        return False
    done = Alert.objects.filter(pk__in=[alert.pk for alert in alerts])
    done.filter(pk__in=[alert.pk for alert in worth]).update(email_due=False, emailed_at=now)
    done.filter(email_due=True).update(email_due=False)
    again = now + BETWEEN_MAILS if worth else None
    AlertCounter.objects.filter(pk=user.pk).update(mail_after=again)
    return bool(worth)


def _not_quiet(user: User, alerts: list[Alert], now: datetime) -> list[Alert]:
    ends = quiet_until(user, now)
    if ends is None:
        return alerts
    waiting = [alert.pk for alert in alerts if alert.kind not in URGENT]
    Alert.objects.filter(pk__in=waiting).update(email_after=ends)
    return [alert for alert in alerts if alert.kind in URGENT]


def _is_over(alert: Alert, now: datetime) -> bool:
    """An offer that has ended can't be taken any more."""
    ends = _moment(alert.data.get("expires_at"))
    offers = (Kind.OFFERED, Kind.OPEN, Kind.COPY_OFFERED)
    return alert.kind in offers and ends is not None and ends <= now


def _send(user: User, alerts: Sequence[Alert], mailer: Any) -> bool:
    with timezone.override(ZoneInfo(user.timezone)):
        mail = _mail(user, alerts, mailer)
    try:
        mail.send()
    except Exception as error:  # whatever the mail server or its driver comes up with
        log.warning("alert_mail_failed", user=str(user.pk), error=str(error))
        return False
    return True


def _mail(user: User, alerts: Sequence[Alert], mailer: Any) -> EmailMultiAlternatives:
    context = {
        "user": user,
        "lines": [_line(alert) for alert in alerts[:MOST_IN_ONE]],
        "first": _line(alerts[0]),
        "number": len(alerts),
        "more": max(0, len(alerts) - MOST_IN_ONE),
        "team": alerts[0].team,
        "has_many_teams": len({alert.team_id for alert in alerts}) > 1,
        "site": settings.PUBLIC_URL,
    }
    subject = render_to_string("emails/alerts/subject.txt", context)
    mail = EmailMultiAlternatives(
        " ".join(subject.split()),
        render_to_string("emails/alerts/body.txt", context),
        to=[user.email],
        connection=mailer,
        headers={"Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string("emails/alerts/body.html", context), "text/html")
    return mail


def _line(alert: Alert) -> dict[str, Any]:
    return {
        "kind": Kind(alert.kind).label,
        "title": alert.data.get("title", ""),
        "reason": alert.data.get("reason", "") if alert.kind in WORDED else "",
        "team": alert.team,
        "expires_at": _moment(alert.data.get("expires_at")),
        "respond_by": _moment(alert.data.get("respond_by")),
        "address": settings.PUBLIC_URL + address_of(alert),
    }


def _moment(text: Any) -> datetime | None:
    try:
        return parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
