"""Why seats were passed over, counted from the decisions about the leads of some days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

from apps.rules.models import Pool
from apps.rules.pools.seat_words import skip_words

# A trace tells of every seat: reading those of more leads takes long and tells no more.
MOST = 5_000

SKIPS = """
WITH latest AS (
    SELECT id FROM leads_lead WHERE team_id = %(team)s AND received_at >= %(since)s
    ORDER BY received_at DESC, id DESC LIMIT %(most)s
)
SELECT (SELECT count(*) FROM latest), candidate->>'seat', candidate->>'skip', count(*)
FROM assignments_decision AS decision JOIN latest ON latest.id = decision.lead_id,
    jsonb_array_elements(decision.trace->'steps') AS step,
    jsonb_array_elements(step->'candidates') AS candidate
WHERE decision.at >= %(since)s AND step->'pool'->>'id' = %(pool)s
    AND (%(member)s::text IS NULL OR candidate->>'member' = %(member)s)
GROUP BY 2, 3
"""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """How often each seat was looked at and passed over, by reason; for so many leads."""

    leads: int = 0
    by_seat: Mapping[UUID, Mapping[str, int]] = field(default_factory=dict)
    looked_at: Mapping[UUID, int] = field(default_factory=dict)

    @property
    def is_cut(self) -> bool:
        """Whether there may be more leads than are counted."""
        return self.leads >= MOST

    def of(self, seat: UUID) -> Mapping[str, int]:
        return self.by_seat.get(seat, {})

    def words(self, seat: UUID) -> str:
        """The reasons, most frequent first: "outside hours 12, paused 3"."""
        counted = Counter(dict(self.of(seat))).most_common()
        return ", ".join(f"{skip_words(skip)} {count}" for skip, count in counted)


def count(pool: Pool, *, since: datetime, member: UUID | None = None) -> PassedOver:
    """Of the decisions about the latest leads since then; of one `member` alone if given."""
    with connection.cursor() as cursor:
        cursor.execute(SKIPS, {
            "team": pool.team_id, "since": since, "most": MOST, "pool": str(pool.pk),
            "member": str(member) if member else None,
        })  # fmt: skip
        rows = cursor.fetchall()
    by_seat: dict[UUID, dict[str, int]] = defaultdict(dict)
    looked_at: Counter[UUID] = Counter()
    for _total, seat, skip, times in rows:
        looked_at[UUID(seat)] += times
        if skip:
            by_seat[UUID(seat)][skip] = times
    return PassedOver(rows[0][0] if rows else 0, dict(by_seat), looked_at)
