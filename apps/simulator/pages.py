"""What the pages of a simulation list and tell: its leads, one lead in words, one lead's rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.leads.models import Lead
from apps.routing import telling
from apps.routing.explain import explain
from apps.routing.wording import phrase
from apps.rules.registry import registry
from apps.simulator.models import SimulatedLead, SimulatedLeadQuerySet
from apps.simulator.names import OUTCOMES, Names
from apps.simulator.report import span
from apps.teams.access import Access

Json = Mapping[str, Any]
LEADS = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One lead in the list of a run."""

    row: SimulatedLead
    after: str
    before: str

    @property
    def waited(self) -> str:
        return "–" if self.row.waited is None else span(self.row.waited)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; anything unknown narrows nothing."""

    moves: bool = False
    member: str = ""
    outcome: str = ""
    rule: str = ""
    after: int = 0

    @classmethod
    def of(cls, asked: Mapping[str, str], *, has_before: bool) -> Filters:
        return cls(
            moves=has_before and asked.get("show", "moves") == "moves",
            member=_uuid(asked.get("member", "")),
            outcome=asked.get("outcome", "") if asked.get("outcome", "") in OUTCOMES else "",
            rule=asked.get("rule", "") if _is_small(asked.get("rule", "")) else "",
            after=int(asked["after"]) if _is_small(asked.get("after", "")) else 0,
        )

    def rows(self, rows: SimulatedLeadQuerySet) -> SimulatedLeadQuerySet:
        if self.moves:
            rows = rows.filter(moves=True)
        if self.member:
            rows = rows.filter(member_id=self.member)
        if self.outcome:
            rows = rows.filter(outcome=self.outcome)
        if self.rule:
            rows = rows.filter(rule=int(self.rule))
        return rows.filter(number__gt=self.after) if self.after else rows


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _is_small(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9


def lines(rows: SimulatedLeadQuerySet, names: Names) -> tuple[list[Line], int | None]:
    """A page of leads, and the number after which the next one begins."""
    found = list(rows.select_related("lead").defer("trace").order_by("number")[: LEADS + 1])
    shown = [
        Line(
            row,
            names.end(row.outcome, row.member_id, row.pool_id),
            names.end(row.was_outcome, row.was_member_id, row.was_pool_id),
        )
        for row in found[:LEADS]
    ]
    return shown, found[LEADS - 1].number if len(found) > LEADS else None


# One lead in words


@dataclass(frozen=True, slots=True)
class Told:
    """One decision: in words, with the rules that were asked and the pools that were looked at."""

    sentences: list[str]
    steps: list[dict[str, Any]]
    at: str = ""


def told(trace: Json, access: Access, names: Names) -> Told:
    """A trace as a decision's page tells it."""
    zone = access.user.timezone if access.user else access.team.timezone
    sentences = explain(trace, names=names.members, registry=registry(access.team), timezone=zone)
    teller = telling.Telling(names.members, None, ZoneInfo(zone))
    return Told(sentences, [_step(each, teller) for each in trace["steps"]], trace.get("at", ""))


def _step(step: Json, teller: telling.Telling) -> dict[str, Any]:
    candidates = [_candidate(each, step, teller) for each in step["candidates"]]
    return {"pool": step["pool"]["name"], "how": telling.how(step), "candidates": candidates}


def _candidate(candidate: Json, step: Json, teller: telling.Telling) -> dict[str, Any]:
    skip = candidate["skip"]
    taker = candidate.get("taker", candidate["member"])
    return {
        "name": teller.name(taker),
        "is_winner": not skip and taker == step["winner"],
        "numbers": "" if skip else ", ".join(telling.numbers(candidate, step["pool"])),
        "skip": teller.skipped(candidate) if skip else "",
        "weight": candidate["weight"],
    }


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule as a tested lead met it."""

    number: int
    name: str
    state: str  # matched, failed, later
    words: str


def rule_lines(rules: Sequence[Json], trace: Json, access: Access) -> list[RuleLine]:
    """Every rule in order; those below the one that decided were not asked."""
    fields = registry(access.team)
    asked = [each["rule"] for each in trace["rules"]]
    last = asked[-1] if asked else None
    found: list[RuleLine] = []
    is_later = False
    for each in rules:
        if each["matched"]:
            words = each.get("words", "")
        else:
            failed = each.get("failed")
            words = (
                str(phrase(failed, failed["path"], fields, bool(failed.get("negated"))))
                if failed
                else ""
            )
        state = "later" if is_later else "matched" if each["matched"] else "failed"
        found.append(RuleLine(each["n"], each["name"], state, words))
        is_later = is_later or each["rule"] == last
    return found


def lead_of(row: SimulatedLead, access: Access) -> Lead | None:
    """The lead behind a row, if there is one and the reader may see it."""
    if row.lead_id is None:
        return None
    rows = Lead.objects.visible_to(access).select_related("source")
    return rows.filter(pk=row.lead_id).first()
