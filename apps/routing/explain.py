"""A decision in words, from its stored trace alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from apps.routing.credit import NANO
from apps.routing.facts import Mode, Ranking, Skip
from apps.routing.fields import Registry
from apps.routing.wording import phrase

Json = Mapping[str, Any]

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
RULES_SHOWN = 3

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
    Skip.SKILL: "without the skill that it needs",
    Skip.TERRITORY: "outside her territories",
    Skip.LANGUAGE: "without its language",
    Skip.EXPERIENCE: "with less experience than it needs",
    Skip.CAPACITY: "at the limit of open leads",
    Skip.POOL_CAPACITY: "at the limit of open leads here",
    Skip.CAP_HOUR: "at the limit for this hour",
    Skip.CAP_DAY: "at the limit for today",
    Skip.CAP_WEEK: "at the limit for this week",
    Skip.CAP_MONTH: "at the limit for this month",
    Skip.TRIED: "already had this lead",
    Skip.DECLINED: "declined this lead",
    Skip.FULL: "just reached a limit",
}
WHY = {
    "empty": "Nobody in it could take the lead.",
    "hops": "The lead had been passed on there as often as the pool allows.",
    "late": "It had been there without an attempt in time, and is passed on after that.",
    "inactive": "The pool is switched off.",
}
END = {
    "open": "Whoever claims it first gets it.",
    "hopper": "It waits in the hopper for someone to pick it.",
    "held": "It is held until someone can take it.",
    "manager": "A manager was asked to place it.",
    "disqualified": "It was disqualified",
    "duplicate": "The team already has this lead, so its owner keeps it and nobody used a turn.",
    "none": "It went to nobody",
}


@dataclass(frozen=True, slots=True)
class _Telling:
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

    def was(self, member: str) -> str:
        return f"{self.name(member)} {'were' if member == self.perspective else 'was'}"

    def had(self, member: str) -> str:
        return f"{self.name(member)} had"

    def until(self, iso: str | None) -> str:
        if not iso:
            return ""
        at = datetime.fromisoformat(iso).astimezone(self.zone)
        return f" until {DAYS[at.weekday()]} {at.day} {MONTHS[at.month - 1]}, {at:%H:%M}"


def explain(
    trace: Json,
    *,
    names: Mapping[str, str],
    registry: Registry,
    perspective: str | None = None,
    timezone: str = "UTC",
) -> list[str]:
    """Plain sentences: what matched, who was considered and why, the end, what did not match.

    `names` maps member ids to names. With a member's id as `perspective` she reads "You" and
    learns nothing of her colleagues' turns and absences.
    """
    telling = _Telling(names, perspective, ZoneInfo(timezone))
    rules = trace.get("rules", [])
    return [
        *_matched(rules),
        *(sentence for step in trace.get("steps", []) for sentence in _step(step, telling)),
        *_end(trace),
        *_failed(rules, trace.get("ruled_out", 0), registry),
    ]


def _matched(rules: Sequence[Json]) -> Iterator[str]:
    for rule in rules:
        if rule["matched"]:
            words = f" ({rule['words']})" if rule.get("words") else ""
            yield f"{_rule(rule)} matched{words}."


def _rule(rule: Json) -> str:
    return f"Rule {rule['n']} “{rule['name']}”"


def _failed(rules: Sequence[Json], ruled_out: int, registry: Registry) -> Iterator[str]:
    failed = [rule for rule in rules if not rule["matched"]]
    for rule in failed[:RULES_SHOWN]:
        needs = _needs(rule.get("failed"), registry)
        yield f"{_rule(rule)} did not match{f': it needs {needs}' if needs else ''}."
    more = len(failed[RULES_SHOWN:]) + ruled_out
    if more:
        yield f"{more:,} other {'rule' if more == 1 else 'rules'} did not match."


def _needs(failed: Json | None, registry: Registry) -> str:
    if not failed:
        return ""
    return str(phrase(failed, failed["path"], registry, bool(failed.get("negated"))))


def _step(step: Json, telling: _Telling) -> Iterator[str]:
    pool, candidates = step["pool"], step["candidates"]
    told = [_candidate(each, pool, telling) for each in candidates if _may_tell(each, telling)]
    listed = ", ".join(filter(None, told))
    yield f"Pool “{pool['name']}”, {_how(pool)}{f': {listed}' if listed else ''}."
    if step["why"] in WHY:
        yield WHY[step["why"]]
    elif step["winner"]:
        yield _winner(step, telling)


def _may_tell(candidate: Json, telling: _Telling) -> bool:
    return telling.perspective in (None, candidate["member"])


def _how(pool: Json) -> str:
    mode = Mode(pool["mode"])
    if mode is Mode.CLAIM:
        return "open to claim"
    if mode is Mode.HOPPER:
        return "a hopper"
    return BY[Ranking(pool["ranking"])]


def _candidate(candidate: Json, pool: Json, telling: _Telling) -> str:
    name = telling.name(candidate["member"])
    if candidate["skip"]:
        reason = SKIPPED[Skip(candidate["skip"])]
        return f"{name} {reason}{telling.until(candidate['skip_until'])}"
    if Mode(pool["mode"]).is_open:
        return name
    match Ranking(pool["ranking"]):
        case Ranking.TURN:
            return f"{name} {_turns(candidate['credit'] + candidate['due'])}"
        case Ranking.LOAD:
            return f"{name} {candidate['rank'][0]} open"
    return name


def _turns(nano: int) -> str:
    turns = nano / NANO
    return f"{turns:.2f} due" if turns > -0.005 else f"{-turns:.2f} ahead"


def _winner(step: Json, telling: _Telling) -> str:
    member, ranking = step["winner"], Ranking(step["pool"]["ranking"])
    if ranking is Ranking.LOAD:
        return f"{telling.had(member)} the fewest."
    if ranking is Ranking.FIXED:
        return f"{telling.was(member)} the first who could take it."
    return f"{telling.was(member)} next."


def _end(trace: Json) -> Iterator[str]:
    end, reason = trace.get("end"), trace.get("reason")
    if end not in END:
        return
    sentence = END[end].rstrip(".")
    yield f"{sentence}: {str(reason).replace('_', ' ')}." if reason else f"{sentence}."
