"""What flows from each source: who fills the list, and which one went silent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Q

from apps.leads.models import Lead, Source
from apps.teams.access import Access

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Flow:
    """A source with its leads of the last two weeks; `last` is the newest of them."""

    source: Source
    week: int = 0
    before: int = 0
    last: datetime | None = None

    @property
    def is_revoked(self) -> bool:
        return self.source.revoked_at is not None

    @property
    def is_silent(self) -> bool:
        """Whether it brought leads the week before and none since, though it is on."""
        return self.source.is_active and self.before > 0 and not self.week


def since(access: Access, *, now: datetime) -> datetime:
    """The beginning of the team's last seven days, today among them."""
    today = now.astimezone(ZoneInfo(access.team.timezone)).date()
    return datetime.combine(
        today - WEEK + timedelta(days=1), time(), ZoneInfo(access.team.timezone)
    )


def by_source(sources: Iterable[Source], *, access: Access, now: datetime) -> list[Flow]:
    """Every source with what it brought: silent ones first, then by leads. One statement more."""
    start = since(access, now=now)
    is_late = Q(received_at__gte=start)
    leads = Lead.objects.visible_to(access).counted().filter(received_at__gte=start - WEEK)
    counted = (
        leads.order_by()
        .values_list("source")
        .annotate(
            week=Count("pk", filter=is_late),
            before=Count("pk", filter=~is_late),
            last=Max("received_at"),
        )
    )
    brought = {source: figures for source, *figures in counted}
    flows = [Flow(source, *brought.get(source.pk, ())) for source in sources]
    return sorted(flows, key=lambda flow: (flow.is_revoked, not flow.is_silent, -flow.week))
