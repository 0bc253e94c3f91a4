"""Template words of scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()


@register.filter
def points(number: int) -> str:
    """Points with their sign: +20, −15, 0."""
    if not number:
        return "0"
    return f"{'+' if number > 0 else '−'}{abs(number)}"


@register.filter
def halved(days: int | None) -> str:
    """ "halved every 14 days"; "" for points that stay."""
    if not days:
        return ""
    words = ngettext("halved every day", "halved every %(n)d days", days)
    return words % {"n": days}


@register.filter
def left_of(line: Mapping[str, Any]) -> str:
    """What age took of a stored line: "20 at first, halved every 14 days"; "" if nothing does."""
    days = line.get("half_life")
    if not days:
        return ""
    parts = [halved(days)]
    if line.get("points") != line.get("of"):
        parts.insert(0, _("%(points)s at first") % {"points": points(line.get("of", 0))})
    return ", ".join(parts)
