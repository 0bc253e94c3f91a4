"""Try quarantined and failed captures once more."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.capture import services
from apps.teams.access import Access
from apps.teams.models import Team


class Command(BaseCommand):
    help = "Replay captures that wait in quarantine or failed; each makes its lead once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--team", help="only this team (slug)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        teams = Team.objects.filter(is_active=True)
        if options["team"]:
            teams = teams.filter(slug=options["team"])
            if not teams.exists():
                raise CommandError(f"No team has the slug “{options['team']}”.")
        counts = {
            team.slug: services.replay_all(by=Access.system(team), now=timezone.now())
            for team in teams
        }
        counts = {slug: found for slug, found in counts.items() if found}
        if options["json"]:
            self.stdout.write(json.dumps({"replayed": counts}))
            return
        for slug, found in counts.items():
            self.stdout.write(f"{slug}: " + ", ".join(f"{n} {what}" for what, n in found.items()))
        if not counts:
            self.stdout.write("Nothing waits.")
