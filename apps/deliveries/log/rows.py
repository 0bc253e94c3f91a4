"""The delivery log: rows as the page shows them, counts by state, and the file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count as CountOf
from django.db.models import QuerySet

from apps.deliveries import words
from apps.deliveries.billing.counts import amount
from apps.deliveries.log.filters import LogFilters
from apps.deliveries.log.paging import LATEST_FIRST
from apps.deliveries.models import Delivery, Dispute
from apps.deliveries.words import Mark
from apps.leads.cells import harmless
from apps.leads.masking import LeadCard, card
from apps.leads.models import Lead
from apps.teams.access import Access

State = Delivery.State
# Counted no further: nobody reads the difference, and everybody would wait for it.
COUNTED = 10_000
AT_ONCE = 500
SHOWN_BY_NAME = 20
HEAVY = (
    "payload", "path", "lead__message", "lead__custom", "lead__score_lines",
    "recipient__secrets_encrypted", "recipient__fields", "recipient__renames",
    "recipient__placed_at", "recipient__hours",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery as lists show it."""

    delivery: Delivery
    card: LeadCard
    state: Mark
    channel: Mark
    returned: Mark | None
    lead_is_away: bool


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are in one state; beyond COUNTED only that there are more."""

    state: str
    mark: Mark
    number: int

    @property
    def shown(self) -> str:
        return f"{COUNTED:,}+" if self.number > COUNTED else f"{self.number:,}"


def is_away(lead: Lead) -> bool:
    """Whether the lead is none of this team: nothing personal of it is shown."""
    return lead.deleted_at is not None and lead.merged_into_id is None


def listed(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """With all that a list shows, and without what is heavy."""
    return rows.select_related("lead__source", "recipient", "rule", "dispute").defer(*HEAVY)


def row(delivery: Delivery, by: Access) -> Row:
    """Needs what `listed` loads."""
    away = is_away(delivery.lead)
    delivery.lead.team = by.team  # its card asks for the currency
    return Row(
        delivery=delivery,
        card=card(delivery.lead, masked=away or by.masked),
        state=words.state_mark(delivery.state),
        channel=words.channel_mark(delivery.channel),
        returned=words.return_mark(dispute_of(delivery)),
        lead_is_away=away,
    )


def dispute_of(delivery: Delivery) -> Dispute | None:
    found: Dispute | None = getattr(delivery, "dispute", None)
    return found


def counts(rows: QuerySet[Delivery]) -> list[Count]:
    """How many of the rows are in each state, in one statement; states without any are left out."""
    asked = [(state, _first_of(rows, state)) for state in State.values]
    parts = [(state, *sql) for state, sql in asked if sql is not None]
    if not parts:
        return []
    # Statements that the ORM wrote, with their values apart.
    union = " UNION ALL ".join(
        f"SELECT %s, count(*) FROM ({sql}) few"  # noqa: S608
        for _state, sql, _args in parts
    )
    values = [value for state, _sql, args in parts for value in (state, *args)]
    with connection.cursor() as cursor:
        cursor.execute(union, values)
        found = dict(cursor.fetchall())
    return [
        Count(state, words.state_mark(state), found[state])
        for state in State.values
        if found.get(state)
    ]


def _first_of(rows: QuerySet[Delivery], state: str) -> tuple[str, tuple[Any, ...]] | None:
    few = rows.filter(state=state).order_by().values("pk")[: COUNTED + 1]
    try:
        return few.query.sql_with_params()
    except EmptyResultSet:
        return None


def in_words(found: Sequence[Count], filters: LogFilters) -> str:
    """The number of all of them."""
    wanted = {filters.state} if filters.state in State.values else set(State.values)
    chosen = [each for each in found if each.state in wanted]
    number = sum(min(each.number, COUNTED) for each in chosen)
    return f"{number:,}+" if any(each.number > COUNTED for each in chosen) else f"{number:,}"


def by_recipient(rows: QuerySet[Delivery]) -> list[tuple[str, int]]:
    """How many of the rows each recipient has, the most first."""
    counted = rows.order_by().values_list("recipient__name").annotate(n=CountOf("pk"))
    return list(counted.order_by("-n", "recipient__name")[:SHOWN_BY_NAME])


COLUMNS = (
    "id", "queued_at", "recipient", "channel", "state", "lead", "company", "city", "rule",
    "campaign", "attempts", "sent_at", "delivered_at", "opened_at", "ended_at", "reason",
    "price", "currency", "return",
)  # fmt: skip


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, value: str) -> str:
        return value


def lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """CSV that spreadsheets read as it is meant: UTF-8 with its mark, no cell a formula."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(header)
    for cells in rows:
        yield writer.writerow([_cell(cell) for cell in cells])


def _cell(value: Any) -> str:
    # An amount may be negative, and can't run.
    return str(value) if isinstance(value, int | Decimal) else harmless(str(value))


def file(rows: QuerySet[Delivery], by: Access) -> Iterator[str]:
    """The rows as CSV, the latest first."""
    shown = listed(rows).order_by(*LATEST_FIRST)
    return lines(COLUMNS, (_cells(each, by) for each in shown.iterator(chunk_size=AT_ONCE)))


def _cells(delivery: Delivery, by: Access) -> list[Any]:
    shown = row(delivery, by)
    returned = dispute_of(delivery)
    return [
        delivery.pk, moment(delivery.queued_at), delivery.recipient.name, delivery.channel,
        delivery.state, shown.card.name, shown.card.company, delivery.lead.city,
        delivery.rule.name if delivery.rule else "", delivery.campaign, delivery.attempts_made,
        moment(delivery.sent_at), moment(delivery.delivered_at), moment(delivery.opened_at),
        moment(delivery.ended_at), delivery.reason, amount(delivery.price_minor, delivery.currency),
        delivery.currency, returned.state if returned else "",
    ]  # fmt: skip


def moment(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
