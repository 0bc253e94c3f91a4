"""What a lead needs of a member: skills, a territory, a language, years, wins with its like.

An item of a pool's filters or fit, such as {"kind": "skill", "field": "product", "level": 3},
becomes a need of one lead. A lead that does not say what the item asks for has no such need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from apps.routing import arguments, values
from apps.routing.facts import Area, LeadFacts, SeatFacts, Skip
from apps.routing.languages import code_of

Item = Mapping[str, Any]
Detail = Mapping[str, str | int]

FULL = 1_000  # a need that is met whole, in thousandths


class Need(Protocol):
    """One thing that a lead asks of whoever takes it."""

    skip: ClassVar[Skip]

    def score(self, seat: SeatFacts) -> int:
        """How well the seat's member meets it, in thousandths; all of them is met."""

    def detail(self, seat: SeatFacts) -> Detail:
        """What was asked and what she has, for the words."""


@dataclass(frozen=True, slots=True)
class SkillNeed:
    """One of some skills, at a level. Less than the level counts in part."""

    skip: ClassVar[Skip] = Skip.SKILL
    names: tuple[str, ...]
    label: str
    level: int

    def score(self, seat: SeatFacts) -> int:
        return min(self._best(seat) * FULL // self.level, FULL)

    def detail(self, seat: SeatFacts) -> Detail:
        return {"skill": self.label, "level": self.level, "has": self._best(seat)}

    def _best(self, seat: SeatFacts) -> int:
        return max((seat.skills.get(name, 0) for name in self.names), default=0)


@dataclass(frozen=True, slots=True)
class TerritoryNeed:
    """The lead's place, within one of the member's territories."""

    skip: ClassVar[Skip] = Skip.TERRITORY
    place: Mapping[str, str]

    def score(self, seat: SeatFacts) -> int:
        return FULL if any(is_within(self.place, area) for area in seat.territories) else 0

    def detail(self, seat: SeatFacts) -> Detail:
        return {}


@dataclass(frozen=True, slots=True)
class LanguageNeed:
    """The lead's language, at any level."""

    skip: ClassVar[Skip] = Skip.LANGUAGE
    code: str
    label: str

    def score(self, seat: SeatFacts) -> int:
        return FULL if any(code_of(name) == self.code for name in seat.languages) else 0

    def detail(self, seat: SeatFacts) -> Detail:
        return {"language": self.label}


@dataclass(frozen=True, slots=True)
class ExperienceNeed:
    """So many years of experience. Fewer count in part."""

    skip: ClassVar[Skip] = Skip.EXPERIENCE
    years: int

    def score(self, seat: SeatFacts) -> int:
        return FULL if seat.years >= self.years else seat.years * FULL // self.years

    def detail(self, seat: SeatFacts) -> Detail:
        return {"years": self.years, "has": seat.years}


def of(item: Item, lead: LeadFacts | None) -> Need | None:
    """What an item asks for this lead; None if the lead does not say, or the item is unknown."""
    read = KINDS.get(str(item.get("kind")))
    return read(item, lead) if read else None


def is_within(place: Mapping[str, str], area: Area) -> bool:
    """Whether each kind of place that the area lists fits; within a kind any one will do."""
    for key, listed in area.items():
        if key == "postcodes":
            if not arguments.among_postcodes(tuple(listed))(place.get("postcode", "")):
                return False
        elif listed and place.get(arguments.AREA_FIELDS.get(key, key)) not in listed:
            return False
    return any(area.values())


def _skill(item: Item, lead: LeadFacts | None) -> Need | None:
    level = max(int(item.get("level") or 1), 1)
    if item.get("field") is None:
        label = str(item.get("skill", ""))
        return SkillNeed((values.fold(label),), label, level)
    value = lead.values.get(str(item["field"])) if lead else None
    said = value if isinstance(value, tuple) else (values.plain(value),)
    names = tuple(filter(None, map(values.fold, said)))
    return SkillNeed(names, " / ".join(filter(None, said)), level) if names else None


def _territory(item: Item, lead: LeadFacts | None) -> Need | None:
    place = place_of(lead) if lead else {}
    return TerritoryNeed(place) if place else None


def place_of(lead: LeadFacts) -> dict[str, str]:
    """Where a lead is, as areas are compared."""
    found = {field: values.text(lead.values.get(field)) for field in arguments.AREA_FIELDS.values()}
    found["postcode"] = arguments.postcode(found["postcode"])
    return {field: value for field, value in found.items() if value}


def _language(item: Item, lead: LeadFacts | None) -> Need | None:
    said = values.plain(lead.values.get("language")) if lead else ""
    return LanguageNeed(code_of(said), said) if said else None


def _experience(item: Item, lead: LeadFacts | None) -> Need | None:
    value = values.number(lead.values.get(str(item.get("field")))) if lead else None
    if value is None:
        return None
    return ExperienceNeed(years_needed(item.get("steps") or (), value))


def years_needed(steps: Sequence[Sequence[Any]], value: values.Number) -> int:
    """The years of the highest step that the value reaches; 0 below them all."""
    reached = [(bound, years) for bound, years in steps if bound <= value]
    return int(max(reached)[1]) if reached else 0


KINDS: dict[str, Callable[[Item, LeadFacts | None], Need | None]] = {
    "skill": _skill,
    "territory": _territory,
    "language": _language,
    "experience": _experience,
}
