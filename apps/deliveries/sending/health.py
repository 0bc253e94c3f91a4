"""How a recipient's endpoint does: slowed while it fails, switched off when it fails for days.

Only webhooks are judged by failures: when an e-mail fails, it may be our own server that is away.
What says that it is gone for good is switched off at once. One success heals.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from apps.alerts.models import Kind
from apps.deliveries.sending.outcomes import Came, Result
from apps.deliveries.telling import tell_managers
from apps.rules.models import Recipient
from apps.teams.team_settings import routing_moved

log = structlog.get_logger(__name__)

JUDGED = (Recipient.Kind.WEBHOOK, Recipient.Kind.EMAIL)
SLOW_AFTER = 5  # failures in a row
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=15)
OFF_AFTER = timedelta(days=3)
HEALTHY = {"failures": 0, "failing_since": None, "slowed_until": None}


def note(recipient: Recipient, result: Result, *, now: datetime) -> None:
    """Count a try for or against the recipient, in the transaction that writes the try.

    A healthy recipient that took a copy costs nothing.
    """
    if recipient.kind not in JUDGED:
        return
    if result.is_success:
        if recipient.failures or recipient.slowed_until:
            Recipient.objects.filter(pk=recipient.pk).update(**HEALTHY)
    elif result.came is Came.GONE or recipient.kind == Recipient.Kind.WEBHOOK:
        _failed(_locked(recipient), result, now)


def pause_after(failures: int) -> timedelta | None:
    """How long an endpoint is left alone after so many failures in a row."""
    if failures < SLOW_AFTER:
        return None
    return min(FIRST_PAUSE * 2 ** min(failures - SLOW_AFTER, 10), LONGEST_PAUSE)


def _locked(recipient: Recipient) -> Recipient:
    rows = Recipient.objects.select_for_update(of=("self",), no_key=True)
    locked: Recipient = rows.select_related("team").get(pk=recipient.pk)
    return locked


def _failed(recipient: Recipient, result: Result, now: datetime) -> None:
    since = recipient.failing_since or now
    failures = recipient.failures + 1
    pause = pause_after(failures)
    changes = {
        "failures": failures,
        "failing_since": since,
        "slowed_until": now + pause if pause else None,
    }
    Recipient.objects.filter(pk=recipient.pk).update(**changes)
    is_over = failures >= SLOW_AFTER and now - since >= OFF_AFTER
    if recipient.disabled_at is None and (is_over or result.came is Came.GONE):
        _switch_off(recipient, _reason(result, since), now)


def _reason(result: Result, since: datetime) -> str:
    if result.came is Came.GONE:
        return result.error
    days = _("Every delivery failed since %(since)s.") % {"since": f"{since:%Y-%m-%d %H:%M} UTC"}
    return f"{days} {result.error}"


def _switch_off(recipient: Recipient, reason: str, now: datetime) -> None:
    reason = reason[:300]
    rows = Recipient.objects.filter(pk=recipient.pk)
    rows.update(disabled_at=now, disabled_reason=reason)
    routing_moved(recipient.team)
    tell_managers(
        recipient.team, Kind.RECIPIENT_OFF, title=recipient.name, page="recipient",
        page_id=recipient.pk, reason=reason, now=now,
    )  # fmt: skip
    log.warning("recipient_switched_off", recipient=str(recipient.pk))
    if recipient.contact_email:  # managers get the e-mail of their alert
        transaction.on_commit(partial(mail_contact, recipient, reason), robust=True)


def mail_contact(recipient: Recipient, reason: str) -> None:
    """Tell whoever looks after the endpoint what happened and how it goes on."""
    words = {
        "recipient": recipient,
        "team": recipient.team,
        "reason": reason,
        "host": urlsplit(recipient.url).hostname or recipient.email,
        "site": settings.PUBLIC_URL,
    }
    mail = EmailMultiAlternatives(
        _("%(name)s gets no leads any more") % {"name": recipient.name},
        render_to_string("emails/delivery_off.txt", words),
        to=[recipient.contact_email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string("emails/delivery_off.html", words), "text/html")
    mail.send()
