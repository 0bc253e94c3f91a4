"""Figures out of kept days against the statement over the tables and against plain Python."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from itertools import islice
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from apps.accounts.ids import uuid7
from apps.dashboards.figures.periods import DAYS, Period
from apps.dashboards.figures.questions import Question, Section
from apps.dashboards.kept import counting, recount, refreshing, rollups
from apps.dashboards.kept.columns import COLUMNS
from apps.dashboards.models import KeptDay, TouchedSpan
from apps.leads.models import Lead
from apps.leads.speed import Clock
from apps.teams.models import Team
from tests.assignments.world import World
from tests.dashboards import statement
from tests.dashboards.history import NOW, ZONES, History

pytestmark = pytest.mark.django_db
KEYS = tuple(DAYS)


def questions(history: History) -> Iterator[Question]:
    for key in KEYS:
        period = Period.ending(NOW, key=key, timezone=history.world.team.timezone)
        for clock in (Clock.REAL, Clock.BUSINESS):
            for source_id in (None, history.sources[1].pk):
                yield Question(period=period, clock=clock, source_id=source_id, now=NOW)


def by_name(sections: list[Section]) -> dict[str, Any]:
    """Sections in a form in which the same figures are the same, whatever their order."""
    known = {}
    for section in (each for each in sections if each.name != "turns"):
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
        told = by_name(statement.count(question, access=access))
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
        assert not list(recount.differences(history.world.team))


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


def test_a_note_about_two_days_is_done_with_however_few_are_redone_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history = History(15, "Asia/Kathmandu")
    monkeypatch.setattr(refreshing, "PACE", 0.0)
    Lead.objects.filter(team=history.world.team).update(received_at=NOW)
    days = (NOW, NOW + timedelta(days=1))
    TouchedSpan.objects.create(
        of_team=history.world.team.pk, received_from=days[0], received_to=days[1], touched_at=NOW
    )

    passes = list(islice(refreshing._passes(history.world.team.pk), 300))

    assert len(passes) < 300
    assert not TouchedSpan.objects.exists()


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
