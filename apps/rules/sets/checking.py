"""Whether a rule can be kept, and whether a version can go live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.leads.models import InterestGroup
from apps.routing.conditions import validate
from apps.routing.fields import Registry
from apps.rules.models import (
    COPIES,
    Destination,
    Pool,
    Recipient,
    RecipientPool,
    Rule,
    RuleSet,
)
from apps.rules.refusals import Problem
from apps.rules.sets.calls import Calls
from apps.teams.models import Membership
from apps.teams.permissions import Role

LONGEST_RESPONSE = 366 * 24 * 3600
LONGEST_REASON = 200
MOST_NAMED = 50  # groups that one rule sets, members that it tells
HIGHEST_PRIORITY = 100


@dataclass(frozen=True, slots=True)
class RuleFields:
    """What somebody writes when making or changing a rule."""

    name: str
    destination: str
    conditions: Mapping[str, Any]
    pool_id: UUID | None = None
    member_id: UUID | None = None
    response_seconds: int | None = None
    reason: str = ""
    rule_set_id: UUID | None = None
    replaces_owner: bool = True
    caretaker_id: UUID | None = None
    group_ids: tuple[UUID, ...] = ()
    priority: int | None = None
    notify: tuple[UUID, ...] = ()
    recipient_ids: tuple[UUID, ...] = ()
    recipient_pool_id: UUID | None = None
    stops: bool = False
    keeps_out: bool = False

    @classmethod
    def of(cls, rule: Rule) -> RuleFields:
        return cls(
            name=rule.name,
            destination=rule.destination,
            conditions=rule.conditions,
            pool_id=rule.pool_id,
            member_id=rule.member_id,
            response_seconds=rule.response_seconds,
            reason=rule.reason,
            rule_set_id=rule.rule_set_id,
            replaces_owner=rule.replaces_owner,
            caretaker_id=rule.caretaker_id,
            group_ids=tuple(rule.group_ids),
            priority=rule.priority,
            notify=tuple(rule.notify),
            recipient_ids=tuple(rule.recipient_ids),
            recipient_pool_id=rule.recipient_pool_id,
            stops=rule.stops,
            keeps_out=rule.keeps_out,
        )


@dataclass(frozen=True, slots=True)
class Places:
    """What the rules of one set may name: pools, members, groups and sets that are in use.

    `calls` says which sets send leads to which, so that none can come back to where it was.
    Recipients and their pools are for a set that sends copies, and empty for others.
    """

    rule_set: RuleSet
    pools: frozenset[UUID]
    members: frozenset[UUID]
    groups: frozenset[UUID]
    calls: Calls
    recipients: frozenset[UUID] = frozenset()
    recipient_pools: frozenset[UUID] = frozenset()

    @classmethod
    def of(cls, rule_set: RuleSet) -> Places:
        team = rule_set.team_id
        copies = rule_set.sends_copies
        members = Membership.objects.active().filter(team=team).exclude(role=Role.VIEWER)
        return cls(
            rule_set=rule_set,
            pools=_ids(Pool.objects.filter(team=team, is_active=True)),
            members=_ids(members),
            groups=_ids(InterestGroup.objects.filter(team=team, is_active=True)),
            calls=Calls.of(rule_set),
            recipients=_in_use(Recipient, rule_set) if copies else frozenset(),
            recipient_pools=_in_use(RecipientPool, rule_set) if copies else frozenset(),
        )


def _in_use(model: type[Recipient | RecipientPool], rule_set: RuleSet) -> frozenset[UUID]:
    return _ids(model.objects.filter(team=rule_set.team_id, is_active=True))


def _ids(rows: Any) -> frozenset[UUID]:
    return frozenset(rows.values_list("pk", flat=True))


def matches_everything(conditions: Mapping[str, Any]) -> bool:
    return not conditions or dict(conditions) == {"all": []}


def problems_of(
    fields: RuleFields, *, registry: Registry, places: Places, is_last: bool
) -> list[Problem]:
    """Everything that is wrong with one rule, each with its path."""
    if places.rule_set.sends_copies:
        return [
            *_name_problems(fields),
            *_condition_problems(fields, registry, is_last=False),
            *_copy_problems(fields, places),
        ]
    return [
        *_name_problems(fields),
        *_condition_problems(fields, registry, is_last),
        *_destination_problems(fields, places, is_last),
        *_response_problems(fields),
        *_reason_problems(fields),
        *_deed_problems(fields, places),
    ]


def problems_of_version(
    rules: Sequence[Rule], *, registry: Registry, places: Places
) -> list[Problem]:
    """Everything that keeps a version from going live; paths begin with the rule's number."""
    found = [] if places.rule_set.sends_copies else list(_last_rule_problems(rules))
    last = rules[-1] if rules else None
    for rule in rules:
        listed = problems_of(
            RuleFields.of(rule), registry=registry, places=places, is_last=rule is last
        )
        found += [Problem(f"rules[{rule.position}].{each.path}", each.message) for each in listed]
    return found


def _last_rule_problems(rules: Sequence[Rule]) -> Iterator[Problem]:
    """Where the first match decides, some rule must catch the rest."""
    if not rules:
        yield Problem("", _("A version needs at least its last rule, which catches the rest."))
    elif not rules[-1].is_active:
        yield Problem(f"rules[{rules[-1].position}]", _("The last rule must be switched on."))


def _name_problems(fields: RuleFields) -> Iterator[Problem]:
    if not fields.name.strip():
        yield Problem("name", _("Give the rule a name."))
    elif len(fields.name) > 120:
        yield Problem("name", _("Use at most 120 characters."))


def _condition_problems(fields: RuleFields, registry: Registry, is_last: bool) -> Iterator[Problem]:
    for error in validate(fields.conditions, registry):
        path = f"conditions.{error.path}" if error.path else "conditions"
        yield Problem(path, error.message)
    if is_last and not matches_everything(fields.conditions):
        yield Problem(
            "conditions",
            _("The last rule catches every lead that is left, so it takes no conditions."),
        )


def _destination_problems(fields: RuleFields, places: Places, is_last: bool) -> Iterator[Problem]:
    judge = {
        Destination.POOL: _pool_problems,
        Destination.MEMBER: _member_problems,
        Destination.RULE_SET: _call_problems,
        Destination.DISQUALIFY: _disqualify_problems,
        Destination.HOPPER: _caretaker_problems,
    }
    if fields.destination not in Destination.values or fields.destination in COPIES:
        yield Problem("destination", _("Choose where to send the leads."))
    elif fields.destination in judge:
        yield from judge[Destination(fields.destination)](fields, places)
    elif is_last and fields.destination != Destination.MANAGER:
        yield from _nowhere_problems(places)


def _pool_problems(fields: RuleFields, places: Places) -> Iterator[Problem]:
    if fields.pool_id not in places.pools:
        yield Problem("pool", _("Choose an active pool of this team."))


def _member_problems(fields: RuleFields, places: Places) -> Iterator[Problem]:
    if fields.member_id not in places.members:
        yield Problem("member", _("Choose an active member of this team."))


def _disqualify_problems(fields: RuleFields, places: Places) -> Iterator[Problem]:
    if not fields.reason.strip():
        yield Problem("reason", _("Say why these leads are disqualified."))


def _caretaker_problems(fields: RuleFields, places: Places) -> Iterator[Problem]:
    if fields.caretaker_id and fields.caretaker_id not in places.members:
        yield Problem("caretaker", _("Choose an active member of this team."))


def _call_problems(fields: RuleFields, places: Places) -> Iterator[Problem]:
    called = fields.rule_set_id
    if called is None or called not in places.calls.active:
        yield Problem("rule_set", _("Choose a rule set of this team that is switched on."))
        return
    circle = places.calls.circle(places.rule_set.pk, called)
    if circle:
        text = _("Leads would go round in a circle: %(path)s.")
        yield Problem("rule_set", text % {"path": " → ".join(circle)})


def _nowhere_problems(places: Places) -> Iterator[Problem]:
    if places.rule_set.trigger == RuleSet.Trigger.NEW:
        text = _("The last rule must send new leads to somebody, so that none is lost.")
        yield Problem("destination", text)


def _copy_problems(fields: RuleFields, places: Places) -> Iterator[Problem]:
    """Whom a distribution rule sends copies to, and that it does nothing else."""
    goes, recipients = fields.destination, set(fields.recipient_ids)
    if goes not in (*COPIES, Destination.STOP):
        yield Problem("destination", _("Choose recipients, a pool of recipients, or nobody."))
    if goes == Destination.RECIPIENTS and not recipients:
        yield Problem("recipients", _("Choose at least one recipient."))
    elif goes == Destination.RECIPIENTS and not places.recipients >= recipients:
        yield Problem("recipients", _("Choose recipients of this team that are in use."))
    elif len(recipients) > MOST_NAMED:
        text = _("Choose at most %(n)d recipients; for more, make a pool of them.")
        yield Problem("recipients", text % {"n": MOST_NAMED})
    if (
        goes == Destination.RECIPIENT_POOL
        and fields.recipient_pool_id not in places.recipient_pools
    ):
        yield Problem("recipient_pool", _("Choose an active pool of recipients of this team."))
    if fields.group_ids or fields.notify or fields.priority is not None:
        yield Problem("destination", _("A distribution rule sends copies and does nothing else."))


def _deed_problems(fields: RuleFields, places: Places) -> Iterator[Problem]:
    """What else the rule does to a lead."""
    if not places.groups >= set(fields.group_ids) or len(fields.group_ids) > MOST_NAMED:
        yield Problem("groups", _("Choose interest groups of this team that are in use."))
    if not places.members >= set(fields.notify) or len(fields.notify) > MOST_NAMED:
        yield Problem("notify", _("Choose active members of this team to tell."))
    if fields.priority is not None and abs(fields.priority) > HIGHEST_PRIORITY:
        text = _("Use a whole number from −%(n)d to %(n)d.")
        yield Problem("priority", text % {"n": HIGHEST_PRIORITY})


def _reason_problems(fields: RuleFields) -> Iterator[Problem]:
    if len(fields.reason) > LONGEST_REASON:
        words = _("Use at most %(n)d characters.") % {"n": LONGEST_REASON}
        yield Problem("reason", words)


def _response_problems(fields: RuleFields) -> Iterator[Problem]:
    seconds = fields.response_seconds
    if seconds is not None and not 0 <= seconds <= LONGEST_RESPONSE:
        yield Problem("response_seconds", _("Use a time between 0 and a year."))
