"""Won leads: where each came from, everybody who had it with what they did, and who closed it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.assignments.models import Assignment
from apps.dashboards.figures.cohort import Question
from apps.dashboards.figures.values import Value, worth_of
from apps.leads.models import Activity, Attempt, Lead, StatusKind
from apps.leads.road_filters import COUNTS
from apps.teams.access import Access
from apps.teams.models import Membership


@dataclass(frozen=True, slots=True)
class Hand:
    """Somebody who had the lead or tried it: touches are attempts that count."""

    member: Membership
    touches: int
    was_owner: bool


@dataclass(frozen=True, slots=True)
class Won:
    """A won lead. `value` is in minor units, None if unknown; `closer` is who set it won."""

    lead: Lead
    source: str
    hands: Sequence[Hand]
    closer: Membership | None
    value: int | None

    @property
    def people(self) -> int:
        return len(self.hands)

    @property
    def touches(self) -> int:
        return sum(hand.touches for hand in self.hands)


@dataclass(frozen=True, slots=True)
class Sum:
    """What was won by one closer, or from one source or campaign."""

    name: str
    won: int
    value: int
    valued: int


@dataclass(frozen=True, slots=True)
class Attribution:
    won: Sequence[Won]
    by_member: Sequence[Sum]
    by_source: Sequence[Sum]
    by_campaign: Sequence[Sum]
    worth: Value

    @property
    def people(self) -> float | None:
        """How many people a won lead saw on average."""
        return _mean([each.people for each in self.won])

    @property
    def touches(self) -> float | None:
        return _mean([each.touches for each in self.won])

    @property
    def value(self) -> int:
        return sum(each.value or 0 for each in self.won)


def attribution(question: Question, *, access: Access) -> Attribution:
    """Of the leads received in the period those won by now, the latest won first."""
    worth = worth_of(access.team)
    leads = list(_won(question, worth, access))
    ids = [lead.pk for lead in leads]
    owners, touches, closers = _owners(ids), _touches(ids), _closers(ids)
    people = _people(access, {member for found in (owners, touches) for each in found.values()
                              for member in each} | {*closers.values()}
                     | {lead.owner_id for lead in leads if lead.owner_id})  # fmt: skip
    won = [
        Won(
            lead, lead.source.name,
            _hands(owners.get(lead.pk, []), touches.get(lead.pk, Counter()), people),
            people.get(closers.get(lead.pk) or lead.owner_id or UUID(int=0)),
            lead.worth,
        )
        for lead in leads
    ]  # fmt: skip
    return Attribution(
        won,
        _sums(won, lambda each: each.closer.user.name if each.closer else ""),
        _sums(won, lambda each: each.source),
        _sums(won, lambda each: each.lead.campaign),
        worth,
    )


def _won(question: Question, worth: Value, access: Access) -> Any:
    period = question.period
    rows: Any = Lead.objects.behind_figures(access).counted()
    rows = rows.filter(
        received_at__gte=period.start, received_at__lte=period.end, status_kind=StatusKind.WON
    )
    if question.source_id:
        rows = rows.filter(source_id=question.source_id)
    rows = rows.annotate(worth=worth.expression()).select_related("source")
    return rows.order_by("-closed_at", "-id")


def _owners(ids: Sequence[UUID]) -> Mapping[UUID, Sequence[UUID]]:
    """Everyone who had each lead, in the order of having it."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    rows = Assignment.objects.filter(lead__in=ids).order_by("started_at", "id")
    for lead, member in rows.values_list("lead_id", "member_id"):
        if member not in found[lead]:
            found[lead].append(member)
    return found


def _touches(ids: Sequence[UUID]) -> Mapping[UUID, Counter[UUID]]:
    found: dict[UUID, Counter[UUID]] = defaultdict(Counter)
    rows = Attempt.objects.filter(COUNTS, lead__in=ids).order_by("at", "id")
    for lead, member in rows.values_list("lead_id", "member_id"):
        found[lead][member] += 1
    return found


def _closers(ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Who gave each lead the status that it has."""
    rows = Activity.objects.filter(
        lead__in=ids, kind=Activity.Kind.STATUS, data__kind=StatusKind.WON, member__isnull=False
    )
    return dict(rows.order_by("at", "id").values_list("lead_id", "member_id"))


def _people(access: Access, ids: Iterable[UUID]) -> Mapping[UUID, Membership]:
    rows = Membership.objects.filter(team=access.team, pk__in=list(ids)).select_related("user")
    return {row.pk: row for row in rows}


def _hands(
    owners: Sequence[UUID], touches: Counter[UUID], people: Mapping[UUID, Membership]
) -> list[Hand]:
    others = [member for member in touches if member not in owners]
    return [
        Hand(people[member], touches[member], member in owners)
        for member in (*owners, *others) if member in people
    ]  # fmt: skip


def _sums(won: Sequence[Won], name: Callable[[Won], str]) -> list[Sum]:
    parts: dict[str, list[int | None]] = defaultdict(list)
    for each in won:
        parts[name(each)].append(each.value)
    sums = [
        Sum(key, len(values), sum(value or 0 for value in values),
            sum(value is not None for value in values))
        for key, values in parts.items()
    ]  # fmt: skip
    return sorted(sums, key=lambda each: (-each.value, -each.won, each.name))


def _mean(numbers: Sequence[int]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None
