"""Reading the audit log: filters, pages by key, and lines for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.teams import audit_words
from apps.teams.access import Access, Via
from apps.teams.agency_access import agency_name
from apps.teams.models import AuditEntry
from apps.teams.permissions import Permission

PAGE = 50
LONGEST_SEARCH = 100
APPLICATION = "application"
MOST_EXPORTED = 50_000
COLUMNS = ("at", "who", "e-mail", "by_right", "what", "code", "target", "target_id", "detail")


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """What the reader looks for. What an address says wrongly is left out."""

    q: str = ""
    person: UUID | None = None
    by_application: bool = False
    family: str = ""
    target: UUID | None = None
    first_day: date | None = None
    last_day: date | None = None

    @classmethod
    def read(cls, data: Mapping[str, str]) -> AuditFilters:
        person = data.get("person", "")
        family = data.get("family", "")
        return cls(
            q=data.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH],
            person=_uuid(person),
            by_application=person == APPLICATION,
            family=family if family in audit_words.FAMILIES else "",
            target=_uuid(data.get("target", "")),
            first_day=_day(data.get("from", "")),
            last_day=_day(data.get("until", "")),
        )

    def asked(self) -> dict[str, str]:
        """Them as the audit log writes them down."""
        given = {
            "q": self.q,
            "person": APPLICATION if self.by_application else str(self.person or ""),
            "family": self.family,
            "target": str(self.target or ""),
            "from": str(self.first_day or ""),
            "until": str(self.last_day or ""),
        }
        return {key: value for key, value in given.items() if value}

    def apply(self, rows: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """The entries that fit; days are the reader's."""
        if self.q:
            rows = _search(rows, self.q)
        if self.person:
            rows = rows.filter(actor=self.person)
        if self.by_application:
            rows = rows.filter(via__in=[Via.SYSTEM.value, Via.RULE.value])
        if self.family:
            rows = rows.filter(action__startswith=f"{self.family}.")
        if self.target:
            rows = rows.filter(target_id=self.target)
        if self.first_day:
            rows = rows.filter(at__gte=_midnight(self.first_day))
        if self.last_day:
            rows = rows.filter(at__lt=_midnight(self.last_day + timedelta(days=1)))
        return rows


def _search(rows: QuerySet[AuditEntry], text: str) -> QuerySet[AuditEntry]:
    who = Q(actor__name__icontains=text) | Q(actor__email__icontains=text)
    what = Q(action__icontains=text) | Q(action__in=audit_words.saying(text))
    about = Q(target_label__icontains=text) | Q(said__icontains=text)
    return rows.annotate(said=Cast("detail", TextField())).filter(who | what | about)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        found = parse_date(text)
    except ValueError:
        return None
    # The days beside the first and the last that there are have no midnight everywhere.
    return found if found and 1900 <= found.year <= 2199 else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(0)))


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in words."""

    entry: AuditEntry
    who: str
    right: str
    words: str
    family: str
    target: str
    detail: tuple[tuple[str, str], ...]


def entries(access: Access, filters: AuditFilters) -> QuerySet[AuditEntry]:
    """The team's entries that fit, the latest first."""
    access.require(Permission.SEE_AUDIT)
    rows: QuerySet[AuditEntry] = AuditEntry.objects.visible_to(access)
    named = filters.apply(rows).annotate(agency=agency_name()).select_related("actor")
    return named.order_by("-at", "-id")


def page(rows: QuerySet[AuditEntry], before: str) -> tuple[list[Line], str]:
    """A page of lines below the entry `before`, and where the next one begins ("" at the end)."""
    cursor = _uuid(before)
    last = rows.filter(pk=cursor).first() if cursor else None
    if last is not None:
        rows = rows.filter(Q(at__lt=last.at) | Q(at=last.at, pk__lt=last.pk))
    found = list(rows[: PAGE + 1])
    older = str(found[PAGE - 1].pk) if len(found) > PAGE else ""
    return [line(entry) for entry in found[:PAGE]], older


def people(access: Access) -> list[User]:
    """Whoever is in the log: members, and operators of agencies."""
    ids = AuditEntry.objects.visible_to(access).order_by().values("actor").distinct()
    return list(User.objects.filter(pk__in=ids).order_by("name", "email"))


def line(entry: AuditEntry) -> Line:
    """An entry that `entries` found, in words."""
    kind = entry.target_type.partition(".")[2]
    return Line(
        entry=entry,
        who=str(entry.actor) if entry.actor else _("Leadrelay"),
        right=_right(entry),
        words=audit_words.words(entry.action),
        family=audit_words.family(entry.action),
        target=entry.target_label or (kind and _("a %(kind)s") % {"kind": kind}),
        detail=tuple((key.replace("_", " "), _plain(said)) for key, said in entry.detail.items()),
    )


def _right(entry: AuditEntry) -> str:
    """By which right it was done."""
    if entry.agency_id:
        agency = getattr(entry, "agency", "") or _("an agency")
        return _("for %(agency)s") % {"agency": agency}
    rights = {
        Via.MEMBERSHIP: _("as a member"),
        Via.TOKEN: _("with an API key"),
        Via.SYSTEM: _("by itself"),
        Via.RULE: _("as a rule says"),
    }
    return rights.get(Via(entry.via), entry.via) if entry.via in set(Via) else entry.via


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_plain(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return "–" if value is None or value == "" else str(value)


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, value: str) -> str:
        return value


def lines(rows: Iterable[AuditEntry]) -> Iterator[str]:
    """CSV, with the mark by which spreadsheets know UTF-8 and no cell that could run."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(COLUMNS)
    for entry in rows:
        yield writer.writerow([_harmless(cell) for cell in _cells(line(entry))])


def _cells(each: Line) -> list[str]:
    entry = each.entry
    return [
        entry.at.isoformat(timespec="seconds"), each.who,
        entry.actor.email if entry.actor else "", each.right, each.words, entry.action,
        each.target, str(entry.target_id or ""),
        "; ".join(f"{key}: {said}" for key, said in each.detail),
    ]  # fmt: skip


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" \n").startswith(("=", "+", "-", "@", "\t", "\r")) else cell
