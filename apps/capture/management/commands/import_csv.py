"""Import a CSV file of leads, with the columns guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.capture import imports
from apps.capture.forms import LARGEST_FILE
from apps.capture.models import Import
from apps.teams.access import Access
from apps.teams.models import Team


class Command(BaseCommand):
    help = "Import leads from a CSV file of any encoding and separator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--team", required=True, help="the team's slug")
        parser.add_argument("--source", default="", help="where the leads come from")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        team = Team.objects.filter(slug=options["team"]).first()
        if team is None:
            raise CommandError(f"No team has the slug “{options['team']}”.")
        by = Access.system(team)
        try:
            run = imports.upload(
                body=_read(options["file"]),
                file_name=options["file"].name,
                source_name=options["source"],
                by=by,
                now=timezone.now(),
            )
            imports.begin(run, mapping=run.mapping, by=by, now=timezone.now())
        except imports.FileRefused as error:
            raise CommandError(str(error)) from error
        imports.work(run.pk, clock=timezone.now)
        self._report(Import.objects.get(pk=run.pk), as_json=options["json"])

    def _report(self, run: Import, *, as_json: bool) -> None:
        remarks = [{"row": row.number, "reason": row.reason} for row in run.rows.all()]
        told = {
            "import": str(run.pk), "rows": run.rows_total, "counts": run.counts,
            "encoding": run.encoding, "delimiter": run.delimiter, "mapping": run.mapping,
            "remarks": remarks,
        }  # fmt: skip
        if as_json:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        counts = ", ".join(f"{count} {outcome}" for outcome, count in run.counts.items())
        self.stdout.write(f"{run.rows_total} rows: {counts}")
        for remark in remarks:
            self.stdout.write(f"row {remark['row']}: {remark['reason']}")


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise CommandError("The file has more than 10 MB. Split it.")
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}.") from error
