"""What happened to the leads of a period on their road, each figure with its two numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Q

from apps.assignments.models import Decision, Offer
from apps.capture.models import Capture
from apps.dashboards.figures.metrics import share
from apps.dashboards.figures.questions import Question, named
from apps.dashboards.kept import counting
from apps.dashboards.kept.counting import TOTALS, Counting
from apps.deliveries.models import Delivery
from apps.leads.models import Attempt, FollowUp, Lead
from apps.leads.road_filters import COUNTS, PERSISTENT
from apps.rules.models import Rule
from apps.teams.access import Access

COLUMNS = (*TOTALS, "served_lead", "ended")
# No decision is older than its lead, by whatever clock the lead was received.
EARLIER = timedelta(days=1)
_BY_RULE = "SELECT rule_id, count(*) FROM ({first}) decided GROUP BY rule_id"
CLOSED = (Offer.State.ACCEPTED, Offer.State.DECLINED, Offer.State.EXPIRED)


@dataclass(frozen=True, slots=True)
class Figure:
    """A share (or, without `of`, a number), and the leads behind it as filters of the list."""

    key: str
    part: int
    of: int | None = None
    link: str = ""

    @property
    def rate(self) -> float | None:
        return None if self.of is None else share(self.part, self.of)


@dataclass(frozen=True, slots=True)
class Claims:
    """Of a member: open offers that she saw, and those that she claimed."""

    member_id: UUID
    seen: int
    claimed: int

    @property
    def share(self) -> float | None:
        return share(self.claimed, self.seen)


@dataclass(frozen=True, slots=True)
class Road:
    figures: Sequence[Figure]
    hops: float | None  # mean number of assignments of an assigned lead
    claims: Sequence[Claims]

    def figure(self, key: str) -> Figure:
        return next(figure for figure in self.figures if figure.key == key)


def road(question: Question, *, access: Access) -> Road:
    """Leads and assignments out of kept days, the rest by a statement for each table.

    Every figure is of the leads received in the period.
    """
    counting.require(access)
    leads, counted = _cohort(question, access), Counting(question, access.team, COLUMNS, ())
    told, assigned = counted.tally.measures(counted.places), counted.assigned()
    received = told["received"]
    figures = [
        *_offers(leads),
        Figure("reroute", assigned["taken_back"], assigned["leads"], "road=taken_back"),
        _follow_ups(leads, question),
        _persistence(leads, never=received - told["contacted"]),
        _duplicates(question, access),
        Figure("disqualified", told["disqualified"], received, "status=disqualified"),
        Figure("catch_all", _caught(leads, question, access), received, "road=caught"),
        Figure("failed", Delivery.objects.filter(lead__in=leads, state="dead").count(), None,
               "road=failed"),
    ]  # fmt: skip
    hops = assigned["hops"] / assigned["leads"] if assigned["leads"] else None
    return Road(figures, hops, _claims(leads))


def _cohort(question: Question, access: Access) -> Any:
    period = question.period
    rows = Lead.objects.behind_figures(access).counted().order_by()
    rows = rows.filter(received_at__gte=period.start, received_at__lte=period.end)
    return rows.filter(source_id=question.source_id) if question.source_id else rows


def _offers(leads: Any) -> list[Figure]:
    """Offers that ended otherwise, because the lead went elsewhere, are nobody's answer."""
    closed = Offer.objects.filter(lead__in=leads, state__in=CLOSED)
    states = {
        (row["state"], row["one"]): row["number"]
        for row in closed.order_by().values("state", one=Q(member__isnull=False))
        .annotate(number=Count("pk"))
    }  # fmt: skip
    exclusive = sum(number for (_state, one), number in states.items() if one)
    found = [
        Figure(name, states.get((name, True), 0), exclusive, f"road={name}")
        for name in ("accepted", "declined", "expired")
    ]
    shown = sum(number for (_state, one), number in states.items() if not one)
    return [*found, Figure("claimed", states.get(("accepted", False), 0), shown, "road=claimed")]


def _claims(leads: Any) -> list[Claims]:
    """Own claims ÷ open offers seen, by member; who claimed most first."""
    seen: dict[UUID, list[int]] = {}
    offers = Offer.objects.filter(lead__in=leads, member__isnull=True, state__in=CLOSED)
    for candidates, taker in offers.values_list("candidates", "taken_by_id"):
        for member in {*candidates, *([taker] if taker else [])}:
            counted = seen.setdefault(member, [0, 0])
            counted[0] += 1
            counted[1] += member == taker
    rows = [Claims(member, *numbers) for member, numbers in seen.items()]
    return sorted(rows, key=lambda row: (-row.claimed, row.seen, str(row.member_id)))


def _follow_ups(leads: Any, question: Question) -> Figure:
    """What was called off before its time was never due."""
    in_time = Q(cancelled_at__isnull=True) | Q(cancelled_at__gt=F("due_at"))
    due = FollowUp.objects.filter(in_time, lead__in=leads, due_at__lte=question.now)
    counted = due.aggregate(due=Count("pk"), kept=Count("pk", filter=Q(done_at__lte=F("due_at"))))
    return Figure("follow_up", counted["kept"], counted["due"], "road=kept")


def _persistence(leads: Any, *, never: int) -> Figure:
    untouched = leads.filter(first_contact_at__isnull=True)
    tried = Attempt.objects.filter(COUNTS, lead__in=untouched).order_by().values("lead")
    often = tried.annotate(times=Count("pk")).filter(times__gte=PERSISTENT)
    return Figure("persistence", often.count(), never, "road=persistent")


def _caught(leads: Any, question: Question, access: Access) -> int:
    """What `leads.filters.caught` finds lead by lead, found for all in one pass over decisions."""
    since = question.period.start - EARLIER
    first = (
        Decision.objects.filter(team=access.team, at__gte=since, lead__in=leads)
        .order_by("lead_id", "at", "pk").distinct("lead_id").values("rule_id")
    )  # fmt: skip
    sql, values = named(first, "d")
    with connection.cursor() as cursor:
        cursor.execute(_BY_RULE.format(first=sql), values)
        by_rule: dict[UUID | None, int] = dict(cursor.fetchall())
    asks_nothing = Q(conditions={}) | Q(conditions={"all": []})
    asked = [pk for pk in by_rule if pk is not None]
    rules = Rule.objects.filter(asks_nothing, team=access.team, pk__in=asked)
    return by_rule.get(None, 0) + sum(by_rule[pk] for pk in rules.values_list("pk", flat=True))


def _duplicates(question: Question, access: Access) -> Figure:
    """Of all that came in, what was a lead already."""
    period = question.period
    rows = Capture.objects.filter(
        team=access.team, is_test=False,
        received_at__gte=period.start, received_at__lte=period.end,
    )  # fmt: skip
    if question.source_id:
        rows = rows.filter(source_id=question.source_id)
    counted = rows.aggregate(
        all=Count("pk"), again=Count("pk", filter=Q(outcome=Capture.Outcome.DUPLICATE))
    )
    return Figure("duplicates", counted["again"], counted["all"])
