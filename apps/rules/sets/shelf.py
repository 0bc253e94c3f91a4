"""All rule sets of a team at a glance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from apps.rules.models import Destination, Rule, RuleSet, Version
from apps.rules.registry import registry
from apps.rules.sets.addresses import address
from apps.rules.sets.trigger_words import when_asked
from apps.teams.access import Access

State = Version.State


@dataclass(frozen=True, slots=True)
class Card:
    """One set. `callers` are the sets whose rules send leads through it."""

    rule_set: RuleSet
    url: str
    when: str
    live: Version | None
    draft: Version | None
    rules: int
    callers: Sequence[str]
    problem: str

    @property
    def is_main(self) -> bool:
        return self.rule_set.trigger == RuleSet.Trigger.NEW

    @property
    def may_go(self) -> bool:
        """Whether it may be deleted: it never decided about a lead."""
        return not self.is_main and self.live is None


def assigning(access: Access) -> QuerySet[RuleSet]:
    """The sets that find owners; distribution rules have a page of their own."""
    return RuleSet.objects.visible_to(access).filter(kind=RuleSet.Kind.ASSIGNMENT)


def cards(access: Access) -> list[Card]:
    """Every set that finds owners in its order, the one for new leads first."""
    fields, calls = registry(access.team), _callers(access)
    by_set: dict[object, dict[str, Version]] = defaultdict(dict)
    current = Version.objects.visible_to(access).exclude(state=State.RETIRED)
    for version in current.select_related("published_by").annotate(size=Count("rules")):
        by_set[version.rule_set_id][version.state] = version
    order = sorted(assigning(access), key=lambda each: each.trigger != RuleSet.Trigger.NEW)
    return [
        _card(access, each, by_set[each.pk], calls.get(each.pk, []), when_asked(each, fields))
        for each in order
    ]


def _card(
    access: Access,
    rule_set: RuleSet,
    versions: dict[str, Version],
    callers: Sequence[str],
    when: str,
) -> Card:
    live, draft = versions.get(State.PUBLISHED), versions.get(State.DRAFT)
    shown = draft or live
    return Card(
        rule_set=rule_set,
        url=address(access, rule_set, "rules"),
        when=when,
        live=live,
        draft=draft,
        rules=shown.size if shown else 0,  # type: ignore[attr-defined]
        callers=callers,
        problem=_problem(rule_set, live, callers),
    )


def _problem(rule_set: RuleSet, live: Version | None, callers: Sequence[str]) -> str:
    if live is None:
        return _("Nothing is published yet, so it decides nothing.")
    if rule_set.is_active and rule_set.trigger == RuleSet.Trigger.CALLED and not callers:
        return _("No rule sends leads here; only people can, by hand.")
    return ""


def _callers(access: Access) -> dict[object, list[str]]:
    pairs = (
        Rule.objects.visible_to(access)
        .filter(destination=Destination.RULE_SET, version__state=State.PUBLISHED)
        .values_list("rule_set_id", "version__rule_set__name")
        .order_by("version__rule_set__position")
        .distinct()
    )
    found: dict[object, list[str]] = {}
    for called, name in pairs:
        found.setdefault(called, []).append(name)
    return found
