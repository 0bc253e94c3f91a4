"""What became of the leads that an agency's own team sent to its clients. Figures, no lead.

A delivery counts in the period in which it was handed to its recipient. What the client made of it
is read from the client's lead, or the one that it was merged into.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count

from apps.dashboards.figures.metrics import share
from apps.dashboards.figures.periods import Period
from apps.deliveries.models import Delivery

_ARRIVED = (Delivery.State.DELIVERED.value, Delivery.State.OPENED.value)

_BY_CAMPAIGN = """
SELECT l.campaign, count(*),
  count(*) FILTER (WHERE d.state IN ('delivered', 'opened')),
  count(*) FILTER (WHERE d.state IN ('dead', 'refused', 'withdrawn')),
  count(*) FILTER (WHERE x.state IN ('open', 'accepted')),
  count(*) FILTER (WHERE c.first_attempt_at IS NOT NULL),
  count(*) FILTER (WHERE c.first_contact_at IS NOT NULL),
  count(*) FILTER (WHERE c.qualified_at IS NOT NULL OR c.status_kind IN ('qualified', 'won')),
  count(*) FILTER (WHERE c.status_kind = 'won')
FROM deliveries_delivery d
JOIN rules_recipient r ON r.id = d.recipient_id AND r.team_id = d.team_id
JOIN rules_agreement g ON g.id = r.agreement_id AND g.to_id = %(client)s
JOIN leads_lead l ON l.id = d.lead_id
LEFT JOIN deliveries_dispute x ON x.delivery_id = d.id
LEFT JOIN deliveries_arrival a ON a.delivery_id = d.id AND a.team_id = %(client)s
LEFT JOIN leads_lead came ON came.id = a.lead_id
LEFT JOIN leads_lead c ON c.id = coalesce(came.merged_into_id, came.id)
  AND c.team_id = %(client)s AND c.deleted_at IS NULL
WHERE d.team_id = %(sender)s AND d.queued_at BETWEEN %(start)s AND %(end)s
GROUP BY l.campaign ORDER BY count(*) DESC, l.campaign
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Leads sent to one client, by how far they came; each number is part of `sent`."""

    sent: int = 0
    delivered: int = 0
    failed: int = 0
    returned: int = 0
    attempted: int = 0
    contacted: int = 0
    qualified: int = 0
    won: int = 0

    @property
    def attempt_rate(self) -> float | None:
        return share(self.attempted, self.delivered)

    @property
    def contact_rate(self) -> float | None:
        return share(self.contacted, self.delivered)

    @property
    def won_rate(self) -> float | None:
        return share(self.won, self.delivered)


@dataclass(frozen=True, slots=True)
class Line:
    """The outcome of one campaign of the sender; "" for leads without one."""

    campaign: str
    outcome: Outcome


def by_campaign(client: UUID, *, sender: UUID, period: Period) -> list[Line]:
    """What one client made of what was sent to it, the largest campaign first."""
    values: dict[str, Any] = {
        "client": client, "sender": sender, "start": period.start, "end": period.end,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_BY_CAMPAIGN, values)
        return [Line(row[0], Outcome(*row[1:])) for row in cursor.fetchall()]


def total(lines: Sequence[Line]) -> Outcome:
    counted = [astuple(line.outcome) for line in lines]
    return Outcome(*(sum(column) for column in zip(*counted, strict=True)))


def delivered_to(
    clients: Collection[UUID], *, sender: UUID | None, period: Period
) -> Mapping[UUID, int]:
    """How many leads the agency's team delivered to each client: one statement for all."""
    if sender is None or not clients:
        return {}
    came = Delivery.objects.filter(
        team=sender,
        recipient__agreement__to__in=clients,
        state__in=_ARRIVED,
        queued_at__gte=period.start,
        queued_at__lte=period.end,
    )
    counted = came.values("recipient__agreement__to").annotate(leads=Count("pk")).order_by()
    return dict(counted.values_list("recipient__agreement__to", "leads"))
