"""The facts of one lead, its clock, and the question “How did it go?”."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf.locale import LANG_INFO
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from apps.assignments.models import Assignment
from apps.assignments.pages.cards import address, clock_start
from apps.leads.masking import masked_name
from apps.leads.models import Attempt, Channel, Lead, Outcome
from apps.leads.normalise import spaced
from apps.routing.fields import FieldType
from apps.rules.registry import registry
from apps.teams.access import Access
from apps.teams.presentation import money

HIDDEN_WHEN_MASKED = frozenset({
    "email", "phone", "message", "campaign", "form", "job_title", "postcode", "company",
})  # fmt: skip
INITIALS_WHEN_MASKED = frozenset({"name", "company"})
NOT_LISTED = frozenset({"name", "message", "source", "received_at", "interest_group"})


@dataclass(frozen=True, slots=True)
class LeadClock:
    start_at: datetime
    respond_by: datetime | None
    first_attempt_at: datetime | None
    is_in_time: bool


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    is_used: bool
    is_masked: bool


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    symbol: str
    is_checked: bool = False


@dataclass(frozen=True, slots=True)
class UnconfirmedAttempt:
    """The open question after a tap."""

    id: UUID
    channel: str
    words: str
    outcomes: list[Choice]
    follow_ups: list[Choice]
    note: str
    url: str
    misdial_url: str
    errors: list[str]


def clock(lead: Lead, assignment: Assignment | None) -> LeadClock | None:
    """The running or stopped clock of the lead's owner; None while nobody owns it."""
    if assignment is None:
        return None
    done = assignment.responded_at or lead.first_attempt_at
    due = assignment.respond_by
    in_time = done is not None and (due is None or done <= due)
    return LeadClock(clock_start(assignment), due, done, in_time)


def headline(lead: Lead, *, masked: bool) -> str:
    """ "Head of fleet, Isarwerk Logistik · Munich, DE"."""
    company = masked_name(lead.company) if masked else lead.company
    work = ", ".join(part for part in ("" if masked else lead.job_title, company) if part)
    where = ", ".join(part for part in (lead.city or lead.region, lead.country) if part)
    return " · ".join(part for part in (work, where) if part)


def _country(code: str) -> str:
    return str(countries.name(code)) or code


def language_name(code: str) -> str:
    known = LANG_INFO.get(code, {})
    return str(_(known["name"])) if "name" in known else code


# Facts that are kept as codes, and how people read them.
_READ_AS = {"phone": spaced, "country": _country, "language": language_name}


def facts(lead: Lead, access: Access, used: set[str], *, masked: bool) -> list[Fact]:
    """Everything known, by the registry's labels, masked where it must be."""
    found = []
    for field in registry(access.team):
        value = lead.value(field.key)
        if field.key in NOT_LISTED or value in (None, "", [], {}):
            continue
        hidden = masked and (field.key in HIDDEN_WHEN_MASKED or field.is_personal)
        if hidden and field.key not in INITIALS_WHEN_MASKED:
            continue
        words = masked_name(str(value)) if hidden else in_words(field, value, lead, access)
        found.append(Fact(str(field.label), words, field.key in used, hidden))
    return found


def in_words(field: Any, value: Any, lead: Lead, access: Access) -> str:
    """A value of the lead's as people read it."""
    if field.key in _READ_AS:
        return _READ_AS[field.key](str(value))
    if field.type is FieldType.MONEY and isinstance(value, int):
        currency = lead.facts.get(f"{field.key}_currency") or access.team.currency
        return money(value, currency)
    if field.type is FieldType.YES_NO:
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


SENT = (Channel.WHATSAPP, Channel.SMS, Channel.EMAIL)
VERBS = {
    Channel.CALL: gettext_lazy("You called at %(time)s"),
    Channel.WHATSAPP: gettext_lazy("You wrote at %(time)s"),
    Channel.SMS: gettext_lazy("You wrote at %(time)s"),
    Channel.EMAIL: gettext_lazy("You wrote at %(time)s"),
}


def open_question(
    lead: Lead, access: Access, now: datetime, *, note: str = "", errors: list[str] | None = None
) -> UnconfirmedAttempt | None:
    """The member's newest attempt whose outcome she has not told yet."""
    attempt = (
        Attempt.objects.filter(
            lead=lead, member_id=access.member_id, confirmed_at=None,
            at__gte=now - timedelta(hours=12),
        ).first()
        if access.member_id
        else None
    )  # fmt: skip
    return question(attempt, access, now, note=note, errors=errors) if attempt else None


def question(
    attempt: Attempt, access: Access, now: datetime, *, note: str = "",
    errors: list[str] | None = None,
) -> UnconfirmedAttempt:  # fmt: skip
    channel = Channel(attempt.channel)
    local = timezone.localtime(attempt.at, _zone(access))
    return UnconfirmedAttempt(
        id=attempt.pk,
        channel=attempt.channel,
        words=VERBS[channel] % {"time": date_format(local, "H:i:s")},
        outcomes=_outcomes(channel),
        follow_ups=_follow_ups(now, access),
        note=note,
        url=address(access, "outcome", attempt=attempt.pk),
        misdial_url=address(access, "misdial", attempt=attempt.pk),
        errors=errors or [],
    )


def _outcomes(channel: Channel) -> list[Choice]:
    if channel in SENT:
        return [
            Choice(Outcome.SENT, str(Outcome.SENT.label), "check", is_checked=True),
            Choice(Outcome.REPLIED, str(Outcome.REPLIED.label), "message-circle"),
            Choice(Outcome.WRONG_NUMBER, _("Wrong address"), "ban"),
        ]
    return [
        Choice(Outcome.TALKED, str(Outcome.TALKED.label), "message-circle"),
        Choice(Outcome.NO_ANSWER, str(Outcome.NO_ANSWER.label), "phone-missed", is_checked=True),
        Choice(Outcome.VOICEMAIL, str(Outcome.VOICEMAIL.label), "voicemail"),
        Choice(Outcome.WRONG_NUMBER, str(Outcome.WRONG_NUMBER.label), "ban"),
    ]


def _follow_ups(now: datetime, access: Access) -> list[Choice]:
    """In about two hours, and the next two working mornings; or a time of one's own."""
    local = now.astimezone(_zone(access))
    soon = (local + timedelta(hours=2)).replace(minute=30, second=0, microsecond=0)
    first = _working(soon) if soon.date() == local.date() else _morning_after(local, 9)
    second = _morning_after(max(first, local), 9)
    moments = [first, second, _morning_after(second, 10)]
    return [
        *(
            Choice(moment.isoformat(), _moment_words(moment, local), "", is_checked=place == 0)
            for place, moment in enumerate(moments)
        ),
        Choice("pick", _("Pick a time"), "calendar"),
        Choice("none", _("None"), ""),
    ]


def _working(moment: datetime) -> datetime:
    """The moment itself on a working day before eight in the evening, else the next morning."""
    is_working = moment.weekday() < 5 and moment.hour < 20
    return moment if is_working else _morning_after(moment, 9)


def _morning_after(moment: datetime, hour: int) -> datetime:
    """The morning of the next working day."""
    following = moment + timedelta(days={4: 3, 5: 2}.get(moment.weekday(), 1))
    return following.replace(hour=hour, minute=0, second=0, microsecond=0)


def _moment_words(moment: datetime, today: datetime) -> str:
    if moment.date() == today.date():
        return _("Today %(time)s") % {"time": date_format(moment, "H:i")}
    return date_format(moment, "D H:i")


def _zone(access: Access) -> ZoneInfo:
    return ZoneInfo(access.user.timezone if access.user else access.team.timezone)
