"""The simulator's pages: ask, watch, read, look into one lead, test one lead; and bad input."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.leads.models import Lead
from apps.rules.models import Mode, Pool
from apps.simulator import tasks
from apps.simulator.models import SimulatedLead, Simulation
from apps.teams.models import Membership
from apps.teams.permissions import Role
from tests.assignments.world import World
from tests.simulator.acts import (
    START,
    Go,
    asked,
    draft,
    leads,
    manager,
    run,
    signed_in,
    text,
    willing,
)

pytestmark = pytest.mark.django_db
FORM = {"version": "live", "range": "30", "seed": "42"}


# Asking


def test_a_manager_asks_for_a_run_of_the_draft(
    world: World, desk: Client, pool: Pool, go: Go
) -> None:
    made = draft(world, pool)

    response = desk.post(go("simulator"), FORM | {"version": str(made.pk)})

    simulation = Simulation.objects.get()
    assert response.url == go("run", simulation=simulation.pk)  # type: ignore[attr-defined]
    assert simulation.name == "Draft"
    assert simulation.actor is not None
    assert simulation.actor.name == "Max"


def test_the_draft_is_chosen_for_who_comes_from_the_rules(
    world: World, desk: Client, pool: Pool, go: Go
) -> None:
    made = draft(world, pool)

    page = text(desk.get(go("simulator") + "?version=draft"))

    assert f'<option value="{made.pk}" selected>' in page


def test_a_pool_is_changed_for_a_run(desk: Client, pool: Pool, go: Go) -> None:
    given = FORM | {
        "change_pool": str(pool.pk), "pool-handover": "fixed:assign", "pool-window_seconds_0": "90",
        "pool-window_seconds_1": "1", "pool-response_seconds_0": "", "pool-response_seconds_1": "1",
        "pool-max_hops": "3", "pool-on_expiry": "next", "pool-empty_policy": "hold",
        "pool-overflow": "manager", "pool-absent": "neither", "pool-respects_hours": "on",
        "pool-is_always_open": "on",
    }  # fmt: skip
    assert "Pool “DACH” as you would set it" in text(desk.get(go("simulator") + f"?pool={pool.pk}"))

    response = desk.post(go("simulator"), given)

    assert response.status_code == 302
    changes = Simulation.objects.get().trial["after"]["pools"]
    assert changes[str(pool.pk)]["ranking"] == "fixed"
    pool.refresh_from_db()
    assert pool.ranking == "turn"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"version": str(uuid4())}, "Select a valid choice"),
        ({"version": "\x00"}, "Select a valid choice"),
        ({"range": "own"}, "Choose the first and the last day"),
        ({"range": "own", "first_day": "2026-13-99", "last_day": "x"}, "valid date"),
        ({"range": "own", "first_day": "2020-01-01", "last_day": "2026-01-01"}, "at most a year"),
        ({"range": "own", "first_day": "2999-01-01", "last_day": "2999-01-02"}, "century"),
        ({"range": "own", "first_day": "9999-12-30", "last_day": "9999-12-31"}, "century"),
        ({"range": "own", "first_day": "0001-01-01", "last_day": "0001-01-02"}, "century"),
        ({"seed": "many"}, "whole number"),
        ({"seed": "9" * 400}, "less than or equal"),
        ({"source": str(uuid4())}, "valid choice"),
        ({"source": "\x00' OR 1=1"}, "valid"),
    ],
)
def test_a_form_that_makes_no_sense_says_why(
    desk: Client, go: Go, given: dict[str, str], words: str
) -> None:
    response = desk.post(go("simulator"), FORM | given)

    assert response.status_code == 422
    assert words in text(response)
    assert not Simulation.objects.exists()


@pytest.mark.parametrize(
    "asked_for", ["nonsense", "\x00", "00000000-0000-4000-8000-000000000009", "0" * 5_000]
)
def test_a_pool_of_nobody_is_no_pool(desk: Client, go: Go, asked_for: str) -> None:
    assert desk.get(go("simulator"), {"pool": asked_for}).status_code == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02\xff" * 50, "named as the fields"),
        (b"a;b\n1;2\n", "No column has the name of a field"),
        (b'country\n"never closed\n', "no rows"),
        (b"country", "no rows"),
    ],
)
def test_a_file_of_nothing_is_refused(desk: Client, go: Go, body: bytes, words: str) -> None:
    file = SimpleUploadedFile("leads.csv", body)

    response = desk.post(go("simulator"), FORM | {"file": file})

    assert response.status_code == 422
    assert not Simulation.objects.exists()


def test_the_leads_of_a_file_are_simulated_and_not_imported(
    world: World, desk: Client, pool: Pool, go: Go
) -> None:
    body = "country,email,name\n" + "".join(
        f"Germany,p{n}@example.com,Person {n}\n" for n in range(9)
    )
    file = SimpleUploadedFile("../../etc/leads.csv", body.encode())

    desk.post(go("simulator"), FORM | {"file": file})
    simulation = Simulation.objects.get()
    with willing():
        tasks.run_simulation(str(simulation.pk))

    simulation.refresh_from_db()
    assert simulation.state == Simulation.State.DONE
    assert simulation.result["after"]["leads"] == 9
    assert SimulatedLead.objects.filter(rule=1, lead=None).count() == 9
    assert not Lead.objects.exists()
    page = text(desk.get(go("lead", simulation=simulation.pk, number=2)))
    assert "Person 0" in page
    assert "Rule 1" in page


# Reading


def test_a_run_shows_who_would_have_got_what(
    world: World, desk: Client, pool: Pool, go: Go
) -> None:
    eva = world.member("Eva")
    Membership.objects.filter(pk=eva.pk).update(joined_at=START - timedelta(days=9))
    leads(world, 8, country="DE")
    simulation = asked(world, manager(world), version=draft(world, world.pool(eva, name="New")))
    assert "Waiting for a worker" in text(desk.get(go("run", simulation=simulation.pk)))
    fragment = desk.get(go("progress", simulation=simulation.pk), headers={"HX-Request": "true"})
    assert "HX-Refresh" not in fragment

    with willing():
        run(simulation)

    fragment = desk.get(go("progress", simulation=simulation.pk), headers={"HX-Request": "true"})
    assert fragment["HX-Refresh"] == "true"
    page = text(desk.get(go("run", simulation=simulation.pk)))
    assert "of 8 leads would go elsewhere" in page
    assert "Eva" in page
    assert "seed 42" in page
    assert "as now" in page or "now 0" in page


def test_what_was_assumed_is_said(world: World, desk: Client, pool: Pool, go: Go) -> None:
    Pool.objects.filter(pk=pool.pk).update(mode=Mode.OFFER)
    leads(world, 3)

    simulation = run(asked(world, manager(world)))

    page = text(desk.get(go("run", simulation=simulation.pk)))
    assert "80% offers accepted" in page
    assert "assumed: too few cases to go by" in page


def test_leads_that_move_are_listed_page_by_page(
    world: World, desk: Client, pool: Pool, go: Go
) -> None:
    leads(world, 60)
    fixed = {pool.pk: {"ranking": "fixed"}}
    with willing():
        simulation = run(asked(world, manager(world), pools=fixed))
    address = go("leads", simulation=simulation.pk)

    moved = text(desk.get(address))
    every = text(desk.get(address, {"show": "all"}))
    rest = text(desk.get(address, {"show": "all", "after": "50"}))

    assert moved.count("<tr data-row") == 30  # every second one was the other member's turn
    assert every.count("<tr data-row") == 50
    assert "after=50" in every
    assert rest.count("<tr data-row") == 10


@pytest.mark.parametrize(
    "asked_for",
    [
        {"member": "x"}, {"member": str(uuid4())}, {"after": "-1"}, {"after": "9" * 30},
        {"after": "²"}, {"outcome": "\x00"}, {"rule": "1 OR 1"}, {"show": "\x00"},
    ],
)  # fmt: skip
def test_a_list_that_was_tampered_with_is_still_a_list(
    world: World, desk: Client, pool: Pool, go: Go, asked_for: dict[str, str]
) -> None:
    leads(world, 2)
    simulation = run(asked(world, manager(world)))

    response = desk.get(go("leads", simulation=simulation.pk), asked_for)

    assert response.status_code == 200


def test_one_lead_is_told_in_words_on_both_sides(
    world: World, desk: Client, pool: Pool, go: Go
) -> None:
    leads(world, 4, country="DE")
    with willing():
        simulation = run(asked(world, manager(world), pools={pool.pk: {"ranking": "fixed"}}))

    page = text(desk.get(go("lead", simulation=simulation.pk, number=2)))

    assert "by turn" in page
    assert "in a fixed order" in page
    assert "Ben" in page


@pytest.mark.parametrize("number", [0, 3, 2_000_000_000])
def test_a_lead_that_is_not_in_the_run_is_not_found(
    world: World, desk: Client, pool: Pool, go: Go, number: int
) -> None:
    leads(world, 2)
    simulation = run(asked(world, manager(world)))

    assert desk.get(go("lead", simulation=simulation.pk, number=number)).status_code == 404


def test_a_run_is_cancelled_and_repeated(world: World, desk: Client, pool: Pool, go: Go) -> None:
    simulation = asked(world, manager(world))

    desk.post(go("cancel", simulation=simulation.pk))
    page = text(desk.get(go("run", simulation=simulation.pk)))
    response = desk.post(go("again", simulation=simulation.pk))

    assert "Nothing of it was kept" in page
    assert Simulation.objects.count() == 2
    assert str(simulation.pk) not in response.url  # type: ignore[attr-defined]


def test_salespeople_and_viewers_do_not_come_in(world: World, go: Go) -> None:
    simulation = asked(world, manager(world))
    for role in (Role.SALESPERSON, Role.VIEWER):
        client = signed_in(world.member(f"A{role}", role))
        for address in (go("simulator"), go("test_lead"), go("run", simulation=simulation.pk)):
            assert client.get(address).status_code == 403


def test_pages_cost_few_queries(
    world: World, desk: Client, pool: Pool, go: Go, django_assert_max_num_queries: Any
) -> None:
    leads(world, 20)
    simulation = run(asked(world, manager(world), pools={pool.pk: {"ranking": "fixed"}}))

    for address in (
        go("simulator"), go("run", simulation=simulation.pk), go("leads", simulation=simulation.pk),
    ):  # fmt: skip
        with django_assert_max_num_queries(20):
            desk.get(address)
