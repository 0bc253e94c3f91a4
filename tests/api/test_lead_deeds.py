"""What is done to leads through the API, and what is told about them."""

from uuid import uuid4

import pytest

from apps.alerts import announcer
from apps.leads.models import Activity, Lead
from apps.rules.models import Mode
from apps.teams.models import Membership
from tests.api.caller import Caller, body
from tests.assignments.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(world: World) -> Membership:
    return world.member("Mia")


@pytest.fixture
def manager(world: World) -> Caller:
    return Caller(world.member("Henrike", role="manager"))


@pytest.fixture
def mias_lead(world: World, mia: Membership) -> Lead:
    world.rules(world.pool(mia))
    return world.routed(name="Rosa Steiner", country="AT", facts={"employees": 20})


def test_an_attempt_with_its_outcome_stops_the_clock(mia: Membership, mias_lead: Lead) -> None:
    caller = Caller(mia)

    logged = caller.post(
        f"/leads/{mias_lead.pk}/attempts/", {"channel": "call", "outcome": "talked"}
    )

    assert logged.status_code == 201
    lead = Lead.objects.get(pk=mias_lead.pk)
    assert lead.first_attempt_at
    assert lead.first_contact_at
    assert len(body(caller.get(f"/leads/{lead.pk}/attempts/"))["results"]) == 1


def test_an_attempt_is_confirmed_later(mia: Membership, mias_lead: Lead) -> None:
    caller, path = Caller(mia), f"/leads/{mias_lead.pk}/attempts/"
    made = body(caller.post(path, {"channel": "sms"}))
    assert Lead.objects.get(pk=mias_lead.pk).first_attempt_at is None

    caller.post(f"{path}{made['id']}/outcome/", {"outcome": "sent", "note": "sent the link"})

    assert Lead.objects.get(pk=mias_lead.pk).first_attempt_at
    assert Activity.objects.filter(lead=mias_lead, data__text="sent the link").exists()


def test_a_follow_up_lies_ahead(mia: Membership, mias_lead: Lead) -> None:
    attempt = {"channel": "call", "outcome": "no_answer", "follow_up_at": "2020-01-01T10:00:00Z"}

    refused = Caller(mia).post(f"/leads/{mias_lead.pk}/attempts/", attempt)

    assert refused.status_code == 400
    assert "follow_up_at" in refused.content.decode()


def test_a_note_and_a_status(mia: Membership, mias_lead: Lead) -> None:
    caller = Caller(mia)

    note = caller.post(f"/leads/{mias_lead.pk}/notes/", {"text": "Call after five."})
    status = caller.post(f"/leads/{mias_lead.pk}/status/", {"kind": "won"})

    assert note.status_code == 201
    assert body(status)["status"]["kind"] == "won"


def test_a_lead_is_deleted_and_restored_by_who_may(
    world: World, mia: Membership, mias_lead: Lead
) -> None:
    admin, path = Caller(world.member("Ada", role="admin")), f"/leads/{mias_lead.pk}/"
    assert Caller(mia).delete(path).status_code == 403

    assert admin.delete(path).status_code == 204
    assert admin.get(path).status_code == 404
    assert admin.post(f"{path}restore/").status_code == 200
    assert body(admin.get(path))["owner"]["email"] == mia.user.email


def test_a_manager_assigns_by_hand_and_the_owner_releases(
    world: World, mia: Membership, mias_lead: Lead, manager: Caller
) -> None:
    jonas = world.member("Jonas")

    given = manager.post("/assignments/", {"lead": mias_lead.pk, "member": jonas.pk})
    assert given.status_code == 201
    assert body(given)["member"]["name"] == "Jonas"
    (live,) = body(Caller(jonas).get("/assignments/"))["results"]
    released = Caller(jonas).post(f"/assignments/{live['id']}/release/", {"reason": "ill"})
    again = Caller(jonas).post(f"/assignments/{live['id']}/release/")

    assert released.status_code == 204
    assert again.status_code in (404, 409)
    assert Caller(mia).post("/assignments/", {}).status_code == 403


def test_the_hopper_is_masked_until_a_lead_is_picked(world: World, mia: Membership) -> None:
    world.rules(world.pool(mia, mode=Mode.HOPPER))
    lead = world.routed(name="Rosa Steiner")
    caller = Caller(mia)

    (entry,) = body(caller.get("/hopper/"))["results"]
    picked = caller.post(f"/hopper/{lead.pk}/pick/")

    assert entry["lead"]["name"] == "R••• S••••••"
    assert picked.status_code == 200
    assert body(picked)["lead"]["name"] == "Rosa Steiner"
    assert body(caller.get("/hopper/"))["results"] == []
    assert caller.post(f"/hopper/{uuid4()}/pick/").status_code == 404


def test_a_decision_is_told_in_words(mia: Membership, mias_lead: Lead) -> None:
    caller = Caller(mia)

    (listed,) = body(caller.get("/decisions/", lead=str(mias_lead.pk)))["results"]
    told = body(caller.get(f"/decisions/{listed['id']}/"))

    assert listed["outcome"] == "assigned"
    assert told["words"]
    assert (told["rules"], told["steps"]) == ([], [])


def test_managers_read_the_numbers_of_a_decision(
    manager: Caller, mia: Membership, mias_lead: Lead
) -> None:
    (listed,) = body(manager.get("/decisions/", lead=str(mias_lead.pk)))["results"]

    told = body(manager.get(f"/decisions/{listed['id']}/"))

    (step,) = told["steps"]
    assert [one["member"] for one in step["candidates"]] == [str(mia.pk)]
    assert [rule["matched"] for rule in told["rules"]] == [True]


def test_why_not_me_tells_of_oneself_alone(world: World) -> None:
    away = world.member("Ann", is_paused=True, switches=["see_others"])
    ben, cem = world.member("Ben"), world.member("Cem")
    world.rules(world.pool(away, ben, cem))
    lead = world.routed()

    (sent, mine, *_rest) = body(Caller(away).get(f"/leads/{lead.pk}/why-not-me/"))["words"]

    assert sent.startswith("Rule 1")
    assert "paused" in mine
    assert "Ben" not in mine
    assert Caller(cem).get(f"/leads/{lead.pk}/why-not-me/").status_code == 404


def test_what_a_lead_did_elsewhere_is_heard(mia: Membership, mias_lead: Lead) -> None:
    caller = Caller(mia)

    told = caller.post(f"/leads/{mias_lead.pk}/events/", {"event": "opened_content"})
    nonsense = caller.post(f"/leads/{mias_lead.pk}/events/", {"event": "\x00"})

    mias_lead.refresh_from_db()
    assert (told.status_code, nonsense.status_code) == (204, 400)
    assert mias_lead.opened_content_at is not None


def test_alerts_come_in_order_after_a_number(mia: Membership, mias_lead: Lead) -> None:
    announcer.announce_pending()
    caller = Caller(mia)

    first = body(caller.get("/alerts/"))
    rest = body(caller.get("/alerts/", after=first["last"]))

    assert [alert["kind"] for alert in first["results"]] == ["lead.assigned"]
    assert rest == {"results": [], "last": first["last"]}
    assert caller.get("/alerts/", after="x").status_code == 400


def test_a_score_is_told_line_by_line_and_leads_are_listed_by_band(
    world: World, manager: Caller, mias_lead: Lead
) -> None:
    lines = [{"line": "x", "name": "Decides", "points": 20, "of": 20, "words": "yes", "decays": 0}]
    Lead.objects.filter(pk=mias_lead.pk).update(score=20, band="C", score_lines=lines)
    world.lead(score=90, band="A")

    told = body(manager.get(f"/leads/{mias_lead.pk}/"))
    listed = body(manager.get("/leads/?score_band=C"))["results"]

    assert (told["score"], told["band"]) == (20, "C")
    assert told["score_lines"] == [{"name": "Decides", "points": 20, "of": 20, "words": "yes"}]
    assert [one["id"] for one in listed] == [str(mias_lead.pk)]
