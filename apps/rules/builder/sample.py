"""A team's latest leads as rules see them: what drafts are tried on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.leads.models import Lead
from apps.routing.calendar import Schedule
from apps.routing.facts import LeadFacts
from apps.routing.fields import Field, FieldType, Registry
from apps.rules import facts
from apps.rules.calendars import team_schedule
from apps.rules.registry import TeamRegistry
from apps.teams.access import Access

LEADS = 1_000
COLUMNS = (
    "pk", "team_id", "stage", "received_at", "facts", "custom", "source__slug", *facts.COLUMNS,
)  # fmt: skip
SUGGESTED = 30
SUGGESTED_TYPES = (FieldType.TEXT, FieldType.PLACE, FieldType.CHOICE, FieldType.SET)


@dataclass(frozen=True, slots=True)
class Sample:
    """Leads with their facts, latest first, and the hours that rules about time go by."""

    leads: Sequence[Lead]
    facts: Sequence[LeadFacts]
    hours: Schedule | None

    def __len__(self) -> int:
        return len(self.leads)

    @property
    def oldest_at(self) -> datetime | None:
        return self.leads[-1].received_at if self.leads else None

    def buckets(self, count: int, *, now: datetime) -> list[int]:
        """For each lead, in which of `count` equal spans from the oldest until now it came."""
        if not self.leads:
            return []
        oldest = self.leads[-1].received_at
        span = max((now - oldest).total_seconds(), 1.0)
        since = ((lead.received_at - oldest).total_seconds() for lead in self.leads)
        return [max(0, min(int(each / span * count), count - 1)) for each in since]


def latest(
    access: Access, registry: Registry, *, now: datetime | None = None, with_away: bool = False
) -> Sample:
    """The team's last 1,000 leads, as far as this actor may see them, as they are at `now`.

    `with_away`: also those that were kept out of the team. Rules are tried on them, but no page
    shows whom they are about.
    """
    leads = Lead.objects.visible_to(access).counted()
    if with_away:
        away = Lead.objects.filter(team=access.team, stage=Lead.Stage.AWAY)
        leads |= away.filter(is_spam=False, is_test=False)
    latest_first = leads.select_related("source").order_by("-received_at", "-id")
    found = list(latest_first.only(*COLUMNS)[:LEADS])
    return Sample(found, facts.many(found, registry, now=now), team_schedule(access.team))


def choices_of(field: Field, registry: Registry) -> tuple[str, ...]:
    """What a page offers as the only values of a field; empty for free ones.

    Interest groups are offered by name, though a rule may ask for one that is still to come.
    """
    if field.key == "interest_group" and isinstance(registry, TeamRegistry):
        return tuple(registry.active_groups.values())
    return field.options


def suggestions(field: Field, sample: Sample, registry: Registry) -> list[str]:
    """Values of a field that leads really had, the commonest first; never personal ones."""
    listed = choices_of(field, registry)
    if listed:
        return list(listed)
    if field.is_personal or field.type not in SUGGESTED_TYPES:
        return []
    seen: Counter[str] = Counter()
    for lead in sample.facts:
        value = lead.values.get(field.key)
        if value is not None:
            seen.update(value if isinstance(value, tuple) else (str(value),))
    return [value for value, _ in seen.most_common(SUGGESTED) if len(value) <= 80]
