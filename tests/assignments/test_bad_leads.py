"""Reports of bad leads: told, decided once, and the whole turn given back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import Sum

from apps.alerts.models import Alert, Kind
from apps.assignments.models import Assignment, BadLeadReport
from apps.assignments.services import expire_due
from apps.assignments.work import bad_leads
from apps.assignments.work.bad_leads import ReportRefused
from apps.leads.models import Activity, Lead, Status, StatusKind
from apps.routing.credit import NANO
from apps.rules.models import GiveBack, Pool, Seat, TurnEntry
from apps.rules.pools import seats
from apps.teams.models import AuditEntry, Membership
from apps.teams.permissions import Role
from tests.assignments.test_routing import kinds_told
from tests.assignments.world import NOW, World, overdue_assignment

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=10)


def credits_of(pool: Pool) -> list[int]:
    return list(
        Seat.objects.filter(pool=pool).order_by("position").values_list("credit", flat=True)
    )


class Desk:
    """Two salespeople by turn, a manager, and one lead that Mia was given."""

    def __init__(self, world: World, **pool: Any) -> None:
        self.world = world
        self.mia, self.jonas = world.member("Mia"), world.member("Jonas")
        self.manager = world.member("Max", role=Role.MANAGER)
        self.pool = world.pool(self.mia, self.jonas, weights=[1, 2], **pool)
        world.rules(self.pool)
        self.lead = world.routed()
        self.lead.refresh_from_db()
        self.owner = self.mia if self.lead.owner_id == self.mia.pk else self.jonas

    def report(self, reason: str = "spam", by: Membership | None = None) -> BadLeadReport:
        access = self.world.access(by or self.owner)
        return bad_leads.report(self.lead, reason=reason, note="A bot", by=access, now=NOW)

    def accept(self, report: BadLeadReport) -> BadLeadReport:
        return bad_leads.accept(report, by=self.world.access(self.manager), now=LATER)

    def refuse(self, report: BadLeadReport) -> BadLeadReport:
        return bad_leads.refuse(report, by=self.world.access(self.manager), now=LATER)


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


def test_a_report_tells_the_managers_and_nobody_else(desk: Desk) -> None:
    desk.report("wrong_number")

    told = Alert.objects.get(kind=Kind.REPORTED)
    assert (told.user_id, told.data["reason"]) == (desk.manager.user_id, "wrong_number")
    assert "A bot" not in str(told.data)
    kept = Activity.objects.get(kind=Activity.Kind.REPORTED)
    assert kept.data == {"reason": "wrong_number", "note": "A bot"}


def test_accepting_closes_the_lead_and_reverses_the_whole_turn(desk: Desk) -> None:
    assert credits_of(desk.pool) != [0, 0]

    decided = desk.accept(desk.report())

    desk.lead.refresh_from_db()
    desk.owner.refresh_from_db()
    back = TurnEntry.objects.get(reason=TurnEntry.Reason.GIVE_BACK)
    turn = TurnEntry.objects.get(reason=TurnEntry.Reason.TURN)
    assert decided.gave_back
    assert credits_of(desk.pool) == [0, 0]
    assert {key: -value for key, value in back.deltas.items()} == turn.deltas
    assert (back.lead_id, back.winner_id) == (desk.lead.pk, turn.winner_id)
    assert (desk.lead.status_kind, desk.lead.disqualified_reason) == ("disqualified", "spam")
    assert desk.lead.is_spam
    assert desk.owner.open_leads == 0


def test_the_member_learns_it_and_it_is_audited(desk: Desk) -> None:
    desk.accept(desk.report())

    told = Alert.objects.get(kind=Kind.REPORT_DECIDED)
    assert (told.user_id, told.data["reason"]) == (desk.owner.user_id, "turn_given_back")
    audited = AuditEntry.objects.get(action="report.accepted")
    assert (audited.target_id, audited.actor) == (desk.lead.pk, desk.manager.user)
    assert audited.detail == {"accepted": True, "reason": "spam", "gave_back": True}


def test_without_a_status_to_close_it_nothing_is_decided(desk: Desk) -> None:
    report = desk.report()
    Status.objects.filter(kind="disqualified").update(is_active=False)

    with pytest.raises(ReportRefused, match="switch one on"):
        desk.accept(report)

    assert BadLeadReport.objects.get().state == "open"
    assert not TurnEntry.objects.filter(reason=TurnEntry.Reason.GIVE_BACK).exists()


def test_refusing_leaves_lead_and_turn_and_gives_a_little_time(desk: Desk) -> None:
    before = credits_of(desk.pool)

    desk.refuse(desk.report())

    live = Assignment.objects.get(lead=desk.lead, ended_at=None)
    assert credits_of(desk.pool) == before
    assert live.held_until == LATER + timedelta(minutes=15)
    assert Alert.objects.get(kind=Kind.REPORT_DECIDED).data["reason"] == "report_refused"
    desk.lead.refresh_from_db()
    assert desk.lead.is_open


def test_while_a_report_waits_nobody_else_is_sent_the_lead(desk: Desk) -> None:
    desk.report()
    overdue_assignment(desk.lead)

    expire_due()

    desk.lead.refresh_from_db()
    assert desk.lead.owner_id == desk.owner.pk


def test_it_is_decided_once(desk: Desk) -> None:
    report = desk.report()
    desk.accept(report)

    for decide in (desk.accept, desk.refuse):
        with pytest.raises(ReportRefused):
            decide(report)

    assert TurnEntry.objects.filter(reason=TurnEntry.Reason.GIVE_BACK).count() == 1


def test_the_same_turn_does_not_come_back_twice(desk: Desk) -> None:
    desk.accept(desk.report())
    Lead.objects.filter(pk=desk.lead.pk).update(
        status=desk.world.statuses[StatusKind.NEW], status_kind=StatusKind.NEW
    )

    again = desk.accept(desk.report("duplicate"))

    assert not again.gave_back
    assert credits_of(desk.pool) == [0, 0]


def test_a_pool_that_never_gives_back_only_closes_the_lead(world: World) -> None:
    desk = Desk(world, give_back=GiveBack.NEVER)
    before = credits_of(desk.pool)

    decided = desk.accept(desk.report())

    assert not decided.gave_back
    assert credits_of(desk.pool) == before
    assert Alert.objects.get(kind=Kind.REPORT_DECIDED).data["reason"] == "report_accepted"


def test_a_lead_that_cost_no_turn_gives_none_back(world: World) -> None:
    mia, manager = world.member("Mia"), world.member("Max", role=Role.MANAGER)
    world.rules(mia)
    lead = world.routed()

    report = bad_leads.report(lead, reason="spam", by=world.access(mia), now=NOW)
    decided = bad_leads.accept(report, by=world.access(manager), now=NOW)

    assert not decided.gave_back
    assert not TurnEntry.objects.exists()


def test_with_a_seat_gone_the_credits_still_sum_to_zero(desk: Desk) -> None:
    report = desk.report()
    gone = Seat.objects.exclude(membership=desk.owner).get(pool=desk.pool)
    third = desk.world.member("Third")
    Seat.objects.create(team=desk.world.team, pool=desk.pool, membership=third, position=9)
    seats.remove_seat(gone, by=desk.world.access(desk.manager), now=NOW)

    desk.accept(report)

    entry = TurnEntry.objects.get(reason=TurnEntry.Reason.GIVE_BACK)
    assert sum(entry.deltas.values()) == 0
    assert Seat.objects.filter(pool=desk.pool).aggregate(sum=Sum("credit"))["sum"] == 0
    paid = TurnEntry.objects.get(reason=TurnEntry.Reason.TURN).deltas
    mine = Seat.objects.get(pool=desk.pool, membership=desk.owner)
    assert entry.deltas[str(mine.pk)] != 0
    assert abs(entry.deltas[str(mine.pk)]) <= abs(paid[str(mine.pk)]) < NANO


def test_only_the_owner_reports_an_open_lead_once(desk: Desk) -> None:
    other = desk.jonas if desk.owner is desk.mia else desk.mia

    for by in (other, desk.manager):
        with pytest.raises(ReportRefused):
            desk.report(by=by)
    report = desk.report()
    with pytest.raises(ReportRefused):
        desk.report()
    desk.accept(report)
    with pytest.raises(ReportRefused):
        desk.report()

    assert BadLeadReport.objects.count() == 1


def test_a_salesperson_decides_nothing(desk: Desk) -> None:
    report = desk.report()

    for decide in (bad_leads.accept, bad_leads.refuse):
        with pytest.raises(PermissionDenied):
            decide(report, by=desk.world.access(desk.owner), now=LATER)


@pytest.mark.parametrize(("reason", "note"), [("", ""), ("nonsense", ""), ("spam", "x" * 501)])
def test_nonsense_is_refused_in_words(desk: Desk, reason: str, note: str) -> None:
    with pytest.raises(ReportRefused, match=r"Choose|at most"):
        bad_leads.report(
            desk.lead, reason=reason, note=note, by=desk.world.access(desk.owner), now=NOW
        )


def test_nobody_is_left_but_the_manager_herself(world: World) -> None:
    manager = world.member("Max", role=Role.MANAGER)
    world.rules(manager)
    lead = world.routed()

    bad_leads.report(lead, reason="spam", by=world.access(manager), now=NOW)

    assert Kind.REPORTED in kinds_told(manager)
