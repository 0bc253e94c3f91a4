"""A member leaves: she is out, and her open leads go where an admin says."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied

from apps.assignments import services
from apps.assignments.models import BulkRun
from apps.assignments.moves import bulk, handing_over
from apps.assignments.moves.bulk import BulkRefused
from apps.assignments.moves.handing_over import Heir, Will
from apps.leads.models import Lead, StatusKind
from apps.teams.members import MemberRefused
from apps.teams.models import AuditEntry, Membership
from apps.teams.permissions import Role
from tests.assignments.test_pages import at, browser_of
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(world: World) -> Membership:
    return world.member("Mia")


@pytest.fixture
def ben(world: World) -> Membership:
    return world.member("Ben")


@pytest.fixture
def admin(world: World) -> Membership:
    return world.member("Ada", Role.ADMIN)


@pytest.fixture
def leads(world: World, mia: Membership, ben: Membership) -> list[Lead]:
    """Two open leads of hers; a closed one stays out of it."""
    world.rules(world.pool(mia, ben, name="DACH"))
    made = [world.lead() for _n in range(3)]
    for lead in made:
        services.assign_by_hand(lead, member=mia, by=world.system, now=NOW)
    won = world.statuses[StatusKind.WON]
    services.change_status(made[2], status=won, by=world.access(mia), now=NOW)
    return made[:2]


def leave(world: World, member: Membership, will: Will, by: Membership) -> BulkRun | None:
    run = handing_over.leave_team(member, will, by=world.access(by), now=NOW)
    if run is not None:
        bulk.work(run.pk, clock=lambda: NOW, longest=timedelta(minutes=1))
        run.refresh_from_db()
    return run


def owners(leads: list[Lead]) -> set[Membership | None]:
    return {Lead.objects.select_related("owner").get(pk=lead.pk).owner for lead in leads}


@pytest.mark.parametrize("heir", ["member", "pool", "rules"])
def test_her_open_leads_go_on_and_are_counted(
    world: World, leads: list[Lead], mia: Membership, ben: Membership, admin: Membership, heir: str
) -> None:
    pool = ben.seats.get().pool
    wills = {
        "member": Will(Heir.MEMBER, ben.pk), "pool": Will(Heir.POOL, pool.pk),
        "rules": Will(Heir.RULES),
    }  # fmt: skip

    run = leave(world, mia, wills[heir], admin)

    mia.refresh_from_db()
    assert run is not None
    assert not mia.is_active
    assert owners(leads) == {ben}
    assert (run.state, run.moved, run.failed) == ("done", 2, 0)
    entry = AuditEntry.objects.get(action="leads.handed_over")
    assert (entry.target_id, entry.detail["leads"]) == (mia.pk, 2)


def test_or_stay_with_a_manager(
    world: World, leads: list[Lead], mia: Membership, admin: Membership
) -> None:
    leave(world, mia, Will(Heir.MEMBER, admin.pk), admin)

    assert owners(leads) == {admin}


def test_or_wait_and_go_later(
    world: World, leads: list[Lead], mia: Membership, ben: Membership, admin: Membership
) -> None:
    assert leave(world, mia, Will(Heir.NOBODY), admin) is None
    assert owners(leads) == {mia}

    leave(world, mia, Will(Heir.MEMBER, ben.pk), admin)

    assert owners(leads) == {ben}


def test_a_wrong_destination_changes_nothing(
    world: World, leads: list[Lead], mia: Membership, admin: Membership
) -> None:
    outsider = World("other").member("Olga")
    for will in (
        Will(Heir.MEMBER, mia.pk), Will(Heir.MEMBER, outsider.pk), Will(Heir.POOL, UUID(int=7)),
        Will(Heir.MEMBER),
    ):  # fmt: skip
        with pytest.raises(BulkRefused):
            leave(world, mia, will, admin)

    mia.refresh_from_db()
    assert mia.is_active
    assert not BulkRun.objects.exists()


def test_the_last_admin_stays(world: World, admin: Membership) -> None:
    with pytest.raises(MemberRefused):
        leave(world, admin, Will(Heir.NOBODY), admin)


def test_a_manager_takes_nobody_out(world: World, mia: Membership) -> None:
    with pytest.raises(PermissionDenied):
        leave(world, mia, Will(Heir.NOBODY), world.member("Max", Role.MANAGER))


def test_the_page_counts_and_leads_to_the_result(
    world: World, leads: list[Lead], mia: Membership, ben: Membership, admin: Membership
) -> None:
    client, where = browser_of(admin), at(world, "leave_team", member=mia.pk)
    assert "2 open leads" in client.get(where).content.decode()

    answer = client.post(where, {"goal": f"member:{ben.pk}"})

    assert answer["Location"] == at(world, "distribution", bulk_run=BulkRun.objects.get().pk)


@pytest.mark.parametrize(
    "goal", ["", "x", "member:", "member:x", "\x00", "rules:1", "x" * 5000, f"member:{UUID(int=7)}"]
)
def test_hostile_forms_take_nobody_out(
    world: World, mia: Membership, admin: Membership, goal: str
) -> None:
    answer = browser_of(admin).post(at(world, "leave_team", member=mia.pk), {"goal": goal})

    mia.refresh_from_db()
    assert answer.status_code == 422
    assert mia.is_active
