"""Today, Lead, Hopper and decisions, as a browser without scripts sees them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.assignments import services
from apps.assignments.models import Decision, Offer
from apps.leads.models import Attempt, Lead, StatusKind
from apps.leads.services import add_note, set_follow_up
from apps.rules.models import Mode
from apps.teams.models import Membership
from apps.teams.permissions import Role
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db


def browser_of(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def at(world: World, name: str, **parts: Any) -> str:
    return reverse(f"assignments:{name}", kwargs={"team": world.team.slug, **parts})


def test_today_shows_offers_masked_and_my_new_leads(world: World) -> None:
    mia = world.member("Mia")
    open_pool, own_pool = world.pool(mia, mode=Mode.CLAIM), world.pool(mia)
    at_open = {"pool": open_pool, "conditions": {"field": "country", "op": "is", "value": "DE"}}
    world.rules(at_open, own_pool)
    world.routed(name="Hidden Person", country="DE", phone="+4915112345678")
    world.routed(name="Mine Already", country="FR")

    page = browser_of(mia).get(at(world, "today")).content.decode()

    assert "Mine Already" in page
    assert "Hidden" not in page
    assert "+4915112345678" not in page


def test_claiming_without_scripts_leads_to_the_lead(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules(world.pool(mia, jonas, mode=Mode.CLAIM))
    lead = world.routed(name="Rosa Steiner")
    offer = Offer.objects.get(lead=lead)

    won = browser_of(mia).post(at(world, "claim", offer=offer.pk), follow=True)
    lost = browser_of(jonas).post(
        at(world, "claim", offer=offer.pk), headers={"HX-Request": "true"}
    )

    assert "Rosa Steiner" in won.content.decode()
    assert lost.status_code == 409
    assert "Claimed by Mia" in lost.content.decode()
    assert "Rosa" not in lost.content.decode()


def test_a_claim_that_is_refused_says_why(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia, mode=Mode.CLAIM, claims_per_day=0))
    offer = Offer.objects.get(lead=world.routed())

    answer = browser_of(mia).post(
        at(world, "claim", offer=offer.pk), headers={"HX-Request": "true"}
    )

    assert answer.status_code == 409
    assert "0 of 0 leads today" in answer.content.decode()


def test_a_colleague_s_lead_does_not_exist_for_a_salesperson(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules(world.pool(mia))
    lead = world.routed()

    client = browser_of(jonas)
    pages = [client.get(at(world, "lead", lead=lead.pk))]
    pages += [
        client.post(at(world, name, lead=lead.pk))
        for name in ("attempt", "note", "status", "release", "pick", "do_not_contact")
    ]

    assert {page.status_code for page in pages} == {404}


def test_calling_and_telling_how_it_went(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    lead = world.routed(phone="+4915112345678", phone_key="+4915112345678")
    client = browser_of(mia)

    asked = client.post(
        at(world, "attempt", lead=lead.pk), {"channel": "call"}, headers={"HX-Request": "true"}
    )
    attempt = Attempt.objects.get()
    client.post(
        at(world, "outcome", attempt=attempt.pk),
        {"outcome": "talked", "follow_up": "none", "note": "Likes blue"},
    )

    lead.refresh_from_db()
    page = client.get(at(world, "lead", lead=lead.pk)).content.decode()
    assert "How did it go?" in asked.content.decode()
    assert lead.first_contact_at is not None
    assert "Likes blue" in page


def test_a_follow_up_without_a_time_is_asked_for_again(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    lead = world.routed()
    attempt = services.log_attempt(lead, channel="call", by=world.access(mia), now=NOW)

    answer = browser_of(mia).post(
        at(world, "outcome", attempt=attempt.pk),
        {"outcome": "talked", "follow_up": "pick", "follow_up_at": "soon"},
        follow=True,
    )

    attempt.refresh_from_db()
    assert "Pick a date and time" in answer.content.decode()
    assert attempt.confirmed_at is None


def test_a_follow_up_is_not_planned_in_the_past(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    lead = world.routed()
    attempt = services.log_attempt(lead, channel="call", by=world.access(mia), now=NOW)

    answer = browser_of(mia).post(
        at(world, "outcome", attempt=attempt.pk),
        {"outcome": "talked", "follow_up": "pick", "follow_up_at": "2020-01-01T10:00"},
        follow=True,
    )

    attempt.refresh_from_db()
    assert "That is in the past" in answer.content.decode()
    assert "Counts once the outcome is known" in answer.content.decode()
    assert attempt.confirmed_at is None


def test_after_an_outcome_the_longest_overdue_follow_up_is_next(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    overdue, lead = world.routed(), world.routed()
    for one, follow_up in ((overdue, "2020-01-01T10:00:00+00:00"), (lead, "none")):
        attempt = services.log_attempt(one, channel="call", by=world.access(mia), now=NOW)
        answer = browser_of(mia).post(
            at(world, "outcome", attempt=attempt.pk),
            {"outcome": "talked", "follow_up": follow_up},
        )

    page = browser_of(mia).get(at(world, "lead", lead=lead.pk)).content.decode()
    assert answer["Location"] == at(world, "lead", lead=overdue.pk)
    assert "Counts once the outcome is known" not in page


def test_a_manager_hands_over_deletes_and_restores(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    admin = world.member("Admin", Role.ADMIN)
    world.rules(world.pool(mia))
    lead = world.routed()
    client = browser_of(admin)

    client.post(at(world, "owner", lead=lead.pk), {"assignee": str(jonas.pk)})
    lead.refresh_from_db()
    owner = lead.owner_id
    client.post(at(world, "delete", lead=lead.pk))
    gone = client.get(at(world, "lead", lead=lead.pk)).status_code
    client.post(at(world, "deleted", lead=lead.pk))

    lead.refresh_from_db()
    assert (owner, gone, lead.owner_id) == (jonas.pk, 404, jonas.pk)


def test_a_member_of_another_team_can_t_be_given_a_lead(world: World) -> None:
    admin = world.member("Admin", Role.ADMIN)
    world.rules(world.pool(admin))
    lead = world.routed()
    stranger = World("other").member("Stranger")

    answer = browser_of(admin).post(
        at(world, "owner", lead=lead.pk), {"assignee": str(stranger.pk)}
    )

    assert answer.status_code == 404


def test_facts_are_edited_and_a_stale_edit_is_refused(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    lead = world.routed(name="Old")
    client = browser_of(mia)
    form = {"name": "New", "email": "new@example.com", "version": lead.version}

    Lead.objects.filter(pk=lead.pk).update(version=lead.version + 5)
    stale = client.post(at(world, "edit", lead=lead.pk), form)
    saved = client.post(at(world, "edit", lead=lead.pk), {**form, "version": lead.version + 5})

    lead.refresh_from_db()
    assert "Somebody changed this lead" in stale.content.decode()
    assert saved.status_code == 302
    assert (lead.name, lead.email_key) == ("New", "new@example.com")


def test_the_hopper_hides_details_until_a_lead_is_picked(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia, mode=Mode.HOPPER))
    lead = world.routed(name="Rosa Steiner", email="rosa@example.com")
    client = browser_of(mia)

    before = client.get(at(world, "hopper")).content.decode()
    client.post(at(world, "pick", lead=lead.pk))
    after = client.get(at(world, "lead", lead=lead.pk)).content.decode()

    assert "Rosa" not in before
    assert "rosa@" not in before
    assert "Rosa Steiner" in after


def test_a_viewer_sees_initials_only(world: World) -> None:
    viewer = world.member("Viewer", Role.VIEWER)
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    lead = world.routed(
        name="Rosa Steiner", email="rosa@example.com", phone="+4915112345678", message="hush",
        company="Weingut Sattler", job_title="Cellar master", postcode="8010",
    )  # fmt: skip
    add_note(lead, text="Likes Linz", by=world.access(world.member("Ann")), now=NOW)
    soon = NOW + timedelta(days=1)
    owner = world.access(mia)
    set_follow_up(lead, due_at=soon, by=owner, now=NOW, note="Ask for Rosa’s sister")

    page = browser_of(viewer).get(at(world, "lead", lead=lead.pk)).content.decode()

    for secret in ("Rosa", "rosa@", "+4915112345678", "hush", "Linz", "sister", "Sattler",
                   "Cellar", "8010"):  # fmt: skip
        assert secret not in page


def test_a_decision_tells_a_manager_all_and_a_salesperson_her_part(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    boss = world.member("Boss", Role.MANAGER)
    world.rules(world.pool(mia, jonas, name="Seniors"))
    decision = Decision.objects.get(lead=world.routed())

    full = browser_of(boss).get(at(world, "decision", decision=decision.pk)).content.decode()
    own = browser_of(mia).get(at(world, "decision", decision=decision.pk)).content.decode()
    other = browser_of(jonas).get(at(world, "decision", decision=decision.pk))

    assert "Jonas" in full
    assert "Jonas" not in own
    assert "Seniors" in own
    assert other.status_code == 404


def test_today_takes_few_queries_however_many_leads(
    world: World, django_assert_max_num_queries: Any
) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia, mode=Mode.CLAIM))
    for _ in range(5):
        world.routed()
    lead = world.routed()
    claimed = services.claim(Offer.objects.get(lead=lead).pk, by=world.access(mia), now=NOW).lead
    services.change_status(
        claimed, status=world.statuses[StatusKind.WORKING], by=world.access(mia), now=NOW
    )
    client = browser_of(mia)
    client.get(at(world, "today"))

    with django_assert_max_num_queries(22):
        page = client.get(at(world, "today"))

    assert page.status_code == 200


def test_an_unowned_lead_stays_masked_for_whoever_may_claim_it(world: World) -> None:
    picker = world.member("Picker", switches=["see_unassigned"])
    world.rules(world.pool(picker, mode=Mode.HOPPER))
    lead = world.routed(
        name="Rosa Steiner", email="rosa@example.com", phone="+4915112345678", message="hush"
    )

    page = browser_of(picker).get(at(world, "lead", lead=lead.pk)).content.decode()

    for secret in ("Rosa", "rosa@", "+4915112345678", "hush"):
        assert secret not in page
    assert "Take this lead" in page
