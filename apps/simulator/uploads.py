"""Leads of a file that nobody imports: read, guessed and typed as an import would, kept nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.utils.text import slugify
from django.utils.translation import gettext as _

from apps.capture.drafts import LeadDraft
from apps.capture.reading import csv_files, mapping
from apps.capture.reading.csv_files import Row, Table
from apps.leads.companies import company_keys
from apps.leads.models import Lead, Source
from apps.rules.registry import TeamRegistry
from apps.rules.scoring import points as scoring
from apps.simulator.arrivals import Coming, arrival_of
from apps.simulator.models import Simulation
from apps.teams.models import Team

MOST_ROWS = 100_000
LARGEST = 25 * 1024 * 1024


class FileRefused(ValueError):
    """The file can't be simulated; the message says why."""


@dataclass(frozen=True, slots=True)
class Read:
    """A file as a simulation takes it: which column is which field, and what can't be read."""

    table: Table
    mapping: dict[str, str]
    source_column: str

    @property
    def rows(self) -> list[Row]:
        return [row for row in self.table.rows if not row.problem]

    @property
    def unreadable(self) -> int:
        return len(self.table.rows) - len(self.rows)


def read(body: bytes, fields: TeamRegistry) -> Read:
    """The file's rows with their columns found by name. May raise FileRefused."""
    if len(body) > LARGEST:
        raise FileRefused(_("The file is larger than 25 MB: split it."))
    table = csv_files.read(body)
    found = Read(table, mapping.guess(table.headers, fields), _source_column(table))
    if not found.rows:
        raise FileRefused(_("The file holds no rows below its headers."))
    if len(found.rows) > MOST_ROWS:
        message = _("The file has more than %(most)d rows: split it.")
        raise FileRefused(message % {"most": MOST_ROWS})
    if not found.mapping and not found.source_column:
        raise FileRefused(
            _("No column has the name of a field. Name them as the fields of a lead: country, …")
        )
    return found


def _source_column(table: Table) -> str:
    return next((each for each in table.headers if each.strip().casefold() == "source"), "")


def of_file(simulation: Simulation, team: Team, fields: TeamRegistry) -> Iterator[Coming]:
    """The file's leads in order of arrival. One that does not say when it came is put where its
    row stands between the beginning and the end."""
    file = read(bytes(simulation.body), fields)
    rows, slugs = file.rows, _slugs(team)
    span = (simulation.ends_at - simulation.starts_at) / max(len(rows), 1)
    found = []
    for place, row in enumerate(rows):
        record = file.table.record(row)
        draft = mapping.draft(record, _terms(team, fields, file))
        at = _within(draft.received_at, simulation) or simulation.starts_at + span * place
        slug = _slug(record.get(file.source_column, ""), slugs)
        lead = lead_of(draft, team, at, slug, uuid5(simulation.pk, str(row.number)))
        found.append((at, row.number, lead))
    for at, number, lead in sorted(found, key=lambda each: each[:2]):
        yield Coming(arrival_of(lead, number, fields), None, at)


def row_of(simulation: Simulation, number: int) -> dict[str, str]:
    """The cells of one row by header, for whoever looks at its lead; {} if there is none."""
    table = csv_files.read(bytes(simulation.body))
    row = next((each for each in table.rows if each.number == number), None)
    return {key: cell for key, cell in table.record(row).items() if cell} if row else {}


def _within(at: datetime | None, simulation: Simulation) -> datetime | None:
    if at is None or not simulation.starts_at <= at < simulation.ends_at:
        return None
    return at


def _terms(team: Team, fields: TeamRegistry, file: Read) -> mapping.Terms:
    return mapping.Terms(
        registry=fields,
        mapping=file.mapping,
        country=team.country,
        currency=team.currency,
        timezone=team.timezone,
        may_be_older=True,
    )


def _slugs(team: Team) -> dict[str, str]:
    """What a source's name or slug stands for."""
    found: dict[str, str] = {}
    for source in Source.objects.filter(team=team).only("name", "slug"):
        found |= {source.name.casefold(): source.slug, source.slug.casefold(): source.slug}
    return found


def _slug(said: str, slugs: dict[str, str]) -> str:
    said = said.strip()
    return slugs.get(said.casefold()) or slugify(said)[:60] or "file"


def lead_of(draft: LeadDraft, team: Team, at: datetime, slug: str, pk: UUID) -> Lead:
    """A lead that is never saved."""
    lead = Lead(
        pk=pk,
        team=team,
        source=Source(team=team, slug=slug, name=slug),
        name=draft.name,
        email=draft.email.shown,
        email_key=draft.email.key,
        phone=draft.phone.shown,
        phone_key=draft.phone.key,
        facts=dict(draft.facts),
        custom=dict(draft.custom),
        received_at=at,
        **draft.columns,
    )
    keys = company_keys({"company": lead.company, "email_key": lead.email_key})
    lead.company_key, lead.domain = keys["company_key"], keys["domain"]
    for name, value in scoring.score_lead(lead, team, at).items():
        setattr(lead, name, value)
    return lead
