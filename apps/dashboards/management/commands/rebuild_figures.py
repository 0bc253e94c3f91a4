"""manage.py rebuild_figures: makes the kept days of figures anew, or checks them."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.dashboards.kept import recount, refreshing
from apps.teams.models import Team

SHOWN = 100  # differences of a team that are named


class Command(BaseCommand):
    help = "Rebuild the kept days that dashboards read. Pages stay right meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--team", help="The address of one team; all teams without it.")
        parser.add_argument(
            "--check", action="store_true", help="Rebuild nothing: compare with a recount."
        )

    def handle(self, *args: Any, team: str | None, check: bool, **options: Any) -> None:
        teams = Team.objects.filter(slug=team) if team else Team.objects.all()
        if team and not teams:
            raise CommandError(f"There is no team “{team}”. Give its address, as in /t/<address>/.")
        wrong = 0
        for one in teams:
            if not check:
                self.stdout.write(f"{one.slug}: {refreshing.rebuild(one.pk)} days rebuilt")
            wrong += self._compare(one)
        if wrong:
            raise CommandError(f"{wrong} differences. Run rebuild_figures without --check.")

    def _compare(self, team: Team) -> int:
        """Name what differs; how much that is."""
        found = list(recount.differences(team))
        for difference in found[:SHOWN]:
            self.stdout.write(str(difference))
        if not found:
            self.stdout.write(f"{team.slug}: equal to the recount")
        return len(found)
