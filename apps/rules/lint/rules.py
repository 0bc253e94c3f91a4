"""What looks wrong about the rules of a set: shadows, dead ends, and names of what is gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.routing.conditions import validate
from apps.routing.values import fold
from apps.rules.builder.probe import Trial
from apps.rules.lint.coverage import covers
from apps.rules.lint.findings import Around, House, Note, note_of, titled
from apps.rules.models import Destination, EmptyPolicy, Pool, Rule, RuleSet


def notes(rules: Sequence[Rule], house: House, around: Around, trial: Trial) -> Iterator[Note]:
    """Everything about the rules themselves."""
    yield from _uncalled_notes(around)
    for rule in rules:
        yield from condition_notes(rule, around)
        yield from _destination_notes(rule, around)
        yield from _deed_notes(rule, around)
        yield from unknown_source_notes(rule, house)
    yield from _shadow_notes(rules, house.pools)
    yield from _uncaught_source_notes(rules, house, around, trial)


def _uncalled_notes(around: Around) -> Iterator[Note]:
    rule_set = around.rule_set
    if not rule_set.is_active:
        yield Note("soon", rule_set.name, _("This rule set is switched off: nothing asks it."))
    elif rule_set.trigger == RuleSet.Trigger.CALLED and not around.is_called:
        text = _("No rule sends leads here yet; only people can, by hand.")
        yield Note("soon", rule_set.name, text)


def condition_notes(rule: Rule, around: Around) -> Iterator[Note]:
    """Fields, options and groups that are gone since the rule was written."""
    for error in validate(rule.conditions, around.registry):
        path = f"{error.path}: " if error.path else ""
        text = _("A condition can’t work any more and matches nothing (%(why)s).")
        yield note_of(rule, "urgent", text % {"why": f"{path}{error.message}"})
    known = {fold(name) for names in around.group_names for name in names}
    for name in sorted(_named(rule.conditions, "interest_group")):
        if fold(name) not in known:
            text = _("It asks for the interest group “%(name)s”, which is not in use.")
            yield note_of(rule, "soon", text % {"name": name})


def _destination_notes(rule: Rule, around: Around) -> Iterator[Note]:
    if rule.member_id and rule.member_id not in around.members:
        text = _("It sends leads to %(name)s, who is no longer active.")
        yield note_of(rule, "urgent", text % {"name": rule.member})
    if rule.caretaker_id and rule.caretaker_id not in around.members:
        text = _("%(name)s, who should look after these leads, is no longer active.")
        yield note_of(rule, "urgent", text % {"name": rule.caretaker})
    called = around.rule_sets.get(rule.rule_set_id) if rule.rule_set_id else None
    if called is not None and not called.is_active:
        text = _("The rule set “%(name)s” is switched off, so leads go on with the next rule.")
        yield note_of(rule, "urgent", text % {"name": called.name})
    elif called is not None and called.pk not in around.live_sets:
        text = _("The rule set “%(name)s” was never published, so leads go on with the next rule.")
        yield note_of(rule, "urgent", text % {"name": called.name})


def _deed_notes(rule: Rule, around: Around) -> Iterator[Note]:
    if not around.groups >= set(rule.group_ids):
        yield note_of(rule, "soon", _("It adds leads to an interest group that is not in use."))
    if not around.members >= set(rule.notify):
        yield note_of(rule, "soon", _("It tells a member who is no longer active."))


def _shadow_notes(rules: Sequence[Rule], pools: Mapping[UUID, Pool]) -> Iterator[Note]:
    above: list[Rule] = []
    for rule in (rule for rule in rules if rule.is_active):
        cover = next((each for each in above if covers(each.conditions, rule.conditions)), None)
        if cover is not None:
            text = _("Rule %(number)d “%(name)s” above catches everything that this one would.")
            words = text % {"number": cover.position, "name": cover.name}
            yield Note("soon", titled(rule), words, rule_key=rule.key)
        if _keeps(rule, pools):
            above.append(rule)


def _keeps(rule: Rule, pools: Mapping[UUID, Pool]) -> bool:
    """Whether no lead that a rule matches goes on to the rules below it."""
    pool = pools.get(rule.pool_id) if rule.pool_id else None
    if pool is not None:
        return pool.empty_policy != EmptyPolicy.NEXT_RULE
    return rule.destination not in (Destination.CONTINUE, Destination.RULE_SET)


def unknown_source_notes(rule: Rule, house: House) -> Iterator[Note]:
    known = {fold(source.slug) for source in house.sources}
    for slug in sorted(_named(rule.conditions, "source")):
        if fold(slug) not in known:
            text = _("It asks for the source “%(source)s”, which this team does not have.")
            yield note_of(rule, "soon", text % {"source": slug})


def _uncaught_source_notes(
    rules: Sequence[Rule], house: House, around: Around, trial: Trial
) -> Iterator[Note]:
    """Sources whose leads all fall through to the last rule, though other rules stand above."""
    active = [rule for rule in rules if rule.is_active]
    if len(active) < 2 or around.rule_set.trigger != RuleSet.Trigger.NEW:
        return
    caught: dict[str, set[UUID | None]] = defaultdict(set)
    for lead, key in zip(trial.sample.leads, trial.caught_by, strict=True):
        caught[lead.source.slug].add(key)
    for source in house.sources:
        if source.is_active and caught.get(source.slug) == {active[-1].key}:
            text = _("No rule above “%(rule)s” catches a lead of this source.")
            yield Note("soon", source.name, text % {"rule": active[-1].name})


def _named(tree: Any, field: str) -> set[str]:
    """The values that a tree asks for in a field by equality."""
    if isinstance(tree, list):
        return {name for each in tree for name in _named(each, field)}
    if not isinstance(tree, Mapping):
        return set()
    if tree.get("field") == field and tree.get("op") in (
        "is", "is_one_of", "has_any_of", "has_all_of",
    ):  # fmt: skip
        value = tree.get("value")
        return set(map(str, value)) if isinstance(value, list) else {str(value)}
    return {name for key in ("all", "any") for name in _named(tree.get(key), field)}
