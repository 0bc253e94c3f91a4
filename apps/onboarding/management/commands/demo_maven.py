"""manage.py demo_maven: a company's real pipeline, sent over HTTP to the server that runs."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.onboarding.demonstration import acme
from apps.onboarding.demonstration.maven import files, run
from config.environment import ROOT

FOLDER = "maven_crm_sales"


class Command(BaseCommand):
    help = "Builds the team maven from its files and sends its 8,800 opportunities as captures."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=_folder())
        parser.add_argument("--server", default=settings.PUBLIC_URL, help="where to send to")
        parser.add_argument("--password", help="for everybody in the team")
        parser.add_argument("--limit", type=int, help="send only so many")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION and not options["password"]:
            raise CommandError("The demo's own password is public: give one with --password.")
        try:
            books = files.read(options["folder"])
        except files.FilesMissing as error:
            raise CommandError(str(error)) from error
        found = run.run(
            books.first(options["limit"]),
            server=options["server"],
            password=options["password"] or acme.PASSWORD,
            say=lambda text: self.stderr.write(text, self.style.NOTICE),
        )
        self.stdout.write(json.dumps(found) if options["json"] else "\n".join(_lines(found)))


def _folder() -> Path:
    """LEADRELAY_DATA, or the folder of shared data beside the project."""
    given = os.environ.get("LEADRELAY_DATA")
    beside = ROOT.parent / "shared" / "data"
    return (Path(given) if given else beside) / FOLDER


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['captures']} captures in {found['seconds']} s over {found['connections']}"
    yield f"connections: {found['captures_per_second']} a second"
    yield from _table("Outcome", found["outcomes"])
    yield "\nRule                                     Pool         Leads"
    for rule in found["rules"]:
        yield f"{rule['n']:>2} {rule['rule']:<38}{rule['pool']:<12}{rule['leads']:>6}"
    yield "\nAgent                        Share due   Received"
    for agent in found["agents"]:
        yield f"{agent['agent']:<28}{agent['due']:>10.2f}{agent['leads']:>11}"
    yield f"\nUnrouted: {found['unrouted']}"
    alerts = found["alerts"]
    yield f"Alerts heard: {alerts['expected'] - alerts['missing']} of {alerts['expected']}"
    for name, marks in found["alert_latency_ms"].items():
        yield f"{name.replace('_', ' ').capitalize()}: p50 {marks['p50']} ms, p99 {marks['p99']} ms"
    for name, recount in found["recount"].items():
        yield from _table(f"Recount, {name}", recount)


def _table(title: str, rows: dict[str, int]) -> Iterator[str]:
    yield f"\n{title}"
    for name, count in rows.items():
        yield f"  {name:<14}{count:>8}"
