"""“Next best for me”: which of the leads that wait in a hopper a member takes next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.routing import values
from apps.routing.decide import Choice, choose
from apps.routing.facts import LeadFacts, PoolFacts
from apps.routing.rankings import BY_TURN

Order = tuple[float, ...]


def best_next(
    pool: PoolFacts, leads: Iterable[LeadFacts], member: UUID, *, now: datetime
) -> tuple[LeadFacts, ...]:
    """The leads that a member may take, best for her first; nobody is charged a turn.

    First comes what suits her best, and what she is closest to being next for, as the pool ranks;
    then the higher priority, the higher score, and whatever waits longest.
    """
    hers = [(order, lead) for lead in leads if (order := _order(pool, lead, member, now))]
    hers.sort(key=lambda each: (each[0], each[1].received_at, each[1].id))
    return tuple(lead for _, lead in hers)


def _order(pool: PoolFacts, lead: LeadFacts, member: UUID, now: datetime) -> Order | None:
    """What she would be ranked by for this lead; None if she may not take it."""
    choice = choose(pool, now=now, lead=lead)
    place = next((n for n, seat in enumerate(choice.eligible) if seat.taker == member), None)
    if place is None:
        return None
    return (
        -_fit(choice, place),
        place if BY_TURN.intersection(pool.rankings) else 0,
        -_number(lead, "priority"),
        -_number(lead, "score"),
    )


def _fit(choice: Choice, place: int) -> int:
    fit = choice.candidates[place].fit
    return fit.score if fit else 0


def _number(lead: LeadFacts, key: str) -> float:
    return float(values.number(lead.values.get(key)) or 0)
