"""The numbers beside the entries of the menu."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone

from apps.alerts import services as alerts
from apps.alerts.models import Alert
from apps.assignments.models import Assignment, BadLeadReport, Hold, HopperEntry, Offer
from apps.assignments.moves import approvals, triage
from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.permissions import Permission


def counts(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `nav` on team pages; each number is counted when it is shown."""
    access = getattr(request, "access", None)
    return {"nav": Counts(access) if access else None}


@dataclass
class Counts:
    """What waits for the acting person: offers and unanswered leads, the hopper, unread alerts."""

    access: Access

    @property
    def today(self) -> int:
        return self._waiting.get("offers", 0) + self._waiting.get("unanswered", 0)

    @property
    def hopper(self) -> int:
        return self._waiting.get("hopper", 0)

    @property
    def triage(self) -> int:
        return self._waiting.get("unplaced", 0) + self._waiting.get("long_in_hopper", 0)

    @property
    def desk(self) -> int:
        """Everything that waits for a manager; held leads are among those to place."""
        return self.triage + self.reports + self.requests

    @property
    def held(self) -> int:
        return self._waiting.get("held", 0)

    @property
    def reports(self) -> int:
        return self._waiting.get("reports", 0)

    @property
    def requests(self) -> int:
        return self._waiting.get("requests", 0)

    @property
    def alerts(self) -> int:
        return self._waiting.get("alerts", 0)

    @cached_property
    def _waiting(self) -> dict[str, int]:
        """All of them in one statement: every page shows every number."""
        access = self.access
        mine = Assignment.objects.filter(team=access.team, member_id=access.member_id)
        unanswered = mine.live().filter(responded_at__isnull=True, lead__deleted_at__isnull=True)
        unread = Alert.objects.visible_to(access).listed().filter(read_at__isnull=True)
        first, *others = (
            _counted("hopper", HopperEntry.objects.visible_to(access).waiting()),
            _counted("alerts", unread),
            _counted("offers", Offer.objects.put_to(access)),
            _counted("unanswered", unanswered),
            *self._for_managers(),
        )
        return dict(first.union(*others, all=True))

    def _for_managers(self) -> list[QuerySet[Any, Any]]:
        if not self.access.can(Permission.REASSIGN):
            return []
        unplaced = Lead.objects.visible_to(self.access).unplaced()
        in_hopper = triage.long_in_hopper(self.access.team, timezone.now())
        reported = BadLeadReport.objects.visible_to(self.access).filter(
            state=BadLeadReport.State.OPEN, lead__deleted_at=None
        )
        held = Hold.objects.visible_to(self.access).filter(released_at=None, lead__deleted_at=None)
        return [
            _counted("unplaced", unplaced), _counted("long_in_hopper", in_hopper),
            _counted("held", held), _counted("reports", reported),
            _counted("requests", approvals.waiting(self.access)),
        ]  # fmt: skip

    @cached_property
    def last_seq(self) -> int:
        """The number of the newest alert that this page already shows."""
        if self.access.actor_id is None:
            return 0
        return alerts.shown_up_to(self.access.actor_id, now=timezone.now())


def _counted(name: str, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    named = rows.order_by().annotate(counted=Value(name))
    return (
        named.values("counted").annotate(n=Count("pk", distinct=True)).values_list("counted", "n")
    )
