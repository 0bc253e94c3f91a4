"""Importing a file: read, map, run row by row, report. A run that stops goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from apps.assignments.models import Door
from apps.capture import providers, services, sources
from apps.capture.models import Capture, Import, ImportRow
from apps.capture.reading import csv_files, mapping
from apps.capture.reading.csv_files import Row, Table
from apps.capture.reading.guessing import EXTRA_FIELDS, IGNORED
from apps.leads.models import Source
from apps.leads.sources import free_slug
from apps.routing.fields import Registry
from apps.rules.registry import registry
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.scope import deed

State = Import.State
REFUSED, REPEATED = "refused", "repeated"
JSON_TYPE = "application/json"
SAMPLES = 3
_NO_CHOICE = frozenset({"source", "test"})


class FileRefused(ValueError):
    """The file can't be imported; the message says why."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file as the mapping page shows it."""

    header: str
    samples: tuple[str, ...]
    field: str


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What became of one row."""

    outcome: str
    reason: str = ""


def upload(*, body: bytes, file_name: str, source_name: str, by: Access, now: datetime) -> Import:
    """Keep a file with a first guess of its columns; FileRefused if nothing is in it."""
    by.require(Permission.IMPORT)
    table = csv_files.read(body)
    if not table.rows:
        raise FileRefused(_("The file holds no rows below its headers."))
    source = _source(by, source_name, now)
    return Import.objects.create(
        team=by.team,
        source=source,
        membership=by.membership,
        file_name=" ".join(file_name.replace("\x00", "").split())[:255] or "leads.csv",
        file_hash=hashlib.sha256(body).digest(),
        body=body,
        encoding=table.encoding,
        delimiter=table.delimiter,
        mapping=_guessed(table, registry(by.team)),
        created_at=now,
        rows_total=len(table.rows),
        **deed(by),
    )


@transaction.atomic
def _source(by: Access, name: str, now: datetime) -> Source:
    """The import source of that name; without one, the team's own for imports."""
    name = " ".join(name.replace("\x00", "").split())[:120]
    if not name:
        return sources.builtin(by.team, Source.Kind.IMPORT, now=now)
    slug = free_slug(by.team, slugify(name) or "import")  # first: it waits for others
    known = Source.objects.filter(team=by.team, kind=Source.Kind.IMPORT, name=name).first()
    if known is not None:
        return known
    return Source.objects.create(
        team=by.team, kind=Source.Kind.IMPORT, name=name, created_at=now, slug=slug
    )  # fmt: skip


def _guessed(table: Table, fields: Registry) -> dict[str, str]:
    found = mapping.guess(table.headers, fields)
    guessed = {header: field for field, header in found.items()}
    if "email" not in found and table.warnings:
        guessed |= _by_content(table)
    return guessed


def _by_content(table: Table) -> dict[str, str]:
    """Columns of a file without headers, by what the first row looks like."""
    first = table.record(table.rows[0])
    return {header: "email" for header, cell in first.items() if "@" in cell}


def table_of(run: Import) -> Table:
    return csv_files.read(bytes(run.body), encoding=run.encoding, delimiter=run.delimiter)


def columns(run: Import) -> list[Column]:
    """Every column with its first samples and the field that it goes to."""
    table = table_of(run)
    records = [table.record(row) for row in table.rows[:200] if not row.problem]
    return [
        Column(header, _samples(records, header), run.mapping.get(header, ""))
        for header in table.headers
    ]


def _samples(records: list[dict[str, str]], header: str) -> tuple[str, ...]:
    filled = (record.get(header, "")[:60] for record in records)
    return tuple(dict.fromkeys(cell for cell in filled if cell))[:SAMPLES]


def choices(fields: Registry) -> list[tuple[str, str]]:
    """What a column may be: the team's fields, and the parts of a name."""
    own = [(field.key, field.label) for field in fields.given() if field.key not in _NO_CHOICE]
    labels = {
        "first_name": _("First name"), "last_name": _("Last name"),
        "provider_id": _("Id at the provider"),
    }  # fmt: skip
    return [*((key, labels[key]) for key in EXTRA_FIELDS if key in labels), *own]


def begin(run: Import, *, mapping: Mapping[str, str], by: Access, now: datetime) -> bool:
    """Start a mapped import, once; False if it was started before.

    FileRefused if no column holds an e-mail or a phone number, or two hold the same field.
    """
    by.require(Permission.IMPORT)
    chosen = {header: field for header, field in mapping.items() if field}
    if not {"email", "phone"} & set(chosen.values()):
        raise FileRefused(_("Choose the column that holds the e-mail or the phone number."))
    twice = [field for field in chosen.values() if list(chosen.values()).count(field) > 1]
    if twice:
        raise FileRefused(_("Two columns go to “%(field)s”; choose one.") % {"field": twice[0]})
    with transaction.atomic():
        changed = Import.objects.filter(pk=run.pk, state=State.MAPPING).update(
            state=State.RUNNING, mapping=chosen, started_at=now
        )
        if changed:
            audit.record(
                by=by, action="import.started", target=run, now=now,
                detail={"rows": run.rows_total},
            )  # fmt: skip
    return bool(changed)


def work(run_id: UUID, *, clock: Callable[[], datetime], longest: timedelta | None = None) -> bool:
    """Import the rows that are left, for at most `longest`; whether it is finished.

    Each row and the progress are one transaction, so that a run that dies or is started twice
    imports every row once.
    """
    run = Import.objects.select_related("source__team").filter(pk=run_id).first()
    if run is None or run.state != State.RUNNING:
        return True
    table = table_of(run)
    until = clock() + longest if longest else None
    first_seen = _first_seen(run, table)
    for place in range(run.rows_done, len(table.rows)):
        if until and clock() > until:
            return False
        if not _step(run, table, place, first_seen, clock()):
            return False
    Import.objects.filter(pk=run.pk, state=State.RUNNING).update(
        state=State.DONE, finished_at=clock()
    )
    return True


def _step(
    run: Import, table: Table, place: int, first_seen: Mapping[str, int], now: datetime
) -> bool:
    """Import the row at this place; False if somebody else is at it."""
    row = table.rows[place]
    with transaction.atomic():
        locked = (
            Import.objects.select_for_update(skip_locked=True)
            .filter(pk=run.pk, state=State.RUNNING, rows_done=place)
            .only("counts")
            .first()
        )
        if locked is None:
            return False
        verdict = _import_row(run, table, row, first_seen, now)
        if verdict.reason:
            _report(run, table, row, verdict)
        counts = dict(locked.counts)
        counts[verdict.outcome] = counts.get(verdict.outcome, 0) + 1
        Import.objects.filter(pk=run.pk).update(rows_done=place + 1, counts=counts)
    return True


def _import_row(
    run: Import, table: Table, row: Row, first_seen: Mapping[str, int], now: datetime
) -> _Verdict:
    if row.problem:
        return _Verdict(REFUSED, row.problem)
    data = dict(_named(run, table.record(row)))
    draft = providers.read(run.source, data, services.terms_of(run.source))
    if draft.is_test:
        return _Verdict(Capture.Outcome.TEST)
    if not draft.has_contact:
        problem = "; ".join(draft.warnings) or _("There is no e-mail and no phone number.")
        return _Verdict(REFUSED, problem)
    first = first_seen.get(_email_of(run, table, row), row.number)
    if first != row.number:
        return _Verdict(REFUSED, _("The e-mail is in row %(row)d already.") % {"row": first})
    body = json.dumps(data, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    answer = services.receive(
        run.source, body=body, content_type=JSON_TYPE, door=Door.IMPORT, now=now,
        key=f"row:{hashlib.sha256(body).hexdigest()}",
    )  # fmt: skip
    if answer.status == 200:
        return _Verdict(REPEATED)
    if answer.status != 201:
        return _Verdict(REFUSED, _("Kept in Captures: %(why)s") % {"why": answer.reason})
    return _Verdict(str(answer.payload["outcome"]), "; ".join(draft.warnings))


def _named(run: Import, record: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The row under the names of the lead's fields; what was not chosen is set aside."""
    for header, cell in record.items():
        if cell:
            yield run.mapping.get(header) or f"{IGNORED}{header}", cell


def _report(run: Import, table: Table, row: Row, verdict: _Verdict) -> None:
    is_refused = verdict.outcome == REFUSED
    ImportRow.objects.create(
        team_id=run.team_id,
        run=run,
        number=row.number,
        outcome=ImportRow.Outcome.REFUSED if is_refused else ImportRow.Outcome.WARNED,
        reason=verdict.reason[:500],
        cells=list(row.cells),
    )


def _email_of(run: Import, table: Table, row: Row) -> str:
    header = next((name for name, field in run.mapping.items() if field == "email"), "")
    return table.record(row).get(header, "").strip().casefold()


def _first_seen(run: Import, table: Table) -> dict[str, int]:
    """The first row of each e-mail in the file."""
    seen: dict[str, int] = {}
    for row in table.rows:
        email = _email_of(run, table, row)
        if email and not row.problem:
            seen.setdefault(email, row.number)
    return seen


def refused_csv(run: Import) -> str:
    """The refused rows as they came, with the reason, to mend and upload again."""
    table = table_of(run)
    rows = run.rows.filter(outcome=ImportRow.Outcome.REFUSED)
    width = len(table.headers)
    lines = [[*[*row.cells, *[""] * width][:width], row.reason] for row in rows]
    return csv_files.written([[*table.headers, _("Why it was refused")], *lines])


def unfinished() -> list[UUID]:
    """Imports that should be running; a worker may have died or never heard of them."""
    return list(Import.objects.filter(state=State.RUNNING).values_list("pk", flat=True)[:20])
