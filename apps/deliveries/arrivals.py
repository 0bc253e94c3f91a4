"""Copies that came from other teams, as the team that got them knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable

from apps.accounts.ids import uuid7
from apps.deliveries.models import Arrival, Delivery, Dispute
from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.fixed import prepared

WEEK = timedelta(days=7)
MONTH = timedelta(days=28)


def of(lead: Lead) -> Arrival | None:
    """How this lead came from another team, the first time if several; None if it did not.

    What merged leads came with counts for the lead that they are now.
    """
    return _of(lead).order_by("arrived_at", "id").first()


def path_of(lead: Lead) -> list[UUID]:
    """Every team that the lead came through, on whichever ways: none of them gets it again."""
    ways = _of(lead).order_by("arrived_at", "id").values_list("path", flat=True)
    return list(dict.fromkeys(team for way in ways for team in way))


def all_of(lead: Lead) -> list[Arrival]:
    """Each way on which the lead came, the newest first, with the sender loaded."""
    return list(_of(lead).select_related("sender").order_by("-arrived_at", "-id"))


_INSERT = """
INSERT INTO deliveries_arrival (id, team_id, sender_id, delivery_id, root_id, path, arrived_at)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


def record(delivery: Delivery, *, to: UUID, now: datetime) -> bool:
    """Write down that `to` gets this copy; False if the lead came there by another one.

    Of two copies of one lead at the same moment the second waits here for the first.
    """
    values = [uuid7(), to, delivery.team_id, delivery.pk, delivery.root_id, delivery.path, now]
    with prepared() as cursor:
        cursor.execute(_INSERT, values)
        if cursor.rowcount:
            return True
    return Arrival.objects.filter(team=to, delivery_id=delivery.pk).exists()


def link(lead: Lead, *, delivery_id: UUID | Combinable) -> None:
    """Say which lead the copy became: at once, or when its capture is replayed."""
    Arrival.objects.filter(team_id=lead.team_id, delivery_id=delivery_id).update(lead=lead)


def delivery_of(arrival: Arrival) -> Delivery | None:
    """The sender's row of a copy that came; None once the sender erased its lead.

    It is another team's: read for what the recipient may know, that is the copy's own state.
    """
    rows = Delivery.objects.filter(pk=arrival.delivery_id, team_id=arrival.sender_id)
    found: Delivery | None = rows.select_related("recipient", "team").first()
    return found


@dataclass(frozen=True, slots=True)
class Figures:
    """What came from one sender: in the last seven and 28 days, and of the latter sent back."""

    week: int = 0
    month: int = 0
    returned: int = 0


def figures(access: Access, *, now: datetime) -> dict[UUID, Figures]:
    """By sender, in one statement."""
    disputed = Dispute.objects.filter(delivery_id=OuterRef("delivery_id"))
    rows = Arrival.objects.visible_to(access).filter(arrived_at__gte=now - MONTH)
    counted = (
        rows.order_by()
        .values_list("sender")
        .annotate(
            week=Count("pk", filter=Q(arrived_at__gte=now - WEEK)),
            month=Count("pk"),
            returned=Count("pk", filter=Exists(disputed)),
        )
    )
    return {sender: Figures(*numbers) for sender, *numbers in counted}


def _of(lead: Lead) -> QuerySet[Arrival]:
    known_as = Lead.objects.filter(Q(pk=lead.pk) | Q(merged_into=lead.pk), team=lead.team_id)
    rows: QuerySet[Arrival] = Arrival.objects.filter(lead__in=known_as.order_by().values("pk"))
    return rows
