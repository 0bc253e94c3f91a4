"""Whom a lead suits: every member ranked by fit and load, with the reasons in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from apps.assignments.models import Decision
from apps.assignments.pages.lead_page import language_name
from apps.assignments.seats import seating
from apps.leads.models import Lead
from apps.routing import decide
from apps.routing.calendar import ALWAYS_OPEN
from apps.routing.decide import Candidate
from apps.routing.facts import LeadFacts, Mode, PoolFacts, Ranking, SeatFacts, Skip
from apps.routing.fit import Part
from apps.routing.telling import Telling
from apps.rules.facts import lead_facts
from apps.rules.models import Seat
from apps.rules.registry import registry
from apps.teams.access import Access
from apps.teams.models import Team

NOBODY = UUID(int=0)  # the pool of everybody is no pool
KEYS = 9  # a digit assigns
HAD_IT = frozenset({Skip.TRIED.value, Skip.DECLINED.value})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A member who may get the lead. `key` is the digit that assigns, 0 beyond nine.

    `why` says what speaks for her, `but` why routing would pass her over now ("" if it would
    not): a manager may choose her all the same.
    """

    member_id: UUID
    name: str
    key: int
    load: int
    capacity: int | None
    fit: int | None  # percent
    why: str
    but: str
    is_in_pool: bool

    @property
    def share(self) -> int:
        """How full she is, in percent; without a limit of her own, of twenty leads."""
        return min(self.load * 100 // max(self.capacity or 20, 1), 100)


def suggest(
    lead: Lead, access: Access, now: datetime, decision: Decision | None = None
) -> list[Suggestion]:
    """Everybody, best first: those who can take the lead now, those of its pool before others.

    `decision` is the lead's latest: its pool, and who had the lead in it. Two queries at most.
    """
    seats = seating.everybody(access.team, now=now)
    facts = lead_facts(lead, registry(access.team), now=now)
    tried = _had_it(decision)
    choice = decide.choose(_everybody(seats, facts, access.team), now=now, lead=facts, tried=tried)
    mates = _mates(decision)
    telling = Telling({}, None, ZoneInfo(access.user.timezone if access.user else "UTC"))
    by_id = {seat.seat: seat for seat in seats}
    made = [
        _suggestion(by_id[each.seat], each, told, telling, mates)
        for each, told in zip(choice.candidates, choice.to_trace()["candidates"], strict=True)
    ]
    ordered = sorted(made, key=lambda each: (bool(each.but), not each.is_in_pool))
    return [replace(each, key=_key(place)) for place, each in enumerate(ordered, 1)]


def names(suggestions: Sequence[Suggestion]) -> dict[str, str]:
    """Members' names by id, as decisions are told with them."""
    return {str(each.member_id): each.name for each in suggestions}


def _everybody(seats: Sequence[SeatFacts], facts: LeadFacts, team: Team) -> PoolFacts:
    return PoolFacts(
        pool=NOBODY,
        name=team.name,
        revision=0,
        ranking=Ranking.LOAD,
        mode=Mode.ASSIGN,
        seats=tuple(seats),
        schedule=ALWAYS_OPEN,
        respects_hours=True,
        prefer=(Ranking.FIT,),
        fit=_fit(seats, facts),
        timezone=team.timezone,
    )


def _fit(seats: Sequence[SeatFacts], facts: LeadFacts) -> tuple[Mapping[str, Any], ...]:
    """What to compare members by: only what some of them have, so that it tells them apart."""
    asked: list[Mapping[str, Any]] = []
    if any(seat.territories for seat in seats):
        asked.append({"kind": "territory", "weight": 2})
    if any(seat.languages for seat in seats):
        asked.append({"kind": "language", "weight": 2})
    if any(seat.skills for seat in seats) and "product" in facts.values:
        asked.append({"kind": "skill", "field": "product", "level": 3, "weight": 2})
    return tuple(asked)


def _had_it(decision: Decision | None) -> Collection[UUID]:
    steps = decision.trace.get("steps", []) if decision else []
    found = [one for step in steps for one in step.get("candidates", [])]
    return {UUID(one["member"]) for one in found if one.get("skip") in HAD_IT}


def _mates(decision: Decision | None) -> Collection[UUID]:
    """Who sits in the pool that the lead is in, or came from."""
    if decision is None or decision.pool_id is None:
        return frozenset()
    seats = Seat.objects.filter(pool_id=decision.pool_id, is_active=True)
    return frozenset(seats.values_list("membership_id", flat=True))


def _suggestion(
    seat: SeatFacts,
    candidate: Candidate,
    told: Mapping[str, Any],
    telling: Telling,
    mates: Collection[UUID],
) -> Suggestion:
    parts = candidate.fit.parts if candidate.fit else ()
    return Suggestion(
        member_id=seat.member,
        name=seat.name,
        key=0,
        load=seat.open_leads,
        capacity=seat.capacity,
        fit=round(candidate.fit.score / 10) if candidate.fit and parts else None,
        why=_upper(", ".join(map(_part, parts))),
        but=_upper(telling.skipped(told)) if candidate.skip else "",
        is_in_pool=seat.member in mates,
    )


def _part(part: Part) -> str:
    """What speaks for a member, or does not: “speaks German, covers the place”."""
    has = part.score > 0
    match part.kind:
        case "territory":
            return _("covers the place") if has else _("not her territory")
        case "language":
            words = _("speaks %(name)s") if has else _("no %(name)s")
            return words % {"name": language_name(str(part.detail["language"]))}
    words = _("knows %(name)s") if has else _("not %(name)s")
    return words % {"name": part.detail.get("skill", part.kind)}


def _key(place: int) -> int:
    return place if place <= KEYS else 0


def _upper(words: str) -> str:
    return words[:1].upper() + words[1:]
