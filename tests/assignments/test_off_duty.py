"""Going off duty: untouched leads go on, once, where the pool or the member asks for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from apps.alerts.models import Alert, Kind
from apps.assignments.models import Assignment, Decision, Door
from apps.assignments.moves import off_duty
from apps.assignments.moves.off_duty import hand_back_due
from apps.assignments.services import assign_by_hand, expire_due
from apps.assignments.work import bad_leads
from apps.assignments.work.attempts import confirm_attempt, log_attempt
from apps.leads.models import Activity, Lead
from apps.routing.calendar import Schedule
from apps.rules.models import Pool
from apps.teams import availability
from apps.teams.models import Membership, TimeOff
from apps.teams.permissions import Role
from tests.assignments.test_pages import browser_of
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


class Shift:
    """Mia has a lead of a pool that takes leads back; Jonas is there as well."""

    def __init__(self, world: World, **settings: Any) -> None:
        self.world = world
        self.mia = world.member("Mia")
        self.pool = world.pool(self.mia, **{"takes_back_on_leave": True, **settings})
        world.rules(self.pool)
        self.lead = world.routed(now=NOW - MINUTE)
        self.jonas = world.member("Jonas")
        self.pool.seats.create(team=world.team, membership=self.jonas, position=1)

    def pause(self, **how: Any) -> None:
        availability.pause(self.mia, by=self.world.access(self.mia), now=NOW, **how)

    @property
    def owner(self) -> Any:
        return Lead.objects.get(pk=self.lead.pk).owner_id

    def assignment(self) -> Assignment:
        return Assignment.objects.get(lead=self.lead, ended_at=None)


@pytest.fixture
def shift(world: World) -> Shift:
    return Shift(world)


def test_a_pause_sends_an_untouched_lead_on_and_she_is_told_why(shift: Shift) -> None:
    shift.pause()

    done = expire_due()

    assert (done["handed_back"], shift.owner) == (1, shift.jonas.pk)
    assert Decision.objects.filter(lead=shift.lead).latest("at").door == Door.HANDED_BACK
    assert Activity.objects.filter(lead=shift.lead, kind=Activity.Kind.HANDED_BACK).count() == 1
    told = Alert.objects.get(kind=Kind.TAKEN_BACK)
    assert (told.user_id, told.data["reason"]) == (shift.mia.user_id, "off_duty")
    ended = Assignment.objects.get(lead=shift.lead, member=shift.mia)
    assert ended.end_reason == Assignment.Ended.HANDED_BACK
    shift.mia.refresh_from_db()
    assert shift.mia.open_leads == 0


def test_it_happens_once_for_each_leave(shift: Shift) -> None:
    shift.pause(hand_back=True)
    expire_due()
    manager = shift.world.access(shift.world.member("Max", Role.MANAGER))
    assign_by_hand(shift.lead, member=shift.mia, by=manager, now=NOW + MINUTE)

    assert expire_due()["handed_back"] == 0
    assert shift.owner == shift.mia.pk


def test_time_off_that_begins_sends_it_on(shift: Shift) -> None:
    def away(starts_at: datetime) -> None:
        TimeOff.objects.create(
            team=shift.world.team, membership=shift.mia, starts_at=starts_at,
            ends_at=datetime.now(UTC) + timedelta(days=1),
        )  # fmt: skip

    away(datetime.now(UTC) + MINUTE)
    assert hand_back_due(limit=9) == 0
    away(NOW - timedelta(seconds=1))

    assert hand_back_due(limit=9) == 1
    assert shift.owner == shift.jonas.pk


def hours_until(end: datetime, zone: str) -> dict[str, list[list[str]]]:
    """A shift that ends then, and has run since 23 hours before."""
    local = end.astimezone(ZoneInfo(zone))
    begin = local - timedelta(hours=23)
    day = begin.weekday()
    return {str(day): [[f"{begin:%H:%M:%S}", f"{local:%H:%M:%S}"]]}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_the_end_of_her_shift_sends_it_on_by_her_own_clock(shift: Shift, zone: str) -> None:
    shift.mia.user.timezone = zone
    shift.mia.user.save()
    end = NOW - timedelta(seconds=1)
    Membership.objects.filter(pk=shift.mia.pk).update(hours=hours_until(end, zone))

    assert hand_back_due(limit=9) == 1
    assert hand_back_due(limit=9) == 0
    assert shift.owner == shift.jonas.pk


def test_what_she_was_given_after_her_shift_stays(shift: Shift) -> None:
    end = NOW - 5 * MINUTE
    Membership.objects.filter(pk=shift.mia.pk).update(hours=hours_until(end, "UTC"))

    assert hand_back_due(limit=9) == 0
    assert shift.owner == shift.mia.pk


def test_a_pool_that_does_not_mind_hours_keeps_it_with_her(world: World) -> None:
    shift = Shift(world, respects_hours=False)
    Membership.objects.filter(pk=shift.mia.pk).update(
        hours=hours_until(NOW - timedelta(seconds=1), "UTC")
    )

    assert hand_back_due(limit=9) == 0


def test_with_nobody_else_there_it_waits_for_the_next_who_is(world: World) -> None:
    shift = Shift(world)
    Membership.objects.filter(pk=shift.jonas.pk).update(is_paused=True)
    shift.pause()

    expire_due()

    shift.lead.refresh_from_db()
    assert (shift.lead.stage, shift.lead.owner_id) == (Lead.Stage.HELD, None)
    availability.resume(shift.mia, by=world.access(shift.mia), now=NOW + MINUTE)
    expire_due()
    assert shift.owner == shift.mia.pk


def test_pools_that_do_not_ask_for_it_keep_everything(world: World) -> None:
    shift = Shift(world, takes_back_on_leave=False)
    shift.pause()

    assert expire_due()["handed_back"] == 0
    assert shift.owner == shift.mia.pk


def test_she_may_hand_back_all_that_she_has_with_her_pause(world: World) -> None:
    shift = Shift(world, takes_back_on_leave=False)
    url = f"/t/{world.team.slug}/me/pause/"

    browser_of(shift.mia).post(url, {"length": "60", "hand_back": "on"})

    assert expire_due()["handed_back"] == 1
    assert shift.owner == shift.jonas.pk


def test_a_lead_that_a_rule_sent_her_in_person_is_not_sent_to_her_again(world: World) -> None:
    mia = world.member("Mia")
    world.rules(mia)
    lead = world.routed(now=NOW - MINUTE)
    availability.pause(mia, by=world.access(mia), now=NOW, hand_back=True)

    expire_due()

    lead.refresh_from_db()
    assert lead.stage == Lead.Stage.MANAGER


def calls(shift: Shift) -> None:
    log_attempt(shift.lead, channel="call", by=shift.world.access(shift.mia), now=NOW)


def called(shift: Shift) -> None:
    by = shift.world.access(shift.mia)
    made = log_attempt(shift.lead, channel="call", by=by, now=NOW)
    confirm_attempt(made, outcome="no_answer", by=by, now=NOW)


def reported(shift: Shift) -> None:
    bad_leads.report(shift.lead, reason="spam", by=shift.world.access(shift.mia), now=NOW)


@pytest.mark.parametrize("touch", [calls, called, reported], ids=lambda each: each.__name__)
def test_a_lead_that_she_touched_stays_with_her(shift: Shift, touch: Any) -> None:
    touch(shift)
    shift.pause(hand_back=True)

    assert expire_due()["handed_back"] == 0
    assert shift.owner == shift.mia.pk


def test_a_pause_that_is_over_hands_nothing_back(shift: Shift) -> None:
    shift.pause()
    Membership.objects.filter(pk=shift.mia.pk).update(paused_until=NOW - MINUTE)

    assert expire_due()["handed_back"] == 0


def test_whoever_touches_the_lead_in_the_same_moment_keeps_it(
    shift: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    shift.pause()
    found = off_duty._left_by_word(9)
    called(shift)
    monkeypatch.setattr(off_duty, "_left_by_word", lambda limit: found)

    assert hand_back_due(limit=9) == 0
    assert shift.owner == shift.mia.pk


def test_one_that_fails_is_left_for_the_next_time(
    shift: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken")

    shift.pause()
    with monkeypatch.context() as broken:
        broken.setattr(off_duty, "route", fail)
        failed = hand_back_due(limit=9)

    assert (failed, shift.owner) == (0, shift.mia.pk)
    assert hand_back_due(limit=9) == 1


def _leave_only_its_index(cursor: Any) -> None:
    """Until the test's transaction ends: which index is cheapest for a few rows says nothing."""
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute(
        "SELECT i.indexrelid::regclass::text FROM pg_index i "
        "LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid "
        "WHERE i.indrelid = 'assignments_assignment'::regclass AND c.oid IS NULL "
        "AND i.indexrelid <> 'assignments_untouched'::regclass"
    )
    for (index,) in cursor.fetchall():
        cursor.execute(f"DROP INDEX {index}")
    cursor.execute("SET LOCAL enable_seqscan = off")


@pytest.mark.parametrize("sql", [off_duty.PAUSED, off_duty.AWAY, off_duty.HOLDERS])
def test_looking_searches_untouched_leads_by_their_index(sql: str, shift: Shift) -> None:
    with connection.cursor() as cursor:
        _leave_only_its_index(cursor)
        cursor.execute(f"EXPLAIN {sql}", [9] if "%s" in sql else [])
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "assignments_untouched" in plan, plan


def test_no_pool_that_asks_for_it_costs_three_looks(
    world: World, django_assert_num_queries: Any
) -> None:
    shift = Shift(world, takes_back_on_leave=False)
    assert isinstance(shift.pool, Pool)

    with django_assert_num_queries(3):
        hand_back_due(limit=200)


def test_a_shift_over_the_change_of_the_clock_ends_by_the_new_clock() -> None:
    hours = [Schedule.from_json({"6": [["00:00", "04:00"]]}, "Europe/Berlin")]
    begun = datetime(2026, 3, 29, 0, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    after = datetime(2026, 3, 29, 2, 1, tzinfo=UTC)  # 04:01, three hours after midnight

    assert off_duty._was_on_duty(list(hours), since=begun, until=after)
    assert not off_duty._was_on_duty(list(hours), since=after, until=after + MINUTE)
