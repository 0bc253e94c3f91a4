"""Filters of the log as words that can be taken away, and addresses of its pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.deliveries.log.filters import LogFilters
from apps.rules.models import Rule
from apps.teams.access import Access

PAGING = ("after", "before")
# Filters without a control of their own in the form above the list.
CARRIED = ("from", "to", "rule", "lead", "figure", "campaign")


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    without: str  # the address with this filter taken away


def chips(filters: LogFilters, asked: QueryDict, access: Access) -> list[Chip]:
    """One for each filter that a link brought along. One query if a rule is among them."""
    return [
        Chip(label, f"?{query(asked, leave_out=names)}")
        for label, names in _labels(filters, access)
    ]


def carried(asked: QueryDict) -> list[tuple[str, str]]:
    """The parts of the address that the form must send along."""
    return [(name, value) for name in CARRIED if (value := str(asked.get(name, "")))]


def query(asked: QueryDict, *, leave_out: Sequence[str] = (), **changes: str) -> str:
    """The address without its place in the list and without these, with other parts."""
    rest = asked.copy()
    for name in (*PAGING, *leave_out):
        rest.pop(name, None)
    for name, value in changes.items():
        rest[name] = value
    return rest.urlencode()


def address(asked: QueryDict, name: str, cursor: str) -> str:
    return f"?{query(asked, **{name: cursor})}" if cursor else ""


def list_address(access: Access, asked: str) -> str:
    """The log with a filter."""
    path = reverse("deliveries:deliveries", kwargs={"team": access.team.slug})
    return f"{path}?{asked}" if asked else path


def _labels(filters: LogFilters, access: Access) -> Iterator[tuple[str, tuple[str, ...]]]:
    if filters.figure:
        yield _figure(filters), ("figure", "from", "to")
    elif filters.first_day or filters.last_day:
        yield _days(filters), ("from", "to")
    if filters.rule:
        rule = Rule.objects.filter(team=access.team, pk=filters.rule).first()
        yield _("by rule “%(name)s”") % {"name": rule.name if rule else _("unknown")}, ("rule",)
    if filters.lead:
        yield _("copies of one lead"), ("lead",)
    if filters.campaign:
        yield _("campaign “%(name)s”") % {"name": filters.campaign}, ("campaign",)


def _figure(filters: LogFilters) -> str:
    said = {
        "delivered": _("delivered %(days)s"),
        "returned": _("return accepted %(days)s"),
        "open_returns": _("return still open, delivered %(days)s"),
        "statement": _("delivered or returned %(days)s"),
    }
    return said[filters.figure] % {"days": _days(filters)}


def _days(filters: LogFilters) -> str:
    first, last = filters.first_day, filters.last_day
    shown = [date_format(day, "j M Y") for day in (first, last) if day]
    if first and last:
        return shown[0] if first == last else _("%s to %s") % tuple(shown)
    return _("from %s") % shown[0] if first else _("until %s") % shown[0]
