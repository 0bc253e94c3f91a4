"""What looks wrong about rules and pools, although it can be saved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.leads.models import Source
from apps.routing.values import fold, number
from apps.rules.checking import matches_everything
from apps.rules.models import Overflow, Pool, Rule
from apps.rules.pools import overflow_chain
from apps.rules.probe import Trial

AT_LEAST = ("gt", "gte")
AT_MOST = ("lt", "lte")


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to look at; `tone` is "urgent" where leads go nowhere, else "soon"."""

    tone: str
    title: str
    text: str
    rule_key: UUID | None = None
    pool_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class House:
    """The team's pools with the number of active seats in each, and its sources."""

    pools: Mapping[UUID, Pool]
    seated: Mapping[UUID, int]
    sources: Sequence[Source]


def lint(rules: Sequence[Rule], house: House, trial: Trial) -> list[Note]:
    """Everything worth a look before publishing, worst first."""
    notes = [
        *_pool_notes(rules, house),
        *_shadow_notes(rules),
        *_unknown_source_notes(rules, house),
        *_uncaught_source_notes(rules, house, trial),
    ]
    return sorted(notes, key=lambda note: note.tone != "urgent")


def pool_notes(pool: Pool, house: House) -> Iterator[Note]:
    """What is wrong with one pool and the ladder below it."""
    if not pool.is_active:
        yield Note("urgent", pool.name, _("This pool is switched off."), pool_id=pool.pk)
    elif not house.seated.get(pool.pk):
        text = _("Nobody has an active seat, so leads wait here.")
        yield Note("urgent", pool.name, text, pool_id=pool.pk)
    yield from _ladder_notes(pool, house)


def _pool_notes(rules: Sequence[Rule], house: House) -> Iterator[Note]:
    used = {rule.pool_id for rule in rules if rule.is_active and rule.pool_id}
    for pool in house.pools.values():
        if pool.pk in used:
            yield from pool_notes(pool, house)


def _ladder_notes(pool: Pool, house: House) -> Iterator[Note]:
    overflows = {pk: each.overflow_pool_id for pk, each in house.pools.items()}
    for pool_id in overflow_chain(pool.pk, overflows)[1:]:
        step = house.pools.get(pool_id)
        if step is not None and (not step.is_active or not house.seated.get(pool_id)):
            text = _("The overflow of this pool ends in %(pool)s, where nobody is.")
            yield Note("urgent", pool.name, text % {"pool": step.name}, pool_id=pool.pk)
        if step is not None:
            pool = step
    member = pool.overflow_member if pool.overflow == Overflow.MEMBER else None
    if member is not None and not member.is_active:
        text = _("The overflow goes to %(member)s, who is no longer active.")
        yield Note("urgent", pool.name, text % {"member": member}, pool_id=pool.pk)


def _shadow_notes(rules: Sequence[Rule]) -> Iterator[Note]:
    above: list[Rule] = []
    for rule in (rule for rule in rules if rule.is_active):
        cover = next((each for each in above if _covers(each.conditions, rule.conditions)), None)
        if cover is not None:
            text = _("Rule %(number)d “%(name)s” above catches everything that this one would.")
            words = text % {"number": cover.position, "name": cover.name}
            yield Note("soon", _titled(rule), words, rule_key=rule.key)
        above.append(rule)


def _unknown_source_notes(rules: Sequence[Rule], house: House) -> Iterator[Note]:
    known = {fold(source.slug) for source in house.sources}
    for rule in rules:
        for slug in sorted(_sources_named(rule.conditions)):
            if fold(slug) not in known:
                text = _("It asks for the source “%(source)s”, which this team does not have.")
                yield Note("soon", _titled(rule), text % {"source": slug}, rule_key=rule.key)


def _uncaught_source_notes(rules: Sequence[Rule], house: House, trial: Trial) -> Iterator[Note]:
    """Sources whose leads all fall through to the last rule, though other rules stand above."""
    active = [rule for rule in rules if rule.is_active]
    if len(active) < 2:
        return
    caught: dict[str, set[UUID | None]] = defaultdict(set)
    for lead, key in zip(trial.sample.leads, trial.caught_by, strict=True):
        caught[lead.source.slug].add(key)
    for source in house.sources:
        if source.is_active and caught.get(source.slug) == {active[-1].key}:
            text = _("No rule above “%(rule)s” catches a lead of this source.")
            yield Note("soon", source.name, text % {"rule": active[-1].name})


def _titled(rule: Rule) -> str:
    return _("Rule %(number)d “%(name)s”") % {"number": rule.position, "name": rule.name}


def _covers(wide: Mapping[str, Any], narrow: Mapping[str, Any]) -> bool:
    """Whether every lead that fits `narrow` fits `wide`; may miss some, never claims too much."""
    if matches_everything(wide):
        return not matches_everything(narrow)
    asked = _leaves(narrow)
    return bool(wide) and all(
        any(_implies(leaf, wanted) for leaf in asked) for wanted in _leaves(wide)
    )


def _leaves(tree: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What must all hold; a tree that is not a plain list of conditions is one of its own."""
    listed = tree.get("all")
    if isinstance(listed, list):
        return [leaf for each in listed for leaf in _leaves(each)]
    return [tree]


def _implies(given: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a lead that fits one condition always fits the other."""
    if given == wanted:
        return True
    if "field" not in given or given.get("field") != wanted.get("field"):
        return False
    mine, theirs = _equals(given), _equals(wanted)
    if mine and theirs:
        return mine <= theirs
    return _bound(given, wanted, AT_LEAST, 1) or _bound(given, wanted, AT_MOST, -1)


def _equals(leaf: Mapping[str, Any]) -> frozenset[str]:
    value = leaf.get("value")
    if leaf.get("op") == "is":
        return frozenset({fold(str(value))})
    listed = value if leaf.get("op") == "is_one_of" and isinstance(value, list) else ()
    return frozenset(fold(str(each)) for each in listed)


def _bound(
    given: Mapping[str, Any], wanted: Mapping[str, Any], ops: tuple[str, str], sign: int
) -> bool:
    if given.get("op") not in ops or wanted.get("op") not in ops:
        return False
    mine, theirs = number(given.get("value")), number(wanted.get("value"))
    if mine is None or theirs is None:
        return False
    is_stricter_or_same = given["op"] == wanted["op"] or wanted["op"] == ops[1]
    return (mine > theirs if sign > 0 else mine < theirs) or (
        mine == theirs and is_stricter_or_same
    )


def _sources_named(tree: Any) -> set[str]:
    """Sources that a tree asks for by equality."""
    if isinstance(tree, list):
        return {slug for each in tree for slug in _sources_named(each)}
    if not isinstance(tree, Mapping):
        return set()
    if tree.get("field") == "source" and tree.get("op") in ("is", "is_one_of"):
        value = tree.get("value")
        return set(map(str, value)) if isinstance(value, list) else {str(value)}
    return {slug for key in ("all", "any") for slug in _sources_named(tree.get(key))}
