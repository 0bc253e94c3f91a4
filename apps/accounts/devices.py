"""Where somebody is signed in: her sessions, each by its device, and ending them.

A session that is ended is gone from the database: its next request asks for the sign-in, and its
open pages are cut off by the next look at all listeners (alerts.switchboard).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Max
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User

SEEN = "seen"  # in the session: when it was last noted, in seconds
NOTED_EVERY = timedelta(minutes=5)
# The first that is found counts: most browsers also claim to be others.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac OS X", "Mac"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Device:
    """A live session in words."""

    id: int
    words: str
    ip: str
    since: datetime
    last_seen: datetime
    is_this: bool


def on_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Note a session as it begins, by whichever page it does."""
    request.session[SEEN] = int(timezone.now().timestamp())
    if request.META.get("REMOTE_ADDR"):
        UserSession.objects.create_from_request(request)


def seen(request: HttpRequest, *, now: datetime) -> None:
    """Note that a session is in use, if that was not noted within the last minutes."""
    noted = request.session.get(SEEN)
    if isinstance(noted, int) and now.timestamp() - noted < NOTED_EVERY.total_seconds():
        return
    request.session[SEEN] = int(now.timestamp())
    UserSession.objects.create_from_request(request)


def of(user: User, *, current: str = "", now: datetime) -> list[Device]:
    """Her live sessions: the one with the key `current` first, then the latest used."""
    rows = UserSession.objects.filter(user=user, session_key__in=_live(now))
    devices = [_device(row, current) for row in rows.order_by("-last_seen_at", "-pk")]
    return sorted(devices, key=lambda device: not device.is_this)


def last_seen(users: Iterable[UUID]) -> dict[UUID, datetime]:
    """When each of these people last used the site, as far as it is known."""
    rows = UserSession.objects.filter(user__in=list(users)).order_by()
    return dict(rows.values_list("user").annotate(Max("last_seen_at")))


def _live(now: datetime) -> Any:
    return Session.objects.filter(expire_date__gt=now).values("session_key")


def _device(row: UserSession, current: str) -> Device:
    return Device(
        id=row.pk,
        words=in_words(row.user_agent),
        ip=str(row.ip),
        since=row.created_at,
        last_seen=row.last_seen_at,
        is_this=row.session_key == current,
    )


def in_words(user_agent: str) -> str:
    """“Firefox on Windows”, as far as the browser tells."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    program = re.match(r"[A-Za-z][\w .-]{0,30}", user_agent)
    return browser or system or (program.group().strip() if program else _("An unknown device"))


def end(user: User, device: int) -> bool:
    """End one session of this user; whether there was one."""
    return _end(UserSession.objects.filter(user=user, pk=device)) > 0


def end_all(user: User, *, but: str = "") -> int:
    """End every session of this user except the one with the key `but`; how many."""
    return _end(UserSession.objects.filter(user=user).exclude(session_key=but))


@transaction.atomic
def _end(rows: Any) -> int:
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    return len(keys)
