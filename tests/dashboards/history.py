"""A team to which things happen by chance, for figures that have to stay right all the time."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from apps.assignments.models import Assignment, Decision
from apps.leads.models import Lead, Source, StatusKind
from apps.rules.models import TurnEntry
from apps.teams.access import Access
from apps.teams.models import Team
from tests.assignments.world import World
from tests.factories import ActivityFactory, AttemptFactory, SourceFactory

NOW = datetime(2026, 4, 1, 10, 30, tzinfo=UTC)  # days after summer time began in Europe
ZONES = ("Europe/Vienna", "Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns", "UTC")


class History:
    """A team to which things happen by chance, but the same for the same seed."""

    def __init__(self, seed: int, zone: str) -> None:
        self.chance = random.Random(seed)
        self.world = World(f"team-{seed}", response_seconds=300)
        Team.objects.filter(pk=self.world.team.pk).update(timezone=zone)
        self.world.team.refresh_from_db()
        self.sources: list[Source] = [
            self.world.source,
            *(SourceFactory(team=self.world.team, name=f"Source {n}") for n in range(2)),
        ]
        self.members = [self.world.member(f"Member{n}") for n in range(3)]
        self.pool = self.world.pool(*self.members)
        self.manager = self.world.member("Manager", role="manager")
        for _number in range(60):
            self.receive()

    def moment(self) -> datetime:
        seconds = self.chance.choice((3600, 86_400, 86_400 * 8, 86_400 * 60, 86_400 * 190))
        return NOW - timedelta(seconds=self.chance.uniform(-60, seconds))

    def wait(self) -> timedelta:
        limit = self.chance.choice((60, 300, 4000, 200_000))
        return timedelta(microseconds=self.chance.randint(0, limit * 1_000_000))

    def receive(self) -> None:
        received = self.moment()
        lead = self.world.lead(
            received_at=received,
            campaign=self.chance.choice(("", "Spring", "“Ünïcödé”")),
            form=self.chance.choice(("", "Contact")),
            clock_starts_at=received + self.chance.choice((timedelta(), self.wait())),
            is_spam=self.chance.random() < 0.05,
            is_test=self.chance.random() < 0.05,
        )
        Lead.objects.filter(pk=lead.pk).update(source=self.chance.choice(self.sources))
        for _number in range(self.chance.choice((0, 1, 1, 2))):
            self.assign(lead)

    def assign(self, lead: Lead) -> None:
        member = self.chance.choice(self.members)
        now = lead.received_at + self.wait()
        decision = Decision.objects.create(
            team=self.world.team, via="system", lead=lead, at=now, door="webhook",
            outcome="assigned", pool=self.chance.choice((None, self.pool)), trace={},
        )  # fmt: skip
        Assignment.objects.filter(lead=lead, ended_at=None).update(
            ended_at=now, end_reason=self.chance.choice(("timeout", "released"))
        )
        Assignment.objects.create(
            team=self.world.team, via="system", lead=lead, member=member, decision=decision,
            how="assigned", generation=1, started_at=now,
            respond_by=self.chance.choice((None, now + self.wait(), NOW + self.wait())),
        )  # fmt: skip
        Lead.objects.filter(pk=lead.pk).update(
            owner=member, stage="owned", assigned_at=now, offered_at=lead.received_at,
            claimed_at=self.chance.choice((None, now)),
        )  # fmt: skip

    def some(self, number: int) -> list[Lead]:
        """Some of its leads, by chance."""
        leads = list(Lead.objects.filter(team=self.world.team).order_by("pk"))
        return self.chance.sample(leads, number)

    def happen(self) -> None:
        """One thing happens to one lead."""
        (lead,) = self.some(1)
        self.chance.choice(
            (
                self.attempt,
                self.attempt,
                self.contact,
                self.close,
                self.hide,
                self.move,
                self.assign,
                self.win,
                self.qualify,
                self.try_it,
                self.turn,
            )
        )(lead)

    def attempt(self, lead: Lead) -> None:
        at = lead.received_at + self.wait()
        Lead.objects.filter(pk=lead.pk).update(
            first_attempt_at=at,
            business_response_seconds=self.chance.choice((None, self.chance.uniform(0, 5000))),
        )
        Assignment.objects.filter(lead=lead, ended_at=None, started_at__lte=at).update(
            responded_at=at
        )

    def contact(self, lead: Lead) -> None:
        Lead.objects.filter(pk=lead.pk).update(first_contact_at=lead.received_at + self.wait())

    def close(self, lead: Lead) -> None:
        kind = self.chance.choice(list(StatusKind))
        Lead.objects.filter(pk=lead.pk).update(
            status_kind=kind, closed_at=self.chance.choice((None, NOW))
        )

    def win(self, lead: Lead) -> None:
        """By somebody, or nobody knows by whom; what it is worth may come later."""
        after = timedelta(days=self.chance.choice((1, 29, 31, 59, 61, 89, 91)))
        Lead.objects.filter(pk=lead.pk).update(
            status_kind=StatusKind.WON,
            closed_at=lead.received_at + after,
            facts=self.chance.choice(({}, {"budget": self.chance.randint(0, 10**9)})),
        )
        closer = self.chance.choice((None, *self.members))
        ActivityFactory(
            team=self.world.team, lead=lead, kind="status", data={"kind": "won"}, member=closer,
            at=lead.received_at + after,
        )  # fmt: skip

    def qualify(self, lead: Lead) -> None:
        Lead.objects.filter(pk=lead.pk).update(qualified_at=self.chance.choice((None, NOW)))

    def try_it(self, lead: Lead) -> None:
        AttemptFactory(
            team=self.world.team, lead=lead, member=self.chance.choice(self.members),
            at=lead.received_at + self.wait(), confirmed_at=self.chance.choice((None, NOW)),
            outcome=self.chance.choice(("", "talked", "misdial")),
        )  # fmt: skip

    def turn(self, lead: Lead) -> None:
        """A turn of the pool about the lead, or one given back, at any time."""
        seats = list(self.pool.seats.order_by("position"))
        winner = self.chance.choice(seats)
        share = 10**9 // len(seats)
        TurnEntry.objects.create(
            team=self.world.team, pool=self.pool, turn_no=TurnEntry.objects.count() + 1, lead=lead,
            at=self.moment(), winner=winner, reason=self.chance.choice(list(TurnEntry.Reason)),
            deltas={str(seat.pk): share - 10**9 * (seat == winner) for seat in seats},
        )  # fmt: skip

    def hide(self, lead: Lead) -> None:
        if self.chance.random() < 0.2:
            lead.delete()
            return
        gone = self.chance.choice((None, NOW))
        Lead.objects.filter(pk=lead.pk).update(
            deleted_at=gone, is_spam=self.chance.random() < 0.2, is_test=False
        )

    def move(self, lead: Lead) -> None:
        """What a merge may do: the lead is as old as the older of the two."""
        moment, source = self.moment(), self.chance.choice(self.sources)
        Lead.objects.filter(pk=lead.pk).update(
            received_at=moment, source=source, first_attempt_at=None, first_contact_at=None
        )

    def access(self) -> Access:
        return self.world.access(self.manager)
