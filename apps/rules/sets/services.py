"""A team's rule sets: making, naming, switching and deleting them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.routing.fields import Registry
from apps.rules.models import Rule, RuleSet
from apps.rules.refusals import Problem, Refused
from apps.rules.registry import registry, routing_moved
from apps.rules.sets.calls import callers_of
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Permission

Trigger = RuleSet.Trigger
EVENTS = ("replied", "opened_content", "came_again")
# What a set about changes may wait for, beside any field of the registry.
CHANGES = ("status", "score", "groups")
MOST_DAYS = 3_650
MOST_SETS = 100
HIGHEST_SCORE = 32_000


@transaction.atomic
def create_rule_set(
    team: Team,
    *,
    name: str,
    trigger: str,
    settings: Mapping[str, Any] | None = None,
    by: Access,
    now: datetime,
) -> RuleSet:
    """A set without rules, asked from its first publication on. May raise Refused."""
    by.require(Permission.EDIT_ROUTING)
    if trigger not in Trigger.values or trigger == Trigger.NEW:
        raise Refused.at("trigger", _("Choose when the rules are asked."))
    sets = RuleSet.objects.filter(team=team)
    if sets.count() >= MOST_SETS:
        raise Refused.at("", _("A team has at most %(n)d rule sets.") % {"n": MOST_SETS})
    rule_set = RuleSet(
        team=team,
        name=_checked_name(name),
        trigger=trigger,
        trigger_settings=checked_settings(trigger, settings or {}, registry(team)),
        position=(sets.aggregate(last=Max("position"))["last"] or 0) + 1,
    )
    _save_once(rule_set)
    audit.record(by=by, action="rules.set_created", target=rule_set, now=now, detail={"name": name})
    return rule_set


@transaction.atomic
def change_rule_set(
    rule_set: RuleSet,
    *,
    name: str,
    settings: Mapping[str, Any] | None = None,
    by: Access,
    now: datetime,
) -> RuleSet:
    """Another name, or other things to wait for. May raise Refused."""
    rule_set = _locked(rule_set, by)
    before = {"name": rule_set.name, "settings": rule_set.trigger_settings}
    rule_set.name = _checked_name(name)
    if settings is not None:
        fields = registry(rule_set.team)
        rule_set.trigger_settings = checked_settings(rule_set.trigger, settings, fields)
    _save_once(rule_set)
    after = {"name": rule_set.name, "settings": rule_set.trigger_settings}
    _moved(rule_set, "rules.set_changed", by=by, now=now, before=before, after=after)
    return rule_set


@transaction.atomic
def switch_rule_set(rule_set: RuleSet, *, is_active: bool, by: Access, now: datetime) -> RuleSet:
    """Ask the set or leave it unasked. Refused while other sets' rules send leads through it."""
    rule_set = _locked(rule_set, by)
    if rule_set.trigger == Trigger.NEW:
        raise Refused.at("", _("The rules for new leads stay on, so that none is lost."))
    if not is_active:
        _refuse_if_called(rule_set, _("It can’t be switched off: %(rules)s send leads here."))
    rule_set.is_active = is_active
    rule_set.save(update_fields=["is_active"])
    action = "rules.set_switched_on" if is_active else "rules.set_switched_off"
    _moved(rule_set, action, by=by, now=now)
    return rule_set


@transaction.atomic
def delete_rule_set(rule_set: RuleSet, *, by: Access, now: datetime) -> None:
    """Take away a set that never decided; one that did is switched off instead."""
    rule_set = _locked(rule_set, by)
    if rule_set.trigger == Trigger.NEW:
        raise Refused.at("", _("The rules for new leads can’t be deleted."))
    _refuse_if_called(rule_set, _("It can’t be deleted: %(rules)s send leads here."))
    if rule_set.versions.filter(published_at__isnull=False).exists():
        text = _("Its versions decided about leads and are kept with them. Switch it off instead.")
        raise Refused.at("", text)
    _moved(rule_set, "rules.set_deleted", by=by, now=now, name=rule_set.name)
    rule_set.versions.all().delete()
    rule_set.delete()


def checked_settings(
    trigger: str, settings: Mapping[str, Any], registry: Registry
) -> dict[str, Any]:
    """What a set waits for, and nothing else. May raise Refused."""
    match trigger:
        case Trigger.CHANGED:
            keys = {*CHANGES, *(field.key for field in registry)}
            changes = _some_of(settings.get("changes", []), keys, "changes")
            crosses = _score(settings.get("score_crosses"))
            return {"changes": changes} | ({} if crosses is None else {"score_crosses": crosses})
        case Trigger.ACTIVITY:
            events = _some_of(settings.get("events", []), set(EVENTS), "events")
            if not events:
                raise Refused.at("events", _("Choose at least one thing that a lead does."))
            return {"events": events}
        case Trigger.SILENT:
            return {"days": _days(settings.get("days"))}
    return {}


def _some_of(given: Any, known: set[str], path: str) -> list[str]:
    listed = given if isinstance(given, list | tuple) else [given]
    wrong = [each for each in listed if not isinstance(each, str) or each not in known]
    if wrong:
        raise Refused.at(path, _("Choose from the list."))
    return list(dict.fromkeys(listed))


def _score(given: Any) -> int | None:
    """A score that counts as a change when it is crossed; None: any change of it counts."""
    if given in (None, ""):
        return None
    is_number = isinstance(given, int) and not isinstance(given, bool)
    if not is_number or abs(given) > HIGHEST_SCORE:
        text = _("Use a whole number from −%(n)d to %(n)d.")
        raise Refused.at("score_crosses", text % {"n": HIGHEST_SCORE})
    return int(given)


def _days(given: Any) -> int:
    is_number = isinstance(given, int) and not isinstance(given, bool)
    if not is_number or not 1 <= given <= MOST_DAYS:
        raise Refused.at(
            "days", _("Use a whole number of days from 1 to %(n)d.") % {"n": MOST_DAYS}
        )
    return int(given)


def _checked_name(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not name:
        raise Refused.at("name", _("Give the rule set a name."))
    if len(name) > 120:
        raise Refused.at("name", _("Use at most 120 characters."))
    return name


def _save_once(rule_set: RuleSet) -> None:
    try:
        with transaction.atomic():
            rule_set.save()
    except IntegrityError as error:
        text = _("There is a rule set “%(name)s” already.") % {"name": rule_set.name}
        raise Refused([Problem("name", text)]) from error


def _locked(rule_set: RuleSet, by: Access) -> RuleSet:
    by.require(Permission.EDIT_ROUTING)
    sets = RuleSet.objects.filter(team=by.team)
    locked: RuleSet = sets.select_for_update(no_key=True).get(pk=rule_set.pk)
    return locked


def _refuse_if_called(rule_set: RuleSet, message: str) -> None:
    others = [rule for rule in callers_of(rule_set) if rule.version.rule_set_id != rule_set.pk]
    if others:
        raise Refused.at("", message % {"rules": ", ".join(_named(others))})


def _named(rules: Sequence[Rule]) -> list[str]:
    return list(dict.fromkeys(f"{rule.version.rule_set.name} ({rule.name})" for rule in rules))


def _moved(rule_set: RuleSet, action: str, *, by: Access, now: datetime, **detail: Any) -> None:
    audit.record(by=by, action=action, target=rule_set, now=now, detail=detail)
    routing_moved(by.team)
