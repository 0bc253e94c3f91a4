"""Forms of recipients as browsers send them, and who sends them."""

from __future__ import annotations

from typing import Any

from django.test import Client

from apps.teams.access import Access

FORM = {
    "name": "Berger Dachbau", "email": "office@berger.example", "open_hours": "always",
    "return_days": "7", "fields-send-name": "on", "fields-send-email": "on",
    "fields-send-phone": "on", "fields-send-city": "on",
}  # fmt: skip
NEW = "recipients/new/?kind=email"


def signed_in(access: Access) -> Client:
    client = Client()
    assert access.user is not None
    client.force_login(access.user)
    return client


def at(path: str) -> str:
    return f"/t/acme/{path}"


def posted(page: Any) -> dict[str, Any]:
    """What a browser would send if nobody touched the form."""
    form, hours = page.context["form"], page.context["hours"]
    data: dict[str, Any] = {}
    for each in (form, form.fields_form, hours):
        for field in each:
            value = field.value()
            if value not in (None, False, ""):
                data[field.html_name] = "on" if value is True else value
    return data
