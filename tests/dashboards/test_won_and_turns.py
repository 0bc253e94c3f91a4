"""What kept days say of won leads and of turns, against the tables in plain Python."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest

from apps.dashboards.figures.attribution import attribution, won_leads
from apps.dashboards.figures.conversion import conversion
from apps.dashboards.figures.periods import Period
from apps.dashboards.figures.questions import Question
from apps.dashboards.kept import counting, recount, refreshing
from apps.dashboards.kept.columns import HORIZONS
from apps.dashboards.models import TouchedSpan
from apps.leads.models import CustomField, Lead, StatusKind
from apps.leads.speed import Clock
from apps.rules.models import TurnEntry
from apps.teams.models import Team
from tests.dashboards.history import NOW, ZONES, History
from tests.dashboards.recounting import counted

pytestmark = pytest.mark.django_db


def question(history: History, key: str = "quarter") -> Question:
    period = Period.ending(NOW, key=key, timezone=history.world.team.timezone)
    return Question(period=period, clock=Clock.REAL, source_id=None, now=NOW)


def turns(history: History, asked: Question) -> dict[str, tuple[float, int]]:
    """By member: the turns that were due and those taken; a seat that is gone counts no more."""
    due, taken = Counter[UUID](), Counter[UUID]()
    member = {str(seat.pk): seat.membership_id for seat in history.pool.seats.all()}
    for entry in TurnEntry.objects.filter(team=history.world.team):
        if entry.reason not in ("turn", "give_back"):
            continue
        if not asked.period.start <= entry.at <= asked.period.end:
            continue
        times = 1 if entry.reason == "turn" else -1
        for seat, nano in entry.deltas.items():
            if seat in member:
                won = times * (seat == str(entry.winner_id))
                taken[member[seat]] += won
                due[member[seat]] += nano + won * 10**9
    return {str(each): (due[each] / 1e9, taken[each]) for each in {*due, *taken}}


def sums(history: History) -> tuple[object, ...]:
    """What attribution, conversion and the turns say, whether by sums or one by one."""
    access, asked = history.access(), question(history)
    found = attribution(asked, access=access)
    rows = list(won_leads(asked, access=access))
    people = sum(row.people for row in rows) / len(rows) if rows else None
    touches = sum(row.touches for row in rows) / len(rows) if rows else None
    told = (found.leads, found.value, found.people, found.touches)
    assert told == (
        len(rows), sum(row.value or 0 for row in rows),
        pytest.approx(people) if rows else None, pytest.approx(touches) if rows else None,
    )  # fmt: skip
    assert {each.name: each.won for each in found.by_member} == Counter(
        row.closer.user.name if row.closer else "" for row in rows
    )
    return told


def months(history: History) -> dict[object, tuple[int, ...]]:
    """By month: leads received, and those won within each horizon."""
    found: dict[object, list[int]] = {}
    leads = counted(Lead.objects.filter(team=history.world.team))
    for lead in (each for each in leads if each.received_at <= NOW):
        zone = question(history).period.start.tzinfo
        row = found.setdefault(
            lead.received_at.astimezone(zone).date().replace(day=1), [0] * (1 + len(HORIZONS))
        )
        row[0] += 1
        for place, days in enumerate(HORIZONS, 1):
            if lead.status_kind == StatusKind.WON and lead.closed_at:
                row[place] += (lead.closed_at - lead.received_at).total_seconds() <= days * 86400
    return {month: tuple(row) for month, row in found.items()}


def same(history: History) -> None:
    access, asked = history.access(), question(history)
    told = {
        section.key["member"]: (section.figures["due"], section.figures["taken"])
        for section in counting.turns(asked, access=access)
    }
    expected = turns(history, asked)
    assert told.keys() == expected.keys()
    for member, (due, taken) in expected.items():
        assert told[member] == (pytest.approx(due, abs=1e-6), taken)
    sums(history)
    expected_months = months(history)
    for month in conversion(access, now=NOW):
        row = (month.received, *(won for won in month.won.values() if won is not None))
        assert row == expected_months[month.first_day][: len(row)]


@pytest.mark.parametrize("seed", range(20, 23))
def test_won_leads_and_turns_stay_right_whatever_happens(seed: int) -> None:
    history = History(seed, ZONES[seed % len(ZONES)])
    refreshing.rebuild(history.world.team.pk)
    for _round in range(3):
        for lead in history.some(12):
            history.chance.choice((history.win, history.try_it, history.turn, history.turn))(lead)
        same(history)
        refreshing.refresh()
        assert not TouchedSpan.objects.exists()
        same(history)
        assert not list(recount.differences(history.world.team))


def test_a_seat_that_is_removed_makes_no_difference() -> None:
    history = History(30, "UTC")
    for lead in history.some(12):
        history.turn(lead)
    refreshing.refresh()
    history.pool.seats.all()[0].delete()

    same(history)
    assert not list(recount.differences(history.world.team))


def test_what_leads_are_worth_changes_with_the_field_and_the_currency() -> None:
    history = History(31, "UTC")
    for lead in history.some(9):
        history.win(lead)
    Lead.objects.filter(status_kind=StatusKind.WON).update(
        facts={"budget": 500}, custom={"deal": 700}
    )
    refreshing.refresh()
    before = sums(history)

    field = CustomField.objects.create(
        team=history.world.team, key="deal", label="Deal", type="money"
    )
    with_field = sums(history)
    refreshing.refresh()
    assert sums(history) == with_field != before
    field.delete()
    assert sums(history) == before
    refreshing.refresh()
    Lead.objects.filter(status_kind=StatusKind.WON).update(
        facts={"budget": 500, "budget_currency": "EUR"}
    )
    Team.objects.filter(pk=history.world.team.pk).update(currency="USD")
    history.world.team.refresh_from_db()
    assert sums(history)[1] == 0
    refreshing.refresh()
    assert sums(history)[1] == 0
