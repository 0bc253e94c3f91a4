"""Connect a source and print its address and secret."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.capture import sources
from apps.teams.access import Access
from apps.teams.models import Team


class Command(BaseCommand):
    help = "Connect a source of leads; prints its address and its secret, the latter this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--team", required=True, help="the team's slug")
        parser.add_argument("--kind", default="json", choices=["json", "form"])
        parser.add_argument("--name", required=True, help="shown on every lead")
        parser.add_argument("--signed", action="store_true", help="refuse unsigned captures")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        team = Team.objects.filter(slug=options["team"]).first()
        if team is None:
            raise CommandError(f"No team has the slug “{options['team']}”.")
        try:
            new = sources.create(
                kind=options["kind"],
                name=options["name"],
                by=Access.system(team),
                now=timezone.now(),
                is_signed=options["signed"],
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        told = {
            "source": str(new.source.pk),
            "team": team.slug,
            "kind": new.source.kind,
            "name": new.source.name,
            "slug": new.source.slug,
            "address": new.address,
            "secret": new.secret,
        }
        self.stdout.write(json.dumps(told) if options["json"] else _words(told))


def _words(told: dict[str, str]) -> str:
    return (
        f"Source “{told['name']}” of team {told['team']}\n"
        f"address  {told['address']}\n"
        f"secret   {told['secret']}  (shown this once)"
    )
