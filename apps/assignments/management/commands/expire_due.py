"""`manage.py expire_due`: act on every deadline that has passed, once, now."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.assignments import services


class Command(BaseCommand):
    help = "Act on offers, assignments, hopper stays and reminders that are due."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=int, default=1000, help="at most so many of each kind")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        done = services.expire_due(limit=options["limit"])
        if options["json"]:
            self.stdout.write(json.dumps(done))
            return
        acted = {name.replace("_", " "): count for name, count in done.items() if count}
        words = ", ".join(f"{count} {name}" for name, count in acted.items())
        self.stdout.write(words or "Nothing was due.")
