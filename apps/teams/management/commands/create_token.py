"""manage.py create_token EMAIL --team SLUG: a key to the API, printed this once."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.teams import tokens
from apps.teams.access import Access
from apps.teams.models import Membership


class Command(BaseCommand):
    help = "Makes an API token for a member of a team and prints it. It is shown only now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--team", required=True, help="the team's address, such as acme")
        parser.add_argument("--name", default="command line", help="what the key is for")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        member = (
            Membership.objects.active()
            .select_related("team", "user")
            .filter(team__slug=options["team"], user__email__iexact=options["email"])
            .first()
        )
        if member is None:
            raise CommandError(
                f"{options['email']} is no active member of a team called {options['team']}."
            )
        made = tokens.create_token(
            member, name=options["name"], by=Access.system(member.team), now=timezone.now()
        )
        answer = {
            "token": made.secret,
            "id": str(made.token.pk),
            "email": member.user.email,
            "team": member.team.slug,
        }
        self.stdout.write(json.dumps(answer) if options["json"] else made.secret)
