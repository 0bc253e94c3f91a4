"""Won leads: where each came from, everybody who had it with what they did, and who closed it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

import numpy as np

from apps.assignments.models import Assignment
from apps.dashboards.figures.questions import Question
from apps.dashboards.figures.values import Value, worth_of
from apps.dashboards.kept import counting
from apps.dashboards.kept.columns import UNKNOWN, WON, Array
from apps.dashboards.kept.counting import Counting
from apps.dashboards.kept.tallies import Parts
from apps.leads.models import Activity, Attempt, Lead, Source, StatusKind
from apps.leads.road_filters import COUNTS
from apps.teams.access import Access
from apps.teams.models import Membership

AT_ONCE = 1000  # leads whose hands are looked up together
_COLUMNS = ("received", "source", "campaign", *WON, "closer")


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
    """Sums over the won leads; `people` and `touches` are those of a lead on average."""

    leads: int
    by_member: Sequence[Sum]
    by_source: Sequence[Sum]
    by_campaign: Sequence[Sum]
    worth: Value
    people: float | None
    touches: float | None

    @property
    def value(self) -> int:
        return sum(each.value for each in self.by_source)


def attribution(question: Question, *, access: Access) -> Attribution:
    """Of the leads received in the period those won by now, out of kept days."""
    counting.require(access)
    counted = Counting(question, access.team, columns=_COLUMNS, earlier=())
    leads, of = counted.now, counted.now.places("won_lead")
    rows = np.flatnonzero(counted.is_now[of]) if len(of) else of
    worth = leads.column("worth")[rows]
    sources, source = leads.codes("source")
    campaigns, campaign = leads.codes("campaign")
    closers, closer = leads.codes("closer")
    people = _people(access, {UUID(key) for key in closers if key})
    return Attribution(
        len(rows),
        _sums(_names_of_people(closers, people), closer[rows], worth),
        _sums(_names_of_sources(sources, access), source[of[rows]], worth),
        _sums([key or "" for key in campaigns], campaign[of[rows]], worth),
        worth_of(access.team),
        _mean(leads.column("people")[rows]),
        _mean(leads.column("touches")[rows]),
    )


def won_leads(question: Question, *, access: Access, most: int | None = None) -> Iterator[Won]:
    """Those leads one by one, the latest won first."""
    rows = _won(question, worth_of(access.team), access)
    found = iter(rows[:most] if most else rows.iterator(chunk_size=AT_ONCE))
    while some := list(islice(found, AT_ONCE)):
        yield from _with_hands(some, access)


def _with_hands(leads: Sequence[Any], access: Access) -> Iterator[Won]:
    ids = [lead.pk for lead in leads]
    owners, touches, closers = _owners(ids), _touches(ids), _closers(ids)
    people = _people(access, {member for found in (owners, touches) for each in found.values()
                              for member in each} | {*closers.values()}
                     | {lead.owner_id for lead in leads if lead.owner_id})  # fmt: skip
    for lead in leads:
        yield Won(
            lead, lead.source.name,
            _hands(owners.get(lead.pk, []), touches.get(lead.pk, Counter()), people),
            people.get(closers.get(lead.pk) or lead.owner_id or UUID(int=0)),
            lead.worth,
        )  # fmt: skip


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


def _names_of_people(
    keys: Sequence[str | None], people: Mapping[UUID, Membership]
) -> Sequence[str]:
    found = (people.get(UUID(key)) if key else None for key in keys)
    return [person.user.name if person else "" for person in found]


def _names_of_sources(keys: Sequence[str | None], access: Access) -> Sequence[str]:
    rows = Source.objects.filter(team=access.team, pk__in=[key for key in keys if key])
    names = {str(key): name for key, name in rows.values_list("pk", "name")}
    return [names.get(key or "", "") for key in keys]


def _sums(names: Sequence[str], codes: Array, worth: Array) -> list[Sum]:
    """What was won under each name: `worth[i]` under `names[codes[i]]`. The most first."""
    parts: dict[str, list[Array]] = defaultdict(list)
    for name, places in Parts.by(names, codes):
        parts[name].append(worth[places])
    sums = []
    for name, some in parts.items():
        values = np.concatenate(some)
        known = values[values != UNKNOWN]
        sums.append(Sum(name, len(values), int(known.sum()), len(known)))
    return sorted(sums, key=lambda each: (-each.value, -each.won, each.name))


def _mean(numbers: Array) -> float | None:
    return float(numbers.mean()) if len(numbers) else None
