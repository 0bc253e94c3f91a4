"""What leads cost: money spent on sources and campaigns, kept by hand, by file or by the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.capture.reading import csv_files
from apps.capture.reading.guessing import plain
from apps.dashboards.models import Cost
from apps.leads import normalise
from apps.leads.models import Source
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.scope import deed

LONGEST_DAYS = 366
LARGEST_MINOR = 10**13
LARGEST_FILE = 1024 * 1024
MOST_ROWS = 5_000
MOST_PROBLEMS = 50


class CostRefused(ValueError):
    """It can't be kept; `field` says where it is wrong, the message why and what to do."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class NewCost:
    """Money spent on a source or a campaign, from one day to another, both counted."""

    starts_on: date
    ends_on: date
    amount_minor: int
    source: Source | None = None
    campaign: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of a file: rows that were kept, of them new ones, and what is wrong by row."""

    kept: int = 0
    new: int = 0
    problems: Sequence[tuple[int, str]] = field(default_factory=tuple)


@transaction.atomic
def keep(new: NewCost, *, by: Access, now: datetime) -> tuple[Cost, bool]:
    """Keep a cost, and whether it is new; for the same thing and days the amount is replaced.

    CostRefused if it can't be.
    """
    by.require(Permission.EDIT_SOURCES)
    new = _judged(new, by)
    made, is_new = Cost.objects.update_or_create(
        team=by.team,
        source=new.source,
        campaign=new.campaign,
        starts_on=new.starts_on,
        ends_on=new.ends_on,
        defaults={"amount_minor": new.amount_minor, "currency": by.team.currency,
                  "note": new.note, **deed(by)},
        create_defaults={"amount_minor": new.amount_minor, "currency": by.team.currency,
                         "note": new.note, "created_at": now, **deed(by)},
    )  # fmt: skip
    detail = {"amount": new.amount_minor, "from": str(new.starts_on), "to": str(new.ends_on)}
    audit.record(by=by, action="cost.kept", target=made, now=now, detail=detail)
    return made, is_new


@transaction.atomic
def remove(cost: Cost, *, by: Access, now: datetime) -> None:
    """Take a cost away; twice is harmless."""
    by.require(Permission.EDIT_SOURCES)
    audit.record(by=by, action="cost.removed", target=cost, now=now)
    Cost.objects.filter(team=by.team, pk=cost.pk).delete()


def keep_file(body: bytes, *, by: Access, now: datetime) -> FileReport:
    """Keep every row of a CSV file that can be kept; the others are named with their problem.

    Columns by name, in any order: source or campaign, from, until, amount, note.
    """
    by.require(Permission.EDIT_SOURCES)
    if len(body) > LARGEST_FILE:
        raise CostRefused("file", _("The file is too large: use at most 1 MB."))
    table = csv_files.read(body)
    columns = _columns(table.headers)
    missing = {"from", "amount"} - columns.keys()
    if missing or not {"source", "campaign"} & columns.keys():
        words = _("Name the columns source or campaign, from, until and amount.")
        raise CostRefused("file", words)
    if len(table.rows) > MOST_ROWS:
        raise CostRefused("file", _("Use at most %(n)d rows at a time.") % {"n": MOST_ROWS})
    sources = {plain(each.name): each for each in Source.objects.filter(team=by.team)}
    kept, new, problems = 0, 0, []
    for row in table.rows:
        try:
            if row.problem:
                raise CostRefused("", row.problem)
            _made, is_new = keep(_of_row(row.cells, columns, sources, by), by=by, now=now)
        except CostRefused as refused:
            problems.append((row.number, str(refused)))
            continue
        kept, new = kept + 1, new + is_new
    return FileReport(kept, new, tuple(problems[:MOST_PROBLEMS]))


def _judged(new: NewCost, by: Access) -> NewCost:
    campaign = normalise.line(new.campaign)
    if new.source is None and not campaign:
        raise CostRefused("source", _("Choose a source, or name a campaign."))
    if new.source is not None and new.source.team_id != by.team.pk:
        raise CostRefused("source", _("Choose a source of this team."))
    if new.ends_on < new.starts_on:
        raise CostRefused("until", _("The last day comes before the first."))
    if (new.ends_on - new.starts_on).days >= LONGEST_DAYS:
        raise CostRefused("until", _("Use at most a year at a time."))
    if not 2000 <= new.starts_on.year <= 2100:
        raise CostRefused("from", _("Use a day between 2000 and 2100."))
    if not 0 < new.amount_minor < LARGEST_MINOR:
        raise CostRefused("amount", _("Use an amount above zero."))
    note = normalise.line(new.note)
    return NewCost(new.starts_on, new.ends_on, new.amount_minor, new.source, campaign, note)


_NAMES: Mapping[str, tuple[str, ...]] = {
    "source": ("source",),
    "campaign": ("campaign", "campaign_name"),
    "from": ("from", "start", "starts", "day", "date", "reporting_starts"),
    "until": ("until", "to", "end", "ends", "reporting_ends"),
    "amount": ("amount", "cost", "spend", "amount_spent"),
    "note": ("note", "comment"),
}


def _columns(headers: Sequence[str]) -> dict[str, int]:
    """Where each known column is; amounts may carry their currency, as in "Amount spent (EUR)"."""
    found: dict[str, int] = {}
    for place, header in enumerate(headers):
        name = plain(header.partition("(")[0])
        for key, names in _NAMES.items():
            if name in names:
                found.setdefault(key, place)
    return found


def _of_row(
    cells: Sequence[str], columns: Mapping[str, int], sources: Mapping[str, Source], by: Access
) -> NewCost:
    said = {
        key: cells[place].strip() if place < len(cells) else "" for key, place in columns.items()
    }
    source = None
    if said.get("source"):
        source = sources.get(plain(said["source"]))
        if source is None:
            words = _("There is no source “%(name)s”.") % {"name": said["source"][:60]}
            raise CostRefused("source", words)
    starts_on = day_of(said["from"], "from")
    ends_on = day_of(said["until"], "until") if said.get("until") else starts_on
    amount = amount_of(said["amount"], by)
    return NewCost(
        starts_on, ends_on, amount, source, said.get("campaign", ""), said.get("note", "")
    )


def day_of(text: str, field: str) -> date:
    """A day as people write it. CostRefused if it is none."""
    found = normalise.when(text)
    if found is None:
        raise CostRefused(field, _("“%(text)s” is no date.") % {"text": text[:40]})
    return found.date()


def amount_of(text: str, by: Access) -> int:
    """An amount in minor units of the team's currency. CostRefused for another currency."""
    found = normalise.money(text, by.team.currency)
    if found is None:
        raise CostRefused("amount", _("“%(text)s” is no amount.") % {"text": text[:40]})
    if found.currency != by.team.currency:
        words = _("Give amounts in %(currency)s, the currency of this team.")
        raise CostRefused("amount", words % {"currency": by.team.currency})
    return found.minor


def of_team(access: Access) -> Any:
    """The team's costs, the latest first."""
    rows = Cost.objects.visible_to(access).select_related("source")
    return rows.order_by("-ends_on", "-id")


def source_of(pk: UUID, access: Access) -> Source | None:
    found: Source | None = Source.objects.visible_to(access).filter(pk=pk).first()
    return found
