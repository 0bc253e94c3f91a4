"""What is told of one candidate of a decision: her name, her numbers, why she was passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from apps.routing.credit import NANO
from apps.routing.facts import Mode, Ranking, Skip

Json = Mapping[str, Any]

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
BY = {
    Ranking.TURN: "by turn",
    Ranking.LOAD: "fewest open leads first",
    Ranking.PERFORMANCE: "by performance",
    Ranking.FIT: "best match first",
    Ranking.FIXED: "in a fixed order",
    Ranking.NONE: "open to all",
}
SKIPPED = {
    Skip.INACTIVE: "no longer active",
    Skip.NOT_PERMITTED: "not permitted to work on leads",
    Skip.PAUSED: "paused",
    Skip.AWAY: "away",
    Skip.HOLIDAY: "on holiday",
    Skip.OUTSIDE_HOURS: "outside working hours",
    Skip.SKILL: "without the skill",
    Skip.TERRITORY: "without a territory there",
    Skip.LANGUAGE: "without its language",
    Skip.EXPERIENCE: "without the experience",
    Skip.CAPACITY: "at the limit of open leads",
    Skip.POOL_CAPACITY: "at the limit of open leads in this pool",
    Skip.CAP_HOUR: "at the limit for this hour",
    Skip.CAP_DAY: "at the limit for today",
    Skip.CAP_WEEK: "at the limit for this week",
    Skip.CAP_MONTH: "at the limit for this month",
    Skip.TRIED: "already had this lead",
    Skip.DECLINED: "declined this lead",
    Skip.FULL: "just reached a limit",
}
DEEDS = frozenset({Skip.TRIED, Skip.DECLINED, Skip.FULL})  # what she did, not how she was


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is spoken of, to whom, and in which time zone."""

    names: Mapping[str, str]
    perspective: str | None
    zone: ZoneInfo

    def name(self, member: str) -> str:
        if member == self.perspective:
            return "You"
        if self.perspective is not None:
            return "A colleague"
        return self.names.get(member, "A former member")

    def object(self, member: str) -> str:
        """The name within a sentence: “for you”, “for a colleague”, “for Mia”."""
        name = self.name(member)
        return name.lower() if self.perspective is not None else name

    def was(self, member: str) -> str:
        return f"{self.name(member)} {'were' if member == self.perspective else 'was'}"

    def is_about(self, candidate: Json) -> bool:
        """Whether the reader may read of this candidate."""
        seated = (candidate["member"], candidate.get("taker"))
        return self.perspective is None or self.perspective in seated

    def candidate(self, candidate: Json, pool: Json) -> str:
        """A candidate in a list: “Mia 0.67 due”, “Lena for Mia away until Monday”."""
        return f"{self._seated(candidate)}{self._told(candidate, pool)}"

    def until(self, iso: str | None) -> str:
        if not iso:
            return ""
        at = datetime.fromisoformat(iso).astimezone(self.zone)
        return f" until {DAYS[at.weekday()]} {at.day} {MONTHS[at.month - 1]}, {at:%H:%M}"

    def skipped(self, candidate: Json) -> str:
        """Why a candidate was passed over, with the numbers and until when."""
        skip = Skip(candidate["skip"])
        words = f"{SKIPPED[skip]}{_detail(skip, candidate.get('detail') or {})}"
        return f"{words}{self.until(candidate['skip_until'])}"

    def _seated(self, candidate: Json) -> str:
        taker = candidate.get("taker")
        if taker is None:
            return self.name(candidate["member"])
        return f"{self.name(taker)} for {self.object(candidate['member'])}"

    def _told(self, candidate: Json, pool: Json) -> str:
        if candidate["skip"]:
            return f" {self.skipped(candidate)}"
        told = ", ".join(numbers(candidate, pool))
        return f" {told}" if told else ""


def how(step: Json) -> str:
    """How a pool chose in this step."""
    pool = step["pool"]
    mode = Mode(pool["mode"])
    keys = rankings(pool)
    if mode.is_open:
        opened = "open to claim" if mode is Mode.CLAIM else "a hopper"
        ordered = [BY[key] for key in keys if key is not Ranking.NONE]
        return ", ".join((opened, *ordered))
    if "by" in step and step["by"] != "performance":
        keys = [Ranking.TURN if key is Ranking.PERFORMANCE else key for key in keys]
    return ", then ".join(BY[key] for key in keys)


def rankings(pool: Json) -> Sequence[Ranking]:
    """A pool's keys in the order in which they decide."""
    return [Ranking(key) for key in (*pool.get("prefer", ()), pool["ranking"])]


def numbers(candidate: Json, pool: Json) -> Iterator[str]:
    """What a candidate was ranked by, key by key."""
    for key in rankings(pool):
        match key:
            case Ranking.TURN | Ranking.PERFORMANCE if not Mode(pool["mode"]).is_open:
                yield turns(candidate["credit"] + candidate["due"]) + _factor(candidate)
            case Ranking.LOAD:
                yield f"{candidate.get('load', candidate['rank'][0])} open"
            case Ranking.FIT if candidate.get("fit"):
                yield _fit(candidate["fit"])


def turns(nano: int) -> str:
    """Credit in words: “0.67 due”, “0.33 ahead”."""
    credit = nano / NANO
    return f"{credit:.2f} due" if credit > -0.005 else f"{-credit:.2f} ahead"


def _factor(candidate: Json) -> str:
    factor = candidate.get("factor")
    return f" (weight × {factor / 1000:.2f})" if factor not in (None, 1000) else ""


def _fit(fit: Json) -> str:
    parts = ", ".join(map(_part, fit["parts"]))
    return f"{_percent(fit['score'])} match ({parts})" if parts else "no match asked"


def _part(part: Json) -> str:
    score = _percent(part["score"])
    match part["kind"]:
        case "skill":
            return f"{part['skill']} {score}"
        case "language":
            return f"{part['language']} {score}"
        case "experience":
            return f"{_years(part['has'])} of experience {score}"
        case "similar":
            closed = part["closed"]
            return f"wins {score} of {part['value']} after {closed} closed"
    return f"{part['kind']} {score}"


def _percent(thousandths: int) -> str:
    return f"{thousandths / 10:.0f} %"


def _years(years: int) -> str:
    return f"{years} {'year' if years == 1 else 'years'}"


def _detail(skip: Skip, detail: Json) -> str:
    """What lies behind a reason, if the decision holds it."""
    match skip:
        case Skip.SKILL if "skill" in detail:
            level, has = detail["level"], detail["has"]
            return f" {detail['skill']}" + (f" at level {level} (has {has})" if has else "")
        case Skip.LANGUAGE if "language" in detail:
            return f" ({detail['language']})"
        case Skip.EXPERIENCE if "years" in detail:
            return f" of {_years(detail['years'])} (has {detail['has']})"
    return f" ({detail['limit']})" if "limit" in detail else ""
