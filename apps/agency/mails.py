"""Mails of agencies: a few lines and one button, after the commit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.template.loader import render_to_string

from apps.teams.models import Agency, Operator


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says. `path` is where its button leads, below this site."""

    subject: str
    lines: Sequence[str]
    action: str
    path: str
    small: str = ""
    quote: str = ""

    @property
    def link(self) -> str:
        return f"{settings.PUBLIC_URL}{self.path}"


def send(letter: Letter, *, to: Iterable[str]) -> None:
    """One mail for each address once the transaction commits; nobody sees the others'."""
    addresses = list(dict.fromkeys(to))
    transaction.on_commit(lambda: _post(letter, addresses), robust=True)


def operators_of(agency: Agency) -> list[str]:
    """The addresses of everybody who works at the agency now."""
    rows = Operator.objects.filter(agency=agency, is_active=True, user__is_active=True)
    return list(rows.order_by("user__email").values_list("user__email", flat=True))


def _post(letter: Letter, addresses: Sequence[str]) -> None:
    words = {"letter": letter}
    text = render_to_string("emails/agency.txt", words)
    html = render_to_string("emails/agency.html", words)
    with get_connection() as mailer:
        for address in addresses:
            subject = " ".join(letter.subject.split())
            mail = EmailMultiAlternatives(subject, text, to=[address], connection=mailer)
            mail.attach_alternative(html, "text/html")
            mail.send()
