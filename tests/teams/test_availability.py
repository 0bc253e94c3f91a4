"""Pausing, hours, time off, capacity: what changes, who may, and what is kept of it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from apps.teams import availability, presence
from apps.teams.access import Access
from apps.teams.availability import AvailabilityRefused
from apps.teams.models import AuditEntry, AvailabilityChange, Membership, TimeOff
from apps.teams.presence import State
from tests.factories import HolidayFactory, MembershipFactory
from tests.factories.teams import NOW
from tests.teams.people import People, a_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> People:
    return a_team()


def _state(member: Membership, now: datetime = NOW) -> presence.Presence:
    shown = presence.with_time_off(Membership.objects.filter(pk=member.pk), now=now).get()
    holidays = presence.holidays_of(member.team)
    return presence.presence_of(shown, now=now, holidays=holidays)


def test_a_member_pauses_herself_until_a_moment(people: People) -> None:
    until = NOW + timedelta(hours=1)

    availability.pause(people.salesperson, until=until, by=Access.of(people.salesperson), now=NOW)

    assert _state(people.salesperson) == presence.Presence(State.PAUSED, until)
    assert _state(people.salesperson, until).is_available


def test_a_pause_must_end_in_the_future(people: People) -> None:
    with pytest.raises(AvailabilityRefused):
        availability.pause(people.salesperson, until=NOW, by=Access.of(people.salesperson), now=NOW)


def test_every_change_is_kept_with_what_was_before(people: People) -> None:
    me = Access.of(people.salesperson)

    availability.pause(people.salesperson, by=me, now=NOW)
    availability.resume(people.salesperson, by=me, now=NOW + timedelta(minutes=5))

    paused, resumed = AvailabilityChange.objects.filter(membership=people.salesperson)
    assert (paused.kind, resumed.kind) == ("paused", "resumed")
    assert resumed.before == {"is_paused": True, "until": None}
    assert resumed.after == {"is_paused": False, "until": None}
    assert (resumed.actor, resumed.via) == (people.salesperson.user, "membership")
    actions = AuditEntry.objects.filter(team=people.team).values_list("action", flat=True)
    assert set(actions) == {"availability.paused", "availability.resumed"}


def test_resuming_without_a_pause_leaves_no_trace(people: People) -> None:
    availability.resume(people.salesperson, by=Access.of(people.salesperson), now=NOW)

    assert not AvailabilityChange.objects.exists()


def test_a_salesperson_does_not_pause_a_colleague(people: People) -> None:
    colleague = MembershipFactory(team=people.team)

    with pytest.raises(PermissionDenied):
        availability.pause(colleague, by=Access.of(people.salesperson), now=NOW)


def test_a_manager_pauses_anybody_of_the_team(people: People) -> None:
    availability.pause(people.salesperson, by=Access.of(people.manager), now=NOW)

    assert _state(people.salesperson).state is State.PAUSED


def test_a_manager_does_not_reach_into_another_team(people: People) -> None:
    stranger = MembershipFactory()

    with pytest.raises(Membership.DoesNotExist):
        availability.pause(stranger, by=Access.of(people.manager), now=NOW)


def test_a_viewer_has_no_availability_of_her_own(people: People) -> None:
    with pytest.raises(PermissionDenied):
        availability.pause(people.viewer, by=Access.of(people.viewer), now=NOW)


def test_own_hours_take_the_place_of_the_teams(people: People) -> None:
    me = Access.of(people.salesperson)

    availability.set_hours(people.salesperson, hours={"2": [["12:00", "24:00"]]}, by=me, now=NOW)

    closed = _state(people.salesperson)
    assert closed == presence.Presence(State.CLOSED, NOW.replace(hour=12))


def test_hours_that_make_no_sense_are_refused(people: People) -> None:
    me = Access.of(people.salesperson)

    with pytest.raises(AvailabilityRefused, match="time such as 09:00"):
        availability.set_hours(people.salesperson, hours={"0": [["nine", "18:00"]]}, by=me, now=NOW)


def test_time_off_makes_away_and_can_be_taken_back(people: People) -> None:
    me = Access.of(people.salesperson)
    ends_at = NOW + timedelta(days=1)

    away = availability.add_time_off(
        people.salesperson, starts_at=NOW, ends_at=ends_at, by=me, now=NOW
    )
    while_away = _state(people.salesperson)
    availability.remove_time_off(away, by=me, now=NOW)

    assert while_away == presence.Presence(State.AWAY, ends_at)
    assert _state(people.salesperson).is_available
    assert not TimeOff.objects.exists()
    kinds = AvailabilityChange.objects.values_list("kind", flat=True)
    assert list(kinds) == ["time_off", "time_off_removed"]


@pytest.mark.parametrize("ends_at", [NOW, NOW - timedelta(days=1)])
def test_time_off_that_is_over_or_has_no_length_is_refused(
    people: People, ends_at: datetime
) -> None:
    with pytest.raises(AvailabilityRefused):
        availability.add_time_off(
            people.salesperson,
            starts_at=NOW,
            ends_at=ends_at,
            by=Access.of(people.salesperson),
            now=NOW,
        )


def test_capacity_is_for_those_who_run_routing(people: People) -> None:
    with pytest.raises(PermissionDenied):
        availability.set_capacity(
            people.salesperson, capacity=1, by=Access.of(people.salesperson), now=NOW
        )

    availability.set_capacity(people.salesperson, capacity=5, by=Access.of(people.manager), now=NOW)

    people.salesperson.refresh_from_db()
    assert people.salesperson.capacity == 5


def test_counters_that_moved_meanwhile_are_left_alone(people: People) -> None:
    stale = Membership.objects.get(pk=people.salesperson.pk)
    Membership.objects.filter(pk=stale.pk).update(open_leads=7)

    availability.pause(stale, by=Access.of(people.manager), now=NOW)

    people.salesperson.refresh_from_db()
    assert people.salesperson.open_leads == 7


def test_nobody_is_there_on_a_holiday(people: People) -> None:
    HolidayFactory(team=people.team, date=NOW.date())

    assert _state(people.salesperson) == presence.Presence(
        State.CLOSED, datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
    )
