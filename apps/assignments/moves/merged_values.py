"""What a lead says after another was merged into it: its own values, the other's where it has none.

Pure: two leads in, columns out. Somebody may choose the other's value for a field.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from apps.leads.companies import company_keys
from apps.leads.models import Lead
from apps.routing.fields import CUSTOM_PREFIX, Registry

# Columns that somebody may choose, with those that go along with them.
COLUMNS: dict[str, tuple[str, ...]] = {
    "name": (), "email": ("email_key",), "phone": ("phone_key",), "company": (), "job_title": (),
    "country": (), "region": (), "city": (), "postcode": (), "language": (), "campaign": (),
    "form": (), "message": (),
}  # fmt: skip
# The person did each of these for the first time once, whichever lead it was with.
FIRST_TIMES = (
    "received_at", "clock_starts_at", "routed_at", "offered_at", "assigned_at", "claimed_at",
    "viewed_at", "first_attempt_at", "first_contact_at", "qualified_at", "opened_content_at",
)  # fmt: skip
MOST_TIMES = 32_000
EMPTY: tuple[object, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of which the two leads say different things, or only one says anything."""

    key: str
    label: str
    mine: Any
    other: Any

    @property
    def is_conflict(self) -> bool:
        return self.mine not in EMPTY and self.other not in EMPTY


def differences(lead: Lead, other: Lead, fields: Registry) -> list[Difference]:
    """In the order of the team's fields, without those in which both agree."""
    found = [
        Difference(field.key, str(field.label), lead.value(field.key), other.value(field.key))
        for field in fields
        if _may_choose(field.key) and not field.is_derived
    ]
    return [each for each in found if each.mine != each.other and not _both_empty(each)]


def _may_choose(key: str) -> bool:
    return key not in {"source", "received_at", "score", "interest_group"}


def _both_empty(each: Difference) -> bool:
    return each.mine in EMPTY and each.other in EMPTY


def of_both(lead: Lead, other: Lead, takes: Collection[str]) -> dict[str, Any]:
    """The columns of `lead` that change. `takes` are the fields in which the other is right."""
    changes: dict[str, Any] = {}
    for name, along in COLUMNS.items():
        is_taken = name in takes or getattr(lead, name) in EMPTY
        if is_taken and getattr(other, name) not in EMPTY:
            changes |= {column: getattr(other, column) for column in (name, *along)}
    changes |= company_keys(changes)
    if not changes.get("domain", lead.domain):
        changes["domain"] = other.domain
    for column, prefix in (("facts", ""), ("custom", CUSTOM_PREFIX)):
        changes[column] = _mixed(getattr(lead, column), getattr(other, column), prefix, takes)
    changes |= _earliest(lead, other) | _added_up(lead, other)
    return {key: value for key, value in changes.items() if value != getattr(lead, key)}


def _mixed(
    mine: dict[str, Any], others: dict[str, Any], prefix: str, takes: Collection[str]
) -> dict[str, Any]:
    """Facts of both; an amount goes with its currency."""
    mixed = dict(mine)
    for key, value in others.items():
        amount = key.removesuffix("_currency")
        if mine.get(amount) in EMPTY or prefix + amount in takes:
            mixed[key] = value
    return mixed


def _earliest(lead: Lead, other: Lead) -> dict[str, Any]:
    pairs = {name: (getattr(lead, name), getattr(other, name)) for name in FIRST_TIMES}
    return {name: min(filter(None, both), default=None) for name, both in pairs.items()}


def _added_up(lead: Lead, other: Lead) -> dict[str, Any]:
    heard = [at for at in (lead.last_heard_at, other.last_heard_at) if at]
    return {
        "last_heard_at": max(heard, default=None),
        "came_again": min(lead.came_again + other.came_again + 1, MOST_TIMES),
        "do_not_contact": lead.do_not_contact or other.do_not_contact,
        "group_ids": list(dict.fromkeys([*lead.group_ids, *other.group_ids])),
        "warnings": list(dict.fromkeys([*lead.warnings, *other.warnings])),
        "priority": max(lead.priority, other.priority),
        "linked_to_id": _linked(lead, other),
        "merge_suggestion_id": next(_others_of(lead, other), None),
    }


def _linked(lead: Lead, other: Lead) -> Any:
    """The lead that the person had before these two."""
    mine = lead.linked_to_id if lead.linked_to_id != other.pk else None
    return mine or (other.linked_to_id if other.linked_to_id != lead.pk else None)


def _others_of(lead: Lead, other: Lead) -> Iterator[Any]:
    """Who else they may be."""
    for suggested in (lead.merge_suggestion_id, other.merge_suggestion_id):
        if suggested not in (None, lead.pk, other.pk):
            yield suggested
