"""What `make run` prints when everything stands."""

import json
from collections.abc import Mapping
from typing import Any

from ops import state


def text(settings: Mapping[str, str]) -> str:
    """Address, one sign-in per role, and a line that sends a lead."""
    lines = [
        "",
        f"  Leadrelay is ready at {settings['PUBLIC_URL']}/",
        *(_demo(json.loads(state.DEMO.read_text())) if state.DEMO.exists() else _first_steps()),
        "",
        "  Commands work beside it: .venv/bin/python manage.py create_token EMAIL --team SLUG",
        "  Logs are in var/log/, sent e-mails in var/mail/. Ctrl-C stops everything.",
        "",
    ]
    return "\n".join(lines)


def _first_steps() -> list[str]:
    return ["", "  There is no demo data: the first page asks for your name and your team's."]


def _demo(demo: Mapping[str, Any]) -> list[str]:
    return [json.dumps(demo)]
