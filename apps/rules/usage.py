"""What in a team's routing uses a field or a recipient: what breaks when it goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.leads.models import Source
from apps.routing.values import fold
from apps.rules.models import Pool, Recipient, RecipientPool, Rule, RuleSet, ScoreLine, Version
from apps.teams.models import Team

CURRENT = (Version.State.PUBLISHED, Version.State.DRAFT)


def users_of(team: Team, key: str) -> list[str]:
    """Everything that asks for the field, named for people; each once."""
    return list(dict.fromkeys(_users(team, key)))


def users_of_option(team: Team, key: str, option: str) -> list[str]:
    """Rules and lines of the points table that ask for one option of a field."""
    wanted = fold(option)
    return list(
        dict.fromkeys(
            name
            for name, tree in _trees(team)
            if any(fold(value) == wanted for value in _values(tree, key))
        )
    )


def _users(team: Team, key: str) -> Iterator[str]:
    for name, tree in _trees(team):
        if any(leaf.get("field") == key for leaf in _leaves(tree)):
            yield name
    for rule_set in RuleSet.objects.filter(team=team):
        if key in rule_set.trigger_settings.get("changes", []):
            yield _("the rule set “%(name)s”") % {"name": rule_set.name}
    for pool in Pool.objects.filter(team=team):
        items = [*(pool.filters or {}).get("items", []), *(pool.fit or [])]
        if any(isinstance(item, Mapping) and item.get("field") == key for item in items):
            yield _("the pool “%(name)s”") % {"name": pool.name}
    for source in Source.objects.filter(team=team, revoked_at=None):
        if key in source.mapping:
            yield _("the source “%(name)s”") % {"name": source.name}


def _trees(team: Team) -> Iterator[tuple[str, Any]]:
    rules = Rule.objects.filter(version__rule_set__team=team, version__state__in=CURRENT)
    for rule in rules.select_related("version__rule_set").order_by("version", "position"):
        name = {"rule": rule.name, "set": rule.version.rule_set.name}
        yield _("the rule “%(rule)s” of “%(set)s”") % name, rule.conditions
    for line in ScoreLine.objects.filter(team=team):
        yield _("the score line “%(name)s”") % {"name": line.name}, line.conditions


def _leaves(tree: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(tree, list):
        for each in tree:
            yield from _leaves(each)
    elif isinstance(tree, Mapping):
        if "field" in tree:
            yield tree
        for kind in ("all", "any", "not"):
            yield from _leaves(tree.get(kind))


def _values(tree: Any, key: str) -> Iterator[str]:
    for leaf in _leaves(tree):
        if leaf.get("field") == key:
            value = leaf.get("value")
            yield from map(str, value if isinstance(value, list) else [value])


def rules_of_recipient(recipient: Recipient) -> list[str]:
    """Rules, live or of a draft, that send copies to this recipient by name; each once."""
    return _named(recipient.team_id, Q(recipient_ids__contains=[recipient.pk]))


def rules_of_recipient_pool(pool: RecipientPool) -> list[str]:
    """Rules, live or of a draft, that send copies to this pool; each once."""
    return _named(pool.team_id, Q(recipient_pool=pool))


def _named(team_id: UUID, uses: Q) -> list[str]:
    """Rules that are live or may become so, named for people."""
    rules = Rule.objects.filter(uses, version__team=team_id, version__state__in=CURRENT)
    texts = rules.order_by("position").values_list("name", flat=True)
    return [_("the rule “%(rule)s”") % {"rule": name} for name in dict.fromkeys(texts)]
