"""Many leads sent somewhere by hand, each with a decision of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from apps.assignments.models import BulkRun, Decision
from apps.assignments.moves import bulk
from apps.assignments.moves.bulk import BulkRefused, Goal
from apps.leads.filters import LeadFilters
from apps.leads.models import Lead
from apps.rules.models import Destination, Pool
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Role
from tests import factories
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db
LONG = timedelta(minutes=5)


@pytest.fixture
def boss(world: World) -> Membership:
    return world.member("Boss", role=Role.MANAGER)


@pytest.fixture
def manager(world: World, boss: Membership) -> Access:
    return world.access(boss)


def started(manager: Access, goal: Goal, **asked: str) -> BulkRun:
    filters = LeadFilters.read(asked)
    return bulk.start(filters, goal, asked=asked, by=manager, now=NOW)


def worked(run: BulkRun) -> BulkRun:
    bulk.work(run.pk, clock=lambda: datetime.now(UTC), longest=LONG)
    run.refresh_from_db()
    return run


def test_every_lead_of_the_filter_goes_round_the_pool(world: World, manager: Access) -> None:
    ann, ben = world.member("Ann"), world.member("Ben")
    pool = world.pool(ann, ben)
    chosen = [world.lead(company="Wien AG") for _ in range(4)]
    other = world.lead(company="Graz AG")

    run = worked(started(manager, Goal(Destination.POOL, pool.pk), q="wien"))

    owners = Lead.objects.filter(pk__in=[lead.pk for lead in chosen]).order_by("received_at", "id")
    assert {lead.owner_id for lead in owners} == {ann.pk, ben.pk}
    assert [run.state, run.done, run.moved, run.failed] == ["done", 4, 4, 0]
    assert set(Decision.objects.values_list("door", flat=True)) == {"bulk"}
    other.refresh_from_db()
    assert other.owner is None


def test_a_rule_set_decides_lead_by_lead(world: World, manager: Access) -> None:
    ann, ben = world.member("Ann"), world.member("Ben")
    called = world.rules_for(
        "called",
        {"pool": world.pool(ann), "conditions": {"field": "city", "op": "is", "value": "Wien"}},
        world.pool(ben),
    )
    world.team.refresh_from_db()
    vienna, graz = world.lead(city="Wien"), world.lead(city="Graz")

    worked(started(manager, Goal(Destination.RULE_SET, called.pk)))

    vienna.refresh_from_db()
    graz.refresh_from_db()
    assert (vienna.owner, graz.owner) == (ann, ben)


def test_owned_leads_stay_unless_they_are_asked_for(world: World, manager: Access) -> None:
    ann, ben = world.member("Ann"), world.member("Ben")
    world.rules(world.pool(ann))
    lead = world.routed()

    stayed = worked(started(manager, Goal(Destination.MEMBER, ben.pk, replaces_owner=False)))
    assert (stayed.moved, stayed.done) == (0, 1)
    moved = worked(started(manager, Goal(Destination.MEMBER, ben.pk)))
    assert (moved.moved, moved.done) == (1, 1)

    lead.refresh_from_db()
    assert lead.owner == ben


def test_a_run_goes_on_where_it_was_interrupted(
    world: World, manager: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = world.pool(world.member("Ann"))
    for _ in range(5):
        world.lead()
    run = started(manager, Goal(Destination.POOL, pool.pk))
    sent: list[Any] = []
    send = bulk._send

    def dies(*given: Any) -> Any:
        if len(sent) == 2:
            raise KeyboardInterrupt
        sent.append(given)
        return send(*given)

    monkeypatch.setattr(bulk, "_send", dies)
    with pytest.raises(KeyboardInterrupt):
        bulk.work(run.pk, clock=lambda: datetime.now(UTC), longest=LONG)
    monkeypatch.setattr(bulk, "_send", send)

    run = worked(run)

    assert (run.done, run.moved) == (5, 5)
    assert Decision.objects.count() == 5


def test_a_cancelled_run_stops(world: World, manager: Access) -> None:
    pool = world.pool(world.member("Ann"))
    world.lead()
    run = started(manager, Goal(Destination.POOL, pool.pk))

    bulk.cancel(run, by=manager, now=NOW)
    run = worked(run)

    assert (run.state, run.done) == ("cancelled", 0)
    assert bulk.unfinished() == []


def test_a_lead_that_fails_does_not_stop_the_others(
    world: World, manager: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = world.pool(world.member("Ann"))
    bad, good = world.lead(), world.lead()
    placed = bulk._placed

    def fails(goal: Goal, lead_id: Any, *rest: Any) -> Any:
        if lead_id == bad.pk:
            raise RuntimeError("broken")
        return placed(goal, lead_id, *rest)

    monkeypatch.setattr(bulk, "_placed", fails)
    run = worked(started(manager, Goal(Destination.POOL, pool.pk)))

    good.refresh_from_db()
    assert (run.state, run.moved, run.failed) == ("done", 1, 1)
    assert good.owner is not None


def test_closed_and_deleted_leads_are_left_out(world: World, manager: Access) -> None:
    pool = world.pool(world.member("Ann"))
    world.lead(status_kind="lost")
    world.lead(deleted_at=NOW)

    with pytest.raises(BulkRefused, match="No open lead fits"):
        started(manager, Goal(Destination.POOL, pool.pk))


def test_a_destination_of_another_team_is_refused(world: World, manager: Access) -> None:
    foreign: Pool = factories.PoolFactory()
    world.lead()

    for goal in (
        Goal(Destination.POOL, foreign.pk), Goal(Destination.MEMBER, uuid4()),
        Goal(Destination.RULE_SET, None), Goal(Destination.DISQUALIFY), Goal("nonsense"),
        Goal(Destination.HOPPER, caretaker=uuid4()),
    ):  # fmt: skip
        with pytest.raises(BulkRefused):
            started(manager, goal)


def test_salespeople_distribute_nothing(world: World) -> None:
    salesperson = world.access(world.member("Ann"))
    pool = world.pool(salesperson.membership)  # type: ignore[arg-type]

    with pytest.raises(PermissionDenied):
        started(salesperson, Goal(Destination.POOL, pool.pk))


# --- The pages ---


def test_from_the_list_to_the_run(world: World, boss: Membership, client: Client) -> None:
    pool = world.pool(world.member("Ann"))
    world.lead(company="Wien AG")
    client.force_login(boss.user)
    page = reverse("assignments:distribute", kwargs={"team": world.team.slug})

    shown = client.get(page, {"q": "wien"})
    answer = client.post(f"{page}?q=wien", {"goal": f"pool:{pool.pk}", "replaces_owner": "on"})

    run = BulkRun.objects.get()
    assert "1 open lead" in shown.content.decode()
    assert answer.status_code == 302
    assert run.filters == {"q": "wien"}
    worked(run)
    report = client.get(answer["Location"]).content.decode()
    assert "Ann" in report
    assert "Where they went" in report
    assert run.pk.hex in client.get(
        reverse("assignments:distributions", kwargs={"team": world.team.slug})
    ).content.decode().replace("-", "")


@pytest.mark.parametrize(
    "goal",
    ["", "pool:", "pool:x", "\x00", "member:00000000-0000-4000-8000-000000000009", "x" * 5000],
    ids=["empty", "no_id", "no_uuid", "nul", "of_nobody", "long"],
)
def test_nonsense_starts_nothing(world: World, boss: Membership, client: Client, goal: str) -> None:
    world.lead()
    client.force_login(boss.user)
    page = reverse("assignments:distribute", kwargs={"team": world.team.slug})

    assert client.post(page, {"goal": goal}).status_code == 422
    assert not BulkRun.objects.exists()
