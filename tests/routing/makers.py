"""Facts for the tests of the core, with ids that read well."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.routing.decide import Choice
from apps.routing.facts import LeadFacts, Mode, PoolFacts, Ranking, SeatFacts, Value
from apps.routing.fields import Field, FieldType, Registry
from apps.routing.matching import RuleSpec

NOON = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)  # a Wednesday

REGISTRY = Registry().with_custom(
    [
        Field("charge_points", "Charge points", FieldType.NUMBER),
        Field("site", "Site", FieldType.CHOICE, options=("Depot", "Street")),
        Field("visit", "Visit", FieldType.DATE),
    ]
)


def uuid(number: int) -> UUID:
    return UUID(int=number)


def lead(
    values: Mapping[str, Value] | None = None, number: int = 1, at: datetime = NOON
) -> LeadFacts:
    return LeadFacts(uuid(number), at, values or {})


def seat(position: int, **facts: Any) -> SeatFacts:
    """The seat at a position; seat 1 is member 101, and so on."""
    given = {"seat": uuid(position), "member": uuid(100 + position), "name": f"Member {position}"}
    return SeatFacts(**{**given, "position": position, **facts})


def seats(*weights: int) -> tuple[SeatFacts, ...]:
    return tuple(seat(number, weight=weight) for number, weight in enumerate(weights, start=1))


def pool(
    *seated: SeatFacts, ranking: Ranking = Ranking.TURN, mode: Mode = Mode.ASSIGN, **facts: Any
) -> PoolFacts:
    return PoolFacts(uuid(900), "Seniors", 1, ranking, mode, seats=seated, **facts)


def after(choice: Choice) -> PoolFacts:
    """The pool as the shell leaves it: credits, counters and load written."""
    if choice.winner is None or choice.turn_no is None:
        return choice.pool
    seated = [
        replace(each, credit=each.credit + choice.deltas.get(each.seat, 0))
        for each in choice.pool.seats
    ]
    written = [
        replace(each, last_turn_no=choice.turn_no, load=each.load + 1)
        if each.seat == choice.winner.seat
        else each
        for each in seated
    ]
    return replace(choice.pool, seats=tuple(written), turn_no=choice.turn_no)


def rule(number: int, conditions: Mapping[str, Any] | None = None, name: str = "") -> RuleSpec:
    return RuleSpec(uuid(1_000 + number), number, name or f"Rule {number}", conditions or {})


def leaf(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def every(*conditions: Mapping[str, Any]) -> dict[str, Any]:
    return {"all": list(conditions)}


def names(rules: Sequence[RuleSpec]) -> list[int]:
    return [each.number for each in rules]
