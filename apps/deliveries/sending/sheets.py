"""A copy as a person reads it: for its e-mail and its public page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from apps.deliveries.models import Delivery
from apps.deliveries.plans import copying
from apps.leads import normalise
from apps.routing.fields import Registry
from apps.teams import presentation

LONGEST_VALUE = 500
LONGEST_TITLE = 80
CURRENCY = "_currency"
# Marks that turn the direction of what follows: a name could dress up as something else.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Shown elsewhere: as the title, under it, as the message, and in the line that says where from.
_IN_HEAD = frozenset({"name", "company", "message", "city", "country"})
_IN_ATTRIBUTION = frozenset({"source", "campaign", "received_at"})


@dataclass(frozen=True, slots=True)
class Way:
    """One tap to the lead: `channel` is call, whatsapp or email."""

    channel: str
    label: str
    note: str
    href: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One field under the recipient's name for it; `href` where a tap makes sense."""

    label: str
    value: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is shown of a copy. `has_name` is False where the title only stands for a name."""

    title: str
    has_name: bool
    company: str
    where: str
    ways: Sequence[Way]
    facts: Sequence[Fact]
    message: str
    product: str
    source: str
    campaign: str
    received_at: datetime | None
    is_masked: bool = False

    @property
    def headline(self) -> str:
        """ "Rosa Steiner · Graz", for subjects."""
        return " · ".join(part for part in (self.title, self.where.split(", ")[0]) if part)


def of(delivery: Delivery, registry: Registry, *, masked: bool = False) -> Sheet:
    """The copy, or what an offer shows of it. Needs `recipient` and `lead` loaded.

    Times are in the zone that is active.
    """
    copy = dict(delivery.payload)
    currencies = {name: word for name, word in copy.items() if name.endswith(CURRENCY)}
    if masked:
        copy = copying.masked(copy, delivery.recipient, registry)
    listed = copying.labels(copy, delivery.recipient, registry)
    by_key = {key: copy[name] for name, key, _label in listed if key}
    given = {key: _line(value) for key, value in by_key.items()}
    ways = () if masked else _ways(given)
    title = given.get("name") or given.get("company") or ""
    return Sheet(
        title=title[:LONGEST_TITLE] or _("New lead"),
        has_name=bool(title),
        company=given.get("company", "") if given.get("name") else "",
        where=", ".join(part for key in ("city", "country") if (part := given.get(key))),
        ways=ways,
        facts=_facts(listed, currencies | copy, delivery.recipient.renames, ways, masked=masked),
        message=_TURNS.sub("", normalise.text(by_key.get("message"))),
        product=given.get("product", ""),
        source=given.get("source", ""),
        campaign=given.get("campaign", ""),
        received_at=_moment(by_key.get("received_at")),
        is_masked=masked,
    )


def _facts(
    listed: Sequence[tuple[str, str, str]], copy: Mapping[str, Any], renames: Mapping[str, str],
    ways: Sequence[Way], *, masked: bool,
) -> list[Fact]:  # fmt: skip
    skipped = {"name", "company", "message"} | {key for key in _IN_HEAD if key not in renames}
    skipped |= {key for key in _IN_ATTRIBUTION if key not in renames}
    if masked:
        skipped |= set(copying.CONTACT)
    hrefs = {"phone": _href(ways, "call"), "email": _href(ways, "email")}
    facts = []
    for name, key, label in listed:
        if key in skipped or is_currency(name, key):
            continue
        value = said(name, key, copy)
        if value:
            facts.append(Fact(renames.get(key) or label, value, hrefs.get(key, "")))
    return facts


def is_currency(name: str, key: str) -> bool:
    """Whether a name in a copy only tells the currency of another."""
    return not key and name.endswith(CURRENCY)


def said(name: str, key: str, copy: Mapping[str, Any]) -> str:
    """A value of a copy as people read it: amounts with their currency, moments in their zone."""
    currency = copy.get(f"{name}{CURRENCY}")
    value = copy[name]
    if currency:
        return _money(value, str(currency))
    if key == "phone":
        return normalise.spaced(_line(value))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, int | float):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(_line(each) for each in value)[:LONGEST_VALUE]
    return _dated(_TURNS.sub("", normalise.text(value, LONGEST_VALUE)))


def _money(value: Any, currency: str) -> str:
    try:
        minor = int(Decimal(_line(value)).scaleb(presentation.minor_digits(currency)))
    except (InvalidOperation, ValueError, OverflowError):
        return f"{_line(value)} {currency}"
    return presentation.money(minor, currency)


def _dated(text: str) -> str:
    """A date or moment in words; any other text as it is."""
    if moment := _moment(text):
        return date_format(localtime(moment), "j M Y, H:i")
    try:
        day = parse_date(text) if len(text) == 10 else None
    except ValueError:
        day = None
    return date_format(day, "j M Y") if day else text


def _moment(value: Any) -> datetime | None:
    try:
        found = parse_datetime(value) if isinstance(value, str) and "T" in value else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _ways(given: Mapping[str, str]) -> list[Way]:
    phone = normalise.phone(given.get("phone", ""), normalise.country(given.get("country", "")))
    number = phone.key or "".join(c for c in phone.shown if c in "0123456789+")
    ways = []
    if len(number) > 2:
        ways.append(Way("call", _("Call"), normalise.spaced(phone.shown), f"tel:{number}"))
    if phone.key:
        href = f"https://wa.me/{phone.key.lstrip('+')}"
        ways.append(Way("whatsapp", _("WhatsApp"), normalise.spaced(phone.key), href))
    email = normalise.email(given.get("email", ""))
    if email.key:
        href = f"mailto:{quote(email.shown, safe='@+')}"
        ways.append(Way("email", _("E-mail"), email.shown, href))
    return ways


def _href(ways: Sequence[Way], channel: str) -> str:
    return next((way.href for way in ways if way.channel == channel), "")


def _line(value: Any) -> str:
    return _TURNS.sub("", normalise.line(value, LONGEST_VALUE))
