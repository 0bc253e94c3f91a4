"""What is copied, taken out of its team: rules and pools as data, with the names of what they name.

{"team": name, "currency": code, "sets": [{"id", "name", "kind", "trigger", "settings", "number",
"is_draft", "rules": [{"key", "is_active", …RuleFields}]}], "pools": [{"id", …PoolSettings}],
"names": {"pools", "people", "groups", "sources", "fields", "statuses", "recipients",
"recipient_pools", "sets"}}; ids are those of the team that it came from and mean nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.leads.models import CustomField, InterestGroup, Source
from apps.rules.models import Pool, Recipient, RecipientPool, Rule, RuleSet, Version
from apps.rules.pools.settings import PoolSettings
from apps.rules.sets.checking import RuleFields
from apps.teams.access import Access
from apps.teams.models import Membership

Content = dict[str, Any]
MOST_RULES = 2_000


class NothingChosen(ValueError):
    """Neither rules nor pools were chosen, or none that may be read."""


class TooMuch(ValueError):
    """More rules than a run copies at once."""


def take(by: Access, *, versions: Collection[UUID], pools: Collection[UUID]) -> Content:
    """These versions and pools, and every pool that leads reach through them.

    May raise NothingChosen or TooMuch.
    """
    chosen = _versions(by, versions)
    rules = _rules(by, chosen)
    if len(rules) > MOST_RULES:
        raise TooMuch
    every = {pool.pk: pool for pool in Pool.objects.visible_to(by)}
    wanted = {pk for pk in pools if pk in every} | {rule.pool_id for rule in rules if rule.pool_id}
    if not chosen and not wanted:
        raise NothingChosen
    taken = [every[pk] for pk in _with_overflows(wanted, every)]
    return {
        "team": by.team.name,
        "currency": by.team.currency,
        "sets": [_set(version, rules) for version in chosen],
        "pools": [{"id": str(pool.pk), **PoolSettings.of(pool).to_json()} for pool in taken],
        "names": _names(by, rules, taken, every.values()),
    }


def _versions(by: Access, wanted: Collection[UUID]) -> list[Version]:
    """One version of a set, the first that was named; sets that are called come first."""
    rows = Version.objects.visible_to(by).exclude(state=Version.State.RETIRED)
    found = rows.filter(pk__in=wanted).select_related("rule_set")
    one = {version.rule_set_id: version for version in found}
    is_called = lambda each: each.rule_set.trigger == RuleSet.Trigger.CALLED  # noqa: E731
    return sorted(one.values(), key=lambda each: (not is_called(each), each.rule_set.position))


def _rules(by: Access, versions: Sequence[Version]) -> list[Rule]:
    rows = Rule.objects.visible_to(by).filter(version__in=versions)
    return list(rows.order_by("version", "position"))


def _with_overflows(wanted: Iterable[UUID], every: Mapping[UUID, Pool]) -> list[UUID]:
    """Each pool after the one that takes its overflow: so they can be made in this order."""
    order: list[UUID] = []
    for pk in sorted(wanted):
        ladder: list[UUID] = []
        step: UUID | None = pk
        while step is not None and step in every and step not in (*order, *ladder):
            ladder.append(step)
            step = every[step].overflow_pool_id
        order += reversed(ladder)
    return order


def _set(version: Version, rules: Sequence[Rule]) -> dict[str, Any]:
    mine = [rule for rule in rules if rule.version_id == version.pk]
    return {
        "id": str(version.rule_set_id),
        "name": version.rule_set.name,
        "kind": version.rule_set.kind,
        "trigger": version.rule_set.trigger,
        "settings": version.rule_set.trigger_settings,
        "number": version.number,
        "is_draft": version.state == Version.State.DRAFT,
        "rules": [_rule(rule) for rule in mine],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    fields = asdict(RuleFields.of(rule))
    return {
        "key": str(rule.key), "is_active": rule.is_active,
        **{name: _plain(value) for name, value in fields.items()},
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, UUID) else value


def _names(
    by: Access, rules: Sequence[Rule], pools: Sequence[Pool], every: Iterable[Pool]
) -> dict[str, Any]:
    fields = CustomField.objects.visible_to(by)
    return {
        "pools": {str(pool.pk): pool.name for pool in every},
        "people": _people(by, rules, pools),
        "groups": _named(InterestGroup.objects.visible_to(by)),
        "sources": dict(Source.objects.visible_to(by).values_list("slug", "name")),
        "fields": {each.key: {"label": each.label, "type": each.type} for each in fields},
        "recipients": _named(Recipient.objects.visible_to(by)),
        "recipient_pools": _named(RecipientPool.objects.visible_to(by)),
        "sets": _named(RuleSet.objects.visible_to(by)),
    }


def _named(rows: QuerySet[Any]) -> dict[str, str]:
    return {str(pk): name for pk, name in rows.values_list("pk", "name")}


def _people(by: Access, rules: Sequence[Rule], pools: Sequence[Pool]) -> dict[str, list[str]]:
    """Who is named, by membership: the person and her name."""
    ids = {pk for rule in rules for pk in (rule.member_id, rule.caretaker_id, *rule.notify) if pk}
    ids |= {pk for pool in pools for pk in (pool.overflow_member_id, *pool.escalate_to) if pk}
    rows = Membership.objects.visible_to(by).filter(pk__in=ids).select_related("user")
    return {str(each.pk): [str(each.user_id), str(each)] for each in rows}
