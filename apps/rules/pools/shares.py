"""What each seat was due of a pool's turns, and what it received, over some days."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from apps.routing.credit import NANO
from apps.rules.models import Pool, Seat, TurnEntry
from apps.teams.models import Membership

SPANS = (7, 30, 90)
DEFAULT_DAYS = 30

# Of each lead a seat was due what it gained; the winner paid what the others gained, so that it
# was due the rest of the turn. Giving a lead back takes both away again.
# A winner whose seat is gone is known by the payment.
COUNTED = """
SELECT seat,
    count(*) FILTER (WHERE reason = 'turn' AND won)
        - count(*) FILTER (WHERE reason = 'give_back' AND won),
    coalesce(sum(CASE reason
        WHEN 'turn' THEN delta + CASE WHEN won THEN %(turn)s ELSE 0 END
        WHEN 'give_back' THEN delta - CASE WHEN won THEN %(turn)s ELSE 0 END
        ELSE 0 END), 0)::bigint,
    count(*) FILTER (WHERE reason = 'give_back' AND won),
    coalesce(sum(delta) FILTER (WHERE reason = 'adjusted'), 0)::bigint
FROM (
    SELECT key::uuid AS seat, value::bigint AS delta, reason,
        coalesce(winner_id = key::uuid, value::bigint * sign.of < 0) AS won
    FROM rules_turnentry, jsonb_each_text(deltas),
        LATERAL (SELECT CASE reason WHEN 'give_back' THEN -1 ELSE 1 END AS of) AS sign
    WHERE pool_id = %(pool)s AND at >= %(since)s
) AS moved
GROUP BY seat
"""


@dataclass(frozen=True, slots=True)
class Share:
    """One seat: leads received, turns it was due, given back, and moved by hand, in leads."""

    seat: UUID
    member: UUID
    name: str
    weight: int
    is_here: bool
    credit: int
    received: int = 0
    due: float = 0.0
    given_back: int = 0
    adjusted: int = 0
    total: int = 0

    @property
    def share_received(self) -> float:
        """In percent of all that the pool placed by turn."""
        return 100 * self.received / self.total if self.total else 0.0

    @property
    def share_due(self) -> float:
        return 100 * self.due / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Shares:
    """A pool's seats over a span; the leads received add up to the turns due."""

    since: datetime
    days: int
    seats: tuple[Share, ...]

    @property
    def total(self) -> int:
        return sum(share.received for share in self.seats)

    @property
    def widest(self) -> float:
        """The longest bar of the chart."""
        return max([1.0, *(max(share.received, share.due) for share in self.seats)])

    @property
    def median(self) -> float:
        """What the member in the middle received; of the seats that are here and were due any."""
        received = [share.received for share in self.seats if share.is_here and share.due > 0]
        return float(median(received)) if received else 0.0

    def of(self, member: UUID | None) -> Share | None:
        return next((share for share in self.seats if share.member == member), None)


def days_of(text: str) -> int:
    """The span that a page was asked for; another becomes the default."""
    return int(text) if text in map(str, SPANS) else DEFAULT_DAYS


def shares(pool: Pool, *, days: int, now: datetime) -> Shares:
    """Every seat of today, then those that left within the span."""
    since = now - timedelta(days=days)
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, {"turn": NANO, "pool": pool.pk, "since": since})
        counted = {row[0]: row[1:] for row in cursor.fetchall()}
    rows = Seat.objects.filter(pool=pool).select_related("membership__user")
    here = [
        Share(
            seat.pk, seat.membership_id, str(seat.membership), seat.weight, True, seat.credit,
            *_figures(counted.pop(seat.pk, None)),
        )
        for seat in rows.order_by("position", "pk")
    ]  # fmt: skip
    left = [
        Share(seat, UUID(int=0), _("A seat that was removed"), 1, False, 0, *_figures(figures))
        for seat, figures in counted.items()
        if any(figures)
    ]
    total = sum(share.received for share in (*here, *left))
    return Shares(since, days, tuple(replace(share, total=total) for share in (*here, *left)))


def _figures(row: Sequence[int] | None) -> tuple[int, float, int, int]:
    if row is None:
        return 0, 0.0, 0, 0
    received, due, given_back, adjusted = row
    return received, due / NANO, given_back, adjusted


def adjustments(pool: Pool, *, since: datetime) -> Iterable[TurnEntry]:
    """Credit that was moved by hand, latest first."""
    rows = TurnEntry.objects.filter(pool=pool, at__gte=since)
    return rows.filter(reason=TurnEntry.Reason.ADJUSTED).order_by("-at", "-pk")


def as_csv(found: Shares, skips: Iterable[tuple[UUID, str]]) -> str:
    """The table for a spreadsheet; `skips` are the words of each seat."""
    words = dict(skips)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([
        "member", "weight", "received", "due", "share received %", "share due %", "given back",
        "adjusted", "credit", "passed over",
    ])  # fmt: skip
    for share in found.seats:
        writer.writerow([
            _safe(share.name), share.weight, share.received, round(share.due, 3),
            round(share.share_received, 1), round(share.share_due, 1),
            share.given_back, share.adjusted / NANO, share.credit / NANO,
            words.get(share.seat, ""),
        ])  # fmt: skip
    return text.getvalue()


def _safe(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


@dataclass(frozen=True, slots=True)
class Mine:
    """A member's own line in one pool, beside what the middle of her colleagues received."""

    pool: Pool
    share: Share
    median: float
    days: int


def mine(member: Membership, *, days: int, now: datetime) -> list[Mine]:
    """Her line in every pool that keeps turns and where she sits."""
    seats = Seat.objects.filter(membership=member, is_active=True).select_related("pool")
    lines = []
    for seat in seats.order_by("pool__name"):
        found = shares(seat.pool, days=days, now=now)
        share = found.of(member.pk)
        if share is not None and (share.due or share.received or share.credit):
            lines.append(Mine(seat.pool, share, found.median, days))
    return lines
