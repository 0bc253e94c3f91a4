"""Held leads: when somebody in their pool may take one it goes on, the neediest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from apps.routing.simulation.clockwork import Clockwork
from apps.routing.simulation.results import Outcome
from apps.routing.simulation.tables import Pick, Table
from apps.routing.simulation.walk import End, Lead

HOUR = 3600.0
BANDS = "ABCD"


class Waiting:
    """The leads that pools hold. `route` sends one on its road again."""

    def __init__(self, clock: Clockwork, route: Callable[[Lead, datetime], None]) -> None:
        self._clock, self._route = clock, route

    def hold(self, lead: Lead, end: End, now: datetime) -> None:
        """Keep a lead in the pool that its walk ended at; one that is there keeps its place."""
        table = end.table
        assert table is not None  # only a pool holds
        if lead.held_since is None:
            lead.held_since = now
            lead.result.was_held = True
        if lead.held_in is not table:
            lead.held_in = table
            table.held.append(lead)
            table.figures.held += 1
        self._look_later(table, now, end.pick)

    def leave(self, lead: Lead, end: End, now: datetime) -> None:
        """Take a lead out of the pool that held it, unless it is held there again."""
        table = lead.held_in
        if table is None or (end.outcome is Outcome.HELD and end.table is table):
            return
        table.held.remove(lead)
        lead.held_in = None
        self.count(lead, table, now)
        if end.outcome is not Outcome.HELD:
            lead.held_since = None

    def look(self, tables: Iterable[Table], now: datetime) -> None:
        """Something changed at these pools: see whether their leads can go on."""
        for table in tables:
            if table.held:
                self._clock.later(now, self._drain, table)

    def count(self, lead: Lead, table: Table, now: datetime) -> None:
        """Note how long a lead was held by now."""
        assert lead.held_since is not None  # it is or was held
        lead.result.held = (now - lead.held_since).total_seconds()
        table.figures.longest_held = max(table.figures.longest_held, lead.result.held)

    def _look_later(self, table: Table, now: datetime, pick: Pick | None = None) -> None:
        """When somebody's presence may change, or a cap frees, held leads are tried again."""
        moments = [table.changes_at(now), pick.frees_at if pick else table.frees_at(now)]
        soonest = min((each for each in moments if each and each > now), default=None)
        if soonest is None or (table.next_look and now < table.next_look <= soonest):
            return
        table.next_look = soonest
        self._clock.later(soonest, self._drain, table)

    def _drain(self, now: datetime, table: Table) -> None:
        """Send held leads on, the neediest first, as long as anybody may take one."""
        if table.takes_somebody(now):
            for lead in sorted(table.held, key=lambda each: _need(each, now)):
                self._route(lead, now)
                if not table.takes_somebody(now):
                    break
        if table.held:
            self._look_later(table, now)


def _need(lead: Lead, now: datetime) -> tuple[int, int, datetime, int]:
    """Priority and whole hours waited, so that nothing starves; then band, then the longest."""
    since = lead.held_since or now
    waited = int((now - since).total_seconds() // HOUR)
    band = BANDS.find(lead.arrival.band) if lead.arrival.band else len(BANDS)
    return -(lead.priority + waited), band, since, lead.arrival.number
