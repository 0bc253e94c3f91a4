"""What pages of figures are asked for, and how the answers are parted.

Cohort: leads that are neither spam nor test nor deleted, by the time received (a duplicate is
no lead of its own: it is attached to the first). Percentiles are nearest-rank over waits in which
a lead without an attempt is infinity.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.dashboards.figures.periods import Period

Json = dict[str, Any]
MOST_DAYS_APART = 45  # of a longer period a chart shows weeks


@dataclass(frozen=True, slots=True)
class Question:
    """What a page of figures was asked for. `clock` is a value of leads.speed.Clock."""

    period: Period
    clock: str
    source_id: UUID | None
    now: datetime

    @property
    def slot(self) -> str:
        """How wide one step of a chart over time is: hour, day or week."""
        days = len(self.period.days)
        return "hour" if days == 1 else "day" if days <= MOST_DAYS_APART else "week"


@dataclass(frozen=True, slots=True)
class Section:
    """One group of leads, with what was counted of it."""

    name: str
    key: Json
    figures: Json


def named(rows: QuerySet[Any, Any], prefix: str) -> tuple[str, Json]:
    """The SQL of a queryset with its parameters named, to stand in a larger statement."""
    sql, parameters = rows.query.sql_with_params()
    names = [f"{prefix}{number}" for number in range(len(parameters))]
    named = sql % tuple(f"%({name})s" for name in names)
    return named, dict(zip(names, parameters, strict=True))
