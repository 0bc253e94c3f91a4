"""The leads of a simulation: those that came in a time, or those of a file, as rules see them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.leads.models import Lead, LeadQuerySet, StatusKind
from apps.routing.simulation import Arrival
from apps.rules import facts
from apps.rules.models import Sticky
from apps.rules.registry import TeamRegistry
from apps.simulator.models import Simulation
from apps.teams.models import Team

CHUNK = 2_000
COLUMNS = (
    "pk", "team_id", "received_at", "facts", "custom", "email_key", "phone_key", "company_key",
    "domain", "source__slug", *facts.COLUMNS,
)  # fmt: skip
# By what a lead is known to whom: the kind of keeping, a mark, and the lead's column.
KEYS = (
    (Sticky.CONTACT, "email_key"), (Sticky.CONTACT, "phone_key"),
    (Sticky.COMPANY, "company_key"), (Sticky.COMPANY, "domain"),
    (Sticky.NAMED, "company_key"), (Sticky.NAMED, "domain"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coming:
    """One lead of the past: the number by which a run knows it, its id, and what it brings."""

    arrival: Arrival
    lead_id: UUID | None = None
    at: datetime | None = field(default=None)


def of_time(simulation: Simulation, fields: TeamRegistry) -> Iterator[Coming]:
    """The team's leads of the simulation's time, in order of arrival, each as if it just came."""
    rows = leads_of(simulation).select_related("source").only(*COLUMNS)
    ordered = rows.order_by("received_at", "pk").iterator(chunk_size=CHUNK)
    for number, lead in enumerate(ordered, start=1):
        yield Coming(arrival_of(lead, number, fields), lead.pk)


def leads_of(simulation: Simulation) -> LeadQuerySet:
    """The cohort: neither spam nor test, not deleted."""
    found = Lead.objects.filter(
        team=simulation.team_id,
        received_at__gte=simulation.starts_at,
        received_at__lt=simulation.ends_at,
    ).counted()
    return found.filter(source=simulation.source_id) if simulation.source_id else found


def arrival_of(lead: Lead, number: int, fields: TeamRegistry) -> Arrival:
    """A lead as it would arrive: nothing has happened to it yet."""
    lead.status_id = None  # type: ignore[assignment]
    lead.status_kind = StatusKind.NEW
    lead.priority = lead.came_again = 0
    lead.first_contact_at = lead.opened_content_at = None
    lead.last_heard_at = lead.received_at
    seen = facts.lead_facts(lead, fields, now=lead.received_at)
    return Arrival(number, seen, band=lead.band, keys=keys_of(lead))


def keys_of(lead: Lead) -> list[tuple[str, str]]:
    """By what the lead is known: a person, a company, a named account."""
    return [
        (kind.value, f"{kind.value}:{column}:{value}")
        for kind, column in KEYS
        if (value := getattr(lead, column))
    ]


KEEPERS = (
    "SELECT DISTINCT ON (known.{column}) known.{column}, known.owner_id FROM leads_lead AS known "
    "WHERE known.team_id = %s AND known.received_at < %s AND known.owner_id IS NOT NULL "
    "AND known.deleted_at IS NULL AND known.{column} <> '' {which} "
    "ORDER BY known.{column}, known.received_at DESC, known.id DESC"
)
STILL_THEIRS = "AND known.status_kind IN ('new', 'working', 'qualified', 'won')"
NAMED = "SELECT {column}, keeper_id FROM rules_namedaccount WHERE team_id = %s AND {column} <> ''"


def keepers(team: Team, kinds: Collection[str], *, at: datetime) -> Mapping[str, UUID]:
    """Who has a person, a company or a named account at a moment, for pools that ask for it."""
    found: dict[str, UUID] = {}
    for kind, column in KEYS:
        if kind.value not in kinds:
            continue
        given: list[Any]
        if kind is Sticky.NAMED:
            sql, given = NAMED.format(column=column), [team.pk]
        else:
            which = STILL_THEIRS if kind is Sticky.COMPANY else ""
            sql, given = KEEPERS.format(column=column, which=which), [team.pk, at]
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            found |= {f"{kind.value}:{column}:{key}": member for key, member in cursor.fetchall()}
    return found
