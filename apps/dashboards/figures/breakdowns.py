"""The figures of a period side by side: by source, campaign, form, pool, rule, group or owner.

One statement counts both periods, one what is untouched now. Pool and rule are those of the first
decision about a lead; a rule keeps its row through all versions. A lead of two interest groups
counts for each of them.
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
from django.db.models.query_utils import Q
from django.utils.translation import gettext_lazy as _

from apps.dashboards.figures.cohort import Question, due_before, named, within_periods
from apps.dashboards.figures.metrics import HIDDEN, Percentile, Untouched, share
from apps.dashboards.figures.values import Value as Worth
from apps.dashboards.figures.values import worth_of
from apps.leads.filters import ever_qualified, first_decision
from apps.leads.models import InterestGroup, Lead, Source
from apps.leads.speed import seconds
from apps.rules.models import Pool, Rule
from apps.teams.access import Access
from apps.teams.models import Membership

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NONE = ""  # the key of leads that have none

_STATEMENT = """
WITH cohort AS (
  SELECT *, coalesce(waited, 'Infinity') AS wait, received_at >= %(start)s AS is_now
  FROM ({leads}) l
)
SELECT key, is_now, count(*),
  percentile_disc(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (ORDER BY wait),
  count(*) FILTER (WHERE wait < 'Infinity'),
  count(*) FILTER (WHERE wait <= %(target)s),
  count(*) FILTER (WHERE wait < 'Infinity' OR received_at <= %(due_before)s),
  count(*) FILTER (WHERE contacted), count(*) FILTER (WHERE is_qualified),
  count(*) FILTER (WHERE is_won), coalesce(sum(worth) FILTER (WHERE is_won), 0)::bigint,
  count(worth) FILTER (WHERE is_won)
FROM cohort GROUP BY key, is_now
"""

_UNTOUCHED = "SELECT key, count(*), min(received_at) FROM ({leads}) u GROUP BY key"


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way to part the leads. `link` gives the filter of a part's leads."""

    key: str
    label: StrOrPromise
    none: StrOrPromise  # the name of the part of leads that have none
    expression: Callable[[], Expression | F]
    names: Callable[[Access, Iterable[str]], Mapping[str, str]]
    parameter: str
    lacking: tuple[str, str]

    def link(self, key: str) -> str:
        return urlencode([self.lacking if key == NONE else (self.parameter, key)])


@dataclass(frozen=True, slots=True)
class Counted:
    """What is measured of the leads of a part in one period."""

    received: int = 0
    median: Percentile = HIDDEN
    p90: Percentile = HIDDEN
    p95: Percentile = HIDDEN
    attempted: int = 0
    within: int = 0
    judged: int = 0
    contacted: int = 0
    qualified: int = 0
    won: int = 0
    value: int = 0  # of the won ones, in minor units of the team's currency
    valued: int = 0  # how many won ones say what they are worth

    @classmethod
    def of(cls, received: int, ranked: Sequence[float], *rest: int) -> Counted:
        median, p90, p95 = (Percentile.of(value, leads=received) for value in ranked)
        return cls(received, median, p90, p95, *rest)

    @property
    def attempt_rate(self) -> float | None:
        return share(self.attempted, self.received)

    @property
    def within_target(self) -> float | None:
        return share(self.within, self.judged)

    @property
    def contact_rate(self) -> float | None:
        return share(self.contacted, self.received)

    @property
    def qualified_rate(self) -> float | None:
        return share(self.qualified, self.received)

    @property
    def won_rate(self) -> float | None:
        return share(self.won, self.received)


@dataclass(frozen=True, slots=True)
class Part:
    key: str
    name: str
    now: Counted
    before: Counted
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
    """Count; three statements beside the names."""
    worth = worth_of(access.team)
    counted = _count(dimension, question, worth, access)
    untouched = _untouched(dimension, question, access)
    keys = {key for key, _is_now in counted} | untouched.keys()
    names = {**dimension.names(access, keys - {NONE}), NONE: str(dimension.none)}
    parts = [
        Part(
            key, names.get(key, str(_("(gone)"))), counted.get((key, True), Counted()),
            counted.get((key, False), Counted()), untouched.get(key, Untouched()),
            dimension.link(key),
        )
        for key in keys
    ]  # fmt: skip
    shown = [part for part in parts if part.now.received or part.untouched.leads]
    return Breakdown(dimension, question, shown, worth)


def _count(
    dimension: Dimension, question: Question, worth: Worth, access: Access
) -> dict[tuple[str, bool], Counted]:
    rows = within_periods(_scoped(question, access), question).annotate(
        key=dimension.expression(),
        waited=seconds(question.clock),
        contacted=Q(first_contact_at__isnull=False),
        is_qualified=ever_qualified(),
        is_won=Q(status_kind="won"),
        worth=worth.expression(),
    )
    names = ("received_at", "key", "waited", "contacted", "is_qualified", "is_won", "worth")
    sql, values = named(rows.values(*names), "l")
    values |= {
        "start": question.period.start,
        "target": access.team.response_seconds,
        "due_before": due_before(question, access),
    }
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT.format(leads=sql), values)
        return {(key, is_now): Counted.of(*rest) for key, is_now, *rest in cursor}


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
        Dimension("source", _("Source"), _("No source"), lambda: _text(F("source_id")),
                  _ids(Source, lambda row: row.name), "source", ("source", "")),
        Dimension("campaign", _("Campaign"), _("No campaign"), lambda: F("campaign"),
                  _same, "campaign", ("without", "campaign")),
        Dimension("form", _("Form"), _("No form"), lambda: F("form"),
                  _same, "form", ("without", "form")),
        Dimension("pool", _("Pool"), _("No pool"), lambda: _text(first_decision("pool_id")),
                  _ids(Pool, lambda row: row.name), "pool", ("without", "pool")),
        Dimension("rule", _("Rule"), _("No rule"), lambda: _text(first_decision("rule__key")),
                  _rules, "rule", ("without", "rule")),
        Dimension("group", _("Interest group"), _("No group"), lambda: _Groups(F("group_ids")),
                  _ids(InterestGroup, lambda row: row.name), "group", ("without", "group")),
        Dimension("member", _("Owner"), _("Nobody"), lambda: _text(F("owner_id")),
                  _people, "owner", ("owner", "none")),
    )
}  # fmt: skip
