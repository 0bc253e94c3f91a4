"""Template words of rules and pools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _

from apps.leads.masking import masked_name
from apps.routing.facts import Skip
from apps.rules import wording
from apps.rules.models import Pool

register = template.Library()


@register.filter
def turns(credit: int) -> str:
    """Credit in leads with its sign: +0.67."""
    return wording.turns(credit)


@register.filter
def duration(seconds: int) -> str:
    return wording.duration(seconds)


@register.filter
def response(seconds: int | None) -> str:
    return wording.response_words(seconds)


@register.filter
def ranking_and_mode(pool: Pool) -> str:
    return wording.ranking_and_mode(pool)


@register.filter
def how_it_hands_over(pool: Pool) -> str:
    return wording.how_it_hands_over(pool)


@register.filter
def of(mapping: Mapping[Any, Any], key: Any) -> Any:
    """{{ leads|of:entry.lead_id }}: the value of a key, or None."""
    return mapping.get(key)


@register.filter
def skip_words(skip: Skip | str | None) -> str:
    """Why a seat would be passed over now."""
    words = {
        Skip.INACTIVE: _("inactive"),
        Skip.PAUSED: _("paused"),
        Skip.AWAY: _("away"),
        Skip.OUTSIDE_HOURS: _("outside hours"),
        Skip.CAPACITY: _("at capacity"),
        Skip.CAP_DAY: _("at the day’s cap"),
    }
    return words.get(Skip(skip), str(skip)) if skip else ""


@register.filter
def masked(name: str) -> str:
    return masked_name(name)
