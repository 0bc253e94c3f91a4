"""Claiming over the API: one winner, and a kind answer for everyone else."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.assignments.models import Offer
from apps.leads.models import Lead
from apps.rules.models import Mode
from apps.teams.models import Membership
from tests.api.caller import Caller, body
from tests.assignments.world import World, overdue_offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(world: World) -> Membership:
    return world.member("Mia")


@pytest.fixture
def jonas(world: World) -> Membership:
    return world.member("Jonas")


@pytest.fixture
def open_lead(world: World, mia: Membership, jonas: Membership) -> Lead:
    """A lead that both may claim."""
    world.rules(world.pool(mia, jonas, mode=Mode.CLAIM))
    return world.routed(name="Rosa Steiner", phone="+436641234567")


def offer_of(lead: Lead) -> Offer:
    return Offer.objects.filter(lead=lead).latest("opened_at")


def test_the_winner_gets_the_contact_details_again_and_again(
    open_lead: Lead, mia: Membership
) -> None:
    caller, path = Caller(mia), f"/offers/{offer_of(open_lead).pk}/claim/"

    first, again = caller.post(path), caller.post(path)

    assert first.status_code == again.status_code == 200
    assert body(first)["lead"]["name"] == "Rosa Steiner"
    assert body(first)["lead"]["phone"] == "+436641234567"
    assert body(first)["assignment"] == body(again)["assignment"]


def test_the_loser_reads_who_was_faster_and_by_how_much(
    open_lead: Lead, mia: Membership, jonas: Membership
) -> None:
    path = f"/offers/{offer_of(open_lead).pk}/claim/"
    Caller(mia).post(path)

    response = Caller(jonas).post(path)

    assert response.status_code == 409
    answer = body(response)
    assert answer["state"] == "accepted"
    assert answer["taken_by"] == "Mia"
    assert answer["ms_before"] >= 0
    assert answer["at"]
    assert "Taken by Mia" in answer["detail"]


def test_an_expired_offer_is_409(open_lead: Lead, mia: Membership) -> None:
    offer = overdue_offer(open_lead)

    response = Caller(mia).post(f"/offers/{offer.pk}/claim/")

    assert response.status_code == 409
    assert body(response)["taken_by"] is None


def test_who_is_paused_reads_why(world: World, open_lead: Lead, mia: Membership) -> None:
    Membership.objects.filter(pk=mia.pk).update(is_paused=True)

    response = Caller(mia).post(f"/offers/{offer_of(open_lead).pk}/claim/")

    assert response.status_code == 403
    assert body(response)["reason"] == "paused"
    assert body(response)["detail"]


def test_an_offer_to_others_of_another_team_and_of_nobody_are_alike(
    world: World, open_lead: Lead
) -> None:
    stranger, outsider = world.member("Lena"), World("globex").member("Otto")
    offer = offer_of(open_lead)

    answers = {
        Caller(stranger).post(f"/offers/{offer.pk}/claim/").content,
        Caller(outsider).post(f"/offers/{offer.pk}/claim/").content,
        Caller(stranger).post(f"/offers/{uuid4()}/claim/").content,
    }
    statuses = {
        Caller(stranger).post(f"/offers/{offer.pk}/{verb}/").status_code
        for verb in ("claim", "accept", "decline")
    }

    assert len(answers) == 1
    assert statuses == {404}


def test_a_claim_adds_only_the_key_to_the_services_four_statements(
    open_lead: Lead, mia: Membership
) -> None:
    caller, path = Caller(mia), f"/offers/{offer_of(open_lead).pk}/claim/"
    caller.get("/me/")  # marks the key as used, once an hour

    with CaptureQueriesContext(connection) as queries:
        caller.post(path)

    control = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    counted = [query["sql"] for query in queries if not query["sql"].startswith(control)]
    assert len(counted) <= 1 + 4, "\n".join(counted)


def test_offers_show_no_contact_details_before_the_claim(open_lead: Lead, mia: Membership) -> None:
    caller = Caller(mia)

    (offer,) = body(caller.get("/offers/"))["results"]

    assert offer["lead"]["name"] == "R••• S••••••"
    assert "+436641234567" not in str(body(caller.get(f"/offers/{offer['id']}/")))


def test_an_exclusive_offer_is_declined_and_goes_on(
    world: World, mia: Membership, jonas: Membership
) -> None:
    world.rules(world.pool(mia, jonas, mode=Mode.OFFER))
    lead = world.routed()
    first = offer_of(lead)
    asked = mia if first.member_id == mia.pk else jonas

    response = Caller(asked).post(f"/offers/{first.pk}/decline/", {"reason": "on the road"})

    assert response.status_code == 204
    assert offer_of(lead).member_id == (jonas if asked is mia else mia).pk


def test_the_name_behind_an_exclusive_offer_is_read_only_while_it_may_be_taken(
    world: World, mia: Membership, jonas: Membership
) -> None:
    world.rules(world.pool(mia, jonas, mode=Mode.OFFER))
    lead = world.routed(name="Rosa Steiner")
    offer = offer_of(lead)
    asked = Caller(mia if offer.member_id == mia.pk else jonas)
    path = f"/offers/{offer.pk}/"

    before = body(asked.get(path))["lead"]["name"]
    asked.post(f"{path}decline/")
    after = body(asked.get(path))["lead"]["name"]

    assert (before, after) == ("Rosa Steiner", "R••• S••••••")


def test_an_unknown_state_is_400_naming_the_known(mia: Membership) -> None:
    response = Caller(mia).get("/offers/", state="lost")

    assert response.status_code == 400
    assert "open" in body(response)["errors"]["state"][0]
