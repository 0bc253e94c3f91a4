"""Drafting, publishing and rolling back a team's rules. Only a draft ever changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from apps.accounts.ids import uuid7
from apps.rules.checking import Places, RuleFields, problems_of, problems_of_version
from apps.rules.models import Destination, Rule, RuleSet, Version
from apps.rules.refusals import Refused
from apps.rules.registry import registry, routing_moved
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Permission

State = Version.State


def draft(team: Team) -> Version | None:
    """The draft that is being worked on, if there is one."""
    return _versions(team).filter(state=State.DRAFT).first()


def published(team: Team) -> Version | None:
    """The version that decides now; None before the first was published."""
    return _versions(team).filter(state=State.PUBLISHED).first()


def rules_of(version: Version | None) -> list[Rule]:
    """A version's rules in order, with where they send leads."""
    if version is None:
        return []
    return list(version.rules.select_related("pool", "member__user").order_by("position"))


@transaction.atomic
def draft_of(team: Team, *, by: Access, now: datetime) -> Version:
    """The team's draft; a copy of what is live is made when there is none."""
    by.require(Permission.EDIT_ROUTING)
    rule_set = _lock(team)
    found = draft(team)
    if found is not None:
        return found
    live = published(team)
    made = _new_version(rule_set, State.DRAFT, by=by, now=now)
    if live is None:
        _catch_all(made).save()
    else:
        _copy(rules_of(live), made)
    return made


@transaction.atomic
def add_rule(
    team: Team, fields: RuleFields, *, by: Access, now: datetime, key: UUID | None = None
) -> Rule:
    """A new rule in the draft, just above the one that catches the rest. May raise Refused."""
    version = draft_of(team, by=by, now=now)
    _refuse_if_wrong(fields, team, is_last=False)
    last = version.rules.latest("position")
    position = last.position
    Rule.objects.filter(pk=last.pk).update(position=position + 1)
    rule = Rule(
        team=team, version=version, position=position, key=key or uuid7(), **_columns(fields)
    )
    rule.save()
    _saved(version, "rules.rule_added", rule, by=by, now=now)
    return rule


@transaction.atomic
def save_rule(team: Team, key: UUID, fields: RuleFields, *, by: Access, now: datetime) -> Rule:
    """Change a rule of the draft. May raise Refused, which says where it is wrong."""
    version = draft_of(team, by=by, now=now)
    rule = _rule(version, key)
    _refuse_if_wrong(fields, team, is_last=_is_last(rule))
    for name, value in _columns(fields).items():
        setattr(rule, name, value)
    rule.save()
    _saved(version, "rules.rule_changed", rule, by=by, now=now)
    return rule


@transaction.atomic
def move_rule(team: Team, key: UUID, *, to: int, by: Access, now: datetime) -> Rule:
    """Put a rule of the draft at place `to` (from 1). Nothing goes below the last rule."""
    version = draft_of(team, by=by, now=now)
    rules = list(version.rules.order_by("position"))
    rule = _rule(version, key)
    if _is_last(rule):
        raise Refused.at("position", _("The last rule catches the rest, so it stays last."))
    order = [each for each in rules if each.key != key]
    order.insert(max(0, min(to - 1, len(order) - 1)), rule)
    _number(order)
    _saved(version, "rules.rule_moved", rule, by=by, now=now)
    return rule


@transaction.atomic
def remove_rule(team: Team, key: UUID, *, by: Access, now: datetime) -> None:
    """Take a rule out of the draft; a published version keeps it."""
    version = draft_of(team, by=by, now=now)
    rule = _rule(version, key)
    if _is_last(rule):
        raise Refused.at("", _("The last rule catches the rest, so it can’t be removed."))
    _saved(version, "rules.rule_removed", rule, by=by, now=now)
    rule.delete()
    _number(list(version.rules.order_by("position")))


@transaction.atomic
def set_active(team: Team, key: UUID, *, is_active: bool, by: Access, now: datetime) -> Rule:
    """Switch a rule of the draft on or off."""
    version = draft_of(team, by=by, now=now)
    rule = _rule(version, key)
    if _is_last(rule) and not is_active:
        raise Refused.at("", _("The last rule catches the rest, so it stays on."))
    rule.is_active = is_active
    rule.save(update_fields=["is_active"])
    action = "rules.rule_switched_on" if is_active else "rules.rule_switched_off"
    _saved(version, action, rule, by=by, now=now)
    return rule


@transaction.atomic
def undo_rule(team: Team, key: UUID, *, by: Access, now: datetime) -> None:
    """Make a rule of the draft what it is in the live version; a new one goes."""
    version = draft_of(team, by=by, now=now)
    was = Rule.objects.filter(version=published(team), key=key).first()
    if was is None:
        return remove_rule(team, key, by=by, now=now)
    rule = version.rules.filter(key=key).first()
    if rule is None:
        _put_back(version, was)
    else:
        for name, value in _columns(RuleFields.of(was)).items():
            setattr(rule, name, value)
        rule.is_active = was.is_active
        rule.save()
    _saved(version, "rules.rule_undone", was, by=by, now=now)
    return None


@transaction.atomic
def discard(team: Team, *, by: Access, now: datetime) -> None:
    """Throw the draft away; what is live stays."""
    by.require(Permission.EDIT_ROUTING)
    _lock(team)
    found = draft(team)
    if found is not None:
        audit.record(by=by, action="rules.draft_discarded", target=found, now=now)
        found.delete()


@transaction.atomic
def publish(team: Team, *, by: Access, now: datetime, note: str = "") -> Version:
    """Make the draft live: leads captured from now on are decided by it. May raise Refused."""
    by.require(Permission.EDIT_ROUTING)
    _lock(team)
    version = draft(team)
    if version is None:
        raise Refused.at("", _("There is no draft to publish: change a rule first."))
    version.number = max(version.number, _next_number(version.rule_set, but=version))
    return _go_live(version, "rules.published", note=note, by=by, now=now)


@transaction.atomic
def roll_back(team: Team, *, to: int, by: Access, now: datetime) -> Version:
    """Publish a copy of version `to`; a draft is left as it is. May raise Refused."""
    by.require(Permission.EDIT_ROUTING)
    rule_set = _lock(team)
    wanted = _versions(team).filter(number=to).exclude(state=State.DRAFT).first()
    if wanted is None:
        raise Refused.at("", _("There is no version %(number)d to go back to.") % {"number": to})
    # The copy takes the next number, and a draft the one after: numbers grow as versions go live.
    number = _next_number(rule_set, but=draft(team))
    rule_set.versions.filter(state=State.DRAFT).update(number=number + 1)
    # Retired and never published: a copy may be filled, and the one place for a draft stays free.
    version = _new_version(rule_set, State.RETIRED, number=number, by=by, now=now)
    _copy(rules_of(wanted), version)
    note = _("Back to version %(number)d") % {"number": to}
    return _go_live(version, "rules.rolled_back", note=note, by=by, now=now, back_to=to)


def _go_live(
    version: Version, action: str, *, note: str, by: Access, now: datetime, **detail: Any
) -> Version:
    team = by.team
    rules = rules_of(version)
    problems = problems_of_version(rules, registry=registry(team), places=Places.of(team))
    if problems:
        raise Refused(problems)
    _versions(team).published().update(state=State.RETIRED, retired_at=now)
    version.state = State.PUBLISHED
    version.published_at, version.published_by_id = now, by.actor_id
    version.note = note.strip()[:300]
    version.save()
    routing_moved(team)
    counts = {"number": version.number, "rules": len(rules), **detail}
    audit.record(by=by, action=action, target=version, now=now, detail=counts)
    return version


def _versions(team: Team) -> Any:
    """The team's versions, whoever asks: what may be asked is decided before."""
    return Version.objects.filter(
        rule_set__team=team, rule_set__kind=RuleSet.Kind.ASSIGNMENT
    ).select_related("rule_set", "saved_by", "published_by")


def _lock(team: Team) -> RuleSet:
    """The team's rule set, locked: one change of its rules at a time."""
    RuleSet.objects.get_or_create(
        team=team, kind=RuleSet.Kind.ASSIGNMENT, defaults={"name": _("Assignment rules")}
    )
    locked: RuleSet = RuleSet.objects.select_for_update(no_key=True).get(
        team=team, kind=RuleSet.Kind.ASSIGNMENT
    )
    return locked


def _new_version(
    rule_set: RuleSet, state: str, *, by: Access, now: datetime, number: int | None = None
) -> Version:
    version = Version(
        team_id=rule_set.team_id,
        rule_set=rule_set,
        number=number or _next_number(rule_set),
        state=state,
        created_at=now,
        saved_at=now,
        saved_by_id=by.actor_id,
    )
    version.save()
    return version


def _next_number(rule_set: RuleSet, *, but: Version | None = None) -> int:
    others = rule_set.versions.exclude(pk=but.pk) if but else rule_set.versions.all()
    return (others.aggregate(last=Max("number"))["last"] or 0) + 1


def _catch_all(version: Version) -> Rule:
    return Rule(
        team_id=version.team_id,
        version=version,
        position=1,
        name=_("Everything else"),
        destination=Destination.MANAGER,
    )


def _copy(rules: Sequence[Rule], version: Version) -> None:
    for rule in rules:
        rule.pk, rule.version = uuid7(), version
        rule._state.adding = True
    Rule.objects.bulk_create(rules)


def _rule(version: Version, key: UUID) -> Rule:
    """The draft's rule of this key. Raises Rule.DoesNotExist."""
    return version.rules.get(key=key)


def _is_last(rule: Rule) -> bool:
    return not Rule.objects.filter(version=rule.version_id, position__gt=rule.position).exists()


def _put_back(version: Version, was: Rule) -> None:
    """A removed rule at its old place, or above the last rule if that is gone."""
    last = version.rules.latest("position").position
    position = min(was.position, last)
    version.rules.filter(position__gte=position).update(position=F("position") + 1)
    was.position = position
    _copy([was], version)


def _number(rules: Sequence[Rule]) -> None:
    for position, rule in enumerate(rules, start=1):
        rule.position = position
    Rule.objects.bulk_update(rules, ["position"])


def _columns(fields: RuleFields) -> dict[str, Any]:
    """The rule's columns; what its destination does not use is emptied."""
    goes = fields.destination
    return {
        "name": fields.name.strip(),
        "conditions": dict(fields.conditions),
        "destination": goes,
        "pool_id": fields.pool_id if goes == Destination.POOL else None,
        "member_id": fields.member_id if goes == Destination.MEMBER else None,
        "response_seconds": fields.response_seconds,
        "reason": fields.reason.strip() if goes == Destination.DISQUALIFY else "",
    }


def _refuse_if_wrong(fields: RuleFields, team: Team, *, is_last: bool) -> None:
    problems = problems_of(fields, registry=registry(team), places=Places.of(team), is_last=is_last)
    if problems:
        raise Refused(problems)


def _saved(version: Version, action: str, rule: Rule, *, by: Access, now: datetime) -> None:
    version.saved_at, version.saved_by_id = now, by.actor_id
    version.save(update_fields=["saved_at", "saved_by"])
    detail = {"version": version.number, "rule": str(rule.key), "name": rule.name}
    audit.record(by=by, action=action, target=rule, now=now, detail=detail)
