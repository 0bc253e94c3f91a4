"""What a new source is tried with."""

from __future__ import annotations

import json
import shlex
from datetime import datetime

from django.utils.html import escape

from apps.assignments.models import Door
from apps.capture import services, sources
from apps.capture.services import Answer
from apps.leads.models import Source

LEAD = {
    "name": "Rosa Steiner",
    "email": "rosa.steiner@example.com",
    "phone": "+43 1 234567",
    "company": "Steiner Bau",
    "city": "Graz",
    "country": "AT",
    "message": "Please call me about an offer.",
}


def send_test(source: Source, *, now: datetime) -> Answer:
    """A test lead through the same door as every lead: kept, marked, and nobody is bothered."""
    return services.receive(
        source,
        body=json.dumps(LEAD).encode(),
        content_type="application/json",
        key=None,
        door=Door.FORM if source.kind == Source.Kind.FORM else Door.WEBHOOK,
        now=now,
        is_test=True,
    )


def frame(source: Source) -> str:
    """A line of HTML that embeds a hosted form."""
    address = sources.address_of(source)
    return (
        f'<iframe src="{address}" title="{escape(source.name)}" width="100%" height="640"></iframe>'
    )


def curl(source: Source) -> str:
    """A line for a terminal that sends a lead; empty where leads come by another way."""
    address = sources.address_of(source)
    if source.kind != Source.Kind.JSON or not address:
        return ""
    body = shlex.quote(json.dumps(LEAD))
    return f"curl -X POST {shlex.quote(address)} -H 'Content-Type: application/json' -d {body}"
