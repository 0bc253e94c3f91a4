"""Every figure against a case counted by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from apps.assignments import services
from apps.assignments.models import Assignment
from apps.dashboards.figures import metrics
from apps.dashboards.figures.metrics import Figures
from apps.dashboards.figures.periods import Period
from apps.dashboards.figures.questions import Question
from apps.leads.models import Lead, StatusKind
from apps.leads.speed import Clock
from apps.rules.models import TurnEntry
from apps.teams.models import Membership
from tests.assignments.world import NOW, World, overdue_assignment
from tests.factories import SourceFactory

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
Answered = Callable[..., Lead]


@pytest.fixture
def manager(world: World) -> Membership:
    return world.member("Henrike", role="manager")


@pytest.fixture
def answered(world: World) -> Answered:
    """A lead of two hours ago whose first attempt came after so many minutes, or never."""

    def answered(after: float | None = None, **fields: Any) -> Lead:
        received = fields.pop("received_at", NOW - timedelta(hours=2))
        attempt = None if after is None else received + after * MINUTE
        return world.lead(received_at=received, first_attempt_at=attempt, **fields)

    return answered


def count(world: World, manager: Membership, **asked: Any) -> Figures:
    now = asked.pop("now", NOW)
    period = Period.ending(now, key=asked.pop("period", "28"), timezone=world.team.timezone)
    question = Question(
        period=period,
        clock=asked.pop("clock", Clock.REAL),
        source_id=asked.pop("source_id", None),
        now=now,
    )
    return metrics.figures(question, access=world.access(manager))


def test_percentiles_are_nearest_rank(
    world: World, manager: Membership, answered: Answered
) -> None:
    for minutes in range(1, 11):
        answered(minutes)

    group = count(world, manager).now

    # ⌈0.5 · 10⌉ = 5th, ⌈0.9 · 10⌉ = 9th
    assert group.median.seconds == 5 * 60
    assert group.p90.seconds == 9 * 60


def test_the_rank_is_rounded_up(world: World, manager: Membership, answered: Answered) -> None:
    for minutes in range(1, 12):
        answered(minutes)

    group = count(world, manager).now

    # ⌈0.5 · 11⌉ = 6th, ⌈0.9 · 11⌉ = 10th
    assert (group.median.seconds, group.p90.seconds) == (6 * 60, 10 * 60)


def test_p90_is_not_reached_when_more_than_a_tenth_is_unanswered(
    world: World, manager: Membership, answered: Answered
) -> None:
    for minutes in range(1, 9):
        answered(minutes)
    answered(None)
    answered(None)

    group = count(world, manager).now

    assert group.median.seconds == 5 * 60
    assert not group.p90.is_hidden
    assert not group.p90.is_reached


def test_p90_is_reached_with_a_tenth_unanswered(
    world: World, manager: Membership, answered: Answered
) -> None:
    for minutes in range(1, 10):
        answered(minutes)
    answered(None)

    assert count(world, manager).now.p90.seconds == 9 * 60


def test_below_ten_leads_percentiles_are_hidden(
    world: World, manager: Membership, answered: Answered
) -> None:
    for minutes in range(1, 10):
        answered(minutes)

    group = count(world, manager).now

    assert group.received == 9
    assert group.median.is_hidden
    assert group.p90.is_hidden


def test_bands_add_up_to_all_leads(world: World, manager: Membership, answered: Answered) -> None:
    for minutes in (0, 5, 5.1, 15, 16, 60, 61, 3000, None, None):
        answered(minutes, received_at=NOW - timedelta(days=3))

    figures = count(world, manager)

    bands = {band.key: leads for band, leads in figures.bands.items()}
    assert bands == {"0-5": 2, "5-15": 2, "15-60": 2, "60-": 2, "never": 2}
    assert sum(bands.values()) == sum(figures.bins.values()) == figures.now.received == 10


def test_within_target_leaves_out_what_is_still_pending(
    world: World, manager: Membership, answered: Answered
) -> None:
    answered(4)
    answered(6)
    answered(None)
    answered(None, received_at=NOW - 2 * MINUTE)  # three minutes are left

    group = count(world, manager).now

    assert (group.within, group.judged) == (1, 3)
    assert group.within_target == pytest.approx(100 / 3)


def test_spam_tests_deleted_leads_and_other_teams_do_not_count(
    world: World, manager: Membership, answered: Answered
) -> None:
    answered(1)
    answered(1, is_spam=True)
    answered(1, is_test=True)
    answered(1, deleted_at=NOW)
    World("globex").lead(received_at=NOW - timedelta(hours=2))

    assert count(world, manager).now.received == 1


def test_untouched_now_is_open_without_an_attempt_whenever_it_came(
    world: World, manager: Membership, answered: Answered
) -> None:
    oldest = NOW - timedelta(days=200)
    answered(None, received_at=oldest)
    answered(None)
    answered(3)
    answered(None, status_kind=StatusKind.LOST)
    answered(None, is_spam=True)

    untouched = count(world, manager).untouched

    assert (untouched.leads, untouched.oldest) == (2, oldest)


def test_the_period_before_ends_at_the_same_time_of_day(
    world: World, manager: Membership, answered: Answered
) -> None:
    now = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
    for received in (
        datetime(2026, 3, 4, 9, 0, tzinfo=UTC),  # today
        datetime(2026, 3, 3, 9, 0, tzinfo=UTC),  # yesterday, as early
        datetime(2026, 3, 3, 11, 0, tzinfo=UTC),  # yesterday, later than now
    ):
        answered(1, received_at=received)

    figures = count(world, manager, now=now, period="today")

    assert (figures.now.received, figures.before.received) == (1, 1)


def test_days_are_those_of_the_teams_time_zone(world: World, manager: Membership) -> None:
    world.team.timezone = "Europe/Vienna"
    world.team.save()
    now = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
    world.lead(received_at=datetime(2026, 3, 3, 23, 30, tzinfo=UTC))  # 0:30 in Vienna
    world.lead(received_at=datetime(2026, 3, 3, 22, 30, tzinfo=UTC))

    assert count(world, manager, now=now, period="today").now.received == 1


def test_contact_won_lost_and_open(world: World, manager: Membership, answered: Answered) -> None:
    answered(1, first_contact_at=NOW, status_kind=StatusKind.WON)
    answered(1, first_contact_at=NOW, status_kind=StatusKind.LOST)
    answered(1, status_kind=StatusKind.WORKING)
    answered(1, status_kind=StatusKind.NEW)

    group = count(world, manager).now

    assert (group.won, group.lost, group.open) == (1, 1, 2)
    assert group.contact_rate == 50
    assert group.won_rate == 25


def test_one_source_alone(world: World, manager: Membership, answered: Answered) -> None:
    partners = SourceFactory(team=world.team, name="Partners")
    answered(1)
    theirs = [answered(2).pk, answered(None).pk]
    Lead.objects.filter(pk__in=theirs).update(source=partners)

    figures = count(world, manager, source_id=partners.pk)

    assert (figures.now.received, figures.untouched.leads) == (2, 1)
    by_source = {row.source.name: row.group.received for row in count(world, manager).sources}
    assert by_source == {"Partners": 2, "Website": 1}


def test_volume_adds_up_to_all_leads(world: World, manager: Membership, answered: Answered) -> None:
    for days in (0, 1, 1, 5):
        answered(1, received_at=NOW - timedelta(days=days, hours=1))

    figures = count(world, manager)

    assert sum(part.received for part in figures.volume) == 4
    assert sum(figures.arrivals.values()) == 4
    assert sum(slot.received for slot in figures.slots) == 4


def test_routing_delay_and_claim_time_are_medians(
    world: World, manager: Membership, answered: Answered
) -> None:
    received = NOW - timedelta(hours=2)
    for seconds in (1, 2, 30):
        later = received + timedelta(seconds=seconds)
        answered(1, received_at=received, assigned_at=later, offered_at=received, claimed_at=later)

    group = count(world, manager).now

    assert (group.routing_delay, group.claim_time) == (2, 2)


class TestBusinessHours:
    """Friday evening to Monday morning, in a team that opens from nine to six."""

    FRIDAY_EVENING = datetime(2026, 3, 6, 20, 0, tzinfo=UTC)
    MONDAY_MORNING = datetime(2026, 3, 9, 9, 10, tzinfo=UTC)

    def test_a_lead_that_arrives_closed_starts_at_the_opening(
        self, world: World, manager: Membership
    ) -> None:
        mia = world.member("Mia")
        world.rules(world.pool(mia))
        leads = [world.routed(now=self.FRIDAY_EVENING) for _number in range(10)]
        for lead in leads:
            by = world.access(mia)
            attempt = services.log_attempt(lead, channel="call", by=by, now=self.MONDAY_MORNING)
            services.confirm_attempt(attempt, outcome="talked", by=by, now=self.MONDAY_MORNING)

        asked = {"now": self.MONDAY_MORNING + timedelta(hours=1), "period": "7"}
        business = count(world, manager, clock=Clock.BUSINESS, **asked)
        real = count(world, manager, **asked)

        assert business.now.median.seconds == 10 * 60
        assert real.now.median.seconds == (61 * 60 + 10) * 60

    def test_closed_hours_do_not_use_up_the_target(self, world: World, manager: Membership) -> None:
        world.lead(received_at=self.FRIDAY_EVENING)
        at_four_past = datetime(2026, 3, 9, 9, 4, tzinfo=UTC)
        at_six_past = datetime(2026, 3, 9, 9, 6, tzinfo=UTC)
        asked = {"clock": Clock.BUSINESS, "period": "7"}

        assert count(world, manager, now=at_four_past, **asked).now.judged == 0
        assert count(world, manager, now=at_six_past, **asked).now.judged == 1


def test_a_members_speed_begins_with_the_assignment(world: World, manager: Membership) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    for _number in range(10):
        lead = world.routed(now=NOW - timedelta(hours=1))
        Assignment.objects.filter(lead=lead).update(
            started_at=NOW - 30 * MINUTE, responded_at=NOW - 27 * MINUTE
        )

    (row,) = count(world, manager).members

    assert row.received == 10
    assert row.median.seconds == 3 * 60


def test_what_is_due_counts_turns_while_eligible(world: World, manager: Membership) -> None:
    mia, jonas, luca = (world.member(name) for name in ("Mia", "Jonas", "Luca"))
    pool = world.pool(mia, jonas, luca)
    world.rules(pool)
    for _number in range(3):
        world.routed()
    Membership.objects.filter(pk=luca.pk).update(is_paused=True)
    for _number in range(2):
        world.routed()

    rows = {row.member.pk: row for row in count(world, manager).members}

    # Three turns among three, then two among two.
    assert rows[luca.pk].turns == 1
    assert rows[luca.pk].due == pytest.approx(1, abs=1e-6)
    assert rows[mia.pk].due == rows[jonas.pk].due == pytest.approx(2, abs=1e-6)
    assert sum(row.turns for row in rows.values()) == 5
    assert sum(row.due or 0 for row in rows.values()) == pytest.approx(5)


def test_a_turn_that_was_given_back_is_neither_taken_nor_due(
    world: World, manager: Membership
) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules(world.pool(mia, jonas))
    world.routed()
    entry = TurnEntry.objects.get()
    TurnEntry.objects.create(
        team=world.team, pool=entry.pool, turn_no=entry.turn_no, at=NOW, winner=entry.winner,
        reason=TurnEntry.Reason.GIVE_BACK,
        deltas={seat: -nano for seat, nano in entry.deltas.items()},
    )  # fmt: skip

    for row in count(world, manager).members:
        assert (row.turns, row.due) == (0, 0)


def test_a_claimed_lead_is_nobodys_turn(world: World, manager: Membership) -> None:
    mia = world.member("Mia")
    world.rules(mia)
    world.routed()

    (row,) = count(world, manager).members

    assert (row.received, row.due) == (1, None)


def test_the_reroute_rate_is_of_the_leads_that_were_assigned(
    world: World, manager: Membership
) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules(world.pool(mia, jonas))
    late = world.routed()
    world.routed()
    world.lead()  # never assigned
    Assignment.objects.exclude(lead=late).update(respond_by=None)
    overdue_assignment(late)

    services.expire_due()

    figures = count(world, manager, now=NOW + timedelta(seconds=30))
    assert (figures.taken_back, figures.assigned, figures.hops) == (1, 2, 3)
    assert figures.reroute_rate == 50


def test_whoever_sees_only_own_leads_gets_no_figures_of_the_team(world: World) -> None:
    with pytest.raises(PermissionDenied):
        count(world, world.member("Mia"))
