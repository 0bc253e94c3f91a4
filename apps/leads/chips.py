"""The filters that a link brought along, as words that can be taken away one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.leads.filters import MET, LeadFilters
from apps.leads.models import Lead
from apps.leads.road_filters import ROADS
from apps.leads.speed import Clock
from apps.teams.models import Membership

PAGING = ("after", "before")
# Filters without a control of their own in the form above the list.
CARRIED = (
    "from", "to", "band", "clock", "target", "had", "contacted", "counted", "stage", "campaign",
    "form", "pool", "rule", "without", "road", "attempted", "qualified",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    without: str  # the address with this filter taken away


def chips(filters: LeadFilters, asked: QueryDict, owners: list[Membership]) -> list[Chip]:
    """One for each carried filter that is on."""
    return [Chip(label, _without(asked, names)) for label, names in _labels(filters, owners)]


def carried(asked: QueryDict) -> list[tuple[str, str]]:
    """The parts of the address that the form must send along."""
    return [(name, value) for name in CARRIED if (value := str(asked.get(name, "")))]


def _labels(
    filters: LeadFilters, owners: list[Membership]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if filters.first_day or filters.last_day:
        yield _days(filters.first_day, filters.last_day), ("from", "to")
    if filters.band:
        yield _answered(filters), ("band", "clock")
    if filters.target:
        words = _("within target") if filters.target == MET else _("not within target")
        yield words, ("target", "clock")
    if filters.had:
        names = {member.pk: member.user.name for member in owners}
        yield _("went to %(name)s") % {"name": names.get(filters.had, _("a member"))}, ("had",)
    if filters.is_contacted:
        yield _("in contact"), ("contacted",)
    yield from _road(filters)
    if filters.stage:
        yield str(Lead.Stage(filters.stage).label), ("stage",)
    if filters.is_counted:
        yield _("without spam and tests"), ("counted",)


def _road(filters: LeadFilters) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a figure of the dashboard asks for."""
    if filters.campaign:
        yield _("campaign %(name)s") % {"name": filters.campaign}, ("campaign",)
    if filters.form:
        yield _("form %(name)s") % {"name": filters.form}, ("form",)
    if filters.pool:
        yield _("sent to a pool"), ("pool",)
    if filters.rule:
        yield _("sent by a rule"), ("rule",)
    if filters.without:
        lacks = {
            "campaign": _("without a campaign"), "form": _("without a form"),
            "pool": _("sent to no pool"), "rule": _("sent by no rule"),
            "group": _("without an interest group"),
        }  # fmt: skip
        yield lacks[filters.without], ("without",)
    if filters.road:
        known = ROADS.get(filters.road)
        yield str(known[0] if known else _("by the rule for the rest, or none")), ("road",)
    if filters.is_attempted:
        yield _("tried"), ("attempted",)
    if filters.is_qualified:
        yield _("qualified at some time"), ("qualified",)


def _answered(filters: LeadFilters) -> str:
    band = filters.band
    if band is None or band.low is None:
        return _("no attempt yet")
    words = {"band": band.label}
    if filters.clock == Clock.BUSINESS:
        return _("answered in %(band)s, business hours") % words
    return _("answered in %(band)s") % words


def _days(first: date | None, last: date | None) -> str:
    if first and last and first != last:
        return _("%(first)s to %(last)s") % {"first": _day(first), "last": _day(last)}
    if first and last:
        return _day(first)
    if first:
        return _("from %(day)s") % {"day": _day(first)}
    return _("until %(day)s") % {"day": _day(last)}


def _day(day: date | None) -> str:
    return date_format(day, "j M Y") if day else ""


def _without(asked: QueryDict, names: tuple[str, ...]) -> str:
    rest = asked.copy()
    for name in (*names, *PAGING):
        rest.pop(name, None)
    return f"?{rest.urlencode()}"
