"""Template words shared by every page: icons, avatars, clocks, times, amounts, the menu."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from lucide.templatetags.lucide import lucide

from apps.teams import presentation
from apps.teams.access import Access
from apps.teams.permissions import OPERATOR, Permission, Role
from apps.teams.presentation import Clock

register = template.Library()

_DOTS = re.compile("•+")


@lru_cache(maxsize=256)
def _drawn(name: str, css: str, size: int) -> str:
    # The names come from templates only: lucide renders arguments that hold template syntax.
    attributes = {"class": css, "aria-hidden": "true", "focusable": "false"}
    return lucide(Context(), name, size=size, **attributes)


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """{% icon "phone" %} 20 px, {% icon "phone" "s" %} 16 px; hidden from screen readers."""
    css = "icon icon--s" if size == "s" else "icon"
    return mark_safe(_drawn(name, css, 16 if size == "s" else 20))  # noqa: S308 - our own icon set


@register.inclusion_tag("_components/avatar.html")
def avatar(name: str, size: str = "", state: str = "", square: bool = False) -> dict[str, Any]:
    """{% avatar member.name size="s|l" state="on|off" %}: initials on a stable colour."""
    return {
        "initials": presentation.initials(str(name)),
        "colour": presentation.avatar_colour(str(name)),
        "size": size,
        "state": state,
        "square": square,
    }


def _now(context: Context) -> datetime:
    return context.get("now") or timezone.now()


def _clock(
    context: Context,
    start: datetime,
    deadline: datetime | None,
    stopped: datetime | None,
) -> Clock:
    return Clock(start_at=start, deadline_at=deadline, now=_now(context), stopped_at=stopped)


@register.inclusion_tag("_components/ring.html", takes_context=True)
def ring(
    context: Context,
    start: datetime,
    deadline: datetime | None,
    shows: str = "waited",
    size: str = "",
    stopped: datetime | None = None,
    word: str = "",
) -> dict[str, Any]:
    """A running clock. `shows`: "left" or "waited"; `stopped` freezes it; `word` names it."""
    clock = _clock(context, start, deadline, stopped)
    is_left = shows == "left" and clock.left is not None
    seconds = max(0.0, clock.left or 0.0) if is_left else clock.waited
    spoken = presentation.spoken(seconds)
    label = _("%(time)s left") if is_left else _("Waited %(time)s")
    return {
        "clock": clock,
        "size": size,
        "shows": "left" if is_left else "waited",
        "face": presentation.clock_face(seconds),
        "word": word or (_("left") if is_left else _("waited")),
        "label": label % {"time": spoken},
    }


@register.simple_tag(takes_context=True)
def clock_state(
    context: Context,
    start: datetime,
    deadline: datetime | None,
    stopped: datetime | None = None,
) -> str:
    """The class of what the clock colours: is-calm, is-soon, is-urgent, is-breached."""
    return f"is-{_clock(context, start, deadline, stopped).state}"


@register.inclusion_tag("_components/clock_left.html", takes_context=True)
def clock_left(context: Context, start: datetime, deadline: datetime | None) -> dict[str, Any]:
    """ "0:48 left" with a sign when it is soon or late; follows the clock in the page."""
    clock = _clock(context, start, deadline, None)
    return {"clock": clock, "words": presentation.words_left(clock)}


@register.filter
def epoch(when: datetime | None) -> str:
    """Milliseconds since 1970, as the page's clocks read them; empty for None."""
    return "" if when is None else str(int(when.timestamp() * 1000))


def _exact(when: datetime) -> str:
    local = timezone.localtime(when)
    return f"{date_format(local, 'l j F Y, H:i:s')} {local.tzname()}"


@register.simple_tag(takes_context=True)
def ago(context: Context, when: datetime | None) -> str:
    """A relative time that keeps counting in the page; its title has the exact time and zone."""
    if when is None:
        return "–"
    words = presentation.relative(when, now=_now(context))
    return format_html(
        '<time datetime="{}" title="{}" data-ago="{}">{}</time>',
        when.isoformat(),
        _exact(when),
        epoch(when),
        words,
    )


@register.simple_tag(takes_context=True)
def late_by(context: Context, when: datetime) -> str:
    """How long ago a due time was ("22 h"), with the exact time in its title."""
    words = presentation.length((_now(context) - when).total_seconds())
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', when.isoformat(), _exact(when), words
    )


@register.simple_tag(takes_context=True)
def at(context: Context, when: datetime | None, form: str = "") -> str:
    """A time of day (today) or a date and time, exact in its title.

    `form`: "seconds", "date", or "clock" for the time of day alone, under a heading with the day.
    """
    if when is None:
        return "–"
    local, today = timezone.localtime(when), timezone.localtime(_now(context)).date()
    clock = "H:i:s" if form in ("seconds", "clock") else "H:i"
    pattern = "j M Y" if form == "date" else clock
    if form not in ("date", "clock") and local.date() != today:
        pattern = f"j M, {clock}" if local.year == today.year else f"j M Y, {clock}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        when.isoformat(),
        _exact(when),
        date_format(local, pattern),
    )


@register.filter
def clock_face(seconds: float | None) -> str:
    """Seconds as a clock shows them; a dash for None."""
    return "–" if seconds is None else presentation.clock_face(float(seconds))


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds in words that need no clock: "5 min"; a dash for None."""
    return "–" if seconds is None else presentation.length(float(seconds))


@register.filter
def first_name(name: str) -> str:
    return str(name).split(" ")[0]


@register.filter
def phone(number: str) -> str:
    return presentation.phone(number or "")


@register.filter
def money(minor: int | None, currency: str = "EUR") -> str:
    return "–" if minor is None else presentation.money(int(minor), currency)


@register.filter
def dots(masked: str) -> SafeString:
    """A masked name ("R••• S•••••") with its dots set quietly."""
    safe = conditional_escape(masked)
    quiet = _DOTS.sub(lambda run: f'<span class="mask">{run.group()}</span>', safe)
    return mark_safe(quiet)  # noqa: S308 - escaped above


@register.filter
def signed(number: Decimal | float) -> str:
    """A credit or a difference with its sign: +0.67, −0.33, 0.00."""
    exact = round(Decimal(number), 2)
    size = number_format(abs(exact), decimal_pos=2)
    return size if exact == 0 else f"{'+' if exact > 0 else '−'}{size}"


@register.filter
def role_name(role: str) -> str:
    """The role as people call it; what is no role comes back as it is."""
    if role == OPERATOR:
        return _("Client")
    return str(Role(role).label) if role in Role.values else str(role)


@register.filter
def can(access: Access | None, permission: str) -> bool:
    """{% if access|can:"see_routing" %}: whether to show it; the view behind it decides again."""
    return access is not None and access.can(Permission(permission))


@register.filter
def hidden_from(values: Sequence[object], access: Access | None) -> Sequence[object]:
    """{% for sample in samples|hidden_from:access %}: none of what leads gave, for the masked."""
    return () if access is None or access.masked else values


@register.inclusion_tag("_components/nav_link.html", takes_context=True)
def nav_link(
    context: Context,
    route: str,
    section: str,
    symbol: str,
    label: str,
    count: int | None = None,
    tone: str = "",
) -> dict[str, Any]:
    """One entry of rail or bar; a route that is not served here is left out."""
    access = context.get("access")
    try:
        href = reverse(route, kwargs={"team": access.team.slug}) if access else None
    except NoReverseMatch:
        href = None
    return {
        "href": href,
        "is_current": context.get("section") == section,
        "section": section,
        "symbol": symbol,
        "label": label,
        "count": count,
        "tone": tone,
    }


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: object) -> str:
    """The page's query string with `changes` applied; None or "" takes a key out. Resets `page`."""
    parameters = context["request"].GET.copy()
    if "page" not in changes:
        parameters.pop("page", None)
    for key, value in changes.items():
        if value in (None, ""):
            parameters.pop(key, None)
        else:
            parameters[key] = str(value)
    encoded = parameters.urlencode()
    return f"?{encoded}" if encoded else "?"


@register.simple_tag
def initials(name: str) -> str:
    return presentation.initials(str(name))
