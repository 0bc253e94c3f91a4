"""The live board: everything that a wall screen shows of a team at one moment.

A fixed number of queries, and lists of a fixed length: a busy day makes no longer page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.dashboards.figures import metrics
from apps.dashboards.figures.metrics import Figures
from apps.dashboards.figures.periods import Period
from apps.dashboards.figures.questions import Question
from apps.dashboards.live.people import People, people
from apps.dashboards.live.waiting import OpenOffer, WaitingLead, open_offers, waiting_leads
from apps.leads.speed import Clock
from apps.teams.access import Access

WAITING = 12
OFFERS = 4
PEOPLE = 6
CLAIMS = 4


@dataclass(frozen=True, slots=True)
class Board:
    """`figures` are the dashboard's own, of today by the clock that never stops."""

    figures: Figures
    waiting: Sequence[WaitingLead]
    offers: Sequence[OpenOffer]
    offered: int
    people: People

    @property
    def more_waiting(self) -> int:
        return max(0, self.figures.untouched.leads - len(self.waiting))

    @property
    def more_offers(self) -> int:
        return max(0, self.offered - len(self.offers))

    @property
    def more_people(self) -> int:
        return self.people.available - len(self.people.shown)


def board(access: Access, *, now: datetime) -> Board:
    """What to show, as far as this actor may see it."""
    period = Period.ending(now, key="today", timezone=access.team.timezone)
    question = Question(period=period, clock=Clock.REAL, source_id=None, now=now)
    offers, offered = open_offers(access, now=now, most=OFFERS)
    return Board(
        figures=metrics.figures(question, access=access),
        waiting=waiting_leads(access, now=now, most=WAITING),
        offers=offers,
        offered=offered,
        people=people(access, now=now, most=PEOPLE, claims=CLAIMS),
    )
