"""How people, clocks and amounts are put into words and colours; no database, no request."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import phonenumbers
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

SOON_FROM = 0.5
URGENT_FROM = 0.8
AVATAR_COLOURS = 6

_CURRENCY_SIGNS = {
    "EUR": "€",
    "USD": "$",
    "GBP": "£",
    "INR": "₹",
    "JPY": "¥",
    "BRL": "R$",
}
_MINOR_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "KWD": 3, "BHD": 3, "OMR": 3, "TND": 3}
_WORD = re.compile(r"\w", re.UNICODE)


def initials(name: str) -> str:
    """The first letters of the first and last word, in capitals; a question mark for nobody."""
    words = [word for word in name.replace("@", " ").split() if _WORD.match(word)]
    if not words:
        return "?"
    ends = words[:1] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0] for word in ends).upper()


def avatar_colour(name: str) -> int:
    """A number from 1 to 6 that stays the same for a name, in every process."""
    return zlib.crc32(name.strip().casefold().encode()) % AVATAR_COLOURS + 1


def clock_face(seconds: float) -> str:
    """A length of time as a clock shows it: 0:34, 4:12, 1 h 35, 22 h, 3 d."""
    whole = max(0, int(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if hours < 1:
        return f"{minutes}:{whole % 60:02d}"
    if hours < 10:
        return _("%(hours)d h %(minutes)02d") % {
            "hours": hours,
            "minutes": minutes % 60,
        }
    if hours < 48:
        return _("%(hours)d h") % {"hours": hours}
    return _("%(days)d d") % {"days": days}


def spoken(seconds: float) -> str:
    """The same length as it is read aloud: "1 minute 12 seconds", "3 hours"."""
    whole = max(0, int(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 60:
        return ngettext("%d second", "%d seconds", whole) % whole
    if hours < 1:
        rest = whole % 60
        head = ngettext("%d minute", "%d minutes", minutes) % minutes
        return head if not rest else f"{head} {ngettext('%d second', '%d seconds', rest) % rest}"
    if hours < 48:
        return ngettext("%d hour", "%d hours", hours) % hours
    return ngettext("%d day", "%d days", days) % days


@dataclass(frozen=True)
class Clock:
    """A wait from `start_at` towards `deadline_at` as it stands at `now`, or where it stopped."""

    start_at: datetime
    deadline_at: datetime | None
    now: datetime
    stopped_at: datetime | None = None

    @property
    def until(self) -> datetime:
        return self.stopped_at or self.now

    @property
    def waited(self) -> float:
        return max(0.0, (self.until - self.start_at).total_seconds())

    @property
    def left(self) -> float | None:
        """Seconds to the deadline, negative once it has passed; None without one."""
        if self.deadline_at is None:
            return None
        return (self.deadline_at - self.until).total_seconds()

    @property
    def share_used(self) -> float:
        """How much of the time is gone, from 0 to 1; 0 without a deadline."""
        if self.deadline_at is None:
            return 0.0
        whole = (self.deadline_at - self.start_at).total_seconds()
        return 1.0 if whole <= 0 else min(1.0, self.waited / whole)

    @property
    def arc(self) -> int:
        """Hundredths of the ring that are left."""
        return round(100 * (1 - self.share_used))

    @property
    def is_late(self) -> bool:
        return self.left is not None and self.left <= 0

    @property
    def state(self) -> str:
        if self.is_late:
            return "breached"
        if self.share_used >= URGENT_FROM:
            return "urgent"
        return "soon" if self.share_used >= SOON_FROM else "calm"


def words_left(clock: Clock) -> str:
    """What a clock says beside its ring: "0:48 left", "1:20 late"; empty without a deadline."""
    if clock.left is None:
        return ""
    if clock.is_late:
        return _("%(time)s late") % {"time": clock_face(-clock.left)}
    return _("%(time)s left") % {"time": clock_face(clock.left)}


def relative(when: datetime, *, now: datetime) -> str:
    """Where `when` lies from `now`: "just now", "5 min ago", "in 2 h 25", "22 h ago"."""
    gap = (when - now).total_seconds()
    if abs(gap) < 45:
        return _("just now")
    return (_("in %(time)s") if gap > 0 else _("%(time)s ago")) % {"time": length(abs(gap))}


def length(seconds: float) -> str:
    """A length of time in words that need no clock: "5 min", "1 h 35", "3 d"."""
    if seconds < timedelta(hours=1).total_seconds():
        return _("%(minutes)d min") % {"minutes": max(1, round(seconds / 60))}
    return clock_face(seconds)


def phone(number: str) -> str:
    """A number in E.164 as people write it; anything else as it came."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def minor_digits(currency: str) -> int:
    """How many digits of an amount are minor units."""
    return _MINOR_DIGITS.get(currency, 2)


def money(minor: int, currency: str) -> str:
    """An amount in minor units with its currency: 18000000 EUR becomes €180,000."""
    digits = minor_digits(currency)
    is_whole = minor % 10**digits == 0
    places = 0 if is_whole else digits
    amount = number_format(
        minor / 10**digits, decimal_pos=places, use_l10n=True, force_grouping=True
    )
    sign = _CURRENCY_SIGNS.get(currency)
    return f"{sign}{amount}" if sign else f"{currency} {amount}"
