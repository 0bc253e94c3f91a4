"""Best match: how well each member fits a lead, in thousandths, part by part."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.routing import items, needs, performance, values
from apps.routing.conditions import ConditionError
from apps.routing.facts import LeadFacts, Record, SeatFacts
from apps.routing.fields import Registry
from apps.routing.needs import FULL, Detail, Item, Need


@dataclass(frozen=True, slots=True)
class Part:
    """How well one item of the pool's fit is met, and what it weighs."""

    kind: str
    weight: int
    score: int
    detail: Detail

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "weight": self.weight, "score": self.score, **self.detail,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fit:
    """A member's score for one lead: the weighted mean of its parts.

    What the lead does not say has no part; without any, every score is 0.
    """

    score: int
    parts: tuple[Part, ...]

    def to_json(self) -> dict[str, Any]:
        return {"score": self.score, "parts": [part.to_json() for part in self.parts]}


@dataclass(frozen=True, slots=True)
class Similar:
    """How often a member wins leads that have the same value.

    Her rate among them is drawn towards what is expected of her there: the team's rate among
    them, better or worse by as much as she is over all her leads. So neither a handful of leads
    nor an easy industry makes a champion.
    """

    field: str
    value: str
    label: str
    team: Record
    rate: float

    @classmethod
    def of(cls, item: Item, lead: LeadFacts | None, team: Record) -> Similar | None:
        rate = performance.win_rate(team)
        key = str(item.get("field"))
        label = values.plain(lead.values.get(key)) if lead else ""
        return cls(key, values.fold(label), label, team, rate) if label and rate else None

    def score(self, seat: SeatFacts) -> int:
        record = seat.record or Record()
        hers = performance.shrunk(record.won, record.closed, self.rate)
        expected = self._among_alike(self.team, self.rate) * hers / self.rate
        return round(FULL * self._among_alike(record, min(expected, 1.0)))

    def detail(self, seat: SeatFacts) -> Detail:
        closed, won = self._counted(seat.record or Record())
        return {"field": self.field, "value": self.label, "closed": closed, "won": won}

    def _among_alike(self, record: Record, expected: float) -> float:
        closed, won = self._counted(record)
        return performance.shrunk(won, closed, expected)

    def _counted(self, record: Record) -> tuple[int, int]:
        return record.by.get(self.field, {}).get(self.value, (0, 0))


class Match:
    """What a pool's fit asks for one lead."""

    def __init__(self, listed: Sequence[Item], lead: LeadFacts | None, team: Record) -> None:
        judges = [(item, _judge(item, lead, team)) for item in listed]
        self._judges: list[tuple[str, int, Need | Similar]] = [
            (str(item["kind"]), max(int(item.get("weight") or 1), 1), judge)
            for item, judge in judges
            if judge is not None
        ]
        self._weight = sum(weight for _, weight, _ in self._judges)

    def of(self, seat: SeatFacts) -> Fit:
        """How well a seat's member suits the lead."""
        if not self._judges:
            return Fit(0, ())
        parts = tuple(
            Part(kind, weight, judge.score(seat), judge.detail(seat))
            for kind, weight, judge in self._judges
        )
        return Fit(sum(part.weight * part.score for part in parts) // self._weight, parts)

    def misses(self, seat: SeatFacts) -> Need | None:
        """The first need of a member who meets none at all; None if she meets any in part."""
        wanted = [each for _, _, each in self._judges if not isinstance(each, Similar)]
        if any(each.score(seat) for each in wanted):
            return None
        return wanted[0] if wanted else None


def _judge(item: Mapping[str, Any], lead: LeadFacts | None, team: Record) -> Need | Similar | None:
    if item.get("kind") == "similar":
        return Similar.of(item, lead, team)
    return needs.of(item, lead)


def validate(
    listed: object, registry: Registry, *, skills: Collection[str] | None = None
) -> list[ConditionError]:
    """Everything that is wrong with a fit, each with its path and the remedy; [] if nothing.

    `skills` are the names of the team's skills; without them, any name will do.
    """
    folded = None if skills is None else {values.fold(name) for name in skills}
    known = items.Known(registry, folded)
    return list(items.errors(listed, "", known, kinds=tuple(items.KEYS), has_weight=True))


def in_words(listed: Sequence[Item], registry: Registry) -> str:
    """What makes a good match, in one line, with the weights where they differ."""
    weights = [int(item.get("weight") or 1) for item in listed]
    told = [items.in_words(item, registry) for item in listed]
    if len(set(weights)) > 1:
        told = [f"{words} (weighs {weight})" for words, weight in zip(told, weights, strict=True)]
    return "; ".join(told)
