"""Turns taken against turns due, by member, with the reasons for which each was passed over."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from apps.dashboards.figures.questions import Question, named
from apps.dashboards.kept import counting
from apps.leads.models import Lead
from apps.rules.pools.seat_words import skip_words
from apps.teams.access import Access
from apps.teams.models import Membership

MOST = 5_000  # traces are long: those of the latest leads tell enough

_SKIPS = """
SELECT candidate->>'member', candidate->>'skip', count(*)
FROM ({leads}) l JOIN assignments_decision d ON d.lead_id = l.id,
  jsonb_array_elements(d.trace->'steps') step,
  jsonb_array_elements(step->'candidates') candidate
WHERE candidate->>'skip' IS NOT NULL GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Fair:
    """A member's turns, and how often she was passed over, by reason."""

    member: Membership
    due: float | None
    taken: int
    skips: Sequence[tuple[str, int]]

    @property
    def gap(self) -> float | None:
        return None if self.due is None else self.taken - self.due

    @property
    def reasons(self) -> str:
        """The reasons, most frequent first: "outside hours 12, paused 3"."""
        return ", ".join(f"{skip_words(skip)} {times}" for skip, times in self.skips)


def fairness(question: Question, *, access: Access) -> Sequence[Fair]:
    """Members with turns or skips; the one furthest behind first."""
    due = {
        section.key["member"]: (section.figures["due"], section.figures["taken"])
        for section in counting.turns(question, access=access)
    }
    skips = _skips(question, access)
    ids = [UUID(key) for key in {*due, *skips}]
    people = Membership.objects.filter(team=access.team, pk__in=ids).select_related("user")
    rows = [
        Fair(person, *_turns(due, str(person.pk)), _counted(skips, str(person.pk)))
        for person in people
    ]
    return sorted(rows, key=lambda row: (row.gap or 0, row.member.user.name))


def _turns(due: dict[str, tuple[float, int]], member: str) -> tuple[float | None, int]:
    return due.get(member, (None, 0))


def _counted(skips: dict[str, dict[str, int]], member: str) -> Sequence[tuple[str, int]]:
    return Counter(skips.get(member, {})).most_common()


def _skips(question: Question, access: Access) -> dict[str, dict[str, int]]:
    period = question.period
    rows: Any = Lead.objects.behind_figures(access).counted()
    rows = rows.filter(received_at__gte=period.start, received_at__lte=period.end)
    if question.source_id:
        rows = rows.filter(source_id=question.source_id)
    latest = rows.order_by("-received_at", "-id").values("id")[:MOST]
    sql, values = named(latest, "l")
    found: dict[str, dict[str, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_SKIPS.format(leads=sql), values)
        for member, skip, times in cursor:
            if member:
                found[member][skip] = times
    return found
