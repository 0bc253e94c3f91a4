"""How figures are written in a template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.safestring import SafeString

from apps.dashboards.figures.metrics import Percentile
from apps.dashboards.showing import words

register = template.Library()


@register.filter
def percent(value: float | None) -> str:
    """58 %; a dash of nothing."""
    return words.percent(value)


@register.filter
def number_of(value: float | None) -> str:
    """91.4 without its sign, for a figure whose unit is set smaller."""
    return "–" if value is None else f"{value:.1f}".removesuffix(".0")


@register.filter
def time_of(value: Percentile) -> str:
    """A percentile on a clock's face, “not reached”, or a dash while it is hidden."""
    return words.time_of(value)


@register.filter
def unit_of(value: Percentile) -> str:
    """What follows a time under an hour."""
    return "min" if value.is_reached and (value.seconds or 0) < 3600 else ""


@register.inclusion_tag("dashboards/_switch.html", takes_context=True)
def switch(context: Mapping[str, Any], name: str, label: str, choices: object) -> dict[str, Any]:
    """A row of links that change one part of the address."""
    return {"request": context["request"], "name": name, "label": label, "choices": choices}


@register.simple_tag
def ratio(value: float | None, whole: float) -> str:
    """How long a bar is, in per cent of the longest."""
    return SafeString(f"{min(100.0, 100 * (value or 0) / whole):.1f}%")
