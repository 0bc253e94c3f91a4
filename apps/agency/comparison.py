"""A few clients side by side, and one client's campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from apps.agency.client_list import ClientRow
from apps.dashboards.figures.metrics import Group, share
from apps.dashboards.figures.periods import Period
from apps.dashboards.showing import words
from apps.leads.models import Lead
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import ClientGrant, Team

MOST = 6
MOST_CAMPAIGNS = 50


@dataclass(frozen=True, slots=True)
class Cell:
    """What one client has of a figure; `is_worst` and `is_best` of those compared."""

    text: str
    is_best: bool = False
    is_worst: bool = False


@dataclass(frozen=True, slots=True)
class CompareLine:
    title: str
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign's leads of a period; "" for leads without one."""

    name: str
    received: int
    attempted: int
    contacted: int
    won: int

    @property
    def contact_rate(self) -> float | None:
        return share(self.contacted, self.received)

    @property
    def won_rate(self) -> float | None:
        return share(self.won, self.received)


def chosen(asked: Iterable[str], *, by: AgencyAccess) -> list[ClientGrant]:
    """The first six of those asked for that are clients now, by name."""
    ids = list(dict.fromkeys(pk for text in asked if (pk := _id(text))))[:MOST]
    return list(by.clients().filter(pk__in=ids))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def lines(rows: Sequence[ClientRow]) -> list[CompareLine]:
    """Every figure, a cell a client, with the best and the worst of each marked."""
    groups = [row.figures.now for row in rows]
    untouched = [row.figures.untouched.leads for row in rows]
    return [
        _line(_("Leads"), [(str(group.received), None) for group in groups]),
        _line(_("Untouched now"), [(str(n), -float(n)) for n in untouched]),
        _speeds(_("Median speed to lead"), groups, "median"),
        _speeds("P90", groups, "p90"),
        _rates(_("Within target"), [group.within_target for group in groups]),
        _rates(_("Attempted"), [row.figures.attempt_rate for row in rows]),
        _rates(_("Contacted"), [group.contact_rate for group in groups]),
        _rates(_("Qualified now"), [share(group.qualified, group.received) for group in groups]),
        _rates(_("Won"), [group.won_rate for group in groups]),
    ]


def _speeds(title: str, groups: Sequence[Group], name: str) -> CompareLine:
    values = [getattr(group, name) for group in groups]
    return _line(
        title,
        [(words.time_of(v), None if v.seconds is None else -v.seconds) for v in values],
    )


def _rates(title: str, values: Sequence[float | None]) -> CompareLine:
    return _line(title, [(words.percent(value), value) for value in values])


def _line(title: str, values: Sequence[tuple[str, float | None]]) -> CompareLine:
    """Cells of words and worth; the higher the worth, the better. None is not judged."""
    worths = [worth for _text, worth in values if worth is not None]
    best, worst = (max(worths), min(worths)) if worths else (0.0, 0.0)
    return CompareLine(
        title,
        [
            Cell(text, worth == best != worst, worth == worst != best)
            if worth is not None
            else Cell(text)
            for text, worth in values
        ],
    )


def campaigns(team: Team, period: Period) -> list[Campaign]:
    """A team's campaigns in a period, the largest first; figures alone, of all its leads."""
    rows = Lead.objects.filter(
        team=team, received_at__gte=period.start, received_at__lte=period.end
    ).counted()
    counted = rows.values("campaign").annotate(
        received=Count("pk"),
        attempted=Count("pk", filter=Q(first_attempt_at__isnull=False)),
        contacted=Count("pk", filter=Q(first_contact_at__isnull=False)),
        won=Count("pk", filter=Q(status_kind="won")),
    )
    best = counted.order_by("-received", "campaign").values_list(
        "campaign", "received", "attempted", "contacted", "won"
    )
    return [Campaign(*row) for row in best[:MOST_CAMPAIGNS]]
