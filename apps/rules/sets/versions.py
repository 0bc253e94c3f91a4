"""Drafting, publishing and rolling back a rule set. Only a draft ever changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.ids import uuid7
from apps.rules.models import Rule, RuleSet, Version
from apps.rules.refusals import Refused
from apps.rules.registry import registry, routing_moved
from apps.rules.sets import version_rows as rows
from apps.rules.sets.checking import Places, RuleFields, problems_of, problems_of_version
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Permission

State = Version.State


def main_set(team: Team) -> RuleSet:
    """The set that decides about new leads; every team has one, made when first asked for."""
    found, _made = RuleSet.objects.get_or_create(
        team=team,
        kind=RuleSet.Kind.ASSIGNMENT,
        trigger=RuleSet.Trigger.NEW,
        defaults={"name": _("Assignment rules")},
    )
    return found


def distribution_set(team: Team) -> RuleSet:
    """The set whose rules send copies of new leads; made when first asked for, empty."""
    found, _made = RuleSet.objects.get_or_create(
        team=team,
        kind=RuleSet.Kind.DISTRIBUTION,
        trigger=RuleSet.Trigger.NEW,
        defaults={"name": _free_name(team, _("Distribution rules"))},
    )
    return found


def _free_name(team: Team, name: str) -> str:
    """The name, or one with a number where another set of the team has it already."""
    taken = set(RuleSet.objects.filter(team=team).values_list("name", flat=True))
    numbered = (f"{name} {n}" for n in range(2, len(taken) + 3))
    return name if name not in taken else next(each for each in numbered if each not in taken)


def draft(rule_set: RuleSet) -> Version | None:
    """The draft that is being worked on, if there is one."""
    return _versions(rule_set).filter(state=State.DRAFT).first()


def published(rule_set: RuleSet) -> Version | None:
    """The version that decides now; None before the first was published."""
    return _versions(rule_set).filter(state=State.PUBLISHED).first()


def rules_of(version: Version | None) -> list[Rule]:
    """A version's rules in order, with where they send leads."""
    if version is None:
        return []
    return list(version.rules.select_related(*rows.NAMED).order_by("position"))


@transaction.atomic
def draft_of(rule_set: RuleSet, *, by: Access, now: datetime) -> Version:
    """The set's draft; a copy of what is live is made when there is none."""
    by.require(Permission.EDIT_ROUTING)
    rule_set = _lock(rule_set, by)
    found = draft(rule_set)
    if found is not None:
        return found
    live = published(rule_set)
    made = rows.new_version(rule_set, State.DRAFT, by=by, now=now)
    if live is None:
        rows.begin(made)
    else:
        rows.copy(rules_of(live), made)
    return made


@transaction.atomic
def add_rule(
    rule_set: RuleSet, fields: RuleFields, *, by: Access, now: datetime, key: UUID | None = None
) -> Rule:
    """A new rule in the draft, last but for the one that catches the rest. May raise Refused."""
    version = draft_of(rule_set, by=by, now=now)
    _refuse_if_wrong(fields, version, is_last=False)
    rule = Rule(
        team_id=version.team_id, version=version, key=key or uuid7(), **rows.columns(fields)
    )
    rows.insert(rule, at=rows.end_of(version))
    _saved(version, "rules.rule_added", rule, by=by, now=now)
    return rule


@transaction.atomic
def save_rule(
    rule_set: RuleSet, key: UUID, fields: RuleFields, *, by: Access, now: datetime
) -> Rule:
    """Change a rule of the draft. May raise Refused, which says where it is wrong."""
    version = draft_of(rule_set, by=by, now=now)
    rule = _rule(version, key)
    _refuse_if_wrong(fields, version, is_last=rows.catches_rest(rule))
    for name, value in rows.columns(fields).items():
        setattr(rule, name, value)
    rule.save()
    _saved(version, "rules.rule_changed", rule, by=by, now=now)
    return rule


@transaction.atomic
def duplicate_rule(rule_set: RuleSet, key: UUID, *, by: Access, now: datetime) -> Rule:
    """A copy of a rule just below it, switched off until somebody has made it differ.

    A copy of the last rule, which catches the rest, stands just above it.
    """
    version = draft_of(rule_set, by=by, now=now)
    was = _rule(version, key)
    place = was.position if rows.catches_rest(was) else was.position + 1
    fields = replace(RuleFields.of(was), name=_("%(name)s, copy") % {"name": was.name[:110]})
    rule = Rule(team_id=version.team_id, version=version, **rows.columns(fields), is_active=False)
    rows.insert(rule, at=place)
    _saved(version, "rules.rule_duplicated", rule, by=by, now=now)
    return rule


@transaction.atomic
def move_rule(rule_set: RuleSet, key: UUID, *, to: int, by: Access, now: datetime) -> Rule:
    """Put a rule of the draft at place `to` (from 1). Nothing goes below a rule for the rest."""
    version = draft_of(rule_set, by=by, now=now)
    rules = list(version.rules.order_by("position"))
    rule = _rule(version, key)
    if rows.catches_rest(rule):
        raise Refused.at("position", _("The last rule catches the rest, so it stays last."))
    order = [each for each in rules if each.key != key]
    end = len(order) if rule_set.sends_copies else len(order) - 1
    order.insert(max(0, min(to - 1, end)), rule)
    rows.number(order)
    _saved(version, "rules.rule_moved", rule, by=by, now=now)
    return rule


@transaction.atomic
def remove_rule(rule_set: RuleSet, key: UUID, *, by: Access, now: datetime) -> None:
    """Take a rule out of the draft; a published version keeps it."""
    version = draft_of(rule_set, by=by, now=now)
    rule = _rule(version, key)
    if rows.catches_rest(rule):
        raise Refused.at("", _("The last rule catches the rest, so it can’t be removed."))
    _saved(version, "rules.rule_removed", rule, by=by, now=now)
    rule.delete()
    rows.number(list(version.rules.order_by("position")))


@transaction.atomic
def set_active(rule_set: RuleSet, key: UUID, *, is_active: bool, by: Access, now: datetime) -> Rule:
    """Switch a rule of the draft on or off."""
    version = draft_of(rule_set, by=by, now=now)
    rule = _rule(version, key)
    if rows.catches_rest(rule) and not is_active:
        raise Refused.at("", _("The last rule catches the rest, so it stays on."))
    rule.is_active = is_active
    rule.save(update_fields=["is_active"])
    action = "rules.rule_switched_on" if is_active else "rules.rule_switched_off"
    _saved(version, action, rule, by=by, now=now)
    return rule


@transaction.atomic
def undo_rule(rule_set: RuleSet, key: UUID, *, by: Access, now: datetime) -> None:
    """Make a rule of the draft what it is in the live version; a new one goes."""
    version = draft_of(rule_set, by=by, now=now)
    was = Rule.objects.filter(version=published(rule_set), key=key).first()
    if was is None:
        return remove_rule(rule_set, key, by=by, now=now)
    rule = version.rules.filter(key=key).first()
    if rule is None:
        rows.put_back(version, was)
    else:
        for name, value in rows.columns(RuleFields.of(was)).items():
            setattr(rule, name, value)
        rule.is_active = was.is_active
        rule.save()
    _saved(version, "rules.rule_undone", was, by=by, now=now)
    return None


@transaction.atomic
def discard(rule_set: RuleSet, *, by: Access, now: datetime) -> None:
    """Throw the draft away; what is live stays."""
    by.require(Permission.EDIT_ROUTING)
    _lock(rule_set, by)
    found = draft(rule_set)
    if found is not None:
        audit.record(by=by, action="rules.draft_discarded", target=found, now=now)
        found.delete()


@transaction.atomic
def publish(rule_set: RuleSet, *, by: Access, now: datetime, note: str = "") -> Version:
    """Make the draft live: leads are decided by it from now on. May raise Refused."""
    by.require(Permission.EDIT_ROUTING)
    _lock_all(rule_set, by)
    version = draft(rule_set)
    if version is None:
        raise Refused.at("", _("There is no draft to publish: change a rule first."))
    version.number = max(version.number, rows.next_number(rule_set, but=version))
    return _go_live(version, "rules.published", note=note, by=by, now=now)


@transaction.atomic
def roll_back(rule_set: RuleSet, *, to: int, by: Access, now: datetime) -> Version:
    """Publish a copy of version `to`; a draft is left as it is. May raise Refused."""
    by.require(Permission.EDIT_ROUTING)
    _lock_all(rule_set, by)
    wanted = _versions(rule_set).filter(number=to).exclude(state=State.DRAFT).first()
    if wanted is None:
        raise Refused.at("", _("There is no version %(number)d to go back to.") % {"number": to})
    version = _copy_of(wanted, by=by, now=now)
    note = _("Back to version %(number)d") % {"number": to}
    return _go_live(version, "rules.rolled_back", note=note, by=by, now=now, back_to=to)


@transaction.atomic
def freeze(rule_set: RuleSet, *, note: str, by: Access, now: datetime) -> Version:
    """A copy of the draft that never changes and is not live: for an experiment to try.

    May raise Refused, as publishing may.
    """
    by.require(Permission.EDIT_ROUTING)
    _lock_all(rule_set, by)
    found = draft(rule_set)
    if found is None:
        raise Refused.at("version", _("There is no draft: choose a version."))
    _refuse_if_unfit(rules_of(found), rule_set, by)
    frozen = _copy_of(found, by=by, now=now)
    frozen.published_at = frozen.retired_at = now
    frozen.published_by_id, frozen.note = by.actor_id, note[:300]
    frozen.save()
    return frozen


def _copy_of(version: Version, *, by: Access, now: datetime) -> Version:
    """A copy under the next number. Retired and never published: it may still be filled."""
    rule_set = version.rule_set
    # A draft takes the number after it: numbers grow as versions go live.
    number = rows.next_number(rule_set, but=draft(rule_set))
    rule_set.versions.filter(state=State.DRAFT).update(number=number + 1)
    made = rows.new_version(rule_set, State.RETIRED, number=number, by=by, now=now)
    rows.copy(rules_of(version), made)
    return made


def _refuse_if_unfit(rules: list[Rule], rule_set: RuleSet, by: Access) -> None:
    problems = problems_of_version(rules, registry=registry(by.team), places=Places.of(rule_set))
    if problems:
        raise Refused(problems)


def _go_live(
    version: Version, action: str, *, note: str, by: Access, now: datetime, **detail: Any
) -> Version:
    rule_set = version.rule_set
    rules = rules_of(version)
    _refuse_if_unfit(rules, rule_set, by)
    _versions(rule_set).published().update(state=State.RETIRED, retired_at=now)
    version.state = State.PUBLISHED
    version.published_at, version.published_by_id = now, by.actor_id
    version.note = note.strip()[:300]
    version.save()
    routing_moved(by.team)
    counts = {
        "set": rule_set.name, "number": version.number, "rules": len(rules), **detail,
    }  # fmt: skip
    audit.record(by=by, action=action, target=version, now=now, detail=counts)
    return version


def _versions(rule_set: RuleSet) -> Any:
    """The set's versions, whoever asks: what may be asked is decided before."""
    return Version.objects.filter(rule_set=rule_set).select_related(
        "rule_set", "saved_by", "published_by"
    )


def _lock(rule_set: RuleSet, by: Access) -> RuleSet:
    """The set, locked: one change of its rules at a time. Only one of the actor's team."""
    sets = RuleSet.objects.filter(team=by.team)
    locked: RuleSet = sets.select_for_update(no_key=True).get(pk=rule_set.pk)
    return locked


def _lock_all(rule_set: RuleSet, by: Access) -> None:
    """All sets of the team: which calls which is judged while none of them changes."""
    sets = RuleSet.objects.filter(team=by.team).order_by("pk")
    if rule_set.pk not in {each.pk for each in sets.select_for_update(no_key=True)}:
        raise RuleSet.DoesNotExist


def _rule(version: Version, key: UUID) -> Rule:
    """The draft's rule of this key. Raises Rule.DoesNotExist."""
    return version.rules.get(key=key)


def _refuse_if_wrong(fields: RuleFields, version: Version, *, is_last: bool) -> None:
    fields_known, places = registry(version.team), Places.of(version.rule_set)
    problems = problems_of(fields, registry=fields_known, places=places, is_last=is_last)
    if problems:
        raise Refused(problems)


def _saved(version: Version, action: str, rule: Rule, *, by: Access, now: datetime) -> None:
    version.saved_at, version.saved_by_id = now, by.actor_id
    version.save(update_fields=["saved_at", "saved_by"])
    detail = {"version": version.number, "rule": str(rule.key), "name": rule.name}
    audit.record(by=by, action=action, target=rule, now=now, detail=detail)
