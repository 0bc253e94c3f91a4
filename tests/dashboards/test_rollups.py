"""Figures out of kept days against the statement over the tables and against plain Python."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from apps.accounts.ids import uuid7
from apps.assignments.models import Assignment, Decision
from apps.dashboards.figures import cohort
from apps.dashboards.figures.cohort import Question, Section
from apps.dashboards.figures.periods import DAYS, Period
from apps.dashboards.kept import counting, refreshing, rollups
from apps.dashboards.kept.columns import COLUMNS
from apps.dashboards.models import KeptDay, TouchedSpan
from apps.leads.models import Lead, Source, StatusKind
from apps.leads.speed import Clock
from apps.teams.access import Access
from apps.teams.models import Team
from tests.assignments.world import World
from tests.factories import SourceFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 1, 10, 30, tzinfo=UTC)  # days after summer time began in Europe
ZONES = ("Europe/Vienna", "Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns", "UTC")
KEYS = tuple(DAYS)


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

    def happen(self) -> None:
        """One thing happens to one lead."""
        lead = self.chance.choice(list(Lead.objects.filter(team=self.world.team).order_by("pk")))
        self.chance.choice(
            (
                self.attempt,
                self.attempt,
                self.contact,
                self.close,
                self.hide,
                self.move,
                self.assign,
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
        Lead.objects.filter(pk=lead.pk).update(status_kind=kind)

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


def questions(history: History) -> Iterator[Question]:
    for key in KEYS:
        period = Period.ending(NOW, key=key, timezone=history.world.team.timezone)
        for clock in (Clock.REAL, Clock.BUSINESS):
            for source_id in (None, history.sources[1].pk):
                yield Question(period=period, clock=clock, source_id=source_id, now=NOW)


def by_name(sections: list[Section]) -> dict[str, Any]:
    """Sections in a form in which the same figures are the same, whatever their order."""
    known = {}
    for section in sections:
        figures: dict[str, Any] = {
            name: [None if v is None else float(v) for v in value] if isinstance(value, list)
            else value
            for name, value in section.figures.items()
        }  # fmt: skip
        if section.name == "untouched":
            oldest = figures["oldest"]
            figures["oldest"] = datetime.fromisoformat(oldest) if oldest else None
            by = section.key["by"]
            key = {"by": by, "value": section.key.get(by)}
        else:
            key = section.key
        known[f"{section.name} {json.dumps(key, sort_keys=True)}"] = figures
    return known


def same(history: History) -> None:
    access = history.access()
    for question in questions(history):
        kept = by_name(counting.count(question, access=access))
        told = by_name(cohort.count(question, access=access))
        assert kept.keys() == told.keys()
        for name, figures in kept.items():
            for figure, value in figures.items():
                assert told[name][figure] == value, (question, name, figure)


@pytest.mark.parametrize("seed", range(5))
def test_kept_figures_are_those_of_the_tables_after_whatever_happened(seed: int) -> None:
    history = History(seed, ZONES[seed])
    refreshing.rebuild(history.world.team.pk)
    same(history)

    for _round in range(3):
        for _number in range(15):
            history.happen()
        same(history)  # changed days are counted at once
        refreshing.refresh()
        assert not TouchedSpan.objects.exists()
        same(history)  # and redone days say the same


def test_days_that_did_not_change_are_read_as_they_were_kept() -> None:
    history = History(9, "UTC")
    refreshing.rebuild(history.world.team.pk)
    question = next(iter(questions(history)))
    before = by_name(counting.count(question, access=history.access()))

    KeptDay.objects.filter(day=NOW.date()).update(leads=0, **dict.fromkeys(COLUMNS, b""))

    assert by_name(counting.count(question, access=history.access())) != before


def test_days_kept_for_another_time_zone_are_not_read() -> None:
    history = History(11, "UTC")
    refreshing.rebuild(history.world.team.pk)

    Team.objects.filter(pk=history.world.team.pk).update(timezone="Asia/Kathmandu")
    history.world.team.refresh_from_db()

    same(history)
    refreshing.refresh()
    same(history)
    assert set(KeptDay.objects.values_list("timezone", flat=True)) == {"Asia/Kathmandu"}


def test_a_large_day_may_be_some_seconds_old_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(12, "UTC")
    refreshing.rebuild(history.world.team.pk)
    question = next(iter(questions(history)))
    before = by_name(counting.count(question, access=history.access()))
    monkeypatch.setattr(rollups, "MANY", 1)
    history.world.lead(received_at=NOW)

    assert (
        by_name(counting.count(question, access=history.access())).items()
        >= {key: value for key, value in before.items() if not key.startswith("untouched")}.items()
    )

    TouchedSpan.objects.update(touched_at=F("touched_at") - timedelta(seconds=5))
    same(history)


def test_refreshing_twice_at_once_is_harmless() -> None:
    history = History(13, "UTC")

    assert refreshing.refresh() > 0
    assert refreshing.refresh() == 0
    assert KeptDay.objects.filter(team=history.world.team).exists()


def test_a_recount_finds_nothing_wrong_and_names_what_is() -> None:
    history = History(14, "Asia/Kathmandu")
    team = history.world.team
    out = StringIO()

    call_command("rebuild_figures", team=team.slug, stdout=out)
    assert "equal to the recount" in out.getvalue()

    day = KeptDay.objects.filter(team=team, leads__gt=0).order_by("-day").first()
    assert day is not None
    KeptDay.objects.filter(pk=day.pk).update(wait=b"\0" * len(day.wait))
    with pytest.raises(CommandError, match="1 difference"):
        call_command("rebuild_figures", team=team.slug, check=True, stdout=out)
    assert f"{team.slug} {day.day}: wait" in out.getvalue()


def test_a_team_that_does_not_exist_cannot_be_rebuilt() -> None:
    with pytest.raises(CommandError, match="There is no team"):
        call_command("rebuild_figures", team="nobody")


def test_notes_of_a_team_that_is_gone_are_forgotten() -> None:
    TouchedSpan.objects.create(of_team=uuid7(), touched_at=NOW)

    assert refreshing.refresh() == 0
    assert not TouchedSpan.objects.exists()


def test_a_lead_that_is_routed_leaves_one_note() -> None:
    world = World("noted")
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    TouchedSpan.objects.all().delete()

    world.routed(now=NOW)

    assert TouchedSpan.objects.count() == 1


def test_what_changes_after_a_day_was_redone_is_noted_again() -> None:
    lead = World("again").lead(received_at=NOW)
    refreshing.refresh()

    Lead.objects.filter(pk=lead.pk).update(campaign="Spring")

    assert TouchedSpan.objects.count() == 1
