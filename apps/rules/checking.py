"""Whether a rule can be kept, and whether a version can go live."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.routing.conditions import validate
from apps.routing.fields import Registry
from apps.rules.models import Destination, Pool, Rule
from apps.rules.refusals import Problem
from apps.teams.models import Membership, Team
from apps.teams.permissions import Role

LONGEST_RESPONSE = 366 * 24 * 3600
LONGEST_REASON = 200


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
        )


@dataclass(frozen=True, slots=True)
class Places:
    """Where a team's rules may send leads: its pools and members that are active."""

    pools: Collection[UUID]
    members: Collection[UUID]

    @classmethod
    def of(cls, team: Team) -> Places:
        pools = Pool.objects.filter(team=team, is_active=True)
        members = Membership.objects.active().filter(team=team).exclude(role=Role.VIEWER)
        return cls(
            frozenset(pools.values_list("pk", flat=True)),
            frozenset(members.values_list("pk", flat=True)),
        )


def matches_everything(conditions: Mapping[str, Any]) -> bool:
    return not conditions or dict(conditions) == {"all": []}


def problems_of(
    fields: RuleFields, *, registry: Registry, places: Places, is_last: bool
) -> list[Problem]:
    """Everything that is wrong with one rule, each with its path."""
    return [
        *_name_problems(fields),
        *_condition_problems(fields, registry, is_last),
        *_destination_problems(fields, places),
        *_response_problems(fields),
        *_reason_problems(fields),
    ]


def problems_of_version(
    rules: Sequence[Rule], *, registry: Registry, places: Places
) -> list[Problem]:
    """Everything that keeps a version from going live; paths begin with the rule's number."""
    if not rules:
        return [Problem("", _("A version needs at least its last rule, which catches the rest."))]
    last = rules[-1]
    found = []
    if not last.is_active:
        found.append(Problem(f"rules[{last.position}]", _("The last rule must be switched on.")))
    for rule in rules:
        listed = problems_of(
            RuleFields.of(rule), registry=registry, places=places, is_last=rule is last
        )
        found += [Problem(f"rules[{rule.position}].{each.path}", each.message) for each in listed]
    return found


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


def _destination_problems(fields: RuleFields, places: Places) -> Iterator[Problem]:
    match fields.destination:
        case Destination.POOL:
            if fields.pool_id not in places.pools:
                yield Problem("pool", _("Choose an active pool of this team."))
        case Destination.MEMBER:
            if fields.member_id not in places.members:
                yield Problem("member", _("Choose an active member of this team."))
        case Destination.DISQUALIFY:
            if not fields.reason.strip():
                yield Problem("reason", _("Say why these leads are disqualified."))
        case Destination.HOPPER | Destination.MANAGER:
            pass
        case _:
            yield Problem("destination", _("Choose where to send the leads."))


def _reason_problems(fields: RuleFields) -> Iterator[Problem]:
    if len(fields.reason) > LONGEST_REASON:
        words = _("Use at most %(n)d characters.") % {"n": LONGEST_REASON}
        yield Problem("reason", words)


def _response_problems(fields: RuleFields) -> Iterator[Problem]:
    seconds = fields.response_seconds
    if seconds is not None and not 0 <= seconds <= LONGEST_RESPONSE:
        yield Problem("response_seconds", _("Use a time between 0 and a year."))
