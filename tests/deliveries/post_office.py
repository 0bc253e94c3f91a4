"""A real SMTP server that keeps what it takes, or refuses as it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from ops import embedded


@dataclass
class PostOffice:
    """`refusals`: what is answered to RCPT TO an address; `at_data`: to the mail itself."""

    taken: list[EmailMessage] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    at_data: str = ""
    port: int = field(default_factory=embedded.free_port)

    def open(self) -> None:
        self._controller = Controller(_Clerk(self), hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def close(self) -> None:
        self._controller.stop()

    @property
    def settings(self) -> dict[str, Any]:
        """Django's settings that lead here."""
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": self.port,
            "EMAIL_HOST_USER": "",
            "EMAIL_HOST_PASSWORD": "",
            "EMAIL_USE_TLS": False,
            "EMAIL_USE_SSL": False,
        }

    @property
    def only(self) -> EmailMessage:
        (mail,) = self.taken
        return mail


class _Clerk:
    """Answers at the counter. The library looks at every attribute of it."""

    def __init__(self, office: PostOffice) -> None:
        self._office = office

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self._office.refusals:
            return self._office.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self._office.at_data:
            return self._office.at_data
        content = envelope.content
        assert isinstance(content, bytes)
        self._office.taken.append(message_from_bytes(content, policy=policy.default))
        return "250 OK"


def body(mail: EmailMessage, kind: str) -> str:
    """The part of this kind, "plain" or "html"."""
    part = mail.get_body(preferencelist=(kind,))
    assert part is not None
    return str(part.get_content())


def subject(mail: EmailMessage) -> str:
    """As programs show it: without the space that a long one is folded at."""
    return str(mail["Subject"]).strip()
