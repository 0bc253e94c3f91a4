"""Asking a manager for another owner, or for turns; deciding it with one press."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from apps.alerts.links import address_of
from apps.alerts.models import Alert, Kind
from apps.assignments import services
from apps.assignments.models import ApprovalRequest
from apps.assignments.moves import approvals
from apps.assignments.moves.approvals import RequestRefused
from apps.leads.models import Lead, StatusKind
from apps.rules.models import Pool, Seat, TurnEntry
from apps.teams.access import Access
from apps.teams.models import AuditEntry, Membership
from apps.teams.permissions import Role
from tests.assignments.test_pages import at, browser_of
from tests.assignments.world import NOW, World

State = ApprovalRequest.State


@pytest.fixture
def mia(world: World) -> Membership:
    return world.member("Mia")


@pytest.fixture
def ben(world: World) -> Membership:
    return world.member("Ben")


@pytest.fixture
def manager(world: World) -> Membership:
    return world.member("Max", Role.MANAGER)


@pytest.fixture
def pool(world: World, mia: Membership, ben: Membership) -> Pool:
    pool = world.pool(mia, ben, name="DACH")
    world.rules(pool)
    return pool


@pytest.fixture
def lead(world: World, pool: Pool, mia: Membership) -> Lead:
    lead = world.routed(name="Rosa Steiner")
    services.assign_by_hand(lead, member=mia, by=world.system, now=NOW)
    return Lead.objects.get(pk=lead.pk)


def asked(
    world: World, lead: Lead, by: Membership, to: Membership | None = None
) -> ApprovalRequest:
    return approvals.ask_for_owner(
        lead, to_member=to, reason="She is my cousin", by=world.access(by), now=NOW
    )


def credit(world: World, pool: Pool, by: Membership, turns: str = "2") -> ApprovalRequest:
    return approvals.ask_for_credit(
        pool, turns=Decimal(turns), reason="I trained Ben", by=world.access(by), now=NOW
    )


@pytest.mark.django_db
class TestOfALead:
    def test_the_managers_are_told_and_the_lead_stays(
        self, world: World, lead: Lead, mia: Membership, ben: Membership, manager: Membership
    ) -> None:
        asked(world, lead, mia, ben)

        lead.refresh_from_db()
        alert = Alert.objects.get(kind=Kind.REQUESTED)
        assert lead.owner == mia
        assert alert.user == manager.user
        assert address_of(alert) == at(world, "requests")
        assert AuditEntry.objects.filter(action="request.made", target_id=lead.pk).exists()

    def test_approved_it_goes_to_whom_she_named_and_she_is_told(
        self, world: World, lead: Lead, mia: Membership, ben: Membership, manager: Membership
    ) -> None:
        request = asked(world, lead, mia, ben)

        approvals.approve(request, answer="Sure", by=world.access(manager), now=NOW)

        lead.refresh_from_db()
        request.refresh_from_db()
        alert = Alert.objects.get(kind=Kind.REQUEST_DECIDED)
        assert lead.owner == ben
        assert (request.state, request.decided_by, request.answer) == (
            "approved", manager.user, "Sure",
        )  # fmt: skip
        assert (alert.user, alert.data["reason"]) == (mia.user, "request_approved")
        assert address_of(alert) == at(world, "my_requests")

    def test_or_on_its_road_past_her(
        self, world: World, lead: Lead, mia: Membership, ben: Membership, manager: Membership
    ) -> None:
        request = asked(world, lead, mia)

        approvals.approve(request, by=world.access(manager), now=NOW)

        lead.refresh_from_db()
        assert lead.owner == ben

    def test_refused_it_stays_hers(
        self, world: World, lead: Lead, mia: Membership, ben: Membership, manager: Membership
    ) -> None:
        request = asked(world, lead, mia, ben)

        approvals.refuse(request, answer="Try once more", by=world.access(manager), now=NOW)

        lead.refresh_from_db()
        assert lead.owner == mia
        assert Alert.objects.get(kind=Kind.REQUEST_DECIDED).data["reason"] == "request_refused"

    def test_what_cannot_be_done_any_more_stays_open(
        self, world: World, lead: Lead, mia: Membership, ben: Membership, manager: Membership
    ) -> None:
        request = asked(world, lead, mia, ben)
        Membership.objects.filter(pk=ben.pk).update(is_active=False)

        with pytest.raises(RequestRefused, match="out of the team"):
            approvals.approve(request, by=world.access(manager), now=NOW)

        request.refresh_from_db()
        assert request.state == State.OPEN
        assert not AuditEntry.objects.filter(action="request.approved").exists()

    def test_a_lead_that_was_closed_meanwhile_is_not_handed_over(
        self, world: World, lead: Lead, mia: Membership, ben: Membership, manager: Membership
    ) -> None:
        request = asked(world, lead, mia, ben)
        won = world.statuses[StatusKind.WON]
        services.change_status(lead, status=won, by=world.access(mia), now=NOW)

        with pytest.raises(RequestRefused, match="closed by now"):
            approvals.approve(request, by=world.access(manager), now=NOW)

    def test_one_asks_once_and_not_for_its_owner_nor_an_outsider(
        self, world: World, lead: Lead, mia: Membership, ben: Membership
    ) -> None:
        outsider = World("other").member("Olga")
        for wrong in (mia, outsider):
            with pytest.raises(RequestRefused):
                asked(world, lead, mia, wrong)
        asked(world, lead, mia, ben)

        with pytest.raises(RequestRefused, match="already"):
            asked(world, lead, mia)

    def test_who_may_hand_over_has_nothing_to_ask(
        self, world: World, lead: Lead, ben: Membership, manager: Membership
    ) -> None:
        with pytest.raises(RequestRefused):
            asked(world, lead, manager, ben)


@pytest.mark.django_db
class TestOfTurns:
    def test_approved_the_seat_is_owed_them_and_the_sum_stays_zero(
        self, world: World, pool: Pool, mia: Membership, manager: Membership
    ) -> None:
        request = credit(world, pool, mia)

        approvals.approve(request, by=world.access(manager), now=NOW)

        credits = dict(Seat.objects.filter(pool=pool).values_list("membership", "credit"))
        assert credits[mia.pk] == 2 * 10**9
        assert sum(credits.values()) == 0
        assert TurnEntry.objects.get(pool=pool).reason == TurnEntry.Reason.ADJUSTED

    def test_the_managers_are_told_and_what_was_done_is_logged(
        self, world: World, pool: Pool, mia: Membership, manager: Membership
    ) -> None:
        request = credit(world, pool, mia)

        asked_for = Alert.objects.get(kind=Kind.REQUESTED, user=manager.user)
        approvals.approve(request, by=world.access(manager), now=NOW)

        assert (asked_for.data["title"], asked_for.data["by"]) == ("DACH", str(mia.user))
        told = Alert.objects.get(kind=Kind.REQUEST_DECIDED)
        assert (told.user, told.data["reason"]) == (mia.user, "request_approved")
        written = AuditEntry.objects.filter(target_id=pool.pk).values_list("action", "actor")
        assert set(written) >= {
            ("request.made", mia.user_id), ("request.approved", manager.user_id),
            ("rules.credit_adjusted", manager.user_id),
        }  # fmt: skip

    def test_a_second_tab_moves_the_ledger_no_second_time(
        self, world: World, pool: Pool, mia: Membership, manager: Membership
    ) -> None:
        request, his = credit(world, pool, mia), browser_of(manager)
        where = f"/t/{world.team.slug}/requests/{request.pk}/"

        answers = [his.post(f"{where}{deed}/") for deed in ("approve", "approve", "refuse")]

        assert [answer.status_code for answer in answers] == [302] * 3
        assert TurnEntry.objects.filter(pool=pool).count() == 1
        assert ApprovalRequest.objects.get().state == State.APPROVED

    def test_turns_of_a_pool_by_performance_can_be_asked_for(
        self, world: World, pool: Pool, mia: Membership
    ) -> None:
        Pool.objects.filter(pk=pool.pk).update(ranking="performance")

        assert list(approvals.own_pools(world.access(mia))) == [pool]

    @pytest.mark.parametrize("turns", ["0", "-1", "100.01", "NaN", "Infinity"])
    def test_odd_numbers_of_turns_are_refused(
        self, world: World, pool: Pool, mia: Membership, turns: str
    ) -> None:
        with pytest.raises(RequestRefused):
            credit(world, pool, mia, turns)

    def test_a_pool_of_others_has_none_for_her(self, world: World, ben: Membership) -> None:
        elsewhere = world.pool(ben)
        with pytest.raises(RequestRefused, match="no seat"):
            credit(world, elsewhere, world.member("Ida"))

    def test_without_the_seat_it_stays_open(
        self, world: World, pool: Pool, mia: Membership, manager: Membership
    ) -> None:
        request = credit(world, pool, mia)
        Seat.objects.filter(membership=mia).delete()

        with pytest.raises(RequestRefused, match="do not sit"):
            approvals.approve(request, by=world.access(manager), now=NOW)

        assert ApprovalRequest.objects.get().state == State.OPEN


@pytest.mark.django_db
def test_a_salesperson_decides_nothing(
    world: World, lead: Lead, pool: Pool, mia: Membership, ben: Membership
) -> None:
    for request in (asked(world, lead, mia, ben), credit(world, pool, mia)):
        for decide in (approvals.approve, approvals.refuse):
            with pytest.raises(PermissionDenied):
                decide(request, by=world.access(ben), now=NOW)


@pytest.mark.django_db
def test_only_she_takes_it_back_and_only_while_it_waits(
    world: World, lead: Lead, mia: Membership, ben: Membership, manager: Membership
) -> None:
    request = asked(world, lead, mia, ben)
    with pytest.raises(ApprovalRequest.DoesNotExist):
        approvals.withdraw(request, by=world.access(ben), now=NOW)

    approvals.withdraw(request, by=world.access(mia), now=NOW)

    with pytest.raises(RequestRefused, match="decided"):
        approvals.approve(request, by=world.access(manager), now=NOW)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["lead", "turns"])
def test_of_two_who_decide_at_once_one_does(
    world: World, lead: Lead, pool: Pool, mia: Membership, ben: Membership, kind: str
) -> None:
    request = asked(world, lead, mia, ben) if kind == "lead" else credit(world, pool, mia)
    deciders = [world.access(world.member(name, Role.MANAGER)) for name in ("Max", "Ann")]

    def decide(by: Access) -> bool:
        try:
            approvals.approve(request_again(), by=by, now=NOW)
        except RequestRefused:
            return False
        finally:
            connection.close()
        return True

    def request_again() -> ApprovalRequest:
        return ApprovalRequest.objects.get(pk=request.pk)

    with ThreadPoolExecutor(2) as both:
        outcomes = list(both.map(decide, deciders))

    assert sorted(outcomes) == [False, True]
    assert AuditEntry.objects.filter(action="request.approved").count() == 1
    assert Alert.objects.filter(kind=Kind.REQUEST_DECIDED).count() == 1
    moved = TurnEntry.objects.filter(pool=pool, reason=TurnEntry.Reason.ADJUSTED)
    assert moved.count() == (1 if kind == "turns" else 0)


@pytest.mark.django_db
class TestPages:
    def test_asking_and_deciding_by_the_pages(
        self, world: World, lead: Lead, mia: Membership, ben: Membership, manager: Membership
    ) -> None:
        hers, his = browser_of(mia), browser_of(manager)
        page = at(world, "lead", lead=lead.pk)
        where = at(world, "ask_owner", lead=lead.pk)
        assert where in hers.get(page).content.decode()

        hers.post(where, {"to_member": str(ben.pk), "reason": "She is my cousin"})

        assert "You asked for Ben as its owner" in hers.get(page).content.decode()
        desk = his.get(at(world, "requests")).content.decode()
        for words in ("Rosa Steiner", "Mia asks for Ben as its owner", "She is my cousin"):
            assert words in desk
        assert 'data-count="requests">1<' in desk
        request = ApprovalRequest.objects.get()
        his.post(at(world, "request_approve", approval=request.pk), {"answer": "Sure"})
        after = his.post(
            at(world, "request_refuse", approval=request.pk), follow=True
        ).content.decode()
        assert "Somebody has decided this already." in after
        lost = hers.get(at(world, "my_requests")).content.decode()
        assert "Sure" in lost
        assert "Rosa" not in lost

    def test_turns_are_asked_for_from_my_requests(
        self, world: World, pool: Pool, mia: Membership, manager: Membership
    ) -> None:
        where = at(world, "ask_credit", pool=pool.pk)
        hers = browser_of(mia)
        assert where in hers.get(at(world, "my_requests")).content.decode()

        hers.post(where, {"turns": "1.5", "reason": "I trained Ben"})

        assert "1.5 more turns in DACH" in browser_of(manager).get(
            at(world, "requests")
        ).content.decode()  # fmt: skip

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"reason": ""},
            {"reason": "x" * 501},
            {"reason": "\x00"},
            {"reason": "why", "to_member": "nobody"},
            {"reason": "why", "to_member": str(uuid4())},
            {"reason": "why", "to_member": "\x00"},
        ],
    )
    def test_hostile_forms_are_refused(
        self, world: World, lead: Lead, mia: Membership, data: dict[str, Any]
    ) -> None:
        answer = browser_of(mia).post(at(world, "ask_owner", lead=lead.pk), data)

        assert answer.status_code == 422
        assert not ApprovalRequest.objects.exists()

    def test_a_huge_answer_decides_nothing(
        self, world: World, lead: Lead, mia: Membership, manager: Membership
    ) -> None:
        request = asked(world, lead, mia)

        where = at(world, "request_approve", approval=request.pk)
        browser_of(manager).post(where, {"answer": "x" * 501})

        request.refresh_from_db()
        assert request.state == State.OPEN
