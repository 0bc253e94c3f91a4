"""Runs of copying as their pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agency.copying import runs
from apps.agency.copying.gaps import Gap
from apps.agency.copying.models import CopyRun, CopyTarget
from apps.agency.copying.planning import Choice, Item, Verdict
from apps.teams.access import Access
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import ClientGrant, Team

State = CopyTarget.State
CHOICES: Mapping[str, Any] = {
    Choice.SKIP: gettext_lazy("keep theirs"),
    Choice.REPLACE: gettext_lazy("replace theirs"),
    Choice.BESIDE: gettext_lazy("copy beside"),
}
DID: Mapping[str, Any] = {
    "add": gettext_lazy("added"),
    "same": gettext_lazy("the same already"),
    Choice.SKIP: gettext_lazy("theirs was kept"),
    Choice.REPLACE: gettext_lazy("replaced"),
    Choice.BESIDE: gettext_lazy("copied beside"),
}
GAPS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Client:
    """A client that may be copied to, or why not."""

    grant: ClientGrant
    may: bool

    @property
    def team(self) -> Team:
        return self.grant.team


def clients(source: Access, *, by: AgencyAccess) -> list[Client]:
    """Every other client by name: one statement."""
    return [
        Client(grant, runs.may_copy_to(grant, by))
        for grant in by.clients()
        if grant.team_id != source.team.pk
    ]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many clients of a run are where."""

    all: int = 0
    waiting: int = 0
    done: int = 0
    refused: int = 0

    @property
    def over(self) -> int:
        return self.all - self.waiting


def counts(run: CopyRun) -> Counts:
    left = Q(state__in=(State.REFUSED, State.FAILED))
    found = run.targets.aggregate(
        all=Count("pk"),
        waiting=Count("pk", filter=Q(state=State.WAITING)),
        done=Count("pk", filter=Q(state=State.DONE)),
        refused=Count("pk", filter=left),
    )
    return Counts(**found)


def only(rows: QuerySet[CopyTarget], show: str) -> QuerySet[CopyTarget]:
    """Those with a conflict, with something missing, or where it was not copied."""
    match show:
        case "conflict":
            return rows.filter(plan__contains=[{"verdict": Verdict.CONFLICT.value}])
        case "gap":
            return rows.filter(plan__contains=[{"is_missing": True}])
        case "refused":
            return rows.filter(state__in=(State.REFUSED, State.FAILED))
    return rows


def summary(run: CopyRun) -> list[str]:
    """What is copied, each named with where it stood."""
    content = run.content
    lines = []
    for each in content["sets"]:
        number = _("draft") if each["is_draft"] else _("version %d") % each["number"]
        lines.append(f"{each['name']} ({number})")
    return lines + [pool["name"] for pool in content["pools"]]


@dataclass(frozen=True, slots=True)
class Part:
    """One item of a client's row: what would happen, or what did."""

    item: Item
    symbol: str
    field: str
    words: str
    options: Sequence[tuple[str, Any, bool]]
    gaps: Sequence[Gap]
    more_gaps: int
    url: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One client of a run."""

    target: CopyTarget
    parts: Sequence[Part]

    @property
    def team(self) -> Team:
        return self.target.grant.team

    @property
    def why(self) -> str:
        return str(self.target.result.get("why", ""))


def row(target: CopyTarget) -> Row:
    lines = {line["key"]: line for line in target.result.get("lines", ())}
    items = runs.items_of(target)
    return Row(target, [_part(target, item, lines.get(item.key)) for item in items])


def _part(target: CopyTarget, item: Item, line: Mapping[str, Any] | None) -> Part:
    gaps = [Gap(*gap) for gap in line["gaps"]] if line and "gaps" in line else list(item.gaps)
    chosen = target.choices.get(item.key, item.default)
    is_kept = line is not None and line["did"] in ("same", Choice.SKIP)
    return Part(
        item=item,
        symbol="workflow" if item.is_set else "users",
        field=f"choice:{target.pk}:{item.key}",
        words=_done(line) if line else _planned(item),
        options=[(option, CHOICES[option], option == chosen) for option in item.options],
        gaps=[] if is_kept else gaps[:GAPS_SHOWN],
        more_gaps=0 if is_kept else max(0, len(gaps) - GAPS_SHOWN),
        url=_address(target, item, line) if line else "",
        why=str(line.get("why", "")) if line else "",
    )


def _planned(item: Item) -> str:
    if item.verdict == Verdict.NEW:
        if item.is_set:
            return _("new, as a draft")
        return _("new, switched off") if item.gaps else _("new, without people")
    if item.verdict == Verdict.SAME:
        return _("the same already")
    if item.has_draft:
        return _("there is a draft that somebody works on")
    return _("there are other rules") if item.is_set else _("there is another one")


def _done(line: Mapping[str, Any]) -> str:
    said = str(DID.get(line["did"], line["did"]))
    if line["key"].startswith("pool:") or line["did"] in ("same", Choice.SKIP):
        return said
    if line.get("published"):
        return _("%(what)s, live") % {"what": said}
    return _("%(what)s, as a draft") % {"what": said}


def _address(target: CopyTarget, item: Item, line: Mapping[str, Any]) -> str:
    team = target.grant.team.slug
    if item.is_set:
        return reverse("rules:rules", kwargs={"team": team, "rule_set": line["id"]})
    return reverse("rules:pool", kwargs={"team": team, "pool": line["id"]})
