"""The hopper as one member has it: what filters keep from her, and what is best for her."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from apps.assignments.models import HopperEntry
from apps.assignments.moves.claiming import Claimed, OfferGone, pick
from apps.assignments.seats.suiting import Suits, suits
from apps.teams.access import Access
from apps.teams.scope import TeamQuerySet

PAGE = 50
MOST_LOOKED_AT = 500
MOST_TRIED = 20
HOUR = 3600
BANDS = "ABCD"


class NothingToPick(LookupError):
    """The hopper has no lead for this member."""


@dataclass(frozen=True, slots=True)
class Pickable:
    """A hopper lead for one member, with how well she fits it."""

    entry: HopperEntry
    suits: Suits

    def urgency(self, now: datetime) -> tuple[Any, ...]:
        """Priority and hours waited, then band, then age: the smallest is first."""
        entry, lead = self.entry, self.entry.lead
        waited = int((now - entry.entered_at).total_seconds() // HOUR)
        band = BANDS.find(lead.band) if lead.band else len(BANDS)
        return (-(lead.priority + waited), band, entry.entered_at, entry.pk)


def for_member(by: Access, now: datetime, *, most: int) -> list[HopperEntry]:
    """The oldest leads that this member may see and that no filter keeps from her."""
    rows = _waiting(by).order_by("entered_at", "pk")
    found: list[HopperEntry] = []
    for start in range(0, MOST_LOOKED_AT, PAGE):
        page = list(rows[start : start + PAGE])
        found += [one.entry for one in _open_to(page, by, now)]
        if len(found) >= most or len(page) < PAGE:
            break
    return found[:most]


def pick_best(*, by: Access, now: datetime) -> Claimed:
    """Take the best lead of the hopper for this member; whoever is quicker gets it, she the next.

    NothingToPick, or ClaimRefused if a limit stands in the way.
    """
    for entry in islice(best_first(by, now), MOST_TRIED):
        try:
            return pick(entry.lead_id, by=by, now=now)
        except (OfferGone, HopperEntry.DoesNotExist):
            continue
    raise NothingToPick


def best_first(by: Access, now: datetime) -> Iterator[HopperEntry]:
    """Each pool offers its best match for her, or its most urgent; the most urgent of those wins.

    So fits are compared within a pool only: another pool may weigh quite different things.
    """
    rows = _waiting(by).order_by("-lead__priority", "entered_at", "pk")
    queues: dict[UUID | None, list[Pickable]] = {}
    for one in _open_to(list(rows[:MOST_LOOKED_AT]), by, now):
        queues.setdefault(one.entry.pool_id, []).append(one)
    for queue in queues.values():
        queue.sort(key=lambda one: (-one.suits.fit, one.urgency(now)), reverse=True)
    while queues:
        pool_id = min(queues, key=lambda key: queues[key][-1].urgency(now))
        yield queues[pool_id].pop().entry
        if not queues[pool_id]:
            del queues[pool_id]


def _waiting(by: Access) -> TeamQuerySet[HopperEntry]:
    rows = HopperEntry.objects.visible_to(by).waiting()
    return rows.select_related("lead__source", "pool")


def _open_to(entries: Sequence[HopperEntry], by: Access, now: datetime) -> list[Pickable]:
    found = suits(entries, by, now)
    return [Pickable(one, found[one.pk]) for one in entries if not found[one.pk].is_kept_from]
