"""A decision in words, from its stored trace alone: the whole of it, or “why not me?”"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from apps.routing import roads, telling
from apps.routing.facts import Mode, Ranking, Skip
from apps.routing.fields import Registry
from apps.routing.telling import DEEDS, Json, Telling
from apps.routing.wording import phrase

RULES_SHOWN = 3

WHY = {
    "empty": "Nobody in it could take the lead.",
    "hops": "The lead had been passed on there as often as the pool allows.",
    "inactive": "The pool is switched off.",
    "tried": "Everybody there who could take it was asked.",
    "late": "Nobody there made an attempt in time.",
}
END = {
    "open": "Whoever claims it first gets it.",
    "hopper": "It waits in the hopper for someone to pick it.",
    "held": "It is held until someone can take it.",
    "manager": "A manager was asked to place it.",
    "disqualified": "It was disqualified",
    "duplicate": "The team already has this lead, so its owner keeps it and nobody used a turn.",
    "kept": "It was left as it was",
    "none": "It went to nobody",
}
STICKY = {
    "contact": "had this person before",
    "company": "had this company before",
    "named": "looks after this account",
}
YOU_STICKY = {**STICKY, "named": "look after this account"}


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
    told = Telling(names, perspective, ZoneInfo(timezone))
    rules = trace.get("rules", [])
    return [
        *_matched(rules),
        *roads.called(trace),
        *roads.done(trace, told),
        *roads.tried(trace, told),
        *(sentence for step in trace.get("steps", []) for sentence in _step(step, told)),
        *roads.direct(trace, told),
        *_end(trace),
        *_failed(rules, trace.get("ruled_out", 0), registry),
    ]


def why_not_me(trace: Json, member: str, *, timezone: str = "UTC") -> list[str]:
    """What one member's own result was, pool by pool; nothing of her colleagues but their number.

    Each sentence says that she got it, why she was passed over, where she stood, or that the
    lead went where she has no seat.
    """
    told = Telling({}, member, ZoneInfo(timezone))
    steps: Sequence[Json] = trace.get("steps", [])
    matched = [rule for rule in trace.get("rules", []) if rule["matched"]]
    sent = [f"{_rule(rule)} decided where it went." for rule in matched[-1:]]
    if not steps and trace.get("end") not in END:
        return [*sent, "It went to one member directly, without a choice among colleagues."]
    results = [sentence for step in steps for sentence in _hers(step, told)]
    return [*sent, *results, *_end(trace)]


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


def _step(step: Json, told: Telling) -> Iterator[str]:
    pool = step["pool"]
    seats = [told.candidate(each, pool) for each in step["candidates"] if told.is_about(each)]
    listed = ", ".join(seats)
    yield f"Pool “{pool['name']}”, {telling.how(step)}{f': {listed}' if listed else ''}."
    if step["why"] in WHY:
        yield WHY[step["why"]]
    elif step["winner"]:
        yield _winner(step, told)


def _winner(step: Json, told: Telling) -> str:
    member, ranking = step["winner"], Ranking(step["pool"]["ranking"])
    by, covered = step.get("by") or "", step.get("for")
    instead = f", for {told.object(covered)}" if covered else ""
    if by.startswith("sticky:"):
        return _kept(by.removeprefix("sticky:"), member, covered, told)
    if ranking is Ranking.LOAD:
        return f"{told.name(member)} had the fewest{instead}."
    if ranking is Ranking.FIT:
        return f"{told.was(member)} the best match{instead}."
    if ranking is Ranking.FIXED:
        return f"{told.was(member)} the first who could take it{instead}."
    return f"{told.was(member)} next{instead}."


def _kept(why: str, member: str, covered: str | None, told: Telling) -> str:
    """A member who has the person, the company or the account keeps the lead."""
    holder = covered or member
    is_you = holder == told.perspective
    had = (YOU_STICKY if is_you else STICKY).get(why, "was preferred")
    if covered:
        took = f"so {told.object(member)} took it as cover"
    else:
        took = "so you keep it" if is_you else "and keeps it"
    return f"{told.name(holder)} {had}, {took}; nobody used a turn."


# Why not me?


def _hers(step: Json, told: Telling) -> Iterator[str]:
    """Her own result in one pool."""
    name, candidates = step["pool"]["name"], step["candidates"]
    hers = [each for each in candidates if told.is_about(each)]
    if not hers:
        yield f"You have no seat in pool “{name}”."
        return
    eligible = [each for each in candidates if not each["skip"]]
    for each in hers:
        yield f"Pool “{name}”: {_result(each, step, eligible, told)}."
    if step["why"] in WHY:
        yield WHY[step["why"]]


def _result(hers: Json, step: Json, eligible: Sequence[Json], told: Telling) -> str:
    taker = hers.get("taker", hers["member"])
    if taker != told.perspective:
        return "a colleague took your place as your cover"
    as_cover = " as cover for a colleague" if "taker" in hers else ""
    if hers["skip"]:
        skip = Skip(hers["skip"])
        return f"you {'' if skip in DEEDS else 'were '}{told.skipped(hers)}{as_cover}"
    if _is_winner(hers, step):
        return f"it went to you{as_cover}"
    if Mode(step["pool"]["mode"]).is_open and not step["winner"]:
        return f"you were one of {len(eligible)} who could take it{as_cover}"
    return f"{_standing(hers, step, eligible)}{as_cover}{_instead(step)}"


def _is_winner(hers: Json, step: Json) -> bool:
    return (step.get("for") or step["winner"]) == hers["member"]


def _standing(hers: Json, step: Json, eligible: Sequence[Json]) -> str:
    place = eligible.index(hers) + 1
    numbers = ", ".join(telling.numbers(hers, step["pool"]))
    listed = f" with {numbers}" if numbers else ""
    return f"you were number {place} of {len(eligible)}, {telling.how(step)}{listed}"


def _instead(step: Json) -> str:
    by = step.get("by") or ""
    if by.startswith("sticky:"):
        had = STICKY.get(by.removeprefix("sticky:"), "was preferred")
        return f"; it stayed with a colleague who {had}"
    return "; a colleague was ahead of you" if step["winner"] else ""


def _end(trace: Json) -> Iterator[str]:
    end, reason = trace.get("end"), trace.get("reason")
    if end not in END:
        return
    sentence = END[end].rstrip(".")
    yield f"{sentence}: {str(reason).replace('_', ' ')}." if reason else f"{sentence}."
