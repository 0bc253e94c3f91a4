"""manage.py demo: the team acme with everything that makes it worth looking at."""

import json
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.onboarding.demonstration import acme


class Command(BaseCommand):
    help = "Makes the demo team acme; a second time it only says again what there is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--password", help="for everybody in the demo")
        parser.add_argument(
            "--without-past", action="store_true", help="people, pools and sources, no leads"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION and not options["password"]:
            raise CommandError("The demo's own password is public: give one with --password.")
        made = acme.make(
            password=options["password"] or acme.PASSWORD,
            with_past=not options["without_past"],
            now=timezone.now(),
        )
        self.stdout.write(json.dumps(made, indent=2) if options["json"] else _words(made))


def _words(made: dict[str, Any]) -> str:
    width = max(len(email) for email in made["sign_in"].values())
    people = [f"  {email:{width}}  {role}" for role, email in made["sign_in"].items()]
    sources = [f"  {source['name']}: {source['address']}" for source in made["sources"].values()]
    return "\n".join(
        [
            made["team"]["address"],
            "",
            f"Sign in with the password {made['password']}",
            *people,
            *_partners(made, width),
            "",
            "Send leads to",
            *sources,
            "",
            made["curl"],
        ]
    )


def _partners(made: dict[str, Any], width: int) -> Iterator[str]:
    for partner in made["partners"]:
        yield f"\nand at {partner['name']}, which gets copies of some leads"
        yield from (f"  {email:{width}}  {role}" for role, email in partner["sign_in"].items())
    for agency in made["agencies"]:
        yield f"\nand at {agency['name']}, an agency with clients of its own"
        yield from (f"  {email:{width}}  {role}" for role, email in agency["sign_in"].items())
