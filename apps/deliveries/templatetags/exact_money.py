"""Amounts as a statement shows them: with their cents, so that columns line up."""

from __future__ import annotations

from django import template
from django.utils.formats import number_format

from apps.teams import presentation

register = template.Library()


@register.filter
def exact_money(minor: int, currency: str) -> str:
    """245700 EUR is €2,457.00; −€45.50 for a credit."""
    digits = presentation.minor_digits(currency)
    sign = "−" if minor < 0 else ""
    if minor % 10**digits:
        return sign + presentation.money(abs(minor), currency)
    whole = presentation.money(abs(minor), currency)
    cents = number_format(0, decimal_pos=digits)[1:] if digits else ""
    return f"{sign}{whole}{cents}"
