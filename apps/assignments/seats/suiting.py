"""How a member suits leads of the hopper: her pools' filters, and how well she fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.assignments.models import HopperEntry
from apps.assignments.seats.seating import facts_of
from apps.routing import performance
from apps.routing.facts import LeadFacts, PoolFacts
from apps.routing.filters import Filter
from apps.routing.fit import Match
from apps.rules.facts import lead_facts
from apps.rules.models import Pool, Ranking
from apps.rules.registry import registry
from apps.teams.access import Access


@dataclass(frozen=True, slots=True)
class Suits:
    """Whether filters keep a lead from a member, and else how well she fits, in thousandths."""

    is_kept_from: bool = False
    fit: int = 0


def suits(entries: Sequence[HopperEntry], by: Access, now: datetime) -> dict[UUID, Suits]:
    """How the acting member suits each of these leads; needs their pool and source loaded.

    Asks nothing of pools without filters and fit. Whoever has no seat in a pool is not filtered.
    """
    asking = {entry.pool_id: entry.pool for entry in entries if _asks(entry.pool)}
    facts = {pool_id: facts_of(pool_id, team=by.team, now=now) for pool_id in asking if pool_id}
    return {
        entry.pk: _suits(entry, facts[entry.pool_id], by, now)
        if entry.pool_id in facts
        else Suits()
        for entry in entries
    }  # fmt: skip


def is_kept_from(entry: HopperEntry, by: Access, now: datetime) -> bool:
    """Whether her pool's filters keep this lead from the acting member."""
    return suits([entry], by, now)[entry.pk].is_kept_from


def _asks(pool: Pool | None) -> bool:
    if pool is None:
        return False
    return bool(pool.filters.get("items")) or Ranking.FIT in (pool.ranking, *pool.prefer)


def _suits(entry: HopperEntry, pool: PoolFacts, by: Access, now: datetime) -> Suits:
    seat = next((one for one in pool.seats if one.taker == by.member_id), None)
    if seat is None:
        return Suits()
    lead: LeadFacts = lead_facts(entry.lead, registry(by.team), now=now)
    if Filter(pool.filters, lead).unmet(seat):
        return Suits(is_kept_from=True)
    if Ranking.FIT not in pool.rankings:
        return Suits()
    match = Match(pool.fit, lead, performance.team_record(pool))
    return Suits(is_kept_from=match.misses(seat) is not None, fit=match.of(seat).score)
