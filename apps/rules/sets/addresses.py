"""The addresses of a rule set's pages: short ones for assigning new leads, else with its id."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from apps.rules.models import RuleSet
from apps.teams.access import Access


def address(access: Access, rule_set: RuleSet, name: str, **parts: Any) -> str:
    """The address of one of the set's pages, such as "rules" or "compare"."""
    is_distribution = rule_set.kind == RuleSet.Kind.DISTRIBUTION
    if is_distribution or rule_set.trigger != RuleSet.Trigger.NEW:
        parts["rule_set"] = rule_set.pk
    return reverse(f"rules:{name}", kwargs={"team": access.team.slug, **parts})
