"""Links to the pages of rule sets."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from apps.rules.models import RuleSet
from apps.rules.sets.addresses import address

register = template.Library()


@register.simple_tag(takes_context=True)
def rules_url(context: Context, name: str, **parts: Any) -> str:
    """{% rules_url 'compare' %}: a page of the rule set that this page is about."""
    return address(context["access"], context["rule_set"], name, **parts)


@register.simple_tag(takes_context=True)
def set_url(context: Context, rule_set: RuleSet) -> str:
    """The builder of any rule set."""
    return address(context["access"], rule_set, "rules")
