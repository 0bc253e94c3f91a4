"""Which deliveries a list is about: one reading of the address for the page, the file, replays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.deliveries.billing import counts
from apps.deliveries.log import searching
from apps.deliveries.models import ARRIVED, WAITING, Delivery
from apps.rules.models import Recipient
from apps.teams.access import Access

PERIODS = {
    "7": _lazy("7 days"),
    "28": _lazy("28 days"),
    "90": _lazy("90 days"),
    "all": _lazy("All"),
}
USUAL = "28"
# Groups of states that links of other pages name.
GROUPS = {
    "waiting": WAITING,
    "arrived": ARRIVED,
    "lost": (Delivery.State.DEAD, Delivery.State.REFUSED),
}
STATES = (*Delivery.State.values, *GROUPS)
# Numbers of a statement: counted by when a copy arrived or came back, not by when it was queued.
FIGURES = ("delivered", "returned", "open_returns", "statement")
LONGEST = 120


@dataclass(frozen=True, slots=True)
class LogFilters:
    """What was asked for. `errors` says for each part that could not be read what would do."""

    q: str = ""
    state: str = ""
    recipient: UUID | None = None
    rule: UUID | None = None
    lead: UUID | None = None
    channel: str = ""
    campaign: str = ""
    period: str = USUAL
    first_day: date | None = None
    last_day: date | None = None
    figure: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> LogFilters:
        """From the parameters of an address."""
        reading = _Reading(asked)
        first_day, last_day = reading.day("from"), reading.day("to")
        q, lead = reading.text("q"), reading.id("lead")
        is_narrow = bool(q or lead or first_day or last_day)
        usual = "all" if is_narrow else USUAL
        figure = reading.one_of("figure", FIGURES)
        if figure and not (first_day and last_day):
            reading.errors["figure"] = _("Give its first and last day with it: from and to.")
            figure = ""
        return cls(
            q=q, lead=lead, figure=figure, first_day=first_day, last_day=last_day,
            state=reading.one_of("state", STATES),
            recipient=reading.id("recipient"), rule=reading.id("rule"),
            channel=reading.one_of("channel", Recipient.Kind.values),
            campaign=reading.text("campaign"),
            period=reading.one_of("period", tuple(PERIODS)) or usual,
            errors=reading.errors,
        )  # fmt: skip

    @property
    def is_any(self) -> bool:
        """Whether anything is left out but what is older than the period."""
        return self != LogFilters(period=self.period, errors=self.errors)

    def apply(self, rows: QuerySet[Delivery], *, by: Access, now: datetime) -> QuerySet[Delivery]:
        """The rows that fit, those in every state; `in_state` narrows them."""
        equal = {
            "recipient_id": self.recipient, "rule_id": self.rule, "lead_id": self.lead,
            "channel": self.channel, "campaign": self.campaign,
        }  # fmt: skip
        rows = rows.filter(**{key: value for key, value in equal.items() if value})
        rows = self._within(rows, by, now)
        return rows.filter(searching.matching(self.q, by=by)) if self.q else rows

    def in_state(self, rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
        if self.state in GROUPS:
            return rows.filter(state__in=GROUPS[self.state])
        return rows.filter(state=self.state) if self.state else rows

    def _within(self, rows: QuerySet[Delivery], by: Access, now: datetime) -> QuerySet[Delivery]:
        zone = ZoneInfo(by.team.timezone)
        start = _midnight(self.first_day, zone)
        end = _midnight(self.last_day, zone, days=1)
        if self.figure and start and end:
            return _of_figure(rows, self.figure, start, end)
        wanted = Q(queued_at__gte=start) if start else Q()
        if end:
            wanted &= Q(queued_at__lt=end)
        if not start and not end and self.period != "all":
            first = now.astimezone(zone).date() - timedelta(days=int(self.period) - 1)
            wanted = Q(queued_at__gte=datetime.combine(first, time(), zone))
        return rows.filter(wanted)


def _of_figure(
    rows: QuerySet[Delivery], figure: str, start: datetime, end: datetime
) -> QuerySet[Delivery]:
    """What stands behind one number of a statement."""
    rows = rows.annotate(arrived_at=counts.ARRIVED_AT)
    arrived, returned = counts.arrived(start, end), counts.returned(start, end)
    wanted = {
        "delivered": arrived,
        "returned": returned,
        "open_returns": counts.open_returns(start, end),
        "statement": arrived | returned,
    }
    return rows.filter(wanted[figure])


def _midnight(day: date | None, zone: ZoneInfo, days: int = 0) -> datetime | None:
    return datetime.combine(day + timedelta(days=days), time(), zone) if day else None


class _Reading:
    """Reads parameters one by one and notes what can't be read."""

    def __init__(self, asked: Mapping[str, str]) -> None:
        self._asked = asked
        self.errors: dict[str, str] = {}

    def text(self, name: str) -> str:
        return self._asked.get(name, "").replace("\x00", "").strip()[:LONGEST]

    def id(self, name: str) -> UUID | None:
        text = self.text(name)
        try:
            return UUID(text) if text else None
        except ValueError:
            self.errors[name] = _("This is no id.")
            return None

    def one_of(self, name: str, values: tuple[str, ...] | list[str]) -> str:
        text = self.text(name)
        if text in ("", *values):
            return text
        self.errors[name] = _("Use one of %(values)s.") % {"values": ", ".join(values)}
        return ""

    def day(self, name: str) -> date | None:
        text = self.text(name)
        try:
            day = parse_date(text) if text else None
        except ValueError:
            day = None
        if (text and day is None) or (day and not 1900 <= day.year < 9999):
            self.errors[name] = _("Give a day as 2026-11-21.")
            return None
        return day
