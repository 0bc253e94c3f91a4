"""What the pages of a simulation show: figures side by side, lists of leads, one lead in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.assignments.models import Decision
from apps.leads.models import Lead
from apps.routing import telling
from apps.routing.explain import explain
from apps.routing.facts import Skip
from apps.routing.wording import phrase
from apps.rules.models import Pool
from apps.rules.registry import registry
from apps.simulator.models import SimulatedLead, SimulatedLeadQuerySet, Simulation
from apps.simulator.trials import rule_names
from apps.teams.access import Access
from apps.teams.models import Membership

Json = Mapping[str, Any]
OUTCOMES = dict(Decision.Outcome.choices)
FIGURES = {
    "accepts": gettext_lazy("offers accepted"),
    "claims": gettext_lazy("open leads claimed"),
    "picks": gettext_lazy("picked from the hopper"),
    "responds": gettext_lazy("tried"),
    "closes": gettext_lazy("closed"),
}
TILES = (
    ("unrouted", gettext_lazy("Without an owner"),
     gettext_lazy("Leads that a manager must place, or that are still held.")),
    ("held", gettext_lazy("Held for a while"),
     gettext_lazy("Leads for which nobody was eligible when they came.")),
    ("longest_held", gettext_lazy("Longest held"),
     gettext_lazy("From the moment it was held until it went on.")),
    ("capped", gettext_lazy("Limits hit"),
     gettext_lazy("Choices in which a cap or a capacity kept somebody out.")),
    ("hops", gettext_lazy("Hand-overs"),
     gettext_lazy("Offers that came to nothing, and leads that were taken back.")),
    ("median_wait", gettext_lazy("Half had an owner within"),
     gettext_lazy("From arrival to the owner who kept it.")),
    ("gap", gettext_lazy("Fairness gap"),
     gettext_lazy("The most turns that anybody is ahead of or behind her share.")),
)  # fmt: skip
LEADS = 50


@dataclass(frozen=True, slots=True)
class Names:
    """Members and pools by id, as far as the reader may see them."""

    members: Mapping[str, str]
    pools: Mapping[str, str]

    @classmethod
    def of(cls, access: Access) -> Names:
        members = Membership.objects.visible_to(access).select_related("user")
        pools = Pool.objects.visible_to(access).values_list("pk", "name")
        return cls(
            {str(each.pk): str(each) for each in members}, {str(pk): name for pk, name in pools}
        )

    def member(self, pk: object) -> str:
        return self.members.get(str(pk), _("A former member"))

    def end(self, outcome: str, member: object, pool: object) -> str:
        """Where a lead ended, in a few words."""
        if member:
            return self.member(member)
        words = str(OUTCOMES.get(outcome, outcome)).capitalize()
        return f"{words} · {self.pools[str(pool)]}" if str(pool) in self.pools else words


@dataclass(frozen=True, slots=True)
class Tile:
    """One key figure: after, and before where there is one to compare with."""

    label: str
    value: str
    was: str | None
    definition: str
    is_worse: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A member's or a rule's leads on both sides, and how long its bars are in percent."""

    name: str
    key: str
    count: int
    was: int
    bar: float
    was_bar: float
    received: int = 0
    due: float = 0.0
    gap: float = 0.0
    skips: str = ""

    @property
    def change(self) -> str:
        difference = self.count - self.was
        return f"{difference:+,}".replace("-", "−") if difference else ""


class Report:
    """A finished run, ready to be shown."""

    def __init__(self, simulation: Simulation, access: Access) -> None:
        self.simulation, self.names = simulation, Names.of(access)
        self.after: Json = simulation.result["after"]
        self.before: Json | None = simulation.result["before"]
        self.moved: int = simulation.result["moved"]

    @cached_property
    def tiles(self) -> list[Tile]:
        return [self._tile(*each) for each in TILES]

    def _tile(self, key: str, label: Any, definition: Any) -> Tile:
        value, was = self.after[key], self.before[key] if self.before else None
        is_worse = was is not None and value is not None and value > was
        words = WORDS.get(key, _number)
        compared = words(was) if self.before else None
        return Tile(str(label), words(value), compared, str(definition), is_worse)

    @cached_property
    def members(self) -> list[Row]:
        """Who would have got how much, most first; who sits somewhere and got nothing as well."""
        after, before = self.after["members"], self._before("members", {})
        seated = {seat["member"] for seat in self.after["seats"]}
        keys = {*after, *before, *seated}
        most = max([*after.values(), *before.values(), 1])
        rows = [self._member(key, after.get(key, 0), before.get(key, 0), most) for key in keys]
        return sorted(rows, key=lambda row: (-row.count, -row.was, row.name))

    def _member(self, key: str, count: int, was: int, most: int) -> Row:
        seats = [seat for seat in self.after["seats"] if seat["member"] == key]
        return Row(
            self.names.member(key), key, count, was, 100 * count / most, 100 * was / most,
            received=sum(seat["received"] for seat in seats),
            due=sum(seat["due"] for seat in seats),
            gap=self.after["gaps"].get(key, 0.0),
            skips=", ".join(_skips(seats)),
        )  # fmt: skip

    @cached_property
    def rules(self) -> list[Row]:
        """What each rule caught, in the order of the page."""
        after = {each["number"]: each for each in self.after["rules"]}
        before = {each["number"]: each for each in self._before("rules", [])}
        listed = rule_names(self.simulation.trial["after"])
        most = max([each["count"] for each in (*after.values(), *before.values())] or [1])
        rows = []
        for number in sorted({*after, *listed} - {None}):
            count = after.get(number, {}).get("count", 0)
            was = before.get(number, {}).get("count", 0)
            name = f"{number}. {listed.get(number, '')}"
            rows.append(Row(name, str(number), count, was, 100 * count / most, 100 * was / most))
        if None in after or None in before:
            count, was = (side.get(None, {}).get("count", 0) for side in (after, before))
            rows.append(Row(_("No rule"), "", count, was, 100 * count / most, 100 * was / most))
        return rows

    @cached_property
    def pools(self) -> list[dict[str, Any]]:
        before = {each["id"]: each for each in self._before("pools", [])}
        shown = ("placed", "offered", "held", "taken_back")
        used = [each for each in self.after["pools"] if any(each[key] for key in shown)]
        return [{**each, "was": before.get(each["id"])} for each in used]

    @cached_property
    def has_same_rules(self) -> bool:
        """Whether rules can be set side by side: both sides go by the same ones."""
        trial = self.simulation.trial
        return bool(trial.get("before")) and trial["after"]["rules"] == trial["before"]["rules"]

    @cached_property
    def assumed(self) -> list[str]:
        """What was assumed of each pool that the leads came to, in words."""
        modes = {each["id"]: each["mode"] for each in self.pools}
        listed = [each for each in self.simulation.result["assumed"] if each["pool"] in modes]
        return [_assumption(each, _figures(modes[each["pool"]])) for each in listed]

    def _before(self, key: str, otherwise: Any) -> Any:
        return self.before[key] if self.before else otherwise


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}".rstrip("0").rstrip(".")


WORDS: Mapping[str, Callable[[float | None], str]] = {
    "longest_held": lambda value: span(value) if value else "–",
    "median_wait": lambda value: "–" if value is None else span(value),
}


def _skips(seats: Iterable[Json]) -> Iterator[str]:
    """Why she was passed over and how often, the commonest first."""
    counts: dict[str, int] = {}
    for seat in seats:
        for skip, count in seat["skips"].items():
            counts[skip] = counts.get(skip, 0) + count
    for skip, count in sorted(counts.items(), key=lambda each: -each[1])[:3]:
        yield f"{telling.SKIPPED[Skip(skip)]} {count:,}×"


# What matters of a pool by its mode, beside attempts and closures.
BY_MODE = {"offer": "accepts", "claim": "claims", "hopper": "picks"}


def _figures(mode: str) -> list[str]:
    return [*([BY_MODE[mode]] if mode in BY_MODE else []), "responds", "closes"]


def _assumption(each: Json, figures: Sequence[str]) -> str:
    """“Pool DACH: 62 % of offers accepted, half within 14 s (of 214); …”"""
    parts = []
    for name in figures:
        seen = each[name]
        words = f"{seen['share']:.0%} {FIGURES[name]}, {_('half within')} {span(seen['median'])}"
        parts.append(f"{words} ({_from(seen)})")
    return f"{each['name']}: {'; '.join(parts)}."


def _from(seen: Json) -> str:
    match seen["from"]:
        case "pool":
            return _("of %(count)s cases") % {"count": f"{seen['of']:,}"}
        case "team":
            return _("the team’s, of %(count)s cases") % {"count": f"{seen['of']:,}"}
    return _("assumed: too few cases to go by")


def span(seconds: float) -> str:
    """A span of time, short: “14 s”, “3 min”, “2 days”."""
    if seconds < 1:
        return _("at once")
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5_400:
        return f"{seconds / 60:.0f} min"
    if seconds < 129_600:
        return f"{seconds / 3_600:.0f} h"
    return _("%(count).0f days") % {"count": seconds / 86_400}


# Lists


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
