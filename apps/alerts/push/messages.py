"""What a phone shows of alerts. Everything in it is masked, as in the mails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.alerts.links import address_of
from apps.alerts.models import URGENT, WORDED, Alert, Kind

ONE_BY_ONE = 3  # more than these are told in one notification
LONGEST_LINE = 160
KEPT = timedelta(hours=1)  # how long a push service keeps it for a phone that is off
OFFERS = (Kind.OFFERED, Kind.OPEN, Kind.COPY_OFFERED)


@dataclass(frozen=True, slots=True)
class Message:
    """A notification. One with the `tag` of another stands in its place."""

    title: str
    body: str
    url: str
    tag: str
    is_urgent: bool
    seconds: int  # for how long it is worth being shown

    def document(self) -> dict[str, object]:
        return asdict(self)


def messages(user: User, alerts: Sequence[Alert], *, now: datetime) -> list[Message]:
    """A notification for each alert, or one for all if they are many. Needs their teams."""
    with timezone.override(ZoneInfo(user.timezone)):
        if len(alerts) > ONE_BY_ONE:
            return [_of_many(alerts)]
        return [_of_one(alert, now) for alert in alerts]


def is_over(alert: Alert, now: datetime) -> bool:
    """An offer that has ended can't be taken any more."""
    ends = _moment(alert, "expires_at")
    return alert.kind in OFFERS and ends is not None and ends <= now


def _of_one(alert: Alert, now: datetime) -> Message:
    return Message(
        title=str(Kind(alert.kind).label),
        body=" · ".join(_parts(alert)),
        url=address_of(alert),
        tag=str(alert.pk),
        is_urgent=alert.kind in URGENT,
        seconds=_worth(alert, now),
    )


def _of_many(alerts: Sequence[Alert]) -> Message:
    latest = alerts[-1]
    title = ngettext("%d thing waits for you", "%d things wait for you", len(alerts))
    return Message(
        title=title % len(alerts),
        body=_("The latest: %(what)s") % {"what": Kind(latest.kind).label},
        url=reverse("alerts:list", kwargs={"team": latest.team.slug}),
        tag=f"many-{latest.team_id}",
        is_urgent=any(alert.kind in URGENT for alert in alerts),
        seconds=int(KEPT.total_seconds()),
    )


def _parts(alert: Alert) -> list[str]:
    said = [str(alert.data.get("title", ""))]
    if alert.kind in WORDED:
        said.append(str(alert.data.get("reason", "")))
    if until := _moment(alert, "expires_at") or _moment(alert, "respond_by"):
        said.append(_("until %(time)s") % {"time": date_format(timezone.localtime(until), "H:i")})
    said.append(alert.team.name)
    return [part[:LONGEST_LINE] for part in said if part]


def _worth(alert: Alert, now: datetime) -> int:
    ends = _moment(alert, "expires_at") if alert.kind in OFFERS else None
    left = KEPT if ends is None else min(ends - now, KEPT)
    return max(1, int(left.total_seconds()))


def _moment(alert: Alert, name: str) -> datetime | None:
    text = alert.data.get(name)
    try:
        return parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
