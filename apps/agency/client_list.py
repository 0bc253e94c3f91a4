"""The clients of an agency, a row each: figures, what needs a look, and in which order."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.agency import outcomes
from apps.agency.warnings import Warned, needing
from apps.dashboards.costs import of_teams
from apps.dashboards.costs.of_teams import Spent
from apps.dashboards.figures import clients as counting
from apps.dashboards.figures.clients import ClientFigures
from apps.dashboards.figures.metrics import Group, Percentile, share
from apps.dashboards.figures.periods import Period
from apps.teams.access import Access
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import ClientGrant, Team
from apps.teams.permissions import Permission

SEARCH_LENGTH = 100
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
SPARK_WIDTH, SPARK_HEIGHT = 64.0, 24.0


@dataclass(frozen=True, slots=True)
class ListQuestion:
    """Which clients, over which period, in which order. What is not known becomes the default."""

    period: Period
    now: datetime
    q: str = ""
    group: str = ""
    tag: str = ""
    sort: str = "untouched"

    @classmethod
    def read(cls, asked: Mapping[str, str], *, timezone: str, now: datetime) -> ListQuestion:
        sort = asked.get("sort", "")
        return cls(
            period=Period.ending(now, key=asked.get("period", ""), timezone=timezone),
            now=now,
            q=_text(asked.get("q", "")),
            group=_text(asked.get("group", "")),
            tag=_text(asked.get("tag", "")),
            sort=sort if sort in ORDERS else "untouched",
        )

    @property
    def is_any(self) -> bool:
        """Whether some clients are left out."""
        return bool(self.q or self.group or self.tag)

    def holds(self, grant: ClientGrant) -> bool:
        """Whether this client is among those asked for."""
        words = " ".join((grant.team.name, grant.group, *grant.tags)).casefold()
        return (
            all(word in words for word in self.q.casefold().split())
            and self.group in ("", grant.group)
            and (not self.tag or self.tag in grant.tags)
        )


def _text(asked: str) -> str:
    return asked.replace("\x00", "").strip()[:SEARCH_LENGTH]


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client with its figures, and where they lead as far as it grants."""

    grant: ClientGrant
    figures: ClientFigures
    access: Access
    warnings: Sequence[Warned] = ()
    delivered: int = 0
    spent: Spent | None = None

    @property
    def per_contacted(self) -> int | None:
        """What one contacted lead cost, in the currency of `spent`."""
        return self.spent.per(self.figures.now.contacted) if self.spent else None

    @property
    def team(self) -> Team:
        return self.grant.team

    @property
    def sees_leads(self) -> bool:
        return self.access.can(Permission.SEE_OTHERS)

    @property
    def hides(self) -> bool:
        """Whether contact details are hidden from the agency."""
        return self.access.masked

    @property
    def days(self) -> str:
        """The part of a list's address that says: exactly the leads of these figures."""
        days = self.figures.days
        return f"from={days[0].date}&to={days[-1].date}&counted=1" if days else "counted=1"

    @property
    def spark(self) -> str:
        """The points of the line of leads a day."""
        return spark([day.received for day in self.figures.days])


def spark(values: Sequence[int]) -> str:
    """Points of a line in a box of 64 × 24, from nothing at the bottom to the most at the top."""
    if len(values) < 2:
        return ""
    most, step = max(max(values), 1), SPARK_WIDTH / (len(values) - 1)
    room = SPARK_HEIGHT - 4
    return " ".join(
        f"{n * step:.1f},{SPARK_HEIGHT - 2 - room * value / most:.1f}"
        for n, value in enumerate(values)
    )


@dataclass(frozen=True, slots=True)
class Total:
    """All listed clients together. A median of medians would say nothing, so there is none."""

    received: int = 0
    delivered: int = 0
    untouched: int = 0
    within: float | None = None
    contact_rate: float | None = None
    won_rate: float | None = None
    # Only where all that was spent was spent in one currency.
    per_contacted: int | None = None
    currency: str = ""


def rows(question: ListQuestion, *, by: AgencyAccess) -> list[ClientRow]:
    """Every client that is asked for, the one that most needs a look first."""
    grants = [grant for grant in by.clients() if question.holds(grant)]
    return _sorted(of_grants(grants, period=question.period, now=question.now, by=by), question)


def of_grants(
    grants: Sequence[ClientGrant], *, period: Period, now: datetime, by: AgencyAccess
) -> list[ClientRow]:
    """A row for each of these live grants of the agency, in their order."""
    teams = [grant.team_id for grant in grants]
    figures = counting.clients(teams, period=period, now=now)
    delivered = outcomes.delivered_to(teams, sender=by.agency.sending_team_id, period=period)
    warned = needing(grants, now=now)
    cost = of_teams.spent(_days(figures))
    return [
        ClientRow(
            grant=grant,
            figures=figures[grant.team_id],
            access=by.inside(grant),
            warnings=warned.get(grant.pk, ()),
            delivered=delivered.get(grant.team_id, 0),
            spent=cost.get(grant.team_id),
        )
        for grant in grants
    ]


def _days(figures: Mapping[UUID, ClientFigures]) -> dict[UUID, of_teams.Days]:
    """Of each client, the first and the last of its own days that are counted."""
    counted = {team: each.days for team, each in figures.items() if each.days}
    return {team: (days[0].date, days[-1].date) for team, days in counted.items()}


def total(rows: Sequence[ClientRow]) -> Total:
    groups = [row.figures.now for row in rows]
    received = _sum(groups, "received")
    spent = _all_spent(rows)
    return Total(
        received=received,
        delivered=sum(row.delivered for row in rows),
        untouched=sum(row.figures.untouched.leads for row in rows),
        within=share(_sum(groups, "within"), _sum(groups, "judged")),
        contact_rate=share(_sum(groups, "contacted"), received),
        won_rate=share(_sum(groups, "won"), received),
        per_contacted=spent.per(_contacted_for_money(rows)) if spent else None,
        currency=spent.currency if spent else "",
    )


def _all_spent(rows: Sequence[ClientRow]) -> Spent | None:
    """What all of them spent; None of different currencies, which are never added."""
    amounts = [row.spent for row in rows if row.spent]
    if len({each.currency for each in amounts}) != 1:
        return None
    return Spent(sum((each.amount for each in amounts), Decimal(0)), amounts[0].currency)


def _contacted_for_money(rows: Sequence[ClientRow]) -> int:
    return sum(row.figures.now.contacted for row in rows if row.spent)


def _sum(groups: Sequence[Group], name: str) -> int:
    return sum(getattr(group, name) for group in groups)


def groups_and_tags(by: AgencyAccess) -> tuple[list[str], list[str]]:
    """Every group and every tag in use, in order."""
    kept = list(by.clients().values_list("group", "tags"))
    groups = {group for group, _tags in kept if group}
    return sorted(groups), sorted({tag for _group, tags in kept for tag in tags})


def _name(row: ClientRow) -> Any:
    return (row.team.name.casefold(), row.team.pk)


def _untouched(row: ClientRow) -> Any:
    untouched = row.figures.untouched
    return (-untouched.leads, untouched.oldest or datetime.max.replace(tzinfo=UTC))


def _slowest(percentile: Callable[[Group], Percentile]) -> Callable[[ClientRow], Any]:
    def key(row: ClientRow) -> Any:
        seconds = percentile(row.figures.now).seconds
        return (seconds is None, -(seconds or 0.0))

    return key


def _lowest(rate: Callable[[Group], float | None]) -> Callable[[ClientRow], Any]:
    def key(row: ClientRow) -> Any:
        value = rate(row.figures.now)
        return math.inf if value is None else value

    return key


# By what the list may be sorted: each begins with the worst.
ORDERS: Mapping[str, Callable[[ClientRow], Any]] = {
    "untouched": _untouched,
    "name": _name,
    "warnings": lambda row: (-len(row.warnings), _untouched(row)),
    "leads": lambda row: -row.figures.now.received,
    "median": _slowest(lambda group: group.median),
    "p90": _slowest(lambda group: group.p90),
    "within": _lowest(lambda group: group.within_target),
    "contacted": _lowest(lambda group: group.contact_rate),
    "won": _lowest(lambda group: group.won_rate),
    "last": lambda row: row.figures.last_activity or _LONG_AGO,
}


def _sorted(rows: list[ClientRow], question: ListQuestion) -> list[ClientRow]:
    order = ORDERS[question.sort]
    return sorted(rows, key=lambda row: (order(row), _name(row)))
