"""Why copies for a recipient wait now, and when they are looked at again. Nothing is read here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from apps.deliveries.sending import retries
from apps.rules.models import Recipient
from apps.rules.recipients.facts import opens_at
from apps.teams.models import Team

LOOK_AGAIN = timedelta(minutes=15)
# As long as a copy would have been tried; then it is given up and can be replayed.
WHILE_OFF = retries.IN_ALL
WHILE_PAUSED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Wait:
    """Until when and why. A copy that waits longer than `patience` is given up; None: never."""

    until: datetime
    reason: str
    patience: timedelta | None = None


def wait_of(recipient: Recipient, team: Team, *, now: datetime) -> Wait | None:
    """What keeps copies for this recipient back; None if they may go out.

    Needs `membership` loaded.
    """
    if off := _off(recipient, team):
        return Wait(now + LOOK_AGAIN, off, WHILE_OFF)
    if recipient.is_paused:
        until = recipient.paused_until
        if until is None:
            return Wait(now + LOOK_AGAIN, _("It waits: the recipient is paused."), WHILE_PAUSED)
        if until > now:
            return Wait(until, _("It waits: the recipient is paused."))
    if recipient.slowed_until and recipient.slowed_until > now:
        reason = _("It waits: the recipient failed too often and is tried less often.")
        return Wait(recipient.slowed_until, reason)
    opens = opens_at(recipient, team, now=now)
    return Wait(opens, _("It waits until the recipient’s hours begin.")) if opens > now else None


def _off(recipient: Recipient, team: Team) -> str:
    if recipient.disabled_at is not None:
        return _("It waits: the recipient was switched off after failures.")
    if not recipient.is_active or not team.is_active:
        return _("It waits: the recipient is archived.")
    member = recipient.membership
    if recipient.kind == Recipient.Kind.MEMBER and (member is None or not member.is_active):
        return _("It waits: the member is not active.")
    return ""
