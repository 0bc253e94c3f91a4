"""What `make run` prints when everything stands."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ops import state


def text(settings: Mapping[str, str]) -> str:
    """Address, one sign-in per role, and a line that sends a lead."""
    address = settings["PUBLIC_URL"]
    demo = json.loads(state.DEMO.read_text()) if state.DEMO.exists() else None
    lines = [
        f"Leadrelay is ready at {address}/",
        "",
        *(_demo(demo, address) if demo else _first_steps()),
        "",
        "Commands work beside it: .venv/bin/python manage.py create_token EMAIL --team SLUG",
        f"Logs are in {state.LOGS}, e-mails in {state.MAIL}.",
        "Ctrl-C stops everything.",
    ]
    return "\n" + "\n".join(f"  {line}".rstrip() for line in lines) + "\n"


def _first_steps() -> list[str]:
    return ["There is no demo data: the first page asks for your name and your team's."]


def _demo(demo: Mapping[str, Any], address: str) -> list[str]:
    """`demo` as `manage.py demo --json` printed it, perhaps when the port was another."""
    width = max(len(role) for role in demo["sign_in"])
    return [
        f"Sign in with the password {demo['password']} as",
        *(f"  {role:{width}}  {email}" for role, email in demo["sign_in"].items()),
        *_partners(demo, width),
        "",
        "Send a lead:",
        *(f"  {line}" for line in demo["curl"].replace(demo["address"], address).splitlines()),
    ]


def _partners(demo: Mapping[str, Any], width: int) -> Iterator[str]:
    """An older `var` has none."""
    for partner in demo.get("partners", ()):
        yield f"and at {partner['name']}, which gets copies of some leads, as"
        yield from (f"  {role:{width}}  {email}" for role, email in partner["sign_in"].items())
    for agency in demo.get("agencies", ()):
        yield f"and at {agency['name']}, an agency with clients of its own, as"
        yield from (f"  {role:{width}}  {email}" for role, email in agency["sign_in"].items())
