"""The figures of a period side by side: by source, campaign, form, pool, rule, group or owner.

Pool and rule are those of the first decision about a lead; a rule keeps its key through all
versions. A lead of two interest groups counts for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection
from django.db.models import CharField, Expression, F, Func, Value
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from apps.dashboards.figures.metrics import Group, Untouched
from apps.dashboards.figures.questions import Question, named
from apps.dashboards.figures.values import Value as Worth
from apps.dashboards.figures.values import worth_of
from apps.dashboards.kept import counting
from apps.dashboards.kept.columns import UNKNOWN, Array
from apps.dashboards.kept.counting import TOTALS, Counting
from apps.leads.filters import first_decision
from apps.leads.models import InterestGroup, Lead, Source
from apps.rules.models import Pool, Rule
from apps.teams.access import Access
from apps.teams.models import Membership

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NONE = ""  # the key of leads that have none

_UNTOUCHED = "SELECT key, count(*), min(received_at) FROM ({leads}) u GROUP BY key"


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way to part the leads. `link` gives the filter of a part's leads."""

    key: str
    label: StrOrPromise
    none: StrOrPromise  # the name of the part of leads that have none
    expression: Callable[[], Expression | F]
    column: str  # of the kept days
    names: Callable[[Access, Iterable[str]], Mapping[str, str]]
    parameter: str
    lacking: tuple[str, str]

    def link(self, key: str) -> str:
        return urlencode([self.lacking if key == NONE else (self.parameter, key)])


@dataclass(frozen=True, slots=True)
class Part:
    """What is measured of the leads of one part, in the period and in the one before."""

    key: str
    name: str
    now: Group
    before: Group
    value: int  # of the won ones of the period, in minor units of the team's currency
    valued: int  # how many won ones say what they are worth
    untouched: Untouched
    link: str


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The parts, unsorted; those without leads in the period and none untouched are left out."""

    dimension: Dimension
    question: Question
    parts: Sequence[Part]
    worth: Worth


def breakdown(dimension: Dimension, question: Question, *, access: Access) -> Breakdown:
    """Both periods out of kept days; what is untouched now, and the names, out of the tables."""
    counting.require(access)
    counted = _counting(dimension, question, access)
    now = dict(counted.tally.parts(dimension.column, counted.places))
    before = counted.earlier_tally.by(dimension.column, counted.earlier_places)
    untouched = _untouched(dimension, question, access)
    keys = {key or NONE for key in (*now, *before)} | untouched.keys()
    names = {**dimension.names(access, keys - {NONE}), NONE: str(dimension.none)}
    groups = {key or NONE: Group.of(counted.tally.measures(places)) for key, places in now.items()}
    earlier = {key or NONE: Group.of(figures) for key, figures in before.items()}
    values = {key or NONE: _value(counted, places) for key, places in now.items()}
    parts = [
        Part(
            key, names.get(key, str(_("(gone)"))), groups.get(key, Group()),
            earlier.get(key, Group()), *values.get(key, (0, 0)),
            untouched.get(key, Untouched()), dimension.link(key),
        )
        for key in keys
    ]  # fmt: skip
    shown = [part for part in parts if part.now.received or part.untouched.leads]
    return Breakdown(dimension, question, shown, worth_of(access.team))


def _counting(dimension: Dimension, question: Question, access: Access) -> Counting:
    columns = {*TOTALS, dimension.column}
    if dimension.column == "group":
        columns.add("group_lead")
    return Counting(question, access.team, {*columns, "won_lead", "worth"}, columns)


def _value(counted: Counting, places: Array) -> tuple[int, int]:
    """What the won ones of these leads are worth, and how many of them say it."""
    worth = counted.worth[places]
    known = worth[worth != UNKNOWN]
    return int(known.sum()), len(known)


def _untouched(dimension: Dimension, question: Question, access: Access) -> dict[str, Untouched]:
    rows = _scoped(question, access).open().filter(first_attempt_at__isnull=True)
    sql, values = named(rows.annotate(key=dimension.expression()).values("key", "received_at"), "u")
    with connection.cursor() as cursor:
        cursor.execute(_UNTOUCHED.format(leads=sql), values)
        found: list[tuple[str, int, datetime]] = cursor.fetchall()
    return {key: Untouched(leads, oldest) for key, leads, oldest in found}


def _scoped(question: Question, access: Access) -> Any:
    rows = Lead.objects.behind_figures(access).counted().order_by()
    return rows.filter(source_id=question.source_id) if question.source_id else rows


def _text(inner: Any) -> Coalesce:
    return Coalesce(Cast(inner, CharField()), Value(NONE))


class _Groups(Func):
    """A row for each group of a lead, and one for a lead without any."""

    template = "unnest(coalesce(nullif(%(expressions)s, '{{}}')::text[], ARRAY['']))"
    output_field = CharField()
    set_returning = True


def _ids(model: Any, name: Callable[[Any], str]) -> Callable[[Access, Iterable[str]], Any]:
    def names(access: Access, keys: Iterable[str]) -> Mapping[str, str]:
        rows = model.objects.visible_to(access).filter(pk__in=[UUID(key) for key in keys])
        return {str(row.pk): name(row) for row in rows}

    return names


def _people(access: Access, keys: Iterable[str]) -> Mapping[str, str]:
    wanted = [UUID(key) for key in keys]
    rows = Membership.objects.filter(team=access.team, pk__in=wanted).select_related("user")
    return {str(row.pk): row.user.name for row in rows}


def _rules(access: Access, keys: Iterable[str]) -> Mapping[str, str]:
    """The name that each has in its latest version."""
    rows = Rule.objects.visible_to(access).filter(key__in=[UUID(key) for key in keys])
    latest = rows.order_by("version__number").values_list("key", "name")
    return {str(key): name for key, name in latest}


def _same(_access: Access, keys: Iterable[str]) -> Mapping[str, str]:
    return {key: key for key in keys}


DIMENSIONS: Mapping[str, Dimension] = {
    each.key: each
    for each in (
        Dimension("source", _("Source"), _("No source"), lambda: _text(F("source_id")), "source",
                  _ids(Source, lambda row: row.name), "source", ("source", "")),
        Dimension("campaign", _("Campaign"), _("No campaign"), lambda: F("campaign"), "campaign",
                  _same, "campaign", ("without", "campaign")),
        Dimension("form", _("Form"), _("No form"), lambda: F("form"), "form",
                  _same, "form", ("without", "form")),
        Dimension("pool", _("Pool"), _("No pool"), lambda: _text(first_decision("pool_id")),
                  "pool", _ids(Pool, lambda row: row.name), "pool", ("without", "pool")),
        Dimension("rule", _("Rule"), _("No rule"), lambda: _text(first_decision("rule__key")),
                  "rule", _rules, "rule", ("without", "rule")),
        Dimension("group", _("Interest group"), _("No group"), lambda: _Groups(F("group_ids")),
                  "group", _ids(InterestGroup, lambda row: row.name), "group",
                  ("without", "group")),
        Dimension("member", _("Owner"), _("Nobody"), lambda: _text(F("owner_id")), "owner",
                  _people, "owner", ("owner", "none")),
    )
}  # fmt: skip
