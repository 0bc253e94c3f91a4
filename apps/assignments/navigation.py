"""The numbers beside the entries of the menu."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from apps.alerts.models import Alert, AlertCounter
from apps.assignments.models import Assignment, HopperEntry, Offer
from apps.teams.access import Access


def counts(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `nav` on team pages; each number is counted when it is shown."""
    access = getattr(request, "access", None)
    return {"nav": Counts(access) if access else None}


@dataclass
class Counts:
    """What waits for the acting person: offers and unanswered leads, the hopper, unread alerts."""

    access: Access

    @cached_property
    def today(self) -> int:
        if self.access.membership is None:
            return 0
        mine = Assignment.objects.filter(team=self.access.team, member_id=self.access.member_id)
        unanswered = mine.live().filter(responded_at__isnull=True, lead__deleted_at__isnull=True)
        return Offer.objects.put_to(self.access).count() + unanswered.count()

    @cached_property
    def hopper(self) -> int:
        return HopperEntry.objects.visible_to(self.access).waiting().count()

    @cached_property
    def alerts(self) -> int:
        return Alert.objects.visible_to(self.access).listed().filter(read_at__isnull=True).count()

    @cached_property
    def last_seq(self) -> int:
        """The number of the newest alert that this page already shows."""
        if self.access.actor_id is None:
            return 0
        counter = AlertCounter.objects.filter(user_id=self.access.actor_id).first()
        return counter.last_seq if counter else 0
