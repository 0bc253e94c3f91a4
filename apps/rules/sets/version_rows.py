"""The rows of versions: numbered, copied, put in order. For `versions`, under the set's lock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Max
from django.utils.translation import gettext as _

from apps.accounts.ids import uuid7
from apps.rules.models import COPIES, Destination, Rule, RuleSet, Version
from apps.rules.sets.checking import RuleFields
from apps.teams.access import Access

# What rows of rules are read with: all that they send leads to by name.
NAMED = ("pool", "member__user", "rule_set", "caretaker__user", "recipient_pool")
# What becomes of leads that no rule of a set catches, when a set is begun.
FIRST_DESTINATION = {
    RuleSet.Trigger.NEW: Destination.MANAGER,
    RuleSet.Trigger.CALLED: Destination.CONTINUE,
}


def new_version(
    rule_set: RuleSet, state: str, *, by: Access, now: datetime, number: int | None = None
) -> Version:
    version = Version(
        team_id=rule_set.team_id,
        rule_set=rule_set,
        number=number or next_number(rule_set),
        state=state,
        created_at=now,
        saved_at=now,
        saved_by_id=by.actor_id,
    )
    version.save()
    return version


def next_number(rule_set: RuleSet, *, but: Version | None = None) -> int:
    """The number after the highest; `but` is left out of account."""
    others = rule_set.versions.exclude(pk=but.pk) if but else rule_set.versions.all()
    return (others.aggregate(last=Max("number"))["last"] or 0) + 1


def begin(version: Version) -> None:
    """The last rule of a first draft: new leads reach a manager, others stay where they are.

    Distribution rules have none.
    """
    if version.rule_set.sends_copies:
        return
    trigger = RuleSet.Trigger(version.rule_set.trigger)
    last = Rule(
        team_id=version.team_id,
        version=version,
        position=1,
        name=_("Everything else"),
        destination=FIRST_DESTINATION.get(trigger, Destination.STOP),
    )
    last.save()


def copy(rules: Sequence[Rule], version: Version) -> None:
    for rule in rules:
        rule.pk, rule.version = uuid7(), version
        rule._state.adding = True
    Rule.objects.bulk_create(rules)


def insert(rule: Rule, *, at: int) -> None:
    """Save a new rule of a draft at place `at`; the ones from there on move down."""
    rule.version.rules.filter(position__gte=at).update(position=F("position") + 1)
    rule.position = at
    rule.save(force_insert=True)


def put_back(version: Version, was: Rule) -> None:
    """A removed rule at its old place, or at the end if that is gone."""
    end = end_of(version)
    was.pk, was.version = uuid7(), version
    was._state.adding = True
    insert(was, at=min(was.position, end))


def number(rules: Sequence[Rule]) -> None:
    for position, rule in enumerate(rules, start=1):
        rule.position = position
    Rule.objects.bulk_update(rules, ["position"])


def end_of(version: Version) -> int:
    """Where a new rule goes: just above the rule that catches the rest, if the set has one."""
    last: int = version.rules.aggregate(last=Max("position"))["last"] or 0
    return last + 1 if version.rule_set.sends_copies else max(last, 1)


def catches_rest(rule: Rule) -> bool:
    """Whether it is the last rule of a set where the first match decides."""
    if rule.version.rule_set.sends_copies:
        return False
    return not Rule.objects.filter(version=rule.version_id, position__gt=rule.position).exists()


def columns(fields: RuleFields) -> dict[str, Any]:
    """The rule's columns; what its destination does not use is emptied."""
    goes = fields.destination
    return {
        "name": fields.name.strip(),
        "conditions": dict(fields.conditions),
        "destination": goes,
        "pool_id": fields.pool_id if goes == Destination.POOL else None,
        "member_id": fields.member_id if goes == Destination.MEMBER else None,
        "rule_set_id": fields.rule_set_id if goes == Destination.RULE_SET else None,
        "caretaker_id": fields.caretaker_id if goes == Destination.HOPPER else None,
        "replaces_owner": fields.replaces_owner,
        "response_seconds": fields.response_seconds,
        "reason": fields.reason.strip() if goes == Destination.DISQUALIFY else "",
        "group_ids": list(dict.fromkeys(fields.group_ids)),
        "priority": fields.priority,
        "notify": list(dict.fromkeys(fields.notify)),
        **_copies(fields),
    }


def _copies(fields: RuleFields) -> dict[str, Any]:
    """The columns of distribution rules."""
    goes = fields.destination
    listed = fields.recipient_ids if goes == Destination.RECIPIENTS else ()
    return {
        "recipient_ids": list(dict.fromkeys(listed)),
        "recipient_pool_id": fields.recipient_pool_id
        if goes == Destination.RECIPIENT_POOL
        else None,
        "stops": fields.stops and goes in COPIES,
        "keeps_out": fields.keeps_out and goes in COPIES,
    }
