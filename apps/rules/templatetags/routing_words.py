"""Template words of rules and pools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from apps.leads.masking import masked_name
from apps.routing.facts import Skip
from apps.rules import wording
from apps.rules.models import Pool, Ranking
from apps.rules.pools import seat_words
from apps.rules.pools.standing import Place
from apps.rules.recipients import words

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
    return seat_words.skip_words(skip)


@register.filter
def skip_reason(place: Place) -> str:
    """The same with its numbers: "at her limit of 5 today"."""
    return seat_words.reason(place)


@register.filter
def why_words(why: str) -> str:
    """Why a recipient would get no copy now."""
    return words.why_words(why)


@register.filter
def caps_words(place: Place) -> str:
    """A seat's limits: "3 of 10 today, 30 a week"."""
    return seat_words.caps(place)


@register.filter
def ranks_by_fit(pool: Pool) -> bool:
    return Ranking.FIT in (pool.ranking, *pool.prefer)


@register.filter
def ranks_by_turn(pool: Pool) -> bool:
    """Whether turns are kept there."""
    return pool.ranking in (Ranking.TURN, Ranking.PERFORMANCE)


@register.filter
def masked(name: str) -> str:
    return masked_name(name)
