"""What came of a run, ready to be shown: figures side by side, and what was assumed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.routing import telling
from apps.routing.facts import Skip
from apps.simulator.models import Simulation
from apps.simulator.names import Names
from apps.simulator.trials import rule_names
from apps.teams.access import Access

Json = Mapping[str, Any]
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
