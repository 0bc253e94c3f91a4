"""Mails that one may stop, by a link in each of them and under Me."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from django.core import signing

from apps.accounts.models import User

_SALT = "accounts.mail-choices"


class Mail(StrEnum):
    """Each is sent only to those who want it, as their column says."""

    WEEKLY = "weekly"
    REPORTS = "reports"

    @property
    def column(self) -> str:
        return f"wants_{self.value}"


def token(user_id: UUID, mail: Mail) -> str:
    """What stands in a link: who stops what. It works for good, and for nothing else."""
    return signing.dumps([str(user_id), mail.value], salt=_SALT)


def read(token: str) -> tuple[User, Mail] | None:
    """Whose link it is and for which mail; None for any other text."""
    try:
        user_id, mail = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=user_id).first()
    return (user, Mail(mail)) if user else None


def choose(user: User, mail: Mail, *, wants: bool) -> None:
    """Send it from now on, or never again."""
    User.objects.filter(pk=user.pk).update(**{mail.column: wants})
