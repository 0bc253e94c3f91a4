"""Speed to lead: how long a lead waited for its first attempt, on which clock, in which band."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Case, Expression, F, FloatField, Func, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.db.models.query_utils import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

MINUTE = 60
DAY_IN_MINUTES = 24 * 60
NEVER = "never"
_BAND = re.compile(r"^(\d{1,6})-(\d{1,6})?$")


class Clock:
    """Which time counts: every second, or those within the team's hours."""

    REAL = "clock"
    BUSINESS = "business"
    LABELS = {REAL: gettext_lazy("On the clock"), BUSINESS: gettext_lazy("Business hours")}


@dataclass(frozen=True, slots=True)
class Band:
    """Waits of more than `low` and at most `high` minutes; the first band includes 0.

    `high` is None where there is no end; `low` is None for leads without an attempt.
    """

    low: int | None
    high: int | None = None

    @classmethod
    def parse(cls, key: str) -> Band:
        """Read "5-15", "60-" or "never"; ValueError names the remedy."""
        if key == NEVER:
            return cls(low=None)
        found = _BAND.match(key)
        if not found:
            raise ValueError(_("Give a band in minutes such as 5-15 or 60-, or “never”."))
        return cls(low=int(found[1]), high=int(found[2]) if found[2] else None)

    @property
    def key(self) -> str:
        if self.low is None:
            return NEVER
        return f"{self.low}-{'' if self.high is None else self.high}"

    @property
    def label(self) -> str:
        if self.low is None:
            return _("never")
        if self.high is None:
            return _("over %(time)s") % {"time": minutes_in_words(self.low)}
        if self.high <= MINUTE:
            return _("%(low)s–%(high)s min") % {"low": self.low, "high": self.high}
        low, high = minutes_in_words(self.low), minutes_in_words(self.high)
        return _("%(low)s to %(high)s") % {"low": low, "high": high}

    def where(self) -> Q:
        """The leads of this band; the queryset needs `waited=seconds(clock)`."""
        if self.low is None:
            return Q(first_attempt_at__isnull=True)
        within = Q(first_attempt_at__isnull=False)
        if self.low:
            within &= Q(waited__gt=self.low * MINUTE)
        if self.high is not None:
            within &= Q(waited__lte=self.high * MINUTE)
        return within


# The bands of every report: they add up to all leads.
BANDS = (Band(0, 5), Band(5, 15), Band(15, 60), Band(60), Band(None))
# The same, cut finer for a histogram.
BINS = (
    Band(0, 1), Band(1, 2), Band(2, 5), Band(5, 15), Band(15, 60), Band(60, 240),
    Band(240, DAY_IN_MINUTES), Band(DAY_IN_MINUTES), Band(None),
)  # fmt: skip


def minutes_in_words(minutes: int) -> str:
    """5 min, 4 h, 2 d."""
    if minutes < MINUTE:
        return _("%(n)d min") % {"n": minutes}
    if minutes <= DAY_IN_MINUTES or minutes % DAY_IN_MINUTES:
        return _("%(n)d h") % {"n": minutes // MINUTE}
    return ngettext("%(n)d day", "%(n)d days", minutes // DAY_IN_MINUTES) % {
        "n": minutes // DAY_IN_MINUTES
    }


def target_in_words(length: timedelta) -> str:
    """A response target: 30 s, 5 min, 2 h."""
    seconds = int(length.total_seconds())
    if seconds % MINUTE:
        return _("%(n)d s") % {"n": seconds}
    return minutes_in_words(seconds // MINUTE)


class Seconds(Func):
    """The length of an interval in seconds, as a float."""

    function = "date_part"
    template = "%(function)s('epoch', %(expressions)s)"
    output_field = FloatField()


def seconds(clock: str) -> Expression:
    """Seconds from received to the first attempt; null without one.

    In business hours a lead that arrives closed starts at the next opening. Leads of before
    this was kept fall back to the clock since that opening.
    """
    if clock != Clock.BUSINESS:
        return Seconds(F("first_attempt_at") - F("received_at"))
    opening = Coalesce(F("clock_starts_at"), F("received_at"))
    since_opening = Greatest(Seconds(F("first_attempt_at") - opening), Value(0.0))
    return Case(
        When(
            first_attempt_at__isnull=False,
            then=Coalesce(F("business_response_seconds"), since_opening),
        ),
        output_field=FloatField(),
    )
