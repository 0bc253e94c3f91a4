"""What a page of figures is asked for, the switches above it, and the leads behind its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.dashboards.figures.periods import Period
from apps.dashboards.figures.questions import Question
from apps.leads.speed import Clock
from apps.teams.access import Access

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a switch above the figures."""

    key: str
    label: str
    is_current: bool


def question_of(request: HttpRequest, access: Access) -> Question:
    """What the address asks for; what it does not know becomes the default."""
    now = timezone.now()
    asked = request.GET
    clock = asked.get("clock", Clock.REAL)
    return Question(
        period=Period.ending(now, key=asked.get("period", ""), timezone=access.team.timezone),
        clock=clock if clock in Clock.LABELS else Clock.REAL,
        source_id=_id(asked.get("source", "")),
        now=now,
    )


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def choices(labels: Mapping[str, StrOrPromise], current: str) -> list[Choice]:
    return [Choice(key, str(label), key == current) for key, label in labels.items()]


@dataclass(frozen=True)
class Links:
    """Addresses of the leads behind a figure. A page asks for them hundreds of times."""

    access: Access
    question: Question

    @cached_property
    def cohort(self) -> str:
        """All leads that were counted; figures add `&…`."""
        period = self.question.period
        asked = {"from": period.first_day.isoformat(), "to": period.last_day.isoformat()}
        if self.question.clock == Clock.BUSINESS:
            asked["clock"] = Clock.BUSINESS
        return f"{self._address}?{urlencode({**asked, **self._source, 'counted': '1'})}"

    @cached_property
    def ever(self) -> str:
        """Leads of any time, for figures of this moment."""
        return f"{self._address}?{urlencode({**self._source, 'counted': 1})}"

    @property
    def _source(self) -> dict[str, str]:
        return {"source": str(self.question.source_id)} if self.question.source_id else {}

    @property
    def _address(self) -> str:
        return reverse("leads:list", kwargs={"team": self.access.team.slug})
