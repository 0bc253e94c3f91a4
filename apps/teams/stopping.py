"""The headers and the link by which a mail is stopped with one press (RFC 8058)."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.urls import reverse

from apps.accounts import mail_choices
from apps.accounts.mail_choices import Mail


def link(user_id: UUID, mail: Mail) -> str:
    """The page with the button; a POST to it, with or without a browser, stops the mail."""
    path = reverse("start:stop_mail", args=[mail_choices.token(user_id, mail)])
    return f"{settings.PUBLIC_URL}{path}"


def headers(user_id: UUID, mail: Mail) -> dict[str, str]:
    return {
        "List-Unsubscribe": f"<{link(user_id, mail)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
    }
