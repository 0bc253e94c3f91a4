"""Mails that wait in the database: each goes out once, or not at all, and never twice.

A row is taken by one worker, which writes down that it is sending before it speaks to the mail
server. Whoever dies in between leaves the row as *sending*: whether that mail went out is not
known, so it is not sent again. What the server refuses for now is tried again.
"""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.teams.scope import TeamRow

# How long a mail waits after each failure; after the last it is given up.
WAITS = (60, 300, 900, 3600, 4 * 3600, 12 * 3600)
SAID = 200
LONGEST = 120  # seconds that one run sends; the next one goes on
_FOR_GOOD = 500  # an answer of the server from here on will not change


class Posted(TeamRow):
    """A mail to somebody. Subclasses say what about; what is due is `try_at` of a waiting one."""

    class State(models.TextChoices):
        WAITING = "waiting", gettext_lazy("waiting")
        SENDING = "sending", gettext_lazy("being sent, or broken off: it may have arrived")
        SENT = "sent", gettext_lazy("sent")
        NOTHING = "nothing", gettext_lazy("nothing to say")
        FAILED = "failed", gettext_lazy("given up")

    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    try_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=SAID, blank=True)
    sent_at = models.DateTimeField(null=True)

    # Every subclass has this index: {"name": …, "fields": ["try_at"], "condition": WAITING}.
    WAITING: ClassVar[Q] = Q(state="waiting")

    class Meta:
        abstract = True


P = TypeVar("P", bound=Posted)


def post_due(
    model: type[P], write: Callable[[P], EmailMessage | None], *, only: UUID | None = None
) -> int:
    """Send what is due, one after the other; `write` makes a mail, or None for nothing to say.

    Returns how many went out. May run twice, and at once.
    """
    sent, until = 0, time.monotonic() + LONGEST
    while time.monotonic() < until and (row := _claim(model, only)):
        try:
            mail = write(row)
        except Exception:
            _again(row, _("It could not be written."), is_final=False)
            raise
        if mail is None:
            _end(row, Posted.State.NOTHING)
        elif _send(row, mail):
            sent += 1
    return sent


@transaction.atomic
def _claim(model: type[P], only: UUID | None) -> P | None:
    rows: Any = model._default_manager.select_for_update(skip_locked=True, of=("self",))
    due = rows.filter(Posted.WAITING, try_at__lte=Now())
    if only is not None:
        due = due.filter(pk=only)
    row: P | None = due.order_by("try_at", "pk").first()
    if row is None:
        return None
    row.state, row.attempts = Posted.State.SENDING, row.attempts + 1
    row.save(update_fields=["state", "attempts"])
    return row


def _send(row: Posted, mail: EmailMessage) -> bool:
    """Whether it went out. What came of it is written down in any case that can be known."""
    try:
        server = _reached()
    except (smtplib.SMTPException, OSError) as error:
        _again(row, _("The mail server can’t be reached: %s") % error, is_final=False)
        return False
    try:
        mail.connection = server
        mail.send()
    except smtplib.SMTPRecipientsRefused as refused:
        code, words = next(iter(refused.recipients.values()))
        _again(row, _text(words), is_final=code >= _FOR_GOOD)
    except smtplib.SMTPResponseException as error:
        _again(row, _text(error.smtp_error), is_final=error.smtp_code >= _FOR_GOOD)
    except ValueError as error:  # an address or a subject that no mail can have
        _again(row, str(error), is_final=True)
    except (smtplib.SMTPException, OSError) as error:
        # Broken off half-way: it may have been taken. It stays as it is.
        _say(row, _text(str(error)))
    else:
        _end(row, Posted.State.SENT)
        return True
    finally:
        server.close()
    return False


def _reached() -> BaseEmailBackend:
    server: BaseEmailBackend = get_connection()
    server.open()
    return server


def _again(row: Posted, why: str, *, is_final: bool) -> None:
    """It did not go out: try later, or give up."""
    is_final = is_final or row.attempts > len(WAITS)
    values: dict[str, object] = {"failure": _text(why)}
    if is_final:
        values["state"] = Posted.State.FAILED
    else:
        gap = timedelta(seconds=WAITS[row.attempts - 1])
        values |= {"state": Posted.State.WAITING, "try_at": Now() + gap}
    type(row)._default_manager.filter(pk=row.pk).update(**values)


def _say(row: Posted, why: str) -> None:
    type(row)._default_manager.filter(pk=row.pk).update(failure=why)


def _end(row: Posted, state: str) -> None:
    values = {"state": state, "failure": "", "sent_at": Now()}
    type(row)._default_manager.filter(pk=row.pk).update(**values)


def _text(words: str | bytes) -> str:
    """What a server said, as a line."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.replace("\x00", "").split())[:SAID]
